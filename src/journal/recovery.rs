//! Reading what a dead process has left. Its segments are read with `pread` and never mapped; every frame is believed by
//! its checksum alone, and what is damaged is passed over to the next frame that is whole. Each exporter that runs now
//! goes on where it had come by the dead process's cursors: a `LaneRecovery` copies frames into a small journal of its
//! own, from where they go out like any others, and writes the cursors on as they are settled.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::accounting::Repairs;
use super::cursor::{LaneId, Position};
use super::cursor_file::{CursorFile, LaneName, Step};
use super::files::{RESOURCE, SEGMENT_SUFFIX};
use super::frame::{FLAG_ERROR, Frame, Frames, has_checksum};
use super::incarnation::Incarnation;
use super::segment::{HeaderError, SegmentHeader, header_bytes};
use super::{AppendError, Entry, Journal, JournalSettings, Origin, OverflowPolicy};
use crate::otlp::Signal;
use crate::sys::checksum;
use crate::sys::directory::{self, Directory, is_disk_failure, is_refusal};

/// Frames start at multiples of this.
const FRAME_ALIGNMENT: usize = 8;
/// Checksums may go over this many times the bytes of a segment before it is given up: whoever could write payloads that
/// look like frames must not keep a recovery busy for ever.
const MOST_CHECKED_TIMES: usize = 16;
/// The most bytes of frames in one segment; a longer file is none of ours.
const MOST_SEGMENT_BYTES: u64 = 128 << 20;
/// Processes that may die in the same step of a recovery, one after the other, before it is given up.
const MOST_FATAL_STEPS: u64 = 3;
/// After a segment could not be read so often in a row, it is passed over.
const MOST_FAILED_READS: u32 = 5;
/// The most shards that a dead process is believed to have had.
const MOST_SHARDS: usize = 1024;
/// Bytes of the journal that frames of one exporter and signal wait in, and of its segments.
const WAITING_BYTES: usize = 8 << 20;
const WAITING_SEGMENT_BYTES: usize = 2 << 20;

/// Finds the frames of a segment.
pub(crate) struct Scan<'s> {
    bytes: &'s [u8],
    at: usize,
    seal: u32,
    checks_left: usize,
}

impl<'s> Scan<'s> {
    /// Looks from an offset on.
    pub(crate) fn new(bytes: &'s [u8], from: usize, seal: u32) -> Self {
        Self { bytes, at: from, seal, checks_left: bytes.len().saturating_mul(MOST_CHECKED_TIMES) }
    }
}

impl<'s> Iterator for Scan<'s> {
    type Item = (usize, Frame<'s>);

    fn next(&mut self) -> Option<(usize, Frame<'s>)> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            if rest.len() < FRAME_ALIGNMENT {
                return None;
            }
            if let Some(frame) = Frames::new(rest).next() {
                self.checks_left = self.checks_left.checked_sub(frame.size)?;
                if has_checksum(rest, &frame, self.seal) {
                    let offset = self.at;
                    self.at += frame.size;
                    return Some((offset, frame));
                }
            }
            self.at += FRAME_ALIGNMENT;
        }
    }
}

struct DeadSegment {
    name: String,
    file: OwnedFd,
    header: SegmentHeader,
    header_bytes: u64,
    frame_bytes: usize,
}

impl DeadSegment {
    /// All of its frames' bytes.
    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.frame_bytes];
        let read = directory::read_at(&self.file, &mut bytes, self.header_bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// What was found in a dead process's directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Files that are not ours by their format: left alone.
    pub(crate) foreign: u64,
    /// Files whose header is damaged.
    pub(crate) corrupt: u64,
    /// Files that were not looked into: linked, somebody else's, no regular ones.
    pub(crate) refused: u64,
}

/// The journal of a dead process.
pub(crate) struct DeadJournal {
    segments: Vec<DeadSegment>,
    /// The header that stands alone.
    resource: Option<SegmentHeader>,
    cursors: Arc<CursorFile>,
    pub(crate) findings: Findings,
    /// Files with a damaged header.
    damaged: BTreeSet<String>,
}

/// Reads the header that a file begins with. A file that cannot be read now is an error, and says nothing of its header.
fn read_header(file: &OwnedFd) -> io::Result<Result<SegmentHeader, HeaderError>> {
    /// Enough of a header to know how long it is.
    const START_BYTES: usize = 64;
    let read = |bytes: usize| {
        let mut place = vec![0; bytes];
        let read = directory::read_at(file, &mut place, 0)?;
        place.truncate(read);
        io::Result::Ok(place)
    };
    match SegmentHeader::size(&read(START_BYTES)?) {
        Ok(header_bytes) => Ok(SegmentHeader::parse(&read(header_bytes)?)),
        Err(error) => Ok(Err(error)),
    }
}

