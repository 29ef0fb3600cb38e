//! A shard: a chain of segments behind one lock, the sequence of its frames, the cursors of all lanes in it, and its
//! counters. Recording threads append at the active segment; the worker reads committed bytes without the lock and
//! takes it only to move a cursor.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::accounting::{Drop, LaneCounters, SignalCounters};
use super::cursor::{Cursor, Fate, LaneId, Position, Settlement};
use super::frame::{
    FLAG_MEASUREMENT, FrameHeader, Frames, HEADER_BYTES, MOST_AROUND_BYTES, frame_size, write_checksum,
    write_surroundings,
};
use crate::otlp::Signal;
use crate::otlp::wire::WriteError;
use crate::sys::failpoint;
use crate::sys::memory::{AppendRegion, RegionWriter};

/// A segment with less in it is not worth starting over.
const WORTH_STARTING_OVER_BYTES: usize = 4096;

/// The next frame is expected to be as large as the last one, up to here.
const MOST_BROUGHT_NEAR_BYTES: usize = 1024;

/// A segment with how many frames of each signal stand in it.
pub(crate) struct Segment {
    writer: RegionWriter,
    serial: u64,
    /// What checksums of frames begin with, in a segment that outlives the process.
    seal: Option<u32>,
    frames: [u64; 3],
}

impl Segment {
    fn end(&self) -> Position {
        Position { serial: self.serial, offset: self.writer.committed() }
    }

    /// Frames from `offset` on that events would have been measured by.
    fn count_measured(&self, offset: usize) -> u64 {
        let committed = self.writer.region().committed();
        let rest = committed.get(offset..).unwrap_or_default();
        let is_measured = |header: FrameHeader| header.signal == Signal::Traces || header.is_measurement();
        Frames::new(rest).map(|frame| u64::from(is_measured(frame.header))).sum()
    }

    /// Frames of the signal from `offset` on.
    fn count_from(&self, offset: usize, signal: Signal) -> u64 {
        if offset == 0 {
            return self.frames.get(signal.index()).copied().unwrap_or(0);
        }
        let committed = self.writer.region().committed();
        let rest = committed.get(offset..).unwrap_or_default();
        Frames::new(rest).map(|frame| u64::from(frame.header.is_of(signal))).sum()
    }
}

/// What the worker reads next for a lane.
pub(crate) struct Unread {
    pub(crate) region: Arc<AppendRegion>,
    pub(crate) from: Position,
}

/// Why nothing was appended.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The payload could not be written.
    Write(WriteError),
    /// The segment's file does not take the frame, and will take no other one. The payload stands where it was written.
    File(io::Error),
}

/// What does not fit together, though it was measured.
const SIZE: Fault = Fault::Write(WriteError::Size);

/// Who looks at every frame before it may go, beside the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanner {
    /// Decides on sessions.
    Tail = 0,
    /// Measures events.
    Measures = 1,
}

/// Who asked for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A call.
    Caller,
    /// The library, because of a call that asked for something else.
    Derived,
    /// The library, to show what is going on. Such a record gives way: it is appended where there is room, and neither
    /// waits for any nor takes any from others.
    Expendable,
    /// The library, of what was measured: taken after the journal is closed, too, until it is sealed.
    Collected,
}

pub(crate) struct ShardState {
    /// Its number among the shards.
    pub(crate) index: usize,
    pub(crate) open: bool,
    sequence: u64,
    active: Option<Segment>,
    sealed: VecDeque<Segment>,
    cursors: Vec<Cursor>,
    /// Everything before this is on the disk.
    synced: Position,
    /// By scanner: it has seen everything before this; absent when there is none.
    scanned: [Option<Position>; 2],
    /// Measurements and spans that were given up before they were measured.
    pub(crate) unmeasured: u64,
    pub(crate) counters: [SignalCounters; 3],
}

impl ShardState {
    pub(crate) fn new(index: usize) -> Self {
        Self {
            index,
            open: true,
            sequence: 0,
            active: None,
            sealed: VecDeque::new(),
            cursors: Vec::new(),
            synced: Position::default(),
            scanned: [None; 2],
            unmeasured: 0,
            counters: Default::default(),
        }
    }

