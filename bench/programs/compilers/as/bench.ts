// What ../../bench.h is for the programs in C: runs a function of a count, as a WASI command that prints the result and
// checks it. With `--steady MS` it does so at least three times and until that many milliseconds have passed, and prints
// a line `iteration NANOSECONDS` each time.

// @ts-ignore: decorators are not TypeScript's here
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, size: usize): u32;
// @ts-ignore: as above
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, bytes: usize): u32;
// @ts-ignore: as above
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(clock: u32, precision: u64, time: usize): u32;
// @ts-ignore: as above
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: u32, vectors: usize, count: u32, written: usize): u32;
// @ts-ignore: as above
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: u32): void;

const pair = memory.data(16, 8);

function check(errno: u32): void {
    if (errno != 0) proc_exit(2);
}

function args(): string[] {
    check(args_sizes_get(pair, pair + 4));
    const count = load<u32>(pair);
    const pointers = new StaticArray<usize>(count);
    const bytes = new StaticArray<u8>(load<u32>(pair, 4));
    check(args_get(changetype<usize>(pointers), changetype<usize>(bytes)));
    const all: string[] = [];
    for (let i: u32 = 0; i < count; i++) {
        let end = pointers[i];
        while (load<u8>(end) != 0) end++;
        all.push(String.UTF8.decodeUnsafe(pointers[i], end - pointers[i]));
    }
    return all;
}

function nanoseconds(): u64 {
    check(clock_time_get(1, 1, pair));
    return load<u64>(pair);
}

function print(line: string): void {
    const bytes = String.UTF8.encode(line + "\n");
    store<usize>(pair, changetype<usize>(bytes));
    store<u32>(pair, bytes.byteLength, 4);
    check(fd_write(1, pair, 1, pair + 8));
}

export function bench(name: string, work: (count: u32) => u32, usualCount: u32, expected: u32): void {
    const words = args();
    let count = usualCount;
    let room: i64 = -1;
    if (words.length > 2 && words[words.length - 2] == "--steady") {
        room = I64.parseInt(words.pop()) * 1_000_000;
        words.pop();
    }
    if (words.length > 1) count = U32.parseInt(words[1]);
    const first = nanoseconds();
    for (let done = 1; ; done++) {
        const before = nanoseconds();
        const result = work(count);
        const after = nanoseconds();
        const wrong = count == usualCount && result != expected;
        if (room < 0 || wrong) {
            print(name + "(" + count.toString() + ") = 0x" + result.toString(16).padStart(8, "0"));
            if (wrong) proc_exit(1);
            return;
        }
        print("iteration " + (after - before).toString());
        if (done >= 3 && <i64>(after - first) >= room) return;
    }
}

// Numbers that look random and are the same everywhere: xorshift of 32 bits.
export class Random {
    constructor(private state: u32) {}

    next(): u32 {
        let x = this.state;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        this.state = x;
        return x;
    }
}

// FNV-1a over text whose characters are all ASCII.
export function digest(hash: u32, text: string): u32 {
    for (let i = 0; i < text.length; i++) hash = (hash ^ <u32>text.charCodeAt(i)) * 16777619;
    return hash;
}

export const DIGEST_START: u32 = 2166136261;
