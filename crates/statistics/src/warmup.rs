//! Where the samples of a program that is being compiled while it runs become those of its final code.

use crate::{deviation, middle};

/// What the samples of one process say of its warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warmup {
    /// How many samples at the beginning are not like those at the end; at most half of them.
    pub iterations: usize,
    /// Whether the rest are alike. When they are not, the process was perhaps too short.
    pub steady: bool,
}

/// How many neighbours are looked at together, so that one outlier does not count as a step.
const WINDOW: usize = 3;

impl Warmup {
    /// Looks for the first sample from which on they are like the second half, in the order they were taken in.
    ///
    /// The second half gives the level, its median, and how far samples are from it, the larger of three standard
    /// deviations (by the median absolute deviation) and 2 % of the level. The warm-up ends where the median of three
    /// neighbours is at this level for the first time, and the process is steady if the two halves of what follows
    /// have medians within 5 %, or as close as their samples are to each other. If there is no such place, half of
    /// them, rounded down, is warm-up, and they are not steady.
    ///
    /// Of fewer than six samples half is warm-up too, and they are steady if the others, at least two, are all within
    /// 5 % of their median.
    ///
    /// ```
    /// use upshift_statistics::Warmup;
    ///
    /// let falling = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0];
    /// assert_eq!(Warmup::detect(&falling), Warmup { iterations: 4, steady: false });
    /// let outlier = [5.0, 1.0, 1.0, 7.0, 1.0, 1.0, 1.0, 1.0];
    /// assert_eq!(Warmup::detect(&outlier), Warmup { iterations: 1, steady: true });
    /// ```
    #[must_use]
    pub fn detect(samples: &[f64]) -> Self {
        let half = samples.len() / 2;
        if samples.len() < 2 * WINDOW {
            let rest = &samples[half..];
            let is_alike = |sample: &f64| (sample - median(rest)).abs() <= median(rest).abs() / 20.0;
            return Warmup { iterations: half, steady: rest.len() >= 2 && rest.iter().all(is_alike) };
        }
        let level = median(&samples[half..]);
        let far = (3.0 * 1.4826 * deviation(&samples[half..], level)).max(level.abs() / 50.0);
        let is_near = |samples: &[f64]| (median(samples) - level).abs() <= far;

        let first = samples.windows(WINDOW).take(half).position(is_near);
        // The window's median is near, which its first samples need not be yet.
        let first = first.map(|first| {
            (first..first + WINDOW).find(|&at| is_near(&samples[at..=at])).unwrap_or(first).min(half)
        });
        let Some(iterations) = first else { return Warmup { iterations: half, steady: false } };
        // A level that still moves has samples on both sides of it, which makes `far` large.
        let (early, late) = samples[iterations..].split_at((samples.len() - iterations) / 2);
        let apart = (median(early) - median(late)).abs();
        if apart > deviation(late, median(late)).max(level.abs() / 20.0) {
            return Warmup { iterations: half, steady: false };
        }
        Warmup { iterations, steady: true }
    }
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    middle(&sorted)
}

#[cfg(test)]
mod tests {
    use super::Warmup;

    fn detect(samples: &[f64]) -> (usize, bool) {
        let warmup = Warmup::detect(samples);
        (warmup.iterations, warmup.steady)
    }

    /// A fixed sequence that looks like noise, from -1 to 1.
    fn noise(n: usize) -> impl Iterator<Item = f64> {
        (0..n).map(|at| f64::from(u32::try_from(at * 7919 % 101).expect("below 101")) / 50.0 - 1.0)
    }

    #[test]
    fn what_never_changes_needs_no_warmup() {
        assert_eq!(detect(&[4.0; 12]), (0, true));
        let noisy: Vec<f64> = noise(200).map(|noise| 100.0 + noise).collect();
        assert_eq!(detect(&noisy), (0, true));
    }

    #[test]
    fn steps_down_are_warmup() {
        // Three tiers.
        let levels = [(10, 90.0), (25, 30.0), (100, 10.0)];
        let samples: Vec<f64> = levels.iter().flat_map(|&(times, level)| vec![level; times]).collect();
        let noisy: Vec<f64> =
            samples.iter().zip(noise(samples.len())).map(|(level, noise)| level + noise / 10.0).collect();
        assert_eq!(detect(&noisy), (35, true));
    }

    #[test]
    fn a_step_in_the_second_half_is_not_steady() {
        let samples: Vec<f64> = [vec![30.0; 70], vec![10.0; 30]].concat();
        assert!(!Warmup::detect(&samples).steady);
    }

    #[test]
    fn few_samples_tell_little() {
        assert_eq!(detect(&[]), (0, false));
        assert_eq!(detect(&[1.0]), (0, false));
        assert_eq!(detect(&[1.0; 2]), (1, false));
        assert_eq!(detect(&[3.0, 1.0, 1.04]), (1, true));
        assert_eq!(detect(&[3.0, 1.0, 1.2]), (1, false));
        assert_eq!(detect(&[9.0, 5.0, 1.0, 1.0, 1.0]), (2, true));
    }
}
