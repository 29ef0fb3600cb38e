//! The file exporter: each batch becomes one record at the end of a file, traces and logs in the same one. How a record is
//! written, and a torn one taken back, is `format`'s; which file it goes to is `place`'s; when a file is finished, what
//! it is called then and which finished ones stay is `rotation`'s.
//!
//! A record is whole or it is not there: a write that fails or falls short is taken back, and so is the torn end that a
//! killed process has left. Writers of several processes take turns by an advisory lock that is held for one write
//! only; whoever has it looks first whether the path still names the file that it has open, so that a finished file never
//! changes. Where a file system has no locks, each process needs a path of its own.

mod format;
mod place;
mod rotation;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustix::fs::{FileType, FlockOperation, flock};
use rustix::io::Errno;
use tokio::sync::Mutex;

use self::format::Record;
use self::place::Active;
use super::lines::{LeftOut, Lines};
use super::outcome::{Batch, Cause, Outcome};
use crate::config::{FileFormat, Rotate};

/// Between two looks at a lock that another process holds for the length of one write.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// How often a turn begins anew because another process has finished the file in the meantime.
const MOST_OPENINGS: usize = 8;

/// The exporter. The file is opened at the first send, and again after an error or when it was moved away.
#[derive(Debug)]
pub struct FileExporter {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    format: FileFormat,
    /// What is written when the format is one of lines.
    lines: Lines,
    rotate: Rotate,
    file: Mutex<Kept>,
}

/// What is kept from one send to the next.
#[derive(Debug, Default)]
struct Kept {
    active: Option<Active>,
    /// Finishes a file that has become old, in case nothing more is written to it.
    timer: Option<tokio::task::AbortHandle>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.forget_timer();
    }
}

impl Kept {
    fn forget_timer(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("another process holds its lock")]
    Locked,
    #[error("other processes keep finishing it")]
    Contended,
    #[error("is a {0:?}, expected a regular file or a character device")]
    Kind(FileType),
    #[error("belongs to user {owner}, expected user {user}")]
    Owner { owner: u32, user: u32 },
    #[error("has several names, expected one: it is hard-linked")]
    Names,
    #[error("holds no {}, expected a file of this format or none", .0.content())]
    Content(FileFormat),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure::Io(errno.into())
    }
}

impl FileExporter {
    /// Keeps the path; opens nothing. The directory must exist when the first batch is sent. A format of lines has these.
    pub(super) fn new(
        path: impl Into<PathBuf>,
        format: FileFormat,
        lines: Lines,
        rotate: Rotate,
    ) -> FileExporter {
        let file = Mutex::default();
        FileExporter { shared: Arc::new(Shared { path: path.into(), format, lines, rotate, file }) }
    }

    /// Appends one batch in one piece. What stands in the way of that can be mended from outside (space made, the path
    /// put right), so that every failure but an undecodable batch is one to retry.
    pub async fn send(&self, batch: &Batch, timeout: Duration) -> Outcome {
        let shared = &self.shared;
        let (record, left_out) = match shared.record(batch) {
            Ok(record) => record,
            Err(outcome) => return outcome,
        };
        if record.bytes() == 0 {
            return left_out.outcome();
        }
        let appended = tokio::time::timeout(timeout, async {
            let mut kept = shared.file.lock().await;
            shared.turns(&mut kept.active, |active| shared.append(active, &record)).await?;
            shared.set_timer(&mut kept);
            Ok(())
        });
        let (cause, failure) = match appended.await {
            Ok(Ok(())) => return left_out.outcome(),
            Ok(Err(Failure::Io(error))) => (Cause::Io(error.kind()), Failure::Io(error)),
            Ok(Err(failure)) => (Cause::Io(io::ErrorKind::InvalidInput), failure),
            Err(_) => (Cause::Timeout, Failure::Locked),
        };
        Outcome::retry(cause, format!("file {}: {failure}", shared.path.display()))
    }

    /// Closes the file. Every record accepted so far is the kernel's already. The file stays the active one: whoever
    /// opens it next goes on with it.
    pub async fn close(&self) -> Outcome {
        *self.shared.file.lock().await = Kept::default();
        Outcome::Accepted
    }
}

impl Shared {
    /// What is appended for a batch, and what of it has no place there.
    fn record(&self, batch: &Batch) -> Result<(Record, LeftOut), Outcome> {
        match self.format {
            FileFormat::OtlpJson => self.lines.of(batch).map(|(text, left_out)| (Record(text), left_out)),
            FileFormat::OtlpProto => Ok((Record::message(batch), LeftOut::default())),
        }
    }

