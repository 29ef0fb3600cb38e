//! The table of events in flight: gives out slots, checks handles, lists what is there. A slot has a lock of its own;
//! the table's lock is held only to take or give back a number.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use super::slot::{Slot, SlotState};
use super::watch::Watched;
use crate::handle::{Handle, HandleError, HandleKind, MOST_SLOTS};
use crate::session::Session;

/// Slots are allocated this many at a time.
const CHUNK_SLOTS: usize = 64;
/// How often somebody who must not wait tries a lock. An update holds it for less than a microsecond.
const MOST_TRIES: usize = 100;

struct Entry {
    generation: u64,
    /// The slot's memory is made when it is first used.
    slot: Option<Slot>,
    session: Option<Arc<Session>>,
    watched: Watched,
}

type Chunk = Box<[Mutex<Entry>]>;

#[derive(Default)]
struct Numbers {
    free: Vec<usize>,
    used: usize,
    live: usize,
}

pub(crate) struct LiveTable {
    epoch: u64,
    most: usize,
    chunks: Box<[OnceLock<Chunk>]>,
    numbers: Mutex<Numbers>,
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
    /// A table for at most `most` events; handles carry `epoch`.
    pub(crate) fn new(epoch: u64, most: usize) -> Self {
        let most = most.min(MOST_SLOTS);
        let chunks = std::iter::repeat_with(OnceLock::new).take(most.div_ceil(CHUNK_SLOTS)).collect();
        Self { epoch, most, chunks, numbers: Mutex::default() }
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, slot: usize) -> Option<MutexGuard<'_, Entry>> {
        let chunk = self.chunks.get(slot / CHUNK_SLOTS)?.get()?;
        Some(chunk.get(slot % CHUNK_SLOTS)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts an event: `fill` writes its slot. Returns its handle, or `None` when as many are in flight as can be.
    pub(crate) fn insert(
        &self,
        session: Arc<Session>,
        session_handle: u64,
        fill: impl FnOnce(&mut Slot),
    ) -> Option<u64> {
        let number = {
            let mut numbers = self.numbers();
            let number = match numbers.free.pop() {
                Some(number) => number,
                None if numbers.used < self.most => {
                    numbers.used += 1;
                    numbers.used - 1
                }
                None => return None,
            };
            numbers.live += 1;
            number
        };
        self.chunks.get(number / CHUNK_SLOTS)?.get_or_init(|| {
            let entry = || {
                Mutex::new(Entry { generation: 0, slot: None, session: None, watched: Watched::default() })
            };
            std::iter::repeat_with(entry).take(CHUNK_SLOTS).collect()
        });
        let mut entry = self.entry(number)?;
        let generation = Handle::next_generation(entry.generation);
        let handle = Handle { kind: HandleKind::Event, epoch: self.epoch, generation, slot: number }.number();
        let entry = &mut *entry;
        entry.generation = generation;
        entry.session = Some(session);
        let slot = entry.slot.get_or_insert_with(Slot::new);
        fill(slot);
        slot.set_state(SlotState::Live, handle, session_handle);
        entry.watched = Watched::new(slot.version());
        Some(handle)
    }

    /// The event that a handle names, locked.
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

    /// Frees the slot of an event that has been recorded.
    pub(crate) fn free(&self, mut event: LiveEvent<'_>, handle: u64) {
        let entry = &mut *event.entry;
        if let Some(slot) = &mut entry.slot {
            slot.clear();
        }
        entry.session = None;
        drop(event);
        if let Ok(parsed) = Handle::parse(handle, HandleKind::Event, self.epoch) {
            let mut numbers = self.numbers();
            numbers.live -= 1;
            numbers.free.push(parsed.slot);
        }
    }

    /// How many are in flight.
    pub(crate) fn live(&self) -> usize {
        self.numbers().live
    }

    /// How many slots have ever been in use at once: events are in these.
    pub(crate) fn used(&self) -> usize {
        self.numbers().used
    }

    /// The event in a slot, locked; nothing when there is none, or when it is being worked on for longer than a moment.
    pub(crate) fn try_at(&self, number: usize) -> Option<LiveEvent<'_>> {
        let entry = self.chunks.get(number / CHUNK_SLOTS)?.get()?.get(number % CHUNK_SLOTS)?;
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
        let used = self.numbers().used;
        for number in 0..used {
            if let Some(entry) = self.entry(number)
                && let Some(slot) = entry.slot.as_ref().filter(|slot| slot.is_live())
            {
                look(slot);
            }
        }
    }

    /// The handles of a session's events in flight.
    pub(crate) fn of_session(&self, session: u64) -> Vec<u64> {
        if self.live() == 0 {
            return Vec::new();
        }
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
