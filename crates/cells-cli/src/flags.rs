//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use upshift_cells_host::Options;

/// Runs cells: small typed programs that are compiled to WebAssembly and share what they define.
#[derive(Parser, Debug)]
#[command(name = "upshift-cells", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    all is well
  1    a cell failed, or a file cannot be read or written
  2    the command line is wrong
  130  it was interrupted
  141  nobody reads what is printed any more";

#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Run the code cells of a notebook file, in order
    ///
    /// What cells print goes to the standard output, the value of each cell behind it, errors to the standard error. The first cell
    /// that fails ends the run.
    Cells(Cells),
    /// Run cells as they are typed
    Repl(Repl),
    /// Write and run a notebook in a browser, which a server on this machine serves
    Notebook(Notebook),
    /// Let Jupyter run cells
    #[cfg(feature = "jupyter")]
    Jupyter {
        #[command(subcommand)]
        verb: Jupyter,
    },
    /// Make a notebook of Jupyter from one of cells, or one of cells from one of Jupyter
    ///
    /// The endings say which way: `.ipynb` is Jupyter's. Sources and IDs of cells stay, outputs do not.
    Convert(Convert),
    /// Print the version
    Version,
}

#[derive(Args, Debug)]
pub(crate) struct Cells {
    /// A notebook file, or a text that is one cell; `-` for the standard input
    pub(crate) file: PathBuf,
    /// Print one JSON object with the results of all cells, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Run the cells behind one that fails too
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Look for errors in all cells and run none
    #[arg(long, conflicts_with_all = ["checkpoint", "keep_going"])]
    pub(crate) check: bool,
    /// Save names and values to a file at the end, if no cell failed
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Begin with the names and values of such a file
    #[arg(long, value_name = "FILE")]
    pub(crate) restore: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

#[derive(Args, Debug)]
pub(crate) struct Repl {
    /// Begin with the names and values that `--checkpoint` or `:save` has saved
    #[arg(long, value_name = "FILE")]
    pub(crate) restore: Option<PathBuf>,
    /// Keep no history
    #[arg(long)]
    pub(crate) no_history: bool,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

#[derive(Args, Debug)]
pub(crate) struct Notebook {
    /// The notebook file; it need not exist. Without one, a new file in this folder is begun
    pub(crate) file: Option<PathBuf>,
    /// The port to listen on; 0 for any that is free
    #[arg(long, default_value_t = 8888)]
    pub(crate) port: u16,
    /// The address to listen on. Whoever can reach it and has the token can run cells
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Open the page in a browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Serve the page's files from this folder instead of those in the program, to work on them
    #[arg(long, value_name = "DIR")]
    pub(crate) assets: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

#[derive(Args, Debug)]
pub(crate) struct Convert {
    /// The file to read
    pub(crate) from: PathBuf,
    /// The file to write
    pub(crate) to: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[cfg(feature = "jupyter")]
#[derive(Subcommand, Debug)]
pub(crate) enum Jupyter {
    /// Tell Jupyter of the kernel
    Install(Place),
    /// Have Jupyter forget it
    Uninstall(Place),
    /// Be the kernel: Jupyter calls this
    Run {
        /// The file in which Jupyter says where to listen
        connection_file: PathBuf,
        #[command(flatten)]
        limits: Limits,
    },
}

/// Where a kernel is put.
#[cfg(feature = "jupyter")]
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// For this user, which is the default
    #[arg(long, conflicts_with_all = ["prefix", "sys_prefix"])]
    pub(crate) user: bool,
    /// Below this folder, in share/jupyter/kernels
    #[arg(long, value_name = "DIR", conflicts_with = "sys_prefix")]
    pub(crate) prefix: Option<PathBuf>,
    /// Into the environment of the Python that is active
    #[arg(long)]
    pub(crate) sys_prefix: bool,
    /// The kernel's name
    #[arg(long, default_value = "upshift-cells")]
    pub(crate) name: String,
}

/// What each cell may take.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// Operators of WebAssembly that a cell may execute
    #[arg(long, value_name = "N")]
    pub(crate) fuel: Option<u64>,
    /// Bytes that all values may take, as `512MiB`, or `none` [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<Limit<usize>>,
    /// Time that a cell may take, as `500ms`, `30s` or `2m`, or `none` [default: none, for `notebook` 1m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Limit<Duration>>,
}

/// A limit, or that there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Limit<T> {
    At(T),
    Never,
}

impl Limits {
    /// For the host; `time` is what a cell may take if nobody says.
    pub(crate) fn options(&self, time: Option<Duration>) -> Options {
        fn chosen<T>(limit: Option<Limit<T>>, otherwise: Option<T>) -> Option<T> {
            match limit {
                Some(Limit::At(limit)) => Some(limit),
                Some(Limit::Never) => None,
                None => otherwise,
            }
        }
        Options {
            fuel: self.fuel,
            memory: chosen(self.memory, Some(1 << 30)),
            time: chosen(self.timeout, time),
            ..Options::default()
        }
    }
}

/// A number and the unit behind it.
fn number_and_unit(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()))
}

fn size(text: &str) -> Result<Limit<usize>, String> {
    if text == "none" {
        return Ok(Limit::Never);
    }
    let (number, unit) = number_and_unit(text);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "kib" => Some(1 << 10),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        "kb" => Some(1_000),
        "mb" => Some(1_000_000),
        "gb" => Some(1_000_000_000),
        _ => None,
    };
    let size =
        factor.zip(number.parse::<usize>().ok()).and_then(|(factor, number)| number.checked_mul(factor));
    size.map(Limit::At)
        .ok_or_else(|| "expected a size, as in `65536`, `64KiB`, `1MB` or `2GiB`, or `none`".into())
}

fn duration(text: &str) -> Result<Limit<Duration>, String> {
    if text == "none" {
        return Ok(Limit::Never);
    }
    let (number, unit) = number_and_unit(text);
    let seconds = match unit {
        "ms" => Some(1e-3),
        "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let duration = seconds.zip(number.parse::<f64>().ok());
    let duration = duration.and_then(|(unit, number)| Duration::try_from_secs_f64(number * unit).ok());
    duration
        .filter(|duration| !duration.is_zero())
        .map(Limit::At)
        .ok_or_else(|| "expected a time, as in `100ms`, `2s` or `1m`, or `none`".into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;

    use super::{CommandLine, Limit, duration, size};

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(size("64KiB"), Ok(Limit::At(65536)));
        assert_eq!(size("2GB"), Ok(Limit::At(2_000_000_000)));
        assert_eq!(size("none"), Ok(Limit::Never));
        assert_eq!(duration("1.5s"), Ok(Limit::At(Duration::from_millis(1500))));
        assert_eq!(duration("2m"), Ok(Limit::At(Duration::from_secs(120))));
        for bad in ["", "KiB", "1.5MiB", "-1", "1k", "99999999999GiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
        for bad in ["", "s", "1", "1 s", "0s", "-1s", "1e400s", "9e99h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
