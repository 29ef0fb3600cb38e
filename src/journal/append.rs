//! Appending: a frame goes behind the last one in the active segment of its shard, under the shard's lock. When that is full
//! the next one is got, and when none is to be had it is decided here who gives way: exporters that lag behind others, the
//! oldest segment, or the caller.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::accounting::{Drop, Omission, Refusal, Repairs};
use super::frame::{FrameHeader, frame_size};
use super::shard::{Fault, ShardState};
use super::{Journal, Origin, OverflowPolicy, Shard};
use crate::otlp::Signal;
use crate::otlp::wire::WriteError;
use crate::sys::failpoint;
use crate::sys::memory::RegionWriter;

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

impl Journal {
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
            Origin::Derived | Origin::Expendable | Origin::Collected => counters.accepted_derived += 1,
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
            let is_last = entry.origin == Origin::Collected && !self.is_sealed.load(Ordering::Acquire);
            if !state.open && !is_last {
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
    pub(super) fn roll_in(&self, state: &mut ShardState, mut writer: RegionWriter) {
        let serial = self.fresh_serial();
        match self.store.begin(&mut writer, (state.index, state.sequence()), serial) {
            Ok(seal) => {
                failpoint::pass("roll");
                state.roll(writer, serial, seal);
            }
            Err(_) => self.store.discard(writer),
        }
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

    pub(super) fn refuse_in(state: &mut ShardState, entry: Entry, reason: Refusal) {
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

    /// Leaves what is measured of an event that leaves no record, of `most` bytes at most; false when there is no room for it,
    /// or `write` could not. It takes no room from records: nothing gives way to it.
    pub(crate) fn append_measurement(
        &self,
        shard: usize,
        kind: u8,
        most: usize,
        write: impl FnMut(&mut [u8]) -> Option<usize>,
    ) -> bool {
        let Some(shard) = self.shard(shard) else { return false };
        let mut state = shard.lock();
        if !state.open {
            return false;
        }
        if !state.has_room(most) {
            drop(state);
            let entry = Entry {
                signal: Signal::Metrics,
                kind,
                flags: 0,
                origin: Origin::Expendable,
                repairs: Repairs::default(),
            };
            match self.make_room(shard, entry, most) {
                Ok(room) => state = room,
                Err(_) => return false,
            }
        }
        state.append_measurement(kind, most, write)
    }

    /// Counts a record of a session that is not sampled.
    #[inline]
    pub(crate) fn leave_out_unsampled(&self, shard: usize, signal: Signal) {
        let count = self.shard(shard).and_then(|shard| shard.unsampled.get(signal.index()));
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
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
                Omission::Filtered => counters.filtered += 1,
                Omission::Duplicate => counters.duplicate += 1,
            }
        } else {
            counters.refuse(Refusal::ShutDown);
        }
        open
    }
}
