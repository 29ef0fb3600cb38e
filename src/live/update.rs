//! What happens to an event in flight between its start and its end: from a call's words to the contents of its slot, and
//! from those to its span. Reads slots, never the table.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::slot::{Contents, Fixed, Slot};
use crate::event::costs::{Cost, Said};
use crate::event::data::{Detail, EventData, EventKind, ParentSpan, PlainEvent};
use crate::event::processor::{EventProcessor, Identity, name, ordered, status, within};
use crate::event::semconv::{self, Phase};
use crate::journal::accounting::Repairs;
use crate::otlp::Signal;
use crate::otlp::draft::{self, Draft, KeyMarks, PlainAttributes};
use crate::otlp::open::{self, Addition};
use crate::otlp::span::{ATTRIBUTES, EVENTS, LINKS, PlainSpan, SpanKind, SpanRecord, StatusCode};
use crate::otlp::value::{Attribute, Attributes, Value};
use crate::otlp::wire::WriteError;
use crate::session::{FLAG_SAMPLED, Session, Usage};
use crate::sys::clock;

/// New contents for a slot.
pub(crate) struct NewContents<'a> {
    fixed: Fixed,
    name: [&'a [u8]; 2],
    message: &'a [u8],
    fields: &'a [u8],
    /// Those of the fields that were injected.
    injected: &'a [u8],
    /// What was set right on the way.
    pub(crate) repairs: Repairs,
}

impl NewContents<'_> {
    /// Marks the event as one that leaves no span, in a session that is sampled.
    pub(crate) fn leave_out(&mut self) {
        self.fixed.trace_flags &= !FLAG_SAMPLED;
    }

    /// Puts them into the slot.
    #[inline(always)]
    pub(crate) fn write(&self, slot: &mut Slot) {
        slot.write(&self.fixed, self.name, self.message, self.fields);
        if !self.injected.is_empty() {
            slot.set_injected(self.injected);
        }
    }
}

/// A count that a slot keeps in 16 bits.
fn short(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The lists of a call, within what the limits leave beside `existing`.
fn addition<'a>(
    processor: &EventProcessor,
    data: &EventData<'a>,
    attributes: &'a [Attribute<'a>],
    existing: &[u8],
    fixed: &mut Fixed,
) -> Addition<'a> {
    let limits = processor.limits();
    let (events, dropped_events) =
        within(data.events, limits.events.saturating_sub(open::count(existing, EVENTS)));
    let (links, dropped_links) =
        within(data.links, limits.links.saturating_sub(open::count(existing, LINKS)));
    fixed.dropped_events = fixed.dropped_events.saturating_add(short(dropped_events));
    fixed.dropped_links = fixed.dropped_links.saturating_add(short(dropped_links));
    Addition { attributes, events, links }
}

/// A new event's contents.
pub(crate) fn start<'a>(
    processor: &EventProcessor,
    arena: &'a Bump,
    session: &'a Session,
    identity: Identity,
    data: &EventData<'a>,
) -> Result<NewContents<'a>, WriteError> {
    let mut repairs = Repairs::default();
    if data.times.start < 0 {
        repairs.time += 1;
    }
    let injected = processor.injected(arena, session, Signal::Traces, Some(data.detail.kind()));
    let attributes =
        processor.attributes(arena, session, data, (Phase::Whole, None), injected, &mut repairs).list;
    let now = clock::wall();
    let (status, message) = status(data);
    let kind = data.span_kind.unwrap_or_else(|| semconv::span_kind(&data.detail));
    let mut fixed = Fixed {
        updated: now,
        start: if data.times.start > 0 { data.times.start } else { now },
        started_at: clock::monotonic(),
        usage: Usage::of(&data.detail, Usage::default()),
        trace_id: session.trace_id,
        trace_flags: session.trace_flags,
        span_id: identity.span_id,
        parent: identity.parent.map_or([0; 8], |parent| parent.span_id),
        parent_is_remote: identity.parent.is_some_and(|parent| parent.is_remote),
        kind: data.detail.kind() as u8,
        span_kind: kind as u8,
        status: status as u8,
        ..Fixed::default()
    };
    let addition = addition(processor, data, attributes, &[], &mut fixed);
    let fields = processor.merge_open(arena, injected, addition, &mut repairs)?;
    fixed.dropped_attributes = repairs.dropped_attributes;
    let name = processor.repaired_name(arena, name(arena, data, Phase::Whole), &mut repairs);
    let message = processor.repaired_text(arena, message, &mut repairs);
    Ok(NewContents { fixed, name, message, fields, injected, repairs })
}

