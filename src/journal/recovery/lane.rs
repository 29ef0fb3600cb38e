//! The recovery of what one exporter has not had of one signal: a `LaneRecovery` copies frames into a small journal of its
//! own, from where they go out like any others, and writes the cursors on as they are settled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::accounting::Repairs;
use super::super::cursor::{LaneId, Position};
use super::super::cursor_file::{CursorFile, LaneName};
use super::super::{AppendError, Entry, Journal, JournalSettings, Origin, OverflowPolicy};
use super::dead::{DeadJournal, DeadSegment, Scan};
use crate::otlp::Signal;
use crate::sys::checksum;
use crate::sys::directory::is_disk_failure;

/// After a segment could not be read so often in a row, it is passed over.
const MOST_FAILED_READS: u32 = 5;
/// Bytes of the journal that frames of one exporter and signal wait in, and of its segments.
const WAITING_BYTES: usize = 8 << 20;
const WAITING_SEGMENT_BYTES: usize = 2 << 20;

/// A place in the small journal, and the place in the dead one that everything before it comes from.
struct Mark {
    reached: Position,
    shard: usize,
    position: Position,
}

/// Writes into a dead process's cursors how far a lane has come, at the moment at which that is settled: what nobody has
/// noted is sent again when this process dies too.
struct Marks {
    cursors: Arc<CursorFile>,
    lane: Option<LaneId>,
    waiting: Mutex<VecDeque<Mark>>,
}

impl Marks {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Mark>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, mark: Mark) {
        self.waiting().push_back(mark);
    }

    /// Everything before `settled` in the small journal is settled.
    fn note(&self, settled: Position) {
        let mut waiting = self.waiting();
        let Some(lane) = self.lane else { return waiting.clear() };
        let mut last: Option<Mark> = None;
        while waiting.front().is_some_and(|mark| mark.reached <= settled) {
            let Some(mark) = waiting.pop_front() else { break };
            if let Some(before) = last.replace(mark)
                && last.as_ref().is_some_and(|now| now.shard != before.shard)
            {
                self.cursors.set(lane, before.shard, before.position);
            }
        }
        if let Some(mark) = last {
            self.cursors.set(lane, mark.shard, mark.position);
        }
    }
}

/// How a step went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fed {
    pub(crate) frames: u64,
    pub(crate) bytes: usize,
}

/// The recovery of one exporter and signal from one dead process.
pub(crate) struct LaneRecovery {
    pub(crate) lane: LaneId,
    signal: Signal,
    /// Where its frames wait until they are sent.
    pub(crate) journal: Arc<Journal>,
    marks: Arc<Marks>,
    starts: BTreeMap<usize, Position>,
    /// Which segment is read next, and what was read of the one before.
    next_segment: usize,
    pub(super) reading: Option<Reading>,
    /// The sequence number that follows, by shard.
    expected: BTreeMap<usize, u64>,
    /// Frames that are missing between others.
    pub(crate) missing: u64,
    /// The segments before whose frames others are missing.
    pub(super) damaged: BTreeSet<usize>,
    extras_done: usize,
    fed_everything: bool,
    /// How often in a row the disk has not given back the next segment.
    failed_reads: u32,
}

pub(super) struct Reading {
    bytes: Vec<u8>,
    at: usize,
    segment: usize,
}

/// A record that stands in no segment: it was made from what was in flight.
pub(crate) struct Extra {
    pub(crate) signal: Signal,
    pub(crate) kind: u8,
    pub(crate) payload: Vec<u8>,
}

impl LaneRecovery {
    pub(crate) fn new(dead: &DeadJournal, lane: LaneId, exporter: &str, signal: Signal) -> Self {
        let settings = JournalSettings {
            shards: 1,
            segment_bytes: WAITING_SEGMENT_BYTES,
            max_bytes: WAITING_BYTES,
            overflow: OverflowPolicy::DropNewest,
        };
        let journal = Arc::new(Journal::new(settings, Box::new(|| {})));
        journal.attach(lane, signal);
        let (dead_lane, starts) = dead.starts(&LaneName::new(exporter, signal), signal);
        let marks = Arc::new(Marks {
            cursors: Arc::clone(&dead.cursors),
            lane: dead_lane,
            waiting: Mutex::default(),
        });
        let noting = Arc::clone(&marks);
        journal.tell_settled(Box::new(move |settled| noting.note(settled)));
        Self {
            lane,
            signal,
            journal,
            marks,
            starts,
            next_segment: 0,
            reading: None,
            expected: BTreeMap::new(),
            missing: 0,
            damaged: BTreeSet::new(),
            extras_done: 0,
            fed_everything: false,
            failed_reads: 0,
        }
    }

    /// Reads what the next step will look at.
    pub(crate) fn prepare(&mut self, dead: &DeadJournal) -> io::Result<()> {
        if !self.is_abandoned() && !self.fed_everything && self.reading.is_none() {
            self.open_next(dead)?;
        }
        Ok(())
    }

    /// Copies frames until `budget` bytes were copied or there is no room; `extras` come after all segments.
    pub(crate) fn step(&mut self, dead: &DeadJournal, extras: &[Extra], budget: usize) -> io::Result<Fed> {
        let mut fed = Fed::default();
        if self.is_abandoned() {
            return Ok(fed);
        }
        while !self.fed_everything && fed.bytes < budget {
            if self.reading.is_none() && !self.open_next(dead)? {
                self.feed_extras(dead, extras, &mut fed);
                break;
            }
            if !self.feed_segment(dead, budget, &mut fed) {
                break;
            }
        }
        Ok(fed)
    }

