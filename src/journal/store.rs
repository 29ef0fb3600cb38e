//! Where segments come from: a bounded pool of regions, recycled so that steady recording allocates nothing. They are
//! memory of the process or, with a directory, files (`files`). When a file cannot be had, a segment in memory takes its
//! place for once, or none does, as the configuration says; this is counted, and tried again after a while.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::budget::FileBudget;
use super::files::SegmentFiles;
use crate::sys::memory::RegionWriter;

/// After a file could not be had, the next one is asked for no sooner than this.
const PROBE_AFTER: Duration = Duration::from_secs(1);

/// What takes the place of a file that cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Substitute {
    Memory,
    Nothing,
}

#[derive(Default)]
struct Pool {
    free: Vec<RegionWriter>,
    /// Given back while somebody still read them.
    draining: Vec<RegionWriter>,
    /// Regions that exist, wherever they are: in memory, and in files.
    in_memory: usize,
    in_files: usize,
    /// Raised whenever a region comes back.
    returned: u64,
    failed_at: Option<Instant>,
    last_failure: String,
}

impl Pool {
    /// Whether a file could not be had a moment ago.
    fn has_failed_lately(&self) -> bool {
        self.failed_at.is_some_and(|at| at.elapsed() < PROBE_AFTER)
    }

    /// Takes back what nobody reads any more.
    fn reclaim(&mut self) {
        for mut writer in std::mem::take(&mut self.draining) {
            if writer.reset() { &mut self.free } else { &mut self.draining }.push(writer);
        }
    }

    fn count(&mut self, is_durable: bool) -> &mut usize {
        if is_durable { &mut self.in_files } else { &mut self.in_memory }
    }
}

/// How a durable store fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreHealth {
    /// Whether the last file that was asked for was there.
    pub(crate) is_durable: bool,
    /// Whether files could be brought to the disk the last time.
    pub(crate) is_synced: bool,
    pub(crate) failures: u64,
    pub(crate) last_failure: String,
}

/// With so many segments in use a queue is on its way to more.
const BACKLOG_SEGMENTS: usize = 4;

/// What a store needs to keep segments in files.
struct Durable {
    substitute: Substitute,
    budget: Arc<FileBudget>,
    /// Not there before the directory is, and not any more after the end.
    files: RwLock<Option<Arc<SegmentFiles>>>,
}

pub(crate) struct SegmentStore {
    segment_bytes: usize,
    /// The most segments in memory.
    max_segments: usize,
    durable: Option<Durable>,
    pool: Mutex<Pool>,
    freed: Condvar,
    failing: AtomicBool,
    /// What was written could not be brought to the disk the last time.
    sync_failing: AtomicBool,
    failures: AtomicU64,
}

impl SegmentStore {
    /// A store in memory, of at most `max_bytes` in segments of `segment_bytes`.
    pub(crate) fn in_memory(segment_bytes: usize, max_bytes: usize) -> Self {
        Self {
            segment_bytes,
            max_segments: max_bytes / segment_bytes.max(1),
            durable: None,
            pool: Mutex::default(),
            freed: Condvar::new(),
            failing: AtomicBool::new(false),
            sync_failing: AtomicBool::new(false),
            failures: AtomicU64::new(0),
        }
    }

    /// A store in files, whose bytes come from `budget`; what takes their place when they cannot be had is bounded like
    /// a store in memory.
    pub(crate) fn in_files(
        substitute: Substitute,
        segment_bytes: usize,
        max_bytes: usize,
        budget: Arc<FileBudget>,
    ) -> Self {
        let durable = Durable { substitute, budget, files: RwLock::default() };
        Self {
            durable: Some(durable),
            failing: AtomicBool::new(true),
            ..Self::in_memory(segment_bytes, max_bytes)
        }
    }

