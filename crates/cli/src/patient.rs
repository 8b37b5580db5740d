//! Streams of this process that wait, also if another process has set them not to.
//!
//! A pipe or terminal is shared with others, and so is whether it answers that there is nothing to be had just now. That is no
//! error for a program that has nothing else to do.

use std::io::{BufReader, Error, ErrorKind, Read, Result, StdinLock, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};

/// A stream that waits.
pub(crate) struct Patient<T>(pub(crate) T);

/// The standard input, that waits.
pub(crate) fn stdin() -> BufReader<Patient<StdinLock<'static>>> {
    BufReader::new(Patient(std::io::stdin().lock()))
}

impl<T: AsFd> Patient<T> {
    fn until_ready<R>(&mut self, way: PollFlags, mut call: impl FnMut(&mut T) -> Result<R>) -> Result<R> {
        loop {
            match call(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    match poll(&mut [PollFd::new(&self.0, way)], None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(Error::from(error)),
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

impl<T: AsFd + Read> Read for Patient<T> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        self.until_ready(PollFlags::IN, |stream| stream.read(bytes))
    }
}

impl<T: AsFd + Write> Write for Patient<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.until_ready(PollFlags::OUT, |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.until_ready(PollFlags::OUT, Write::flush)
    }
}
