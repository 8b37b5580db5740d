//! The descriptors of a guest: small numbers that name streams, files, sockets and directories.
//!
//! A descriptor carries *rights*. They start as everything that its kind of resource can do, except that a file opened
//! only to read cannot be written, and the reverse. `fd_fdstat_set_rights` takes rights away; nothing gives them back,
//! and what is opened below a directory gets no more than that directory's inheriting rights.
//!
//! The standard streams have fewer rights than a file, even if the host has led them to one: they carry bytes in or out,
//! and an input can be positioned. The file itself was not given to the guest, so its size, its times and what was written
//! to it before stay as they are.
//!
//! A directory that is only to be read is not made of rights alone: what changes it answers `rofs`, as a file system that
//! is mounted so, and it goes on passing all rights on. Guests ask for rights that they do not use, or for those among
//! the passed-on ones that they want: a directory that passed fewer on would let no Rust program open a file, and give C
//! programs that open a file for writing one that only fails when it is written.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::abi::{Errno, Filetype, Rights};
use crate::dir::Directory;
use crate::stdio::{Input, Output};

/// What a guest may have open unless its host says otherwise.
pub(crate) const DEFAULT_MAX_DESCRIPTORS: u32 = 1 << 16;

/// Numbers of descriptors stay below this, whatever the host says (the interface: "less than 2**31").
const MAX_DESCRIPTORS: u32 = 1 << 31;

/// Whether a guest may change what is below a directory.
///
/// ```
/// use upshift_wasi::{Access, WasiCtxBuilder};
///
/// # fn main() -> anyhow::Result<()> {
/// let ctx = WasiCtxBuilder::new().preopened_dir_with(".", "/input", Access::ReadOnly)?.build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Access {
    /// As the host itself may.
    #[default]
    ReadWrite,
    /// Not at all: nothing is written, created, renamed, linked or removed, and no size or time is set. Such calls fail
    /// with `rofs`, as on a file system that is mounted for reading only.
    ReadOnly,
}

impl Access {
    /// What is left of `rights`.
    fn limit(self, rights: Rights) -> Rights {
        match self {
            Access::ReadWrite => rights,
            Access::ReadOnly => rights.without(Rights::CHANGING),
        }
    }
}

/// What a descriptor names.
#[derive(Debug)]
pub(crate) enum Resource {
    Input(Input),
    Output(Output),
    File { fd: OwnedFd, filetype: Filetype },
    Socket { fd: OwnedFd, filetype: Filetype },
    Directory(Directory),
}

impl Resource {
    /// The host's descriptor below, if there is one.
    pub(crate) fn host_fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Resource::Input(input) => input.host_fd(),
            Resource::Output(output) => output.host_fd(),
            Resource::File { fd, .. } | Resource::Socket { fd, .. } => Some(fd.as_fd()),
            Resource::Directory(directory) => Some(directory.dir.as_fd()),
        }
    }
}

/// An entry of the table.
#[derive(Debug)]
pub(crate) struct Descriptor {
    pub(crate) resource: Resource,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
    pub(crate) access: Access,
}

impl Descriptor {
    fn new(resource: Resource, base: Rights, inheriting: Rights) -> Descriptor {
        Descriptor { resource, base, inheriting, access: Access::ReadWrite }
    }

    pub(crate) fn input(input: Input) -> Descriptor {
        Descriptor::new(Resource::Input(input), Rights::INPUT, Rights::NONE)
    }

    pub(crate) fn output(output: Output) -> Descriptor {
        Descriptor::new(Resource::Output(output), Rights::OUTPUT, Rights::NONE)
    }

    pub(crate) fn directory(directory: Directory, inheriting: Rights, access: Access) -> Descriptor {
        let base = access.limit(Rights::DIRECTORY.and(inheriting));
        Descriptor { resource: Resource::Directory(directory), base, inheriting, access }
    }

    /// A file that was opened for what `base` says.
    pub(crate) fn file(fd: OwnedFd, filetype: Filetype, base: Rights, access: Access) -> Descriptor {
        let resource = Resource::File { fd, filetype };
        Descriptor { resource, base: access.limit(base), inheriting: Rights::NONE, access }
    }

    /// A socket that the host gives; `notsock` if it is none.
    pub(crate) fn socket(fd: OwnedFd) -> Result<Descriptor, rustix::io::Errno> {
        let (base, inheriting) = if rustix::net::sockopt::socket_acceptconn(&fd)? {
            (Rights::LISTENER, Rights::CONNECTION)
        } else {
            (Rights::CONNECTION, Rights::NONE)
        };
        let filetype = crate::fs::host_filetype(fd.as_fd(), &rustix::fs::fstat(&fd)?)?;
        Ok(Descriptor::new(Resource::Socket { fd, filetype }, base, inheriting))
    }

    /// Fails unless all of `rights` are there. A file that is not open for reading or writing answers as POSIX does, and
    /// so does what is only to be read.
    fn require(&self, rights: Rights) -> Result<(), Errno> {
        let access = Rights::FD_READ.with(Rights::FD_WRITE);
        if self.base.contains(rights) {
            Ok(())
        } else if !self.base.contains(rights.and(access)) {
            Err(Errno::Badf)
        } else if self.access.limit(rights) != rights {
            Err(Errno::Rofs)
        } else {
            Err(Errno::Notcapable)
        }
    }
}