    /// Takes turns until `work` was done on the file that the path names, under its lock.
    async fn turns(
        &self,
        kept: &mut Option<Active>,
        work: impl Fn(&mut Active) -> Result<Done, Failure>,
    ) -> Result<(), Failure> {
        let mut openings = 0;
        loop {
            match self.turn(kept, &work) {
                Ok(Done::Whole) => return Ok(()),
                // Another process has it for a moment.
                Err(Failure::Locked) => tokio::time::sleep(LOCK_PAUSE).await,
                Ok(Done::Finished) if openings < MOST_OPENINGS => openings += 1,
                Ok(Done::Finished) => return Err(Failure::Contended),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// One turn: open if need be, lock, work, unlock. A file that failed is not kept, the next turn opens it anew.
    fn turn(
        &self,
        kept: &mut Option<Active>,
        work: &impl Fn(&mut Active) -> Result<Done, Failure>,
    ) -> Result<Done, Failure> {
        let mut active = match kept.take() {
            Some(active) if active.is_at(&self.path) => active,
            _ => Active::open(&self.path)?,
        };
        // Any other error is a file system's that has no locks.
        if let Err(Errno::WOULDBLOCK | Errno::INTR) = flock(&active, FlockOperation::NonBlockingLockExclusive)
        {
            *kept = Some(active);
            return Err(Failure::Locked);
        }
        // Between its opening and its lock another process may have finished it.
        let result = if active.is_at(&self.path) { work(&mut active) } else { Ok(Done::Finished) };
        // Explicitly: a child made in other ways than by fork may hold the same description open, and with it the lock.
        let _ = flock(&active, FlockOperation::Unlock);
        if let Ok(Done::Whole) = result {
            *kept = Some(active);
        }
        result
    }

    /// Appends a record, or finishes the file first when the record must not go into it.
    fn append(&self, active: &mut Active, record: &Record) -> Result<Done, Failure> {
        if !active.is_regular() {
            record.write(active)?;
            return Ok(Done::Whole);
        }
        let end = active.mend(self.format)?;
        if self.rotate.is_due(end, record.bytes(), active.age()) {
            rotation::finish(&self.path, self.rotate.keep)?;
            return Ok(Done::Finished);
        }
        active.append(end, record)?;
        Ok(Done::Whole)
    }

    /// Sees to it that the file is finished when it has become old, whether or not there is more to write by then.
    fn set_timer(self: &Arc<Self>, kept: &mut Kept) {
        let (Some(most), Some(active)) = (self.rotate.max_age, &kept.active) else {
            return;
        };
        if !active.is_regular() || kept.timer.as_ref().is_some_and(|timer| !timer.is_finished()) {
            return;
        }
        // Not before: ages are whole milliseconds or finer, timers are not.
        let left = most.saturating_sub(active.age()) + Duration::from_millis(2);
        let shared = Arc::downgrade(self);
        kept.timer = Some(tokio::spawn(finish_after(shared, left)).abort_handle());
    }

    /// Finishes the file when it is old and has something in it.
    fn finish_old(&self, active: &mut Active) -> Result<Done, Failure> {
        let end = active.mend(self.format)?;
        if self.rotate.is_due(end, 0, active.age()) {
            rotation::finish(&self.path, self.rotate.keep)?;
        }
        Ok(Done::Whole)
    }
}

/// The timer of a file. A failure is left to the next batch, which meets it again and says so.
async fn finish_after(shared: Weak<Shared>, mut left: Duration) {
    loop {
        tokio::time::sleep(left).await;
        let (Some(shared), Some(most)) =
            (shared.upgrade(), shared.upgrade().and_then(|shared| shared.rotate.max_age))
        else {
            return;
        };
        let mut kept = shared.file.lock().await;
        let Some(active) = kept.active.as_ref().filter(|active| active.is_at(&shared.path)) else {
            return;
        };
        // Another file may stand here by now.
        if let Some(more) = most.checked_sub(active.age()).filter(|more| !more.is_zero()) {
            left = more + Duration::from_millis(2);
            continue;
        }
        let _ = shared.turns(&mut kept.active, |active| shared.finish_old(active)).await;
        return;
    }
}

/// What a turn has come to.
enum Done {
    Whole,
    /// The file was finished, by this turn or by another process: there is a new one to open.
    Finished,
}

#[cfg(test)]
mod tests;
