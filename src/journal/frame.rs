//! The frame, format v1: how one record stands in a segment.
//!
//! ```text
//! offset  size  field (little-endian)
//!      0     4  length of the payload; 0 = no frame here; published last, with release order
//!      4     1  signal (1 traces, 2 logs, 3 metrics)
//!      5     1  kind of the event (0 custom, 1 llm, 2 tool, 3 action, 255 session root)
//!      6     2  flags (bit 0: the record tells of an error; bit 1: it shows what is not over; bit 2: no record, but what
//!            is measured of an event that leaves none)
//!      8     8  sequence number in the shard, from 1, without gaps
//!     16     n  payload: one record as an element of its request, tag and length included
//!   16+n     4  CRC-32C over generation and salt of the segment and this frame from offset 4 to 16+n, where segments
//!            outlive the process, else 0
//! ```
//!
//! Frames are padded to 8 bytes. The zero length of the next frame is written before this one's length.

use crate::otlp::Signal;
use crate::sys::checksum;

/// Bytes before the payload.
pub(crate) const HEADER_BYTES: usize = 16;
/// Bytes of the checksum behind the payload.
const TRAILER_BYTES: usize = 4;
/// Bytes of the length word that ends the frames of a segment.
const LENGTH_BYTES: usize = 4;
/// Frames start at multiples of this.
const FRAME_ALIGNMENT: usize = 8;

/// The most that a frame takes beside its payload.
pub(crate) const MOST_AROUND_BYTES: usize = HEADER_BYTES + TRAILER_BYTES + FRAME_ALIGNMENT - 1;

/// Bit 0 of the flags: the record tells of an error.
pub(crate) const FLAG_ERROR: u16 = 1;

/// Bit 1: the record shows something as it is before it is over.
pub(crate) const FLAG_SHOWN: u16 = 2;

/// Bit 2: no record, but the span fields that metrics are made of, of an event that leaves no span. No exporter gets it, and
/// no counter has it.
pub(crate) const FLAG_MEASUREMENT: u16 = 4;

/// What a frame says about its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) signal: Signal,
    pub(crate) kind: u8,
    pub(crate) flags: u16,
    pub(crate) sequence: u64,
}

impl FrameHeader {
    /// Whether the frame is a record of this signal.
    #[inline]
    pub(crate) fn is_of(&self, signal: Signal) -> bool {
        self.signal == signal && !self.is_measurement()
    }

    /// Whether it is no record at all.
    #[inline]
    pub(crate) fn is_measurement(&self) -> bool {
        self.flags & FLAG_MEASUREMENT != 0
    }
}

/// Bytes that a frame with a payload of this size takes.
#[inline]
pub(crate) const fn frame_size(payload: usize) -> usize {
    (HEADER_BYTES + payload + TRAILER_BYTES).next_multiple_of(FRAME_ALIGNMENT)
}

/// Writes everything of a frame but its length and payload into `place`, which starts where the frame does and reaches to
/// the end of the segment. The payload is there already, and stays.
#[inline(always)]
pub(crate) fn write_surroundings(place: &mut [u8], payload: usize, header: FrameHeader) {
    /// The trailer, the padding, the length word behind it, and a few bytes more that nobody has a use for yet.
    const BEHIND_BYTES: usize = (TRAILER_BYTES + FRAME_ALIGNMENT - 1 + LENGTH_BYTES).next_power_of_two();
    if let Some(behind) = place.get_mut(HEADER_BYTES + payload..) {
        match behind.first_chunk_mut::<BEHIND_BYTES>() {
            Some(behind) => *behind = [0; BEHIND_BYTES],
            None => clear_to_the_end(behind),
        }
    }
    if let Some(fields) = place.first_chunk_mut::<HEADER_BYTES>() {
        let [low, high] = header.flags.to_le_bytes();
        let kinds = [header.signal as u8, header.kind, low, high];
        *fields =
            (u128::from(u32::from_le_bytes(kinds)) << 32 | u128::from(header.sequence) << 64).to_le_bytes();
    }
}

