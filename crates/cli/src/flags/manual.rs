//! The manual page, as roff: everything that help says, and what only few want to know.

use std::fmt::Write;

use crate::flags::group;
use crate::flags::help::EXIT_CODES;
use crate::flags::table::FLAGS;
use crate::flags::{Effect, Flag, Section, Verb};

/// The manual page.
pub(crate) fn manual() -> String {
    let mut text = format!(
        ".TH UPSHIFT 1 \"\" \"upshift {}\"\n.SH NAME\nupshift \\- run WebAssembly modules\n.SH SYNOPSIS\n",
        env!("CARGO_PKG_VERSION")
    );
    for &verb in Verb::ALL {
        let name = if verb == Verb::Run { "[run]" } else { verb.name() };
        let has_flags = verb.is_forwarded() || Flag::all_of(verb).next().is_some();
        let flags = if has_flags { "[FLAGS]" } else { "" };
        let _ = writeln!(text, ".B upshift {name}");
        // A line that is empty or begins with a space would be a break of its own.
        for part in [flags, verb.operands()].iter().filter(|part| !part.is_empty()) {
            let _ = writeln!(text, "{}", roff(part));
        }
        text.push_str(".br\n");
    }
    text.push_str(
        ".SH DESCRIPTION
Runs, measures, checks and shows modules of WebAssembly, binary or text. A FILE of \\- is the standard input. Flags stand before FILE;
what stands behind it belongs to the guest. Only of bench, compare and analyze flags may stand there too: the guest's part begins
with the first word that is none, or behind \\-\\-. A guest sees nothing but its standard streams unless a flag gives it more.
",
    );
    for &verb in Verb::ALL {
        let _ = writeln!(text, ".SH UPSHIFT {}\n{}.", verb.name().to_uppercase(), roff(verb.about()));
        for line in verb.notes() {
            let _ = writeln!(text, "{}", roff(line));
        }
        for &section in Section::ALL {
            for (i, flag) in Flag::of(verb, section).enumerate() {
                if i == 0 {
                    let _ = writeln!(text, ".SS {}", section.title());
                }
                describe(&mut text, flag);
            }
        }
    }
    wasmtime(&mut text);
    text.push_str(
        ".SH FILES
Settings are read from the file of
.BR \\-\\-config ,
or else from
.I $XDG_CONFIG_HOME/upshift/config.toml
(without that variable, from
.IR ~/.config/upshift/config.toml )
and then from
.I upshift.toml
in the working directory.
They are lines of TOML: names of flags without \\-\\-, and their values; lists for flags that may be repeated; true and
false for flags without values. Flags of the command line come after them, so they win, and add to lists. A file has at
most 64 KiB.
.br
The file of the working directory may have been put there by a guest, or come with what somebody else has written. So it
grants nothing and loosens nothing, nor does a file in the user's place that others can write.
",
    );
    let named = |has: fn(&Effect) -> bool| {
        let flags = FLAGS.iter().filter(|flag| has(&flag.effect));
        let mut names: Vec<_> = flags.map(|flag| roff(flag.name)).collect();
        names.dedup();
        names.join(", ")
    };
    let _ = writeln!(text, "It may tighten: {}.", named(|effect| matches!(effect, Effect::Limits(_))));
    let _ = writeln!(text, "It may set: {}.", named(|effect| matches!(effect, Effect::Neutral)));
    text.push_str(
        "All else is refused there. A directory with the user's own settings in it should be given to a guest only to
be read.
.SH EXIT STATUS
",
    );
    for (code, meaning) in EXIT_CODES {
        let _ = writeln!(text, ".TP\n.B {}\n{}", roff(code), roff(meaning));
    }
    text.push_str(
        ".SH ENVIRONMENT
.TP
.B NO_COLOR
If it is set and not empty, messages have no colours. They have none either when they do not go to a terminal.
",
    );
    text
}

/// What is understood of the options that `wasmtime` has in groups.
fn wasmtime(text: &mut String) {
    text.push_str(
        ".SH WASMTIME
The flags of wasmtime run that are here too have the same names and meanings, and its groups of options are understood, as in
.BR \"\\-W fuel=1000,simd=n\" .
Switches of features are in
.BR \\-W ,
for every verb that loads modules; all\\-proposals is all of them at once. What is taken without any effect only tunes how wasmtime
compiles and where it puts memories, or is about its messages: no program computes something else. What wasmtime has beyond
that is an error, but for switches that turn it off.
",
    );
    for (letter, long) in group::GROUPS {
        let _ = writeln!(text, ".TP\n.BR \"\\-{letter} NAME[=VALUE],...\" \", \\-\\-{long}\"");
        let [meant, taken] = group::listed(letter).map(|names| roff(&names.join(", ")));
        if !meant.is_empty() {
            let _ = writeln!(text, "{meant}.");
        }
        if !taken.is_empty() {
            let _ = writeln!(text, "Taken without any effect: {taken}.");
        }
    }
}

fn describe(text: &mut String, flag: &Flag) {
    let _ = writeln!(text, ".TP\n.B {}\n{}.", roff(&flag.spelling()), roff(flag.help));
    if !flag.more.is_empty() {
        let _ = writeln!(text, "{}", roff(flag.more));
    }
    if let Some((letter, name)) = flag.wasmtime {
        let _ = writeln!(text, "Also\n.BR \"\\-{letter} {}\" .", roff(name));
    }
}

/// A text that means itself in roff: dashes to type are not hyphens, and a line may not begin as a request does.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
