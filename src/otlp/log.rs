//! A log record on the wire, as an element of `ScopeLogs.log_records`. Source: opentelemetry-proto
//! `logs/v1/logs.proto`.

use super::span::{ITEM, RecordSize};
use super::value::{Attribute, Value, attributes_size, value_size, write_attributes, write_value};
use super::wire::{
    WriteError, Writer, bytes_tag, delimited_size, fixed32_tag, fixed64_tag, put, varint_size, varint_tag,
};
use crate::sys::append::Appender;

const TIME: u32 = fixed64_tag(1);
const SEVERITY_NUMBER: u32 = varint_tag(2);
const SEVERITY_TEXT: u32 = bytes_tag(3);
const BODY: u32 = bytes_tag(5);
/// `LogRecord.attributes`.
pub(crate) const ATTRIBUTES: u32 = bytes_tag(6);
const DROPPED_ATTRIBUTES: u32 = varint_tag(7);
const FLAGS: u32 = fixed32_tag(8);
const TRACE_ID: u32 = bytes_tag(9);
const SPAN_ID: u32 = bytes_tag(10);
const OBSERVED_TIME: u32 = fixed64_tag(11);
const EVENT_NAME: u32 = bytes_tag(12);

/// Tag and length with the value of each id; tag and value of the two times, of the flags and of a severity.
const TRACE_ID_FIELD: usize = 18;
const SPAN_ID_FIELD: usize = 10;
const TIMES: usize = 9 + 9;
const FLAGS_FIELD: usize = 5;
const SEVERITY_FIELD: usize = 2;

/// A severity number of OpenTelemetry: 1 to 24, or 0 when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Severity(u8);

/// Makes a constant of each severity, and the list of their short names.
macro_rules! severities {
    ($($name:ident = $number:literal),+ $(,)?) => {
        impl Severity {
            $(pub(crate) const $name: Self = Self($number);)+
        }

        const SEVERITY_NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

// Source: OpenTelemetry Logs Data Model, "Displaying Severity".
severities! {
    TRACE = 1, TRACE2 = 2, TRACE3 = 3, TRACE4 = 4,
    DEBUG = 5, DEBUG2 = 6, DEBUG3 = 7, DEBUG4 = 8,
    INFO = 9, INFO2 = 10, INFO3 = 11, INFO4 = 12,
    WARN = 13, WARN2 = 14, WARN3 = 15, WARN4 = 16,
    ERROR = 17, ERROR2 = 18, ERROR3 = 19, ERROR4 = 20,
    FATAL = 21, FATAL2 = 22, FATAL3 = 23, FATAL4 = 24,
}

impl Severity {
    /// Nothing is said.
    pub(crate) const UNSPECIFIED: Self = Self(0);

    /// The severity with this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        (usize::from(number) <= SEVERITY_NAMES.len()).then_some(Self(number))
    }

    pub(crate) fn number(self) -> u8 {
        self.0
    }

    /// Its short name; empty when nothing is said.
    pub(crate) fn text(self) -> &'static str {
        let position = usize::from(self.0).checked_sub(1);
        position.and_then(|position| SEVERITY_NAMES.get(position)).copied().unwrap_or_default()
    }
}

/// All of a log record. Times are nanoseconds since 1970, never negative. Ids that are all zero are absent, and so is what
/// is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogRecord<'a> {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) flags: u32,
    pub(crate) time: i64,
    pub(crate) observed: i64,
    pub(crate) severity: Severity,
    /// In place of the severity's short name.
    pub(crate) severity_text: &'a [u8],
    pub(crate) event_name: &'a [u8],
    pub(crate) body: Value<'a>,
    /// Attributes that were encoded before (of the session), tags included.
    pub(crate) encoded: &'a [u8],
    pub(crate) attributes: &'a [Attribute<'a>],
    pub(crate) dropped_attributes: u32,
}

/// Size of a text field whose tag takes one byte; an empty text is left out.
#[inline(always)]
fn text_size(text: &[u8]) -> usize {
    if text.is_empty() { 0 } else { 1 + delimited_size(text.len()) }
}

impl LogRecord<'_> {
    #[inline(always)]
    fn body_size(&self) -> Option<usize> {
        let size = value_size(&self.body);
        (size > 0).then_some(size)
    }

    #[inline(always)]
    fn shown_severity(&self) -> &[u8] {
        if self.severity_text.is_empty() { self.severity.text().as_bytes() } else { self.severity_text }
    }

    #[inline(always)]
    fn has_trace(&self) -> bool {
        self.trace_id != [0; 16]
    }

    #[inline(always)]
    fn has_span(&self) -> bool {
        self.span_id != [0; 8]
    }

    #[inline(always)]
    fn content_size(&self) -> usize {
        let fixed = TIMES
            + if self.has_trace() { TRACE_ID_FIELD + FLAGS_FIELD } else { 0 }
            + if self.has_span() { SPAN_ID_FIELD } else { 0 }
            + if self.severity.number() > 0 { SEVERITY_FIELD } else { 0 };
        let dropped = match self.dropped_attributes {
            0 => 0,
            dropped => 1 + varint_size(dropped.into()),
        };
        fixed
            + dropped
            + text_size(self.shown_severity())
            + self.body_size().map_or(0, |size| 1 + delimited_size(size))
            + self.encoded.len()
            + attributes_size(self.attributes)
            + text_size(self.event_name)
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
        self.write_fields(&mut writer);
        writer.finish()
    }

    /// Writes its fields.
    #[inline(always)]
    pub(super) fn write_fields(&self, writer: &mut Writer<'_>) {
        writer.block::<TIMES>(|block| {
            put(block, 0, [TIME as u8]);
            put(block, 1, self.time.to_le_bytes());
            put(block, 9, [OBSERVED_TIME as u8]);
            put(block, 10, self.observed.to_le_bytes());
        });
        if self.severity.number() > 0 {
            writer.varint_field(SEVERITY_NUMBER, self.severity.number().into());
        }
        if !self.shown_severity().is_empty() {
            writer.text_field(SEVERITY_TEXT, self.shown_severity());
        }
        if let Some(size) = self.body_size() {
            writer.tag(BODY);
            writer.length(size);
            write_value(writer, &self.body);
        }
        writer.raw(self.encoded);
        write_attributes(writer, ATTRIBUTES, self.attributes);
        if self.dropped_attributes > 0 {
            writer.varint_field(DROPPED_ATTRIBUTES, self.dropped_attributes.into());
        }
        if self.has_trace() {
            writer.block::<{ FLAGS_FIELD + TRACE_ID_FIELD }>(|block| {
                put(block, 0, [FLAGS as u8]);
                put(block, 1, self.flags.to_le_bytes());
                put(block, FLAGS_FIELD, [TRACE_ID as u8, 16]);
                put(block, FLAGS_FIELD + 2, self.trace_id);
            });
        }
        if self.has_span() {
            writer.block::<SPAN_ID_FIELD>(|block| {
                put(block, 0, [SPAN_ID as u8, 8]);
                put(block, 2, self.span_id);
            });
        }
        if !self.event_name.is_empty() {
            writer.text_field(EVENT_NAME, self.event_name);
        }
    }
}
