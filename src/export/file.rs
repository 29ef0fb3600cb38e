//! The file exporter: each batch becomes one line of OTLP/JSON at the end of a file, traces and
//! logs in the same one. It touches that file alone, through descriptors. A line is whole or it is
//! not there: a write that fails or falls short is taken back, and so is the torn end that a killed
//! process has left. Writers of several processes take turns by an advisory lock that is held for
//! one write only.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, Stat, flock, fstat, ftruncate, open, stat};
use rustix::io::{Errno, pread, write};
use tokio::sync::Mutex;

use super::lines::Lines;
use super::outcome::{Batch, Cause, Outcome};
use crate::sys::fork::CloseOnFork;

/// Between two looks at a lock that another process holds for the length of one write.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// How far back the start of a torn line is looked for: the largest request (64 MiB), three times
/// as long in JSON.
const LONGEST_LINE: u64 = 192 * 1024 * 1024;

/// How every line of ours begins.
const LINE_STARTS: [&[u8]; 2] = [b"{\"resourceSpans\":", b"{\"resourceLogs\":"];

/// The exporter. The file is opened at the first send, and again after an error or when it was
/// moved away.
#[derive(Debug)]
pub struct FileExporter {
    path: PathBuf,
    lines: Lines,
    file: Mutex<Option<CloseOnFork>>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("another process holds its lock")]
    Locked,
    #[error("is a {0:?}, expected a regular file or a character device")]
    Kind(FileType),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure::Io(errno.into())
    }
}

impl FileExporter {
    /// Keeps the path; opens nothing. The directory must exist when the first batch is sent.
    pub fn new(path: impl Into<PathBuf>) -> FileExporter {
        FileExporter { path: path.into(), lines: Lines::OtlpJson, file: Mutex::new(None) }
    }

    /// The same with lines of another form.
    pub(super) fn with_lines(self, lines: Lines) -> FileExporter {
        FileExporter { lines, ..self }
    }

    /// Appends one batch as one line, or as one line for each of its records. What stands in the way of that can be mended from outside
    /// (space made, the path put right), so that every failure but an undecodable batch is one to
    /// retry.
    pub async fn send(&self, batch: &Batch, timeout: Duration) -> Outcome {
        let (line, left_out) = match self.lines.of(batch) {
            Ok(lines) => lines,
            Err(outcome) => return outcome,
        };
        let appended = tokio::time::timeout(timeout, async {
            let mut file = self.file.lock().await;
            loop {
                match append(&self.path, &mut file, &line) {
                    Err(Failure::Locked) => tokio::time::sleep(LOCK_PAUSE).await,
                    result => return result,
                }
            }
        });
        let (cause, failure) = match appended.await {
            Ok(Ok(())) => return left_out.outcome(),
            Ok(Err(Failure::Io(error))) => (Cause::Io(error.kind()), Failure::Io(error)),
            Ok(Err(failure)) => (Cause::Io(io::ErrorKind::InvalidInput), failure),
            Err(_) => (Cause::Timeout, Failure::Locked),
        };
        Outcome::retry(cause, format!("file {}: {failure}", self.path.display()))
    }

    /// Closes the file. Every line accepted so far is the kernel's already.
    pub async fn close(&self) -> Outcome {
        *self.file.lock().await = None;
        Outcome::Accepted
    }
}

/// One turn: open if need be, lock, append, unlock. A file that failed is not kept, the next turn
/// opens it anew.
fn append(path: &Path, kept: &mut Option<CloseOnFork>, line: &[u8]) -> Result<(), Failure> {
    let file = match kept.take() {
        Some(file) if is_at(path, &file) => file,
        _ => open_at(path)?,
    };
    // Any other error is a file system's that has no locks: no other writer keeps to them there
    // either.
    if let Err(Errno::WOULDBLOCK | Errno::INTR) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        *kept = Some(file);
        return Err(Failure::Locked);
    }
    let result = append_locked(&file, line);
    // Explicitly: a child made in other ways than by fork may hold the same description open, and with it the lock.
    let _ = flock(&file, FlockOperation::Unlock);
    if result.is_ok() {
        *kept = Some(file);
    }
    result
}

/// Whether the path still names this file: a rotated or removed one is left for a new one.
fn is_at(path: &Path, file: &CloseOnFork) -> bool {
    match (stat(path), fstat(file)) {
        (Ok(there), Ok(here)) => there.st_dev == here.st_dev && there.st_ino == here.st_ino,
        _ => false,
    }
}

fn open_at(path: &Path) -> Result<CloseOnFork, Failure> {
    // Non-blocking, so that a FIFO put in the file's place is refused below instead of waited for;
    // no terminal becomes the process's own. Read access is for the torn end.
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
    let safety = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = CloseOnFork::open(|| Ok(open(path, flags | safety, mode)?))?;
    match kind(&fstat(&file)?) {
        FileType::RegularFile | FileType::CharacterDevice => Ok(file),
        other => Err(Failure::Kind(other)),
    }
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn append_locked(file: &CloseOnFork, line: &[u8]) -> Result<(), Failure> {
    let stat = fstat(file)?;
    if kind(&stat) != FileType::RegularFile {
        return Ok(write_all(file, line)?);
    }
    let end = u64::try_from(stat.st_size).unwrap_or(0);
    let start = mend(file, end)?;
    write_all(file, line).map_err(|errno| {
        // Should this fail as well, the next turn finds the torn end and mends it.
        let _ = ftruncate(file, start);
        Failure::from(errno)
    })
}

fn write_all(file: &CloseOnFork, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(file, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Makes the file end with a whole line, and says where. The torn end of a line of ours goes: its
/// batch was never acknowledged. Text of somebody else's is kept, on a line of its own.
fn mend(file: &CloseOnFork, end: u64) -> Result<u64, Errno> {
    let torn = torn_start(file, end)?;
    if torn == end {
        return Ok(end);
    }
    let mut head = [0; 17];
    let read = pread(file, &mut head, torn)?;
    let head = head.get(..read).unwrap_or_default();
    if LINE_STARTS.iter().any(|start| start.starts_with(head) || head.starts_with(start)) {
        ftruncate(file, torn)?;
        return Ok(torn);
    }
    write_all(file, b"\n")?;
    Ok(end + 1)
}

/// Where the text after the last newline begins; `end` when there is none.
fn torn_start(file: &CloseOnFork, end: u64) -> Result<u64, Errno> {
    let mut block = [0; 64 * 1024];
    let floor = end.saturating_sub(LONGEST_LINE);
    let mut upper = end;
    // The first look is at the last byte alone: it is nearly always the newline.
    let mut length = 1;
    while upper > floor {
        let lower = upper.saturating_sub(length).max(floor);
        let wanted = usize::try_from(upper - lower).unwrap_or(block.len()).min(block.len());
        let Some(part) = block.get_mut(..wanted) else {
            break;
        };
        let read = pread(file, &mut *part, lower)?;
        if read < wanted {
            return Err(Errno::IO);
        }
        if let Some(newline) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(lower + u64::try_from(newline).unwrap_or(0) + 1);
        }
        upper = lower;
        length = 64 * 1024;
    }
    Ok(floor)
}

#[cfg(test)]
mod tests;
