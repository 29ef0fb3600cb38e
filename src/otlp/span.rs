//! A span on the wire: one size pass, one write pass, straight into the journal. The payload carries its own tag and
//! length as an element of `ScopeSpans.spans`, so that payloads concatenate into a request. Source: opentelemetry-proto
//! `trace/v1/trace.proto`.

use super::value::{Attribute, Attributes, attributes_size, write_attributes};
use super::wire::{
    WriteError, Writer, bytes_tag, delimited_size, fixed32_tag, fixed64_tag, put, varint_size, varint_tag,
};
use crate::sys::append::{Appended, Appender};

/// `ScopeSpans.spans`; `ScopeLogs.log_records` has the same number.
pub(crate) const ITEM: u32 = bytes_tag(2);

const TRACE_ID: u32 = bytes_tag(1);
const SPAN_ID: u32 = bytes_tag(2);
const TRACE_STATE: u32 = bytes_tag(3);
const PARENT_SPAN_ID: u32 = bytes_tag(4);
const NAME: u32 = bytes_tag(5);
const KIND: u32 = varint_tag(6);
const START: u32 = fixed64_tag(7);
const END: u32 = fixed64_tag(8);
/// `Span.attributes`.
pub(crate) const ATTRIBUTES: u32 = bytes_tag(9);
const DROPPED_ATTRIBUTES: u32 = varint_tag(10);
/// `Span.events`.
pub(crate) const EVENTS: u32 = bytes_tag(11);
const DROPPED_EVENTS: u32 = varint_tag(12);
/// `Span.links`.
pub(crate) const LINKS: u32 = bytes_tag(13);
const DROPPED_LINKS: u32 = varint_tag(14);
const STATUS: u32 = bytes_tag(15);
const FLAGS: u32 = fixed32_tag(16);

const EVENT_TIME: u32 = fixed64_tag(1);
const EVENT_NAME: u32 = bytes_tag(2);
const EVENT_ATTRIBUTES: u32 = bytes_tag(3);

const LINK_TRACE_ID: u32 = bytes_tag(1);
const LINK_SPAN_ID: u32 = bytes_tag(2);
const LINK_TRACE_STATE: u32 = bytes_tag(3);
const LINK_ATTRIBUTES: u32 = bytes_tag(4);
const LINK_FLAGS: u32 = fixed32_tag(6);

const STATUS_MESSAGE: u32 = bytes_tag(2);
const STATUS_CODE: u32 = varint_tag(3);

/// Whether the parent's remoteness is known (bit 8 of `Span.flags`): it always is here.
pub(crate) const FLAG_HAS_IS_REMOTE: u32 = 0x100;
/// Whether the parent is remote (bit 9 of `Span.flags`).
pub(crate) const FLAG_IS_REMOTE: u32 = 0x200;

/// The two bits for a parent or link that is remote or not.
pub(crate) fn remote_flags(is_remote: bool) -> u32 {
    FLAG_HAS_IS_REMOTE | if is_remote { FLAG_IS_REMOTE } else { 0 }
}

/// Tag, length and value of a trace id; of a span id; tag and value of a fixed64; of a fixed32 with a two-byte tag.
const TRACE_ID_FIELD: usize = 18;
const SPAN_ID_FIELD: usize = 10;
const FIXED64_FIELD: usize = 9;
const FLAGS_FIELD: usize = 6;
/// The same with a tag of one byte.
const FIXED32_FIELD: usize = 5;

/// `Span.kind`, with its numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SpanKind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

impl SpanKind {
    /// The kind that has this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer]
            .into_iter()
            .find(|kind| u32::from(*kind as u8) == number)
    }
}

/// `Status.code`, with its numbers on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum StatusCode {
    #[default]
    Unset = 0,
    Ok = 1,
    Error = 2,
}

impl StatusCode {
    /// The code that has this number; Unset for any other.
    pub(crate) fn from_number(number: u8) -> Self {
        [Self::Ok, Self::Error].into_iter().find(|code| *code as u8 == number).unwrap_or_default()
    }
}

