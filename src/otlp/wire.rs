//! Protobuf primitives, written into a slice whose size was computed before. A write that does not fit is remembered,
//! not made: the caller asks `finish` once at the end. Text is checked for ASCII in the registers it is copied through,
//! and only text that is not ASCII is looked at again, in the copy (the original may change under our hands).
//! Source: protobuf encoding specification, <https://protobuf.dev/programming-guides/encoding/>.

use crate::sys::copy::copy_is_ascii;

/// Wire type of varints.
const VARINT: u32 = 0;
/// Wire type of 64-bit fixed values.
const FIXED64: u32 = 1;
/// Wire type of length-delimited values.
const LENGTH_DELIMITED: u32 = 2;
/// Wire type of 32-bit fixed values.
const FIXED32: u32 = 5;

/// Tag of a varint field. All fields used here are below 16 but for a span's flags, so a tag is one byte.
pub(crate) const fn varint_tag(field: u32) -> u32 {
    field << 3 | VARINT
}
/// Tag of a fixed64 or double field.
pub(crate) const fn fixed64_tag(field: u32) -> u32 {
    field << 3 | FIXED64
}
/// Tag of a string, bytes or message field.
pub(crate) const fn bytes_tag(field: u32) -> u32 {
    field << 3 | LENGTH_DELIMITED
}
/// Tag of a fixed32 field.
pub(crate) const fn fixed32_tag(field: u32) -> u32 {
    field << 3 | FIXED32
}

/// Bytes that a varint takes.
#[inline]
pub(crate) const fn varint_size(value: u64) -> usize {
    // Seven bits a byte; the division by seven as a multiplication, exact for 1..=64 bits.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    (bits * 9 + 64) / 64
}

/// Bytes of a length-delimited value with its length, without the tag.
#[inline]
pub(crate) const fn delimited_size(length: usize) -> usize {
    varint_size(length as u64) + length
}

/// Why a record could not be written as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// A text is not UTF-8: it has to be repaired first.
    InvalidUtf8,
    /// The size pass and the write pass disagree: a fault of this library.
    Size,
}

/// Writes into a slice, front to back.
pub(crate) struct Writer<'b> {
    buffer: &'b mut [u8],
    position: usize,
    valid_utf8: bool,
    fits: bool,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, position: 0, valid_utf8: true, fits: true }
    }

    /// Ends the writing: everything fitted, filled the slice exactly, and every text was UTF-8.
    pub(crate) fn finish(self) -> Result<(), WriteError> {
        if !self.fits || self.position != self.buffer.len() {
            Err(WriteError::Size)
        } else if !self.valid_utf8 {
            Err(WriteError::InvalidUtf8)
        } else {
            Ok(())
        }
    }

    #[inline(always)]
    fn place(&mut self, length: usize) -> Option<&mut [u8]> {
        let end = self.position.wrapping_add(length);
        match self.buffer.get_mut(self.position..end) {
            Some(place) => {
                self.position = end;
                Some(place)
            }
            None => {
                self.fits = false;
                None
            }
        }
    }

    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        match self.buffer.get_mut(self.position) {
            Some(place) => {
                *place = byte;
                self.position += 1;
            }
            None => self.fits = false,
        }
    }

    /// A block of known size, filled in its place: made elsewhere and copied, its small parts would have to be waited
    /// for.
    #[inline(always)]
    pub(crate) fn block<const N: usize>(&mut self, fill: impl FnOnce(&mut [u8; N])) {
        match self.buffer.get_mut(self.position..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            Some(place) => {
                fill(place);
                self.position += N;
            }
            None => self.fits = false,
        }
    }

    #[inline(always)]
    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    #[inline(always)]
    pub(crate) fn tag(&mut self, tag: u32) {
        self.varint(u64::from(tag));
    }

    #[inline(always)]
    pub(crate) fn length(&mut self, length: usize) {
        self.varint(length as u64);
    }

    /// Bytes as they are, without tag or length.
    #[inline(always)]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        if let Some(place) = self.place(bytes.len()) {
            copy_is_ascii(place, bytes);
        }
    }

    /// The bytes of a text, without tag or length; whether they are UTF-8 is told by `finish`.
    #[inline(always)]
    pub(crate) fn text(&mut self, text: &[u8]) {
        if let Some(place) = self.place(text.len())
            && !copy_is_ascii(place, text)
            && std::str::from_utf8(place).is_err()
        {
            self.valid_utf8 = false;
        }
    }

    /// Two texts, each behind four bytes of tags and lengths: an attribute in one go.
    #[inline(always)]
    pub(crate) fn framed_texts(&mut self, before: [u8; 4], first: &[u8], between: [u8; 4], second: &[u8]) {
        let Some(place) = self.place(before.len() + first.len() + between.len() + second.len()) else {
            return;
        };
        let Some((frame, rest)) = place.split_first_chunk_mut::<4>() else { return };
        *frame = before;
        let Some((first_place, rest)) = rest.split_at_mut_checked(first.len()) else { return };
        let Some((frame, second_place)) = rest.split_first_chunk_mut::<4>() else { return };
        *frame = between;
        let are_ascii = copy_is_ascii(first_place, first) & copy_is_ascii(second_place, second);
        if !are_ascii
            && (std::str::from_utf8(first_place).is_err() || std::str::from_utf8(second_place).is_err())
        {
            self.valid_utf8 = false;
        }
    }

    #[inline(always)]
    pub(crate) fn text_field(&mut self, tag: u32, text: &[u8]) {
        self.tag(tag);
        self.length(text.len());
        self.text(text);
    }

    #[inline(always)]
    pub(crate) fn bytes_field(&mut self, tag: u32, bytes: &[u8]) {
        self.tag(tag);
        self.length(bytes.len());
        self.raw(bytes);
    }

    #[inline(always)]
    pub(crate) fn varint_field(&mut self, tag: u32, value: u64) {
        self.tag(tag);
        self.varint(value);
    }

    #[inline(always)]
    pub(crate) fn fixed64_field(&mut self, tag: u32, value: u64) {
        self.tag(tag);
        self.raw(&value.to_le_bytes());
    }

    #[inline(always)]
    pub(crate) fn fixed32_field(&mut self, tag: u32, value: u32) {
        self.tag(tag);
        self.raw(&value.to_le_bytes());
    }
}

