//! The header of a segment that stands in a file, format v1: what it is, whose frames it holds, and what their checksums
//! are mixed with, so that no frame of an earlier use, and none that somebody has put into a payload, passes for one of
//! these.
//!
//! ```text
//! offset  size  field (little-endian)
//!      0     8  "agtlseg" and a zero
//!      8     4  format version, 1
//!     12     4  bytes of the header; the first frame stands behind them
//!     16     8  generation: how many segments this process had begun, this one included
//!     24     8  salt: random for each use of the file
//!     32     8  serial number of the segment among all of this process
//!     40     4  shard
//!     44     4  R, bytes of the resource
//!     48     4  S, bytes of the scope
//!     52     4  CRC-32C of the bytes before this field, those from 56 to 64, the resource and the scope
//!     56     8  sequence number of the last frame of the shard before this segment
//!     64   R+S  resource and scope with their schema URLs, encoded as fields of `ResourceSpans` and `ScopeSpans`
//! ```

use crate::sys::checksum::{crc32c, crc32c_append};

const MAGIC: [u8; 8] = *b"agtlseg\0";
const FORMAT_VERSION: u32 = 1;
const FIXED_BYTES: usize = 64;
const CHECKED_BYTES: usize = 52;
/// Headers are whole pages.
const PAGE_BYTES: usize = 4096;
/// The most that a header may say it takes.
const MOST_HEADER_BYTES: usize = 1 << 20;

/// What a segment's header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) generation: u64,
    pub(crate) salt: u64,
    pub(crate) serial: u64,
    pub(crate) shard: u32,
    /// Sequence number of the last frame of the shard before this segment.
    pub(crate) before: u64,
    pub(crate) resource: Vec<u8>,
    pub(crate) scope: Vec<u8>,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// There is none: the file was being made ready.
    Unused,
    /// Another format, maybe a later one: to be left alone.
    Foreign,
    /// Ours, and damaged.
    Corrupt,
}

/// What the checksums of frames begin with.
#[inline]
pub(crate) fn seal(generation: u64, salt: u64) -> u32 {
    crc32c_append(crc32c(&generation.to_le_bytes()), &salt.to_le_bytes())
}

/// Bytes of the header of segments with this resource and scope.
pub(crate) fn header_bytes(resource: &[u8], scope: &[u8]) -> usize {
    (FIXED_BYTES + resource.len() + scope.len()).next_multiple_of(PAGE_BYTES)
}

fn checksum(fixed: &[u8], before: u64, resource: &[u8], scope: &[u8]) -> u32 {
    let fixed = crc32c(fixed.get(..CHECKED_BYTES).unwrap_or_default());
    let fixed = crc32c_append(fixed, &before.to_le_bytes());
    crc32c_append(crc32c_append(fixed, resource), scope)
}

/// Takes little-endian numbers off the front.
struct Numbers<'b>(&'b [u8]);

impl Numbers<'_> {
    fn next<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*number)
    }

    fn u32(&mut self) -> Option<u32> {
        self.next().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.next().map(u64::from_le_bytes)
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }
}

impl SegmentHeader {
    /// What the checksums of its frames begin with.
    pub(crate) fn seal(&self) -> u32 {
        seal(self.generation, self.salt)
    }

    /// The header's bytes, without the zeros that fill its last page.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        let mut out = Vec::with_capacity(FIXED_BYTES + self.resource.len() + self.scope.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&length(header_bytes(&self.resource, &self.scope)));
        out.extend_from_slice(&self.generation.to_le_bytes());
        out.extend_from_slice(&self.salt.to_le_bytes());
        out.extend_from_slice(&self.serial.to_le_bytes());
        out.extend_from_slice(&self.shard.to_le_bytes());
        out.extend_from_slice(&length(self.resource.len()));
        out.extend_from_slice(&length(self.scope.len()));
        out.extend_from_slice(&checksum(&out, self.before, &self.resource, &self.scope).to_le_bytes());
        out.extend_from_slice(&self.before.to_le_bytes());
        out.extend_from_slice(&self.resource);
        out.extend_from_slice(&self.scope);
        out
    }

    /// Bytes of the header that a file begins with, as far as its first 64 bytes tell.
    pub(crate) fn size(start: &[u8]) -> Result<usize, HeaderError> {
        // The first bytes are written last.
        if start.iter().take(MAGIC.len()).all(|byte| *byte == 0) {
            return Err(HeaderError::Unused);
        }
        let mut numbers = Numbers(start);
        let magic: [u8; 8] = numbers.next().ok_or(HeaderError::Corrupt)?;
        let version = numbers.u32().ok_or(HeaderError::Corrupt)?;
        if magic == MAGIC && version != FORMAT_VERSION {
            return Err(HeaderError::Foreign);
        }
        let bytes = numbers.size().ok_or(HeaderError::Corrupt)?;
        let is_sound = (FIXED_BYTES..=MOST_HEADER_BYTES).contains(&bytes) && bytes.is_multiple_of(8);
        if magic == MAGIC && is_sound { Ok(bytes) } else { Err(HeaderError::Corrupt) }
    }

    /// Reads a header back; `bytes` are all of it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        Self::size(bytes)?;
        let parse = || {
            let mut numbers = Numbers(bytes.get(16..)?);
            let (generation, salt, serial) = (numbers.u64()?, numbers.u64()?, numbers.u64()?);
            let shard = numbers.u32()?;
            let (resource_bytes, scope_bytes) = (numbers.size()?, numbers.size()?);
            let expected = numbers.u32()?;
            let before = numbers.u64()?;
            let texts = bytes.get(FIXED_BYTES..)?;
            let (resource, rest) = texts.split_at_checked(resource_bytes)?;
            let scope = rest.get(..scope_bytes)?;
            (checksum(bytes, before, resource, scope) == expected).then(|| Self {
                generation,
                salt,
                serial,
                shard,
                before,
                resource: resource.to_vec(),
                scope: scope.to_vec(),
            })
        };
        parse().ok_or(HeaderError::Corrupt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            generation: 3,
            salt: 0x1234_5678_9abc_def0,
            serial: 77,
            shard: 2,
            before: 9,
            resource: b"resource".to_vec(),
            scope: b"scope".to_vec(),
        }
    }

    #[test]
    fn a_header_comes_back_as_it_was_written() {
        let bytes = header().encode();
        assert_eq!(SegmentHeader::size(&bytes), Ok(4096));
        assert_eq!(SegmentHeader::parse(&bytes), Ok(header()));
    }

    #[test]
    fn every_damaged_bit_is_noticed() {
        let bytes = header().encode();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match SegmentHeader::parse(&damaged) {
                Ok(_) => panic!("bit {bit} was not noticed"),
                Err(HeaderError::Foreign) => assert!((8..12).contains(&(bit / 8))),
                Err(HeaderError::Corrupt) => {}
                Err(HeaderError::Unused) => panic!("bit {bit} has made it unused"),
            }
        }
        for length in 0..bytes.len() {
            assert!(SegmentHeader::parse(&bytes[..length]).is_err());
        }
    }
}