fn open_segment(file: OwnedFd, name: &str) -> io::Result<Result<DeadSegment, HeaderError>> {
    let header = match read_header(&file)? {
        Ok(header) => header,
        Err(error) => return Ok(Err(error)),
    };
    let header_bytes = header_bytes(&header.resource, &header.scope);
    let frame_bytes =
        directory::file_bytes(&file)?.saturating_sub(header_bytes as u64).min(MOST_SEGMENT_BYTES);
    let Ok(frame_bytes) = usize::try_from(frame_bytes) else { return Ok(Err(HeaderError::Corrupt)) };
    let (name, header_bytes) = (name.to_owned(), header_bytes as u64);
    Ok(Ok(DeadSegment { name, file, header, header_bytes, frame_bytes }))
}

/// The segments in a directory. When one cannot be read now that is an error, unless `insist`: then one that the disk does
/// not give back is damaged.
fn open_segments(
    directory: &Directory,
    insist: bool,
) -> io::Result<(Vec<DeadSegment>, Findings, BTreeSet<String>)> {
    let mut findings = Findings::default();
    let mut segments = Vec::new();
    let mut damaged = BTreeSet::new();
    for name in directory.names()? {
        if !name.ends_with(SEGMENT_SUFFIX) {
            continue;
        }
        match directory.open_file(&name).and_then(|file| open_segment(file, &name)) {
            Ok(Ok(segment)) => segments.push(segment),
            Ok(Err(HeaderError::Unused)) => {}
            Ok(Err(HeaderError::Foreign)) => findings.foreign += 1,
            Ok(Err(HeaderError::Corrupt)) => {
                findings.corrupt += 1;
                damaged.insert(name);
            }
            Err(error) if is_refusal(&error) => findings.refused += 1,
            Err(error) if insist && is_disk_failure(&error) => {
                findings.corrupt += 1;
                damaged.insert(name);
            }
            Err(error) => return Err(error),
        }
    }
    segments.sort_by_key(|segment| (segment.header.shard, segment.header.serial));
    Ok((segments, findings, damaged))
}

/// Segments that are looked at and left as they are.
pub(crate) struct Looked {
    segments: Vec<DeadSegment>,
    pub(crate) findings: Findings,
}

impl Looked {
    /// Looks at a directory that somebody else may own.
    pub(crate) fn open(directory: &Directory) -> io::Result<Self> {
        let (segments, findings, _) = open_segments(directory, true)?;
        Ok(Self { segments, findings })
    }

    /// The resource that the frames go out under.
    pub(crate) fn resource(&self) -> Option<&[u8]> {
        Some(&self.segments.first()?.header.resource)
    }
}

