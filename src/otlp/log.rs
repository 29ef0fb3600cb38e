//! A log record on the wire, as an element of `ScopeLogs.log_records`. Source: opentelemetry-proto
//! `logs/v1/logs.proto`.

use super::span::{ITEM, RecordSize};
use super::value::{Attribute, Value, attributes_size, value_size, write_attributes, write_value};
use super::wire::{WriteError, Writer, bytes_tag, delimited_size, fixed32_tag, fixed64_tag, varint_tag};
use crate::sys::append::Appender;

const TIME: u32 = fixed64_tag(1);
const SEVERITY_NUMBER: u32 = varint_tag(2);
const SEVERITY_TEXT: u32 = bytes_tag(3);
const BODY: u32 = bytes_tag(5);
/// `LogRecord.attributes`.
pub(crate) const ATTRIBUTES: u32 = bytes_tag(6);
const FLAGS: u32 = fixed32_tag(8);
const TRACE_ID: u32 = bytes_tag(9);
const SPAN_ID: u32 = bytes_tag(10);
const OBSERVED_TIME: u32 = fixed64_tag(11);
const EVENT_NAME: u32 = bytes_tag(12);

/// Tag, length and value of the two ids; tag and value of the two times and the flags; tag and value of a severity.
const IDS: usize = 18 + 10;
const FIXED: usize = 9 + 9 + 5;
const SEVERITY_FIELD: usize = 2;

/// OpenTelemetry's severity numbers (1 to 24) that this library sets by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Severity {
    Info = 9,
    Warn = 13,
    Error = 17,
}

impl Severity {
    fn text(self) -> &'static [u8] {
        match self {
            Self::Info => b"INFO",
            Self::Warn => b"WARN",
            Self::Error => b"ERROR",
        }
    }
}

/// All of a log record. Times are nanoseconds since 1970, never negative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogRecord<'a> {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) flags: u32,
    pub(crate) time: i64,
    pub(crate) observed: i64,
    pub(crate) severity: Severity,
    pub(crate) event_name: &'static str,
    pub(crate) body: Value<'a>,
    /// Attributes that were encoded before (of the session), tags included.
    pub(crate) encoded: &'a [u8],
    pub(crate) attributes: &'a [Attribute<'a>],
}

impl LogRecord<'_> {
    fn body_size(&self) -> Option<usize> {
        let size = value_size(&self.body);
        (size > 0).then_some(size)
    }

    fn content_size(&self) -> usize {
        IDS + FIXED
            + SEVERITY_FIELD
            + 1
            + delimited_size(self.severity.text().len())
            + self.body_size().map_or(0, |size| 1 + delimited_size(size))
            + self.encoded.len()
            + attributes_size(self.attributes)
            + 1
            + delimited_size(self.event_name.len())
    }

    /// Size of the content and of the whole payload.
    pub(crate) fn size(&self) -> RecordSize {
        let content = self.content_size();
        RecordSize { content, payload: 1 + delimited_size(content) }
    }

    /// Writes the payload, which takes the bytes that `size` gave.
    pub(crate) fn write<'b>(
        &self,
        size: RecordSize,
        appender: Appender<'b>,
    ) -> Result<Appender<'b>, WriteError> {
        let mut writer = Writer::with(appender);
        writer.tag(ITEM);
        writer.length(size.content);
        writer.fixed64_field(TIME, self.time.cast_unsigned());
        writer.fixed64_field(OBSERVED_TIME, self.observed.cast_unsigned());
        writer.varint_field(SEVERITY_NUMBER, u64::from(self.severity as u8));
        writer.text_field(SEVERITY_TEXT, self.severity.text());
        if let Some(size) = self.body_size() {
            writer.tag(BODY);
            writer.length(size);
            write_value(&mut writer, &self.body);
        }
        writer.raw(self.encoded);
        write_attributes(&mut writer, ATTRIBUTES, self.attributes);
        writer.fixed32_field(FLAGS, self.flags);
        writer.bytes_field(TRACE_ID, &self.trace_id);
        writer.bytes_field(SPAN_ID, &self.span_id);
        writer.text_field(EVENT_NAME, self.event_name.as_bytes());
        writer.finish()
    }
}
