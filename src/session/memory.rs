//! Where a session keeps its sums, and what a recovery needs of it: in a slot of a block that outlives the process when
//! there is one, else on the heap. Slots come back when the last thread has let go of their session: until then it may
//! raise a sum.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::slot::{Identity, RootContents, SessionSlot, slot_bytes};
use crate::sys::slots::{BlockSource, Line, Lines, SlotMemory};

/// Slots are asked for this many at a time.
pub(crate) const SLOTS_OF_A_BLOCK: usize = 16;

/// The slots of all sessions.
pub(crate) struct SessionSlots {
    shards: usize,
    memory: BlockSource,
    free: Mutex<Vec<(SlotMemory, Lines)>>,
}

impl SessionSlots {
    /// Slots with so many lines of sums. `memory` is asked for blocks of `SLOTS_OF_A_BLOCK` slots of `slot_bytes`.
    pub(crate) fn new(shards: usize, memory: BlockSource) -> Self {
        Self { shards, memory, free: Mutex::default() }
    }

    fn free(&self) -> MutexGuard<'_, Vec<(SlotMemory, Lines)>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a session: in a slot when there is one.
    pub(crate) fn place(self: &Arc<Self>) -> Place {
        let mut free = self.free();
        if free.is_empty() {
            let bytes = slot_bytes(self.shards);
            if let Some(block) = (self.memory)(SLOTS_OF_A_BLOCK * bytes) {
                free.extend(block.cut(bytes, self.shards));
                // The first slot of the file is used first.
                free.reverse();
            }
        }
        let Some((memory, lines)) = free.pop() else { return Place::on_heap(self.shards) };
        for sum in lines.all().iter().flat_map(|line| &line.0) {
            sum.store(0, Ordering::Relaxed);
        }
        let slot = Mutex::new(Some(SessionSlot::new(memory)));
        Place { lines, slot, home: Some(Arc::clone(self)) }
    }
}

/// Where one session keeps what it does.
pub(crate) struct Place {
    lines: Lines,
    slot: Mutex<Option<SessionSlot>>,
    home: Option<Arc<SessionSlots>>,
}

impl Place {
    /// A place that is lost with the process.
    pub(crate) fn on_heap(shards: usize) -> Self {
        Self { lines: Lines::on_heap(shards.max(1)), slot: Mutex::default(), home: None }
    }

    /// A line of sums for each shard.
    #[inline(always)]
    pub(crate) fn lines(&self) -> &[Line] {
        self.lines.all()
    }

    fn slot(&self) -> MutexGuard<'_, Option<SessionSlot>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the slot, if there is one, unless the session has ended meanwhile.
    pub(crate) fn open(
        &self,
        handle: u64,
        identity: &Identity<'_>,
        root: &RootContents<'_>,
        has_ended: impl FnOnce() -> bool,
    ) {
        if let Some(slot) = &mut *self.slot()
            && !has_ended()
        {
            slot.open(handle, identity, root);
        }
    }

    /// Keeps what is known of the root span now.
    pub(crate) fn write_root(&self, root: &RootContents<'_>) {
        if let Some(slot) = &mut *self.slot() {
            slot.write_root(root);
        }
    }

    /// Says which frame the root span is about to be.
    pub(crate) fn set_finishing(&self, shard: usize, sequence: u64) {
        if let Some(slot) = &*self.slot() {
            slot.set_finishing(shard, sequence);
        }
    }

    /// The session has ended: a recovery need not know of it any more.
    pub(crate) fn clear(&self) {
        if let Some(slot) = &*self.slot() {
            slot.clear();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let slot = self.slot.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(home), Some(slot)) = (&self.home, slot) {
            slot.clear();
            let lines = std::mem::replace(&mut self.lines, Lines::on_heap(0));
            home.free().push((slot.into_memory(), lines));
        }
    }
}
