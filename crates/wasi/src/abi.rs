//! The numbers and layouts of WASI preview 1, each declared once.
//!
//! ```text
//! Errno, Filetype, Clock, …   enumerations, by their number in the ABI
//! Rights, Fdflags, …          sets of bits; a bit that is not declared here makes an argument invalid
//! Fdstat, Filestat, …         records, by `encode` to the bytes that the guest reads
//! ```
//!
//! Source: the preview 1 interface ("wasi_snapshot_preview1"). All records are little endian.

use std::fmt;

macro_rules! errnos {
    ($($name:ident $number:literal $host:ident $text:literal;)*) => {
        /// Why a call failed, as the guest sees it.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub(crate) enum Errno {
            $(#[doc = $text] $name = $number,)*
            /// The descriptor does not carry the right for this call.
            Notcapable = 76,
        }

        impl Errno {
            /// The error of a number.
            pub(crate) fn from_number(number: u16) -> Option<Errno> {
                [$(Errno::$name,)* Errno::Notcapable].into_iter().find(|errno| *errno as u16 == number)
            }

            /// What the number means, in a few words.
            #[must_use]
            pub(crate) fn message(self) -> &'static str {
                match self {
                    $(Errno::$name => $text,)*
                    Errno::Notcapable => "capabilities insufficient",
                }
            }
        }

        impl From<rustix::io::Errno> for Errno {
            fn from(host: rustix::io::Errno) -> Errno {
                match host {
                    $(rustix::io::Errno::$host => Errno::$name,)*
                    _ => Errno::Io,
                }
            }
        }
    };
}

