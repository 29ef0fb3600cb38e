//! Where segments come from: a bounded pool of heap regions, recycled so that steady recording allocates nothing. A
//! store that maps files gives out the same writers.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use crate::sys::memory::RegionWriter;

#[derive(Default)]
struct Pool {
    free: Vec<RegionWriter>,
    /// Given back while somebody still read them.
    draining: Vec<RegionWriter>,
    /// Regions that exist, wherever they are.
    allocated: usize,
    /// Raised whenever a region comes back.
    returned: u64,
}

pub(crate) struct HeapStore {
    segment_bytes: usize,
    max_segments: usize,
    pool: Mutex<Pool>,
    freed: Condvar,
}

impl HeapStore {
    /// A store of at most `max_bytes` in segments of `segment_bytes`.
    pub(crate) fn new(segment_bytes: usize, max_bytes: usize) -> Self {
        Self {
            segment_bytes,
            max_segments: max_bytes / segment_bytes.max(1),
            pool: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty segment, unless the bound is reached or memory is not to be had.
    pub(crate) fn acquire(&self) -> Option<RegionWriter> {
        let mut pool = self.pool();
        if let Some(writer) = pool.free.pop() {
            return Some(writer);
        }
        if let Some(at) = pool.draining.iter_mut().position(RegionWriter::reset) {
            return Some(pool.draining.swap_remove(at));
        }
        if pool.allocated >= self.max_segments {
            return None;
        }
        let writer = RegionWriter::new(self.segment_bytes)?;
        pool.allocated += 1;
        Some(writer)
    }

    /// Takes a segment back.
    pub(crate) fn release(&self, mut writer: RegionWriter) {
        let mut pool = self.pool();
        if writer.reset() {
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

    /// Gives the memory of free segments back to the system, all but `keep` of them.
    pub(crate) fn trim(&self, keep: usize) {
        let mut pool = self.pool();
        let surplus = pool.free.len().saturating_sub(keep);
        pool.free.truncate(keep);
        pool.allocated -= surplus;
    }

    /// Bytes of segments that are in use.
    pub(crate) fn bytes_in_use(&self) -> usize {
        let pool = self.pool();
        (pool.allocated - pool.free.len()) * self.segment_bytes
    }

    pub(crate) fn segment_bytes(&self) -> usize {
        self.segment_bytes
    }
}
