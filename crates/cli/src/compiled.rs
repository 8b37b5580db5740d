//! What is told of the native code of a function, by `analyze` and by `bench`.
//!
//! ```text
//! module, function ─ of ─▶ Compiled ─┬ columns ─▶ cells of a table, as far as functions have something to tell
//!                                    └ json ────▶ members of an object
//! ```

use upshift::{CodeRefusal, Compilation, Module, Tier};

use crate::json::Json;
use crate::series::whole;

/// The native code of a function, or why it has none.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// The best code that there is: in the highest tier, and there of the whole function rather than from a loop on.
    code: Option<Compilation>,
    /// Why there is none although it was to be made.
    code_refusal: Option<CodeRefusal>,
    /// Why it was not optimized, if that was tried.
    refusal: Option<String>,
}

/// A column of a table, and what it says of a function.
pub(crate) type Column = (&'static str, fn(&Compiled) -> String);

/// Of all native code.
const OF_CODE: &[Column] = &[
    ("trigger", Compiled::trigger),
    ("after", |of| of.code(|code| code.arrivals.to_string())),
    ("compile µs", |of| of.code(|code| code.time.as_micros().to_string())),
    ("code bytes", |of| of.code(|code| code.code_bytes.to_string())),
    ("embedded", |of| of.code(|code| code.embedded.to_string())),
];

/// Of optimized code.
const OF_OPTIMIZED: &[Column] = &[
    ("wait µs", |of| of.code(|code| code.wait.as_micros().to_string())),
    ("spills", |of| of.code(|code| code.spills.to_string())),
    ("passes off", |of| {
        let off: Vec<&str> = of.code.iter().flat_map(Compilation::passes_off).collect();
        if off.is_empty() { "-".into() } else { off.join(",") }
    }),
];

/// Where the optimizing compiler gave up.
const OF_REFUSED: &[Column] = &[("not optimized", |of| of.refusal.clone().unwrap_or_else(|| "-".into()))];

impl Compiled {
    /// That of a function with a body.
    pub(crate) fn of(module: &Module, func: u32) -> Compiled {
        Compiled {
            code: module.compilations(func).into_iter().next(),
            code_refusal: module.code_refusal(func),
            refusal: module.refusal(func).map(|refusal| refusal.to_string()),
        }
    }

    /// Whether there is native code, or was to be.
    pub(crate) fn is_some(&self) -> bool {
        self.code.is_some() || self.code_refusal.is_some() || self.refusal.is_some()
    }

    /// The highest tier that the function runs in, from a loop on if not as a whole. `called` is where calls of it lead.
    pub(crate) fn tier(&self, called: Option<Tier>) -> Option<Tier> {
        called.max(self.code.as_ref().map(|code| code.tier))
    }

    /// What to order functions by: the longer a compiler took, the later.
    pub(crate) fn cost(&self) -> impl Ord + use<> {
        self.code.as_ref().map(|code| (code.tier, code.time))
    }

    /// What a column about native code says.
    fn code(&self, text: impl FnOnce(&Compilation) -> String) -> String {
        self.code.as_ref().map_or_else(|| "-".into(), text)
    }

    /// What led to the code, or why there is none.
    fn trigger(&self) -> String {
        match self.code_refusal {
            Some(refusal) if self.code.is_none() => refusal.name().into(),
            _ => self.code(|code| code.trigger.to_string()),
        }
    }

    /// The members of a JSON object about a function.
    pub(crate) fn json(&self) -> Vec<(&'static str, Json)> {
        let mut members = Vec::new();
        if let Some(code) = &self.code {
            let of_code = Json::from([
                ("trigger", code.trigger.to_string().into()),
                ("from_loop", code.from_loop.into()),
                ("after_calls_and_turns", code.arrivals.into()),
                ("compile_nanoseconds", whole(code.time)),
                ("bytes", code.code_bytes.into()),
                ("embedded_instructions", code.embedded.into()),
                ("wait_nanoseconds", whole(code.wait)),
                ("spills", code.spills.into()),
                ("inlined_calls", code.inlined.into()),
                ("passes_off", Json::list(code.passes_off().map(Json::from))),
            ]);
            members.push(("native_code", of_code));
        }
        if let Some(refusal) = self.code_refusal {
            members.push(("refused", refusal.name().into()));
        }
        if let Some(refusal) = &self.refusal {
            members.push(("not_optimized", refusal.as_str().into()));
        }
        members
    }
}

/// The columns that have something to say of any of the functions.
pub(crate) fn columns<'a>(functions: impl Iterator<Item = &'a Compiled> + Clone) -> Vec<Column> {
    let any = |wanted: fn(&Compiled) -> bool| functions.clone().any(wanted);
    let mut columns = Vec::new();
    if any(Compiled::is_some) {
        columns.extend(OF_CODE);
    }
    if any(|of| of.code.as_ref().is_some_and(|code| code.tier == Tier::Optimizing)) {
        columns.extend(OF_OPTIMIZED);
    }
    if any(|of| of.refusal.is_some()) {
        columns.extend(OF_REFUSED);
    }
    columns
}
