//! The journal: where accepted records are until every exporter is done with them. Recording threads append frames
//! (`frame`) to the active segment of their shard (`shard`), under a lock that nobody holds across I/O; the worker reads
//! committed frames without it and moves each lane's `cursor`. Segments come from a bounded store (`store`) and go back
//! when every cursor is past them. What happens when none is left is decided here; what is counted is in `accounting`.

pub(crate) mod accounting;
pub(crate) mod budget;
pub(crate) mod cursor;
pub(crate) mod cursor_file;
pub(crate) mod files;
pub(crate) mod frame;
pub(crate) mod incarnation;
pub(crate) mod recovery;
pub(crate) mod segment;
mod shard;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use self::accounting::{Drop, LaneCounters, Omission, Refusal, Repairs, SignalCounters};
use self::cursor::{Fate, LaneId, Position, Settlement};
use self::cursor_file::{CursorFile, LaneName};
use self::files::SegmentFiles;
use self::frame::{FrameHeader, frame_size};
use self::shard::{Fault, ShardState};
pub(crate) use self::shard::{Origin, Unread};
use self::store::{SegmentStore, StoreHealth};
use crate::otlp::Signal;
use crate::otlp::wire::WriteError;
use crate::sys::failpoint;
use crate::sys::memory::RegionWriter;

/// What to do when no segment is left and no exporter is ahead of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverflowPolicy {
    /// Refuse the caller.
    DropNewest,
    /// Give up the oldest segment, for every exporter.
    DropOldest,
    /// Let the caller wait this long, then refuse it.
    Block(Duration),
}

/// The measures of a journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JournalSettings {
    pub(crate) shards: usize,
    pub(crate) segment_bytes: usize,
    pub(crate) max_bytes: usize,
    pub(crate) overflow: OverflowPolicy,
}

/// What is appended, but for its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) signal: Signal,
    pub(crate) kind: u8,
    pub(crate) flags: u16,
    pub(crate) origin: Origin,
    pub(crate) repairs: Repairs,
}

/// Why nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppendError {
    /// The payload could not be written as it is; nothing was counted.
    Write(WriteError),
    /// No room, and the policy refuses; counted.
    Full,
    /// The journal is closed; counted.
    Closed,
}

/// Shards live on cache lines of their own (two lines: the adjacent-line prefetcher pulls pairs).
#[repr(align(128))]
struct Shard {
    state: Mutex<ShardState>,
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, ShardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes whoever exports, once per filled segment.
pub(crate) type Wake = Box<dyn Fn() + Send + Sync>;

/// Told where everything before is settled, by whoever settles.
pub(crate) type OnSettled = Box<dyn Fn(Position) + Send + Sync>;

pub(crate) struct Journal {
    shards: Box<[Shard]>,
    store: SegmentStore,
    overflow: OverflowPolicy,
    /// Where cursors outlive the process; not there before the directory is, and not any more after the end.
    cursor_file: RwLock<Option<CursorFile>>,
    /// The lanes as that file names them.
    lane_names: Mutex<Vec<(LaneId, LaneName)>>,
    /// Told of every settlement: where everything before is settled now.
    on_settled: OnceLock<OnSettled>,
    /// Every append waits until it is on the disk.
    sync_always: bool,
    /// Held by whoever brings everything to the disk.
    syncing: Mutex<()>,
    max_bytes: usize,
    serial: AtomicU64,
    wake: Wake,
    progress: Mutex<u64>,
    progressed: Condvar,
}

impl Journal {
    /// A journal in memory.
    pub(crate) fn new(settings: JournalSettings, wake: Wake) -> Self {
        let store = SegmentStore::in_memory(settings.segment_bytes, settings.max_bytes);
        Self::in_store(settings, store, false, wake)
    }

