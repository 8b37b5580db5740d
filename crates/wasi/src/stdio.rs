//! Where the guest's standard streams lead.
//!
//! An [`Input`] or [`Output`] is the host's own stream, a file, memory, or nothing at all, which is what a guest gets
//! if its host does not say otherwise. Streams of the host are used as they are: the guest's buffers go to the host in one
//! vectored call and no buffer of ours lies between, so what the guest writes is out when its call returns. Gathering
//! bytes into lines or blocks is left to the guest's library, which knows whether it writes to a terminal.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use crate::abi::Errno;

/// What a guest reads as its standard input.
///
/// ```
/// use std::fs::File;
/// use upshift_wasi::{Input, WasiCtxBuilder};
///
/// # fn main() -> anyhow::Result<()> {
/// let from_memory = WasiCtxBuilder::new().stdin(Input::memory("1 2 3\n")).build();
/// let from_file = WasiCtxBuilder::new().stdin(Input::file(File::open("Cargo.toml")?)).build();
/// let like_the_host = WasiCtxBuilder::new().stdin(Input::inherit()).build();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Input(Source);

#[derive(Debug)]
enum Source {
    Empty,
    Inherited,
    Memory { bytes: Vec<u8>, position: Mutex<usize> },
    Host(OwnedFd),
}

impl Input {
    /// Nothing: the first read finds the end.
    #[must_use]
    pub fn empty() -> Input {
        Input(Source::Empty)
    }

    /// The standard input of this process.
    #[must_use]
    pub fn inherit() -> Input {
        Input(Source::Inherited)
    }

    /// The given bytes, then the end.
    #[must_use]
    pub fn memory(bytes: impl Into<Vec<u8>>) -> Input {
        Input(Source::Memory { bytes: bytes.into(), position: Mutex::new(0) })
    }

    /// An open file, from its current position on.
    #[must_use]
    pub fn file(file: File) -> Input {
        Input(Source::Host(file.into()))
    }

    pub(crate) fn host_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            Source::Inherited => Some(rustix::stdio::stdin()),
            Source::Host(fd) => Some(fd.as_fd()),
            Source::Empty | Source::Memory { .. } => None,
        }
    }

    /// Reads what is not on the host.
    pub(crate) fn read_memory(&self, buffers: &mut [IoSliceMut<'_>]) -> usize {
        let Source::Memory { bytes, position } = &self.0 else { return 0 };
        let mut position = position.lock().unwrap_or_else(PoisonError::into_inner);
        let start = *position;
        for buffer in buffers {
            let rest = &bytes[*position..];
            let len = rest.len().min(buffer.len());
            buffer[..len].copy_from_slice(&rest[..len]);
            *position += len;
        }
        *position - start
    }

    /// How many bytes can be read without the host.
    pub(crate) fn memory_left(&self) -> usize {
        match &self.0 {
            Source::Memory { bytes, position } => {
                bytes.len() - *position.lock().unwrap_or_else(PoisonError::into_inner)
            }
            _ => 0,
        }
    }
}

/// Where a guest's standard output or error goes.
///
/// ```
/// use std::fs::File;
/// use upshift_wasi::{MemoryOutput, Output, WasiCtxBuilder};
///
/// # fn main() -> anyhow::Result<()> {
/// let into_memory = WasiCtxBuilder::new().stdout(MemoryOutput::new(1 << 20)).build();
/// let into_a_file = WasiCtxBuilder::new()
///     .stdout(Output::file(File::options().write(true).open("/dev/null")?))
///     .stderr(Output::inherit_stderr())
///     .build();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Output(Sink);

#[derive(Debug)]
enum Sink {
    Discard,
    InheritedStdout,
    InheritedStderr,
    Memory(MemoryOutput),
    Writer(Writer),
    Host(OwnedFd),
}

/// A writer of the host; behind a lock, as an output is shared with the guest's descriptors.
struct Writer(Mutex<Box<dyn Write + Send>>);

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match writer.write_vectored(buffers) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => return Ok(outcome?),
            }
        }
    }
}

