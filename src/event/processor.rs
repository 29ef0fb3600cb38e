//! Puts an event together and commits it: name, kind, times, parent, attributes, status by the conventions; then one
//! size pass, one encoding pass, one copy into the journal. What cannot be written as it is (invalid UTF-8, too
//! large) is set right and counted, and written then. Knows sessions and the journal, not where calls come from.

use std::sync::Arc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::attributes::{AttributeLimits, is_plain, unique, unite};
use super::content::{ContentPolicy, structured};
use super::costs::{Cost, CostSource, Prices, Said};
use super::data::{
    Detail, ErrorDetail, EventData, EventKind, GivenTimes, ParentSpan, PlainEvent, SessionEnd, SpanContext,
};
use super::inject::{Inject, on_log};
use super::record::{Record, set_right, unique_in_events, unique_in_links};
use super::semconv::{self, Inherited, MOST_TYPED, OTHER_ERROR, Phase};
use super::text::{Cut, Repair, Rewrite as _, cut_at_character, rewrite_addition};
pub(crate) use super::times::{Times, ordered};
use super::times::{sane, times};
use super::typed::TypedAttributes;
use crate::journal::accounting::Repairs;
use crate::journal::frame::FLAG_ERROR;
use crate::journal::{AppendError, Entry, Journal, Origin};
use crate::otlp::Signal;
use crate::otlp::log::{self, LogRecord, Severity};
use crate::otlp::open::{self, Addition};
use crate::otlp::span::{ATTRIBUTES, PlainSpan, SpanKind, SpanRecord, StatusCode};
use crate::otlp::value::{Attribute, Attributes, Value};
use crate::otlp::wire::{Fields, WriteError};
use crate::redaction::Redaction;
use crate::session::{Session, Usage};
use crate::sys::append::written;
use crate::sys::clock::{self, ThreadClock};

/// The limits on one record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordLimits {
    pub(crate) attributes: usize,
    pub(crate) value_bytes: Option<usize>,
    pub(crate) events: usize,
    pub(crate) links: usize,
    /// Bytes of the whole record.
    pub(crate) record_bytes: usize,
}

/// Which span it is, and whose child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) span_id: [u8; 8],
    pub(crate) parent: Option<ParentSpan>,
}

/// Status and its description, from what was said of the outcome.
#[inline(always)]
pub(crate) fn status<'a>(data: &EventData<'a>) -> (StatusCode, &'a [u8]) {
    match (data.error, data.status) {
        (None, StatusCode::Error) => (StatusCode::Error, data.status_message),
        (None, StatusCode::Unset) if semconv::own_error(&data.detail).is_some() => {
            (StatusCode::Error, data.status_message)
        }
        // A description belongs to Error alone (OpenTelemetry trace API, "Set Status").
        (None, code) => (code, b""),
        (Some(error), _) if data.status_message.is_empty() => (StatusCode::Error, error.message),
        (Some(_), _) => (StatusCode::Error, data.status_message),
    }
}

/// `error.type` for what was said of the outcome.
pub(crate) fn error_type<'a>(data: &EventData<'a>) -> Option<Attribute<'a>> {
    let own = semconv::own_error(&data.detail);
    let name = match (data.error, data.status) {
        (Some(error), _) if !error.kind.is_empty() => error.kind,
        (Some(_), _) | (None, StatusCode::Error) => own.unwrap_or(OTHER_ERROR),
        (None, StatusCode::Ok) => return None,
        (None, StatusCode::Unset) => own?,
    };
    Some(Attribute::new(semconv::ERROR_TYPE, Value::Text(name)))
}

/// How many of the encoded fields are attributes.
fn open_attributes<'e>(fields: impl Iterator<Item = &'e [u8]>) -> usize {
    fields.map(|field| open::count(field, ATTRIBUTES)).sum()
}

/// Whether an event says anything that has a name of its own.
#[inline(always)]
fn has_typed(data: &EventData<'_>) -> bool {
    data.detail.kind() != EventKind::Custom
        || data.error.is_some()
        || data.status == StatusCode::Error
        || !data.event_id.is_empty()
}

