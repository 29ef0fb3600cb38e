//! When a file is finished, and what becomes of it: it gets its final name by a rename that replaces nothing, and is never
//! written to again. The name is the path's own with the time in UTC before the extension: `otlp.jsonl` becomes
//! `otlp-20261122T181005.123456Z.jsonl`. Names sort by time; beyond the number to keep, the first ones go.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags};
use rustix::fs::{linkat, open, renameat_with, statat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::Failure;
use crate::config::Rotate;
use crate::export::calendar::civil;

/// What tells a finished file from the active one: `-20261122T181005.123456Z`.
const STAMP_BYTES: usize = 24;
/// How many names are tried: each taken one was given by another process in the same microsecond, or the clock was set back.
const MOST_NAMES: u32 = 1000;

impl Rotate {
    /// Whether a file of `bytes`, made `age` ago, must be finished before `more` bytes are written. An empty one never.
    pub(super) fn is_due(&self, bytes: u64, more: u64, age: Duration) -> bool {
        let is_full = self.max_bytes.is_some_and(|most| bytes.saturating_add(more) > most);
        let is_old = self.max_age.is_some_and(|most| age >= most);
        bytes > 0 && (is_full || is_old)
    }
}

/// Gives the file at the path its final name, and lets the oldest finished ones go. Under the file's lock.
pub(super) fn finish(path: &Path, keep: Option<u64>) -> Result<(), Failure> {
    let names = Names::of(path)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = open(names.directory, flags, Mode::empty())?;
    let mut now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut result = Err(Errno::EXIST);
    for _ in 0..MOST_NAMES {
        result = rename(&directory, names.active, &names.finished(now));
        if result != Err(Errno::EXIST) {
            break;
        }
        now += Duration::from_micros(1);
    }
    result?;
    if let Some(keep) = keep {
        // What could not be removed is removed the next time; the records are safe either way.
        let _ = prune(&directory, &names, keep);
    }
    Ok(())
}

/// Renames without replacing; where a file system cannot do that in one step, the final name comes before the other one
/// goes.
fn rename(directory: &impl std::os::fd::AsFd, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    match renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            linkat(directory, from, directory, to, AtFlags::empty())?;
            unlinkat(directory, from, AtFlags::empty())
        }
        result => result,
    }
}

fn prune(directory: &impl std::os::fd::AsFd, names: &Names<'_>, keep: u64) -> Result<(), Errno> {
    let mut finished = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
        if names.is_finished(&name) && is_own_file(directory, &name) {
            finished.push(name);
        }
    }
    finished.sort_unstable();
    let surplus = finished.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
    for name in finished.iter().take(surplus) {
        match unlinkat(directory, name, AtFlags::empty()) {
            // Another process was faster.
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn is_own_file(directory: &impl std::os::fd::AsFd, name: &OsStr) -> bool {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|found| {
        FileType::from_raw_mode(found.st_mode) == FileType::RegularFile && found.st_uid == geteuid().as_raw()
    })
}

/// The parts that the names of finished files are made of.
struct Names<'p> {
    directory: &'p Path,
    active: &'p OsStr,
    stem: &'p OsStr,
    extension: Option<&'p OsStr>,
}

impl<'p> Names<'p> {
    fn of(path: &'p Path) -> Result<Self, Failure> {
        let (Some(active), Some(stem)) = (path.file_name(), path.file_stem()) else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        Ok(Self { directory, active, stem, extension: path.extension() })
    }

    /// The name of a file that was finished at a time since 1970.
    fn finished(&self, at: Duration) -> OsString {
        let mut name = self.stem.to_owned();
        name.push(stamp(at));
        if let Some(extension) = self.extension {
            name.push(".");
            name.push(extension);
        }
        name
    }

    fn is_finished(&self, name: &OsStr) -> bool {
        let stamp =
            name.as_bytes().strip_prefix(self.stem.as_bytes()).and_then(|rest| match self.extension {
                Some(extension) => rest.strip_suffix(extension.as_bytes())?.strip_suffix(b"."),
                None => Some(rest),
            });
        stamp.is_some_and(|stamp| {
            let digit_or = |(at, byte): (usize, &u8)| match at {
                0 => *byte == b'-',
                9 => *byte == b'T',
                16 => *byte == b'.',
                23 => *byte == b'Z',
                _ => byte.is_ascii_digit(),
            };
            stamp.len() == STAMP_BYTES && stamp.iter().enumerate().all(digit_or)
        })
    }
}

/// `-20261122T181005.123456Z`.
fn stamp(at: Duration) -> String {
    let (year, month, day) = civil(at.as_secs() / 86_400);
    let of_day = at.as_secs() % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let micros = at.subsec_micros();
    format!("-{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{micros:06}Z")
}
