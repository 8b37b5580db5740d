//! How two times compare: the one place where ratios and their means are worked out, for tables and reports alike.

use serde::{Serialize, Serializer};
use upshift_statistics::geometric_mean;

/// The time of upshift divided by another's: below 1, upshift is ahead. `None` if one is too short to be told from zero.
pub(crate) fn ratio(own: f64, other: f64) -> Option<f64> {
    (own > 0.0 && other > 0.0).then(|| own / other)
}

/// The geometric mean of ratios.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Mean {
    #[serde(serialize_with = "short")]
    pub(crate) ratio: f64,
    /// How many it is the mean of.
    pub(crate) cases: usize,
}

/// The mean of the ratios there are; `None` if there is none.
pub(crate) fn mean(ratios: impl IntoIterator<Item = f64>) -> Option<Mean> {
    let mut cases = 0;
    let ratio = geometric_mean(ratios.into_iter().inspect(|_| cases += 1))?;
    Some(Mean { ratio, cases })
}

/// Serializes a number with four digits: the others are noise and would take most of the room.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn short<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(four_digits(*value))
}

/// The same for one that may be missing.
pub(crate) fn short_option<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(four_digits).serialize(serializer)
}

fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::{Mean, four_digits, mean, ratio};

    #[test]
    fn ratios_are_of_times_above_zero() {
        assert_eq!(ratio(3.0, 2.0), Some(1.5));
        assert_eq!(ratio(0.0, 2.0), None);
        assert_eq!(ratio(3.0, 0.0), None);
    }

    #[test]
    fn a_mean_tells_how_many_it_is_of() {
        assert_eq!(mean([0.25, 4.0]), Some(Mean { ratio: 1.0, cases: 2 }));
        assert_eq!(mean([]), None);
    }

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!([0.123_456, 12.0, 98_765.4].map(four_digits), [0.1235, 12.0, 98_770.0]);
    }
}