/// All descriptors of a guest.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Option<Descriptor>>,
    /// No slot below this one is free.
    first_free: usize,
    /// Numbers from here on are not given. As the lowest free number is, this also bounds how many there are at once.
    max: usize,
}

impl Table {
    /// A table with the given descriptors, numbered from 0. More are added as long as there are fewer than `max`.
    pub(crate) fn new(descriptors: Vec<Descriptor>, max: u32) -> Table {
        let first_free = descriptors.len();
        let slots = descriptors.into_iter().map(Some).collect();
        Table { slots, first_free, max: max.min(MAX_DESCRIPTORS) as usize }
    }

    /// The lowest free number; `mfile` if there is none. Asked for before something is made that needs one, so that
    /// nothing is made in vain.
    pub(crate) fn free_number(&self) -> Result<usize, Errno> {
        let free = self.slots[self.first_free..].iter().position(Option::is_none);
        let number = free.map_or(self.slots.len(), |offset| self.first_free + offset);
        if number < self.max { Ok(number) } else { Err(Errno::Mfile) }
    }

    /// Adds a descriptor under the lowest free number.
    pub(crate) fn insert(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let number = self.free_number()?;
        if number == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[number] = Some(descriptor);
        self.first_free = number + 1;
        Ok(number as u32)
    }

    /// Takes a descriptor out.
    pub(crate) fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let descriptor = self.slots.get_mut(fd as usize).and_then(Option::take).ok_or(Errno::Badf)?;
        self.first_free = self.first_free.min(fd as usize);
        Ok(descriptor)
    }

    /// Moves the descriptor `from` to the number `to`, whose own is closed. Both must be open.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(from, Rights::NONE)?;
        self.get(to, Rights::NONE)?;
        if from != to {
            let descriptor = self.remove(from)?;
            self.slots[to as usize] = Some(descriptor);
        }
        Ok(())
    }

    /// The descriptor, if it has `rights`.
    pub(crate) fn get(&self, fd: u32, rights: Rights) -> Result<&Descriptor, Errno> {
        let descriptor = self.slots.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::Badf)?;
        descriptor.require(rights)?;
        Ok(descriptor)
    }

    /// The descriptor, if it has `rights`.
    pub(crate) fn get_mut(&mut self, fd: u32, rights: Rights) -> Result<&mut Descriptor, Errno> {
        let descriptor = self.slots.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::Badf)?;
        descriptor.require(rights)?;
        Ok(descriptor)
    }

    /// The file or stream of the host below a descriptor. A directory is `badf`; a socket, a stream that the host does not
    /// have, and any stream for what no stream can do, are as a pipe, `spipe`, for all the calls that want a file.
    pub(crate) fn file(&self, fd: u32, rights: Rights) -> Result<BorrowedFd<'_>, Errno> {
        let descriptor = self.get(fd, Rights::NONE)?;
        let possible = match descriptor.resource {
            Resource::Directory(_) => return Err(Errno::Badf),
            Resource::Socket { .. } => return Err(Errno::Spipe),
            Resource::Input(_) => Rights::INPUT,
            Resource::Output(_) => Rights::OUTPUT,
            Resource::File { .. } => Rights::FILE,
        };
        let access = Rights::FD_READ.with(Rights::FD_WRITE);
        if !possible.with(access).contains(rights) {
            descriptor.require(rights.and(access))?;
            return Err(Errno::Spipe);
        }
        descriptor.require(rights)?;
        descriptor.resource.host_fd().ok_or(Errno::Spipe)
    }

    /// The socket of a descriptor; `notsock` if it is something else. A stream of the host may be one.
    pub(crate) fn socket(&self, fd: u32, rights: Rights) -> Result<(BorrowedFd<'_>, &Descriptor), Errno> {
        let descriptor = self.get(fd, Rights::NONE)?;
        let filetype = crate::fs::filetype(&descriptor.resource)?;
        if !matches!(filetype, Filetype::SocketStream | Filetype::SocketDgram) {
            return Err(Errno::Notsock);
        }
        descriptor.require(rights)?;
        let host = descriptor.resource.host_fd().ok_or(Errno::Notsock)?;
        Ok((host, descriptor))
    }

    /// The directory of a descriptor; `notdir` if it is something else.
    pub(crate) fn directory(&self, fd: u32, rights: Rights) -> Result<&Directory, Errno> {
        let descriptor = self.get(fd, Rights::NONE)?;
        let Resource::Directory(directory) = &descriptor.resource else { return Err(Errno::Notdir) };
        descriptor.require(rights)?;
        Ok(directory)
    }

    /// As [`directory`](Self::directory), to be changed.
    pub(crate) fn directory_mut(&mut self, fd: u32, rights: Rights) -> Result<&mut Directory, Errno> {
        let descriptor = self.get_mut(fd, Rights::NONE)?;
        let missing = descriptor.require(rights);
        let Resource::Directory(directory) = &mut descriptor.resource else { return Err(Errno::Notdir) };
        missing.map(|()| directory)
    }
}
