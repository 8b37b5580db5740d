//! What one guest may see: built by the host, used by every call.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use cap_std::fs::Dir;

use crate::abi::Rights;
use crate::dir::{Budget, Directory};
use crate::host::retry;
use crate::stdio::{Input, Output};
use crate::table::{Access, DEFAULT_MAX_DESCRIPTORS, Descriptor, Table};
use crate::trace::Tracer;

/// The world of one guest: its arguments, environment and descriptors. Made by [`WasiCtxBuilder`].
///
/// A guest has nothing that its host did not put here. Clocks and random numbers are the exception: they need no
/// permission.
///
/// A context belongs to one guest, and can be sent to another thread with it. Clones are the same world, for the stores of a
/// guest that has several threads: what one opens, another can use and close. It lies in the store's data, alone or with
/// more:
///
/// ```
/// use upshift::{Engine, Linker, Store};
/// use upshift_wasi::{WasiCtx, WasiCtxBuilder, add_to_linker};
///
/// struct Data {
///     wasi: WasiCtx,
///     calls: u32,
/// }
///
/// let engine = Engine::default();
/// let mut linker: Linker<Data> = Linker::new(&engine);
/// add_to_linker(&mut linker, |data| &mut data.wasi)?;
/// let store = Store::new(&engine, Data { wasi: WasiCtxBuilder::new().build(), calls: 0 });
/// assert_eq!(store.data().calls, 0);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WasiCtx {
    pub(crate) args: Arc<Strings>,
    pub(crate) environ: Arc<Strings>,
    pub(crate) table: Table,
    /// Of the directories in `table`.
    pub(crate) listed: Budget,
    pub(crate) tracer: Option<Tracer>,
}

/// Strings as the guest gets them: one behind the other, each ended by a zero byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strings {
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: u32,
}

impl Strings {
    /// Appends the string that `parts` make; it ends early at a zero byte, as the guest would see it anyway.
    fn push(&mut self, parts: &[&[u8]]) {
        let whole = parts.iter().copied().flatten().copied();
        self.bytes.extend(whole.take_while(|&byte| byte != 0));
        self.bytes.push(0);
        self.count += 1;
    }
}

/// Puts a [`WasiCtx`] together.
///
/// Without further calls a guest has no arguments, no environment, an empty standard input, outputs that lead nowhere,
/// and no files.
///
/// ```
/// use upshift_wasi::WasiCtxBuilder;
///
/// # fn main() -> anyhow::Result<()> {
/// let ctx = WasiCtxBuilder::new()
///     .inherit_stdio()
///     .args(&["guest.wasm", "--verbose"])
///     .env("LANG", "C")
///     .preopened_dir("src", "/source")?
///     .build();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct WasiCtxBuilder {
    args: Strings,
    environ: Strings,
    stdin: Option<Input>,
    stdout: Option<Output>,
    stderr: Option<Output>,
    directories: Vec<Descriptor>,
    sockets: Vec<Descriptor>,
    max_descriptors: Option<u32>,
    tracer: Option<Tracer>,
}

impl WasiCtxBuilder {
    /// A guest that may do nothing.
    #[must_use]
    pub fn new() -> WasiCtxBuilder {
        WasiCtxBuilder::default()
    }

    /// Appends an argument. The first one is by custom the name of the program. A zero byte ends it.
    pub fn arg(&mut self, arg: impl AsRef<[u8]>) -> &mut WasiCtxBuilder {
        self.args.push(&[arg.as_ref()]);
        self
    }

    /// Appends arguments.
    pub fn args(&mut self, args: &[impl AsRef<[u8]>]) -> &mut WasiCtxBuilder {
        for arg in args {
            self.arg(arg);
        }
        self
    }

