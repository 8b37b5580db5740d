// Text is put together, searched, split, changed in case, joined, and has a word replaced.

import { bench, digest, DIGEST_START, Random } from "./bench";

const SENTENCES = 150;
const WORDS = 10;
const stems = ["under", "understand", "stand", "standing", "or", "order", "border", "a"];

// Sentences of ten words and a full stop, with blanks between all words.
function writeText(random: Random): string {
    const sentences: string[] = [];
    for (let i = 0; i < SENTENCES; i++) {
        let sentence = "";
        for (let j = 0; j < WORDS; j++) {
            const x = random.next();
            if (j > 0) sentence += " ";
            sentence += stems[x & 7];
            if (x & 8) sentence += (x >> 24).toString();
            if (x & 16) sentence += stems[(x >> 5) & 7];
        }
        sentences.push(sentence + ".");
    }
    return sentences.join(" ");
}

function occurrences(text: string, needle: string): u32 {
    let count: u32 = 0;
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) count++;
    return count;
}

// The words with commas between them: those that begin with "under" in capitals, and without the shortest.
function splitAndJoin(text: string): string {
    const words = text.split(" ");
    const longer: string[] = [];
    for (let i = 0; i < words.length; i++) {
        const word = words[i];
        if (word.length > 2) longer.push(word.startsWith("under") ? word.toUpperCase() : word);
    }
    return longer.join(",");
}

function strings(rounds: u32): u32 {
    const random = new Random(7);
    let hash = DIGEST_START;
    for (; rounds > 0; rounds--) {
        const text = writeText(random);
        hash ^= occurrences(text, "order") * 31 + occurrences(text, "standing or");
        const replaced = splitAndJoin(text).replaceAll("stand", "walk");
        hash = digest(hash, replaced);
        hash ^= occurrences(replaced.toUpperCase(), "WALKING,UNDER");
    }
    return hash;
}

export function _start(): void {
    bench("strings", strings, 40, 0x22b1fb63);
}