    /// A journal whose segments come from `store`. With `sync_always` every append waits until it is on the disk.
    pub(crate) fn in_store(
        settings: JournalSettings,
        store: SegmentStore,
        sync_always: bool,
        wake: Wake,
    ) -> Self {
        let shard = |index| Shard { state: Mutex::new(ShardState::new(index)) };
        Self {
            shards: (0..settings.shards.max(1)).map(shard).collect(),
            store,
            overflow: settings.overflow,
            cursor_file: RwLock::default(),
            lane_names: Mutex::default(),
            on_settled: OnceLock::new(),
            sync_always,
            syncing: Mutex::new(()),
            max_bytes: settings.max_bytes,
            serial: AtomicU64::new(0),
            wake,
            progress: Mutex::new(0),
            progressed: Condvar::new(),
        }
    }

    /// How many shards there are; a thread keeps to one of them.
    pub(crate) fn shard_count(&self) -> usize {
        self.shards.len()
    }

    /// The shard with this number, counted round.
    #[inline]
    fn shard(&self, index: usize) -> Option<&Shard> {
        self.shards.get(index).or_else(|| self.shards.get(index % self.shards.len()))
    }

    /// Appends one record. `write` fills a payload of exactly `payload` bytes and is told the sequence number that the
    /// frame will have in the shard; it runs under the shard's lock and must only copy. Nothing is allocated and no system
    /// call made but when a segment is full.
    #[inline(always)]
    pub(crate) fn append(
        &self,
        shard: usize,
        entry: Entry,
        payload: usize,
        write: impl FnOnce(&mut [u8], u64) -> Result<(), WriteError>,
    ) -> Result<(), AppendError> {
        let Some(shard) = self.shard(shard) else { return Err(AppendError::Closed) };
        let mut state = shard.lock();
        if !state.open || !state.has_room(payload) {
            drop(state);
            state = self.make_room(shard, entry, payload)?;
        }
        let header = FrameHeader { signal: entry.signal, kind: entry.kind, flags: entry.flags, sequence: 0 };
        match state.append(header, payload, write) {
            Ok(()) => {}
            Err(Fault::Write(error)) => return Err(AppendError::Write(error)),
            Err(Fault::File(error)) => {
                if !self.append_elsewhere(&mut state, header, payload, &error) {
                    Self::refuse_in(&mut state, entry, Refusal::QueueFull);
                    return Err(AppendError::Full);
                }
            }
        }
        self.appended(state, entry);
        Ok(())
    }

    /// Appends one record that is made in its place: `write` gets the room that is left, of `most` bytes at most, and gives
    /// how many it took, or nothing when it could not. False, and nothing is counted, when there is no place for it
    /// without more ado or it could not be made: `append` finds out why.
    #[inline(always)]
    pub(crate) fn append_in_place(
        &self,
        shard: usize,
        entry: Entry,
        most: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        let Some(shard) = self.shard(shard) else { return false };
        let mut state = shard.lock();
        let header = FrameHeader { signal: entry.signal, kind: entry.kind, flags: entry.flags, sequence: 0 };
        if !state.open {
            return false;
        }
        let is_done = match state.append_written(header, most, write) {
            Ok(is_done) => is_done,
            Err((payload, Fault::File(error))) => self.append_elsewhere(&mut state, header, payload, &error),
            Err((_, Fault::Write(_))) => false,
        };
        if is_done {
            self.appended(state, entry);
        }
        is_done
    }

    /// Counts a record that was appended, and waits for the disk where that is wanted.
    #[inline(always)]
    fn appended(&self, mut state: MutexGuard<'_, ShardState>, entry: Entry) {
        let counters = state.counters_mut(entry.signal);
        match entry.origin {
            Origin::Caller => {
                counters.offered += 1;
                counters.accepted_caller += 1;
            }
            Origin::Derived | Origin::Expendable => counters.accepted_derived += 1,
        }
        if entry.repairs != Repairs::default() {
            counters.repaired(entry.repairs);
        }
        if self.sync_always {
            let (index, head) = (state.index, state.head());
            drop(state);
            self.wait_synced(index, head);
        }
    }

