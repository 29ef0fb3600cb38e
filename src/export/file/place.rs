//! The file at the path: opened so that nothing else is written to than what was meant, and what is known of it while it
//! is open.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, StatxFlags, fstat, ftruncate, open, stat, statx};
use rustix::process::geteuid;

use super::Failure;
use super::format::{self, Record};
use crate::config::FileFormat;
use crate::sys::fork::CloseOnFork;

/// The open file.
#[derive(Debug)]
pub(super) struct Active {
    file: CloseOnFork,
    kind: FileType,
    identity: (u64, u64),
    /// Up to here there are whole records.
    whole: u64,
    /// When it was made; where the file system does not say, when it was opened.
    made: SystemTime,
}

impl AsFd for Active {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Active {
    /// Opens what is at the path, or makes a file of mode 0600 there. A symbolic link, a file of another user, one with
    /// several names, a FIFO, a socket and a directory are refused; a character device is taken as it is.
    pub(super) fn open(path: &Path) -> Result<Active, Failure> {
        // Non-blocking, so that a FIFO put in the file's place is refused below instead of waited for; no terminal
        // becomes the process's own. Read access is for the torn end.
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
        let safety = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = CloseOnFork::open(|| Ok(open(path, flags | safety, mode)?))?;
        let found = fstat(&file)?;
        let kind = FileType::from_raw_mode(found.st_mode);
        match kind {
            FileType::RegularFile => refuse_strange(&found)?,
            FileType::CharacterDevice => {}
            other => return Err(Failure::Kind(other)),
        }
        let made = made(&file).unwrap_or_else(SystemTime::now);
        Ok(Active { file, kind, identity: identity(&found), whole: 0, made })
    }

    pub(super) fn is_regular(&self) -> bool {
        self.kind == FileType::RegularFile
    }

    /// Whether the path still names this file: a finished or removed one is left for a new one.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        stat(path).is_ok_and(|there| identity(&there) == self.identity)
    }

    /// How long ago it was made.
    pub(super) fn age(&self) -> Duration {
        SystemTime::now().duration_since(self.made).unwrap_or_default()
    }

    /// Makes it end with a whole record, and says where. Under its lock.
    pub(super) fn mend(&mut self, format: FileFormat) -> Result<u64, Failure> {
        let end = u64::try_from(fstat(&self.file)?.st_size).unwrap_or(0);
        self.whole = format::mend(format, self, self.whole, end)?;
        Ok(self.whole)
    }

    /// Appends a record to a file that ends at `end`, or leaves it as it is. Under its lock.
    pub(super) fn append(&mut self, end: u64, record: &Record) -> Result<(), Failure> {
        if let Err(errno) = record.write(self) {
            // Should this fail as well, the next turn finds the torn end and mends it.
            let _ = ftruncate(&self.file, end);
            return Err(errno.into());
        }
        self.whole = end + record.bytes();
        Ok(())
    }
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

fn refuse_strange(found: &Stat) -> Result<(), Failure> {
    let user = geteuid().as_raw();
    if found.st_uid != user {
        return Err(Failure::Owner { owner: found.st_uid, user });
    }
    // None: it was removed in the meantime, and the next turn makes a new one.
    match found.st_nlink {
        0 | 1 => Ok(()),
        _ => Err(Failure::Names),
    }
}

fn made(file: &CloseOnFork) -> Option<SystemTime> {
    let found = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BTIME).ok()?;
    if found.stx_mask & StatxFlags::BTIME.bits() == 0 {
        return None;
    }
    let seconds = u64::try_from(found.stx_btime.tv_sec).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, found.stx_btime.tv_nsec))
}