/// Something that happened at a moment during a span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanEvent<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) time: i64,
    pub(crate) attributes: &'a [Attribute<'a>],
}

/// A link to another span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link<'a> {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) trace_state: &'a [u8],
    pub(crate) flags: u32,
    pub(crate) attributes: &'a [Attribute<'a>],
}

/// What a plain span has beside its attributes.
pub(crate) struct PlainSpan<'a> {
    pub(crate) span_id: [u8; 8],
    pub(crate) parent: [u8; 8],
    /// The name is what these give, joined; not empty.
    pub(crate) name: [&'a [u8]; 2],
    pub(crate) kind: SpanKind,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// What `common_fields` gave.
    pub(crate) common: &'a [u8],
    pub(crate) status: StatusCode,
}

/// All of a span. Times are nanoseconds since 1970, never negative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanRecord<'a> {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) trace_state: &'a [u8],
    pub(crate) flags: u32,
    /// The name is what these give, joined.
    pub(crate) name: [&'a [u8]; 2],
    pub(crate) kind: SpanKind,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Fields that were encoded before (of the session, of an event in flight), tags included.
    pub(crate) encoded: [&'a [u8]; 2],
    pub(crate) attributes: Attributes<'a>,
    pub(crate) dropped_attributes: u32,
    pub(crate) events: &'a [SpanEvent<'a>],
    pub(crate) dropped_events: u32,
    pub(crate) links: &'a [Link<'a>],
    pub(crate) dropped_links: u32,
    pub(crate) status: StatusCode,
    pub(crate) status_message: &'a [u8],
}

fn text_field_size(text: &[u8]) -> usize {
    if text.is_empty() { 0 } else { 1 + delimited_size(text.len()) }
}

fn count_field_size(count: u32) -> usize {
    if count == 0 { 0 } else { 1 + varint_size(u64::from(count)) }
}

fn event_size(event: &SpanEvent<'_>) -> usize {
    FIXED64_FIELD + text_field_size(event.name) + attributes_size(event.attributes)
}

fn link_size(link: &Link<'_>) -> usize {
    TRACE_ID_FIELD
        + SPAN_ID_FIELD
        + text_field_size(link.trace_state)
        + FIXED32_FIELD
        + attributes_size(link.attributes)
}

/// Size of events and links as fields of a span.
#[inline(always)]
pub(crate) fn moments_size(events: &[SpanEvent<'_>], links: &[Link<'_>]) -> usize {
    if events.is_empty() && links.is_empty() {
        return 0;
    }
    let events: usize = events.iter().map(|event| 1 + delimited_size(event_size(event))).sum();
    let links: usize = links.iter().map(|link| 1 + delimited_size(link_size(link))).sum();
    events + links
}

/// Writes events and links as fields of a span.
#[inline(always)]
pub(crate) fn write_moments(writer: &mut Writer<'_>, events: &[SpanEvent<'_>], links: &[Link<'_>]) {
    if !events.is_empty() || !links.is_empty() {
        write_some_moments(writer, events, links);
    }
}

fn write_some_moments(writer: &mut Writer<'_>, events: &[SpanEvent<'_>], links: &[Link<'_>]) {
    for event in events {
        writer.tag(EVENTS);
        writer.length(event_size(event));
        writer.fixed64_field(EVENT_TIME, event.time.cast_unsigned());
        if !event.name.is_empty() {
            writer.text_field(EVENT_NAME, event.name);
        }
        write_attributes(writer, EVENT_ATTRIBUTES, event.attributes);
    }
    for link in links {
        writer.tag(LINKS);
        writer.length(link_size(link));
        writer.bytes_field(LINK_TRACE_ID, &link.trace_id);
        writer.bytes_field(LINK_SPAN_ID, &link.span_id);
        if !link.trace_state.is_empty() {
            writer.text_field(LINK_TRACE_STATE, link.trace_state);
        }
        write_attributes(writer, LINK_ATTRIBUTES, link.attributes);
        writer.fixed32_field(LINK_FLAGS, link.flags);
    }
}

