//! `upshift analyze --tiering`: when functions move up.
//!
//! ```text
//! Engine::thresholds, Engine::optimization ─▶ a line for each number, and who optimizes ─▶ in front of the table of functions
//! bytes of a function ─▶ MovesUp, more of its row
//! ```

use std::fmt::Write;
use std::thread;

use anyhow::Result;
use upshift::{Engine, Optimization, Threshold};

use crate::flags::{Listing, Options};
use crate::json::Json;
use crate::report::print;
use crate::series::counted;
use crate::show::aligned;

/// After how much a function moves up.
pub(crate) struct MovesUp {
    /// After how many calls and turns of loops it is compiled in tier 1, if others have run enough.
    pub(crate) baseline: u32,
    /// After how many steps there it is optimized, if functions are.
    pub(crate) optimized: Option<u32>,
}

impl MovesUp {
    /// What holds for a function with a body of so many bytes.
    pub(crate) fn of(engine: &Engine, body_bytes: usize) -> MovesUp {
        let thresholds = engine.thresholds();
        let optimized = |waits| Some(thresholds.optimized_after(body_bytes, waits));
        MovesUp {
            baseline: thresholds.baseline_after(body_bytes),
            optimized: match engine.optimization() {
                Optimization::Background => optimized(false),
                Optimization::AtOnce => optimized(true),
                _ => None,
            },
        }
    }
}

/// Prints the numbers alone.
///
/// # Errors
/// If the settings contradict themselves, or nothing can be printed.
pub(crate) fn list(options: &Options) -> Result<()> {
    let engine = Engine::new(&options.config())?;
    match options.listing() {
        Listing::Json => print(&format!("{}\n", Json::Object(json(&engine)))),
        Listing::Text => print(&text(&engine)),
    }
}

/// The numbers, with what each is and where it comes from, and who optimizes.
pub(crate) fn text(engine: &Engine) -> String {
    let mut table =
        vec![["threshold", "value", "what it is, and where it comes from"].map(str::to_owned).to_vec()];
    for &threshold in Threshold::ALL {
        let value = engine.thresholds().get(threshold).to_string();
        table.push(vec![threshold.name().into(), value, threshold.doc().into()]);
        table.push(vec![String::new(), String::new(), threshold.origin().into()]);
    }
    let mut text = aligned(&table, 2);
    let _ = writeln!(text, "\n{}", who(engine));
    text
}

/// Who optimizes, and why.
fn who(engine: &Engine) -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let processors = counted(processors, "processor");
    match engine.optimization() {
        Optimization::Background => {
            format!("Functions are optimized by a thread, while the program runs on: {processors}.")
        }
        Optimization::AtOnce => {
            format!("Functions are optimized while the program waits, so `waiting` counts: {processors}.")
        }
        _ => "No function is optimized while the program runs.".into(),
    }
}

/// The same as members of an object.
pub(crate) fn json(engine: &Engine) -> Vec<(&'static str, Json)> {
    let thresholds = Threshold::ALL.iter().map(|&threshold| {
        Json::from([
            ("name", threshold.name().into()),
            ("value", engine.thresholds().get(threshold).into()),
            ("default", upshift::Thresholds::default().get(threshold).into()),
            ("what", threshold.doc().into()),
            ("origin", threshold.origin().into()),
        ])
    });
    let optimization = match engine.optimization() {
        Optimization::Background => "background",
        Optimization::AtOnce => "sync",
        _ => "off",
    };
    vec![
        ("thresholds", Json::list(thresholds)),
        ("optimization", optimization.into()),
        ("processors", thread::available_parallelism().map_or(1, usize::from).into()),
    ]
}
