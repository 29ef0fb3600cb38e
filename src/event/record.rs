//! What the journal takes: a record that can be sized, written, and set right when it cannot be written as it is (invalid
//! UTF-8, too large). Spans and log records are ones.

use bumpalo::Bump;

use super::attributes::unique;
use super::processor::within;
use super::text::{Cut, LEAST_CUT_BYTES, Repair, Rewrite as _, cut_at_character, rewrite_log, rewrite_span};
use crate::journal::accounting::Repairs;
use crate::otlp::log::LogRecord;
use crate::otlp::span::{Link, RecordSize, SpanEvent, SpanRecord};
use crate::otlp::value::{Attributes, value_size};
use crate::otlp::wire::WriteError;
use crate::sys::append::Appender;

/// A record that can be sized, written, and set right.
pub(crate) trait Record<'a>: Copy {
    fn size(&self) -> RecordSize;
    fn write<'b>(&self, size: RecordSize, appender: Appender<'b>) -> Result<Appender<'b>, WriteError>;
    fn repaired(self, arena: &'a Bump, repair: &mut Repair) -> Self;
    fn cut(self, arena: &'a Bump, cut: &mut Cut) -> Self;
    /// With only the first `count` of its attributes, and without links and span events when `count` is 0.
    fn with_attributes(self, count: usize) -> Self;
    fn attribute_count(&self) -> usize;
}

impl<'a> Record<'a> for SpanRecord<'a> {
    #[inline(always)]
    fn size(&self) -> RecordSize {
        SpanRecord::size(self)
    }

    #[inline(always)]
    fn write<'b>(&self, size: RecordSize, appender: Appender<'b>) -> Result<Appender<'b>, WriteError> {
        SpanRecord::write(self, size, appender)
    }

    fn repaired(self, arena: &'a Bump, repair: &mut Repair) -> Self {
        // Keys that were different may be the same by now.
        with_unique_keys(arena, rewrite_span(arena, self, repair))
    }

    fn cut(self, arena: &'a Bump, cut: &mut Cut) -> Self {
        rewrite_span(arena, self, cut)
    }

    fn with_attributes(self, count: usize) -> Self {
        let (attributes, left_out) = within(self.attributes.list, count);
        let attributes = Attributes::of(attributes);
        let dropped_attributes = self.dropped_attributes.saturating_add(left_out);
        let shorter = Self { attributes, dropped_attributes, ..self };
        if count > 0 {
            return shorter;
        }
        // Names and keys have no limit of their own; here they get one.
        let name = shorter.name.map(|part| cut_at_character(part, MOST_NAME_BYTES));
        let all = |list: usize| u32::try_from(list).unwrap_or(u32::MAX);
        Self {
            name,
            trace_state: &[],
            events: &[],
            dropped_events: self.dropped_events.saturating_add(all(self.events.len())),
            links: &[],
            dropped_links: self.dropped_links.saturating_add(all(self.links.len())),
            ..shorter
        }
    }

    fn attribute_count(&self) -> usize {
        self.attributes.list.len()
    }
}

impl<'a> Record<'a> for LogRecord<'a> {
    #[inline(always)]
    fn size(&self) -> RecordSize {
        LogRecord::size(self)
    }

    #[inline(always)]
    fn write<'b>(&self, size: RecordSize, appender: Appender<'b>) -> Result<Appender<'b>, WriteError> {
        LogRecord::write(self, size, appender)
    }

    fn repaired(self, arena: &'a Bump, repair: &mut Repair) -> Self {
        let log = rewrite_log(arena, self, repair);
        LogRecord { attributes: unique(arena, log.attributes), ..log }
    }

    fn cut(self, arena: &'a Bump, cut: &mut Cut) -> Self {
        let log = rewrite_log(arena, self, cut);
        // Many short values are as long as a long one, and there is no telling which of them matter.
        let is_endless = value_size(&log.body) > MOST_BODY_BYTES && cut.is_least();
        if is_endless { LogRecord { body: cut.whole(), ..log } } else { log }
    }

    fn with_attributes(self, count: usize) -> Self {
        let (attributes, left_out) = within(self.attributes, count);
        let dropped_attributes = self.dropped_attributes.saturating_add(left_out);
        let shorter = Self { attributes, dropped_attributes, ..self };
        if count > 0 {
            return shorter;
        }
        let cut = |name| cut_at_character(name, MOST_NAME_BYTES);
        Self { severity_text: cut(self.severity_text), event_name: cut(self.event_name), ..shorter }
    }

    fn attribute_count(&self) -> usize {
        self.attributes.len()
    }
}

/// A span whose attributes, and those of its span events and links, have unique keys.
fn with_unique_keys<'a>(arena: &'a Bump, span: SpanRecord<'a>) -> SpanRecord<'a> {
    SpanRecord {
        attributes: Attributes::of(unique(arena, span.attributes.list)),
        events: unique_in_events(arena, span.events),
        links: unique_in_links(arena, span.links),
        ..span
    }
}

/// Span events whose attributes have unique keys.
#[inline]
pub(crate) fn unique_in_events<'a>(arena: &'a Bump, events: &'a [SpanEvent<'a>]) -> &'a [SpanEvent<'a>] {
    let unique = |event: &SpanEvent<'a>| SpanEvent { attributes: unique(arena, event.attributes), ..*event };
    if events.is_empty() { events } else { arena.alloc_slice_fill_iter(events.iter().map(unique)) }
}

/// Links whose attributes have unique keys.
#[inline]
pub(crate) fn unique_in_links<'a>(arena: &'a Bump, links: &'a [Link<'a>]) -> &'a [Link<'a>] {
    let unique = |link: &Link<'a>| Link { attributes: unique(arena, link.attributes), ..*link };
    if links.is_empty() { links } else { arena.alloc_slice_fill_iter(links.iter().map(unique)) }
}

/// A name is not cut below this.
const MOST_NAME_BYTES: usize = 1024;
/// What the body of a log record may take when even values as short as that are too much together.
const MOST_BODY_BYTES: usize = 2 * LEAST_CUT_BYTES;

/// Repairs the texts of a record and makes it fit into `limit` bytes.
#[cold]
pub(crate) fn set_right<'a, R: Record<'a>>(
    arena: &'a Bump,
    record: R,
    limit: usize,
    repairs: &mut Repairs,
) -> R {
    // Cut first, so that no more than a record's worth is copied; a cut never breaks what is UTF-8.
    let mut fitting = record;
    let mut value_bytes = limit;
    let cut_before = repairs.truncated;
    while fitting.size().payload > limit && value_bytes > LEAST_CUT_BYTES {
        value_bytes /= 2;
        let mut cut = Cut::new(value_bytes);
        fitting = record.cut(arena, &mut cut);
        repairs.truncated = cut_before + cut.changed();
    }
    let mut repair = Repair::default();
    let mut repaired = fitting.repaired(arena, &mut repair);
    repairs.utf8 += repair.changed();
    // A replaced byte becomes three: look again, and leave attributes out when cutting was not enough.
    let mut count = repaired.attribute_count();
    while repaired.size().payload > limit && count > 0 {
        count /= 2;
        repairs.dropped_attributes +=
            u32::try_from(repaired.attribute_count().saturating_sub(count)).unwrap_or(u32::MAX);
        repaired = repaired.with_attributes(count);
    }
    if repaired.size().payload > limit {
        repaired = repaired.with_attributes(0);
    }
    repaired
}