    /// Says where the files are.
    pub(crate) fn set_files(&self, files: SegmentFiles) {
        if let Some(durable) = &self.durable {
            *durable.files.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(files));
            self.works_again();
        }
    }

    fn files(&self) -> Option<(&Durable, Arc<SegmentFiles>)> {
        let durable = self.durable.as_ref()?;
        let files = durable.files.read().unwrap_or_else(PoisonError::into_inner);
        Some((durable, Arc::clone(files.as_ref()?)))
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty segment, unless the bound is reached or none is to be had.
    pub(crate) fn acquire(&self) -> Option<RegionWriter> {
        let mut pool = self.pool();
        if pool.free.is_empty() {
            pool.reclaim();
        }
        if let Some(writer) = pool.free.pop() {
            return Some(writer);
        }
        if let Some((durable, files)) = self.files()
            && !pool.has_failed_lately()
        {
            if !durable.budget.take(files.file_bytes(self.segment_bytes)) {
                return None;
            }
            drop(pool);
            if let Some(writer) = self.create(durable, &files) {
                return Some(writer);
            }
            pool = self.pool();
        }
        let refuses = self.durable.as_ref().is_some_and(|durable| durable.substitute == Substitute::Nothing);
        if refuses || pool.in_memory >= self.max_segments {
            return None;
        }
        let writer = RegionWriter::new(self.segment_bytes)?;
        pool.in_memory += 1;
        Some(writer)
    }

    /// Makes a file, whose bytes were taken, and counts it.
    fn create(&self, durable: &Durable, files: &SegmentFiles) -> Option<RegionWriter> {
        match files.create(self.segment_bytes) {
            Ok(writer) => {
                self.works_again();
                self.pool().in_files += 1;
                Some(writer)
            }
            Err(error) => {
                durable.budget.give_back(files.file_bytes(self.segment_bytes));
                self.failed(&error);
                None
            }
        }
    }

    /// Notes that a file has failed.
    pub(crate) fn failed(&self, error: &io::Error) {
        self.failing.store(true, Ordering::Release);
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut pool = self.pool();
        pool.failed_at = Some(Instant::now());
        pool.last_failure = error.to_string();
    }

    /// Notes how it went to bring files to the disk. A failure costs what a loss of power would cost, and no more: the files
    /// themselves go on.
    pub(crate) fn synced(&self, outcome: io::Result<()>) {
        self.sync_failing.store(outcome.is_err(), Ordering::Release);
        if let Err(error) = outcome {
            self.failures.fetch_add(1, Ordering::Relaxed);
            self.pool().last_failure = error.to_string();
        }
    }

    fn works_again(&self) {
        if self.failing.swap(false, Ordering::AcqRel) {
            self.pool().failed_at = None;
        }
    }

    /// Makes an empty segment ready for frames: what their checksums begin with, for one that is durable. When its file
    /// takes no header, nothing; it is of no use then.
    pub(crate) fn begin(
        &self,
        writer: &mut RegionWriter,
        (shard, before): (usize, u64),
        serial: u64,
    ) -> Result<Option<u32>, io::Error> {
        match self.files() {
            Some((_, files)) if writer.region().is_durable() => {
                let shard = u32::try_from(shard).unwrap_or(u32::MAX);
                files.begin(writer, (shard, before), serial).map(Some).inspect_err(|error| self.failed(error))
            }
            _ => Ok(None),
        }
    }

    /// Takes a segment out for good.
    pub(crate) fn discard(&self, writer: RegionWriter) {
        let is_durable = writer.region().is_durable();
        self.remove(&writer);
        drop(writer);
        *self.pool().count(is_durable) -= 1;
    }

    fn remove(&self, writer: &RegionWriter) {
        if let Some((durable, files)) = self.files().filter(|_| writer.region().is_durable()) {
            files.remove(writer);
            durable.budget.give_back(files.file_bytes(self.segment_bytes));
        }
    }

    /// Takes a segment back.
    pub(crate) fn release(&self, mut writer: RegionWriter) {
        let mut pool = self.pool();
        if self.durable.is_some() && !writer.region().is_durable() {
            // It stood in for a file: the next one may be a file again.
            pool.in_memory -= 1;
        } else if writer.reset() {
            pool.free.push(writer);
        } else {
            pool.draining.push(writer);
        }
        pool.returned += 1;
        drop(pool);
        self.freed.notify_all();
    }

    /// A number that grows with every segment that comes back; read it before looking for room.
    pub(crate) fn returned(&self) -> u64 {
        self.pool().returned
    }

    /// Waits until a segment has come back since `seen`, or the deadline; false at the deadline.
    pub(crate) fn wait_returned(&self, seen: u64, deadline: Instant) -> bool {
        let mut pool = self.pool();
        while pool.returned == seen {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            pool = self.freed.wait_timeout(pool, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Brings the names of new files to the disk.
    pub(crate) fn sync_names(&self) -> io::Result<()> {
        self.files().map_or(Ok(()), |(_, files)| files.sync_names())
    }

    /// Sees to it that `spare` segments are there that nobody has to wait for: files are made, and their pages brought
    /// into memory. Where a backlog has left many times more, one goes. Does nothing for a store in memory.
    pub(crate) fn prepare(&self, spare: usize) {
        const MOST_TIMES_SPARE: usize = 4;
        let Some((durable, files)) = self.files() else { return };
        let mut pool = self.pool();
        let has_many = pool.free.len() > spare.saturating_mul(MOST_TIMES_SPARE);
        // The one at the front was used longest ago.
        let surplus = has_many.then(|| pool.free.remove(0));
        drop(pool);
        if let Some(surplus) = surplus {
            self.discard(surplus);
        }
        loop {
            let mut pool = self.pool();
            // One that was read when it came back is as good as a new one.
            pool.reclaim();
            if pool.free.len() >= spare
                || pool.has_failed_lately()
                || !durable.budget.take(files.file_bytes(self.segment_bytes))
            {
                return;
            }
            drop(pool);
            let Some(writer) = self.create(durable, &files) else { return };
            // Behind the others: one that was used a moment ago is still in the cache.
            self.pool().free.insert(0, writer);
        }
    }

    /// Has a segment of memory ready when the next one would have to be made: while a backlog grows, none of those who
    /// record waits for memory that is used for the first time. Does nothing for a store in files.
    pub(crate) fn prepare_memory(&self) {
        let mut pool = self.pool();
        pool.reclaim();
        let is_growing = pool.free.is_empty() && pool.in_memory >= BACKLOG_SEGMENTS;
        if self.durable.is_some() || !is_growing || pool.in_memory >= self.max_segments {
            return;
        }
        pool.in_memory += 1;
        drop(pool);
        let writer = RegionWriter::populated(self.segment_bytes);
        let mut pool = self.pool();
        match writer {
            Some(writer) => pool.free.insert(0, writer),
            None => pool.in_memory -= 1,
        }
    }

    /// Gives what free segments take back to the system, all but `keep` of them.
    pub(crate) fn trim(&self, keep: usize) {
        let mut pool = self.pool();
        pool.reclaim();
        while pool.free.len() > keep {
            if let Some(surplus) = pool.free.pop() {
                self.remove(&surplus);
                *pool.count(surplus.region().is_durable()) -= 1;
            }
        }
    }

    /// Ends it: everything is given back, segments that were in use until now too, and nothing is held open.
    pub(crate) fn close(&self, in_use: Vec<RegionWriter>) {
        let mut pool = self.pool();
        let free = std::mem::take(&mut pool.free);
        let draining = std::mem::take(&mut pool.draining);
        for writer in free.into_iter().chain(draining).chain(in_use) {
            self.remove(&writer);
            *pool.count(writer.region().is_durable()) -= 1;
        }
        drop(pool);
        if let Some(durable) = &self.durable {
            *durable.files.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Bytes of segments that are in use.
    pub(crate) fn bytes_in_use(&self) -> usize {
        let pool = self.pool();
        (pool.in_memory + pool.in_files - pool.free.len()) * self.segment_bytes
    }

    pub(crate) fn segment_bytes(&self) -> usize {
        self.segment_bytes
    }

    /// How the files fare; `None` for a store in memory.
    pub(crate) fn health(&self) -> Option<StoreHealth> {
        self.durable.as_ref().map(|_| StoreHealth {
            is_durable: !self.failing.load(Ordering::Acquire),
            is_synced: !self.sync_failing.load(Ordering::Acquire),
            failures: self.failures.load(Ordering::Relaxed),
            last_failure: self.pool().last_failure.clone(),
        })
    }
}
