//! Between a lane and what it reads, where tail sampling decides on sessions: frames of a session that is kept go into the
//! batch, those of one that is left out are counted, those of an open one wait in the journal while the lane goes on, and are
//! read again when the session is kept.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::batch::BatchInMaking;
use super::tail::{SessionKey, TailSampler, Verdict};
use crate::journal::cursor::{Fate, LaneId, Position};
use crate::journal::frame::{Frame, Frames};
use crate::journal::{Journal, Unread};
use crate::otlp::Signal;

/// What a batch may hold.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    pub(super) count: u64,
}

impl Bounds {
    /// Whether a batch with `pushed` frames that it does not count yet has room for one more. A frame larger than a whole
    /// batch goes alone.
    fn have_room(self, batch: &BatchInMaking, pushed: u64, payload: usize) -> bool {
        let count = batch.frames + pushed;
        count < self.count && (count == 0 || batch.payload_bytes() + payload <= self.bytes)
    }
}

/// Frames one after the other that have one fate.
struct Run {
    from: Position,
    end: Position,
    fate: Fate,
    frames: u64,
    /// What the batch had before them.
    before: usize,
}

pub(super) struct Gate {
    tail: Rc<TailSampler>,
    lane: LaneId,
    signal: Signal,
    /// Sessions that the lane holds frames of, by their numbers.
    holding: BTreeMap<u64, SessionKey>,
    /// Those that are kept by now: their frames go next.
    kept: VecDeque<(u64, SessionKey)>,
    /// The sampler's version when it was asked last.
    seen: u64,
}

impl Gate {
    pub(super) fn new(tail: &Rc<TailSampler>, lane: LaneId, signal: Signal) -> Self {
        let (holding, kept) = (BTreeMap::new(), VecDeque::new());
        Self { tail: Rc::clone(tail), lane, signal, holding, kept, seen: 0 }
    }

    /// Whether frames wait for a decision, or for a batch.
    pub(super) fn holds(&self) -> bool {
        !self.holding.is_empty() || !self.kept.is_empty()
    }

    /// Whether there are frames that may go.
    pub(super) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Learns what was decided on since it did last.
    pub(super) fn look_on(&mut self, journal: &Journal) {
        self.tail.scan();
        if std::mem::replace(&mut self.seen, self.tail.version()) == self.tail.version() {
            return;
        }
        let decided =
            self.holding.extract_if(.., |_, key| !matches!(self.tail.verdict(key), Verdict::Open(_)));
        let mut has_left_out = false;
        for (number, key) in decided {
            if self.tail.verdict(&key) == Verdict::Kept {
                self.kept.push_back((number, key));
            } else {
                journal.leave_out_held(self.lane, number);
                has_left_out = true;
            }
        }
        if has_left_out {
            journal.announce_progress();
        }
    }

    /// Reads frames that have waited and may go; true when the batch is full.
    pub(super) fn read_kept(&mut self, journal: &Journal, batch: &mut BatchInMaking, bounds: Bounds) -> bool {
        while let Some((number, key)) = self.kept.front() {
            for shard in 0..journal.shard_count() {
                while let Some((unread, end)) = journal.next_held(shard, self.lane, *number) {
                    let (before, from) = (batch.payload_bytes(), unread.from);
                    let (mut at, mut frames, mut full) = (from, 0, false);
                    for frame in Frames::new(unread.region.committed().get(at.offset..).unwrap_or_default()) {
                        if at >= end {
                            break;
                        }
                        if frame.header.is_of(self.signal) && TailSampler::is_of(&frame, key) {
                            if !bounds.have_room(batch, frames, frame.payload.len()) {
                                full = true;
                                break;
                            }
                            batch.push(&frame);
                            frames += 1;
                        }
                        at.offset += frame.size;
                    }
                    drop(unread.region);
                    if frames > 0 {
                        if journal.take_held(shard, self.lane, *number, (from, at), (batch.id, frames)) {
                            batch.taken(shard, frames);
                        } else {
                            // Given up for lack of room while it was read: it is counted there.
                            batch.forget(before);
                        }
                    }
                    if full {
                        return true;
                    }
                    if at == from {
                        // It cannot be read: it stays pending, and the lane goes on elsewhere.
                        break;
                    }
                }
            }
            self.kept.pop_front();
        }
        false
    }

