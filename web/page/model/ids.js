// Identifiers of cells: short, and free in the notebook.

/**
 * @param {(id: string) => boolean} taken
 * @returns {string}
 */
export function freshId(taken) {
    for (;;) {
        const id = `c${Math.floor(Math.random() * 0x7fffffff).toString(36)}`;
        if (!taken(id)) return id;
    }
}
