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
use crate::meter;
use crate::table::{Descriptor, Resource};

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
    mem.meter.charge(u64::from(count) * meter::SUBSCRIPTION)?;
    let raw = mem.array::<{ Subscription::SIZE as usize }>(subscriptions, count, 8)?;
    let wanted = raw.iter().map(Subscription::decode).collect::<Result<Vec<_>, _>>()?;
    // Nothing is waited for before it is sure that the answer has a place.
    mem.check(events, 8, u64::from(count) * u64::from(Event::SIZE))?;
    mem.write_u32(stored, 0)?;

    let open: Vec<_> = wanted.iter().map(|subscription| descriptor(ctx, &subscription.target)).collect();
    let found = Waits::sort(&open, &wanted).wait()?;
    let found: Vec<_> = found.iter().map(Event::encode).collect();
    mem.store(events, found.as_flattened())?;
    mem.write_u32(stored, found.len() as u32)?;
    Ok(())
}

/// What a subscription waits for, kept open; of a clock nothing.
fn descriptor(ctx: &WasiCtx, target: &Target) -> Option<Result<Descriptor, Errno>> {
    let (fd, access) = match *target {
        Target::Clock { .. } => return None,
        Target::FdRead(fd) => (fd, Rights::FD_READ),
        Target::FdWrite(fd) => (fd, Rights::FD_WRITE),
    };
    Some(ctx.table.get(fd, access.with(Rights::POLL_FD_READWRITE)))
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
    /// `open` has the descriptors of the subscriptions.
    fn sort(open: &'a [Option<Result<Descriptor, Errno>>], wanted: &[Subscription]) -> Waits<'a> {
        let mut waits = Waits::default();
        for (&Subscription { userdata, ref target }, open) in wanted.iter().zip(open) {
            let (kind, result) = match *target {
                Target::Clock { id, timeout, flags } => {
                    (EventKind::Clock, waits.add_timer(userdata, id, timeout, flags))
                }
                Target::FdRead(_) => (EventKind::FdRead, waits.add_fd(open, userdata, EventKind::FdRead)),
                Target::FdWrite(_) => (EventKind::FdWrite, waits.add_fd(open, userdata, EventKind::FdWrite)),
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

    fn add_fd(
        &mut self,
        open: &'a Option<Result<Descriptor, Errno>>,
        userdata: u64,
        kind: EventKind,
    ) -> Result<(), Errno> {
        let resource = match open {
            Some(Ok(descriptor)) => &*descriptor.resource,
            Some(Err(errno)) => return Err(*errno),
            None => return Err(Errno::Badf),
        };
        let flag = if kind == EventKind::FdRead { PollFlags::IN } else { PollFlags::OUT };
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
