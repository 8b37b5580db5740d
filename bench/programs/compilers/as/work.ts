// A stock list: records are written as text and read again, added up by item in a map, sorted and summed up.

import { bench, digest, DIGEST_START, Random } from "./bench";

const RECORDS = 2000;
const houses = ["harbour", "hill", "station", "mill"];

class Stock {
    count: u32 = 0;
    value: u64 = 0;

    constructor(public name: string) {}
}

// A line is an item, a house, how many and the price of one.
function writeRecords(random: Random): string {
    const lines: string[] = [];
    for (let i = 0; i < RECORDS; i++) {
        const x = random.next();
        const name = "item" + (x % 500).toString();
        const house = houses[(x >> 9) & 3];
        lines.push(name + "," + house + "," + ((x >> 11) % 100).toString() + "," + ((x >> 18) % 10000).toString() + "\n");
    }
    return lines.join("");
}

// What is worth more comes first, and of equals the first by name.
function compare(a: Stock, b: Stock): i32 {
    if (a.value != b.value) return a.value > b.value ? -1 : 1;
    return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function work(rounds: u32): u32 {
    const random = new Random(1);
    let hash = DIGEST_START;
    for (; rounds > 0; rounds--) {
        const text = writeRecords(random);
        const stocks = new Map<string, Stock>();
        const houseCounts = new Map<string, u32>();
        for (let i = 0; i < houses.length; i++) houseCounts.set(houses[i], 0);
        for (let at = 0; at < text.length; ) {
            const nameEnd = text.indexOf(",", at);
            const houseEnd = text.indexOf(",", nameEnd + 1);
            const countEnd = text.indexOf(",", houseEnd + 1);
            const priceEnd = text.indexOf("\n", countEnd + 1);
            const name = text.substring(at, nameEnd);
            const house = text.substring(nameEnd + 1, houseEnd);
            const count = U32.parseInt(text.substring(houseEnd + 1, countEnd));
            const price = U32.parseInt(text.substring(countEnd + 1, priceEnd));
            at = priceEnd + 1;
            if (!stocks.has(name)) stocks.set(name, new Stock(name));
            const stock = stocks.get(name);
            stock.count += count;
            stock.value += <u64>count * price;
            houseCounts.set(house, houseCounts.get(house) + count);
        }
        const sorted = stocks.values().sort(compare);
        for (let i = 0; i < sorted.length; i++) {
            const stock = sorted[i];
            hash = digest(hash, stock.name);
            hash = (hash ^ stock.count) * 16777619;
            hash = (hash ^ <u32>stock.value) * 16777619;
        }
        for (let i = 0; i < houses.length; i++) hash = (hash ^ houseCounts.get(houses[i])) * 16777619;
    }
    return hash;
}

export function _start(): void {
    bench("work", work, 25, 0x0fd4b419);
}
