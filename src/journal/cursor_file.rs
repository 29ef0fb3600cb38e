//! Cursors in a file, format v1, so that whoever takes a dead process's journal over goes on where each exporter had come.
//! Numbers of 64 bits, little-endian:
//!
//! ```text
//! number  count  field
//!      0      1  "agtlcurs"
//!      1      1  format version (low half), 1; shards (high half)
//!      2      1  a step of a takeover that has begun: where (low half), and how often in a row (high half); 0 = none
//!      3      1  when the process was last seen, nanoseconds since 1970
//!      4      1  the reading of slots at a takeover, likewise
//!      5      3  zero
//!      8  64×16  lanes: signal (low byte; 0 = no lane) and bytes of the exporter's name (from bit 8), CRC-32C of the whole
//!                name, the name's first 112 bytes
//!   1032      …  for each lane and each shard two copies of
//!                  CRC-32C of the other three with the version (low half) and version (high half); written last
//!                  serial number of the segment, offset in it: everything before is settled
//!                  zero
//! ```
//!
//! A change writes the copy that is older; a kill at any point leaves one that is whole.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys::checksum::{crc32c, crc32c_append};

use super::cursor::{LaneId, Position};
use crate::otlp::Signal;
use crate::sys::cells::SharedCells;
use crate::sys::directory::{self, Directory, is_refusal};
use crate::sys::failpoint;

/// The file's name.
pub(crate) const CURSORS: &str = "cursors";
const MAGIC: u64 = u64::from_le_bytes(*b"agtlcurs");
const FORMAT_VERSION: u64 = 1;
/// The most lanes that have cursors in the file.
pub(crate) const MOST_LANES: usize = 64;
const LAST_SEEN_AT: usize = 3;
const LANES_AT: usize = 8;
const LANE_NUMBERS: usize = 16;
/// Numbers of a lane's entry that hold its name.
const NAME_NUMBERS: usize = LANE_NUMBERS - 2;
const NAME_BYTES: usize = NAME_NUMBERS * 8;
const POSITIONS_AT: usize = LANES_AT + MOST_LANES * LANE_NUMBERS;
const COPY_NUMBERS: usize = 4;
const POSITION_NUMBERS: usize = 2 * COPY_NUMBERS;
/// The most shards that a file may say it has.
const MOST_SHARDS: usize = 4096;

fn numbers(shards: usize) -> usize {
    POSITIONS_AT + MOST_LANES * shards * POSITION_NUMBERS
}

/// What a takeover does that may end the process which does it. Each has a number of its own in the file: one that ends well
/// does not make the other's deaths forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Frames = 2,
    Slots = 4,
}

/// A lane as a file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LaneName {
    signal: Signal,
    name_bytes: usize,
    checksum: u32,
    start: Vec<u8>,
}

impl LaneName {
    pub(crate) fn new(exporter: &str, signal: Signal) -> Self {
        let bytes = exporter.as_bytes();
        Self {
            signal,
            name_bytes: bytes.len(),
            checksum: crc32c(bytes),
            start: bytes.get(..NAME_BYTES).unwrap_or(bytes).to_vec(),
        }
    }
}

/// What holds cursors beyond the process's end.
pub(crate) struct CursorFile {
    cells: SharedCells,
    shards: usize,
    file: OwnedFd,
}

/// The checksum of one copy.
fn checksum(version: u32, serial: u64, offset: u64) -> u32 {
    let start = crc32c_append(crc32c(&version.to_le_bytes()), &serial.to_le_bytes());
    crc32c_append(start, &offset.to_le_bytes())
}

/// A copy that is whole: its version and what it says.
fn read_copy(copy: &[AtomicU64]) -> Option<(u32, Position)> {
    let [head, serial, offset, _] = copy else { return None };
    let head = head.load(Ordering::Acquire);
    let (serial, offset) = (serial.load(Ordering::Relaxed), offset.load(Ordering::Relaxed));
    let version = (head >> 32) as u32;
    let is_whole = version > 0 && checksum(version, serial, offset) == (head & u64::from(u32::MAX)) as u32;
    is_whole.then_some((version, Position { serial, offset: usize::try_from(offset).ok()? }))
}

impl CursorFile {
    /// Makes the file of a process with so many shards.
    pub(crate) fn create(directory: &Directory, shards: usize) -> io::Result<Self> {
        let count = numbers(shards);
        let file = directory.create_allocated(CURSORS, (count * 8) as u64)?;
        let made = Self { cells: SharedCells::of_file(file.as_fd(), count)?, shards, file };
        if let [magic, version, ..] = made.cells.all() {
            version.store(FORMAT_VERSION | (shards as u64) << 32, Ordering::Relaxed);
            magic.store(MAGIC, Ordering::Release);
        }
        Ok(made)
    }