errnos! {
    Toobig 1 TOOBIG "argument list too long";
    Acces 2 ACCESS "permission denied";
    Addrinuse 3 ADDRINUSE "address in use";
    Addrnotavail 4 ADDRNOTAVAIL "address not available";
    Afnosupport 5 AFNOSUPPORT "address family not supported";
    Again 6 AGAIN "resource unavailable, or operation would block";
    Already 7 ALREADY "connection already in progress";
    Badf 8 BADF "bad file descriptor";
    Badmsg 9 BADMSG "bad message";
    Busy 10 BUSY "device or resource busy";
    Canceled 11 CANCELED "operation canceled";
    Child 12 CHILD "no child processes";
    Connaborted 13 CONNABORTED "connection aborted";
    Connrefused 14 CONNREFUSED "connection refused";
    Connreset 15 CONNRESET "connection reset";
    Deadlk 16 DEADLK "resource deadlock would occur";
    Destaddrreq 17 DESTADDRREQ "destination address required";
    Dom 18 DOM "mathematics argument out of domain of function";
    Dquot 19 DQUOT "disk quota exceeded";
    Exist 20 EXIST "file exists";
    Fault 21 FAULT "bad address";
    Fbig 22 FBIG "file too large";
    Hostunreach 23 HOSTUNREACH "host is unreachable";
    Idrm 24 IDRM "identifier removed";
    Ilseq 25 ILSEQ "illegal byte sequence";
    Inprogress 26 INPROGRESS "operation in progress";
    Intr 27 INTR "interrupted function";
    Inval 28 INVAL "invalid argument";
    Io 29 IO "input/output error";
    Isconn 30 ISCONN "socket is connected";
    Isdir 31 ISDIR "is a directory";
    Loop 32 LOOP "too many levels of symbolic links";
    Mfile 33 MFILE "file descriptor value too large";
    Mlink 34 MLINK "too many links";
    Msgsize 35 MSGSIZE "message too large";
    Multihop 36 MULTIHOP "multihop attempted";
    Nametoolong 37 NAMETOOLONG "filename too long";
    Netdown 38 NETDOWN "network is down";
    Netreset 39 NETRESET "connection aborted by network";
    Netunreach 40 NETUNREACH "network unreachable";
    Nfile 41 NFILE "too many files open in system";
    Nobufs 42 NOBUFS "no buffer space available";
    Nodev 43 NODEV "no such device";
    Noent 44 NOENT "no such file or directory";
    Noexec 45 NOEXEC "executable file format error";
    Nolck 46 NOLCK "no locks available";
    Nolink 47 NOLINK "link has been severed";
    Nomem 48 NOMEM "not enough space";
    Nomsg 49 NOMSG "no message of the desired type";
    Noprotoopt 50 NOPROTOOPT "protocol not available";
    Nospc 51 NOSPC "no space left on device";
    Nosys 52 NOSYS "function not supported";
    Notconn 53 NOTCONN "the socket is not connected";
    Notdir 54 NOTDIR "not a directory";
    Notempty 55 NOTEMPTY "directory not empty";
    Notrecoverable 56 NOTRECOVERABLE "state not recoverable";
    Notsock 57 NOTSOCK "not a socket";
    Notsup 58 NOTSUP "not supported";
    Notty 59 NOTTY "inappropriate I/O control operation";
    Nxio 60 NXIO "no such device or address";
    Overflow 61 OVERFLOW "value too large to be stored in data type";
    Ownerdead 62 OWNERDEAD "previous owner died";
    Perm 63 PERM "operation not permitted";
    Pipe 64 PIPE "broken pipe";
    Proto 65 PROTO "protocol error";
    Protonosupport 66 PROTONOSUPPORT "protocol not supported";
    Prototype 67 PROTOTYPE "protocol wrong type for socket";
    Range 68 RANGE "result too large";
    Rofs 69 ROFS "read-only file system";
    Spipe 70 SPIPE "invalid seek";
    Srch 71 SRCH "no such process";
    Stale 72 STALE "reserved";
    Timedout 73 TIMEDOUT "connection timed out";
    Txtbsy 74 TXTBSY "text file busy";
    Xdev 75 XDEV "cross-device link";
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Errno {}

impl From<std::io::Error> for Errno {
    fn from(err: std::io::Error) -> Errno {
        if let Some(host) = rustix::io::Errno::from_io_error(&err) {
            return host.into();
        }
        match err.kind() {
            // The sandbox says so of a path that leads out of its directory.
            std::io::ErrorKind::PermissionDenied => Errno::Perm,
            std::io::ErrorKind::InvalidInput => Errno::Inval,
            std::io::ErrorKind::NotFound => Errno::Noent,
            std::io::ErrorKind::AlreadyExists => Errno::Exist,
            std::io::ErrorKind::NotADirectory => Errno::Notdir,
            std::io::ErrorKind::Unsupported => Errno::Notsup,
            _ => Errno::Io,
        }
    }
}

macro_rules! flags {
    ($(#[$doc:meta])* $set:ident: $bits:ty { $($(#[$flag_doc:meta])* $flag:ident = $bit:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub(crate) struct $set($bits);

        #[allow(dead_code)] // Not every set needs every method.
        impl $set {
            $($(#[$flag_doc])* pub(crate) const $flag: $set = $set(1 << $bit);)*

            /// Every flag with its bit.
            pub(crate) const NAMES: &[(&str, u64)] = &[$((stringify!($flag), 1 << $bit)),*];
            pub(crate) const NONE: $set = $set(0);
            pub(crate) const ALL: $set = $set(0 $(| 1 << $bit)*);

            /// The set of an argument, if all its bits are declared.
            pub(crate) fn from_bits(bits: u32) -> Result<$set, Errno> {
                match <$bits>::try_from(bits) {
                    Ok(bits) if bits & !Self::ALL.0 == 0 => Ok($set(bits)),
                    _ => Err(Errno::Inval),
                }
            }

            pub(crate) const fn bits(self) -> $bits {
                self.0
            }

            pub(crate) const fn contains(self, other: $set) -> bool {
                self.0 & other.0 == other.0
            }

            pub(crate) const fn with(self, other: $set) -> $set {
                $set(self.0 | other.0)
            }

            pub(crate) const fn without(self, other: $set) -> $set {
                $set(self.0 & !other.0)
            }
        }
    };
}

flags! {
    /// What may be done with a descriptor.
    Rights: u64 {
        FD_DATASYNC = 0;
        FD_READ = 1;
        FD_SEEK = 2;
        FD_FDSTAT_SET_FLAGS = 3;
        FD_SYNC = 4;
        FD_TELL = 5;
        FD_WRITE = 6;
        FD_ADVISE = 7;
        FD_ALLOCATE = 8;
        PATH_CREATE_DIRECTORY = 9;
        PATH_CREATE_FILE = 10;
        PATH_LINK_SOURCE = 11;
        PATH_LINK_TARGET = 12;
        PATH_OPEN = 13;
        FD_READDIR = 14;
        PATH_READLINK = 15;
        PATH_RENAME_SOURCE = 16;
        PATH_RENAME_TARGET = 17;
        PATH_FILESTAT_GET = 18;
        PATH_FILESTAT_SET_SIZE = 19;
        PATH_FILESTAT_SET_TIMES = 20;
        FD_FILESTAT_GET = 21;
        FD_FILESTAT_SET_SIZE = 22;
        FD_FILESTAT_SET_TIMES = 23;
        PATH_SYMLINK = 24;
        PATH_REMOVE_DIRECTORY = 25;
        PATH_UNLINK_FILE = 26;
        POLL_FD_READWRITE = 27;
        SOCK_SHUTDOWN = 28;
        SOCK_ACCEPT = 29;
    }
}

impl Rights {
    /// What applies to a directory itself.
    pub(crate) const DIRECTORY: Rights = Rights::ALL
        .without(Rights::FD_READ)
        .without(Rights::FD_WRITE)
        .without(Rights::FD_SEEK)
        .without(Rights::FD_TELL)
        .without(Rights::FD_ADVISE)
        .without(Rights::FD_ALLOCATE)
        .without(Rights::FD_FILESTAT_SET_SIZE)
        .without(Rights::POLL_FD_READWRITE)
        .without(Rights::SOCK_SHUTDOWN)
        .without(Rights::SOCK_ACCEPT);

    /// What applies to a file.
    pub(crate) const FILE: Rights = Rights::FD_READ
        .with(Rights::FD_WRITE)
        .with(Rights::FD_SEEK)
        .with(Rights::FD_TELL)
        .with(Rights::FD_DATASYNC)
        .with(Rights::FD_SYNC)
        .with(Rights::FD_ADVISE)
        .with(Rights::FD_ALLOCATE)
        .with(Rights::FD_FDSTAT_SET_FLAGS)
        .with(Rights::FD_FILESTAT_GET)
        .with(Rights::FD_FILESTAT_SET_SIZE)
        .with(Rights::FD_FILESTAT_SET_TIMES)
        .with(Rights::POLL_FD_READWRITE);

    /// What applies to a stream that is read. A program that is given a file may go back in it, but may not set its times.
    pub(crate) const INPUT: Rights =
        Rights::STREAM.with(Rights::FD_READ).with(Rights::FD_SEEK).with(Rights::FD_TELL);

    /// What applies to a stream that is written. It only goes on: what the file behind it holds already is the host's.
    pub(crate) const OUTPUT: Rights = Rights::STREAM.with(Rights::FD_WRITE);

    /// What streams of both ways have.
    const STREAM: Rights = Rights::FD_DATASYNC
        .with(Rights::FD_SYNC)
        .with(Rights::FD_FDSTAT_SET_FLAGS)
        .with(Rights::FD_FILESTAT_GET)
        .with(Rights::POLL_FD_READWRITE);

    /// What applies to a socket that data goes through.
    pub(crate) const CONNECTION: Rights = Rights::FD_READ
        .with(Rights::FD_WRITE)
        .with(Rights::FD_FDSTAT_SET_FLAGS)
        .with(Rights::FD_FILESTAT_GET)
        .with(Rights::POLL_FD_READWRITE)
        .with(Rights::SOCK_SHUTDOWN);

    /// What applies to a socket that connections are accepted from. Being readable means that there is one.
    pub(crate) const LISTENER: Rights =
        Rights::CONNECTION.without(Rights::FD_WRITE).with(Rights::SOCK_ACCEPT);

    /// What changes a file or directory. Taking a link from it belongs here: the file could be written through the link.
    pub(crate) const CHANGING: Rights = Rights::FD_WRITE
        .with(Rights::FD_ALLOCATE)
        .with(Rights::FD_FILESTAT_SET_SIZE)
        .with(Rights::FD_FILESTAT_SET_TIMES)
        .with(Rights::PATH_CREATE_DIRECTORY)
        .with(Rights::PATH_CREATE_FILE)
        .with(Rights::PATH_LINK_SOURCE)
        .with(Rights::PATH_LINK_TARGET)
        .with(Rights::PATH_RENAME_SOURCE)
        .with(Rights::PATH_RENAME_TARGET)
        .with(Rights::PATH_FILESTAT_SET_SIZE)
        .with(Rights::PATH_FILESTAT_SET_TIMES)
        .with(Rights::PATH_SYMLINK)
        .with(Rights::PATH_REMOVE_DIRECTORY)
        .with(Rights::PATH_UNLINK_FILE);

    /// The declared rights among the bits of an argument; others are ignored, since guests ask for "all" by setting
    /// every bit.
    pub(crate) const fn truncated(bits: u64) -> Rights {
        Rights(bits & Rights::ALL.0)
    }

    /// What both sets have.
    pub(crate) const fn and(self, other: Rights) -> Rights {
        Rights(self.0 & other.0)
    }
}

flags! {
    /// State of an open file.
    Fdflags: u16 {
        /// Every write goes to the end.
        APPEND = 0;
        /// A write returns when its data is on the device.
        DSYNC = 1;
        /// Calls return `again` instead of waiting.
        NONBLOCK = 2;
        /// Reads wait for the device as well.
        RSYNC = 3;
        /// As `DSYNC`, with the file's metadata.
        SYNC = 4;
    }
}

flags! {
    /// How `path_open` opens.
    Oflags: u16 {
        CREAT = 0;
        DIRECTORY = 1;
        EXCL = 2;
        TRUNC = 3;
    }
}

flags! {
    /// How a path is resolved.
    Lookupflags: u32 {
        /// Follow the symbolic link that the path ends in.
        SYMLINK_FOLLOW = 0;
    }
}

flags! {
    /// Which times to set, and to what.
    Fstflags: u16 {
        ATIM = 0;
        ATIM_NOW = 1;
        MTIM = 2;
        MTIM_NOW = 3;
    }
}

flags! {
    /// How `sock_recv` receives.
    Riflags: u16 {
        /// Leave the bytes where they are, to be received again.
        RECV_PEEK = 0;
        /// Wait until the buffers are full.
        RECV_WAITALL = 1;
    }
}

flags! {
    /// What `sock_recv` found.
    Roflags: u16 {
        /// The message was longer than the buffers; its rest is gone.
        RECV_DATA_TRUNCATED = 0;
    }
}

flags! {
    /// How `sock_send` sends: there is no flag.
    Siflags: u16 {}
}

flags! {
    /// Which ways of a connection `sock_shutdown` ends.
    Sdflags: u8 {
        RD = 0;
        WR = 1;
    }
}

flags! {
    /// How the timeout of a clock subscription is meant.
    Subclockflags: u16 {
        /// The timeout is a time of the clock, not a duration.
        ABSTIME = 0;
    }
}

/// The kind of thing that a descriptor or a path names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Filetype {
    Unknown = 0,
    BlockDevice = 1,
    CharacterDevice = 2,
    Directory = 3,
    RegularFile = 4,
    SocketDgram = 5,
    SocketStream = 6,
    SymbolicLink = 7,
}

impl From<rustix::fs::FileType> for Filetype {
    fn from(host: rustix::fs::FileType) -> Filetype {
        match host {
            rustix::fs::FileType::RegularFile => Filetype::RegularFile,
            rustix::fs::FileType::Directory => Filetype::Directory,
            rustix::fs::FileType::Symlink => Filetype::SymbolicLink,
            rustix::fs::FileType::CharacterDevice => Filetype::CharacterDevice,
            rustix::fs::FileType::BlockDevice => Filetype::BlockDevice,
            rustix::fs::FileType::Socket => Filetype::SocketStream,
            _ => Filetype::Unknown,
        }
    }
}

/// A record under construction: fields at their offsets, the rest zero.
struct Record<const SIZE: usize>([u8; SIZE]);

impl<const SIZE: usize> Record<SIZE> {
    fn new() -> Record<SIZE> {
        Record([0; SIZE])
    }

    fn put<const N: usize>(mut self, offset: usize, field: [u8; N]) -> Record<SIZE> {
        self.0[offset..offset + N].copy_from_slice(&field);
        self
    }
}

/// What `fd_fdstat_get` returns.
pub(crate) struct Fdstat {
    pub(crate) filetype: Filetype,
    pub(crate) flags: Fdflags,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
}

impl Fdstat {
    pub(crate) fn encode(&self) -> [u8; 24] {
        Record::new()
            .put(0, [self.filetype as u8])
            .put(2, self.flags.bits().to_le_bytes())
            .put(8, self.base.bits().to_le_bytes())
            .put(16, self.inheriting.bits().to_le_bytes())
            .0
    }
}

/// What `fd_filestat_get` returns; times in nanoseconds since 1970.
pub(crate) struct Filestat {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) filetype: Filetype,
    pub(crate) nlink: u64,
    pub(crate) size: u64,
    pub(crate) atim: u64,
    pub(crate) mtim: u64,
    pub(crate) ctim: u64,
}

impl Filestat {
    pub(crate) fn encode(&self) -> [u8; 64] {
        Record::new()
            .put(0, self.dev.to_le_bytes())
            .put(8, self.ino.to_le_bytes())
            .put(16, [self.filetype as u8])
            .put(24, self.nlink.to_le_bytes())
            .put(32, self.size.to_le_bytes())
            .put(40, self.atim.to_le_bytes())
            .put(48, self.mtim.to_le_bytes())
            .put(56, self.ctim.to_le_bytes())
            .0
    }
}

/// The header of an entry that `fd_readdir` writes; the name follows it.
pub(crate) struct Dirent {
    pub(crate) next: u64,
    pub(crate) ino: u64,
    pub(crate) name_len: u32,
    pub(crate) filetype: Filetype,
}

impl Dirent {
    pub(crate) fn encode(&self) -> [u8; 24] {
        Record::new()
            .put(0, self.next.to_le_bytes())
            .put(8, self.ino.to_le_bytes())
            .put(16, self.name_len.to_le_bytes())
            .put(20, [self.filetype as u8])
            .0
    }
}

/// What `fd_prestat_get` returns of a preopened directory (tag 0, the only one there is).
pub(crate) fn encode_prestat(name_len: u32) -> [u8; 8] {
    Record::new().put(4, name_len.to_le_bytes()).0
}

/// What happened to a subscription.
pub(crate) struct Event {
    pub(crate) userdata: u64,
    pub(crate) error: Option<Errno>,
    pub(crate) kind: EventKind,
    pub(crate) bytes: u64,
    pub(crate) hangup: bool,
}

/// What a subscription waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum EventKind {
    Clock = 0,
    FdRead = 1,
    FdWrite = 2,
}

impl Event {
    /// Bytes of an encoded event.
    pub(crate) const SIZE: u32 = 32;

    pub(crate) fn encode(&self) -> [u8; Event::SIZE as usize] {
        Record::new()
            .put(0, self.userdata.to_le_bytes())
            .put(8, self.error.map_or(0, |errno| errno as u16).to_le_bytes())
            .put(10, [self.kind as u8])
            .put(16, self.bytes.to_le_bytes())
            .put(24, u16::from(self.hangup).to_le_bytes())
            .0
    }
}

/// What a guest waits for, as `poll_oneoff` reads it.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) userdata: u64,
    pub(crate) target: Target,
}

/// The event of a subscription.
#[derive(Debug)]
pub(crate) enum Target {
    Clock { id: u32, timeout: u64, flags: Subclockflags },
    FdRead(u32),
    FdWrite(u32),
}

impl Subscription {
    /// Bytes of an encoded subscription.
    pub(crate) const SIZE: u32 = 48;

    /// Reads a subscription; `inval` if it is of no declared kind.
    pub(crate) fn decode(bytes: &[u8; Subscription::SIZE as usize]) -> Result<Subscription, Errno> {
        fn field<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
            let mut field = [0; N];
            field.copy_from_slice(&bytes[offset..offset + N]);
            field
        }
        let fd = u32::from_le_bytes(field(bytes, 16));
        let target = match bytes[8] {
            0 => Target::Clock {
                id: u32::from_le_bytes(field(bytes, 16)),
                timeout: u64::from_le_bytes(field(bytes, 24)),
                flags: Subclockflags::from_bits(u32::from(u16::from_le_bytes(field(bytes, 40))))?,
            },
            1 => Target::FdRead(fd),
            2 => Target::FdWrite(fd),
            _ => return Err(Errno::Inval),
        };
        Ok(Subscription { userdata: u64::from_le_bytes(field(bytes, 0)), target })
    }
}
