//! What the iterations of one program say, as text and as JSON.

use std::time::{Duration, Instant};

use upshift::TierPath;
use upshift_statistics::{Interval, Summary, Warmup};

use crate::json::Json;
use crate::measure::Iteration;

/// Iterations in the order in which they were made.
#[derive(Default)]
pub(crate) struct Series(Vec<Iteration>);

/// The iterations that went through the same tiers.
struct OfTiers {
    tiers: TierPath,
    /// Their places in the series.
    places: Vec<usize>,
}

impl Series {
    pub(crate) fn push(&mut self, iteration: Iteration) {
        self.0.push(iteration);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time of the first iteration.
    pub(crate) fn first(&self) -> f64 {
        self.nanoseconds(0)
    }

    fn nanoseconds(&self, place: usize) -> f64 {
        self.0.get(place).map_or(0.0, |iteration| nanoseconds(iteration.time))
    }

    /// All times, in nanoseconds.
    pub(crate) fn times(&self) -> Vec<f64> {
        self.0.iter().map(|iteration| nanoseconds(iteration.time)).collect()
    }

    pub(crate) fn warmup(&self) -> Warmup {
        Warmup::detect(&self.times())
    }

    /// The times behind the warm-up; nothing if there are no iterations.
    pub(crate) fn summary(&self) -> Option<Summary> {
        Summary::new(&self.times()[self.warmup().iterations..])
    }

    /// The numbers of the iterations behind the warm-up that are far from the others, counted from 1.
    pub(crate) fn outliers(&self) -> Vec<usize> {
        let skipped = self.warmup().iterations;
        let outliers = self.summary().map(|summary| summary.outliers()).unwrap_or_default();
        outliers.into_iter().map(|place| skipped + place + 1).collect()
    }

    /// The time of an iteration, by its number.
    pub(crate) fn time_of(&self, number: usize) -> f64 {
        self.nanoseconds(number - 1)
    }

    fn by_tiers(&self) -> Vec<OfTiers> {
        let mut all: Vec<OfTiers> = Vec::new();
        for (place, iteration) in self.0.iter().enumerate() {
            match all.iter_mut().find(|of| of.tiers == iteration.tiers) {
                Some(of) => of.places.push(place),
                None => all.push(OfTiers { tiers: iteration.tiers, places: vec![place] }),
            }
        }
        all
    }

    fn summary_of(&self, places: &[usize]) -> Option<Summary> {
        Summary::new(&places.iter().map(|&place| self.nanoseconds(place)).collect::<Vec<_>>())
    }

    /// The tiers that iterations went through, in a line.
    pub(crate) fn tiers_line(&self) -> String {
        let all = self.by_tiers();
        let one = |of: &OfTiers| match all.len() {
            1 => of.tiers.to_string(),
            _ => format!("{} ({})", of.tiers, of.places.len()),
        };
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// A table of the tiers that iterations went through, each with what they took there.
    pub(crate) fn tiers_text(&self) -> String {
        let width =
            self.by_tiers().iter().map(|of| of.tiers.to_string().chars().count()).max().unwrap_or(0).max(11);
        let mut text = format!("{:<width$}  iterations   first    last       min    median\n", "tier");
        for OfTiers { tiers, places } in self.by_tiers() {
            let Some(summary) = self.summary_of(&places) else { continue };
            let (first, last) = (places[0] + 1, places[places.len() - 1] + 1);
            let (min, median) = (time(summary.min()), time(summary.median()));
            text.push_str(&format!(
                "{:<width$}  {:>10}  {first:>6}  {last:>6}  {min:>8}  {median:>8}\n",
                tiers.to_string(),
                places.len()
            ));
        }
        text
    }

    /// The members of an object that hold everything.
    pub(crate) fn json(&self) -> Vec<(&'static str, Json)> {
        let warmup = self.warmup();
        let iteration = |iteration: &Iteration| {
            Json::from([("nanoseconds", whole(iteration.time)), ("tier", iteration.tiers.to_string().into())])
        };
        let of_tiers = |of: OfTiers| {
            let summary = self.summary_of(&of.places);
            Json::from([
                ("tier", of.tiers.to_string().into()),
                ("iterations", of.places.len().into()),
                ("first", of.places.first().map(|place| place + 1).into()),
                ("last", of.places.last().map(|place| place + 1).into()),
                ("min", summary.as_ref().map(Summary::min).into()),
                ("median", summary.as_ref().map(Summary::median).into()),
            ])
        };
        vec![
            ("iterations", Json::list(self.0.iter().map(iteration))),
            (
                "warmup",
                Json::from([("iterations", warmup.iterations.into()), ("steady", warmup.steady.into())]),
            ),
            ("summary", self.summary().map(|summary| self.summary_json(&summary)).into()),
            ("tiers", Json::list(self.by_tiers().into_iter().map(of_tiers))),
        ]
    }

    fn summary_json(&self, summary: &Summary) -> Json {
        Json::from([
            ("iterations", summary.samples().len().into()),
            ("min", summary.min().into()),
            ("median", summary.median().into()),
            ("mean", summary.mean().into()),
            ("standard_deviation", summary.standard_deviation().into()),
            ("max", summary.max().into()),
            ("interval", interval_json(summary.interval())),
            ("outliers", Json::list(self.outliers())),
        ])
    }
}

/// A duration as samples have it. None is 0: the clock may not have gone on.
fn nanoseconds(time: Duration) -> f64 {
    (time.as_nanos() as f64).max(1.0)
}

/// A duration in whole nanoseconds, for JSON.
pub(crate) fn whole(time: Duration) -> Json {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).into()
}

pub(crate) fn interval_json(interval: Interval) -> Json {
    Json::from([
        ("low", interval.low.into()),
        ("high", interval.high.into()),
        ("coverage", interval.coverage.into()),
    ])
}

/// A number of things, in words.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A probability as text.
pub(crate) fn percent(coverage: f64) -> String {
    format!("{:.1} %", coverage * 100.0)
}

/// A time with four digits, in the unit that suits it.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 999.5 => return format!("{n:.0} ns"),
        n if n < 999.95e3 => (n / 1e3, "µs"),
        n if n < 999.95e6 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = if value < 9.9995 {
        3
    } else if value < 99.995 {
        2
    } else {
        1
    };
    format!("{value:.digits$} {unit}")
}

/// What reading the clock at both ends adds to a measurement, in nanoseconds.
pub(crate) fn clock_cost() -> f64 {
    let costs = (0..100).map(|_| {
        let begin = Instant::now();
        begin.elapsed()
    });
    costs.min().map_or(0.0, |cost| cost.as_nanos() as f64)
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_have_four_digits() {
        for (nanoseconds, text) in [
            (0.0, "0 ns"),
            (7.4, "7 ns"),
            (999.4, "999 ns"),
            (999.6, "1.000 µs"),
            (9999.6, "10.00 µs"),
            (12_345.6, "12.35 µs"),
            (999_960.0, "1.000 ms"),
            (123_456_789.0, "123.5 ms"),
            (2.5e9, "2.500 s"),
            (6e11, "600.0 s"),
        ] {
            assert_eq!(time(nanoseconds), text);
        }
    }
}
