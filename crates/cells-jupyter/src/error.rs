//! Why the kernel cannot be installed or run.

use std::fmt;
use std::io;
use std::path::PathBuf;

use jupyter_zmq_client::RuntimeError;

/// Why the kernel cannot be installed or run.
#[derive(Debug)]
pub enum Error {
    /// A file or folder cannot be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Where the kernel is to be installed is not known, or its name cannot be one.
    Place(String),
    /// A socket cannot be bound.
    Socket(RuntimeError),
    /// The engine cannot start, or its thread has ended.
    Engine(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Content { path, message } => write!(f, "{}: {message}", path.display()),
            Self::Place(message) => f.write_str(message),
            Self::Socket(error) => write!(f, "cannot listen for Jupyter: {error}"),
            Self::Engine(message) => write!(f, "cannot run cells: {message}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Socket(error) => Some(error),
            Self::Content { .. } | Self::Place(_) | Self::Engine(_) => None,
        }
    }
}
