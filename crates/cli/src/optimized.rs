//! `upshift analyze --func`: what tier 2 makes of a function.
//!
//! ```text
//! module, function ─ Module::report ─▶ Report ─▶ tables of its loops and of its calls, or JSON
//! ```

use std::ffi::OsStr;
use std::time::Instant;

use anyhow::{Context, Result};
use upshift::{CallReport, Engine, Figures, Module, Report, Spot, demangle};
use upshift_core::shown::Shown;

use crate::dump::numbered;
use crate::flags::{Listing, Options};
use crate::json::Json;
use crate::report::{print, visible};
use crate::show::{aligned, function_names, readable};
use crate::{clock, load};

/// Prints what becomes of the function that the command line names; runs nothing. `begin` is when the process began.
///
/// # Errors
/// If the module cannot be loaded, there is no such function, or tier 2 refuses it.
pub(crate) fn show(options: &Options, begin: Instant) -> Result<()> {
    let (engine, file) = (Engine::new(&options.config())?, &options.files[0]);
    clock::start(&engine, &options.limits, begin, failed_to_show(file))?;
    let module = load::module(&engine, file)?;
    let func = numbered(&module, options.func.as_deref().unwrap_or_default())?;
    let report = module.report(func).with_context(|| format!("tier 2 leaves function {func} to tier 1"))?;
    let names = function_names(module.info());
    let shown = Optimized { module: &module, names: &names, func, report: &report };
    match options.listing() {
        Listing::Json => print(&format!("{}\n", shown.json())),
        Listing::Text => print(&visible(&shown.text())),
    }
}

fn failed_to_show(file: &OsStr) -> String {
    format!("failed to show `{}`", Shown::new(&file.to_string_lossy()))
}

struct Optimized<'a> {
    module: &'a Module,
    /// Of all functions, as far as they have any.
    names: &'a [Option<&'a str>],
    func: u32,
    report: &'a Report,
}

impl Optimized<'_> {
    fn text(&self) -> String {
        let mut text = format!("{} in tier 2: {}\n", self.named(self.func), self.report.figures);
        text.push_str(&self.loops());
        text.push_str(&self.calls());
        text
    }

    /// The number of a function and its name.
    fn named(&self, func: u32) -> String {
        let name = self.names.get(func as usize).copied().flatten();
        name.map_or_else(
            || format!("function {func}"),
            |name| format!("function {func} `{}`", readable(name)),
        )
    }

    fn loops(&self) -> String {
        if self.report.loops.is_empty() {
            return "\nno loops\n".into();
        }
        let titles = Figures::default().named().map(|(name, _)| name);
        let header = ["loop", "depth"].into_iter().chain(titles).chain([""]);
        let mut table: Vec<Vec<String>> = vec![header.map(str::to_owned).collect()];
        for each in &self.report.loops {
            let numbers = each.figures.named().map(|(_, number)| number.to_string());
            let place = [self.offset(each.place), each.depth.to_string()];
            table.push(place.into_iter().chain(numbers).chain([self.callers(each.place)]).collect());
        }
        let columns = table[0].len();
        let text = aligned(&table, columns - 1);
        let lines = text.lines().map(str::trim_end);
        format!("\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    }

    /// The innermost operator of a place.
    fn offset(&self, place: Spot) -> String {
        let innermost = place.chain(&self.report.inlined).next().map(|inlined| inlined.offset);
        match innermost {
            _ if place == Spot::NONE => "-".into(),
            offset => format!("{:#06x}", offset.unwrap_or_else(|| place.offset(&self.report.inlined))),
        }
    }

    /// Which functions a place lies in that are inlined, from the innermost outwards.
    fn callers(&self, place: Spot) -> String {
        let functions = place.chain(&self.report.inlined).map(|inlined| self.named(inlined.func.0));
        let functions = functions.collect::<Vec<_>>().join(" in ");
        if functions.is_empty() { functions } else { format!("in {functions}") }
    }

    fn calls(&self) -> String {
        if self.report.calls.is_empty() {
            return String::new();
        }
        let header = ["call", "loops around", "what becomes of it"].map(str::to_owned).to_vec();
        let rows = self.report.calls.iter().map(|call| {
            let became = format!("{}: {}", self.named(call.callee.0), call.verdict);
            vec![format!("{:#06x}", call.offset), call.depth.to_string(), became]
        });
        let table: Vec<Vec<String>> = [header].into_iter().chain(rows).collect();
        format!("\n{}", aligned(&table, 2))
    }

    fn json(&self) -> Json {
        let name = self.names.get(self.func as usize).copied().flatten();
        let loops = self.report.loops.iter().map(|each| {
            let inlined = each.place.chain(&self.report.inlined).map(|inlined| {
                Json::from([("index", inlined.func.0.into()), ("offset", inlined.offset.into())])
            });
            let offset = (each.place != Spot::NONE).then(|| each.place.offset(&self.report.inlined));
            let mut members = vec![
                ("offset", offset.into()),
                ("inlined", Json::list(inlined)),
                ("depth", each.depth.into()),
            ];
            members.extend(of_figures(&each.figures));
            Json::Object(members)
        });
        let mut members = vec![
            ("index", self.func.into()),
            ("name", name.into()),
            ("demangled", name.map(|name| demangle(name).into_owned()).into()),
            (
                "bytes",
                self.module
                    .info()
                    .body(upshift_core::index::FuncIndex(self.func))
                    .map_or(0, |body| body.len())
                    .into(),
            ),
        ];
        members.extend(of_figures(&self.report.figures));
        members.push(("loops", Json::list(loops)));
        members.push(("calls", Json::list(self.report.calls.iter().map(of_call))));
        Json::Object(members)
    }
}

fn of_figures(figures: &Figures) -> Vec<(&'static str, Json)> {
    let Figures { instructions, reloads, spills, moves, bounds_checks, other_checks, calls, embedded } =
        *figures;
    vec![
        ("instructions", instructions.into()),
        ("reloads", reloads.into()),
        ("spills", spills.into()),
        ("moves", moves.into()),
        ("bounds_checks", bounds_checks.into()),
        ("other_checks", other_checks.into()),
        ("calls_made", calls.into()),
        ("embedded_instructions", embedded.into()),
    ]
}

fn of_call(call: &CallReport) -> Json {
    Json::from([
        ("offset", call.offset.into()),
        ("callee", call.callee.0.into()),
        ("depth", call.depth.into()),
        ("inlined", matches!(call.verdict, upshift::Verdict::Inlined(_)).into()),
        ("verdict", call.verdict.to_string().as_str().into()),
    ])
}