/// The first `limit` of a list, and how many that leaves out.
pub(crate) fn within<T>(list: &[T], limit: usize) -> (&[T], u32) {
    let kept = list.get(..limit).unwrap_or(list);
    (kept, u32::try_from(list.len() - kept.len()).unwrap_or(u32::MAX))
}

pub(crate) struct EventProcessor {
    limits: RecordLimits,
    /// The step before the limits; `None` when nothing is injected.
    pub(super) inject: Option<Arc<Inject>>,
    /// How many attributes a plain event may have; `None` when there are no plain events.
    pub(super) most_plain_attributes: Option<usize>,
    pub(super) content: ContentPolicy,
    prices: Prices,
    /// The step `redact`; `None` when there are no rules.
    pub(super) redaction: Option<Arc<Redaction>>,
}

impl EventProcessor {
    /// A processor that records no content and knows no prices.
    pub(crate) fn new(limits: RecordLimits) -> Self {
        Self::with_inject(limits, None)
    }

    /// One that injects attributes, too.
    pub(crate) fn with_inject(limits: RecordLimits, inject: Option<Arc<Inject>>) -> Self {
        // A value that may have to be cut is looked at, and so is a key that may be one of those injected.
        let has_plain = limits.value_bytes.is_none() && inject.is_none();
        let most_plain_attributes = has_plain.then(|| limits.attributes.saturating_sub(1));
        let (content, prices) = (ContentPolicy::default(), Prices::default());
        Self { limits, inject, most_plain_attributes, content, prices, redaction: None }
    }

    /// The same with these.
    pub(crate) fn with(self, content: ContentPolicy, prices: Prices) -> Self {
        Self { content: content.within(self.limits.value_bytes), prices, ..self }
    }

    /// The prices of models.
    #[inline]
    pub(crate) fn prices(&self) -> &Prices {
        &self.prices
    }

    pub(crate) fn limits(&self) -> RecordLimits {
        self.limits
    }

