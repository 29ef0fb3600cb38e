//! What a calling thread brings to every call: its random generator, its shard, and the sessions it used last. Never
//! shared between threads.

use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::handle::HandleError;
use crate::otlp::draft::KeyMarks;
use crate::session::{Session, SessionTable};
use crate::sys::clock::{self, ThreadClock};
use crate::sys::thread;

/// How many sessions a thread remembers.
const REMEMBERED_SESSIONS: usize = 4;

pub(crate) struct Caller {
    pub(crate) ids: Ids,
    /// What keys the event has that is being encoded.
    pub(crate) keys: Box<KeyMarks>,
    /// The time of events that say none.
    pub(crate) clock: ThreadClock,
    number: usize,
    /// The shard for so many shards.
    shard: (usize, usize),
    pub(crate) sessions: RememberedSessions,
    /// The session of the event that was left out last, because it is not sampled.
    pub(crate) unsampled: u64,
    /// What tells a measurement's attributes from others; empty in between, and kept.
    pub(crate) measured: Vec<u8>,
}

impl Caller {
    pub(crate) fn new() -> Self {
        Self {
            ids: Ids::new(),
            keys: KeyMarks::new(),
            clock: ThreadClock::new(),
            number: thread::number(),
            shard: (0, 0),
            sessions: RememberedSessions::default(),
            unsampled: 0,
            measured: Vec::new(),
        }
    }

    /// The shard that this thread keeps to, of `count`.
    #[inline]
    pub(crate) fn shard(&mut self, count: usize) -> usize {
        if self.shard.1 != count {
            self.shard = (self.number % count.max(1), count);
        }
        self.shard.0
    }
}

/// Draws random ids. Seeded by the kernel, once per thread and anew after a fork, so that no two draw alike.
pub(crate) struct Ids {
    random: SmallRng,
}

impl Ids {
    fn new() -> Self {
        let mut seed = <SmallRng as SeedableRng>::Seed::default();
        let filled = rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty());
        if filled != Ok(seed.len()) {
            // Without the kernel's word: what differs between threads, processes and moments.
            let address = &raw const seed as usize as u64;
            let parts = [
                clock::wall().cast_unsigned(),
                clock::monotonic().cast_unsigned(),
                address.rotate_left(32) ^ u64::from(std::process::id()),
                thread::number() as u64,
            ];
            for (place, part) in seed.chunks_exact_mut(8).zip(parts) {
                place.copy_from_slice(&part.to_le_bytes());
            }
        }
        Self { random: SmallRng::from_seed(seed) }
    }

    /// A span id; never zero.
    #[inline]
    pub(crate) fn span_id(&mut self) -> [u8; 8] {
        loop {
            let id = self.random.next_u64();
            if id != 0 {
                return id.to_ne_bytes();
            }
        }
    }

    /// A trace id, random in all its bytes; never zero.
    pub(crate) fn trace_id(&mut self) -> [u8; 16] {
        loop {
            let id = u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64());
            if id != 0 {
                return id.to_ne_bytes();
            }
        }
    }

    /// A UUID of version 4 (RFC 9562, 5.4).
    pub(crate) fn uuid(&mut self) -> String {
        crate::config::resource::uuid(u128::from_ne_bytes(self.trace_id()))
    }
}

/// The sessions that a thread used last, so that it need not look them up and share nothing to use them.
#[derive(Default)]
pub(crate) struct RememberedSessions {
    places: [Option<(u64, Arc<Session>)>; REMEMBERED_SESSIONS],
    next: usize,
    /// The place of the session that was used last.
    last: usize,
}

impl RememberedSessions {
    /// The session that a handle names.
    #[inline(always)]
    pub(crate) fn find(&mut self, table: &SessionTable, handle: u64) -> Result<&Arc<Session>, HandleError> {
        let is_here = |place: Option<&Option<(u64, Arc<Session>)>>| matches!(place, Some(Some((known, _))) if *known == handle);
        let at = if is_here(self.places.get(self.last)) {
            self.last
        } else {
            match self.places.iter().position(|place| is_here(Some(place))) {
                Some(at) => at,
                None => self.remember(table, handle)?,
            }
        };
        self.last = at;
        if matches!(self.places.get(at), Some(Some((_, session))) if session.has_ended()) {
            self.forget(handle);
        }
        match self.places.get(at) {
            Some(Some((_, session))) => Ok(session),
            _ => Err(HandleError::Stale),
        }
    }

    /// The same, when it is the one that was used last.
    #[inline(always)]
    pub(crate) fn last(&self, handle: u64) -> Option<&Session> {
        match self.places.get(self.last) {
            Some(Some((known, session))) if *known == handle => Some(session),
            _ => None,
        }
    }

    #[cold]
    fn remember(&mut self, table: &SessionTable, handle: u64) -> Result<usize, HandleError> {
        let session = table.get(handle)?;
        let at = self.next;
        self.next = (at + 1) % REMEMBERED_SESSIONS;
        if let Some(place) = self.places.get_mut(at) {
            *place = Some((handle, session));
        }
        Ok(at)
    }

    /// Lets a session go that has ended.
    pub(crate) fn forget(&mut self, handle: u64) {
        for place in &mut self.places {
            if matches!(place, Some((known, _)) if *known == handle) {
                *place = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn threads_draw_different_ids() {
        let draw = || {
            let mut ids = Ids::new();
            (0..1000).map(|_| ids.span_id()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(draw)).collect();
        let ids: HashSet<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), 8000);
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let uuid = Ids::new().uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]));
    }
}
