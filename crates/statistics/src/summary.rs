//! A set of samples in a few numbers.

use crate::{deviation, middle};

/// Samples of one quantity, taken under the same conditions.
///
/// ```
/// use upshift_statistics::Summary;
///
/// let summary = Summary::new(&[3.0, 1.0, 2.0, 2.0, 2.0, 30.0]).expect("there are samples");
/// assert_eq!((summary.min(), summary.median(), summary.max()), (1.0, 2.0, 30.0));
/// assert_eq!(summary.outliers(), [5]);
/// assert!(Summary::new(&[]).is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    samples: Vec<f64>,
    sorted: Vec<f64>,
}

/// Where the median of the quantity is, with the probability `coverage`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end, which is one of the samples.
    pub low: f64,
    /// The upper end, which is one of the samples.
    pub high: f64,
    /// How likely the median is in between, from 0 to 1. Few samples cannot say much: of three, the whole range has 0.75.
    pub coverage: f64,
}

impl Summary {
    /// Takes samples in the order they were taken in.
    ///
    /// `None` if there is none, or one that is not a finite number.
    #[must_use]
    pub fn new(samples: &[f64]) -> Option<Self> {
        if samples.is_empty() || !samples.iter().all(|sample| sample.is_finite()) {
            return None;
        }
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Summary { samples: samples.to_vec(), sorted })
    }

    /// The samples in the order they were taken in; at least one.
    #[must_use]
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// The smallest sample: what the machine reaches when nothing disturbs it.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.sorted[0]
    }

    /// The largest sample.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.sorted[self.sorted.len() - 1]
    }

    /// The sample in the middle, or between the two there.
    #[must_use]
    pub fn median(&self) -> f64 {
        middle(&self.sorted)
    }

    /// The arithmetic mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.samples.iter().sum::<f64>() / self.samples.len() as f64
    }

    /// The standard deviation, with Bessel's correction; 0 for a single sample.
    ///
    /// ```
    /// # use upshift_statistics::Summary;
    /// assert_eq!(Summary::new(&[1.0, 3.0]).expect("samples").standard_deviation(), 2.0_f64.sqrt());
    /// assert_eq!(Summary::new(&[1.0]).expect("a sample").standard_deviation(), 0.0);
    /// ```
    #[must_use]
    pub fn standard_deviation(&self) -> f64 {
        if self.samples.len() < 2 {
            return 0.0;
        }
        let mean = self.mean();
        let squares: f64 = self.samples.iter().map(|sample| (sample - mean).powi(2)).sum();
        (squares / (self.samples.len() - 1) as f64).sqrt()
    }

    /// Where the median of the quantity is: the narrowest interval between two samples, equally far from both ends of
    /// the sorted ones, that covers it with at least 0.95; the whole range when there are too few samples for that.
    ///
    /// A sample is above the median as often as below, so how many are below has a binomial distribution, whatever
    /// that of the samples (the sign test; Conover, *Practical Nonparametric Statistics*, chapter 3).
    ///
    /// ```
    /// # use upshift_statistics::Summary;
    /// let interval = Summary::new(&[2.0, 1.0, 4.0]).expect("samples").interval();
    /// assert_eq!((interval.low, interval.high, interval.coverage), (1.0, 4.0, 0.75));
    /// ```
    #[must_use]
    pub fn interval(&self) -> Interval {
        let n = self.sorted.len();
        // The probability that exactly `below` samples are below the median; as a logarithm, as it can be too small.
        let mut exactly = -(n as f64) * std::f64::consts::LN_2;
        let mut at_most = exactly.exp();
        let mut interval =
            Interval { low: self.min(), high: self.max(), coverage: (1.0 - 2.0 * at_most).max(0.0) };
        for below in 1..n / 2 {
            exactly += ((n - below + 1) as f64 / below as f64).ln();
            at_most += exactly.exp();
            let coverage = 1.0 - 2.0 * at_most;
            if coverage < 0.95 {
                break;
            }
            interval = Interval { low: self.sorted[below], high: self.sorted[n - 1 - below], coverage };
        }
        interval
    }

    /// The places of the samples that are much further from the median than most, in the order they were taken in.
    ///
    /// The modified z-score, 0.6745 times the distance from the median divided by the median absolute deviation, is
    /// above 3.5 for them (Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993). Distances below a
    /// hundredth of the median are no matter, and of fewer than five samples none can be told apart.
    #[must_use]
    pub fn outliers(&self) -> Vec<usize> {
        if self.samples.len() < 5 {
            return Vec::new();
        }
        let median = self.median();
        let far = (3.5 / 0.6745 * deviation(&self.samples, median)).max(median.abs() / 100.0);
        let is_far = |&at: &usize| (self.samples[at] - median).abs() > far;
        (0..self.samples.len()).filter(is_far).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    fn summary(samples: &[f64]) -> Summary {
        Summary::new(samples).expect("samples")
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(summary(&[3.0, 9.0, 1.0]).median(), 3.0);
        assert_eq!(summary(&[8.0, 2.0, 4.0, 100.0]).median(), 6.0);
        assert_eq!(summary(&[5.0]).median(), 5.0);
    }

    #[test]
    fn no_samples_and_no_numbers_have_no_summary() {
        for samples in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY]] {
            assert_eq!(Summary::new(samples), None);
        }
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Ranks and coverage by the cumulated binomial distribution with p = 1/2, from a table.
        let ranks = |n: u32| {
            let samples: Vec<f64> = (1..=n).map(f64::from).collect();
            let interval = summary(&samples).interval();
            (interval.low, interval.high, (interval.coverage * 1e4).round() / 1e4)
        };
        assert_eq!(ranks(1), (1.0, 1.0, 0.0));
        assert_eq!(ranks(2), (1.0, 2.0, 0.5));
        assert_eq!(ranks(5), (1.0, 5.0, 0.9375));
        assert_eq!(ranks(6), (1.0, 6.0, 0.9688));
        assert_eq!(ranks(10), (2.0, 9.0, 0.9785));
        assert_eq!(ranks(20), (6.0, 15.0, 0.9586));
        // The normal approximation for many: 5000 ± 0.98 √10000.
        let (low, high, _) = ranks(10_000);
        assert!((low - 4902.0).abs() <= 2.0 && (high - 5099.0).abs() <= 2.0, "{low} {high}");
    }

    #[test]
    fn equal_samples_have_no_outliers() {
        assert_eq!(summary(&[2.0; 20]).outliers(), []);
        assert_eq!(summary(&[2.0, 2.0, 2.0, 2.0, 2.001, 3.0]).outliers(), [5]);
        assert_eq!(summary(&[1.0, 9.0, 1.0]).outliers(), []);
    }
}
