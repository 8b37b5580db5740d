//! Numbers as text, text as numbers, and the functions that WebAssembly lacks.

use upshift_cells::host::Math;

/// What a text that is no number is: a NaN with the payload 1.
const NO_NUMBER: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

/// The shortest text that reads as `x`: decimals from 1e-5 up to 1e16, an exponent elsewhere; never like that of an Int.
pub(crate) fn shortest(x: f64) -> String {
    if x.is_nan() {
        return "NaN".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let size = x.abs();
    if size != 0.0 && !(1e-5..1e16).contains(&size) {
        return format!("{x:e}");
    }
    let mut text = x.to_string();
    if !text.contains('.') {
        text.push_str(".0");
    }
    text
}

/// `x` with so many decimals, 100 at most.
pub(crate) fn fixed(x: f64, digits: u32) -> String {
    if x.is_finite() { format!("{x:.*}", digits.min(100) as usize) } else { shortest(x) }
}

/// The number that the text is: digits with at most one point among or beside them, a sign before and an exponent behind if there are,
/// or what [`shortest`] gives for numbers without digits. [`NO_NUMBER`] if it is something else.
pub(crate) fn parse(text: &str) -> f64 {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        "NaN" if unsigned.len() == text.len() => return f64::NAN,
        "inf" => return if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY },
        _ => {}
    }
    // What is left are letters that Rust reads and nobody else does: `nan`, `infinity`.
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return NO_NUMBER;
    }
    text.parse().unwrap_or(NO_NUMBER)
}

/// The function with this number of [`Math`] of `x`, or of `x` and `y`.
pub(crate) fn math(function: u32, x: f64, y: f64) -> f64 {
    let Some(&(function, _)) = Math::ALL.get(function as usize) else { return f64::NAN };
    match function {
        Math::Sin => x.sin(),
        Math::Cos => x.cos(),
        Math::Tan => x.tan(),
        Math::Asin => x.asin(),
        Math::Acos => x.acos(),
        Math::Atan => x.atan(),
        Math::Atan2 => x.atan2(y),
        Math::Exp => x.exp(),
        Math::Ln => x.ln(),
        Math::Log2 => x.log2(),
        Math::Log10 => x.log10(),
        Math::Pow => x.powf(y),
        Math::Remainder => x % y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_numbers_read_back_and_are_as_short_as_can_be() {
        let expected = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000.0"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e16, "1e16"),
            (1e21, "1e21"),
            (1.5e300, "1.5e300"),
            (1e-5, "0.00001"),
            (9.9e-6, "9.9e-6"),
            (1.25e-7, "1.25e-7"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (x, text) in expected {
            assert_eq!(shortest(x), text);
            assert_eq!(parse(text).to_bits(), x.to_bits(), "{text}");
        }
        assert_eq!(shortest(f64::NAN), "NaN");
        assert!(shortest(f64::MAX).len() <= 32 && shortest(-f64::MIN_POSITIVE).len() <= 32);
    }

    #[test]
    fn only_numbers_are_read() {
        for text in [
            "", " 1", "1 ", "+", "-", ".", "e5", "1e", "nan", "infinity", "Infinity", "0x10", "1_000", "--1",
            "-NaN",
        ] {
            assert_eq!(parse(text).to_bits(), NO_NUMBER.to_bits(), "{text:?}");
        }
        let numbers =
            [("1", 1.0), ("+1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("-1E-2", -0.01), ("1e400", f64::INFINITY)];
        for (text, x) in numbers {
            assert_eq!(parse(text), x, "{text:?}");
        }
        assert_ne!(parse("NaN").to_bits(), NO_NUMBER.to_bits());
    }

    #[test]
    fn decimals_are_as_many_as_asked_for() {
        assert_eq!(fixed(2.0 / 3.0, 3), "0.667");
        assert_eq!(fixed(-1.0, 0), "-1");
        assert_eq!(fixed(f64::NAN, 2), "NaN");
        assert!(fixed(f64::MIN, 1000).len() <= 450);
    }

    #[test]
    fn every_function_is_the_one_of_its_number() {
        for (number, (function, name)) in Math::ALL.iter().enumerate() {
            assert_eq!(*function as usize, number, "{name}");
        }
        assert_eq!(math(Math::Atan2 as u32, 1.0, 0.0), std::f64::consts::FRAC_PI_2);
        assert_eq!(math(Math::Remainder as u32, -7.5, 2.0), -1.5);
        assert_eq!(math(Math::Pow as u32, 2.0, 10.0), 1024.0);
        assert!(math(99, 1.0, 1.0).is_nan());
    }
}