    /// Appends a record that the active segment's file did not take to another segment: of a file or what stands in for one,
    /// as there is; false when there is none. The lock is held all along, so that the frame keeps its number, which
    /// others may know by now.
    #[cold]
    fn append_elsewhere(
        &self,
        state: &mut ShardState,
        header: FrameHeader,
        payload: usize,
        error: &std::io::Error,
    ) -> bool {
        self.store.failed(error);
        let content = state.untaken(payload);
        while let Some(writer) = self.store.acquire() {
            self.roll_in(state, writer);
            if !state.has_room(payload) {
                continue;
            }
            let appended = state.append(header, payload, |place, _| {
                place.copy_from_slice(&content);
                Ok(())
            });
            match appended {
                Ok(()) => return true,
                Err(Fault::Write(_)) => return false,
                Err(Fault::File(error)) => self.store.failed(&error),
            }
        }
        false
    }

    /// Waits until everything of a shard before `position` is on the disk. Whoever comes first does it for all who have
    /// come by then.
    #[cold]
    fn wait_synced(&self, shard: usize, position: Position) {
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

    /// Comes back with the shard locked and room in it, or counts the refusal.
    #[cold]
    fn make_room<'s>(
        &self,
        shard: &'s Shard,
        entry: Entry,
        payload: usize,
    ) -> Result<MutexGuard<'s, ShardState>, AppendError> {
        let fits_a_segment = frame_size(payload) <= self.store.segment_bytes();
        let gives_way = entry.origin == Origin::Expendable;
        let deadline = match self.overflow {
            OverflowPolicy::Block(wait) => Instant::now().checked_add(wait),
            _ => None,
        };
        loop {
            let seen = self.store.returned();
            let mut state = shard.lock();
            if !state.open {
                Self::refuse_in(&mut state, entry, Refusal::ShutDown);
                return Err(AppendError::Closed);
            }
            if state.has_room(payload) {
                return Ok(state);
            }
            // What is settled by now comes back first: a segment used a moment ago is still in the cache.
            self.release_in(&mut state);
            // Half of the queue is out of reach for what gives way: it must not crowd out what was accepted.
            let may_grow = fits_a_segment && !(gives_way && self.store.bytes_in_use() > self.max_bytes / 2);
            if may_grow && let Some(writer) = self.store.acquire() {
                self.roll_in(&mut state, writer);
                drop(state);
                // The others go on while the worker is told; room may be gone again by then.
                (self.wake)();
                continue;
            }
            drop(state);
            if fits_a_segment && (self.release_settled() || !gives_way && self.advance_laggards()) {
                continue;
            }
            let freed = fits_a_segment
                && !gives_way
                && match self.overflow {
                    OverflowPolicy::DropNewest => false,
                    OverflowPolicy::DropOldest => self.drop_oldest(),
                    OverflowPolicy::Block(_) => {
                        (self.wake)();
                        deadline.is_some_and(|deadline| self.store.wait_returned(seen, deadline))
                    }
                };
            if !freed {
                Self::refuse_in(&mut shard.lock(), entry, Refusal::QueueFull);
                return Err(AppendError::Full);
            }
        }
    }

    /// Goes on in an empty segment, unless its file takes no header.
    fn roll_in(&self, state: &mut ShardState, mut writer: RegionWriter) {
        let serial = self.fresh_serial();
        match self.store.begin(&mut writer, (state.index, state.sequence()), serial) {
            Ok(seal) => {
                failpoint::pass("roll");
                state.roll(writer, serial, seal);
            }
            Err(_) => self.store.discard(writer),
        }
    }

    fn refuse_in(state: &mut ShardState, entry: Entry, reason: Refusal) {
        // A derived record was not offered by anybody, so no counter of offers has a place for it: whoever derived it
        // says so in the diagnostics.
        if entry.origin == Origin::Caller {
            state.counters_mut(entry.signal).refuse(reason);
        }
    }

    /// Counts a call that was refused before it came to an append.
    pub(crate) fn refuse(&self, shard: usize, signal: Signal, reason: Refusal) {
        if let Some(shard) = self.shard(shard) {
            shard.lock().counters_mut(signal).refuse(reason);
        }
    }

    /// Counts what was set right in something that is not a record yet.
    pub(crate) fn count_repairs(&self, shard: usize, signal: Signal, repairs: Repairs) {
        if repairs != Repairs::default()
            && let Some(shard) = self.shard(shard)
        {
            shard.lock().counters_mut(signal).repaired(repairs);
        }
    }

