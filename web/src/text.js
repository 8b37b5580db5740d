// Text forms of numbers, the same as the native host's: what goes in is a number, what comes out is text, or the other way round.

/**
 * The shortest text that reads back as `x`: `1.0`, `0.1`, `1e21`, `1.5e-7`, `NaN`, `inf`, `-inf`.
 *
 * @param {number} x
 * @returns {string}
 */
export function floatText(x) {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "inf" : "-inf";
    const sign = x < 0 || Object.is(x, -0) ? "-" : "";
    const size = Math.abs(x);
    if (size === 0) return sign + "0.0";
    // Without an argument this has as many digits as tell the number from all others, and no more.
    const scientific = upInTheMiddle(size, size.toExponential());
    if (size < 1e-5 || size >= 1e16) return sign + scientific.replace("e+", "e");
    const at = scientific.indexOf("e");
    const digits = scientific.slice(0, at).replace(".", "");
    const exponent = Number(scientific.slice(at + 1));
    if (exponent < 0) return sign + "0." + "0".repeat(-exponent - 1) + digits;
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
    return sign + whole + "." + (digits.slice(exponent + 1) || "0");
}

/**
 * Where two texts of the same length are equally near to a number, the native host takes the greater, and JavaScript the even one.
 *
 * @param {number} size
 * @param {string} shortest in scientific form
 */
function upInTheMiddle(size, shortest) {
    const at = shortest.indexOf("e");
    const digits = shortest.slice(0, at).replace(".", "");
    // Fewer digits are too far apart for that.
    if (digits.length < 16) return shortest;
    const exact = size.toExponential(100).replace(".", "");
    if (!exact.startsWith(digits) || !/^50*e/.test(exact.slice(digits.length))) return shortest;
    const next = (BigInt(digits) + 1n).toString();
    const text = next.length > digits.length ? shortest : `${next[0]}.${next.slice(1)}${shortest.slice(at)}`;
    return Number(text) === size ? text : shortest;
}

const bits = new DataView(new ArrayBuffer(8));

/**
 * `x` with `digits` decimals, rounded as its exact value says, to the even digit where that is in the middle. (`Number.toFixed` rounds
 * such away from zero, and changes its form at 1e21.)
 *
 * @param {number} x
 * @param {number} digits
 * @returns {string}
 */
export function floatFixed(x, digits) {
    if (!Number.isFinite(x)) return floatText(x);
    bits.setFloat64(0, x);
    const raw = bits.getBigUint64(0);
    const sign = raw >> 63n ? "-" : "";
    const biased = Number((raw >> 52n) & 0x7ffn);
    const fraction = raw & 0xfffffffffffffn;
    // The number is `mantissa` × 2^`exponent`, and what is looked for is the nearest whole number to that × 10^`digits`.
    const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
    const exponent = Math.max(biased, 1) - 1075;
    let scaled = mantissa * 10n ** BigInt(digits);
    if (exponent >= 0) {
        scaled <<= BigInt(exponent);
    } else {
        const shift = BigInt(-exponent);
        const half = 1n << (shift - 1n);
        const rest = scaled & ((1n << shift) - 1n);
        scaled >>= shift;
        if (rest > half || (rest === half && scaled & 1n)) scaled += 1n;
    }
    const text = scaled.toString().padStart(digits + 1, "0");
    return sign + (digits === 0 ? text : text.slice(0, -digits) + "." + text.slice(-digits));
}

const WORDS = new Map(Object.entries({ NaN: NaN, inf: Infinity, "+inf": Infinity, "-inf": -Infinity }));
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/**
 * The number that `text` is, `undefined` if it is none.
 *
 * @param {string} text
 * @returns {number | undefined}
 */
export function parseFloatText(text) {
    if (NUMBER.test(text)) return Number(text);
    return WORDS.get(text);
}
