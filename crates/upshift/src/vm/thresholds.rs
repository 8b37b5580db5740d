//! How much functions have to run before they move up: a table of numbers, and what follows from them for one function.
//!
//! ```text
//! thresholds! table ─┬▶ Threshold    one variant a row: name, default, what it is, where its figure comes from
//!                    └▶ Thresholds   a value for each, which counters, the queue and on-stack replacement go by
//! ```
//!
//! An *arrival* is a call of a function or a turn of a loop of its in the interpreter. Code of tier 1 counts *steps* instead: 32 bytes of
//! machine code, about a nanosecond (`crates/baseline/src/counts.rs`).

use std::fmt;
use std::str::FromStr;

use upshift_core::shown::Shown;

macro_rules! thresholds {
    ($($name:ident $text:literal $default:literal $what:literal $why:literal;)*) => {
        /// Something that decides when functions move up.
        ///
        /// | threshold | default | what it is |
        /// |---|---|---|
        $(#[doc = concat!("| `", $text, "` | ", $default, " | ", $what, " |")])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Threshold {
            $(#[doc = $what] $name,)*
        }

        impl Threshold {
            /// All thresholds, in the order in which a function meets them.
            pub const ALL: &'static [Threshold] = &[$(Threshold::$name,)*];

            /// The name, as in [`Thresholds::set`].
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Threshold::$name => $text,)*
                }
            }

            /// What it is, in a sentence.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self {
                    $(Threshold::$name => $what,)*
                }
            }

            /// Where the default comes from, in a sentence.
            #[must_use]
            pub fn origin(self) -> &'static str {
                match self {
                    $(Threshold::$name => $why,)*
                }
            }
        }

        const DEFAULT: [u32; Threshold::ALL.len()] = [$($default,)*];
    };
}

thresholds! {
    Busy "busy" 100
        "Calls and turns of loops after which an interpreted function is looked at: then it is busy."
        "With 30, programs of three milliseconds come to `start` by functions that are over soon.";
    Start "start" 10_000
        "Calls and turns of all functions that were looked at, before the first one is compiled; from then on each is at its first call."
        "The first machine code of a process costs half a millisecond; 30,000 cost programs of 20 to 50 ms a tenth of their time.";
    Large "large" 100_000
        "Bytes of a body beyond which a function is not compiled at its first call."
        "Tier 1 takes some milliseconds for it, which are a pause.";
    LargeByte "large-byte" 2
        "Calls and turns that a function is to make more before tier 1, for each byte beyond `large`."
        "What tier 1 takes for a byte, in arrivals of some ten nanoseconds.";
    Optimize "optimize" 50_000
        "Steps in tier 1 before a function is optimized, whatever its size."
        "Whole processes of the suite: from 10,000 on, with 125 or 500 for each byte, no layer changes by more than 4 %.";
    OptimizeByte "optimize-byte" 500
        "Steps more for each byte of its body."
        "Tier 2 takes half a microsecond for a byte, and a step is a nanosecond.";
    Waiting "waiting" 8
        "How many times as many steps there are to be where the program waits for tier 2: on one processor, or if it is wanted so."
        "There compiling costs what it takes: real programs take 1.5 times as long with 2, micro ones 1.07 times with 16.";
    Looks "looks" 8
        "How often a function looks for its optimized code in as many steps as led to the request."
        "Code waits an eighth of the time in which it was earned, at most; 32 and 128 gain nothing.";
    Look "look" 20_000
        "The fewest steps between two such looks."
        "At every 1500 looking took a tenth of the time of real programs.";
    Heads "heads" 256
        "Heads of loops that a frame looks at for the outermost one, before code from it on is requested."
        "About as long as a small function takes to compile.";
    MoreHeads "more-heads" 8192
        "The same where there is code from another loop, to go on in."
        "About as long as code from here on takes to compile, which comes to no more loops.";
    Queue "queue" 256
        "Functions that wait for the thread that optimizes; what is worth less than all of them is not taken."
        "More would wait for a tenth of a second.";
}

