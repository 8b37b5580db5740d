//! Every function of the interface, one a line.
//!
//! `wasi_functions!(each)` hands the table to the macro `each`: the linker makes imports of it, the tests call every
//! line with arbitrary arguments. A line names the function where it is implemented and its parameters with their
//! kinds: a kind says in `ty` which integer the guest passes, and to `trace` what it means. All functions return an error
//! number, except `proc_exit`, which does not return and so has no result.

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $ty:ident;)*) => {
        /// What a parameter means.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Kind {
            $($(#[$doc])* $kind,)*
        }

        /// The integers that parameters are passed as, by kind.
        pub(crate) mod ty {
            $(pub(crate) type $kind = $ty;)*
        }
    };
}

kinds! {
    /// A descriptor.
    Fd: u32;
    /// A number without a meaning of its own.
    Number: u32;
    /// A size, time or position.
    Size: u64;
    /// A position from where `Whence` says.
    Delta: u64;
    /// Where a position is counted from.
    Whence: u32;
    /// A clock.
    Clock: u32;
    /// How a file will be used.
    Advice: u32;
    Rights: u64;
    Lookupflags: u32;
    Oflags: u32;
    Fdflags: u32;
    Fstflags: u32;
    Riflags: u32;
    Siflags: u32;
    Sdflags: u32;
    /// Where the function stores what is of no use to a reader.
    Pointer: u32;
    /// Where a string lies.
    Text: u32;
    /// Where a list of buffers to be written lies.
    Gather: u32;
    /// Where a list of buffers to be filled lies.
    Scatter: u32;
    /// Where a list of subscriptions lies.
    Subscriptions: u32;
    /// How many bytes or items the parameters before it lead to.
    Len: u32;
    /// Where the function stores a string, as long as the next parameter allows.
    OutText: u32;
    /// Where the function stores a list of events.
    OutEvents: u32;
    /// Where the function stores a number: a descriptor, or how much it did.
    OutU32: u32;
    OutU64: u32;
    OutRoflags: u32;
    OutFdstat: u32;
    OutFilestat: u32;
    OutPrestat: u32;
}

/// A function, for those who look at calls from outside.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Kind],
}

macro_rules! wasi_functions {
    ($each:ident) => {
        $each! {
            process::args_get(argv: Pointer, buffer: Pointer) -> errno;
            process::args_sizes_get(count: OutU32, bytes: OutU32) -> errno;
            clock::clock_res_get(id: Clock, resolution: OutU64) -> errno;
            clock::clock_time_get(id: Clock, precision: Size, time: OutU64) -> errno;
            process::environ_get(environ: Pointer, buffer: Pointer) -> errno;
            process::environ_sizes_get(count: OutU32, bytes: OutU32) -> errno;
            fs::fd_advise(fd: Fd, offset: Size, len: Size, advice: Advice) -> errno;
            fs::fd_allocate(fd: Fd, offset: Size, len: Size) -> errno;
            fs::fd_close(fd: Fd) -> errno;
            fs::fd_datasync(fd: Fd) -> errno;
            fs::fd_fdstat_get(fd: Fd, stat: OutFdstat) -> errno;
            fs::fd_fdstat_set_flags(fd: Fd, flags: Fdflags) -> errno;
            fs::fd_fdstat_set_rights(fd: Fd, base: Rights, inheriting: Rights) -> errno;
            fs::fd_filestat_get(fd: Fd, stat: OutFilestat) -> errno;
            fs::fd_filestat_set_size(fd: Fd, size: Size) -> errno;
            fs::fd_filestat_set_times(fd: Fd, atim: Size, mtim: Size, flags: Fstflags) -> errno;
            io::fd_pread(fd: Fd, iovecs: Scatter, count: Len, offset: Size, read: OutU32) -> errno;
            fs::fd_prestat_dir_name(fd: Fd, path: OutText, path_len: Number) -> errno;
            fs::fd_prestat_get(fd: Fd, prestat: OutPrestat) -> errno;
            io::fd_pwrite(fd: Fd, iovecs: Gather, count: Len, offset: Size, written: OutU32) -> errno;
            io::fd_read(fd: Fd, iovecs: Scatter, count: Len, read: OutU32) -> errno;
            dir::fd_readdir(fd: Fd, buffer: Pointer, len: Number, cookie: Size, used: OutU32) -> errno;
            fs::fd_renumber(from: Fd, to: Fd) -> errno;
            io::fd_seek(fd: Fd, offset: Delta, whence: Whence, position: OutU64) -> errno;
            fs::fd_sync(fd: Fd) -> errno;
            io::fd_tell(fd: Fd, position: OutU64) -> errno;
            io::fd_write(fd: Fd, iovecs: Gather, count: Len, written: OutU32) -> errno;
            path::path_create_directory(fd: Fd, path: Text, len: Len) -> errno;
            path::path_filestat_get(fd: Fd, lookup: Lookupflags, path: Text, len: Len, stat: OutFilestat) -> errno;
            path::path_filestat_set_times(fd: Fd, lookup: Lookupflags, path: Text, len: Len, atim: Size, mtim: Size, flags: Fstflags) -> errno;
            path::path_link(fd: Fd, lookup: Lookupflags, path: Text, len: Len, new_fd: Fd, new_path: Text, new_len: Len) -> errno;
            path::path_open(fd: Fd, lookup: Lookupflags, path: Text, len: Len, oflags: Oflags, base: Rights, inheriting: Rights, flags: Fdflags, opened: OutU32) -> errno;
            path::path_readlink(fd: Fd, path: Text, len: Len, buffer: OutText, buffer_len: Number, used: OutU32) -> errno;
            path::path_remove_directory(fd: Fd, path: Text, len: Len) -> errno;
            path::path_rename(fd: Fd, path: Text, len: Len, new_fd: Fd, new_path: Text, new_len: Len) -> errno;
            path::path_symlink(path: Text, len: Len, fd: Fd, new_path: Text, new_len: Len) -> errno;
            path::path_unlink_file(fd: Fd, path: Text, len: Len) -> errno;
            poll::poll_oneoff(subscriptions: Subscriptions, events: OutEvents, count: Len, stored: OutU32) -> errno;
            process::proc_exit(code: Number) -> never;
            process::proc_raise(signal: Number) -> errno;
            random::random_get(buffer: Pointer, len: Number) -> errno;
            process::sched_yield() -> errno;
            sock::sock_accept(fd: Fd, flags: Fdflags, accepted: OutU32) -> errno;
            sock::sock_recv(fd: Fd, iovecs: Scatter, count: Len, flags: Riflags, received: OutU32, roflags: OutRoflags) -> errno;
            sock::sock_send(fd: Fd, iovecs: Gather, count: Len, flags: Siflags, sent: OutU32) -> errno;
            sock::sock_shutdown(fd: Fd, how: Sdflags) -> errno;
        }
    };
}

pub(crate) use wasi_functions;
