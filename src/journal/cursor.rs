//! A cursor: how far one exporter has come with one signal in one shard. It knows what was taken into batches, which
//! of those batches are still under way, and the low-water mark before which everything is settled: a segment may go
//! once every cursor's low-water mark is past it.

use std::collections::VecDeque;

use super::accounting::{Drop, LaneCounters};
use crate::otlp::Signal;

/// A place in a shard: a segment by its serial number (they only grow) and an offset at a frame's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) serial: u64,
    pub(crate) offset: usize,
}

impl Position {
    /// Behind everything that there will ever be.
    pub(crate) const END: Self = Self { serial: u64::MAX, offset: usize::MAX };
}

/// Names a lane: one exporter and one signal, over all shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneId(pub(crate) u32);

/// Frames of this shard that one batch holds.
#[derive(Debug)]
struct Outstanding {
    batch: u64,
    end: Position,
    frames: u64,
    done: bool,
}

/// How a batch's share of one shard ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settlement {
    pub(crate) exported: u64,
    pub(crate) rejected: u64,
    /// Up to two reasons, with how many frames each.
    pub(crate) dropped: [(Drop, u64); 2],
}

#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) lane: LaneId,
    pub(crate) signal: Signal,
    /// The next frame to be read.
    taken: Position,
    /// Everything before this is settled.
    settled: Position,
    outstanding: VecDeque<Outstanding>,
    /// The low-water mark that was asked for last.
    saved: Option<Position>,
    /// What was committed of the signal when the cursor was made.
    attached_at: u64,
    /// Frames read, settled or not, and frames dropped unread.
    consumed: u64,
    counters: LaneCounters,
}

impl Cursor {
    /// A cursor at `head`, where `accepted` frames of the signal were committed before.
    pub(crate) fn new(lane: LaneId, signal: Signal, head: Position, accepted: u64) -> Self {
        Self {
            lane,
            signal,
            taken: head,
            settled: head,
            outstanding: VecDeque::new(),
            saved: None,
            attached_at: accepted,
            consumed: 0,
            counters: LaneCounters::default(),
        }
    }

    pub(crate) fn taken(&self) -> Position {
        self.taken
    }

    /// The low-water mark, once after each move.
    pub(crate) fn take_unsaved(&mut self) -> Option<Position> {
        let is_new = self.saved != Some(self.settled);
        self.saved = Some(self.settled);
        is_new.then_some(self.settled)
    }

    pub(crate) fn settled(&self) -> Position {
        self.settled
    }

    /// Frames of the signal that nobody has read yet, given how many are committed by now.
    pub(crate) fn unread(&self, accepted: u64) -> u64 {
        accepted.saturating_sub(self.attached_at + self.consumed)
    }

    /// Moves to `head` when nothing of the signal is unread before it.
    pub(crate) fn skip_to(&mut self, head: Position, accepted: u64) {
        if self.unread(accepted) == 0 && head > self.taken {
            self.taken = head;
            self.raise_low_water();
        }
    }

    /// A batch takes `frames` frames up to `end`; false when the cursor is no longer where the reading began.
    pub(crate) fn take(&mut self, from: Position, end: Position, batch: u64, frames: u64) -> bool {
        if self.taken != from {
            return false;
        }
        self.taken = end;
        self.consumed += frames;
        if frames > 0 {
            self.outstanding.push_back(Outstanding { batch, end, frames, done: false });
        }
        self.raise_low_water();
        true
    }

    /// A batch has ended.
    pub(crate) fn settle(&mut self, batch: u64, settlement: Settlement) {
        for part in self.outstanding.iter_mut().filter(|part| part.batch == batch) {
            part.done = true;
        }
        self.counters.exported += settlement.exported;
        self.counters.rejected += settlement.rejected;
        for (reason, frames) in settlement.dropped {
            self.counters.drop(reason, frames);
        }
        self.raise_low_water();
    }

    /// Frames of this shard were sent once more.
    pub(crate) fn resent(&mut self, frames: u64) {
        self.counters.resent += frames;
    }

    fn raise_low_water(&mut self) {
        while let Some(part) = self.outstanding.front().filter(|part| part.done) {
            self.settled = self.settled.max(part.end);
            self.outstanding.pop_front();
        }
        if self.outstanding.is_empty() {
            self.settled = self.settled.max(self.taken);
        }
    }

    /// Gives up `frames` unread frames and moves past `end`. Batches under way keep their own copy and their count.
    pub(crate) fn advance(&mut self, end: Position, frames: u64, reason: Drop) {
        self.counters.drop(reason, frames);
        self.consumed += frames;
        self.taken = self.taken.max(end);
        self.settled = self.settled.max(end);
    }

    /// Frames in batches under way.
    pub(crate) fn outstanding(&self) -> u64 {
        self.outstanding.iter().filter(|part| !part.done).map(|part| part.frames).sum()
    }

    /// Whether everything before `target` is settled.
    pub(crate) fn has_settled(&self, target: Position, accepted: u64) -> bool {
        let none_before = self.outstanding.iter().all(|part| part.done || part.end > target);
        (self.unread(accepted) == 0 && self.outstanding() == 0) || (self.settled >= target && none_before)
    }

    /// The counters, with `unread` frames counted in the queue.
    pub(crate) fn counters(&self, accepted: u64, unread: u64) -> LaneCounters {
        LaneCounters {
            accepted: accepted - self.attached_at,
            pending: unread + self.outstanding(),
            ..self.counters
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: usize) -> Position {
        Position { serial: 1, offset }
    }

    fn cursor() -> Cursor {
        Cursor::new(LaneId(0), Signal::Traces, at(0), 0)
    }

    #[test]
    fn the_low_water_mark_waits_for_the_oldest_batch() {
        let mut cursor = cursor();
        assert!(cursor.take(at(0), at(100), 1, 10));
        assert!(cursor.take(at(100), at(200), 2, 10));
        cursor.settle(2, Settlement { exported: 10, ..Settlement::default() });
        assert_eq!(cursor.settled(), at(0));
        assert_eq!(cursor.outstanding(), 10);
        cursor.settle(1, Settlement { exported: 10, ..Settlement::default() });
        assert_eq!(cursor.settled(), at(200));
        assert_eq!(cursor.counters(20, 0).exported, 20);
    }

    #[test]
    fn a_take_from_where_the_cursor_is_no_more_is_refused() {
        let mut cursor = cursor();
        cursor.advance(at(100), 10, Drop::Lag);
        assert!(!cursor.take(at(0), at(100), 1, 10));
        assert_eq!(cursor.counters(10, 0).settled(), 10);
    }

    #[test]
    fn an_advance_leaves_batches_under_way_pending() {
        let mut cursor = cursor();
        assert!(cursor.take(at(0), at(50), 1, 5));
        cursor.advance(at(100), 5, Drop::Overflow);
        let counters = cursor.counters(10, 0);
        assert_eq!((counters.pending, counters.settled()), (5, 5));
        assert!(!cursor.has_settled(at(60), 10));
        cursor.settle(1, Settlement { exported: 5, ..Settlement::default() });
        assert!(cursor.has_settled(at(60), 10));
        assert_eq!(cursor.settled(), at(100));
    }
}
