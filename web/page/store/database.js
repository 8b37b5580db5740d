// One IndexedDB table of values by name. Where the browser gives no database (private windows of some), a table in memory.

/**
 * @typedef {object} Table
 * @property {(key: string) => Promise<unknown>} get
 * @property {(key: string, value: unknown) => Promise<void>} put
 * @property {boolean} lasting whether what is put will be there after a reload
 */

/**
 * @param {string} name
 * @returns {Promise<Table>}
 */
export async function open(name) {
    try {
        const request = indexedDB.open(name, 1);
        request.onupgradeneeded = () => request.result.createObjectStore("values");
        const database = await settled(request);
        return {
            lasting: true,
            get: (key) => settled(database.transaction("values").objectStore("values").get(key)),
            put: async (key, value) => {
                await settled(database.transaction("values", "readwrite").objectStore("values").put(value, key));
            },
        };
    } catch {
        const values = new Map();
        return { lasting: false, get: async (key) => values.get(key), put: async (key, value) => void values.set(key, value) };
    }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}
