//! A plain span or log record, encoded while it is read: attributes first, as they come from the caller, then what the library knows.
//! There is no size pass and no list in between; the length that goes in front is written last. Most events are plain.
//! What is not (a key that comes twice, a text that is not UTF-8, no room) ends the draft without a trace, and the event
//! is read again with all care.

use std::ops::Range;

use super::key::{Key, LENGTH_AT};
use super::log::{self, LogRecord};
use super::open;
use super::span::{ATTRIBUTES, ITEM, PlainSpan};
use super::value::{
    ARRAY_VALUE, Attribute, BOOL_VALUE, DOUBLE_VALUE, FINGERPRINT_BITS, INT_VALUE, MOST_SHORT_BYTES,
    SESSION_ID, STRING_VALUE, VALUE, VALUES, Value, fingerprint, short_frames, write_attribute_field,
};
use super::wire::{Field, Fields, WriteError, Writer, varint_size};
#[cfg(target_arch = "x86_64")]
use crate::sys::append::Wide;
use crate::sys::append::{Appended, Appender};

/// Places for fingerprints of keys.
const MARKS: usize = 1 << FINGERPRINT_BITS;
/// That of the key that a session has for itself.
const SESSION_MARK: usize = fingerprint(SESSION_ID.as_bytes()) as usize;

/// The keys that an event has had so far, by their fingerprints. Kept by a thread from event to event, so that there is
/// nothing to clear: a mark counts when it is this event's.
pub(crate) struct KeyMarks {
    marks: [u16; MARKS],
    event: u16,
}

impl KeyMarks {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self { marks: [0; MARKS], event: 0 })
    }

    /// Forgets all keys but the one that a session has for itself.
    #[inline(always)]
    fn begin(&mut self) {
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            self.marks = [0; MARKS];
            self.event = 1;
        }
        self.add_known(SESSION_MARK);
    }

    /// Adds a key that cannot have come before, by its fingerprint.
    #[inline(always)]
    fn add_known(&mut self, fingerprint: usize) {
        if let Some(mark) = self.marks.get_mut(fingerprint % MARKS) {
            *mark = self.event;
        }
    }

    /// Adds a key. False when another one had the same fingerprint: it may have been the same key.
    #[inline(always)]
    fn add(&mut self, key: &[u8]) -> bool {
        mark(&mut self.marks, self.event, key)
    }
}

/// Leaves an event's mark for a key; false when it was there.
#[inline(always)]
fn mark(marks: &mut [u16; MARKS], event: u16, key: &[u8]) -> bool {
    let Some(mark) = marks.get_mut(fingerprint(key) as usize % MARKS) else { return false };
    let is_new = *mark != event;
    *mark = event;
    is_new
}

/// Attributes that are being written.
pub(crate) struct Draft<'b, 'k> {
    appender: Appender<'b>,
    keys: &'k mut KeyMarks,
    /// The tag of an attribute.
    tag: u32,
}

impl<'b, 'k> Draft<'b, 'k> {
    /// Starts in `buffer` with the attributes of a span.
    #[inline(always)]
    pub(crate) fn new(buffer: &'b mut [u8], keys: &'k mut KeyMarks) -> Self {
        Self::with_tag(ATTRIBUTES, buffer, keys)
    }

    /// The same with those of a record that has another tag for them.
    #[inline(always)]
    fn with_tag(tag: u32, buffer: &'b mut [u8], keys: &'k mut KeyMarks) -> Self {
        keys.begin();
        Self { appender: Appender::new(buffer), keys, tag }
    }

    /// Whether a key may stand here: it is not empty, not the session's own, and no other one was the same.
    #[inline(always)]
    fn is_plain(&mut self, key: &[u8]) -> bool {
        self.keys.add(key) && !key.is_empty() || self.is_plain_for_sure(key)
    }

    /// The same, for a key whose fingerprint says nothing.
    #[cold]
    fn is_plain_for_sure(&self, key: &[u8]) -> bool {
        let is_other = |field: Field<'_>| open::key(field.content).is_none_or(|other| other != key);
        !key.is_empty() && key != SESSION_ID.as_bytes() && Fields::new(self.appender.written()).all(is_other)
    }

