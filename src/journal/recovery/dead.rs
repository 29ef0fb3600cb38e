//! What a dead process's directory holds: its segments, its cursors, and how far whoever recovers it has come.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::super::cursor::{LaneId, Position};
use super::super::cursor_file::{CursorFile, LaneName, Step};
use super::super::files::{RESOURCE, SEGMENT_SUFFIX};
use super::super::frame::{FLAG_ERROR, Frame, Frames, has_checksum};
use super::super::incarnation::Incarnation;
use super::super::segment::{HeaderError, SegmentHeader, header_bytes};
use super::lane::LaneRecovery;
use crate::otlp::Signal;
use crate::sys::directory::{self, Directory, is_disk_failure, is_refusal};
use crate::sys::failpoint;

/// Frames start at multiples of this.
const FRAME_ALIGNMENT: usize = 8;
/// Checksums may go over this many times the bytes of a segment before it is given up: whoever could write payloads that
/// look like frames must not keep a recovery busy for ever.
const MOST_CHECKED_TIMES: usize = 16;
/// The most bytes of frames in one segment; a longer file is none of ours.
const MOST_SEGMENT_BYTES: u64 = 128 << 20;
/// Processes that may die in the same step of a recovery, one after the other, before it is given up.
pub(super) const MOST_FATAL_STEPS: u64 = 3;
/// The most shards that a dead process is believed to have had.
const MOST_SHARDS: usize = 1024;

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

pub(super) struct DeadSegment {
    pub(super) name: String,
    file: OwnedFd,
    pub(super) header: SegmentHeader,
    header_bytes: u64,
    frame_bytes: usize,
}

impl DeadSegment {
    /// All of its frames' bytes.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
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
    pub(super) segments: Vec<DeadSegment>,
    /// The header that stands alone.
    resource: Option<SegmentHeader>,
    pub(super) cursors: Arc<CursorFile>,
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

pub(super) fn open_segment(file: OwnedFd, name: &str) -> io::Result<Result<DeadSegment, HeaderError>> {
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
        self.cursors.begin_step(Step::Frames, place) < failpoint::most_fatal_steps(MOST_FATAL_STEPS)
    }

    /// Notes that a step has ended well.
    pub(crate) fn end_step(&self) {
        self.cursors.end_step(Step::Frames);
    }

    /// The same for the reading of slots.
    pub(crate) fn begin_slots(&self) -> bool {
        self.cursors.begin_step(Step::Slots, 1) < failpoint::most_fatal_steps(MOST_FATAL_STEPS)
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
    pub(super) fn starts(
        &self,
        name: &LaneName,
        signal: Signal,
    ) -> (Option<LaneId>, BTreeMap<usize, Position>) {
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
                if let Some(frames) = count.frames.get_mut(frame.header.signal.index())
                    && !frame.header.is_measurement()
                {
                    *frames += 1;
                }
                count.errors += u64::from(frame.header.flags & FLAG_ERROR != 0);
            }
            Ok(count)
        };
        self.segments.iter().map(count).collect()
    }
}
