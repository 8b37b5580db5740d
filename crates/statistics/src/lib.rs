//! What repeated measurements of a program say.
//!
//! Times of programs are not distributed normally: there is a shortest time, which the machine reaches when nothing
//! disturbs it, and a long tail above. So nothing here assumes a distribution: [`Summary`] gives the minimum and the
//! median, the [interval](Summary::interval) that the median is in, and which samples are [outliers](Summary::outliers).
//! Samples that a runtime took while it was still compiling are no measurement of its compiled code: [`Warmup`] tells
//! where they end. [`Comparison`] says how many times faster one of two programs is.
//!
//! Samples are in any unit, that of the results too.
//!
//! ```
//! use upshift_statistics::{Summary, Warmup};
//!
//! let times = [9.0, 5.0, 3.0, 2.0, 2.1, 2.0, 1.9, 2.0, 2.1, 2.0];
//! let warmup = Warmup::detect(&times);
//! assert_eq!((warmup.iterations, warmup.steady), (3, true));
//! let summary = Summary::new(&times[warmup.iterations..]).expect("there are samples");
//! assert_eq!((summary.min(), summary.median()), (1.9, 2.0));
//! ```

mod comparison;
mod summary;
mod warmup;

pub use comparison::Comparison;
pub use summary::{Interval, Summary};
pub use warmup::Warmup;

/// The geometric mean, which is the mean for ratios: it is the same whichever of two is the one compared with.
///
/// `None` if there is nothing, or something that is not above zero.
///
/// ```
/// use upshift_statistics::geometric_mean;
///
/// assert_eq!(geometric_mean([0.5, 2.0]), Some(1.0));
/// assert_eq!(geometric_mean([]), None);
/// assert_eq!(geometric_mean([1.0, 0.0]), None);
/// ```
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        if value.is_nan() || value <= 0.0 {
            return None;
        }
        sum += value.ln();
        count += 1;
    }
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

/// The value in the middle of sorted ones, or between the two there. There is at least one.
fn middle(sorted: &[f64]) -> f64 {
    let upper = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[upper] } else { f64::midpoint(sorted[upper - 1], sorted[upper]) }
}

/// How far samples are from `center`, in the middle: the median absolute deviation (MAD).
fn deviation(samples: &[f64], center: f64) -> f64 {
    let mut distances: Vec<f64> = samples.iter().map(|sample| (sample - center).abs()).collect();
    distances.sort_by(f64::total_cmp);
    middle(&distances)
}