    /// Writes attributes that are short texts, from position 0 to where `text` gives none for a position, at most so many;
    /// says how many these were. Nothing when one is not plain.
    #[inline(always)]
    pub(crate) fn texts<'t>(
        &mut self,
        most: usize,
        text: impl Fn(usize) -> Option<(&'t [u8], &'t [u8])>,
    ) -> Option<usize> {
        let mut done = 0;
        while done < most
            && let Some((key, text)) = text(done)
            && is_short(key, text)
        {
            let (before_key, before_text) = short_frames(self.tag, key.len(), text.len());
            let is_written = self.is_plain(key)
                && self.appender.framed(before_key, key, before_text, text) == Appended::Utf8;
            if !is_written {
                return None;
            }
            done += 1;
        }
        Some(done)
    }

    /// The same in wide registers; stops before what they do not take, too.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(crate) fn texts_in_wide_registers<'t>(
        &mut self,
        wide: Wide,
        most: usize,
        text: impl Fn(usize) -> Option<(&'t [u8], &'t [u8])>,
    ) -> Option<usize> {
        let Some(mut run) = wide.run(&mut self.appender, most) else { return Some(0) };
        let (event, tag) = (self.keys.event, self.tag);
        while run.left() > 0
            && let Some((key, text)) = text(most - run.left())
            && Wide::fits(key.len(), text.len())
            && mark(&mut self.keys.marks, event, key)
        {
            let (before_key, before_text) = short_frames(tag, key.len(), text.len());
            run.framed(before_key, key, before_text, text);
        }
        let done = most - run.left();
        let (is_ascii, written) = run.finish();
        (is_ascii || are_utf8(written)).then_some(done)
    }

    /// Writes an attribute of a key and a value; false when it is not plain.
    #[inline(never)]
    pub(crate) fn attribute(&mut self, key: &[u8], value: Value<'_>) -> bool {
        match value {
            Value::Text(text) if is_short(key, text) => {
                let (before_key, before_text) = short_frames(self.tag, key.len(), text.len());
                self.is_plain(key)
                    && self.appender.framed(before_key, key, before_text, text) == Appended::Utf8
            }
            value => self.any(&Attribute { key, value }),
        }
    }

    /// Writes an attribute of a span whose key is known beforehand, and which comes once and before all others; false when it
    /// is not plain.
    #[inline(always)]
    pub(crate) fn known(&mut self, key: &'static Key, value: Value<'_>) -> bool {
        match value {
            Value::Text(text) => self.known_text(key, text),
            Value::Int(number) => self.known_int(key, number),
            Value::Double(number) => self.known_double(key, number),
            Value::Texts(texts) => self.known_texts(key, texts),
            Value::Bool(truth) => self.known_scalar(key, BOOL_VALUE, (truth.into(), 1)),
            value => self.any(&Attribute { key: key.text(), value }),
        }
    }

    #[inline(never)]
    fn known_text(&mut self, key: &'static Key, text: &[u8]) -> bool {
        if text.len() > MOST_SHORT_BYTES - key.bytes() {
            return self.any(&Attribute { key: key.text(), value: Value::Text(text) });
        }
        let frame = (VALUE | 2 << 8 | STRING_VALUE << 16) + text.len() as u32 * 0x0100_0100;
        self.begun(key, text.len() + 4, frame, text)
    }

    /// Writes a known key, and of its value four bytes and a text; the value, tag and length included, takes `value` bytes.
    #[inline(always)]
    fn begun(&mut self, key: &'static Key, value: usize, frame: u32, text: &[u8]) -> bool {
        self.keys.add_known(key.fingerprint().into());
        let length = key.bytes() + 2 + value;
        self.appender.started(key.start(), (LENGTH_AT, length as u8), frame, text) == Appended::Utf8
    }

    /// Writes a known key, and behind the tag of its value so many bytes of a number.
    #[inline(always)]
    fn known_scalar(&mut self, key: &'static Key, tag: u32, (number, bytes): (u64, usize)) -> bool {
        self.keys.add_known(key.fingerprint().into());
        let length = key.bytes() + 2 + 3 + bytes;
        let frame = VALUE | (1 + bytes as u32) << 8 | tag << 16;
        self.appender.started_short(key.start(), (LENGTH_AT, length as u8), frame, (number, bytes))
    }

    #[inline(never)]
    fn known_double(&mut self, key: &'static Key, number: f64) -> bool {
        self.known_scalar(key, DOUBLE_VALUE, (number.to_bits(), size_of::<f64>()))
    }

    #[inline(never)]
    fn known_int(&mut self, key: &'static Key, number: i64) -> bool {
        // Four bytes of seven bits.
        const MOST: u64 = 1 << 28;
        let bits = number.cast_unsigned();
        if bits >= MOST {
            return self.any(&Attribute { key: key.text(), value: Value::Int(number) });
        }
        let bytes = varint_size(bits);
        let spread =
            bits & 0x7f | (bits & 0x7f << 7) << 1 | (bits & 0x7f << 14) << 2 | (bits & 0x7f << 21) << 3;
        // Every byte but the last says that there is another one.
        let varint = spread | 0x80_8080 & ((1 << (8 * (bytes - 1))) - 1);
        self.known_scalar(key, INT_VALUE, (varint, bytes))
    }

    /// Texts that are few and short.
    #[inline(never)]
    fn known_texts(&mut self, key: &'static Key, texts: &[&[u8]]) -> bool {
        /// Tags and lengths of a text in a list: the item's and its own.
        const AROUND: usize = 4;
        let most = MOST_SHORT_BYTES - AROUND - key.bytes();
        let items = texts.iter().try_fold(0, |sum: usize, text| {
            Some(sum + AROUND + text.len()).filter(|_| text.len() <= most).filter(|sum| *sum <= most)
        });
        let Some(items) = items else {
            return self.any(&Attribute { key: key.text(), value: Value::Texts(texts) });
        };
        let lengths = items as u32 * 0x0100_0100;
        let frame = (VALUE | 2 << 8 | ARRAY_VALUE << 16) + lengths;
        self.begun(key, items + 4, frame, b"")
            && texts.iter().all(|text| {
                let frame = (VALUES | 2 << 8 | STRING_VALUE << 16) + text.len() as u32 * 0x0100_0100;
                self.appender.array(frame.to_le_bytes()) && self.appender.text(text) == Appended::Utf8
            })
    }

    /// Writes any attribute; false when it is not plain.
    #[cold]
    pub(crate) fn any(&mut self, attribute: &Attribute<'_>) -> bool {
        if !self.is_plain(attribute.key) {
            return false;
        }
        let appender = std::mem::replace(&mut self.appender, Appender::new(&mut []));
        let mut writer = Writer::with(appender);
        write_attribute_field(&mut writer, self.tag, attribute);
        writer.into_appender().map(|appender| self.appender = appender).is_ok()
    }

    /// Ends with a field that is encoded; gives the bytes in all, or nothing when there is no room.
    pub(crate) fn finish_with<const N: usize>(mut self, field: [u8; N]) -> Option<usize> {
        self.appender.array(field).then(|| self.appender.into_written().len())
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
}