/// A new plain event's contents, made in `scratch`; nothing when it turns out not to be plain.
#[inline(always)]
pub(crate) fn start_plain<'a>(
    processor: &EventProcessor,
    session: &Session,
    (span_id, parent): ([u8; 8], ParentSpan),
    event: &PlainEvent<'_, impl PlainAttributes>,
    (scratch, keys): (&'a mut [u8], &mut KeyMarks),
) -> Option<NewContents<'a>> {
    let most = processor.limits().record_bytes;
    let mut draft = Draft::new(scratch, keys);
    if !event.attributes.encode(&mut draft) {
        return None;
    }
    let (fields, name) = draft.finish_open(event.name[0])?;
    if event.times.start < 0 || name.len() > most / 4 || fields.len() > most / 2 {
        return None;
    }
    let now = clock::wall();
    let fixed = Fixed {
        updated: now,
        start: if event.times.start > 0 { event.times.start } else { now },
        started_at: clock::monotonic(),
        trace_id: session.trace_id,
        trace_flags: session.trace_flags,
        span_id,
        parent: parent.span_id,
        parent_is_remote: parent.is_remote,
        kind: EventKind::Custom as u8,
        span_kind: event.span_kind as u8,
        status: event.status as u8,
        ..Fixed::default()
    };
    Some(NewContents {
        fixed,
        name: [name, &[]],
        message: &[],
        fields,
        injected: &[],
        repairs: Repairs::default(),
    })
}

/// An event's contents with what an update adds.
pub(crate) fn merge<'a>(
    processor: &EventProcessor,
    arena: &'a Bump,
    session: &'a Session,
    slot: &Slot,
    data: &EventData<'a>,
) -> Result<NewContents<'a>, WriteError> {
    let before = slot.read();
    let existing = arena.alloc_slice_fill_iter(before.fields.concat());
    let mut repairs = Repairs::default();
    let attributes = processor.attributes(arena, session, data, (Phase::Later, None), &[], &mut repairs).list;
    let (status_given, message_given) = status(data);
    let mut fixed = Fixed { updated: clock::wall(), ..before.fixed };
    fixed.usage = Usage::of(&data.detail, fixed.usage);
    if let Some(kind) = data.span_kind {
        fixed.span_kind = kind as u8;
    }
    let message: &[u8] = if status_given == StatusCode::Unset {
        arena.alloc_slice_copy(before.message)
    } else {
        fixed.status = status_given as u8;
        processor.repaired_text(arena, message_given, &mut repairs)
    };
    let addition = addition(processor, data, attributes, existing, &mut fixed);
    let fields = processor.merge_open(arena, existing, addition, &mut repairs)?;
    fixed.dropped_attributes = fixed.dropped_attributes.saturating_add(repairs.dropped_attributes);
    let name = match name(arena, data, Phase::Later) {
        [[], []] => [&*arena.alloc_slice_copy(before.name), &[][..]],
        given => processor.repaired_name(arena, given, &mut repairs),
    };
    Ok(NewContents { fixed, name, message, fields, injected: &[], repairs })
}

/// Notes the first token, once.
pub(crate) fn first_token(fixed: &mut Fixed, now: i64) {
    if fixed.first_chunk_at == 0 {
        fixed.first_chunk_at = now;
    }
}

/// Counts a chunk.
pub(crate) fn chunk(fixed: &mut Fixed, bytes: usize, now: i64) {
    first_token(fixed, now);
    fixed.chunks = fixed.chunks.saturating_add(1);
    fixed.chunk_bytes = fixed.chunk_bytes.saturating_add(bytes as u64);
}

/// What the stream of an event comes to, as attributes.
fn stream_attributes<'a>(out: &mut ArenaVec<'a, Attribute<'a>>, fixed: &Fixed, data: &EventData<'_>) {
    const NANOS_PER_SECOND: f64 = 1e9;
    let is_llm = fixed.kind == EventKind::Llm as u8;
    let given = matches!(data.detail, Detail::Llm(llm) if llm.time_to_first_chunk_s().is_some());
    let streams = matches!(data.detail, Detail::Llm(llm) if llm.stream().is_some());
    if fixed.first_chunk_at > 0 && is_llm {
        if !given {
            let nanos = fixed.first_chunk_at.saturating_sub(fixed.started_at);
            out.push(Attribute::new(
                semconv::TIME_TO_FIRST_CHUNK,
                Value::Double(nanos as f64 / NANOS_PER_SECOND),
            ));
        }
        if !streams {
            out.push(Attribute::new(semconv::STREAM, Value::Bool(true)));
        }
    }
    if fixed.chunks > 0 {
        let count = |count: u64| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
        out.push(Attribute::new(semconv::CHUNK_COUNT, count(fixed.chunks)));
        out.push(Attribute::new(semconv::CHUNK_BYTES, count(fixed.chunk_bytes)));
    }
}