    fn fate(&self, batch: &BatchInMaking, frame: &Frame<'_>) -> (Fate, Option<SessionKey>) {
        let (verdict, key) = self.tail.verdict_on(frame);
        let fate = match verdict {
            Verdict::Open(number) => Fate::Held(number),
            Verdict::Kept => Fate::Batch(batch.id),
            Verdict::LeftOut => Fate::LeftOut,
        };
        (fate, key)
    }

    /// Takes what was read; false when it was given up meanwhile.
    fn take(&self, journal: &Journal, shard: usize, run: &Run, batch: &mut BatchInMaking) -> bool {
        let is_taken = journal.take_as(shard, self.lane, (run.from, run.end), run.fate, run.frames);
        match run.fate {
            Fate::Batch(_) if is_taken => batch.taken(shard, run.frames),
            Fate::Batch(_) => batch.forget(run.before),
            Fate::Held(_) | Fate::LeftOut => {}
        }
        is_taken
    }

    /// Reads what is unread and scanned of a shard; true when the batch is full.
    pub(super) fn read_shard(
        &mut self,
        journal: &Journal,
        shard: usize,
        batch: &mut BatchInMaking,
        bounds: Bounds,
    ) -> bool {
        let scanned = self.tail.scanned(shard);
        while let Some(unread) = journal.next_unread(shard, self.lane) {
            if unread.from >= scanned {
                return false;
            }
            match self.read_region(journal, shard, &unread, batch, bounds) {
                Reading::Full => return true,
                Reading::Nothing => return false,
                Reading::Some => {}
            }
        }
        false
    }

    fn read_region(
        &mut self,
        journal: &Journal,
        shard: usize,
        unread: &Unread,
        batch: &mut BatchInMaking,
        bounds: Bounds,
    ) -> Reading {
        let (from, scanned) = (unread.from, self.tail.scanned(shard));
        let fate = Fate::Batch(batch.id);
        let mut run = Run { from, end: from, fate, frames: 0, before: batch.payload_bytes() };
        let mut left_out = false;
        let mut reading = Reading::Some;
        for frame in Frames::new(unread.region.committed().get(from.offset..).unwrap_or_default()) {
            if run.end >= scanned {
                break;
            }
            if frame.header.is_of(self.signal) {
                let (fate, key) = self.fate(batch, &frame);
                if fate != run.fate {
                    if run.end > run.from && !self.take(journal, shard, &run, batch) {
                        return Reading::Some;
                    }
                    run = Run { from: run.end, fate, frames: 0, before: batch.payload_bytes(), ..run };
                }
                match (fate, key) {
                    (Fate::Batch(_), _) => {
                        if !bounds.have_room(batch, run.frames, frame.payload.len()) {
                            reading = Reading::Full;
                            break;
                        }
                        batch.push(&frame);
                    }
                    (Fate::Held(number), Some(key)) => {
                        self.holding.entry(number).or_insert(key);
                    }
                    _ => left_out = true,
                }
                run.frames += 1;
            }
            run.end.offset += frame.size;
        }
        if run.end > run.from && !self.take(journal, shard, &run, batch) {
            return Reading::Some;
        }
        if left_out {
            journal.announce_progress();
        }
        match reading {
            Reading::Some if run.end == from => Reading::Nothing,
            reading => reading,
        }
    }
}

/// What came of reading a part of a shard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Some,
    /// The batch has no more room.
    Full,
    /// There was nothing that could be read as frames.
    Nothing,
}