/// Reads length-delimited fields back from bytes that this library wrote.
#[derive(Clone)]
pub(crate) struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// One length-delimited field: its tag, its content, and all of it as it stands.
pub(crate) struct Field<'b> {
    pub(crate) tag: u32,
    pub(crate) content: &'b [u8],
    pub(crate) whole: &'b [u8],
}

impl<'b> Iterator for Fields<'b> {
    type Item = Field<'b>;

    /// The next field; ends at the end of the bytes or at anything that is not length-delimited.
    fn next(&mut self) -> Option<Field<'b>> {
        let before = self.rest;
        let tag = u32::try_from(self.varint()?).ok()?;
        if tag & 7 != LENGTH_DELIMITED {
            return None;
        }
        let length = usize::try_from(self.varint()?).ok()?;
        let (content, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let whole = before.get(..before.len() - rest.len())?;
        Some(Field { tag, content, whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_varint_takes_as_many_bytes_as_said() {
        for bits in 0..64 {
            for value in [1u64 << bits, (1u64 << bits) - 1, (1u64 << bits) | 1, u64::MAX] {
                let mut buffer = [0; 10];
                let mut writer = Writer::new(&mut buffer);
                writer.varint(value);
                assert_eq!(writer.position, varint_size(value), "{value}");
            }
        }
    }

    #[test]
    fn texts_of_every_length_are_copied_and_checked() {
        for length in 0..100 {
            let plain: Vec<u8> = (0..length).map(|i| b'a' + (i % 26) as u8).collect();
            for broken_at in (0..length).map(Some).chain([None]) {
                let mut text = plain.clone();
                if let Some(at) = broken_at {
                    text[at] = 0xff;
                }
                let mut buffer = vec![0; length];
                let mut writer = Writer::new(&mut buffer);
                writer.text(&text);
                let expected = if broken_at.is_some() { Err(WriteError::InvalidUtf8) } else { Ok(()) };
                assert_eq!(writer.finish(), expected, "length {length}, broken at {broken_at:?}");
                assert_eq!(buffer, text);
            }
        }
    }

    #[test]
    fn a_write_beyond_the_end_is_an_error_and_not_a_panic() {
        let mut buffer = [0; 3];
        let mut writer = Writer::new(&mut buffer);
        writer.raw(&[1, 2, 3, 4]);
        assert_eq!(writer.finish(), Err(WriteError::Size));
        let writer = Writer::new(&mut buffer);
        assert_eq!(writer.finish(), Err(WriteError::Size));
    }
}
