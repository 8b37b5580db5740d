//! Scripts with which shells complete command lines, made of the table of flags.
//!
//! Each knows the verbs, the flags of each verb, and the words or files that can be a flag's value.

use std::ffi::OsStr;
use std::fmt::Write;

use anyhow::Result;

use crate::flags::table::FLAGS;
use crate::flags::{Flag, Takes, Usage, Verb, value};

/// What can stand behind a flag.
enum Values {
    Words(Vec<&'static str>),
    Files,
    Directories,
    Anything,
}

fn values(flag: &Flag) -> Values {
    let words: Vec<_> = flag.choices().collect();
    match flag.takes {
        _ if !words.is_empty() => Values::Words(words),
        Takes::Value(form) if form.contains("FILE") => Values::Files,
        Takes::Value(form) if form.contains("HOST") => Values::Directories,
        _ => Values::Anything,
    }
}

/// The script for the shell of a name.
///
/// # Errors
/// If there is none for it.
pub(crate) fn complete(shell: &OsStr) -> Result<String> {
    let shells: [(_, fn() -> String); 3] = [("bash", bash), ("zsh", zsh), ("fish", fish)];
    match value::choose(shell, &shells) {
        Ok(script) => Ok(script()),
        Err(reason) => Err(Usage(format!("`{}`: {reason}", shell.display())).into()),
    }
}

fn verbs() -> String {
    Verb::ALL.iter().map(|verb| verb.name()).collect::<Vec<_>>().join(" ")
}

/// The words that can follow a verb instead of files.
fn operands(verb: Verb) -> Option<String> {
    match verb {
        Verb::Completions | Verb::Cache => Some(verb.operands().replace('|', " ")),
        Verb::Features | Verb::Man | Verb::Repl => Some(String::new()),
        Verb::Help => Some(verbs()),
        _ => None,
    }
}

fn bash() -> String {
    let mut text = String::from(
        "# Completion of upshift for bash: source it, or put it into a directory of completions.
# Adds what compgen finds for the word: one offer a line, since names may have blanks in them.
_upshift_offer() {
    local offers
    mapfile -t offers < <(compgen \"$@\" -- \"$word\")
    COMPREPLY+=(\"${offers[@]}\")
}
_upshift() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=run flags
    COMPREPLY=()
",
    );
    let _ = writeln!(
        text,
        "    case ${{COMP_WORDS[1]}} in {}) verb=${{COMP_WORDS[1]}} ;; esac",
        verbs().replace(' ', "|")
    );
    text.push_str("    case $before in\n");
    for flag in FLAGS {
        let offer = match values(flag) {
            Values::Words(words) if flag.takes_word() => format!("_upshift_offer -W '{}'", words.join(" ")),
            Values::Files => "_upshift_offer -f".into(),
            Values::Directories => "_upshift_offer -d".into(),
            _ => continue,
        };
        let _ = writeln!(text, "        --{}) {offer}; return ;;", flag.name);
    }
    text.push_str("    esac\n    case $verb in\n");
    for &verb in Verb::ALL {
        let flags: Vec<_> = Flag::all_of(verb).map(|flag| format!("--{}", flag.name)).collect();
        let _ = writeln!(text, "        {}) flags='{} --help --version' ;;", verb.name(), flags.join(" "));
    }
    text.push_str(
        "    esac
    if [[ $word == -* ]]; then _upshift_offer -W \"$flags\"; return; fi
",
    );
    for &verb in Verb::ALL {
        if let Some(words) = operands(verb) {
            let _ = writeln!(
                text,
                "    if [[ $verb == {} && $COMP_CWORD -gt 1 ]]; then
        compopt +o default 2> /dev/null
        _upshift_offer -W '{words}'; return
    fi",
                verb.name()
            );
        }
    }
    let _ = writeln!(
        text,
        "    _upshift_offer -f
    if [[ $COMP_CWORD == 1 ]]; then _upshift_offer -W '{}'; fi
}}
# Of a name that is half written in quotes only bash itself knows how to go on.
complete -o filenames -o default -F _upshift upshift",
        verbs()
    );
    text
}

fn zsh() -> String {
    let mut text = String::from(
        "#compdef upshift\n_upshift() {\n    local verb=run\n    local -a flags verbs\n    verbs=(\n",
    );
    for verb in Verb::ALL {
        let _ = writeln!(text, "        '{}:{}'", verb.name(), quoted(verb.about()));
    }
    text.push_str("    )\n    if (( CURRENT == 2 )); then _describe verb verbs; fi\n");
    let _ = writeln!(
        text,
        "    case ${{words[2]}} in {}) verb=${{words[2]}}; shift words; (( CURRENT-- )) ;; esac",
        verbs().replace(' ', "|")
    );
    text.push_str("    (( CURRENT > 1 )) || return 0\n    case $verb in\n");
    for &verb in Verb::ALL {
        let _ = writeln!(text, "        {}) flags=(", verb.name());
        for flag in Flag::all_of(verb) {
            let _ = writeln!(text, "            {}", zsh_flag(flag));
        }
        let rest = match operands(verb) {
            Some(words) if words.is_empty() => String::new(),
            Some(words) => format!("'*:shell:({words})'"),
            None => "'*:file:_files'".into(),
        };
        let _ = writeln!(text, "            '--help[Print help]' {rest} ) ;;");
    }
    text.push_str("    esac\n    _arguments -S $flags\n}\n_upshift \"$@\"\n");
    text
}

fn zsh_flag(flag: &Flag) -> String {
    let repeated = if flag.help.contains("may be repeated") { "*" } else { "" };
    let action = match values(flag) {
        Values::Words(words) => format!("({})", words.join(" ")),
        Values::Files => "_files".into(),
        Values::Directories => "_directories".into(),
        Values::Anything => String::new(),
    };
    let (equals, value) = match flag.takes {
        Takes::Nothing => ("", String::new()),
        Takes::Value(_) => ("=", format!(":value:{action}")),
        Takes::Perhaps(_) => ("=-", format!("::value:{action}")),
    };
    format!("'{repeated}--{}{equals}[{}]{value}'", flag.name, zsh_text(flag.help))
}

fn fish() -> String {
    let mut text = String::from("# Completion of upshift for fish.\n");
    let verbs = verbs();
    for verb in Verb::ALL {
        let _ = writeln!(
            text,
            "complete -c upshift -n __fish_use_subcommand -a {} -d '{}'",
            verb.name(),
            quoted(verb.about())
        );
    }
    for &verb in Verb::ALL {
        let name = verb.name();
        let seen = match verb {
            // The verb that need not be written.
            Verb::Run => format!("not __fish_seen_subcommand_from {}", verbs.replace("run ", "")),
            _ => format!("__fish_seen_subcommand_from {name}"),
        };
        if let Some(words) = operands(verb) {
            let _ = writeln!(text, "complete -c upshift -n '{seen}' -f -a '{words}'");
        }
        for flag in Flag::all_of(verb) {
            let value = match (values(flag), flag.takes) {
                (Values::Words(words), Takes::Value(_)) => format!(" -x -a '{}'", words.join(" ")),
                (Values::Words(words), _) => format!(" -a '{}'", words.join(" ")),
                (Values::Files, _) => " -r -F".into(),
                (Values::Directories, _) => " -x -a '(__fish_complete_directories)'".into(),
                (Values::Anything, Takes::Value(_)) => " -x".into(),
                (Values::Anything, _) => String::new(),
            };
            let (flag, help) = (flag.name, quoted(flag.help));
            let _ = writeln!(text, "complete -c upshift -n '{seen}' -l {flag}{value} -d '{help}'");
        }
    }
    text
}

/// A text within single quotes and the brackets of `_arguments`, which expands it once more.
fn zsh_text(text: &str) -> String {
    let special = |c| matches!(c, '[' | ']' | ':' | '$' | '`' | '\\');
    let escaped = text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c]));
    quoted(&escaped.collect::<String>())
}

/// A text within single quotes.
fn quoted(text: &str) -> String {
    text.replace('\'', "'\\''")
}
