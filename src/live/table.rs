//! The table of events in flight: gives out slots, checks handles, lists what is there. A slot has a lock of its own.
//! Which slots are free is a bit of its chunk each, so that taking one and giving it back costs an atomic instruction, and
//! each shard begins its search at a chunk of its own, so that threads do not share these bits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use super::slot::{SLOT_BYTES, Slot, SlotState};
use super::stream::{Stream, StreamMemory};
use super::watch::Watched;
use crate::handle::{Handle, HandleError, HandleKind, MOST_SLOTS};
use crate::session::Session;
use crate::sys::slots::{BlockSource, SlotBlock};

/// Slots are made this many at a time: as many as a word has bits.
const CHUNK_SLOTS: usize = 64;
/// How often somebody who must not wait tries a lock. An update holds it for less than a microsecond.
const MOST_TRIES: usize = 100;

struct Entry {
    generation: u64,
    /// Absent when there was no memory for the chunk.
    slot: Option<Slot>,
    session: Option<Arc<Session>>,
    watched: Watched,
    stream: Option<Box<Stream>>,
}

struct Chunk {
    /// A bit for each slot that is free.
    free: AtomicU64,
    /// The bits of all its slots.
    all: u64,
    entries: Box<[Mutex<Entry>]>,
}

impl Chunk {
    /// A chunk of so many slots, all of them free.
    fn new(slots: usize, block: Option<SlotBlock>) -> Self {
        let mut memory = block.into_iter().flat_map(|block| block.cut(SLOT_BYTES, 0));
        let entry = || {
            let slot = memory.next().map(|(memory, _)| Slot::new(memory));
            Mutex::new(Entry {
                generation: 0,
                slot,
                session: None,
                watched: Watched::default(),
                stream: None,
            })
        };
        let entries: Box<[_]> = std::iter::repeat_with(entry).take(slots.min(CHUNK_SLOTS)).collect();
        let all = u64::MAX.checked_shr((CHUNK_SLOTS - entries.len()) as u32).unwrap_or(0);
        Self { free: AtomicU64::new(all), all, entries }
    }

    /// Takes a free slot.
    #[inline(always)]
    fn take(&self) -> Option<usize> {
        let mut free = self.free.load(Ordering::Relaxed);
        while free != 0 {
            // The lowest one was used before, if any was.
            let rest = free & (free - 1);
            match self.free.compare_exchange_weak(free, rest, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(free.trailing_zeros() as usize),
                Err(now) => free = now,
            }
        }
        None
    }

    #[inline(always)]
    fn give_back(&self, slot: usize) {
        self.free.fetch_or(1 << (slot % CHUNK_SLOTS), Ordering::Release);
    }

    /// The bits of the slots that are in use.
    fn used(&self) -> u64 {
        self.all & !self.free.load(Ordering::Acquire)
    }
}

pub(crate) struct LiveTable {
    epoch: u64,
    most: usize,
    chunks: Box<[OnceLock<Box<Chunk>>]>,
    memory: BlockSource,
    stream_memory: StreamMemory,
}

/// An event in flight, locked.
pub(crate) struct LiveEvent<'t> {
    entry: MutexGuard<'t, Entry>,
}

impl LiveEvent<'_> {
    /// Its session.
    pub(crate) fn session(&self) -> Option<&Arc<Session>> {
        self.entry.session.as_ref()
    }

    pub(crate) fn slot(&self) -> Option<&Slot> {
        self.entry.slot.as_ref()
    }

    pub(crate) fn slot_mut(&mut self) -> Option<&mut Slot> {
        self.entry.slot.as_mut()
    }

    /// What its chunks have said, as far as that is kept.
    pub(crate) fn stream(&self) -> Option<&Stream> {
        self.entry.stream.as_deref()
    }

    /// What the live view knows of it.
    pub(crate) fn watched(&self) -> Watched {
        self.entry.watched
    }

    /// All that the live view looks at.
    pub(crate) fn watch(&mut self) -> Option<(&Slot, &Arc<Session>, &mut Watched)> {
        let Entry { slot, session, watched, .. } = &mut *self.entry;
        Some((slot.as_ref()?, session.as_ref()?, watched))
    }
}

impl LiveTable {
    /// A table for at most `most` events; handles carry `epoch`. `memory` is asked for chunks of `SLOT_BYTES` a slot; an
    /// event whose chunk it does not give is as good as any other, but for a kill.
    pub(crate) fn new(epoch: u64, most: usize, memory: BlockSource) -> Self {
        let most = most.min(MOST_SLOTS);
        let chunks = std::iter::repeat_with(OnceLock::new).take(most.div_ceil(CHUNK_SLOTS)).collect();
        Self { epoch, most, chunks, memory, stream_memory: StreamMemory::new() }
    }

    #[inline(always)]
    fn chunk(&self, slot: usize) -> Option<&Chunk> {
        self.chunks.get(slot / CHUNK_SLOTS)?.get().map(Box::as_ref)
    }