/// When functions move up, with [`Tiers::Auto`](crate::Tiers::Auto): a value for each [`Threshold`]. For experiments, and for hosts that
/// know how long their programs run. Results, traps and fuel are the same, whatever they are.
///
/// As text it is what [`Thresholds::set`] reads.
///
/// ```
/// use upshift::{Config, Engine, Threshold, Thresholds};
///
/// // Programs that run for hours: everything is compiled at its first call, and optimized early.
/// let thresholds = Thresholds::default().with(Threshold::Start, 0).with(Threshold::Optimize, 1000);
/// assert_eq!(thresholds, "start=0,optimize=1000".parse()?);
/// let engine = Engine::new(Config::new().thresholds(thresholds))?;
/// assert_eq!(engine.thresholds().get(Threshold::Start), 0);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thresholds {
    values: [u32; Threshold::ALL.len()],
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds { values: DEFAULT }
    }
}

impl Thresholds {
    /// The value of a threshold.
    #[must_use]
    pub fn get(&self, threshold: Threshold) -> u32 {
        self.values[threshold as usize]
    }

    /// The same thresholds but for one.
    #[must_use]
    pub fn with(mut self, threshold: Threshold, value: u32) -> Thresholds {
        self.values[threshold as usize] = value;
        self
    }

    /// Sets those that a text names: `NAME=N,NAME=N`. Underscores may part the digits.
    ///
    /// ```
    /// use upshift::{Threshold, Thresholds};
    ///
    /// let mut thresholds = Thresholds::default();
    /// thresholds.set("optimize=1_000,busy=8")?;
    /// assert_eq!(thresholds.get(Threshold::Optimize), 1000);
    /// assert!(thresholds.set("legs=4").unwrap_err().to_string().contains("`busy`, `start`"));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a name or a number is none; then those before it are set.
    pub fn set(&mut self, text: &str) -> Result<(), NoThreshold> {
        for setting in text.split(',') {
            let wrong = |what| NoThreshold { setting: setting.into(), what };
            let (name, value) = setting.split_once('=').ok_or_else(|| wrong("expected NAME=N"))?;
            let named = Threshold::ALL.iter().find(|threshold| threshold.name() == name);
            let threshold = *named.ok_or_else(|| wrong("there is no such threshold"))?;
            let is_number = value.starts_with(|c: char| c.is_ascii_digit());
            let value = if is_number { value.replace('_', "").parse().ok() } else { None };
            let value = value.ok_or_else(|| wrong("expected a number up to 4294967295"))?;
            *self = self.with(threshold, value);
        }
        Ok(())
    }

    /// After how many calls and turns of loops a function with a body of so many bytes is compiled in tier 1, if others have run enough.
    #[must_use]
    pub fn baseline_after(&self, body_bytes: usize) -> u32 {
        let beyond = body_bytes.saturating_sub(self.get(Threshold::Large) as usize) as u64;
        let more = beyond.saturating_mul(self.get(Threshold::LargeByte).into());
        saturated(more).saturating_add(self.get(Threshold::Busy))
    }

    /// After how many steps in tier 1 a function with a body of so many bytes is optimized, by a thread or while the program `waits`.
    #[must_use]
    pub fn optimized_after(&self, body_bytes: usize, waits: bool) -> u32 {
        let bytes = (body_bytes as u64).saturating_mul(self.get(Threshold::OptimizeByte).into());
        let steps = bytes.saturating_add(self.get(Threshold::Optimize).into());
        saturated(if waits { steps.saturating_mul(self.get(Threshold::Waiting).into()) } else { steps })
    }