impl DeadJournal {
    /// Looks at what is in a directory that was taken over. With `insist`, segments that the disk does not give back are
    /// given up; without, that is an error, and another attempt may be better.
    pub(crate) fn open(incarnation: &Incarnation, insist: bool) -> io::Result<Self> {
        let (segments, findings, damaged) = open_segments(&incarnation.directory, insist)?;
        let most_shards = segments.last().map_or(0, |last: &DeadSegment| last.header.shard as usize + 1);
        // One place more than there are shards: for what was in flight.
        let shards = most_shards.min(MOST_SHARDS) + 1;
        let cursors = Arc::new(CursorFile::open_or_make(&incarnation.directory, shards)?);
        let resource = match incarnation.directory.open_file(RESOURCE) {
            Ok(file) => read_header(&file)?.ok(),
            Err(error) if is_refusal(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { segments, resource, cursors, findings, damaged })
    }

    /// Notes that a step of the recovery begins; false when it has led to the end of the process as often as may be.
    pub(crate) fn begin_step(&self, lanes: &[LaneRecovery]) -> bool {
        let place = lanes.iter().fold(0, |place, lane| lane.place(place));
        self.cursors.begin_step(Step::Frames, place) < MOST_FATAL_STEPS
    }

    /// Notes that a step has ended well.
    pub(crate) fn end_step(&self) {
        self.cursors.end_step(Step::Frames);
    }

    /// The same for the reading of slots.
    pub(crate) fn begin_slots(&self) -> bool {
        self.cursors.begin_step(Step::Slots, 1) < MOST_FATAL_STEPS
    }

    /// Notes that the reading of slots has ended well.
    pub(crate) fn end_slots(&self) {
        self.cursors.end_step(Step::Slots);
    }

    /// The names of files in which something is damaged, as far as these lanes have seen.
    pub(crate) fn damaged(&self, lanes: &[LaneRecovery]) -> BTreeSet<String> {
        let seen = lanes.iter().flat_map(|lane| &lane.damaged);
        let names = seen.filter_map(|segment| Some(self.segments.get(*segment)?.name.clone()));
        names.chain(self.damaged.iter().cloned()).collect()
    }

    /// How many shards the process had.
    pub(crate) fn shards(&self) -> usize {
        self.cursors.shards().saturating_sub(1)
    }

    /// When the process was last seen; 0 when that is not known.
    pub(crate) fn last_seen(&self) -> i64 {
        self.cursors.last_seen()
    }

    /// The sequence number of the last frame that a shard had.
    pub(crate) fn last_sequence(&self, shard: u32) -> io::Result<u64> {
        let Some(last) = self.segments.iter().rfind(|segment| segment.header.shard == shard) else {
            return Ok(0);
        };
        let bytes = last.read()?;
        let frames = Scan::new(&bytes, 0, last.header.seal()).map(|(_, frame)| frame.header.sequence);
        Ok(frames.max().unwrap_or(0).max(last.header.before))
    }

    /// The resource and scope that its records go out under; `None` when there can be no records.
    pub(crate) fn parts(&self) -> Option<(&[u8], &[u8])> {
        let of_a_segment = self.segments.first().map(|segment| &segment.header);
        let header = of_a_segment.or(self.resource.as_ref())?;
        Some((&header.resource, &header.scope))
    }

    /// Where a lane goes on, by shard: where it had come itself; one that the dead process did not have, where the one had
    /// come that was furthest behind.
    fn starts(&self, name: &LaneName, signal: Signal) -> (Option<LaneId>, BTreeMap<usize, Position>) {
        let cursors = &self.cursors;
        let known = cursors.find_lane(name);
        let lanes: Vec<LaneId> = match known {
            Some(lane) => vec![lane],
            None => cursors.lanes_of(signal).collect(),
        };
        let start = |shard| {
            let furthest_behind =
                lanes.iter().map(|lane| cursors.get(*lane, shard).unwrap_or_default()).min();
            furthest_behind.map(|position| (shard, position))
        };
        let starts = (0..cursors.shards()).filter_map(start).collect();
        (known.or_else(|| cursors.add_lane(name)), starts)
    }
}

/// What one segment holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SegmentCount {
    pub(crate) shard: u32,
    pub(crate) serial: u64,
    pub(crate) bytes: u64,
    /// Frames by signal, and those of them that tell of errors.
    pub(crate) frames: [u64; 3],
    pub(crate) errors: u64,
}

impl Looked {
    /// Looks through every segment.
    pub(crate) fn count(&self) -> io::Result<Vec<SegmentCount>> {
        let count = |segment: &DeadSegment| {
            let bytes = segment.read()?;
            let (shard, serial) = (segment.header.shard, segment.header.serial);
            let file_bytes = segment.header_bytes + bytes.len() as u64;
            let mut count = SegmentCount { shard, serial, bytes: file_bytes, ..SegmentCount::default() };
            for (_, frame) in Scan::new(&bytes, 0, segment.header.seal()) {
                if let Some(frames) = count.frames.get_mut(frame.header.signal.index()) {
                    *frames += 1;
                }
                count.errors += u64::from(frame.header.flags & FLAG_ERROR != 0);
            }
            Ok(count)
        };
        self.segments.iter().map(count).collect()
    }
}

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
    reading: Option<Reading>,
    /// The sequence number that follows, by shard.
    expected: BTreeMap<usize, u64>,
    /// Frames that are missing between others.
    pub(crate) missing: u64,
    /// The segments before whose frames others are missing.
    damaged: BTreeSet<usize>,
    extras_done: usize,
    fed_everything: bool,
    /// How often in a row the disk has not given back the next segment.
    failed_reads: u32,
}

struct Reading {
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
            if frame.header.signal == self.signal {
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
    fn place(&self, seed: u32) -> u32 {
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

fn append(journal: &Journal, signal: Signal, kind: u8, flags: u16, payload: &[u8]) -> bool {
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