    /// What an event says, as attributes: unique, within the limits.
    #[inline(always)]
    pub(crate) fn attributes<'a>(
        &self,
        arena: &'a Bump,
        session: &'a Session,
        data: &EventData<'a>,
        (phase, cost): (Phase, Option<Cost>),
        injected: &[u8],
        repairs: &mut Repairs,
    ) -> Attributes<'a> {
        let limits = self.attribute_limits_beside(injected);
        if !has_typed(data) && is_plain(&data.attributes, limits) {
            return data.attributes;
        }
        let typed = self.typed(arena, session, data, phase, cost);
        repairs.truncated += self.truncated_content(&typed);
        Attributes::of(unite(arena, typed, data.attributes.list, limits, repairs))
    }

    /// The attributes of an event that leaves no span, without what is injected.
    pub(crate) fn measured_attributes<'a>(
        &self,
        arena: &'a Bump,
        session: &'a Session,
        data: &EventData<'a>,
    ) -> &'a [Attribute<'a>] {
        let usage = Usage::of(&data.detail, Usage::default());
        let cost = self.prices.of_call(data.detail.kind(), || Said::by(&data.detail), &usage);
        self.attributes(arena, session, data, (Phase::Whole, cost), &[], &mut Repairs::default()).list
    }

    /// What an event's typed detail says, as attributes; and what it cost, as far as it is known only now.
    pub(crate) fn typed<'a>(
        &self,
        arena: &'a Bump,
        session: &'a Session,
        data: &EventData<'a>,
        phase: Phase,
        cost: Option<Cost>,
    ) -> ArenaVec<'a, Attribute<'a>> {
        let mut typed = ArenaVec::new_in(arena);
        if let Some(cost) = cost.filter(|cost| cost.source != CostSource::Provider) {
            semconv::cost(&mut typed, cost, arena.alloc_slice_copy(self.prices.version()));
        }
        if has_typed(data) {
            typed.reserve(MOST_TYPED + data.attributes.list.len());
            let inherited =
                Inherited { provider: &session.provider, conversation_id: &session.conversation_id };
            semconv::typed(&mut typed, &data.detail, inherited, phase, &self.content);
            typed.extend(error_type(data));
            let id = Some(data.event_id).filter(|id| !id.is_empty());
            typed.extend(id.map(|id| Attribute::new(semconv::EVENT_ID, Value::Text(id))));
        }
        typed
    }

    /// How many fields of content are cut, of those that are shown.
    pub(crate) fn truncated_content(&self, typed: &[Attribute<'_>]) -> u32 {
        self.content.truncated(typed)
    }

    /// The encoded fields that `addition` does not replace.
    pub(crate) fn kept<'a>(
        &self,
        arena: &'a Bump,
        existing: &'a [u8],
        addition: &Addition<'_>,
    ) -> Result<&'a [u8], WriteError> {
        let kept = open::kept(existing, addition.attributes);
        if kept.clone().map(<[u8]>::len).sum::<usize>() == existing.len() {
            return Ok(existing);
        }
        open::merge(arena, kept, &Addition::default())
    }

    /// The encoded fields of an open record with what a call adds: valid, unique, and within the limits.
    pub(crate) fn merge_open<'a>(
        &self,
        arena: &'a Bump,
        existing: &[u8],
        mut addition: Addition<'a>,
        repairs: &mut Repairs,
    ) -> Result<&'a [u8], WriteError> {
        addition.events = unique_in_events(arena, addition.events);
        addition.links = unique_in_links(arena, addition.links);
        // Half of a record: the other half is left for what the end adds.
        let most = self.limits.record_bytes / 2;
        let room = most.saturating_sub(existing.len());
        if addition.size() > room {
            let mut cut = Cut::new(room / addition.attributes.len().max(1) / 2);
            addition = rewrite_addition(arena, addition, &mut cut);
            repairs.truncated += cut.changed();
        }
        let kept = open::kept(existing, addition.attributes);
        let count = self.limits.attributes.saturating_sub(open_attributes(kept.clone()) + 1);
        let (attributes, left_out) = within(addition.attributes, count);
        addition.attributes = attributes;
        repairs.dropped_attributes += left_out;
        if addition.size() > room {
            let all = u32::try_from(addition.attributes.len()).unwrap_or(u32::MAX);
            repairs.dropped_attributes = repairs.dropped_attributes.saturating_add(all);
            return open::merge(arena, open::kept(existing, &[]), &Addition::default());
        }
        match open::merge(arena, kept.clone(), &addition) {
            Err(WriteError::InvalidUtf8) => {
                let mut repair = Repair::default();
                let repaired = rewrite_addition(arena, addition, &mut repair);
                let repaired = Addition { attributes: unique(arena, repaired.attributes), ..repaired };
                repairs.utf8 += repair.changed();
                open::merge(arena, open::kept(existing, repaired.attributes), &repaired)
            }
            done => done,
        }
    }

    /// A text that is kept beyond the call, valid.
    pub(crate) fn repaired_text<'a>(
        &self,
        arena: &'a Bump,
        text: &'a [u8],
        repairs: &mut Repairs,
    ) -> &'a [u8] {
        let mut repair = Repair::default();
        let text = repair.text(arena, cut_at_character(text, self.limits.record_bytes / 4));
        repairs.utf8 += repair.changed();
        text
    }

    /// The same for a name in two parts.
    pub(crate) fn repaired_name<'a>(
        &self,
        arena: &'a Bump,
        name: [&'a [u8]; 2],
        repairs: &mut Repairs,
    ) -> [&'a [u8]; 2] {
        name.map(|part| self.repaired_text(arena, part, repairs))
    }

    pub(super) fn attribute_limits(&self) -> AttributeLimits {
        // `session.id` is on every record and counts.
        AttributeLimits {
            count: self.limits.attributes.saturating_sub(1),
            value_bytes: self.limits.value_bytes,
        }
    }

    /// Typed and free attributes, unique and within the limits.
    pub(crate) fn unite<'a>(
        &self,
        arena: &'a Bump,
        typed: ArenaVec<'a, Attribute<'a>>,
        free: &'a [Attribute<'a>],
        repairs: &mut Repairs,
    ) -> &'a [Attribute<'a>] {
        unite(arena, typed, free, self.attribute_limits(), repairs)
    }

    /// A whole event as a span.
    #[inline(always)]
    pub(crate) fn span<'a>(
        &self,
        arena: &'a Bump,
        session: &'a Session,
        identity: Identity,
        data: &EventData<'a>,
        cost: Option<Cost>,
        repairs: &mut Repairs,
    ) -> SpanRecord<'a> {
        let Times { start, end } = times(data.times, repairs);
        let injected = self.injected(arena, session, Signal::Traces, Some(data.detail.kind()));
        let attributes = self.attributes(arena, session, data, (Phase::Whole, cost), injected, repairs);
        let injected =
            if injected.is_empty() { injected } else { open::kept_in(arena, injected, attributes.list) };
        let (events, dropped_events) = within(data.events, self.limits.events);
        let (links, dropped_links) = within(data.links, self.limits.links);
        let (events, links) = (unique_in_events(arena, events), unique_in_links(arena, links));
        let (status, status_message) = status(data);
        SpanRecord {
            trace_id: session.trace_id,
            span_id: identity.span_id,
            parent: identity.parent.map(|parent| parent.span_id),
            trace_state: &session.trace_state,
            flags: session.span_flags(identity.parent.is_some_and(|parent| parent.is_remote)),
            name: name(arena, data, Phase::Whole),
            kind: data.span_kind.unwrap_or_else(|| semconv::span_kind(&data.detail)),
            start,
            end,
            encoded: [&session.on_spans, injected],
            attributes,
            dropped_attributes: repairs.dropped_attributes,
            events,
            dropped_events,
            links,
            dropped_links,
            status,
            status_message,
        }
    }

    /// How many attributes a plain event may have; none when every value has to be looked at.
    #[inline]
    pub(crate) fn most_plain_attributes(&self) -> Option<usize> {
        self.most_plain_attributes
    }

    /// How many free attributes an event with a typed detail may have when it is to be recorded like a plain one; `None` when
    /// every value has to be looked at.
    #[inline]
    pub(crate) fn most_attributes_beside_typed(&self) -> Option<usize> {
        self.most_plain_attributes?.checked_sub(MOST_TYPED).filter(|_| self.content.is_off())
    }

    /// What the detail of such an event says, as attributes in front of its free ones.
    #[inline(always)]
    pub(crate) fn typed_attributes<'a, A>(
        &'a self,
        session: &'a Session,
        detail: Detail<'a>,
        cost: Option<Cost>,
        free: &'a A,
    ) -> TypedAttributes<'a, A> {
        let inherited = Inherited { provider: &session.provider, conversation_id: &session.conversation_id };
        let (price_version, policy) = (self.prices.version(), &self.content);
        TypedAttributes { detail, cost, price_version, inherited, policy, free }
    }

    /// A plain event's span, but for its attributes; nothing when it turns out not to be plain. One that says no time has
    /// just happened.
    #[inline(always)]
    pub(crate) fn plain<'a, A>(
        &self,
        session: &'a Session,
        span_id: [u8; 8],
        parent: ParentSpan,
        event: &PlainEvent<'a, A>,
        clock: &mut ThreadClock,
        repairs: &mut Repairs,
    ) -> Option<PlainSpan<'a>> {
        if parent.is_remote {
            return None;
        }
        let Times { start, end } = if event.times == GivenTimes::default() {
            let now = clock.wall();
            Times { start: now, end: now }
        } else {
            times(event.times, repairs)
        };
        Some(PlainSpan {
            span_id,
            parent: parent.span_id,
            name: event.name,
            kind: event.span_kind,
            start,
            end,
            common: &session.on_plain_spans,
            status: event.status,
        })
    }

    /// A session's root span at its end; `name` and `kept` are what was known of it before.
    pub(crate) fn root<'a>(
        &self,
        session: &'a Session,
        name: &'a [u8],
        kept: (&'a [u8], u32),
        end_data: &SessionEnd<'a>,
        attributes: &'a [Attribute<'a>],
        repairs: &mut Repairs,
    ) -> SpanRecord<'a> {
        let attributes = Attributes::of(attributes);
        let given = sane(end_data.end, repairs);
        let end = if given > 0 {
            given
        } else {
            // The duration comes from the clock that never jumps.
            session.start.saturating_add(clock::monotonic().saturating_sub(session.started_at))
        };
        let Times { start, end } = ordered(session.start, end, repairs);
        let failed = end_data.state == super::data::EndState::Fail;
        SpanRecord {
            trace_id: session.trace_id,
            span_id: session.root_span_id,
            parent: session.parent.map(|parent| parent.span_id),
            trace_state: &session.trace_state,
            flags: session.span_flags(session.parent.is_some_and(|parent| parent.is_remote)),
            name: [name, &[]],
            kind: SpanKind::Internal,
            start,
            end,
            encoded: [&session.on_spans, kept.0],
            attributes,
            dropped_attributes: kept.1.saturating_add(repairs.dropped_attributes),
            events: &[],
            dropped_events: 0,
            links: &[],
            dropped_links: 0,
            status: if failed { StatusCode::Error } else { StatusCode::Unset },
            status_message: if failed { end_data.reason } else { &[] },
        }
    }

    /// The log record that an error leaves on a span.
    pub(crate) fn exception<'a>(
        &self,
        arena: &'a Bump,
        session: &'a Session,
        span: SpanContext,
        (kind, span_kind): (EventKind, SpanKind),
        error: &ErrorDetail<'a>,
        repairs: &mut Repairs,
    ) -> LogRecord<'a> {
        let (event_name, severity) = semconv::exception_event(kind, span_kind);
        let now = clock::wall();
        let given = sane(error.time, repairs);
        let mut typed = ArenaVec::with_capacity_in(MOST_TYPED, arena);
        semconv::exception(&mut typed, error);
        let injected = self.injected(arena, session, Signal::Logs, Some(kind));
        let limits = self.attribute_limits_beside(injected);
        let attributes = unite(arena, typed, &[], limits, repairs);
        LogRecord {
            trace_id: span.trace_id,
            span_id: span.span_id,
            flags: u32::from(span.trace_flags),
            time: if given > 0 { given } else { now },
            observed: now,
            severity,
            severity_text: &[],
            event_name: event_name.as_bytes(),
            body: Value::Empty,
            encoded: on_log(arena, session, injected, attributes),
            attributes,
            dropped_attributes: repairs.dropped_attributes,
        }
    }

    /// The log record that an evaluation or feedback leaves on a span.
    pub(crate) fn judgement<'a>(
        &self,
        arena: &'a Bump,
        session: &'a Session,
        span: SpanContext,
        data: &EventData<'a>,
        repairs: &mut Repairs,
    ) -> LogRecord<'a> {
        let injected = self.injected(arena, session, Signal::Logs, Some(data.detail.kind()));
        let attributes = self.attributes(arena, session, data, (Phase::Whole, None), injected, repairs).list;
        LogRecord {
            trace_id: span.trace_id,
            span_id: span.span_id,
            flags: u32::from(span.trace_flags),
            time: times(data.times, repairs).end,
            observed: clock::wall(),
            severity: Severity::INFO,
            severity_text: &[],
            event_name: semconv::EVALUATION_RESULT.as_bytes(),
            body: Value::Empty,
            encoded: on_log(arena, session, injected, attributes),
            attributes,
            dropped_attributes: repairs.dropped_attributes,
        }
    }

    /// The log record with the content of a call of a model, as its span has it; nothing when there is none, or it has none.
    pub(crate) fn call_details<'a>(
        &self,
        arena: &'a Bump,
        session: &'a Session,
        kind: EventKind,
        span: &SpanRecord<'a>,
    ) -> Option<LogRecord<'a>> {
        if kind != EventKind::Llm || !self.content.has_logs() {
            return None;
        }
        let [_, encoded] = span.encoded;
        let attributes = structured(arena, span.attributes.list, encoded)?;
        // What was encoded may have span events and links too.
        let fields = Fields::new(encoded).filter(|field| field.tag == ATTRIBUTES);
        let encoded = ArenaVec::from_iter_in(fields.flat_map(|field| field.whole).copied(), arena);
        Some(LogRecord {
            trace_id: span.trace_id,
            span_id: span.span_id,
            flags: u32::from(session.trace_flags),
            time: span.end,
            observed: clock::wall(),
            severity: Severity::INFO,
            severity_text: &[],
            event_name: semconv::CALL_DETAILS.as_bytes(),
            body: Value::Empty,
            encoded: open::with_tag(arena, &session.on_logs, log::ATTRIBUTES, &encoded, attributes),
            attributes,
            dropped_attributes: 0,
        })
    }

    /// Commits a record. What has to be set right first is, and is counted with the record. `committing` runs under the
    /// shard's lock when all is written but not committed, and is told the frame's sequence number.
    #[inline(always)]
    pub(crate) fn commit<'a, R: Record<'a>>(
        &self,
        journal: &Journal,
        shard: usize,
        arena: &'a Bump,
        mut entry: Entry,
        record: &R,
        committing: impl Fn(u64),
    ) -> Result<(), AppendError> {
        let size = record.size();
        if size.payload <= self.limits.record_bytes {
            match written(arena, size.payload, |appender| record.write(size, appender)) {
                Err(WriteError::InvalidUtf8) => {}
                encoded => return append(journal, shard, entry, encoded, committing),
            }
        }
        let record = set_right(arena, *record, self.limits.record_bytes, &mut entry.repairs);
        let size = record.size();
        let encoded = written(arena, size.payload, |appender| record.write(size, appender));
        append(journal, shard, entry, encoded, committing)
    }
}

