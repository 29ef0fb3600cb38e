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

/// What becomes of frames that a lane has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They go out with this batch.
    Batch(u64),
    /// They wait until it is decided whether the session with this number is kept.
    Held(u64),
    /// Their session is not kept.
    LeftOut,
}

/// Frames of this shard that are read and not settled: one batch's, or one session's that wait.
#[derive(Debug)]
struct Outstanding {
    fate: Fate,
    start: Position,
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

    /// `frames` frames from `start` up to `end` are read; false when the cursor is no longer at `from`, where the reading
    /// began.
    pub(crate) fn take(
        &mut self,
        from: Position,
        (start, end): (Position, Position),
        fate: Fate,
        frames: u64,
    ) -> bool {
        if self.taken != from {
            return false;
        }
        self.taken = end;
        self.consumed += frames;
        if fate == Fate::LeftOut {
            self.counters.tail_unsampled += frames;
        } else if frames > 0 {
            let goes_on =
                |last: &&mut Outstanding| last.fate == fate && !last.done && last.end.serial == start.serial;
            match self.outstanding.back_mut().filter(goes_on) {
                Some(last) => {
                    last.end = end;
                    last.frames += frames;
                }
                None => self.outstanding.push_back(Outstanding { fate, start, end, frames, done: false }),
            }
        }
        self.raise_low_water();
        true
    }

    /// Where the first frames stand that wait for a session's decision: from where up to where.
    pub(crate) fn held(&self, session: u64) -> Option<(Position, Position)> {
        let waits = |part: &&Outstanding| part.fate == Fate::Held(session) && !part.done;
        self.outstanding.iter().find(waits).map(|part| (part.start, part.end))
    }

    /// A batch takes the first `frames` of the frames that wait from `start` on, up to `end`; false when they do not wait
    /// any more.
    pub(crate) fn take_held(
        &mut self,
        session: u64,
        (start, end): (Position, Position),
        batch: u64,
        frames: u64,
    ) -> bool {
        let waits = |part: &Outstanding| {
            part.fate == Fate::Held(session) && !part.done && part.start == start && part.frames >= frames
        };
        let Some(at) = self.outstanding.iter().position(waits) else { return false };
        let Some(part) = self.outstanding.get_mut(at) else { return false };
        let fate = Fate::Batch(batch);
        if end >= part.end {
            // Whatever else stands in between is no frame of the session's.
            part.fate = fate;
        } else {
            part.start = end;
            part.frames -= frames;
            self.outstanding.insert(at, Outstanding { fate, start, end, frames, done: false });
        }
        true
    }

    /// Leaves out what waits for a session's decision.
    pub(crate) fn leave_out_held(&mut self, session: u64) {
        for part in self.outstanding.iter_mut().filter(|part| part.fate == Fate::Held(session)) {
            self.counters.tail_unsampled += part.frames;
            part.frames = 0;
            part.done = true;
        }
        self.raise_low_water();
    }