    /// Opens the file of a dead process; makes a new one when there is none, or none of ours. One that cannot be opened now
    /// stays: without it everything would be sent again.
    pub(crate) fn open_or_make(directory: &Directory, shards: usize) -> io::Result<Self> {
        match Self::open(directory) {
            Err(error) if is_refusal(&error) || error.kind() == io::ErrorKind::InvalidData => {
                let _ = directory.remove_file(CURSORS);
                Self::create(directory, shards)
            }
            opened => opened,
        }
    }

    /// Bytes of the file of a process with so many shards.
    pub(crate) fn bytes(shards: usize) -> u64 {
        (numbers(shards) * 8) as u64
    }

    /// Notes that the process lives at this moment.
    pub(crate) fn set_last_seen(&self, now: i64) {
        if let Some(cell) = self.cells.all().get(LAST_SEEN_AT) {
            cell.store(now.cast_unsigned(), Ordering::Relaxed);
        }
    }

    /// When the process was last seen; 0 when that is not known.
    pub(crate) fn last_seen(&self) -> i64 {
        self.cells.all().get(LAST_SEEN_AT).map_or(0, |cell| cell.load(Ordering::Relaxed).cast_signed())
    }

    /// Notes that a step of a takeover begins; gives how many have begun in the same place before and did not end, because
    /// the process that did them died.
    pub(crate) fn begin_step(&self, step: Step, place: u32) -> u64 {
        let Some(steps) = self.cells.all().get(step as usize) else { return 0 };
        let before = steps.load(Ordering::Acquire);
        let is_same = before & u64::from(u32::MAX) == u64::from(place);
        let times = if is_same { before >> 32 } else { 0 };
        steps.store(times.saturating_add(1) << 32 | u64::from(place), Ordering::Release);
        times
    }

    /// Notes that a step has ended well.
    pub(crate) fn end_step(&self, step: Step) {
        if let Some(steps) = self.cells.all().get(step as usize) {
            steps.store(0, Ordering::Release);
        }
    }

    /// Opens the file of a dead process.
    fn open(directory: &Directory) -> io::Result<Self> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        let file = directory.open_file(CURSORS)?;
        let mut head = [0; 16];
        directory::read_at(&file, &mut head, 0)?;
        let number = |at: usize| {
            head.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let version = number(8) & u64::from(u32::MAX);
        let shards = usize::try_from(number(8) >> 32).unwrap_or(usize::MAX);
        if number(0) != MAGIC || version != FORMAT_VERSION || shards > MOST_SHARDS {
            return Err(wrong("no cursors of format 1"));
        }
        let count = numbers(shards);
        if directory::file_bytes(&file)? != (count * 8) as u64 {
            return Err(wrong("the file of cursors has another length"));
        }
        // A hole in it could not be filled any more once it is mapped: its space is allocated again.
        rustix::io::retry_on_intr(|| {
            rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, (count * 8) as u64)
        })?;
        Ok(Self { cells: SharedCells::of_file(file.as_fd(), count)?, shards, file })
    }

    pub(crate) fn shards(&self) -> usize {
        self.shards
    }

    fn lane_entry(&self, lane: usize) -> Option<&[AtomicU64]> {
        let at = LANES_AT + lane * LANE_NUMBERS;
        self.cells.all().get(at..at + LANE_NUMBERS).filter(|_| lane < MOST_LANES)
    }

    /// Names a lane. Those beyond what the file holds have no cursors in it.
    pub(crate) fn set_lane(&self, lane: LaneId, name: &LaneName) {
        let index = lane.0 as usize;
        let Some([head, check, texts @ ..]) = self.lane_entry(index) else { return };
        check.store(u64::from(name.checksum), Ordering::Relaxed);
        for (place, piece) in texts.iter().zip(name.start.chunks(8)) {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            place.store(u64::from_le_bytes(bytes), Ordering::Relaxed);
        }
        head.store(name.signal as u64 | (name.name_bytes as u64) << 8, Ordering::Release);
    }

    /// The lane that has this name.
    pub(crate) fn find_lane(&self, name: &LaneName) -> Option<LaneId> {
        (0..MOST_LANES).find(|lane| self.lane_name(*lane).as_ref() == Some(name)).and_then(lane_id)
    }

    /// Gives a lane that has no cursors here a place for them.
    pub(crate) fn add_lane(&self, name: &LaneName) -> Option<LaneId> {
        let free = (0..MOST_LANES).find(|lane| self.lane_name(*lane).is_none()).and_then(lane_id)?;
        self.set_lane(free, name);
        Some(free)
    }

    /// All lanes of a signal.
    pub(crate) fn lanes_of(&self, signal: Signal) -> impl Iterator<Item = LaneId> {
        (0..MOST_LANES)
            .filter(move |lane| self.lane_name(*lane).is_some_and(|name| name.signal == signal))
            .filter_map(lane_id)
    }

    fn lane_name(&self, lane: usize) -> Option<LaneName> {
        let [head, check, texts @ ..] = self.lane_entry(lane)? else { return None };
        let head = head.load(Ordering::Acquire);
        let signal = Signal::from_number((head & 0xff) as u32)?;
        let name_bytes = usize::try_from(head >> 8).ok()?;
        let mut start: Vec<u8> =
            texts.iter().flat_map(|text| text.load(Ordering::Relaxed).to_le_bytes()).collect();
        start.truncate(name_bytes);
        Some(LaneName { signal, name_bytes, checksum: check.load(Ordering::Relaxed) as u32, start })
    }

    fn copies(&self, lane: LaneId, shard: usize) -> Option<(&[AtomicU64], &[AtomicU64])> {
        let lane = lane.0 as usize;
        if lane >= MOST_LANES || shard >= self.shards {
            return None;
        }
        let at = POSITIONS_AT + (lane * self.shards + shard) * POSITION_NUMBERS;
        self.cells.all().get(at..at + POSITION_NUMBERS)?.split_at_checked(COPY_NUMBERS)
    }

    /// Notes that a lane has settled everything of a shard before `position`. One caller at a time for each shard.
    pub(crate) fn set(&self, lane: LaneId, shard: usize, position: Position) {
        let Some((first, second)) = self.copies(lane, shard) else { return };
        let version = |copy| read_copy(copy).map_or(0, |(version, _)| version);
        let (one, two) = (version(first), version(second));
        let older = if one <= two { first } else { second };
        let next = one.max(two).saturating_add(1);
        let [head, serial, offset, _] = older else { return };
        let place = position.offset as u64;
        // While its numbers change, this copy is not whole.
        head.store(0, Ordering::Release);
        std::sync::atomic::fence(Ordering::SeqCst);
        serial.store(position.serial, Ordering::Relaxed);
        failpoint::pass("cursor");
        offset.store(place, Ordering::Relaxed);
        let check = checksum(next, position.serial, place);
        head.store(u64::from(next) << 32 | u64::from(check), Ordering::Release);
    }

    /// Where a lane had come in a shard.
    pub(crate) fn get(&self, lane: LaneId, shard: usize) -> Option<Position> {
        let (first, second) = self.copies(lane, shard)?;
        let newest =
            [read_copy(first), read_copy(second)].into_iter().flatten().max_by_key(|(version, _)| *version);
        newest.map(|(_, position)| position)
    }

    /// Brings the cursors to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::io::retry_on_intr(|| rustix::fs::fdatasync(&self.file))?)
    }
}

