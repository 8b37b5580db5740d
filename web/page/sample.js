// The notebook of a first visit: three small programs that compute something real.

/** @import { StoredCell } from "./engine/engine.js" */

/** @type {StoredCell[]} */
export const sample = [
    {
        id: "welcome",
        kind: "markdown",
        source: `# A notebook of cells

Each cell below is compiled to a WebAssembly module and run at once; what it defines is there for the next one.
Press **Shift+Enter** to run a cell and go on, or choose *Run all*. Change something and run it again.`,
    },
    { id: "sieve-text", kind: "markdown", source: "## A sieve\n\nThe primes below `limit`, after Eratosthenes." },
    {
        id: "limit",
        kind: "code",
        source: "let limit = 100",
    },
    {
        id: "sieve",
        kind: "code",
        source: `fun primes_below(n: Int) -> [Int] {
    let composite = [false; n]
    let primes = []
    for i in 2..n {
        if !composite[i] {
            primes.push(i)
            let mut multiple = i * i
            while multiple < n {
                composite[multiple] = true
                multiple += i
            }
        }
    }
    primes
}

let primes = primes_below(limit)
print("{primes.len()} primes below {limit}")
primes`,
    },
    {
        id: "mandelbrot-text",
        kind: "markdown",
        source: "## The Mandelbrot set\n\nHow long each point stays near the origin, drawn with characters.",
    },
    {
        id: "mandelbrot",
        kind: "code",
        source: `fun steps(cx: Float, cy: Float, most: Int) -> Int {
    let mut x = 0.0
    let mut y = 0.0
    let mut n = 0
    while n < most && x * x + y * y <= 4.0 {
        let next = x * x - y * y + cx
        y = 2.0 * x * y + cy
        x = next
        n += 1
    }
    n
}

let most = 60
let shades = " .:-=+*#%"
for row in 0..23 {
    let mut line = ""
    for column in 0..72 {
        let n = steps(-2.2 + column.to_float() * 0.044, -1.1 + row.to_float() * 0.1, most)
        line += if n == most { "@" } else { shades[(n / 2).min(8)] }
    }
    print(line)
}`,
    },
    { id: "words-text", kind: "markdown", source: "## Counting words\n\nWhich words come most often in a text." },
    {
        id: "words",
        kind: "code",
        source: `struct Count { word: String, times: Int }

let text = "the quick brown fox jumps over the lazy dog and the dog sleeps on while the fox runs on"

let counts: [Count] = []
for word in text.words() {
    let mut found = false
    for count in counts {
        if count.word == word {
            count.times += 1
            found = true
        }
    }
    if !found {
        counts.push(Count { word: word, times: 1 })
    }
}
counts.sort_by(|count| -count.times)
counts[0..3]`,
    },
];
