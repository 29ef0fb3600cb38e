//! Protobuf primitives, written into a slice whose size was computed before. A write that does not fit is remembered,
//! not made: the caller asks `finish` once at the end. Text is checked for ASCII in the registers it is copied through,
//! and only text that is not ASCII is looked at again, in the copy (the original may change under our hands).
//! Source: protobuf encoding specification, <https://protobuf.dev/programming-guides/encoding/>.

use crate::sys::append::{Appended, Appender};

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

/// Writes `bytes` into `block` at `at`; where both numbers are constants, nothing is left of the checks.
#[inline(always)]
pub(crate) fn put<const N: usize, const M: usize>(block: &mut [u8; N], at: usize, bytes: [u8; M]) {
    if let Some(place) = block.get_mut(at..at + M) {
        place.copy_from_slice(&bytes);
    }
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
    appender: Appender<'b>,
    valid_utf8: bool,
    fits: bool,
}

impl<'b> Writer<'b> {
    #[inline(always)]
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self::with(Appender::new(buffer))
    }

    /// Goes on where an appender is.
    #[inline(always)]
    pub(crate) fn with(appender: Appender<'b>) -> Self {
        Self { appender, valid_utf8: true, fits: true }
    }

    /// Ends the writing: everything fitted, filled the slice exactly, and every text was UTF-8.
    #[inline(always)]
    pub(crate) fn finish(self) -> Result<Appender<'b>, WriteError> {
        if !self.fits || self.appender.left() != 0 {
            Err(WriteError::Size)
        } else if !self.valid_utf8 {
            Err(WriteError::InvalidUtf8)
        } else {
            Ok(self.appender)
        }
    }

    /// Ends the writing before the slice is full: everything fitted so far, and every text was UTF-8.
    #[inline(always)]
    pub(crate) fn into_appender(self) -> Result<Appender<'b>, WriteError> {
        if !self.fits {
            Err(WriteError::Size)
        } else if !self.valid_utf8 {
            Err(WriteError::InvalidUtf8)
        } else {
            Ok(self.appender)
        }
    }

    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        self.fits &= self.appender.array([byte]);
    }

    /// A block of known size, filled in its place.
    #[inline(always)]
    pub(crate) fn block<const N: usize>(&mut self, fill: impl FnOnce(&mut [u8; N])) {
        self.fits &= self.appender.block(fill);
    }

    #[inline(always)]
    pub(crate) fn varint(&mut self, value: u64) {
        if value < 0x80 {
            self.byte(value as u8);
        } else if value < 0x4000 {
            self.fits &= self.appender.array([(value & 0x7f | 0x80) as u8, (value >> 7) as u8]);
        } else {
            self.long_varint(value);
        }
    }

    #[cold]
    fn long_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte((value & 0x7f | 0x80) as u8);
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
        self.fits &= self.appender.bytes(bytes);
    }

    /// The same for bytes of which there are many.
    #[inline(always)]
    pub(crate) fn whole(&mut self, bytes: &[u8]) {
        self.fits &= self.appender.many_bytes(bytes);
    }

    #[inline(always)]
    fn note(&mut self, appended: Appended) {
        match appended {
            Appended::Utf8 => {}
            Appended::NotUtf8 => self.valid_utf8 = false,
            Appended::NoRoom => self.fits = false,
        }
    }

    /// The bytes of a text, without tag or length; whether they are UTF-8 is told by `finish`.
    #[inline(always)]
    pub(crate) fn text(&mut self, text: &[u8]) {
        let appended = self.appender.text(text);
        self.note(appended);
    }

    /// Two texts, each behind four bytes of tags and lengths.
    #[inline(always)]
    pub(crate) fn framed_texts(&mut self, before: u32, first: &[u8], between: u32, second: &[u8]) {
        let appended = self.appender.framed(before, first, between, second);
        self.note(appended);
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

/// Reads little-endian values one after the other; what is not there is zero.
pub(crate) struct Values<'b>(pub(crate) &'b [u8]);

impl Values<'_> {
    #[inline(always)]
    pub(crate) fn get<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((value, rest)) => {
                self.0 = rest;
                *value
            }
            None => [0; N],
        }
    }
    #[inline(always)]
    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.get())
    }
    #[inline(always)]
    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.get())
    }
    #[inline(always)]
    pub(crate) fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.get())
    }
    #[inline(always)]
    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.get())
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
        let (value, rest) = varint(self.rest)?;
        self.rest = rest;
        Some(value)
    }
}

/// Reads a varint; gives what is behind it too.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut rest) = (0u64, bytes);
    for shift in (0..64).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((value, rest));
        }
    }
    None
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
                assert_eq!(10 - writer.appender.left(), varint_size(value), "{value}");
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
                assert_eq!(writer.finish().map(|_| ()), expected, "length {length}, broken at {broken_at:?}");
                assert_eq!(buffer, text);
            }
        }
    }

    #[test]
    fn a_write_beyond_the_end_is_an_error_and_not_a_panic() {
        let mut buffer = [0; 3];
        let mut writer = Writer::new(&mut buffer);
        writer.raw(&[1, 2, 3, 4]);
        assert_eq!(writer.finish().map(|_| ()), Err(WriteError::Size));
        let writer = Writer::new(&mut buffer);
        assert_eq!(writer.finish().map(|_| ()), Err(WriteError::Size));
    }
}
