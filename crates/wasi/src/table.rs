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
//!
//! Numbers are given again when their descriptor was closed, the highest first, but never those of the standard streams by
//! themselves: whatever prints without being asked would write into a file that happens to have come there. A guest puts
//! something else in their place by `fd_renumber`, also after it has closed them.
//!
//! The threads of a guest share one table. It is locked only to look something up or to change an entry, never while the
//! host works or waits: a call holds what it uses, which stays open until the call is over even if another thread closes the
//! descriptor meanwhile.

use std::collections::BinaryHeap;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_std::fs::Dir;

use crate::abi::{Errno, Filetype, Rights};
use crate::dir::Directory;
use crate::host::{Idle, retry};
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

/// An entry of the table; a clone is for what is going on with it at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    pub(crate) resource: Arc<Resource>,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
    pub(crate) access: Access,
    /// Whether the guest wants a stream of the host not to wait. Of all else the host's descriptor knows.
    pub(crate) nonblocking: bool,
}

impl Descriptor {
    fn new(resource: Resource, base: Rights, inheriting: Rights) -> Descriptor {
        Descriptor {
            resource: Arc::new(resource),
            base,
            inheriting,
            access: Access::ReadWrite,
            nonblocking: false,
        }
    }

    /// What a call that moves bytes does when there is nothing to do.
    pub(crate) fn idle(&self) -> Idle {
        match &*self.resource {
            Resource::Input(_) | Resource::Output(_) if !self.nonblocking => Idle::Waits,
            _ => Idle::AsSet,
        }
    }

    pub(crate) fn input(input: Input) -> Descriptor {
        Descriptor::new(Resource::Input(input), Rights::INPUT, Rights::NONE)
    }

    pub(crate) fn output(output: Output) -> Descriptor {
        Descriptor::new(Resource::Output(output), Rights::OUTPUT, Rights::NONE)
    }

    pub(crate) fn directory(directory: Directory, inheriting: Rights, access: Access) -> Descriptor {
        let base = access.limit(Rights::DIRECTORY.and(inheriting));
        Descriptor { access, ..Descriptor::new(Resource::Directory(directory), base, inheriting) }
    }

    /// A file that was opened for what `base` says.
    pub(crate) fn file(fd: OwnedFd, filetype: Filetype, base: Rights, access: Access) -> Descriptor {
        let resource = Resource::File { fd, filetype };
        Descriptor { access, ..Descriptor::new(resource, access.limit(base), Rights::NONE) }
    }

    /// A socket that the host gives; `notsock` if it is none.
    pub(crate) fn socket(fd: OwnedFd) -> Result<Descriptor, rustix::io::Errno> {
        let (base, inheriting) = if retry(|| rustix::net::sockopt::socket_acceptconn(&fd))? {
            (Rights::LISTENER, Rights::CONNECTION)
        } else {
            (Rights::CONNECTION, Rights::NONE)
        };
        let filetype = crate::fs::host_filetype(fd.as_fd(), &retry(|| rustix::fs::fstat(&fd))?)?;
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

/// What the host has below a descriptor, kept open.
#[derive(Debug)]
pub(crate) struct HostFd(Arc<Resource>);

impl HostFd {
    /// Nothing if the host has nothing there.
    pub(crate) fn new(resource: Arc<Resource>) -> Option<HostFd> {
        resource.host_fd().is_some().then_some(HostFd(resource))
    }
}

impl AsFd for HostFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.host_fd().expect("looked at when this was made")
    }
}

/// A socket, kept open.
#[derive(Debug)]
pub(crate) struct OpenSocket {
    pub(crate) host: HostFd,
    /// What its connections may.
    pub(crate) inheriting: Rights,
    pub(crate) idle: Idle,
}

/// A descriptor that is a directory, kept open.
#[derive(Debug)]
pub(crate) struct OpenDirectory(Descriptor);

impl OpenDirectory {
    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    pub(crate) fn directory(&self) -> &Directory {
        match &*self.0.resource {
            Resource::Directory(directory) => directory,
            _ => unreachable!("looked at when this was made"),
        }
    }
}

impl Deref for OpenDirectory {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        &self.directory().dir
    }
}

/// All descriptors of a guest. Clones are the same table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    slots: Arc<Mutex<Slots>>,
}

/// How many standard streams there are; they have the lowest numbers.
const STREAMS: u32 = 3;

#[derive(Debug)]
struct Slots {
    descriptors: Vec<Option<Descriptor>>,
    /// The numbers that are free and may be given again.
    free: BinaryHeap<u32>,
    /// Numbers from here on are not given, which also bounds how many descriptors there are at once.
    max: usize,
}

impl Slots {
    fn free_number(&self) -> Result<usize, Errno> {
        let number = self.free.peek().map_or(self.descriptors.len(), |&number| number as usize);
        if number < self.max { Ok(number) } else { Err(Errno::Mfile) }
    }

    fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.descriptors.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::Badf)
    }

    fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let descriptor = self.descriptors.get_mut(fd as usize).and_then(Option::take).ok_or(Errno::Badf)?;
        if fd >= STREAMS {
            self.free.push(fd);
        }
        Ok(descriptor)
    }
}

impl Table {
    /// A table with the given descriptors, numbered from 0. More are added as long as there are fewer than `max`.
    pub(crate) fn new(descriptors: Vec<Descriptor>, max: u32) -> Table {
        let descriptors = descriptors.into_iter().map(Some).collect();
        let slots = Slots { descriptors, free: BinaryHeap::new(), max: max.min(MAX_DESCRIPTORS) as usize };
        Table { slots: Arc::new(Mutex::new(slots)) }
    }

    /// Nothing panics while the lock is held, so there is nothing to be found broken.
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `mfile` if no number is free. Asked for before something is made that needs one, so that nothing is made in vain.
    pub(crate) fn check_free(&self) -> Result<(), Errno> {
        self.slots().free_number().map(|_| ())
    }

    /// Adds a descriptor under the highest number that was given before and is free, or else under a new one; `mfile` if
    /// there is none.
    pub(crate) fn insert(&self, descriptor: Descriptor) -> Result<u32, Errno> {
        let mut slots = self.slots();
        let number = slots.free_number()?;
        if slots.free.pop().is_none() {
            slots.descriptors.push(None);
        }
        slots.descriptors[number] = Some(descriptor);
        Ok(number as u32)
    }

    /// Takes a descriptor out.
    pub(crate) fn remove(&self, fd: u32) -> Result<Descriptor, Errno> {
        self.slots().remove(fd)
    }

    /// Moves the descriptor `from` to the number `to`, whose own is closed. Both must be open, but for the number of a
    /// standard stream.
    pub(crate) fn renumber(&self, from: u32, to: u32) -> Result<(), Errno> {
        let mut slots = self.slots();
        slots.get_mut(from)?;
        if to >= STREAMS {
            slots.get_mut(to)?;
        }
        if from != to {
            let descriptor = slots.remove(from)?;
            let closed = slots.descriptors[to as usize].replace(descriptor);
            // Closing may take its time.
            drop(slots);
            drop(closed);
        }
        Ok(())
    }

    /// Takes rights from a descriptor; `notcapable` if these are not some of those that it has.
    pub(crate) fn set_rights(&self, fd: u32, base: Rights, inheriting: Rights) -> Result<(), Errno> {
        let mut slots = self.slots();
        let descriptor = slots.get_mut(fd)?;
        if !descriptor.base.contains(base) || !descriptor.inheriting.contains(inheriting) {
            return Err(Errno::Notcapable);
        }
        descriptor.base = base;
        descriptor.inheriting = inheriting;
        Ok(())
    }

    /// Sets whether a stream of the host waits.
    pub(crate) fn set_nonblocking(&self, fd: u32, nonblocking: bool) -> Result<(), Errno> {
        self.slots().get_mut(fd)?.nonblocking = nonblocking;
        Ok(())
    }

    /// The descriptor, if it has `rights`.
    pub(crate) fn get(&self, fd: u32, rights: Rights) -> Result<Descriptor, Errno> {
        let descriptor = self.slots().get_mut(fd)?.clone();
        descriptor.require(rights)?;
        Ok(descriptor)
    }

    /// The file or stream of the host below a descriptor. A directory is `badf`; a socket, a stream that the host does not
    /// have, and any stream for what no stream can do, are as a pipe, `spipe`, for all the calls that want a file.
    pub(crate) fn file(&self, fd: u32, rights: Rights) -> Result<HostFd, Errno> {
        let descriptor = self.get(fd, Rights::NONE)?;
        let possible = match *descriptor.resource {
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
        HostFd::new(descriptor.resource).ok_or(Errno::Spipe)
    }

    /// The socket of a descriptor; `notsock` if it is something else. A stream of the host may be one.
    pub(crate) fn socket(&self, fd: u32, rights: Rights) -> Result<OpenSocket, Errno> {
        let descriptor = self.get(fd, Rights::NONE)?;
        let filetype = crate::fs::filetype(&descriptor.resource)?;
        if !matches!(filetype, Filetype::SocketStream | Filetype::SocketDgram) {
            return Err(Errno::Notsock);
        }
        descriptor.require(rights)?;
        let (inheriting, idle) = (descriptor.inheriting, descriptor.idle());
        let host = HostFd::new(descriptor.resource).ok_or(Errno::Notsock)?;
        Ok(OpenSocket { host, inheriting, idle })
    }

    /// The directory of a descriptor; `notdir` if it is something else.
    pub(crate) fn directory(&self, fd: u32, rights: Rights) -> Result<OpenDirectory, Errno> {
        let descriptor = self.get(fd, Rights::NONE)?;
        if !matches!(*descriptor.resource, Resource::Directory(_)) {
            return Err(Errno::Notdir);
        }
        descriptor.require(rights)?;
        Ok(OpenDirectory(descriptor))
    }
}