    pub(crate) fn counters_mut(&mut self, signal: Signal) -> &mut SignalCounters {
        let [traces, logs, metrics] = &mut self.counters;
        match signal {
            Signal::Traces => traces,
            Signal::Logs => logs,
            Signal::Metrics => metrics,
        }
    }

    fn accepted(&self, signal: Signal) -> u64 {
        let [traces, logs, metrics] = &self.counters;
        match signal {
            Signal::Traces => traces.accepted(),
            Signal::Logs => logs.accepted(),
            Signal::Metrics => metrics.accepted(),
        }
    }

    /// Whether a frame with this payload fits into the active segment.
    #[inline]
    pub(crate) fn has_room(&self, payload: usize) -> bool {
        self.active.as_ref().is_some_and(|active| active.writer.room() >= frame_size(payload))
    }

    /// Appends one frame, which must fit; `write` fills the payload, told the frame's sequence number. On its error
    /// nothing is committed.
    #[inline(always)]
    pub(crate) fn append(
        &mut self,
        header: FrameHeader,
        payload: usize,
        write: impl FnOnce(&mut [u8], u64) -> Result<(), WriteError>,
    ) -> Result<(), Fault> {
        let active = self.active.as_mut().ok_or(SIZE)?;
        let place = active.writer.spare().get_mut(HEADER_BYTES..HEADER_BYTES + payload);
        write(place.ok_or(SIZE)?, self.sequence + 1).map_err(Fault::Write)?;
        self.commit(header, payload)
    }

    /// Appends one frame whose payload is not known before it is written: `write` gets the room that there is, of `most`
    /// bytes at most, and gives how many it took, or nothing when it could not; then nothing is committed. On a fault
    /// gives how many bytes were written.
    #[inline(always)]
    pub(crate) fn append_written(
        &mut self,
        header: FrameHeader,
        most: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<bool, (usize, Fault)> {
        let Some(active) = self.active.as_mut() else { return Ok(false) };
        let spare = active.writer.spare();
        let room = spare.len().saturating_sub(MOST_AROUND_BYTES).min(most);
        let Some(place) = spare.get_mut(HEADER_BYTES..HEADER_BYTES + room) else { return Ok(false) };
        match write(place) {
            Some(payload) => self.commit(header, payload).map(|()| true).map_err(|fault| (payload, fault)),
            None => Ok(false),
        }
    }

    /// Appends what is measured of an event that leaves no record; false when there is no room.
    pub(crate) fn append_measurement(
        &mut self,
        kind: u8,
        most: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        let header = FrameHeader { signal: Signal::Metrics, kind, flags: FLAG_MEASUREMENT, sequence: 0 };
        if !self.append_written(header, most, write).unwrap_or(false) {
            return false;
        }
        // It was counted among the records.
        if let Some(Segment { frames: [_, _, metrics], .. }) = &mut self.active {
            *metrics = metrics.saturating_sub(1);
        }
        true
    }

    /// Makes a frame of the payload that stands in its place.
    #[inline(always)]
    fn commit(&mut self, mut header: FrameHeader, payload: usize) -> Result<(), Fault> {
        let active = self.active.as_mut().ok_or(SIZE)?;
        let length = u32::try_from(payload).map_err(|_| SIZE)?;
        header.sequence = self.sequence + 1;
        let place = active.writer.spare();
        write_surroundings(place, payload, header);
        if let Some(seal) = active.seal {
            write_checksum(place, payload, seal);
        }
        failpoint::pass("commit");
        if !active.writer.commit(frame_size(payload), length) {
            return Err(active.writer.take_failure().map_or(SIZE, Fault::File));
        }
        active.writer.bring_near(frame_size(payload).min(MOST_BROUGHT_NEAR_BYTES));
        self.sequence += 1;
        if let Some(count) = active.frames.get_mut(header.signal.index()) {
            *count += 1;
        }
        Ok(())
    }

    /// The payload, of so many bytes, of the frame that the active segment's file did not take.
    pub(crate) fn untaken(&self, payload: usize) -> Vec<u8> {
        let frame = self.active.as_ref().map(|active| active.writer.uncommitted(HEADER_BYTES + payload));
        frame.and_then(|frame| Some(frame.get(HEADER_BYTES..)?.to_vec())).unwrap_or_default()
    }

    /// Seals the active segment and goes on in a fresh one.
    pub(crate) fn roll(&mut self, writer: RegionWriter, serial: u64, seal: Option<u32>) {
        let fresh = Segment { writer, serial, seal, frames: [0; 3] };
        if let Some(full) = self.active.replace(fresh) {
            self.sealed.push_back(full);
        }
    }

    /// Gives all segments up: nothing is appended and nothing read any more.
    pub(crate) fn take_segments(&mut self) -> impl Iterator<Item = RegionWriter> {
        self.sealed.drain(..).chain(self.active.take()).map(|segment| segment.writer)
    }

    /// Where the next frame will stand.
    pub(crate) fn head(&self) -> Position {
        self.active.as_ref().map(Segment::end).unwrap_or_default()
    }

    /// Whether frames go to a segment that ends with the process, for want of a file.
    pub(crate) fn records_in_memory(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.seal.is_none())
    }

