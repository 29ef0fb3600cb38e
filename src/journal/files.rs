//! The files that segments of a durable journal stand in: made with all their space allocated, given a header for every
//! use, removed when they are needed no more; and those of the slots of what is in flight. Knows one directory, that of this
//! process.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::budget::FileBudget;
use super::segment::{SegmentHeader, header_bytes};
use crate::otlp::request::RequestHeader;
use crate::sys::directory::{Directory, file_bytes, is_refusal, read_at};
use crate::sys::memory::RegionWriter;
use crate::sys::slots::{BlockSource, SlotBlock};

/// How a segment's file is called.
pub(crate) const SEGMENT_SUFFIX: &str = ".segment";

/// A file with a header and no frames, for the resource and scope in it.
pub(crate) const RESOURCE: &str = "resource";

pub(crate) struct SegmentFiles {
    directory: Directory,
    resource: Vec<u8>,
    scope: Vec<u8>,
    header_bytes: usize,
    /// Files are not mapped: the file system may not keep the space that was allocated.
    write_through: bool,
    made: AtomicU64,
    /// Files were made whose names are not on the disk.
    has_new_names: AtomicBool,
    generation: AtomicU64,
}

impl SegmentFiles {
    /// Files in `directory`, for frames that go out under `header`. A file with nothing but a header comes first: before
    /// anything is recorded something may be in flight.
    pub(crate) fn new(directory: Directory, header: &RequestHeader) -> io::Result<Self> {
        let (resource, scope) = header.parts();
        let (resource_bytes, scope_bytes) = (resource.to_vec(), scope.to_vec());
        let first = SegmentHeader {
            generation: 0,
            salt: 0,
            serial: 0,
            shard: 0,
            before: 0,
            resource: resource_bytes,
            scope: scope_bytes,
        };
        directory.write_file(RESOURCE, &first.encode())?;
        Ok(Self {
            write_through: !directory.keeps_allocated_space()?,
            header_bytes: header_bytes(resource, scope),
            resource: resource.to_vec(),
            scope: scope.to_vec(),
            directory,
            made: AtomicU64::new(0),
            has_new_names: AtomicBool::new(true),
            generation: AtomicU64::new(0),
        })
    }

    fn name(number: u64) -> String {
        format!("{number:08}{SEGMENT_SUFFIX}")
    }

    /// Bytes that a segment with `bytes` bytes for frames takes on the disk.
    pub(crate) fn file_bytes(&self, bytes: usize) -> u64 {
        (self.header_bytes + bytes) as u64
    }

    /// Makes a file with room for `bytes` bytes of frames.
    pub(crate) fn create(&self, bytes: usize) -> io::Result<RegionWriter> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = Self::name(number);
        let file = self.directory.create_allocated(&name, self.file_bytes(bytes))?;
        self.has_new_names.store(true, Ordering::Release);
        let made = RegionWriter::in_file(file, self.header_bytes, bytes, self.write_through);
        match made {
            Ok(mut writer) => {
                writer.label = number;
                Ok(writer)
            }
            Err(error) => {
                let _ = self.directory.remove_file(&name);
                Err(error)
            }
        }
    }

    /// Brings the names of files to the disk: without them what is in these is lost with the power.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        if !self.has_new_names.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        self.directory.sync().inspect_err(|_| self.has_new_names.store(true, Ordering::Release))
    }

    /// Gives an empty segment of a shard its header; `before` is the number of the shard's last frame. Answers with what the
    /// checksums of its frames begin with.
    pub(crate) fn begin(
        &self,
        writer: &mut RegionWriter,
        (shard, before): (u32, u64),
        serial: u64,
    ) -> io::Result<u32> {
        let mut salt = [0; 8];
        rustix::rand::getrandom(&mut salt, rustix::rand::GetRandomFlags::empty())?;
        let header = SegmentHeader {
            generation: self.generation.fetch_add(1, Ordering::Relaxed) + 1,
            salt: u64::from_le_bytes(salt),
            serial,
            shard,
            before,
            resource: self.resource.clone(),
            scope: self.scope.clone(),
        };
        writer.set_header(&header.encode())?;
        Ok(header.seal())
    }

    /// Removes the file of a segment that is needed no more.
    pub(crate) fn remove(&self, writer: &RegionWriter) {
        let _ = self.directory.remove_file(&Self::name(writer.label));
    }
}

