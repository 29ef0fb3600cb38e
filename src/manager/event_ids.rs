//! The ids that callers give to events: which were recorded lately, and as which span, so that one that comes again is known.
//! The last so many are kept, by a keyed hash of 128 bits; nothing is allocated after the first.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::data::SpanContext;

/// How many ids are kept.
const KEPT: usize = 4096;
/// Places of the hash table; few of them are taken, so that look-ups are short.
const PLACES: usize = 4 * KEPT;

/// An id that was recorded.
#[derive(Clone, Copy, Default)]
struct Known {
    hash: u128,
    context: SpanContext,
}

/// The last ids, in a ring, and a hash table with linear probing over it.
struct Window {
    ring: Box<[Known]>,
    /// Where the next one goes, and how many there are.
    next: usize,
    count: usize,
    /// Positions in the ring plus one; 0 is free.
    places: Box<[u16]>,
}

fn home(hash: u128) -> usize {
    (hash as usize) % PLACES
}

impl Window {
    fn new() -> Self {
        Self {
            ring: vec![Known::default(); KEPT].into_boxed_slice(),
            next: 0,
            count: 0,
            places: vec![0; PLACES].into_boxed_slice(),
        }
    }

    /// What stands at a place of the table.
    fn at(&self, place: usize) -> Option<&Known> {
        let position = usize::from(*self.places.get(place)?).checked_sub(1)?;
        self.ring.get(position)
    }

    /// The place of a hash, or the free one where it would be.
    fn place_of(&self, hash: u128) -> usize {
        let mut place = home(hash);
        while self.at(place).is_some_and(|known| known.hash != hash) {
            place = (place + 1) % PLACES;
        }
        place
    }

    fn find(&self, hash: u128) -> Option<SpanContext> {
        self.at(self.place_of(hash)).map(|known| known.context)
    }

    fn add(&mut self, hash: u128, context: SpanContext) {
        if self.find(hash).is_some() {
            return;
        }
        if self.count == KEPT {
            let oldest = self.ring.get(self.next).map(|known| known.hash);
            oldest.into_iter().for_each(|hash| self.remove(hash));
        } else {
            self.count += 1;
        }
        let place = self.place_of(hash);
        if let (Some(known), Some(taken)) = (self.ring.get_mut(self.next), self.places.get_mut(place)) {
            *known = Known { hash, context };
            // The ring is shorter than what 16 bits count.
            *taken = u16::try_from(self.next + 1).unwrap_or_default();
        }
        self.next = (self.next + 1) % KEPT;
    }

    /// Frees a hash's place; what was pushed on by it moves back.
    fn remove(&mut self, hash: u128) {
        let mut free = self.place_of(hash);
        let mut place = free;
        loop {
            place = (place + 1) % PLACES;
            let Some(known) = self.at(place) else { break };
            // Whether `free` lies on the way from its home to where it is.
            let from_home = (place + PLACES - home(known.hash)) % PLACES;
            let from_free = (place + PLACES - free) % PLACES;
            if from_free <= from_home {
                self.places.swap(free, place);
                free = place;
            }
        }
        if let Some(place) = self.places.get_mut(free) {
            *place = 0;
        }
    }
}

/// The ids that were recorded lately.
#[derive(Default)]
pub(super) struct EventIds {
    keys: [RandomState; 2],
    window: Mutex<Option<Window>>,
}

impl EventIds {
    fn hash(&self, id: &[u8]) -> u128 {
        let [first, second] = &self.keys;
        u128::from(first.hash_one(id)) << 64 | u128::from(second.hash_one(id))
    }

    fn window(&self) -> MutexGuard<'_, Option<Window>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The span that an id was recorded as, when that was lately.
    pub(super) fn find(&self, id: &[u8]) -> Option<SpanContext> {
        let hash = self.hash(id);
        self.window().as_ref().and_then(|window| window.find(hash))
    }

    /// Notes that an id was recorded.
    pub(super) fn add(&self, id: &[u8], context: SpanContext) {
        let hash = self.hash(id);
        self.window().get_or_insert_with(Window::new).add(hash, context);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn context(number: u64) -> SpanContext {
        SpanContext { trace_id: [1; 16], span_id: number.to_le_bytes(), trace_flags: 1, is_remote: false }
    }

    #[test]
    fn the_last_ones_are_known_and_older_ones_are_not() {
        let ids = EventIds::default();
        assert_eq!(ids.find(b"event 1"), None);
        for number in 1..=10_000u64 {
            ids.add(format!("event {number}").as_bytes(), context(number));
        }
        for number in 1..=10_000u64 {
            let expected = (number > 10_000 - KEPT as u64).then(|| context(number));
            assert_eq!(ids.find(format!("event {number}").as_bytes()), expected, "{number}");
        }
    }

    /// Against a plain queue, with hashes that meet at few homes, the table's end among them.
    #[test]
    fn the_table_is_a_queue_that_finds() {
        let mut window = Window::new();
        let mut queue = VecDeque::new();
        let mut random = SmallRng::seed_from_u64(7);
        for number in 0..40_000u64 {
            let home = (PLACES - 20 + (random.next_u64() % 40) as usize) % PLACES;
            // Most meet; without the others a look-up would be as long as the window.
            let home = if number % 64 == 0 { home } else { (random.next_u64() as usize) % PLACES };
            let hash = u128::from(random.next_u64() % 9000) << 64 | home as u128;
            if !queue.iter().any(|(known, _)| *known == hash) {
                queue.push_back((hash, number));
            }
            queue.drain(..queue.len().saturating_sub(KEPT));
            window.add(hash, context(number));
            for probe in [hash, queue[0].0, queue[queue.len() / 2].0, hash ^ 1 << 70] {
                let expected = queue.iter().find(|(known, _)| *known == probe).map(|(_, n)| context(*n));
                assert_eq!(window.find(probe), expected, "{number}");
            }
        }
        assert_eq!(window.places.iter().filter(|place| **place != 0).count(), KEPT);
    }
}