impl SpanRecord<'_> {
    fn name_size(&self) -> usize {
        self.name[0].len() + self.name[1].len()
    }

    fn status_size(&self) -> Option<usize> {
        let code = if self.status == StatusCode::Unset { 0 } else { 2 };
        let size = code + text_field_size(self.status_message);
        (size > 0).then_some(size)
    }

    #[inline(always)]
    fn content_size(&self) -> usize {
        TRACE_ID_FIELD
            + SPAN_ID_FIELD
            + text_field_size(self.trace_state)
            + self.parent.map_or(0, |_| SPAN_ID_FIELD)
            + 1
            + delimited_size(self.name_size())
            + 2
            + FIXED64_FIELD * 2
            + self.encoded[0].len()
            + self.encoded[1].len()
            + self.attributes.size
            + count_field_size(self.dropped_attributes)
            + moments_size(self.events, self.links)
            + count_field_size(self.dropped_events)
            + count_field_size(self.dropped_links)
            + self.status_size().map_or(0, |size| 1 + delimited_size(size))
            + FLAGS_FIELD
    }

    /// Size of the content and of the whole payload.
    #[inline(always)]
    pub(crate) fn size(&self) -> RecordSize {
        let content = self.content_size();
        RecordSize { content, payload: 1 + delimited_size(content) }
    }

    /// Writes the payload, which takes the bytes that `size` gave.
    #[inline(always)]
    pub(crate) fn write<'b>(
        &self,
        size: RecordSize,
        appender: Appender<'b>,
    ) -> Result<Appender<'b>, WriteError> {
        let mut writer = Writer::with(appender);
        writer.tag(ITEM);
        writer.length(size.content);
        write_ids(&mut writer, self.trace_id, self.span_id);
        if !self.trace_state.is_empty() {
            writer.text_field(TRACE_STATE, self.trace_state);
        }
        if let Some(parent) = self.parent {
            write_parent(&mut writer, parent);
        }
        writer.tag(NAME);
        writer.length(self.name_size());
        writer.text(self.name[0]);
        if !self.name[1].is_empty() {
            writer.text(self.name[1]);
        }
        write_times(&mut writer, self.kind, self.start, self.end);
        writer.raw(self.encoded[0]);
        if !self.encoded[1].is_empty() {
            writer.raw(self.encoded[1]);
        }
        write_attributes(&mut writer, ATTRIBUTES, self.attributes.list);
        write_count(&mut writer, DROPPED_ATTRIBUTES, self.dropped_attributes);
        write_moments(&mut writer, self.events, self.links);
        write_count(&mut writer, DROPPED_EVENTS, self.dropped_events);
        write_count(&mut writer, DROPPED_LINKS, self.dropped_links);
        if let Some(size) = self.status_size() {
            writer.tag(STATUS);
            writer.length(size);
            if !self.status_message.is_empty() {
                writer.text_field(STATUS_MESSAGE, self.status_message);
            }
            if self.status != StatusCode::Unset {
                writer.varint_field(STATUS_CODE, u64::from(self.status as u8));
            }
        }
        write_flags(&mut writer, self.flags);
        writer.finish()
    }
}

// Fields of known size go in blocks: one check of the room for each.

#[inline(always)]
fn write_ids(writer: &mut Writer<'_>, trace_id: [u8; 16], span_id: [u8; 8]) {
    writer.block::<{ TRACE_ID_FIELD + SPAN_ID_FIELD }>(|block| {
        put(block, 0, [TRACE_ID as u8, 16]);
        put(block, 2, trace_id);
        put(block, TRACE_ID_FIELD, [SPAN_ID as u8, 8]);
        put(block, TRACE_ID_FIELD + 2, span_id);
    });
}

#[inline(always)]
fn write_parent(writer: &mut Writer<'_>, parent: [u8; 8]) {
    writer.block::<SPAN_ID_FIELD>(|block| {
        put(block, 0, [PARENT_SPAN_ID as u8, 8]);
        put(block, 2, parent);
    });
}