    #[inline(always)]
    fn entry(&self, slot: usize) -> Option<MutexGuard<'_, Entry>> {
        let entry = self.chunk(slot)?.entries.get(slot % CHUNK_SLOTS)?;
        Some(entry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the number of a free slot, looking first where this shard does.
    #[inline(always)]
    fn take(&self, shard: usize) -> Option<usize> {
        let home = if shard < self.chunks.len() { shard } else { shard % self.chunks.len().max(1) };
        match self.chunks.get(home)?.get().and_then(|chunk| chunk.take()) {
            Some(slot) => Some(home * CHUNK_SLOTS + slot),
            None => self.take_anywhere(home),
        }
    }

    #[cold]
    fn take_anywhere(&self, home: usize) -> Option<usize> {
        (home..self.chunks.len()).chain(0..home).find_map(|at| {
            let chunk = self.chunks.get(at)?.get_or_init(|| {
                let slots = (self.most - at * CHUNK_SLOTS).min(CHUNK_SLOTS);
                let bytes = slots * SLOT_BYTES;
                Box::new(Chunk::new(slots, (self.memory)(bytes).or_else(|| SlotBlock::anonymous(bytes))))
            });
            Some(at * CHUNK_SLOTS + chunk.take()?)
        })
    }

    fn give_back(&self, slot: usize) {
        if let Some(chunk) = self.chunk(slot) {
            chunk.give_back(slot);
        }
    }

    /// Starts an event: `fill` writes its slot. Returns its handle, or `None` when as many are in flight as can be.
    #[inline(always)]
    pub(crate) fn insert(
        &self,
        shard: usize,
        session: &Arc<Session>,
        session_handle: u64,
        fill: impl FnOnce(&mut Slot),
    ) -> Option<u64> {
        let number = self.take(shard)?;
        let mut entry = self.entry(number)?;
        let entry = &mut *entry;
        let Some(slot) = &mut entry.slot else {
            self.give_back(number);
            return None;
        };
        let generation = Handle::next_generation(entry.generation);
        let handle = Handle { kind: HandleKind::Event, epoch: self.epoch, generation, slot: number }.number();
        entry.generation = generation;
        entry.session = Some(Arc::clone(session));
        slot.assign(handle, session_handle);
        fill(slot);
        slot.set_state(SlotState::Live);
        entry.watched = Watched::new(slot.version());
        Some(handle)
    }

    /// The event that a handle names, locked.
    #[inline(always)]
    pub(crate) fn get(&self, handle: u64) -> Result<LiveEvent<'_>, HandleError> {
        let parsed = Handle::parse(handle, HandleKind::Event, self.epoch)?;
        let entry = self.entry(parsed.slot).ok_or(HandleError::Invalid)?;
        let is_live = entry.slot.as_ref().is_some_and(Slot::is_live);
        if parsed.generation > entry.generation {
            Err(HandleError::Invalid)
        } else if parsed.generation != entry.generation || !is_live {
            Err(HandleError::Stale)
        } else {
            Ok(LiveEvent { entry })
        }
    }

    /// The stream of an event, to be added to.
    pub(crate) fn stream_of<'e>(&self, event: &'e mut LiveEvent<'_>) -> &'e mut Stream {
        event.entry.stream.get_or_insert_with(|| Box::new(Stream::new(&self.stream_memory)))
    }

    /// Frees the slot of an event that has been recorded.
    #[inline(always)]
    pub(crate) fn free(&self, mut event: LiveEvent<'_>, handle: u64) {
        let entry = &mut *event.entry;
        if let Some(slot) = &mut entry.slot {
            slot.clear();
        }
        let (session, stream) = (entry.session.take(), entry.stream.take());
        drop(event);
        if let Ok(parsed) = Handle::parse(handle, HandleKind::Event, self.epoch) {
            self.give_back(parsed.slot);
        }
        drop((session, stream));
    }

    /// How many are in flight.
    pub(crate) fn live(&self) -> usize {
        self.used().map(|(_, used)| used.count_ones() as usize).sum()
    }

    /// The first slot of each chunk that there is, with the bits of those in use.
    fn used(&self) -> impl Iterator<Item = (usize, u64)> {
        let first_slots = (0..self.chunks.len()).map(|at| at * CHUNK_SLOTS);
        first_slots.filter_map(|first| Some((first, self.chunk(first)?.used())))
    }

    /// A number that is above those of all slots that have been made.
    pub(crate) fn reach(&self) -> usize {
        self.chunks.iter().rposition(|chunk| chunk.get().is_some()).map_or(0, |last| (last + 1) * CHUNK_SLOTS)
    }

    /// The event in a slot, locked; nothing when there is none, or when it is being worked on for longer than a moment.
    pub(crate) fn try_at(&self, number: usize) -> Option<LiveEvent<'_>> {
        let chunk = self.chunks.get(number / CHUNK_SLOTS)?.get()?;
        if chunk.used() >> (number % CHUNK_SLOTS) & 1 == 0 {
            return None;
        }
        let entry = chunk.entries.get(number % CHUNK_SLOTS)?;
        for _ in 0..MOST_TRIES {
            let entry = match entry.try_lock() {
                Ok(entry) => entry,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    std::hint::spin_loop();
                    continue;
                }
            };
            let is_live = entry.slot.as_ref().is_some_and(Slot::is_live);
            return is_live.then_some(LiveEvent { entry });
        }
        None
    }

    /// Looks at every event in flight, one at a time.
    pub(crate) fn for_each(&self, mut look: impl FnMut(&Slot)) {
        for (first, used) in self.used() {
            for number in (0..CHUNK_SLOTS).filter(|bit| used >> bit & 1 != 0).map(|bit| first + bit) {
                if let Some(entry) = self.entry(number)
                    && let Some(slot) = entry.slot.as_ref().filter(|slot| slot.is_live())
                {
                    look(slot);
                }
            }
        }
    }

    /// The handles of a session's events in flight.
    pub(crate) fn of_session(&self, session: u64) -> Vec<u64> {
        let mut events = Vec::new();
        self.for_each(|slot| {
            let (event, owner) = slot.handles();
            if owner == session {
                events.push(event);
            }
        });
        events
    }
}