    /// Adds a variable to the environment. A zero byte ends it.
    pub fn env(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> &mut WasiCtxBuilder {
        self.environ.push(&[name.as_ref(), b"=", value.as_ref()]);
        self
    }

    /// Adds variables to the environment.
    pub fn envs(&mut self, env: &[(impl AsRef<[u8]>, impl AsRef<[u8]>)]) -> &mut WasiCtxBuilder {
        for (name, value) in env {
            self.env(name, value);
        }
        self
    }

    /// Adds the whole environment of this process.
    pub fn inherit_env(&mut self) -> &mut WasiCtxBuilder {
        for (name, value) in std::env::vars_os() {
            self.env(name.as_encoded_bytes(), value.as_encoded_bytes());
        }
        self
    }

    /// Adds the arguments of this process.
    pub fn inherit_args(&mut self) -> &mut WasiCtxBuilder {
        for arg in std::env::args_os() {
            self.arg(arg.as_encoded_bytes());
        }
        self
    }

    /// Gives the guest the standard streams of this process.
    pub fn inherit_stdio(&mut self) -> &mut WasiCtxBuilder {
        self.inherit_stdin().inherit_stdout().inherit_stderr()
    }

    /// Gives the guest the standard input of this process.
    pub fn inherit_stdin(&mut self) -> &mut WasiCtxBuilder {
        self.stdin(Input::inherit())
    }

    /// Gives the guest the standard output of this process.
    pub fn inherit_stdout(&mut self) -> &mut WasiCtxBuilder {
        self.stdout(Output::inherit_stdout())
    }

    /// Gives the guest the standard error of this process.
    pub fn inherit_stderr(&mut self) -> &mut WasiCtxBuilder {
        self.stderr(Output::inherit_stderr())
    }

    /// Sets what the guest reads.
    pub fn stdin(&mut self, stdin: impl Into<Input>) -> &mut WasiCtxBuilder {
        self.stdin = Some(stdin.into());
        self
    }

    /// Sets where the guest's output goes, for instance to a [`MemoryOutput`](crate::MemoryOutput).
    pub fn stdout(&mut self, stdout: impl Into<Output>) -> &mut WasiCtxBuilder {
        self.stdout = Some(stdout.into());
        self
    }

    /// Sets where the guest's error output goes.
    pub fn stderr(&mut self, stderr: impl Into<Output>) -> &mut WasiCtxBuilder {
        self.stderr = Some(stderr.into());
        self
    }

    /// Gives the guest everything below the directory `host`, under the name `guest`.
    ///
    /// No path leads out of it: neither `..`, nor an absolute path, nor a symbolic link.
    ///
    /// # Errors
    /// If `host` cannot be opened or is not a directory.
    pub fn preopened_dir(
        &mut self,
        host: impl AsRef<Path>,
        guest: impl Into<String>,
    ) -> anyhow::Result<&mut WasiCtxBuilder> {
        self.preopened_dir_with(host, guest, Access::ReadWrite)
    }

    /// As [`preopened_dir`](Self::preopened_dir), but says whether the guest may change what is there.
    ///
    /// # Errors
    /// If `host` cannot be opened or is not a directory.
    pub fn preopened_dir_with(
        &mut self,
        host: impl AsRef<Path>,
        guest: impl Into<String>,
        access: Access,
    ) -> anyhow::Result<&mut WasiCtxBuilder> {
        let host = host.as_ref();
        let dir =
            open_directory(host).with_context(|| format!("cannot open directory `{}`", host.display()))?;
        let directory = Directory::preopened(dir, guest.into());
        self.directories.push(Descriptor::directory(directory, Rights::ALL, access));
        Ok(self)
    }

    /// Gives the guest a socket: a listener to accept connections from, or one that is connected.
    ///
    /// Descriptors are numbered from 3 on, first all preopened directories, then all sockets, each in the order of the
    /// calls: guests look for directories from 3 on and stop at the first number that is none. A listener stays in the
    /// mode that it is in. One that blocks suits a plain `accept`; a guest with an event loop sets the other mode, unless
    /// the host does so with [`set_nonblocking`](std::net::TcpListener::set_nonblocking).
    ///
    /// ```
    /// use std::net::TcpListener;
    /// use upshift_wasi::WasiCtxBuilder;
    ///
    /// # fn main() -> anyhow::Result<()> {
    /// // The guest's `TcpListener::from_raw_fd(3)`.
    /// let ctx = WasiCtxBuilder::new().preopened_socket(TcpListener::bind("127.0.0.1:0")?)?.build();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If `socket` is something else that is open.
    pub fn preopened_socket(&mut self, socket: impl Into<OwnedFd>) -> anyhow::Result<&mut WasiCtxBuilder> {
        let socket = Descriptor::socket(socket.into()).context("cannot use the descriptor as a socket")?;
        self.sockets.push(socket);
        Ok(self)
    }

    /// Sets how many descriptors the guest may have at once, 65 536 by default.
    ///
    /// Standard streams, directories and sockets that the host gives count, but are always there. Opening or accepting
    /// one more fails with `mfile` and makes nothing; after closing one that is no standard stream it works again. The host's
    /// own limit may be reached earlier, which the guest is told by the same error.
    ///
    /// ```
    /// use upshift_wasi::WasiCtxBuilder;
    ///
    /// # fn main() -> anyhow::Result<()> {
    /// // Next to the three streams and the directory, the guest has up to 60 files open.
    /// let ctx = WasiCtxBuilder::new().preopened_dir(".", "/")?.max_descriptors(64).build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_descriptors(&mut self, max: u32) -> &mut WasiCtxBuilder {
        self.max_descriptors = Some(max);
        self
    }

    /// Calls `line` at the end of every call of the guest, with a line (without its end) that tells the arguments and
    /// what came of it.
    ///
    /// The lines are for people to read; their form may change.
    ///
    /// ```
    /// use upshift_wasi::WasiCtxBuilder;
    ///
    /// // path_open(3, symlink_follow, "a.txt", 0, 0x2, 0x0, 0) = 4
    /// // fd_read(4, "hello\n", 4096) = 6
    /// // path_unlink_file(3, "missing") = noent
    /// let ctx = WasiCtxBuilder::new().trace(|line| eprintln!("{line}")).build();
    /// ```
    pub fn trace(&mut self, line: impl FnMut(&str) + Send + 'static) -> &mut WasiCtxBuilder {
        self.tracer = Some(Tracer::new(line));
        self
    }

    /// The finished context; the builder is as new afterwards.
    pub fn build(&mut self) -> WasiCtx {
        let builder = std::mem::take(self);
        let stdio = [
            Descriptor::input(builder.stdin.unwrap_or_else(Input::empty)),
            Descriptor::output(builder.stdout.unwrap_or_else(Output::discard)),
            Descriptor::output(builder.stderr.unwrap_or_else(Output::discard)),
        ];
        let descriptors = stdio.into_iter().chain(builder.directories).chain(builder.sockets).collect();
        let table = Table::new(descriptors, builder.max_descriptors.unwrap_or(DEFAULT_MAX_DESCRIPTORS));
        WasiCtx {
            args: Arc::new(builder.args),
            environ: Arc::new(builder.environ),
            table,
            listed: Budget::default(),
            tracer: builder.tracer,
        }
    }
}

/// Opens for reading, unlike `Dir::open_ambient_dir`, whose `O_PATH` descriptor could neither be synced nor have its
/// times set.
fn open_directory(host: &Path) -> std::io::Result<Dir> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = retry(|| openat(CWD, host, flags, Mode::empty()))?;
    Ok(Dir::from_std_file(File::from(fd)))
}