/// An event's span and its encoded attributes, when its end adds nothing and what it has makes a plain span.
#[inline(always)]
pub(crate) fn finish_plain<'a>(
    processor: &EventProcessor,
    session: &'a Session,
    contents: &Contents<'a>,
) -> Option<(PlainSpan<'a>, &'a [u8])> {
    let fixed = &contents.fixed;
    let [fields, []] = contents.fields else { return None };
    let streamed = fixed.chunks > 0 || fixed.first_chunk_at > 0;
    let may_cost = EventKind::from_number(fixed.kind.into()).is_some_and(EventKind::uses_tokens);
    let left_out = fixed.dropped_attributes | u32::from(fixed.dropped_events | fixed.dropped_links);
    if streamed || may_cost || left_out > 0 || fixed.parent_is_remote || fixed.parent == [0; 8] {
        return None;
    }
    if contents.name.is_empty() || !contents.message.is_empty() {
        return None;
    }
    let elapsed = clock::monotonic().saturating_sub(fixed.started_at).max(0);
    let span = PlainSpan {
        span_id: fixed.span_id,
        parent: fixed.parent,
        name: [contents.name, &[]],
        kind: SpanKind::from_number(fixed.span_kind.into())?,
        start: fixed.start,
        end: fixed.start.saturating_add(elapsed),
        common: &session.on_plain_spans,
        status: StatusCode::from_number(fixed.status),
    };
    let is_small = draft::payload_size(draft::content_size(fields, &span)) <= processor.limits().record_bytes;
    (span.has_short_name() && is_small).then_some((span, fields))
}

/// What an event cost, with what its end adds.
pub(crate) fn cost(
    processor: &EventProcessor,
    arena: &Bump,
    contents: &Contents<'_>,
    data: &EventData<'_>,
) -> Option<Cost> {
    let kind = EventKind::from_number(contents.fixed.kind.into()).unwrap_or_default();
    let usage = Usage::of(&data.detail, contents.fixed.usage);
    let said = || {
        let fields: &[u8] = match contents.fields {
            [all, []] => all,
            pieces => arena.alloc_slice_fill_iter(pieces.concat()),
        };
        Said::by(&data.detail).or_before(fields)
    };
    processor.prices().of_call(kind, said, &usage)
}

/// What comes to an event with its end, beside what its caller says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Closing {
    /// What it cost.
    pub(crate) cost: Option<Cost>,
    /// An attribute that is set to true.
    pub(crate) mark: Option<&'static str>,
}

/// An event's span, with what its end adds.
pub(crate) fn finish<'a>(
    processor: &EventProcessor,
    arena: &'a Bump,
    session: &'a Session,
    contents: &Contents<'a>,
    data: &EventData<'a>,
    closing: Closing,
    repairs: &mut Repairs,
) -> Result<SpanRecord<'a>, WriteError> {
    let mut fixed = contents.fixed;
    let mut typed = processor.typed(arena, session, data, Phase::Later, closing.cost);
    repairs.truncated += processor.truncated_content(&typed);
    stream_attributes(&mut typed, &fixed, data);
    typed.extend(closing.mark.map(|mark| Attribute::new(mark, Value::Bool(true))));
    let existing: &'a [u8] = match contents.fields {
        [all, []] => all,
        pieces => arena.alloc_slice_fill_iter(pieces.concat()),
    };
    let attributes = processor.unite(arena, typed, data.attributes.list, repairs);
    let addition = addition(processor, data, attributes, existing, &mut fixed);
    let kept = processor.kept(arena, existing, &addition)?;
    let room = processor.limits().attributes.saturating_sub(open::count(kept, ATTRIBUTES) + 1);
    let (attributes, left_out) = within(attributes, room);
    repairs.dropped_attributes += left_out;
    let elapsed = clock::monotonic().saturating_sub(fixed.started_at);
    let given = data.times;
    if given.end < 0 || given.duration < 0 {
        repairs.time += 1;
    }
    let end = match (given.end, given.duration) {
        (1.., _) => given.end,
        (_, 1..) => fixed.start.saturating_add(given.duration),
        _ => fixed.start.saturating_add(elapsed),
    };
    let times = ordered(fixed.start, end, repairs);
    let (status, status_message) = match status(data) {
        (StatusCode::Unset, _) => (StatusCode::from_number(fixed.status), contents.message),
        given => given,
    };
    let name = match name(arena, data, Phase::Later) {
        [[], []] => [contents.name, &[][..]],
        given => given,
    };
    let kind = data.span_kind.or_else(|| SpanKind::from_number(fixed.span_kind.into()));
    Ok(SpanRecord {
        trace_id: session.trace_id,
        span_id: fixed.span_id,
        parent: Some(fixed.parent).filter(|parent| *parent != [0; 8]),
        trace_state: &session.trace_state,
        flags: session.span_flags(fixed.parent_is_remote),
        name,
        kind: kind.unwrap_or(SpanKind::Internal),
        start: times.start,
        end: times.end,
        encoded: [&session.on_spans, kept],
        attributes: Attributes::of(attributes),
        dropped_attributes: fixed.dropped_attributes.saturating_add(repairs.dropped_attributes),
        events: addition.events,
        dropped_events: fixed.dropped_events.into(),
        links: addition.links,
        dropped_links: fixed.dropped_links.into(),
        status,
        status_message,
    })
}