    /// A batch has ended.
    pub(crate) fn settle(&mut self, batch: u64, settlement: Settlement) {
        for part in self.outstanding.iter_mut().filter(|part| part.fate == Fate::Batch(batch)) {
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
        let open = self.outstanding.front().map_or(self.taken, |part| part.start);
        self.settled = self.settled.max(open);
    }

    /// Gives up `frames` unread frames and moves past `end`. Batches under way keep their own copy and their count; what
    /// waits before `end` is given up too.
    pub(crate) fn advance(&mut self, end: Position, frames: u64, reason: Drop) {
        let is_lost =
            |part: &Outstanding| matches!(part.fate, Fate::Held(_)) && !part.done && part.start < end;
        let lost: u64 = self.outstanding.iter().filter(|part| is_lost(part)).map(|part| part.frames).sum();
        self.outstanding.retain(|part| !is_lost(part));
        self.counters.drop(reason, frames + lost);
        self.consumed += frames;
        self.taken = self.taken.max(end);
        self.settled = self.settled.max(end);
    }

    /// Frames in batches under way, and those that wait for a decision.
    pub(crate) fn outstanding(&self) -> u64 {
        self.outstanding.iter().filter(|part| !part.done).map(|part| part.frames).sum()
    }

    /// Whether everything before `target` is settled.
    pub(crate) fn has_settled(&self, target: Position, accepted: u64) -> bool {
        let none_before = self.outstanding.iter().all(|part| part.done || part.start >= target);
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
        assert!(cursor.take(at(0), (at(0), at(100)), Fate::Batch(1), 10));
        assert!(cursor.take(at(100), (at(100), at(200)), Fate::Batch(2), 10));
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
        assert!(!cursor.take(at(0), (at(0), at(100)), Fate::Batch(1), 10));
        assert_eq!(cursor.counters(10, 0).settled(), 10);
    }

    #[test]
    fn an_advance_leaves_batches_under_way_pending() {
        let mut cursor = cursor();
        assert!(cursor.take(at(0), (at(0), at(50)), Fate::Batch(1), 5));
        cursor.advance(at(100), 5, Drop::Overflow);
        let counters = cursor.counters(10, 0);
        assert_eq!((counters.pending, counters.settled()), (5, 5));
        assert!(!cursor.has_settled(at(60), 10));
        cursor.settle(1, Settlement { exported: 5, ..Settlement::default() });
        assert!(cursor.has_settled(at(60), 10));
        assert_eq!(cursor.settled(), at(100));
    }

    #[test]
    fn what_waits_for_a_decision_holds_the_low_water_mark_and_goes_out_or_is_left_out() {
        let mut cursor = cursor();
        assert!(cursor.take(at(0), (at(0), at(10)), Fate::Batch(1), 1));
        assert!(cursor.take(at(10), (at(10), at(20)), Fate::Held(7), 1));
        assert!(cursor.take(at(20), (at(20), at(30)), Fate::LeftOut, 1));
        assert!(cursor.take(at(30), (at(30), at(50)), Fate::Held(7), 2));
        assert!(cursor.take(at(50), (at(50), at(60)), Fate::Held(8), 1));
        assert!(cursor.take(at(60), (at(60), at(70)), Fate::Batch(1), 1));
        cursor.settle(1, Settlement { exported: 2, ..Settlement::default() });
        assert_eq!(cursor.settled(), at(10));
        let counters = cursor.counters(7, 0);
        assert_eq!((counters.pending, counters.tail_unsampled, counters.settled()), (4, 1, 3));
        // What follows itself is one run.
        assert_eq!(cursor.held(7), Some((at(10), at(50))));
        assert!(cursor.take_held(7, (at(10), at(20)), 2, 1));
        assert!(!cursor.take_held(7, (at(10), at(20)), 2, 1));
        assert_eq!(cursor.held(7), Some((at(20), at(50))));
        assert!(cursor.take_held(7, (at(20), at(50)), 2, 2));
        assert_eq!(cursor.held(7), None);
        cursor.leave_out_held(8);
        assert_eq!(cursor.counters(7, 0).pending, 3);
        cursor.settle(2, Settlement { exported: 3, ..Settlement::default() });
        assert_eq!(cursor.settled(), at(70));
        let counters = cursor.counters(7, 0);
        assert_eq!((counters.exported, counters.tail_unsampled, counters.pending), (5, 2, 0));
    }

    #[test]
    fn what_waits_is_given_up_with_its_segment() {
        let mut cursor = cursor();
        assert!(cursor.take(at(0), (at(0), at(50)), Fate::Held(7), 5));
        assert!(cursor.take(at(50), (at(50), at(60)), Fate::Batch(1), 1));
        cursor.advance(at(100), 4, Drop::Overflow);
        assert_eq!(cursor.held(7), None);
        let counters = cursor.counters(10, 0);
        assert_eq!((counters.dropped[Drop::Overflow as usize], counters.pending), (9, 1));
    }
}