/// Whether a key and a text are short: what an attribute is mostly made of.
#[inline(always)]
fn is_short(key: &[u8], text: &[u8]) -> bool {
    key.len() <= MOST_SHORT_BYTES && text.len() <= MOST_SHORT_BYTES - key.len()
}

/// Whether the keys and texts of encoded attributes are UTF-8.
#[cold]
fn are_utf8(attributes: &[u8]) -> bool {
    let is_utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    // Tags and one-byte lengths are ASCII: what is not would be part of a text.
    Fields::new(attributes).all(|attribute| {
        let mut parts = Fields::new(attribute.content);
        parts.all(|part| is_utf8(part.content))
    })
}

/// Attributes that encode themselves into a draft.
pub(crate) trait PlainAttributes {
    /// False when not all of them are plain.
    fn encode(&self, draft: &mut Draft<'_, '_>) -> bool;
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

/// Bytes in front of a content whose length takes two: the element's tag, and the length.
const USUAL_FRONT: usize = 3;
/// The lengths that take two bytes.
const USUAL_CONTENT: Range<usize> = 0x80..0x4000;

/// Makes a plain span as an element of its request at the front of `place`; gives its bytes, or nothing when it is not plain
/// or does not fit.
#[inline(always)]
pub(crate) fn write_in_place(
    place: &mut [u8],
    keys: &mut KeyMarks,
    attributes: &impl PlainAttributes,
    span: &PlainSpan<'_>,
) -> Option<usize> {
    let written = content_in_place(place, |place| {
        let mut draft = Draft::new(place, keys);
        let is_plain = attributes.encode(&mut draft) && span.write(&mut draft.appender);
        is_plain.then_some(draft.appender)
    })?;
    finished_in_place(place, written)
}

/// The same of a log record, whose list of attributes is empty.
#[inline(always)]
pub(crate) fn write_log_in_place(
    place: &mut [u8],
    keys: &mut KeyMarks,
    attributes: &impl PlainAttributes,
    record: &LogRecord<'_>,
) -> Option<usize> {
    let written = content_in_place(place, |place| {
        let mut draft = Draft::with_tag(log::ATTRIBUTES, place, keys);
        if !attributes.encode(&mut draft) {
            return None;
        }
        let mut writer = Writer::with(draft.appender);
        record.write_fields(&mut writer);
        writer.into_appender().ok()
    })?;
    finished_in_place(place, written)
}

/// Writes a content where it stands when its length takes two bytes; gives its bytes.
#[inline(always)]
fn content_in_place<'b>(
    place: &'b mut [u8],
    write: impl FnOnce(&'b mut [u8]) -> Option<Appender<'b>>,
) -> Option<usize> {
    let room = place.len().min(USUAL_FRONT + USUAL_CONTENT.end - 1);
    write(place.get_mut(USUAL_FRONT..room)?).map(|appender| appender.into_written().len())
}

/// Writes what stands in front of a content of so many bytes; gives those of both.
#[inline(always)]
fn finished_in_place(place: &mut [u8], content: usize) -> Option<usize> {
    let length = u16::try_from(content).ok()?;
    if content < USUAL_CONTENT.start {
        // Its length takes one byte only.
        let [low, _] = length.to_le_bytes();
        place.copy_within(USUAL_FRONT..USUAL_FRONT + content, USUAL_FRONT - 1);
        *place.first_chunk_mut()? = [ITEM as u8, low];
        return Some(USUAL_FRONT - 1 + content);
    }
    let [low, high] = (length & 0x7f | 0x80 | (length & 0x3f80) << 1).to_le_bytes();
    *place.first_chunk_mut()? = [ITEM as u8, low, high];
    Some(USUAL_FRONT + content)
}
