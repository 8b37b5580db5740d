// Classes, generators, closures, destructuring, regular expressions, maps, sorting, JSON, big integers and typed arrays.
// The value of the last expression is the result.
"use strict";

class Random {
    #state;
    constructor(seed) {
        this.#state = seed >>> 0;
    }
    below(limit) {
        this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
        return Math.floor((this.#state / 4294967296) * limit);
    }
}

class Stall {
    constructor(name, goods) {
        Object.assign(this, { name, goods, sold: new Map() });
    }
    sell(good, count = 1) {
        this.sold.set(good, (this.sold.get(good) ?? 0) + count);
        return this;
    }
    get total() {
        let total = 0;
        for (const [good, count] of this.sold) total += count * this.goods[good];
        return total;
    }
}

class Baker extends Stall {
    get total() {
        return super.total - Math.min(5, this.sold.size);
    }
}

function* customers(random, count) {
    for (let number = 0; number < count; number++) {
        yield { number, good: ["bread", "fish", "lamp", "rope"][random.below(4)], count: 1 + random.below(5) };
    }
}

function market(random) {
    const stalls = [
        new Stall("pier", { fish: 7, rope: 12 }),
        new Baker("oven", { bread: 3 }),
        new Stall("tower", { lamp: 40, rope: 11, bread: 4 }),
    ];
    const missed = [];
    for (const { number, good, count } of customers(random, 1500)) {
        const open = stalls.filter(({ goods }) => good in goods);
        if (number % 17 === 0) missed.push(number);
        else open[number % open.length].sell(good, count);
    }
    return { totals: stalls.map(({ name, total }) => ({ name, total })), missed: missed.length };
}

function words(random) {
    const text = Array.from({ length: 900 }, () => ["river", "Wind", "light", "stone-bridge", "Straße", "θάλασσα"][random.below(6)]).join(" ");
    const counts = {};
    for (const [word] of text.matchAll(/\p{L}+(?:-\p{L}+)*/gu)) counts[word.toLowerCase()] = (counts[word.toLowerCase()] || 0) + 1;
    const turned = text.replace(/(\w+)-(\w+)/g, (_, one, other) => `${other}/${one.toUpperCase()}`);
    return { counts: Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)), turned: turned.length };
}

function life(size, steps) {
    let cells = new Uint8Array(size * size);
    for (const [x, y] of [[1, 0], [2, 1], [0, 2], [1, 2], [2, 2], [9, 9], [10, 9], [11, 9], [10, 10]]) cells[y * size + x] = 1;
    for (let step = 0; step < steps; step++) {
        const next = new Uint8Array(size * size);
        for (let y = 0; y < size; y++) {
            for (let x = 0; x < size; x++) {
                let around = 0;
                for (let dy = -1; dy <= 1; dy++) {
                    for (let dx = -1; dx <= 1; dx++) {
                        if (dx || dy) around += cells[((y + dy + size) % size) * size + ((x + dx + size) % size)];
                    }
                }
                next[y * size + x] = around === 3 || (around === 2 && cells[y * size + x]) ? 1 : 0;
            }
        }
        cells = next;
    }
    return cells.reduce((sum, cell, index) => (cell ? (sum * 31 + index) % 1000003 : sum), 0);
}

function factorial(n) {
    return n > 1n ? n * factorial(n - 1n) : 1n;
}

const random = new Random(2024);
const result = { market: market(random), words: words(random), life: life(24, 12), factorial: factorial(120n).toString() };
const again = JSON.parse(JSON.stringify(result));
if (JSON.stringify(again, null, 1) !== JSON.stringify(result, null, 1)) throw new Error("JSON lost something");
JSON.stringify(result);