    /// Counts a record that is left out on purpose; false when the journal is closed (then counted as refused).
    pub(crate) fn leave_out(&self, shard: usize, signal: Signal, why: Omission) -> bool {
        let Some(shard) = self.shard(shard) else { return false };
        let mut state = shard.lock();
        let open = state.open;
        let counters = state.counters_mut(signal);
        if open {
            counters.offered += 1;
            match why {
                Omission::Unsampled => counters.head_unsampled += 1,
                Omission::Filtered => counters.filtered += 1,
            }
        } else {
            counters.refuse(Refusal::ShutDown);
        }
        open
    }

    /// Recycles every segment that all cursors are past; true when one came free.
    pub(crate) fn release_settled(&self) -> bool {
        let mut released = false;
        for shard in &self.shards {
            released |= self.release_in(&mut shard.lock());
        }
        released
    }

    /// Shards in the order of their oldest sealed segments.
    fn oldest_first(&self) -> Vec<(u64, &Shard)> {
        let mut oldest: Vec<_> =
            self.shards.iter().filter_map(|shard| Some((shard.lock().oldest_sealed()?, shard))).collect();
        oldest.sort_by_key(|(serial, _)| *serial);
        oldest
    }

    /// The lag rule: exporters that hold the oldest segment while another of their signal is past it lose it.
    fn advance_laggards(&self) -> bool {
        self.oldest_first().into_iter().any(|(serial, shard)| {
            let mut state = shard.lock();
            let lagging = state.oldest_sealed() == Some(serial) && state.only_laggards_hold_oldest();
            lagging && self.give_up_oldest(&mut state, Drop::Lag)
        })
    }

    fn drop_oldest(&self) -> bool {
        self.oldest_first().into_iter().any(|(serial, shard)| {
            let mut state = shard.lock();
            state.oldest_sealed() == Some(serial) && self.give_up_oldest(&mut state, Drop::Overflow)
        })
    }

    fn give_up_oldest(&self, state: &mut ShardState, reason: Drop) -> bool {
        state.advance_past_oldest(reason);
        self.release_in(state)
    }

    fn fresh_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Recycles what a shard has settled; true when a segment came free.
    fn release_in(&self, state: &mut ShardState) -> bool {
        let mut released = false;
        let (index, sequence) = (state.index, state.sequence());
        state.release(
            |lane, settled| {
                if let Some(cursors) = &*self.cursors() {
                    cursors.set(lane, index, settled);
                }
            },
            |writer| {
                let serial = self.fresh_serial();
                self.store.begin(writer, (index, sequence), serial).ok().map(|seal| (serial, seal))
            },
            |writer| {
                self.store.release(writer);
                released = true;
            },
        );
        released
    }

    /// Adds a lane that gets what is appended from now on.
    pub(crate) fn attach(&self, lane: LaneId, signal: Signal) {
        for shard in &self.shards {
            shard.lock().attach(lane, signal);
        }
    }

    /// The same for a lane that is known by its exporter's name after the process's end.
    pub(crate) fn attach_named(&self, lane: LaneId, exporter: &str, signal: Signal) {
        let name = LaneName::new(exporter, signal);
        if let Some(cursors) = &*self.cursors() {
            cursors.set_lane(lane, &name);
        }
        self.lane_names.lock().unwrap_or_else(PoisonError::into_inner).push((lane, name));
        for shard in &self.shards {
            let mut state = shard.lock();
            state.attach(lane, signal);
            self.set_cursor(lane, state.index, state.head());
        }
        // What is in flight when the process dies goes to it too.
        self.set_cursor(lane, self.shards.len(), Position::default());
    }

    /// Removes a lane: segments are not kept for it any more, and what it has not settled is given up for this reason.
    /// Whoever takes the journal over knows that nothing in it is for this lane. Gives its last counters.
    pub(crate) fn detach(&self, lane: LaneId, reason: Drop) -> LaneCounters {
        let mut sum = LaneCounters::default();
        for shard in &self.shards {
            let mut state = shard.lock();
            sum += &state.detach(lane, reason);
            self.set_cursor(lane, state.index, Position::END);
            self.release_in(&mut state);
        }
        self.set_cursor(lane, self.shards.len(), Position::END);
        self.lane_names.lock().unwrap_or_else(PoisonError::into_inner).retain(|(named, _)| *named != lane);
        self.announce_progress();
        sum
    }