    /// Reads the next segment that has something for this lane; false when there is none.
    fn open_next(&mut self, dead: &DeadJournal) -> io::Result<bool> {
        while let Some(segment) = dead.segments.get(self.next_segment) {
            let index = self.next_segment;
            let start = self.start_of(segment);
            let from = match segment.header.serial.cmp(&start.serial) {
                std::cmp::Ordering::Less => {
                    self.next_segment += 1;
                    continue;
                }
                std::cmp::Ordering::Equal => start.offset,
                std::cmp::Ordering::Greater => 0,
            };
            let count = |error: &io::Error| self.failed_reads += u32::from(is_disk_failure(error));
            let bytes = segment.read().inspect_err(count)?;
            self.failed_reads = 0;
            self.next_segment += 1;
            self.reading = Some(Reading { bytes, at: from, segment: index });
            return Ok(true);
        }
        Ok(false)
    }

    fn start_of(&self, segment: &DeadSegment) -> Position {
        self.starts.get(&(segment.header.shard as usize)).copied().unwrap_or_default()
    }

    /// Copies frames of the segment that is being read; false when there is no room for more.
    fn feed_segment(&mut self, dead: &DeadJournal, budget: usize, fed: &mut Fed) -> bool {
        let Some(mut reading) = self.reading.take() else { return true };
        let Some(segment) = dead.segments.get(reading.segment) else { return true };
        let shard = segment.header.shard as usize;
        let serial = segment.header.serial;
        let mut stopped_at = None;
        for (offset, frame) in Scan::new(&reading.bytes, reading.at, segment.header.seal()) {
            if fed.bytes >= budget {
                stopped_at = Some((offset, true));
                break;
            }
            if frame.header.is_of(self.signal) {
                if !append(&self.journal, self.signal, frame.header.kind, frame.header.flags, frame.payload) {
                    stopped_at = Some((offset, false));
                    break;
                }
                fed.frames += 1;
                fed.bytes += frame.payload.len();
                self.mark(shard, Position { serial, offset: offset + frame.size });
            }
            let expected = self.expected.insert(shard, frame.header.sequence.saturating_add(1));
            if let Some(expected) = expected {
                let missing = frame.header.sequence.saturating_sub(expected);
                if missing > 0 {
                    self.missing += missing;
                    self.damaged.insert(reading.segment);
                }
            }
        }
        match stopped_at {
            Some((offset, has_room)) => {
                self.mark(shard, Position { serial, offset });
                reading.at = offset;
                self.reading = Some(reading);
                has_room
            }
            None => {
                self.mark(shard, Position { serial, offset: reading.bytes.len() });
                true
            }
        }
    }

    fn feed_extras(&mut self, dead: &DeadJournal, extras: &[Extra], fed: &mut Fed) {
        // They stand behind everything else, as a shard of their own.
        let shard = dead.cursors.shards().saturating_sub(1);
        let done_before = self.starts.get(&shard).map_or(0, |position| position.offset);
        self.extras_done = self.extras_done.max(done_before);
        for extra in extras.iter().skip(self.extras_done) {
            if extra.signal == self.signal {
                if !append(&self.journal, self.signal, extra.kind, 0, &extra.payload) {
                    return;
                }
                fed.frames += 1;
                fed.bytes += extra.payload.len();
            }
            self.extras_done += 1;
            self.mark(shard, Position { serial: 1, offset: self.extras_done });
        }
        self.fed_everything = true;
    }

    fn mark(&mut self, shard: usize, position: Position) {
        self.marks.add(Mark { reached: self.journal.head_of(0), shard, position });
    }

    /// A number for where it is, which differs when it has come further.
    pub(super) fn place(&self, seed: u32) -> u32 {
        let mut place = checksum::crc32c_append(seed, &(self.next_segment as u64).to_le_bytes());
        let at = self.reading.as_ref().map_or(0, |reading| reading.at as u64);
        place = checksum::crc32c_append(place, &(at + self.extras_done as u64).to_le_bytes());
        for (shard, start) in &self.starts {
            for number in [*shard as u64, start.serial, start.offset as u64] {
                place = checksum::crc32c_append(place, &number.to_le_bytes());
            }
        }
        place
    }

    /// After a segment could not be read: tries it again at the next step, or goes on behind it when it was tried often
    /// enough; its file is kept then. True when it was given up.
    pub(crate) fn give_up_segment(&mut self) -> bool {
        if self.failed_reads < MOST_FAILED_READS {
            return false;
        }
        self.failed_reads = 0;
        self.damaged.insert(self.next_segment);
        self.next_segment += 1;
        true
    }

    /// Writes into the dead process's cursors what this lane has passed by now without sending anything.
    pub(crate) fn persist(&self) {
        self.marks.note(self.journal.settled_by(0, self.lane));
    }

    /// Whether the exporter has been taken away meanwhile.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.journal.is_closed()
    }

    /// Whether all of it was copied, sent and settled, or nobody is there any more to send it.
    pub(crate) fn is_done(&self) -> bool {
        self.is_abandoned()
            || self.fed_everything && self.journal.has_settled(self.lane, &self.journal.heads())
    }
}

pub(super) fn append(journal: &Journal, signal: Signal, kind: u8, flags: u16, payload: &[u8]) -> bool {
    let entry = Entry { signal, kind, flags, origin: Origin::Derived, repairs: Repairs::default() };
    let appended = journal.append(0, entry, payload.len(), |place, _| {
        place.copy_from_slice(payload);
        Ok(())
    });
    match appended {
        Ok(()) => true,
        // It is too large for the journal that it waits in, or nothing can be written: passing it over is all there is.
        Err(AppendError::Write(_)) => true,
        Err(AppendError::Full | AppendError::Closed) => false,
    }
}
