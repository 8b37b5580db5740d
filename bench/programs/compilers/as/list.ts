// Linked lists: built of ten thousand allocations, turned around, thinned out, summed up and dropped.

import { bench, Random } from "./bench";

const LENGTH = 10_000;

class Node {
    constructor(public value: u32, public next: Node | null) {}
}

function build(random: Random): Node | null {
    let first: Node | null = null;
    for (let i = 0; i < LENGTH; i++) first = new Node(random.next(), first);
    return first;
}

function reverse(first: Node | null): Node | null {
    let done: Node | null = null;
    while (first !== null) {
        const next = first.next;
        first.next = done;
        done = first;
        first = next;
    }
    return done;
}

// Without the multiples of three.
function thinOut(first: Node | null): Node | null {
    while (first !== null && first.value % 3 == 0) first = first.next;
    let node = first;
    while (node !== null) {
        let next = node.next;
        while (next !== null && next.value % 3 == 0) next = next.next;
        node.next = next;
        node = next;
    }
    return first;
}

function list(rounds: u32): u32 {
    const random = new Random(1);
    let hash: u32 = 0;
    for (; rounds > 0; rounds--) {
        let node = thinOut(reverse(build(random)));
        while (node !== null) {
            hash = hash * 31 + node.value;
            node = node.next;
        }
    }
    return hash;
}

export function _start(): void {
    bench("list", list, 100, 0x1b49636e);
}
