//! Writes to a stream of the host's without ever waiting in the kernel and without changing the
//! stream: the host's descriptor is shared with its own code and perhaps with other processes, so
//! that it is not made non-blocking. For a pipe or a terminal a second, non-blocking description of
//! it is opened for the time of one write; where that cannot be had (a socket, another user's
//! terminal) the descriptor is polled, and given no more than it takes at once.

use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::{Errno, write};
use tokio::time::Instant;

use super::ConsoleStream;

/// Between two tries of a stream that takes nothing: the first pause, and the longest.
const PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What a polled stream is given at once: the least that a writable pipe takes whole
/// (`_POSIX_PIPE_BUF`).
const POLLED_BYTES: usize = 512;

/// How far a drain got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    All,
    /// The stream took no more before the deadline.
    Some,
}

/// Text on its way to a stream.
#[derive(Debug)]
pub(super) struct Outlet {
    target: Target,
    text: String,
    /// How many bytes of `text` are out.
    out: usize,
}

#[derive(Debug)]
enum Target {
    Stream(ConsoleStream),
    #[cfg(test)]
    Descriptor(OwnedFd),
}

impl Outlet {
    pub(super) fn new(stream: ConsoleStream) -> Outlet {
        Outlet { target: Target::Stream(stream), text: String::new(), out: 0 }
    }

    #[cfg(test)]
    pub(super) fn to(descriptor: OwnedFd) -> Outlet {
        Outlet { target: Target::Descriptor(descriptor), text: String::new(), out: 0 }
    }

    /// Where text to be written is appended.
    pub(super) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.target.with(|stream| stream.is_terminal())
    }

    /// Writes what there is, pausing without blocking the thread while the stream is full. What a
    /// dropped or late drain has not written, the next one writes. After an error the text is gone:
    /// the stream is closed.
    pub(super) async fn drain(&mut self, deadline: Instant) -> io::Result<Written> {
        let mut pause = PAUSE;
        loop {
            match self.write() {
                Ok(0) => {}
                Ok(_) => pause = PAUSE,
                Err(error) => {
                    self.clear();
                    return Err(error.into());
                }
            }
            if self.out == self.text.len() {
                self.clear();
                return Ok(Written::All);
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(Written::Some);
            }
            tokio::time::sleep_until(deadline.min(now + pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn clear(&mut self) {
        // Dropped, not emptied: one large tree need not be paid for ever after.
        self.text = String::new();
        self.out = 0;
    }

    /// Writes as much as the stream takes at once, and says how much that was.
    fn write(&mut self) -> Result<usize, Errno> {
        let Outlet { target, text, out } = self;
        let rest = text.as_bytes().get(*out..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(0);
        }
        let written = target.with(|stream| write_at_once(stream, rest))?;
        *out += written;
        Ok(written)
    }
}

impl Target {
    fn with<T>(&self, use_stream: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        match self {
            Target::Stream(ConsoleStream::Stdout) => use_stream(io::stdout().as_fd()),
            Target::Stream(ConsoleStream::Stderr) => use_stream(io::stderr().as_fd()),
            #[cfg(test)]
            Target::Descriptor(descriptor) => use_stream(descriptor.as_fd()),
        }
    }
}

fn write_at_once(stream: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
    match FileType::from_raw_mode(fstat(stream)?.st_mode) {
        // A regular file never waits for a reader; a second description of it would have an offset
        // of its own.
        FileType::RegularFile => write_while(bytes, |rest| write(stream, rest)),
        FileType::Fifo | FileType::CharacterDevice => match reopened(stream) {
            Ok(own) => write_while(bytes, |rest| write(&own, rest)),
            Err(_) => write_while(bytes, |rest| write_polled(stream, rest)),
        },
        _ => write_while(bytes, |rest| write_polled(stream, rest)),
    }
}

/// Repeats a write until all is out or it would have to wait.
fn write_while(bytes: &[u8], mut write: impl FnMut(&[u8]) -> Result<usize, Errno>) -> Result<usize, Errno> {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match write(rest) {
            Ok(0) | Err(Errno::WOULDBLOCK) => break,
            Ok(more) => written += more,
            Err(Errno::INTR) => {}
            // What went before the error is out; the error comes again with the next try.
            Err(_) if written > 0 => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(written)
}

/// A description of our own of what the stream is connected to.
fn reopened(stream: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let path = format!("/proc/self/fd/{}", stream.as_raw_fd());
    open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
}

fn write_polled(stream: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
    let mut ready = [PollFd::from_borrowed_fd(stream, PollFlags::OUT)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut ready, Some(&at_once))? == 0 {
        return Err(Errno::WOULDBLOCK);
    }
    write(stream, bytes.get(..POLLED_BYTES).unwrap_or(bytes))
}