/// Endings of the names of files with slots of events, and of sessions.
pub(crate) const EVENTS_SUFFIX: &str = ".events";
pub(crate) const SESSIONS_SUFFIX: &str = ".sessions";
/// The most bytes of slots that are read back: as many as there can be events in flight.
const MOST_SLOT_BYTES: u64 = 1 << 30;

/// The files that slots of what is in flight stand in, a block each. Before the directory is there, and where the file
/// system does not keep allocated space, there are none.
pub(crate) struct SlotFiles {
    directory: RwLock<Option<Directory>>,
    budget: Arc<FileBudget>,
    /// Bytes of that which were taken.
    bytes: AtomicU64,
    made: AtomicU64,
    failures: AtomicU64,
}

impl SlotFiles {
    /// No files yet; their bytes will come from `budget`.
    pub(crate) fn new(budget: Arc<FileBudget>) -> Self {
        Self {
            directory: RwLock::default(),
            budget,
            bytes: AtomicU64::new(0),
            made: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// How many files could not be had.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Says where the files are.
    pub(crate) fn set_directory(&self, directory: Directory) {
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Some(directory);
    }

    /// Makes no more files.
    pub(crate) fn let_go(&self) {
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Where blocks of slots come from.
    pub(crate) fn source(self: &Arc<Self>, suffix: &'static str) -> BlockSource {
        let files = Arc::clone(self);
        Box::new(move |bytes| files.block(suffix, bytes))
    }

    /// Takes `bytes`; at most half of what there is, so that what has ended finds room whatever is in flight.
    fn take(&self, bytes: u64) -> bool {
        let taken = |own: u64| own.checked_add(bytes).filter(|sum| *sum <= self.budget.most() / 2);
        if self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_err() {
            return false;
        }
        let is_there = self.budget.take(bytes);
        if !is_there {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_there
    }

    fn block(&self, suffix: &str, bytes: usize) -> Option<SlotBlock> {
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner);
        let directory = directory.as_ref()?;
        if !self.take(bytes as u64) {
            return None;
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("{number:08}{suffix}");
        let block = directory.create_allocated(&name, bytes as u64).and_then(|file| {
            SlotBlock::mapped(file.as_fd(), 0, bytes).inspect_err(|_| {
                let _ = directory.remove_file(&name);
            })
        });
        if block.is_err() {
            self.bytes.fetch_sub(bytes as u64, Ordering::Relaxed);
            self.budget.give_back(bytes as u64);
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        block.ok()
    }
}

/// The slots in the files of a dead process, one behind the other. Files that are refused are passed over; when one
/// cannot be read now, none are: what was in flight is not to be lost for want of a descriptor.
pub(crate) fn read_slots(directory: &Directory, suffix: &str) -> io::Result<Vec<u8>> {
    let mut slots = Vec::new();
    for name in directory.names()?.iter().filter(|name| name.ends_with(suffix)) {
        let file = match directory.open_file(name) {
            Ok(file) => file,
            Err(error) if is_refusal(&error) => continue,
            Err(error) => return Err(error),
        };
        let bytes = file_bytes(&file)?;
        if bytes > MOST_SLOT_BYTES.saturating_sub(slots.len() as u64) {
            continue;
        }
        let before = slots.len();
        slots.resize(before + usize::try_from(bytes).unwrap_or(0), 0);
        let read = read_at(&file, slots.get_mut(before..).unwrap_or_default(), 0)?;
        slots.truncate(before + read);
    }
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_take_their_bytes_from_what_files_may_take_and_at_most_half_of_it() {
        let path = tempfile::tempdir().unwrap();
        let budget = Arc::new(FileBudget::new(10 * 4096));
        let slots = Arc::new(SlotFiles::new(Arc::clone(&budget)));
        let block = slots.source(EVENTS_SUFFIX);
        assert!(block(4096).is_none(), "there is no directory yet");
        slots.set_directory(Directory::open_base(path.path()).unwrap());
        assert!(block(3 * 4096).is_some() && block(3 * 4096).is_none() && block(2 * 4096).is_some());
        assert!(budget.take(5 * 4096) && !budget.take(1), "what slots have others have not");
        budget.give_back(5 * 4096);
        assert_eq!(slots.failures(), 0);
        // A file that cannot be made gives its bytes back.
        let broken = Arc::new(SlotFiles::new(Arc::clone(&budget)));
        broken.set_directory(Directory::open_base(path.path()).unwrap());
        assert!(broken.source(EVENTS_SUFFIX)(4096).is_none());
        assert_eq!(broken.failures(), 1);
        assert!(budget.take(5 * 4096));
    }
}