#[inline(always)]
fn write_times(writer: &mut Writer<'_>, kind: SpanKind, start: i64, end: i64) {
    writer.block::<{ 2 + 2 * FIXED64_FIELD }>(|block| {
        put(block, 0, [KIND as u8, kind as u8, START as u8]);
        put(block, 3, start.to_le_bytes());
        put(block, 2 + FIXED64_FIELD, [END as u8]);
        put(block, 3 + FIXED64_FIELD, end.to_le_bytes());
    });
}

#[inline(always)]
fn write_flags(writer: &mut Writer<'_>, flags: u32) {
    writer.block::<FLAGS_FIELD>(|block| {
        // A tag of two bytes.
        put(block, 0, [(FLAGS & 0x7f | 0x80) as u8, (FLAGS >> 7) as u8]);
        put(block, 2, flags.to_le_bytes());
    });
}

/// Fields of a plain span that all of a session's have: trace id, flags of a parent in this process, trace state.
pub(crate) fn common_fields(trace_id: [u8; 16], flags: u32, trace_state: &[u8], encoded: &[u8]) -> Vec<u8> {
    let size = TRACE_ID_FIELD + encoded.len() + FLAGS_FIELD + text_field_size(trace_state);
    let mut place = vec![0; size];
    let mut writer = Writer::new(&mut place);
    writer.bytes_field(TRACE_ID, &trace_id);
    writer.raw(encoded);
    write_flags(&mut writer, flags);
    if !trace_state.is_empty() {
        writer.text_field(TRACE_STATE, trace_state);
    }
    debug_assert!(writer.finish().is_ok());
    place
}

/// Ids, kind and times of a plain span.
const PLAIN_BLOCK: usize = 2 * SPAN_ID_FIELD + 2 + 2 * FIXED64_FIELD;
/// Its status, when it has one: tag, length, tag and value of the code.
const PLAIN_STATUS: usize = 4;

impl PlainSpan<'_> {
    #[inline(always)]
    fn name_size(&self) -> usize {
        self.name[0].len() + self.name[1].len()
    }

    /// Bytes that `write` writes, of a name that is short enough.
    #[inline(always)]
    pub(crate) fn size(&self) -> usize {
        let status = if self.status == StatusCode::Unset { 0 } else { PLAIN_STATUS };
        PLAIN_BLOCK + 2 + self.name_size() + self.common.len() + status
    }

    /// Whether the name is short enough for a plain span.
    #[inline(always)]
    pub(crate) fn has_short_name(&self) -> bool {
        self.name_size() < 0x80
    }

    /// Writes everything but the attributes; false when it is not plain after all.
    #[inline(always)]
    pub(crate) fn write(&self, appender: &mut Appender<'_>) -> bool {
        const TIMES: usize = 2 * SPAN_ID_FIELD;
        let Ok(name_bytes @ 0..0x80) = u8::try_from(self.name_size()) else { return false };
        let fixed = appender.block::<PLAIN_BLOCK>(|block| {
            put(block, 0, [SPAN_ID as u8, 8]);
            put(block, 2, self.span_id);
            put(block, SPAN_ID_FIELD, [PARENT_SPAN_ID as u8, 8]);
            put(block, SPAN_ID_FIELD + 2, self.parent);
            put(block, TIMES, [KIND as u8, self.kind as u8, START as u8]);
            put(block, TIMES + 3, self.start.to_le_bytes());
            put(block, TIMES + 2 + FIXED64_FIELD, [END as u8]);
            put(block, TIMES + 3 + FIXED64_FIELD, self.end.to_le_bytes());
        });
        fixed
            && appender.array([NAME as u8, name_bytes])
            && appender.text(self.name[0]) == Appended::Utf8
            && (self.name[1].is_empty() || appender.text(self.name[1]) == Appended::Utf8)
            && appender.many_bytes(self.common)
            && (self.status == StatusCode::Unset
                || appender.array([STATUS as u8, 2, STATUS_CODE as u8, self.status as u8]))
    }
}

fn write_count(writer: &mut Writer<'_>, tag: u32, count: u32) {
    if count > 0 {
        writer.varint_field(tag, u64::from(count));
    }
}

/// What the size pass found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordSize {
    /// The message's content.
    pub(crate) content: usize,
    /// With the tag and length of the element.
    pub(crate) payload: usize,
}
