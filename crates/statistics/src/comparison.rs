//! How many times faster one program is than another.

use crate::{Interval, Summary};

/// Two quantities that were measured in turns, A B A B …, compared pair by pair.
///
/// What disturbs a machine for a while disturbs both samples of a pair, so their ratio is steadier than either of them.
/// Of the ratios only the logarithms are looked at, so it does not matter which of the two comes first.
///
/// ```
/// use upshift_statistics::Comparison;
///
/// // The machine became slower, for both.
/// let a = [20.0, 20.2, 19.9, 20.0, 30.0, 30.1, 29.9, 30.3];
/// let b = [10.0, 10.0, 10.0, 10.1, 15.1, 15.0, 15.0, 15.0];
/// let comparison = Comparison::new(&a, &b).expect("pairs of times");
/// assert!((comparison.ratio() - 2.0).abs() < 0.02);
/// let interval = comparison.interval();
/// assert!(interval.low > 1.97 && interval.high < 2.03 && interval.coverage > 0.95);
/// assert!(comparison.differs());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Of the logarithms of the ratios.
    logarithms: Summary,
}

impl Comparison {
    /// Takes the samples of A and of B, in the order they were taken in.
    ///
    /// `None` if they are not equally many, if there is none, or one that is not above zero or not finite.
    #[must_use]
    pub fn new(a: &[f64], b: &[f64]) -> Option<Self> {
        let all_above_zero = |samples: &[f64]| samples.iter().all(|&sample| sample > 0.0);
        if a.len() != b.len() || !all_above_zero(a) || !all_above_zero(b) {
            return None;
        }
        let logarithms: Vec<f64> = a.iter().zip(b).map(|(a, b)| a.ln() - b.ln()).collect();
        Summary::new(&logarithms).map(|logarithms| Comparison { logarithms })
    }

    /// How many pairs there are.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.logarithms.samples().len()
    }

    /// The median of A divided by B. If the samples are times, B is so many times faster.
    ///
    /// ```
    /// # use upshift_statistics::Comparison;
    /// let ratio = |a: &[f64], b: &[f64]| Comparison::new(a, b).expect("pairs").ratio();
    /// assert_eq!(ratio(&[3.0, 8.0, 5.0], &[3.0, 4.0, 5.0]), 1.0);
    /// // Between two in the middle it is their geometric mean.
    /// assert!((ratio(&[1.0, 4.0], &[1.0, 1.0]) - 2.0).abs() < 1e-9);
    /// ```
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.logarithms.median().exp()
    }

    /// Where the median of the ratio is: [`Summary::interval`] of the pairs. It assumes nothing of how times are
    /// distributed, only that one pair says nothing about the next.
    #[must_use]
    pub fn interval(&self) -> Interval {
        let Interval { low, high, coverage } = self.logarithms.interval();
        Interval { low: low.exp(), high: high.exp(), coverage }
    }

    /// Whether the two differ: whether the interval covers 0.95 or more, which needs six pairs, and 1 is not in it.
    ///
    /// ```
    /// # use upshift_statistics::Comparison;
    /// let differs = |pairs: usize| Comparison::new(&vec![2.0; pairs], &vec![1.0; pairs]).expect("pairs").differs();
    /// assert_eq!((differs(5), differs(6)), (false, true));
    /// ```
    #[must_use]
    pub fn differs(&self) -> bool {
        let Interval { low, high, coverage } = self.interval();
        coverage >= 0.95 && !(low..=high).contains(&1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Comparison;

    /// Numbers from 0 to 1 that look like chance, the same ones each time (the generator `SplitMix64`).
    struct Chance(u64);

    impl Chance {
        fn number(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// A time of at least `least`, with a long tail above.
        fn time(&mut self, least: f64) -> f64 {
            least * (1.0 - 0.05 * (1.0 - self.number()).ln())
        }
    }

    /// In how many of 2000 comparisons of `pairs` pairs, A taking `ratio` times as long, something is so.
    fn how_often(ratio: f64, pairs: usize, is_so: impl Fn(&Comparison) -> bool) -> usize {
        let mut chance = Chance(0);
        let mut one = || {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for _ in 0..pairs {
                // What slows the machine down for a while slows both down.
                let weather = 1.0 + chance.number();
                a.push(weather * chance.time(ratio));
                b.push(weather * chance.time(1.0));
            }
            Comparison::new(&a, &b).expect("pairs of times")
        };
        (0..2000).filter(|_| is_so(&one())).count()
    }

    #[test]
    fn what_is_the_same_rarely_differs() {
        for pairs in [6, 7, 20, 51] {
            // At most 5 %, and what chance adds to that in 2000 trials (four standard deviations, 39).
            let wrong = how_often(1.0, pairs, Comparison::differs);
            assert!(wrong <= 139, "{wrong} of 2000 with {pairs} pairs");
        }
    }

    #[test]
    fn the_interval_holds_the_ratio() {
        for pairs in [6, 20, 51] {
            let right = how_often(1.2, pairs, |comparison| {
                let interval = comparison.interval();
                (interval.low..=interval.high).contains(&1.2)
            });
            assert!(right >= 1861, "{right} of 2000 with {pairs} pairs");
        }
        // With noise of 5 %, fifty pairs are plenty to see a fifth.
        assert_eq!(how_often(1.2, 51, Comparison::differs), 2000);
    }

    #[test]
    fn either_may_come_first() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [2.0, 1.0, 4.0, 8.0, 4.0, 9.0, 9.0]);
        let there = Comparison::new(&a, &b).expect("pairs");
        let back = Comparison::new(&b, &a).expect("pairs");
        assert!((there.ratio() * back.ratio() - 1.0).abs() < 1e-12);
        assert!((there.interval().low * back.interval().high - 1.0).abs() < 1e-12);
        assert_eq!(there.interval().coverage, back.interval().coverage);
    }

    #[test]
    fn what_has_no_ratio_is_refused() {
        for (a, b) in [
            (&[][..], &[][..]),
            (&[1.0], &[1.0, 2.0]),
            (&[0.0], &[1.0]),
            (&[1.0], &[-1.0]),
            (&[f64::NAN], &[1.0]),
            (&[f64::INFINITY], &[1.0]),
        ] {
            assert_eq!(Comparison::new(a, b), None, "{a:?} {b:?}");
        }
    }
}
