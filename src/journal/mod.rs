//! The journal: where accepted records are until every exporter is done with them. Recording threads append frames
//! (`frame`) to the active segment of their shard (`shard`), under a lock that nobody holds across I/O; the worker reads
//! committed frames without it and moves each lane's `cursor`. Segments come from a bounded store (`store`) and go back
//! when every cursor is past them. What happens when none is left is decided in `append`; what is counted is in
//! `accounting`.

pub(crate) mod accounting;
mod append;
pub(crate) mod budget;
pub(crate) mod cursor;
pub(crate) mod cursor_file;
mod durability;
pub(crate) mod files;
pub(crate) mod frame;
pub(crate) mod incarnation;
pub(crate) mod recovery;
pub(crate) mod segment;
mod shard;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use self::accounting::{Drop, LaneCounters, SignalCounters};
pub(crate) use self::append::{AppendError, Entry};
use self::cursor::{Fate, LaneId, Position, Settlement};
use self::cursor_file::{CursorFile, LaneName};
use self::shard::ShardState;
pub(crate) use self::shard::{Origin, Scanner, Unread};
use self::store::SegmentStore;
use crate::otlp::Signal;

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

/// Shards live on cache lines of their own (two lines: the adjacent-line prefetcher pulls pairs).
#[repr(align(128))]
struct Shard {
    state: Mutex<ShardState>,
    /// Records of sessions that are not sampled, by signal. They are offered and left out by one step: no lock is needed for
    /// a cut to be exact.
    unsampled: [AtomicU64; 3],
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
    /// Nothing at all is appended any more.
    is_sealed: AtomicBool,
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
        let shard =
            |index| Shard { state: Mutex::new(ShardState::new(index)), unsampled: Default::default() };
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
            is_sealed: AtomicBool::new(false),
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

    /// Recycles every segment that all cursors are past; true when one came free.
    pub(crate) fn release_settled(&self) -> bool {
        let mut released = false;
        for shard in &self.shards {
            released |= self.release_in(&mut shard.lock());
        }
        released
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

    /// Whether there is a lane that gets records of this signal.
    pub(crate) fn has_lane_of(&self, signal: Signal) -> bool {
        self.shards.first().is_some_and(|shard| shard.lock().has_lane_of(signal))
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
    pub(crate) fn begin_scan(&self, scanner: Scanner) {
        self.shards.iter().for_each(|shard| shard.lock().begin_scan(scanner));
    }

    /// What is to be scanned next in a shard; nothing when all was.
    pub(crate) fn next_unscanned(&self, scanner: Scanner, shard: usize) -> Option<Unread> {
        self.shards.get(shard)?.lock().next_unscanned(scanner)
    }

    /// Everything before `end` was scanned.
    pub(crate) fn set_scanned(&self, scanner: Scanner, shard: usize, end: Position) {
        if let Some(shard) = self.shards.get(shard) {
            shard.lock().set_scanned(scanner, end);
        }
    }

    /// Frames that gave way before they were measured.
    pub(crate) fn unmeasured(&self) -> u64 {
        self.shards.iter().map(|shard| shard.lock().unmeasured).sum()
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

    /// Refuses every append from now on, but for a last collection.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            shard.lock().open = false;
        }
    }

    /// Refuses that, too.
    pub(crate) fn seal(&self) {
        self.is_sealed.store(true, Ordering::Release);
    }

    /// Lets everything go but the counters, when all that there was is settled: whoever keeps the counters keeps neither
    /// memory nor files.
    pub(crate) fn let_go(&self) {
        self.close();
        self.seal();
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
    fn cut<T>(&self, mut read: impl FnMut(&Shard, &ShardState) -> T) -> Vec<T> {
        let guards: Vec<_> = self.shards.iter().map(|shard| (shard, shard.lock())).collect();
        guards.iter().map(|(shard, state)| read(shard, state)).collect()
    }

    /// The counters of a signal.
    pub(crate) fn signal_counters(&self, signal: Signal) -> SignalCounters {
        let mut sum = SignalCounters::default();
        let read = |shard: &Shard, state: &ShardState| {
            let mut counters = state.counters.get(signal.index()).copied().unwrap_or_default();
            let unsampled =
                shard.unsampled.get(signal.index()).map_or(0, |count| count.load(Ordering::Relaxed));
            counters.offered += unsampled;
            counters.head_unsampled += unsampled;
            counters
        };
        self.cut(read).iter().for_each(|part| sum += part);
        sum
    }

    /// The counters of a lane.
    pub(crate) fn lane_counters(&self, lane: LaneId) -> LaneCounters {
        let mut sum = LaneCounters::default();
        self.cut(|_, state| state.lane_counters(lane)).iter().for_each(|part| sum += part);
        sum
    }
}