    /// The sequence number of the last frame.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Everything before this is on the disk.
    pub(crate) fn synced(&self) -> Position {
        self.synced
    }

    /// The durable regions with something in them that is not on the disk and not settled by all, and the head that is
    /// reached when they are; nothing when it was reached before.
    pub(crate) fn unsynced(&self) -> Option<(Vec<Arc<AppendRegion>>, Position)> {
        let is_wanted = |end| self.cursors.iter().any(|cursor| cursor.settled() < end);
        let regions = self
            .segments()
            .filter(|segment| segment.seal.is_some() && segment.end() > self.synced)
            .filter(|segment| is_wanted(segment.end()))
            .map(|segment| Arc::clone(segment.writer.region()));
        (self.head() > self.synced).then(|| (regions.collect(), self.head()))
    }

    /// Notes what was brought to the disk.
    pub(crate) fn set_synced(&mut self, head: Position) {
        self.synced = self.synced.max(head);
    }

    /// Adds a lane's cursor at the head.
    pub(crate) fn attach(&mut self, lane: LaneId, signal: Signal) {
        let cursor = Cursor::new(lane, signal, self.head(), self.accepted(signal));
        self.cursors.push(cursor);
    }

    pub(crate) fn has_lane_of(&self, signal: Signal) -> bool {
        self.cursors.iter().any(|cursor| cursor.signal == signal)
    }

    /// Removes a lane's cursor; what it had not settled is given up for this reason. Gives its last counters.
    pub(crate) fn detach(&mut self, lane: LaneId, reason: Drop) -> LaneCounters {
        let mut counters = self.lane_counters(lane);
        let left = std::mem::take(&mut counters.pending);
        counters.drop(reason, left);
        counters.lag_bytes = 0;
        self.cursors.retain(|cursor| cursor.lane != lane);
        counters
    }

    fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.sealed.iter().chain(&self.active)
    }

    fn cursor(&self, lane: LaneId) -> Option<&Cursor> {
        self.cursors.iter().find(|cursor| cursor.lane == lane)
    }

    pub(crate) fn cursor_mut(&mut self, lane: LaneId) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| cursor.lane == lane)
    }

    /// How many frames the lane has not read.
    pub(crate) fn unread(&self, lane: LaneId) -> u64 {
        self.cursor(lane).map_or(0, |cursor| cursor.unread(self.accepted(cursor.signal)))
    }

    /// From here on frames stay until they were scanned.
    pub(crate) fn begin_scan(&mut self, scanner: Scanner) {
        let head = self.head();
        if let Some(scanned) = self.scanned.get_mut(scanner as usize) {
            *scanned = Some(head);
        }
    }

    /// What is to be scanned next; nothing when all was.
    pub(crate) fn next_unscanned(&self, scanner: Scanner) -> Option<Unread> {
        let scanned = self.scanned.get(scanner as usize).copied().flatten()?;
        let segment = self.segments().find(|segment| segment.end() > scanned)?;
        let offset = if segment.serial == scanned.serial { scanned.offset } else { 0 };
        let from = Position { serial: segment.serial, offset };
        Some(Unread { region: Arc::clone(segment.writer.region()), from })
    }

    /// Everything before `end` was scanned.
    pub(crate) fn set_scanned(&mut self, scanner: Scanner, end: Position) {
        if let Some(Some(scanned)) = self.scanned.get_mut(scanner as usize) {
            *scanned = (*scanned).max(end);
        }
    }

    /// Whether every scanner has seen everything before here.
    fn is_scanned(&self, end: Position) -> bool {
        self.scanned.iter().flatten().all(|scanned| *scanned >= end)
    }

    /// Where the first frames stand that wait for a session's decision, and up to where.
    pub(crate) fn next_held(&self, lane: LaneId, session: u64) -> Option<(Unread, Position)> {
        let (from, end) = self.cursor(lane)?.held(session)?;
        let segment = self.segments().find(|segment| segment.serial == from.serial)?;
        Some((Unread { region: Arc::clone(segment.writer.region()), from }, end))
    }

    /// Before here every lane has settled everything.
    pub(crate) fn settled_by_all(&self) -> Position {
        self.cursors.iter().map(Cursor::settled).min().unwrap_or(Position::END)
    }

    /// The segment and place where the lane reads next; `None` when nothing of its signal is unread.
    pub(crate) fn next_unread(&self, lane: LaneId) -> Option<Unread> {
        let cursor = self.cursor(lane)?;
        if cursor.unread(self.accepted(cursor.signal)) == 0 {
            return None;
        }
        let taken = cursor.taken();
        let segment = self.segments().find(|segment| segment.end() > taken)?;
        // `from` is what `take` compares with: the cursor's own word for this place.
        Some(Unread { region: Arc::clone(segment.writer.region()), from: taken }).map(|mut unread| {
            if segment.serial != taken.serial {
                unread.from = Position { serial: segment.serial, offset: 0 };
            }
            unread
        })
    }

    /// What was read from `from` up to `end` is taken.
    pub(crate) fn take(
        &mut self,
        lane: LaneId,
        from: Position,
        end: Position,
        fate: Fate,
        frames: u64,
    ) -> bool {
        let Some(taken) = self.cursor(lane).map(Cursor::taken) else { return false };
        // The reader may have started at a segment that follows the end of the one where the cursor stands.
        let follows = self
            .segments()
            .find(|segment| segment.end() > taken)
            .is_some_and(|segment| from == Position { serial: segment.serial, offset: 0 } || from == taken);
        follows && self.cursor_mut(lane).is_some_and(|cursor| cursor.take(taken, (from, end), fate, frames))
    }

    pub(crate) fn settle(&mut self, lane: LaneId, batch: u64, settlement: Settlement) {
        if let Some(cursor) = self.cursor_mut(lane) {
            cursor.settle(batch, settlement);
        }
    }

    /// Removes the segments that every cursor is past, oldest first, after `save` was told of every cursor that has moved.
    /// When all is settled, the active one starts over at
    /// its front, with the serial number and seal that `begin` gives: a queue that is emptied now and then stays in the
    /// cache.
    pub(crate) fn release(
        &mut self,
        mut save: impl FnMut(LaneId, Position),
        begin: impl FnOnce(&mut RegionWriter) -> Option<(u64, Option<u32>)>,
        mut recycle: impl FnMut(RegionWriter),
    ) {
        let head = self.head();
        let accepted = Signal::ALL.map(|signal| self.accepted(signal));
        for cursor in &mut self.cursors {
            cursor.skip_to(head, accepted.get(cursor.signal.index()).copied().unwrap_or(0));
            if let Some(settled) = cursor.take_unsaved() {
                save(cursor.lane, settled);
            }
        }
        while let Some(oldest) = self.sealed.front() {
            let end = oldest.end();
            if !self.is_scanned(end) || self.cursors.iter().any(|cursor| cursor.settled() < end) {
                break;
            }
            if let Some(segment) = self.sealed.pop_front() {
                failpoint::pass("recycle");
                recycle(segment.writer);
            }
        }
        let all_settled = self.is_scanned(head) && self.cursors.iter().all(|cursor| cursor.settled() >= head);
        if let Some(active) = &mut self.active
            && self.sealed.is_empty()
            && all_settled
            && active.writer.committed() >= WORTH_STARTING_OVER_BYTES
            && active.writer.reset()
        {
            match begin(&mut active.writer) {
                Some((serial, seal)) => {
                    active.serial = serial;
                    active.seal = seal;
                    active.frames = [0; 3];
                }
                // It is of no use any more: the next record asks for another one.
                None => self.active = None,
            }
        }
    }

    /// The serial number of the oldest sealed segment.
    pub(crate) fn oldest_sealed(&self) -> Option<u64> {
        self.sealed.front().map(|segment| segment.serial)
    }

    /// Whether every cursor that holds the oldest sealed segment lags behind another one of its signal that does not.
    pub(crate) fn only_laggards_hold_oldest(&self) -> bool {
        let Some(end) = self.sealed.front().map(Segment::end) else { return false };
        self.cursors.iter().filter(|cursor| cursor.settled() < end).all(|holder| {
            self.cursors.iter().any(|other| other.signal == holder.signal && other.settled() >= end)
        })
    }

    /// Moves every cursor that holds the oldest sealed segment past it, counting what it had not read.
    pub(crate) fn advance_past_oldest(&mut self, reason: Drop) {
        let Some(oldest) = self.sealed.front() else { return };
        let end = oldest.end();
        if let Some(Some(measured)) = self.scanned.get(Scanner::Measures as usize)
            && *measured < end
        {
            let from = if measured.serial == end.serial { measured.offset } else { 0 };
            self.unmeasured += oldest.count_measured(from);
        }
        for scanned in self.scanned.iter_mut().flatten() {
            *scanned = (*scanned).max(end);
        }
        for cursor in &mut self.cursors {
            if cursor.settled() >= end {
                continue;
            }
            let taken = cursor.taken();
            let unread = if taken >= end {
                0
            } else {
                let offset = if taken.serial == end.serial { taken.offset } else { 0 };
                oldest.count_from(offset, cursor.signal)
            };
            cursor.advance(end, unread, reason);
        }
    }

    /// A lane's counters; what is pending is counted from the frames.
    pub(crate) fn lane_counters(&self, lane: LaneId) -> LaneCounters {
        let Some(cursor) = self.cursor(lane) else { return LaneCounters::default() };
        let taken = cursor.taken();
        let unread = self
            .segments()
            .filter(|segment| segment.end() > taken)
            .map(|segment| {
                let offset = if segment.serial == taken.serial { taken.offset } else { 0 };
                segment.count_from(offset, cursor.signal)
            })
            .sum();
        let settled = cursor.settled();
        let kept = self.segments().map(|segment| match segment.serial {
            serial if serial == settled.serial => segment.writer.committed().saturating_sub(settled.offset),
            serial if serial > settled.serial => segment.writer.committed(),
            _ => 0,
        });
        let lag_bytes = kept.sum::<usize>() as u64;
        LaneCounters { lag_bytes, ..cursor.counters(self.accepted(cursor.signal), unread) }
    }

    /// Before where the lane has settled everything.
    pub(crate) fn settled(&self, lane: LaneId) -> Position {
        self.cursor(lane).map(Cursor::settled).unwrap_or_default()
    }

    /// Whether the lane has settled everything before `target`.
    pub(crate) fn has_settled(&self, lane: LaneId, target: Position) -> bool {
        self.cursor(lane).is_none_or(|cursor| cursor.has_settled(target, self.accepted(cursor.signal)))
    }
}
