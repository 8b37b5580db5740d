//! Every function of the interface, one a line.
//!
//! `wasi_functions!(each)` hands the table to the macro `each`: the linker makes imports of it, the tests call every
//! line with arbitrary arguments. A line names the function where it is implemented and its parameters as the guest
//! passes them; pointers, lengths, descriptors and flags are all `u32`. All functions return an error number, except
//! `proc_exit`, which does not return and so has no result.

macro_rules! wasi_functions {
    ($each:ident) => {
        $each! {
            process::args_get(argv: u32, buffer: u32) -> errno;
            process::args_sizes_get(count: u32, bytes: u32) -> errno;
            clock::clock_res_get(id: u32, resolution: u32) -> errno;
            clock::clock_time_get(id: u32, precision: u64, time: u32) -> errno;
            process::environ_get(environ: u32, buffer: u32) -> errno;
            process::environ_sizes_get(count: u32, bytes: u32) -> errno;
            fs::fd_advise(fd: u32, offset: u64, len: u64, advice: u32) -> errno;
            fs::fd_allocate(fd: u32, offset: u64, len: u64) -> errno;
            fs::fd_close(fd: u32) -> errno;
            fs::fd_datasync(fd: u32) -> errno;
            fs::fd_fdstat_get(fd: u32, stat: u32) -> errno;
            fs::fd_fdstat_set_flags(fd: u32, flags: u32) -> errno;
            fs::fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) -> errno;
            fs::fd_filestat_get(fd: u32, stat: u32) -> errno;
            fs::fd_filestat_set_size(fd: u32, size: u64) -> errno;
            fs::fd_filestat_set_times(fd: u32, atim: u64, mtim: u64, flags: u32) -> errno;
            io::fd_pread(fd: u32, iovecs: u32, count: u32, offset: u64, read: u32) -> errno;
            fs::fd_prestat_dir_name(fd: u32, path: u32, path_len: u32) -> errno;
            fs::fd_prestat_get(fd: u32, prestat: u32) -> errno;
            io::fd_pwrite(fd: u32, iovecs: u32, count: u32, offset: u64, written: u32) -> errno;
            io::fd_read(fd: u32, iovecs: u32, count: u32, read: u32) -> errno;
            dir::fd_readdir(fd: u32, buffer: u32, len: u32, cookie: u64, used: u32) -> errno;
            fs::fd_renumber(from: u32, to: u32) -> errno;
            io::fd_seek(fd: u32, offset: u64, whence: u32, position: u32) -> errno;
            fs::fd_sync(fd: u32) -> errno;
            io::fd_tell(fd: u32, position: u32) -> errno;
            io::fd_write(fd: u32, iovecs: u32, count: u32, written: u32) -> errno;
            path::path_create_directory(fd: u32, path: u32, len: u32) -> errno;
            path::path_filestat_get(fd: u32, lookup: u32, path: u32, len: u32, stat: u32) -> errno;
            path::path_filestat_set_times(fd: u32, lookup: u32, path: u32, len: u32, atim: u64, mtim: u64, flags: u32) -> errno;
            path::path_link(fd: u32, lookup: u32, path: u32, len: u32, new_fd: u32, new_path: u32, new_len: u32) -> errno;
            path::path_open(fd: u32, lookup: u32, path: u32, len: u32, oflags: u32, base: u64, inheriting: u64, flags: u32, opened: u32) -> errno;
            path::path_readlink(fd: u32, path: u32, len: u32, buffer: u32, buffer_len: u32, used: u32) -> errno;
            path::path_remove_directory(fd: u32, path: u32, len: u32) -> errno;
            path::path_rename(fd: u32, path: u32, len: u32, new_fd: u32, new_path: u32, new_len: u32) -> errno;
            path::path_symlink(path: u32, len: u32, fd: u32, new_path: u32, new_len: u32) -> errno;
            path::path_unlink_file(fd: u32, path: u32, len: u32) -> errno;
            poll::poll_oneoff(subscriptions: u32, events: u32, count: u32, stored: u32) -> errno;
            process::proc_exit(code: u32) -> never;
            process::proc_raise(signal: u32) -> errno;
            random::random_get(buffer: u32, len: u32) -> errno;
            process::sched_yield() -> errno;
            sock::sock_accept(fd: u32, flags: u32, accepted: u32) -> errno;
            sock::sock_recv(fd: u32, iovecs: u32, count: u32, flags: u32, received: u32, roflags: u32) -> errno;
            sock::sock_send(fd: u32, iovecs: u32, count: u32, flags: u32, sent: u32) -> errno;
            sock::sock_shutdown(fd: u32, how: u32) -> errno;
        }
    };
}

pub(crate) use wasi_functions;