    /// After how many steps a function looks again that waits for optimized code, and was first thought to deserve it after so many.
    pub(crate) fn look_after(&self, after: u32) -> u32 {
        (after / self.get(Threshold::Looks).max(1)).max(self.get(Threshold::Look).min(after))
    }
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl fmt::Display for Thresholds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, &threshold) in Threshold::ALL.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}={}", threshold.name(), self.get(threshold))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Thresholds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Thresholds {
    type Err = NoThreshold;

    /// The defaults but for what the text names.
    fn from_str(text: &str) -> Result<Thresholds, NoThreshold> {
        let mut thresholds = Thresholds::default();
        thresholds.set(text).map(|()| thresholds)
    }
}

/// A text sets no threshold, see [`Thresholds::set`]. Its message names those there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoThreshold {
    setting: String,
    what: &'static str,
}

impl fmt::Display for NoThreshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> =
            Threshold::ALL.iter().map(|threshold| format!("`{}`", threshold.name())).collect();
        write!(f, "`{}`: {}; thresholds are {}", Shown::new(&self.setting), self.what, names.join(", "))
    }
}

impl std::error::Error for NoThreshold {}

#[cfg(test)]
mod tests {
    use super::{Threshold, Thresholds};

    #[test]
    fn what_is_printed_can_be_read() {
        let thresholds = Thresholds::default().with(Threshold::Queue, 7).with(Threshold::Busy, u32::MAX);
        assert_eq!(thresholds.to_string().parse(), Ok(thresholds));
        assert_eq!("busy=4_294_967_295,queue=8,queue=7".parse(), Ok(thresholds));
    }

    #[test]
    fn what_is_wrong_is_named_and_so_are_the_thresholds() {
        for (text, what) in [
            ("", "``: expected NAME=N"),
            ("busy", "`busy`: expected NAME=N"),
            ("busy=", "`busy=`: expected a number"),
            ("busy=-1", "`busy=-1`: expected a number"),
            ("busy=+1", "`busy=+1`: expected a number"),
            ("busy=4294967296", "expected a number up to 4294967295"),
            ("busy=1,", "``: expected NAME=N"),
            ("busy=1,Busy=1", "`Busy=1`: there is no such threshold"),
            ("a\nb=1", "`a\\nb=1`: there is no such threshold"),
        ] {
            let error = text.parse::<Thresholds>().unwrap_err().to_string();
            assert!(error.contains(what), "{text}: {error}");
            assert!(Threshold::ALL.iter().all(|threshold| error.contains(threshold.name())), "{error}");
        }
    }

    #[test]
    fn what_takes_longer_to_optimize_has_to_run_longer() {
        let thresholds = Thresholds::default();
        let price = |bytes| u64::from(thresholds.optimized_after(bytes, false));
        let [least, for_a_byte, times] = [Threshold::Optimize, Threshold::OptimizeByte, Threshold::Waiting]
            .map(|one| u64::from(thresholds.get(one)));
        assert_eq!(price(0), least);
        assert_eq!(price(1000) - price(0), 1000 * for_a_byte);
        assert_eq!(price(1_000_000) - price(999_000), price(1000) - price(0));
        assert_eq!(thresholds.optimized_after(usize::MAX, false), u32::MAX);
        assert_eq!(u64::from(thresholds.optimized_after(1000, true)), times * price(1000));
    }

    #[test]
    fn what_is_large_waits_longer() {
        let thresholds = Thresholds::default();
        let [busy, large] = [Threshold::Busy, Threshold::Large].map(|one| thresholds.get(one));
        assert_eq!(thresholds.baseline_after(large as usize), busy);
        assert_eq!(thresholds.baseline_after(large as usize + 5000), busy + 10_000);
        assert_eq!(thresholds.baseline_after(usize::MAX), u32::MAX);
    }

    #[test]
    fn no_value_makes_looks_impossible() {
        let all = |value| Threshold::ALL.iter().fold(Thresholds::default(), |all, &one| all.with(one, value));
        for (thresholds, after) in
            [(all(0), 100), (all(u32::MAX), 100), (all(0), 0), (all(u32::MAX), u32::MAX)]
        {
            assert!(thresholds.look_after(after) <= after);
            assert!(thresholds.optimized_after(10, true) >= thresholds.optimized_after(10, false));
        }
    }
}