impl Output {
    /// Nowhere: writes succeed and are dropped.
    #[must_use]
    pub fn discard() -> Output {
        Output(Sink::Discard)
    }

    /// The standard output of this process.
    #[must_use]
    pub fn inherit_stdout() -> Output {
        Output(Sink::InheritedStdout)
    }

    /// The standard error of this process.
    #[must_use]
    pub fn inherit_stderr() -> Output {
        Output(Sink::InheritedStderr)
    }

    /// An open file, from its current position on.
    #[must_use]
    pub fn file(file: File) -> Output {
        Output(Sink::Host(file.into()))
    }

    /// A writer of the host. It gets what the guest writes in one call, without a buffer in between, and its errors are
    /// the guest's.
    ///
    /// ```
    /// use std::io::{Result, Write};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use upshift_wasi::{Output, WasiCtxBuilder};
    ///
    /// /// Counts bytes.
    /// struct Count(Arc<AtomicUsize>);
    ///
    /// impl Write for Count {
    ///     fn write(&mut self, bytes: &[u8]) -> Result<usize> {
    ///         self.0.fetch_add(bytes.len(), Ordering::Relaxed);
    ///         Ok(bytes.len())
    ///     }
    ///
    ///     fn flush(&mut self) -> Result<()> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let count = Arc::new(AtomicUsize::new(0));
    /// let ctx = WasiCtxBuilder::new().stdout(Output::writer(Count(Arc::clone(&count)))).build();
    /// // … run a guest with `ctx` …
    /// # drop(ctx);
    /// assert_eq!(count.load(Ordering::Relaxed), 0);
    /// ```
    #[must_use]
    pub fn writer(writer: impl Write + Send + 'static) -> Output {
        Output(Sink::Writer(Writer(Mutex::new(Box::new(writer)))))
    }

    pub(crate) fn host_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            Sink::InheritedStdout => Some(rustix::stdio::stdout()),
            Sink::InheritedStderr => Some(rustix::stdio::stderr()),
            Sink::Host(fd) => Some(fd.as_fd()),
            Sink::Discard | Sink::Memory(_) | Sink::Writer(_) => None,
        }
    }

    /// Writes what does not go to the host.
    pub(crate) fn write_memory(&self, buffers: &[IoSlice<'_>]) -> Result<usize, Errno> {
        match &self.0 {
            Sink::Memory(memory) => memory.append(buffers),
            Sink::Writer(writer) => writer.write(buffers),
            _ => Ok(buffers.iter().map(|buffer| buffer.len()).sum()),
        }
    }
}

impl From<MemoryOutput> for Output {
    fn from(memory: MemoryOutput) -> Output {
        Output(Sink::Memory(memory))
    }
}

/// Collects what a guest writes. Clones share the bytes, so the host keeps one and reads it afterwards.
///
/// ```
/// use upshift_wasi::{MemoryOutput, WasiCtxBuilder};
///
/// let stdout = MemoryOutput::new(1 << 20);
/// let ctx = WasiCtxBuilder::new().stdout(stdout.clone()).build();
/// // … run a guest with `ctx` …
/// # drop(ctx);
/// assert_eq!(stdout.contents(), b"");
/// ```
#[derive(Clone, Debug)]
pub struct MemoryOutput {
    bytes: Arc<Mutex<Vec<u8>>>,
    capacity: usize,
}

impl MemoryOutput {
    /// An empty collector that takes up to `capacity` bytes. A guest that writes more gets a short write, then the
    /// error `nospc`.
    #[must_use]
    pub fn new(capacity: usize) -> MemoryOutput {
        MemoryOutput { bytes: Arc::default(), capacity }
    }

    /// What was written so far.
    #[must_use]
    pub fn contents(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let start = bytes.len();
        let mut wanted = 0;
        for buffer in buffers {
            let room = self.capacity - bytes.len();
            bytes.extend_from_slice(&buffer[..buffer.len().min(room)]);
            wanted += buffer.len();
        }
        let written = bytes.len() - start;
        if written == 0 && wanted > 0 { Err(Errno::Nospc) } else { Ok(written) }
    }
}