fn lane_id(lane: usize) -> Option<LaneId> {
    u32::try_from(lane).ok().map(LaneId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, Directory) {
        let path = tempfile::tempdir().unwrap();
        let directory = Directory::open_base(path.path()).unwrap();
        (path, directory)
    }

    #[test]
    fn cursors_are_found_again_by_name() {
        let (_path, directory) = directory();
        let long = "x".repeat(300);
        let names = [LaneName::new("otlp", Signal::Traces), LaneName::new(&long, Signal::Logs)];
        let file = CursorFile::create(&directory, 3).unwrap();
        for (lane, name) in names.iter().enumerate() {
            file.set_lane(LaneId(lane as u32), name);
        }
        for offset in 1..20 {
            file.set(LaneId(1), 2, Position { serial: 7, offset });
        }
        drop(file);
        let file = CursorFile::open(&directory).unwrap();
        assert_eq!(file.shards(), 3);
        assert_eq!(file.find_lane(&names[1]), Some(LaneId(1)));
        assert_eq!(file.find_lane(&LaneName::new("otlp", Signal::Logs)), None);
        assert_eq!(file.find_lane(&LaneName::new(&"x".repeat(301), Signal::Logs)), None);
        assert_eq!(file.get(LaneId(1), 2), Some(Position { serial: 7, offset: 19 }));
        assert_eq!(file.get(LaneId(0), 0), None);
        assert_eq!(file.lanes_of(Signal::Traces).collect::<Vec<_>>(), [LaneId(0)]);
    }

    #[test]
    fn a_copy_that_is_not_whole_leaves_the_one_before() {
        let (_path, directory) = directory();
        let file = CursorFile::create(&directory, 1).unwrap();
        let before = Position { serial: 1, offset: 8 };
        file.set(LaneId(0), 0, before);
        file.set(LaneId(0), 0, Position { serial: 2, offset: 16 });
        let (first, second) = file.copies(LaneId(0), 0).unwrap();
        for (copy, number) in [(second, 0), (second, 1), (second, 2)] {
            let kept = copy[number].load(Ordering::Relaxed);
            copy[number].store(kept ^ 0x10, Ordering::Relaxed);
            assert_eq!(file.get(LaneId(0), 0), Some(before));
            copy[number].store(kept, Ordering::Relaxed);
        }
        first[0].store(0, Ordering::Relaxed);
        assert_eq!(file.get(LaneId(0), 0), Some(Position { serial: 2, offset: 16 }));
    }

    #[test]
    fn what_is_no_file_of_cursors_is_refused() {
        let (path, directory) = directory();
        for content in [&[][..], &[0; 64][..], &[0xff; 40_000][..]] {
            std::fs::write(path.path().join(CURSORS), content).unwrap();
            assert!(CursorFile::open(&directory).is_err());
        }
    }
}
