//! What can be typed beside cells: words with a colon in front.

use std::path::PathBuf;

macro_rules! commands {
    ($($name:literal $form:literal $about:literal;)*) => {
        /// The names of all commands, how they are written, and what they do.
        pub(super) const COMMANDS: &[(&str, &str, &str)] = &[$(($name, $form, $about)),*];
    };
}

commands! {
    ":help" ":help" "list the commands";
    ":type" ":type EXPR" "show the type of an expression without running it";
    ":names" ":names" "list what has been defined";
    ":save" ":save FILE" "save the cells that ran, as a notebook, to FILE.cells, or names and values to another FILE";
    ":load" ":load FILE" "run the cells of FILE.cells, or begin with the names and values of another FILE";
    ":reset" ":reset" "forget everything";
    ":time" ":time" "show how long cells take, or stop to";
    ":quit" ":quit" "end the program, as Ctrl-D does";
}

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Command {
    Help,
    Type(String),
    Names,
    Save(PathBuf),
    Load(PathBuf),
    Reset,
    Time,
    Quit,
}

impl Command {
    /// Understands a line that begins with a colon; nothing if it does not.
    pub(super) fn parse(line: &str) -> Option<Result<Command, String>> {
        let line = line.trim();
        if !line.starts_with(':') {
            return None;
        }
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        Some(Self::of(name, rest.trim()))
    }

    fn of(name: &str, rest: &str) -> Result<Command, String> {
        let Some(&(_, form, _)) = COMMANDS.iter().find(|(known, ..)| *known == name) else {
            return Err(format!("there is no command `{name}`: `:help` lists them"));
        };
        if form.contains(' ') == rest.is_empty() {
            return Err(format!("write it as `{form}`"));
        }
        Ok(match name {
            ":help" => Command::Help,
            ":type" => Command::Type(rest.into()),
            ":names" => Command::Names,
            ":save" => Command::Save(rest.into()),
            ":load" => Command::Load(rest.into()),
            ":reset" => Command::Reset,
            ":time" => Command::Time,
            _ => Command::Quit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, Command};

    #[test]
    fn commands_are_words_with_a_colon() {
        assert_eq!(Command::parse("let x = 1"), None);
        assert_eq!(Command::parse("  :names "), Some(Ok(Command::Names)));
        assert_eq!(Command::parse(":type [1, 2]"), Some(Ok(Command::Type("[1, 2]".into()))));
        assert_eq!(Command::parse(":save a b.cells"), Some(Ok(Command::Save("a b.cells".into()))));
        for (wrong, told) in
            [(":nams", ":help"), (":", ":help"), (":type", ":type EXPR"), (":quit now", ":quit")]
        {
            assert!(Command::parse(wrong).unwrap().unwrap_err().contains(told), "{wrong}");
        }
        for (name, form, about) in COMMANDS {
            assert!(form.starts_with(name) && !about.is_empty());
            let line = if form.contains(' ') { format!("{name} x") } else { (*name).into() };
            assert!(Command::parse(&line).unwrap().is_ok(), "{name}");
        }
        assert_eq!(Command::parse(":quit"), Some(Ok(Command::Quit)));
    }
}
