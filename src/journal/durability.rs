//! What a journal in files does beside recording: it has segments ready before they are wanted, brings what is committed to
//! the disk, and takes files up when they are there.

use std::sync::{PoisonError, RwLockReadGuard};

use super::Journal;
use super::cursor::Position;
use super::cursor_file::CursorFile;
use super::files::SegmentFiles;
use super::store::StoreHealth;

impl Journal {
    /// Waits until everything of a shard before `position` is on the disk. Whoever comes first does it for all who have
    /// come by then.
    #[cold]
    pub(super) fn wait_synced(&self, shard: usize, position: Position) {
        let _first = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let is_synced = self.shards.get(shard).is_none_or(|shard| shard.lock().synced() >= position);
        if !is_synced {
            self.sync_all();
        }
    }

    /// Brings everything that is committed to the disk; false when there was nothing to do.
    pub(crate) fn sync(&self) -> bool {
        let _only = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        self.sync_all()
    }

    fn sync_all(&self) -> bool {
        let mut did_something = false;
        let mut outcome = Ok(());
        for shard in &self.shards {
            let Some((regions, head)) = shard.lock().unsynced() else { continue };
            did_something = true;
            let names = self.store.sync_names();
            match names.and_then(|()| regions.iter().try_for_each(|region| region.sync())) {
                Ok(()) => shard.lock().set_synced(head),
                Err(error) => outcome = Err(error),
            }
        }
        if did_something && let Some(cursors) = &*self.cursors() {
            outcome = outcome.and(cursors.sync());
        }
        if did_something || outcome.is_err() {
            self.store.synced(outcome);
        }
        did_something
    }

    /// Sees to it that segments are there which nobody has to wait for, and that shards which had to go on in memory take
    /// up files again once there are some.
    pub(crate) fn prepare_segments(&self) {
        self.store.prepare(self.shards.len());
        let is_durable = self.store.health().is_some_and(|health| health.is_durable);
        for shard in self.shards.iter().filter(|_| is_durable) {
            let mut state = shard.lock();
            if state.records_in_memory()
                && let Some(writer) = self.store.acquire()
            {
                if writer.region().is_durable() {
                    self.roll_in(&mut state, writer);
                } else {
                    self.store.release(writer);
                }
            }
        }
    }

    /// Has memory ready for a backlog that grows.
    pub(crate) fn prepare_memory(&self) {
        self.store.prepare_memory();
    }

    /// Notes in the files that the process lives at this moment.
    pub(crate) fn set_last_seen(&self, now: i64) {
        if let Some(cursors) = &*self.cursors() {
            cursors.set_last_seen(now);
        }
    }

    /// How the files fare; `None` for a journal in memory.
    pub(crate) fn store_health(&self) -> Option<StoreHealth> {
        let mut health = self.store.health()?;
        // A file that is there does not make what still goes to memory durable.
        health.is_durable &= self.shards.iter().all(|shard| !shard.lock().records_in_memory());
        Some(health)
    }

    /// Goes on in files from here.
    pub(crate) fn set_files(&self, files: SegmentFiles, cursors: CursorFile) {
        for (lane, name) in self.lane_names.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            cursors.set_lane(*lane, name);
        }
        *self.cursor_file.write().unwrap_or_else(PoisonError::into_inner) = Some(cursors);
        self.store.set_files(files);
    }

    pub(super) fn cursors(&self) -> RwLockReadGuard<'_, Option<CursorFile>> {
        self.cursor_file.read().unwrap_or_else(PoisonError::into_inner)
    }
}