/// Appends an encoded record. It is encoded in memory of the thread's own and copied under the lock: the many small writes
/// of the encoding are done by then, and the lock need not wait for them.
#[inline(always)]
fn append(
    journal: &Journal,
    shard: usize,
    entry: Entry,
    encoded: Result<Option<&[u8]>, WriteError>,
    committing: impl Fn(u64),
) -> Result<(), AppendError> {
    let payload = encoded.map_err(AppendError::Write)?.ok_or(AppendError::Write(WriteError::Size))?;
    journal.append(shard, entry, payload.len(), |place, sequence| {
        place.copy_from_slice(payload);
        committing(sequence);
        Ok(())
    })
}

/// The name that an event gives its span; both parts empty when it gives none.
#[inline(always)]
pub(crate) fn name<'a>(arena: &'a Bump, data: &EventData<'a>, phase: Phase) -> [&'a [u8]; 2] {
    if data.name.is_empty() { semconv::span_name(arena, &data.detail, phase) } else { [data.name, b""] }
}

/// A journal entry for a span.
pub(crate) fn span_entry(kind: u8, status: StatusCode, repairs: Repairs) -> Entry {
    let flags = if status == StatusCode::Error { FLAG_ERROR } else { 0 };
    Entry { signal: Signal::Traces, kind, flags, origin: Origin::Caller, repairs }
}

/// A journal entry for the log record with a call's content.
pub(crate) fn details_entry(kind: EventKind) -> Entry {
    let repairs = Repairs::default();
    Entry { signal: Signal::Logs, kind: kind as u8, flags: 0, origin: Origin::Derived, repairs }
}

/// A journal entry for the log record of an evaluation or feedback.
pub(crate) fn judgement_entry(kind: EventKind, repairs: Repairs) -> Entry {
    Entry { signal: Signal::Logs, kind: kind as u8, flags: 0, origin: Origin::Caller, repairs }
}

/// A journal entry for an error's log record.
pub(crate) fn exception_entry(kind: EventKind, origin: Origin, repairs: Repairs) -> Entry {
    Entry { signal: Signal::Logs, kind: kind as u8, flags: FLAG_ERROR, origin, repairs }
}