    fn set_cursor(&self, lane: LaneId, shard: usize, position: Position) {
        if let Some(cursors) = &*self.cursors() {
            cursors.set(lane, shard, position);
        }
    }

    fn cursors(&self) -> RwLockReadGuard<'_, Option<CursorFile>> {
        self.cursor_file.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on in files from here.
    pub(crate) fn set_files(&self, files: SegmentFiles, cursors: CursorFile) {
        for (lane, name) in self.lane_names.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            cursors.set_lane(*lane, name);
        }
        *self.cursor_file.write().unwrap_or_else(PoisonError::into_inner) = Some(cursors);
        self.store.set_files(files);
    }

    /// How many frames a lane has not read, in all shards.
    pub(crate) fn unread(&self, lane: LaneId) -> u64 {
        self.shards.iter().map(|shard| shard.lock().unread(lane)).sum()
    }

    /// Where a lane reads next in a shard.
    pub(crate) fn next_unread(&self, shard: usize, lane: LaneId) -> Option<Unread> {
        self.shards.get(shard)?.lock().next_unread(lane)
    }

    /// A batch takes what was read; false when it was given up meanwhile and the batch must let it go.
    pub(crate) fn take(
        &self,
        shard: usize,
        lane: LaneId,
        from: Position,
        end: Position,
        batch: u64,
        frames: u64,
    ) -> bool {
        self.take_as(shard, lane, (from, end), Fate::Batch(batch), frames)
    }

    /// The same with any fate.
    pub(crate) fn take_as(
        &self,
        shard: usize,
        lane: LaneId,
        (from, end): (Position, Position),
        fate: Fate,
        frames: u64,
    ) -> bool {
        self.shards.get(shard).is_some_and(|shard| shard.lock().take(lane, from, end, fate, frames))
    }

    /// From here on frames stay until they were scanned (`next_unscanned`, `set_scanned`).
    pub(crate) fn begin_scan(&self) {
        self.shards.iter().for_each(|shard| shard.lock().begin_scan());
    }

    /// What is to be scanned next in a shard; nothing when all was.
    pub(crate) fn next_unscanned(&self, shard: usize) -> Option<Unread> {
        self.shards.get(shard)?.lock().next_unscanned()
    }

    /// Everything before `end` was scanned.
    pub(crate) fn set_scanned(&self, shard: usize, end: Position) {
        if let Some(shard) = self.shards.get(shard) {
            shard.lock().set_scanned(end);
        }
    }

    /// Where the first frames of a lane stand that wait for a session's decision, and up to where.
    pub(crate) fn next_held(&self, shard: usize, lane: LaneId, session: u64) -> Option<(Unread, Position)> {
        self.shards.get(shard)?.lock().next_held(lane, session)
    }

    /// A batch takes frames that waited; false when they do not wait any more and the batch must let them go.
    pub(crate) fn take_held(
        &self,
        shard: usize,
        lane: LaneId,
        session: u64,
        place: (Position, Position),
        (batch, frames): (u64, u64),
    ) -> bool {
        self.shards.get(shard).is_some_and(|shard| {
            shard
                .lock()
                .cursor_mut(lane)
                .is_some_and(|cursor| cursor.take_held(session, place, batch, frames))
        })
    }

    /// Leaves out what waits for a session's decision, and recycles what nobody needs any more.
    pub(crate) fn leave_out_held(&self, lane: LaneId, session: u64) {
        for shard in &self.shards {
            let mut state = shard.lock();
            if let Some(cursor) = state.cursor_mut(lane) {
                cursor.leave_out_held(session);
                self.release_in(&mut state);
            }
        }
    }

    /// Before here every lane has settled everything of a shard.
    pub(crate) fn settled_by_all(&self, shard: usize) -> Position {
        self.shards.get(shard).map_or(Position::END, |shard| shard.lock().settled_by_all())
    }

    /// A batch's share of a shard has ended; segments that nobody needs any more are recycled.
    pub(crate) fn settle(&self, shard: usize, lane: LaneId, batch: u64, settlement: Settlement) {
        if let Some(shard) = self.shards.get(shard) {
            let mut state = shard.lock();
            state.settle(lane, batch, settlement);
            self.release_in(&mut state);
            let settled = state.settled(lane);
            drop(state);
            if let Some(tell) = self.on_settled.get() {
                tell(settled);
            }
        }
    }

    /// Has `tell` told of every settlement; for a journal of one shard and lane.
    pub(crate) fn tell_settled(&self, tell: OnSettled) {
        // The first one stays.
        let _ = self.on_settled.set(tell);
    }

    /// Counts frames that are sent again.
    pub(crate) fn resent(&self, shard: usize, lane: LaneId, frames: u64) {
        if let Some(shard) = self.shards.get(shard)
            && let Some(cursor) = shard.lock().cursor_mut(lane)
        {
            cursor.resent(frames);
        }
    }

    /// Tells whoever waits in `wait_progress` that something was settled.
    pub(crate) fn announce_progress(&self) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.progressed.notify_all();
    }

    /// Waits until `done` says so, looking again after each announcement; false at the deadline.
    pub(crate) fn wait_progress(&self, deadline: Instant, done: impl Fn() -> bool) -> bool {
        loop {
            let seen = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            if done() {
                return true;
            }
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            while *progress == seen {
                let Some(left) =
                    deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
                else {
                    return false;
                };
                progress =
                    self.progressed.wait_timeout(progress, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Where every shard's head is now: the target of a flush.
    pub(crate) fn heads(&self) -> Vec<Position> {
        self.shards.iter().map(|shard| shard.lock().head()).collect()
    }

    /// Where the head of one shard is now.
    pub(crate) fn head_of(&self, shard: usize) -> Position {
        self.shards.get(shard).map(|shard| shard.lock().head()).unwrap_or_default()
    }

    /// Before where a lane has settled everything in a shard.
    pub(crate) fn settled_by(&self, shard: usize, lane: LaneId) -> Position {
        self.shards.get(shard).map(|shard| shard.lock().settled(lane)).unwrap_or_default()
    }

    /// Whether a lane has settled everything before these heads.
    pub(crate) fn has_settled(&self, lane: LaneId, heads: &[Position]) -> bool {
        self.shards.iter().zip(heads).all(|(shard, head)| shard.lock().has_settled(lane, *head))
    }

    /// Whether appends are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.shards.iter().all(|shard| !shard.lock().open)
    }

    /// Refuses every append from now on.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            shard.lock().open = false;
        }
    }

    /// Lets everything go but the counters, when all that there was is settled: whoever keeps the counters keeps neither
    /// memory nor files.
    pub(crate) fn let_go(&self) {
        self.close();
        let segments: Vec<_> =
            self.shards.iter().flat_map(|shard| shard.lock().take_segments().collect::<Vec<_>>()).collect();
        self.store.close(segments);
        *self.cursor_file.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Frees memory that an idle journal has no use for.
    pub(crate) fn trim(&self, keep_segments: usize) {
        self.store.trim(keep_segments);
    }

    /// Bytes of segments in use.
    pub(crate) fn bytes_in_use(&self) -> usize {
        self.store.bytes_in_use()
    }

    /// One exact cut: all shards are locked, then read.
    fn cut<T>(&self, mut read: impl FnMut(&ShardState) -> T) -> Vec<T> {
        let guards: Vec<_> = self.shards.iter().map(Shard::lock).collect();
        guards.iter().map(|state| read(state)).collect()
    }

    /// The counters of a signal.
    pub(crate) fn signal_counters(&self, signal: Signal) -> SignalCounters {
        let mut sum = SignalCounters::default();
        self.cut(|state| state.counters.get(signal.index()).copied().unwrap_or_default())
            .iter()
            .for_each(|part| sum += part);
        sum
    }

    /// The counters of a lane.
    pub(crate) fn lane_counters(&self, lane: LaneId) -> LaneCounters {
        let mut sum = LaneCounters::default();
        self.cut(|state| state.lane_counters(lane)).iter().for_each(|part| sum += part);
        sum
    }
}
