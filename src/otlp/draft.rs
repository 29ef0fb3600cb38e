//! A plain span, encoded while it is read: attributes first, as they come from the caller, then what the library knows.
//! There is no size pass and no list in between; the length that goes in front is written with the copy into the
//! journal. Most events are plain. What is not (a key that comes twice, a text that is not UTF-8, no room) ends the draft
//! without a trace, and the event is read again with all care.

use super::span::{ATTRIBUTES, ITEM, PlainSpan};
use super::value::{
    Attribute, Fingerprints, MOST_SHORT_BYTES, names_session, short_frames, write_attribute_field,
};
use super::wire::{WriteError, Writer, varint_size};
use crate::sys::append::{Appended, Appender};

/// Attributes that are being written.
pub(crate) struct Draft<'b> {
    appender: Appender<'b>,
}

/// Whether a key and a text are for `Draft::short_text`: the key is there, and both are short.
#[inline(always)]
pub(crate) fn are_short(key_bytes: usize, text_bytes: usize) -> bool {
    key_bytes.wrapping_sub(1) < MOST_SHORT_BYTES && text_bytes <= MOST_SHORT_BYTES - key_bytes
}

/// Whether a key may stand in a draft: it is not the session's own, and surely no other one was the same.
#[inline(always)]
fn is_plain(keys: &mut Fingerprints, key: &[u8]) -> bool {
    !names_session(key) && keys.add(key)
}

impl<'b> Draft<'b> {
    /// Starts in `buffer`.
    #[inline(always)]
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        Self { appender: Appender::new(buffer) }
    }

    /// An attribute with a text, both short; false when it is not plain.
    #[inline(always)]
    pub(crate) fn short_text(&mut self, keys: &mut Fingerprints, key: &[u8], text: &[u8]) -> bool {
        let (before_key, before_text) = short_frames(ATTRIBUTES, key.len(), text.len());
        is_plain(keys, key) && self.appender.framed(before_key, key, before_text, text) == Appended::Utf8
    }

    /// Any attribute; gives the draft back when it is plain.
    #[cold]
    pub(crate) fn any(self, keys: &mut Fingerprints, attribute: &Attribute<'_>) -> Option<Self> {
        if attribute.key.is_empty() || !is_plain(keys, attribute.key) {
            return None;
        }
        let mut writer = Writer::with(self.appender);
        write_attribute_field(&mut writer, ATTRIBUTES, attribute);
        writer.into_appender().ok().map(|appender| Self { appender })
    }

    /// Leaves the span open: gives its encoded attributes, and its name as it was copied and found to be UTF-8.
    #[inline(always)]
    pub(crate) fn finish_open(mut self, name: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
        if self.appender.text(name) != Appended::Utf8 {
            return None;
        }
        let written = self.appender.into_written();
        written.split_at_checked(written.len() - name.len())
    }

    /// Writes the rest; gives the span's content, or nothing when it is not plain.
    #[inline(always)]
    pub(crate) fn finish(mut self, span: &PlainSpan<'_>) -> Option<&'b [u8]> {
        if span.write(&mut self.appender) { Some(self.appender.into_written()) } else { None }
    }
}

/// Bytes of a span with content of so many bytes as an element of its request.
#[inline(always)]
pub(crate) fn payload_size(content: usize) -> usize {
    1 + varint_size(content as u64) + content
}

/// Bytes of the content of a plain span whose attributes are encoded.
#[inline(always)]
pub(crate) fn content_size(attributes: &[u8], span: &PlainSpan<'_>) -> usize {
    attributes.len() + span.size()
}

/// Writes a plain span whose attributes are encoded as an element of its request; its content takes `content` bytes.
#[inline(always)]
pub(crate) fn write_span(
    place: &mut [u8],
    content: usize,
    attributes: &[u8],
    span: &PlainSpan<'_>,
) -> Result<(), WriteError> {
    let mut writer = Writer::new(place);
    writer.tag(ITEM);
    writer.length(content);
    writer.whole(attributes);
    let mut appender = writer.into_appender()?;
    if span.write(&mut appender) && appender.left() == 0 { Ok(()) } else { Err(WriteError::Size) }
}

/// Writes content as an element of its request.
#[inline(always)]
pub(crate) fn write_payload(place: &mut [u8], content: &[u8]) -> Result<(), WriteError> {
    let mut writer = Writer::new(place);
    writer.tag(ITEM);
    writer.length(content.len());
    writer.whole(content);
    writer.finish().map(|_| ())
}
