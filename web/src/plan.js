// Which cells of a list can run side by side.

const WORD = /[\p{L}\p{M}\p{N}\p{Pc}]+/gu;

/**
 * All words of a source, among which are all names that it uses.
 *
 * @param {string} source
 * @returns {string[]}
 */
export function words(source) {
    return source.match(WORD) ?? [];
}

/**
 * @typedef {object} Mentions what a cell has to do with others
 * @property {string[]} defines the names that it defines
 * @property {string[]} mentions all names that stand in it, and more
 */

/**
 * @typedef {object} Group cells that have to run one after the other
 * @property {number[]} cells their places in the list, ascending
 * @property {boolean} session whether they have to do with what is in the session
 */

/**
 * Puts cells into groups. Cells are in one group if one mentions a name that the other defines; so cells of different groups cannot see
 * each other's names, nor the objects behind these.
 *
 * @param {Mentions[]} cells
 * @param {(name: string) => boolean} known whether the session has such a name
 * @param {(cell: number) => boolean} ran whether the session has run the cell at this place before
 * @returns {Group[]} in the order of their first cells
 */
export function groups(cells, known, ran) {
    const parents = cells.map((_, i) => i);
    const root = (/** @type {number} */ i) => {
        while (parents[i] !== i) i = parents[i] = parents[parents[i]];
        return i;
    };
    /** @type {Map<string, number>} */
    const definers = new Map();
    cells.forEach((cell, i) => {
        for (const name of cell.defines) {
            const other = definers.get(name);
            if (other === undefined) definers.set(name, i);
            else parents[root(i)] = root(other);
        }
    });
    cells.forEach((cell, i) => {
        for (const name of cell.mentions) {
            const definer = definers.get(name);
            if (definer !== undefined) parents[root(i)] = root(definer);
        }
    });
    /** @type {Map<number, Group>} */
    const found = new Map();
    cells.forEach((cell, i) => {
        const group = found.get(root(i)) ?? { cells: [], session: false };
        found.set(root(i), group);
        group.cells.push(i);
        group.session ||= ran(i) || cell.mentions.some(known) || cell.defines.some(known);
    });
    return [...found.values()];
}

/**
 * Gives groups to workers, the longest first, each to the worker that has least to do.
 *
 * @param {Group[]} list
 * @param {(group: Group) => number} estimate how long a group will take
 * @param {number} workers
 * @returns {Group[][]} for each worker its groups; the first one has those of the session, in their order
 */
export function assign(list, estimate, workers) {
    /** @type {Group[][]} */
    const assigned = Array.from({ length: workers }, () => []);
    const load = new Array(workers).fill(0);
    for (const group of list.filter((group) => group.session)) {
        assigned[0].push(group);
        load[0] += estimate(group);
    }
    const free = list.filter((group) => !group.session).map((group) => ({ group, time: estimate(group) }));
    for (const { group, time } of free.sort((a, b) => b.time - a.time)) {
        const least = load.indexOf(Math.min(...load));
        assigned[least].push(group);
        load[least] += time;
    }
    return assigned;
}
