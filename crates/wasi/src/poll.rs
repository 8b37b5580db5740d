//! Waiting for time and for descriptors.
//!
//! ```text
//! subscriptions ──▶ what is already there ──┐
//!                   deadlines ──▶ one poll ─┴▶ events
//! ```
//!
//! Descriptors that the host knows are waited for with one `poll`; the others (memory, nothing) are always ready. All
//! deadlines are kept on the monotonic clock. Nothing is waited for if an event is there already.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::FileType;
use rustix::time::ClockId;

use crate::abi::{Errno, Event, EventKind, Rights, Subclockflags, Subscription, Target};
use crate::clock;
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;
use crate::table::Resource;

/// More subscriptions than this are `inval`: the host needs memory for each.
const MAX_SUBSCRIPTIONS: u32 = 1 << 16;

/// Waits until at least one of some subscriptions has its event, and stores all events that there are.
pub(crate) fn poll_oneoff(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    subscriptions: u32,
    events: u32,
    count: u32,
    stored: u32,
) -> WasiResult {
    if count == 0 || count > MAX_SUBSCRIPTIONS {
        return Err(Errno::Inval.into());
    }
    let raw = mem.array::<{ Subscription::SIZE as usize }>(subscriptions, count, 8)?;
    let wanted = raw.iter().map(Subscription::decode).collect::<Result<Vec<_>, _>>()?;
    // Nothing is waited for before it is sure that the answer has a place.
    mem.array_mut::<{ Event::SIZE as usize }>(events, count, 8)?;
    mem.write_u32(stored, 0)?;

    let found = Waits::sort(ctx, &wanted).wait()?;
    let slots = mem.array_mut::<{ Event::SIZE as usize }>(events, count, 8)?;
    for (slot, event) in slots.iter_mut().zip(&found) {
        *slot = event.encode();
    }
    mem.write_u32(stored, found.len() as u32)?;
    Ok(())
}

/// Subscriptions by what they wait for.
#[derive(Default)]
struct Waits<'a> {
    ready: Vec<Event>,
    timers: Vec<Timer>,
    files: Vec<Ready<'a>>,
    polls: Vec<PollFd<'a>>,
}

struct Timer {
    userdata: u64,
    /// On the monotonic clock, in nanoseconds.
    deadline: u64,
}

/// A descriptor of the host that is waited for; its `PollFd` has the same index.
struct Ready<'a> {
    userdata: u64,
    kind: EventKind,
    fd: BorrowedFd<'a>,
}

impl<'a> Waits<'a> {
    fn sort(ctx: &'a WasiCtx, wanted: &[Subscription]) -> Waits<'a> {
        let mut waits = Waits::default();
        for &Subscription { userdata, ref target } in wanted {
            let (kind, result) = match *target {
                Target::Clock { id, timeout, flags } => {
                    (EventKind::Clock, waits.add_timer(userdata, id, timeout, flags))
                }
                Target::FdRead(fd) => (EventKind::FdRead, waits.add_fd(ctx, userdata, EventKind::FdRead, fd)),
                Target::FdWrite(fd) => {
                    (EventKind::FdWrite, waits.add_fd(ctx, userdata, EventKind::FdWrite, fd))
                }
            };
            if let Err(errno) = result {
                waits.ready.push(Event { userdata, error: Some(errno), kind, bytes: 0, hangup: false });
            }
        }
        waits
    }

    fn add_timer(&mut self, userdata: u64, id: u32, timeout: u64, flags: Subclockflags) -> Result<(), Errno> {
        let clock = match clock::clock(id)? {
            clock @ (ClockId::Realtime | ClockId::Monotonic) => clock,
            _ => return Err(Errno::Notsup),
        };
        let left = if flags.contains(Subclockflags::ABSTIME) {
            timeout.saturating_sub(clock::now(clock))
        } else {
            timeout
        };
        let deadline = clock::now(ClockId::Monotonic).saturating_add(left);
        self.timers.push(Timer { userdata, deadline });
        Ok(())
    }

    fn add_fd(&mut self, ctx: &'a WasiCtx, userdata: u64, kind: EventKind, fd: u32) -> Result<(), Errno> {
        let (access, flag) = match kind {
            EventKind::FdRead => (Rights::FD_READ, PollFlags::IN),
            _ => (Rights::FD_WRITE, PollFlags::OUT),
        };
        let resource = &ctx.table.get(fd, access.with(Rights::POLL_FD_READWRITE))?.resource;
        match resource.host_fd() {
            Some(fd) => {
                self.files.push(Ready { userdata, kind, fd });
                self.polls.push(PollFd::from_borrowed_fd(fd, flag));
            }
            None => {
                let bytes = match resource {
                    Resource::Input(input) => input.memory_left() as u64,
                    _ => 1,
                };
                self.ready.push(Event { userdata, error: None, kind, bytes, hangup: false });
            }
        }
        Ok(())
    }

    fn wait(mut self) -> Result<Vec<Event>, Errno> {
        let first_deadline = self.timers.iter().map(|timer| timer.deadline).min();
        loop {
            let now = clock::now(ClockId::Monotonic);
            let limit = if self.ready.is_empty() {
                first_deadline.map(|deadline| deadline.saturating_sub(now))
            } else {
                Some(0)
            };
            match rustix::event::poll(&mut self.polls, limit.map(clock::timespec).as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            self.collect();
            if !self.ready.is_empty() {
                return Ok(self.ready);
            }
        }
    }

    /// Turns the descriptors and timers whose time has come into events.
    fn collect(&mut self) {
        for (file, poll) in self.files.iter().zip(&self.polls) {
            let now = poll.revents();
            if now.is_empty() {
                continue;
            }
            let error = now.contains(PollFlags::NVAL).then_some(Errno::Badf);
            let bytes = match file.kind {
                EventKind::FdRead => readable_bytes(file.fd),
                // A host does not tell how much it takes, but it takes something.
                _ => 1,
            };
            let hangup = now.contains(PollFlags::HUP);
            self.ready.push(Event { userdata: file.userdata, error, kind: file.kind, bytes, hangup });
        }
        let now = clock::now(ClockId::Monotonic);
        for timer in self.timers.iter().filter(|timer| timer.deadline <= now) {
            let userdata = timer.userdata;
            self.ready.push(Event { userdata, error: None, kind: EventKind::Clock, bytes: 0, hangup: false });
        }
    }
}

/// How many bytes a read would find.
fn readable_bytes(fd: BorrowedFd<'_>) -> u64 {
    let left_in_file = || {
        let stat = rustix::fs::fstat(fd).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode).is_file();
        let size = u64::try_from(stat.st_size).ok().filter(|_| is_file)?;
        Some(size.saturating_sub(rustix::fs::tell(fd).ok()?))
    };
    // A listener has no bytes; what makes it readable is a connection.
    let connections = || rustix::net::sockopt::socket_acceptconn(fd).ok().map(u64::from);
    left_in_file().or_else(|| rustix::io::ioctl_fionread(fd).ok()).or_else(connections).unwrap_or(0)
}