/// The end of a segment has fewer bytes. (A function of its own, lest one call of `memset` serves both cases.)
#[cold]
#[inline(never)]
fn clear_to_the_end(behind: &mut [u8]) {
    behind.fill(0);
}

/// The checksum of a frame: over everything behind its length, up to the end of the payload.
#[inline]
fn checksum(checked: &[u8], seal: u32) -> u32 {
    checksum::crc32c_append(seal, checked)
}

/// Writes the checksum of a frame whose payload is written.
#[inline]
pub(crate) fn write_checksum(place: &mut [u8], payload: usize, seal: u32) {
    let end = HEADER_BYTES + payload;
    let checksum = checksum(place.get(LENGTH_BYTES..end).unwrap_or_default(), seal);
    if let Some(trailer) = place.get_mut(end..).and_then(|rest| rest.first_chunk_mut::<TRAILER_BYTES>()) {
        *trailer = checksum.to_le_bytes();
    }
}

/// Whether the checksum of the frame that `bytes` begin with holds.
pub(crate) fn has_checksum(bytes: &[u8], frame: &Frame<'_>, seal: u32) -> bool {
    let end = HEADER_BYTES + frame.payload.len();
    let written = bytes.get(end..).and_then(|rest| rest.first_chunk::<TRAILER_BYTES>());
    let found = checksum(bytes.get(LENGTH_BYTES..end).unwrap_or_default(), seal);
    written.is_some_and(|written| u32::from_le_bytes(*written) == found)
}

/// A frame as it is read back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'s> {
    pub(crate) header: FrameHeader,
    pub(crate) payload: &'s [u8],
    /// Bytes from this frame's start to the next one's.
    pub(crate) size: usize,
}

/// Reads the frames of a segment from some offset on.
pub(crate) struct Frames<'s> {
    rest: &'s [u8],
}

impl<'s> Frames<'s> {
    /// `committed` are the bytes of a segment from a frame's start on.
    pub(crate) fn new(committed: &'s [u8]) -> Self {
        Self { rest: committed }
    }
}

impl<'s> Iterator for Frames<'s> {
    type Item = Frame<'s>;

    /// The next frame; ends at the end of the bytes, at a zero length, or at anything that is no frame.
    #[inline]
    fn next(&mut self) -> Option<Frame<'s>> {
        let fields = self.rest.first_chunk::<HEADER_BYTES>()?;
        let length = u32::from_le_bytes(*fields.first_chunk()?);
        let payload = usize::try_from(length).ok().filter(|length| *length > 0)?;
        let size = frame_size(payload);
        let (frame, rest) = self.rest.split_at_checked(size)?;
        let [_, _, _, _, signal, kind, low, high, ..] = *fields;
        let header = FrameHeader {
            signal: Signal::from_number(u32::from(signal))?,
            kind,
            flags: u16::from_le_bytes([low, high]),
            sequence: u64::from_le_bytes(*fields.last_chunk()?),
        };
        self.rest = rest;
        Some(Frame { header, payload: frame.get(HEADER_BYTES..HEADER_BYTES + payload)?, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_it_was_written_and_ends_at_the_zero_length() {
        let mut segment = vec![0xaa; 128];
        let header = FrameHeader { signal: Signal::Logs, kind: 3, flags: FLAG_ERROR, sequence: 77 };
        write_surroundings(&mut segment, 5, header);
        segment[..4].copy_from_slice(&5u32.to_le_bytes());
        segment[16..21].copy_from_slice(b"hello");
        let frames: Vec<_> = Frames::new(&segment).collect();
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].header, header);
        assert_eq!(frames[0].payload, b"hello");
        assert_eq!(frames[0].size, 32);
    }

    #[test]
    fn what_is_no_frame_ends_the_reading() {
        for bytes in [&[][..], &[0; 16][..], &[0xff; 64][..], &[5, 0, 0, 0][..]] {
            assert_eq!(Frames::new(bytes).count(), 0);
        }
    }
}
