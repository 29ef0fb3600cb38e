//! What calls do with whole events: record them, as a span or as a word about one; once for each id that a caller gives.

use bumpalo::Bump;

use super::errors::Failing;
use super::targets::{check_alone, check_whole, is_dropped, parent_context};
use super::{Caller, Error, OtelManager, not_encoded};
use crate::event::costs::{Cost, Said};
use crate::event::data::{Detail, EventData, EventKind, ParentSpan, PlainEvent, SpanContext, Target};
use crate::event::processor::{Identity, details_entry, judgement_entry, span_entry};
use crate::event::semconv;
use crate::journal::accounting::{Omission, Repairs};
use crate::live::update;
use crate::otlp::Signal;
use crate::otlp::draft::{self, KeyMarks, PlainAttributes};
use crate::otlp::open;
use crate::otlp::span::{SpanRecord, StatusCode};
use crate::session::{Session, Usage};
use crate::sys::clock::ThreadClock;

/// The signal that an event becomes.
fn signal(data: &EventData<'_>) -> Signal {
    if data.detail.kind().is_judgement() { Signal::Logs } else { Signal::Traces }
}

/// An event whose parent, if it is one of the events recorded with it, is named by its context.
fn with_parent<'a>(
    arena: &'a Bump,
    data: &'a EventData<'a>,
    earlier: &[SpanContext],
) -> Result<&'a EventData<'a>, Error> {
    let Some(position) = data.parent_index else { return Ok(data) };
    if !matches!(data.parent, Target::Root) {
        return Err(Error::InvalidArgument("parent and parent_index both name a parent".to_owned()));
    }
    match usize::try_from(position).ok().and_then(|position| earlier.get(position)) {
        Some(context) => Ok(arena.alloc(EventData { parent: Target::Context(*context), ..*data })),
        None if earlier.is_empty() => check_alone(data).map(|()| data),
        None => {
            let message = format!(
                "parent_index is {position}: the events before this one are 0 to {}",
                earlier.len().saturating_sub(1)
            );
            Err(Error::InvalidArgument(message))
        }
    }
}

/// Where a new span belongs.
struct Place<'p> {
    shard: usize,
    session: &'p Session,
    span_id: [u8; 8],
    parent: ParentSpan,
}

impl OtelManager {
    /// How many attributes a plain event may have; none when there are no plain events.
    #[inline]
    pub(crate) fn most_plain_attributes(&self) -> Option<usize> {
        self.processor.most_plain_attributes()
    }

    /// Leaves out and counts another event of the session of which one was left out last, and gives its context; nothing when
    /// it is not as it was then.
    #[inline(always)]
    pub(crate) fn leave_out_another(&self, caller: &mut Caller, session_handle: u64) -> Option<SpanContext> {
        let shard = caller.shard(self.journal.shard_count());
        let session = caller.sessions.last(session_handle).filter(|session| !session.sampled)?;
        if self.is_shut_down() || session.has_ended() {
            return None;
        }
        self.journal.leave_out_unsampled(shard, Signal::Traces);
        Some(session.context_of(caller.ids.span_id()))
    }

    /// Records a plain event and shows its context; does nothing with one that turns out not to be plain.
    #[inline(always)]
    pub(crate) fn record_plain(
        &self,
        caller: &mut Caller,
        session_handle: u64,
        event: &PlainEvent<'_, impl PlainAttributes>,
        recorded: impl FnOnce(SpanContext),
    ) -> Result<bool, Error> {
        let shard = caller.shard(self.journal.shard_count());
        let (session, parent) = match self.place_event(&mut caller.sessions, session_handle, &event.parent) {
            Ok(place) => place,
            Err(error) => return Err(self.refused(shard, Signal::Traces, error)),
        };
        let span_id = caller.ids.span_id();
        if !session.sampled {
            if !self.measures_unsampled() {
                caller.unsampled = session_handle;
            }
            recorded(session.context_of(span_id));
            self.leave_out_plain(shard, event.name[0], event.times);
            return Ok(true);
        }
        if let Some(filter) = &self.filter
            && filter.drops_plain(event.name[0])
        {
            self.leave_out(shard, Signal::Traces, Omission::Filtered)?;
            recorded(parent_context(session, parent));
            return Ok(true);
        }
        let place = Place { shard, session, span_id, parent };
        let event_kind = (EventKind::Custom, Usage::default(), None);
        let is_recorded = self.append_plain(&place, event_kind, event, &mut caller.clock, &mut caller.keys);
        if is_recorded {
            recorded(session.context_of(span_id));
        }
        Ok(is_recorded)
    }

    /// How many free attributes an event with a typed detail may have for `record_typed`; none when that records none.
    #[inline]
    pub(crate) fn most_attributes_beside_typed(&self) -> Option<usize> {
        self.processor.most_attributes_beside_typed().filter(|_| self.filter.is_none())
    }

    /// Records an event that has a typed detail and is plain otherwise, and shows its context; does nothing with one that
    /// needs more than that.
    pub(crate) fn record_typed<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        detail: Detail<'a>,
        event: &PlainEvent<'a, impl PlainAttributes>,
        recorded: impl FnOnce(SpanContext),
    ) -> Result<bool, Error> {
        // One is no span, the other may be part of its parent, and says of itself whether it has failed.
        let is_special = detail.kind().is_judgement()
            || matches!(detail, Detail::McpClient(_) | Detail::McpServer(_))
            || semconv::missing(&detail).is_some();
        if is_special {
            return Ok(false);
        }
        let name = match event.name {
            [[], _] => semconv::span_name(arena, &detail, semconv::Phase::Whole),
            given => given,
        };
        let shard = caller.shard(self.journal.shard_count());
        let (session, parent) = match self.place_event(&mut caller.sessions, session_handle, &event.parent) {
            Ok(place) => place,
            Err(error) => return Err(self.refused(shard, Signal::Traces, error)),
        };
        let span_id = caller.ids.span_id();
        if !session.sampled && !self.measures_unsampled() {
            caller.unsampled = session_handle;
            self.journal.leave_out_unsampled(shard, Signal::Traces);
            recorded(session.context_of(span_id));
            return Ok(true);
        }
        let usage = Usage::of(&detail, Usage::default());
        let cost = self.processor.prices().of_call(detail.kind(), || Said::by(&detail), &usage);
        if !session.sampled {
            recorded(session.context_of(span_id));
            let attributes = self.processor.typed_attributes(session, detail, cost, &());
            self.leave_out_typed(shard, &mut caller.keys, detail.kind(), &attributes, event.times);
            return Ok(true);
        }
        let typed = PlainEvent {
            name,
            parent: event.parent,
            span_kind: event.span_kind,
            times: event.times,
            status: event.status,
            attributes: self.processor.typed_attributes(session, detail, cost, &event.attributes),
        };
        let place = Place { shard, session, span_id, parent };
        let event_kind = (detail.kind(), usage, cost);
        let is_recorded = self.append_plain(&place, event_kind, &typed, &mut caller.clock, &mut caller.keys);
        if is_recorded {
            recorded(session.context_of(span_id));
        }
        Ok(is_recorded)
    }

    /// Encodes an event where it stays, and counts it; false, and nothing is done, when it cannot be.
    #[inline(always)]
    fn append_plain(
        &self,
        place: &Place<'_>,
        (kind, usage, cost): (EventKind, Usage, Option<Cost>),
        event: &PlainEvent<'_, impl PlainAttributes>,
        clock: &mut ThreadClock,
        keys: &mut KeyMarks,
    ) -> bool {
        let Place { shard, session, span_id, parent } = *place;
        let mut repairs = Repairs::default();
        let Some(span) = self.processor.plain(session, span_id, parent, event, clock, &mut repairs) else {
            return false;
        };
        let entry = span_entry(kind as u8, event.status, repairs);
        let most = self.processor.limits().record_bytes;
        self.journal.append_in_place(shard, entry, most, |bytes| {
            let payload = draft::write_in_place(bytes, keys, &event.attributes, &span)?;
            session.add(shard, kind, event.status, &usage);
            session.add_cost(shard, cost);
            Some(payload)
        })
    }

    /// Records a whole event. `earlier` are the events that were recorded before it in the same call.
    pub(crate) fn record_event<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        data: &'a EventData<'a>,
        earlier: &[SpanContext],
    ) -> Result<SpanContext, Error> {
        let shard = caller.shard(self.journal.shard_count());
        let checked = self.check_running().and_then(|()| check_whole(data));
        let data = match checked.and_then(|()| with_parent(arena, data, earlier)) {
            Ok(data) => data,
            Err(error) => return Err(self.refused(shard, signal(data), error)),
        };
        if data.event_id.is_empty() {
            return self.record_once(caller, arena, session_handle, data);
        }
        if let Some(context) = self.event_ids.find(data.event_id) {
            // A session that is not there is said all the same.
            return match self.session_of(&mut caller.sessions, session_handle) {
                Ok(_) => self.leave_out(shard, signal(data), Omission::Duplicate).map(|()| context),
                Err(error) => Err(self.refused(shard, signal(data), error)),
            };
        }
        let context = self.record_once(caller, arena, session_handle, data)?;
        self.event_ids.add(data.event_id, context);
        Ok(context)
    }

    /// Records an event, whatever its id.
    fn record_once<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        data: &EventData<'a>,
    ) -> Result<SpanContext, Error> {
        let kind = data.detail.kind();
        if kind.is_judgement() {
            return self.record_judgement(caller, arena, session_handle, data);
        }
        let shard = caller.shard(self.journal.shard_count());
        let is_dropped = self.filter.as_ref().is_some_and(|filter| filter.drops(data));
        let mut repairs = Repairs::default();
        let data = if is_dropped { data } else { self.processor.redacted(arena, data, &mut repairs) };
        if let (Detail::McpClient(_), Target::Event(tool), false) = (&data.detail, data.parent, is_dropped)
            && let Some(context) = self.enrich_tool(shard, arena, session_handle, tool, data, repairs)?
        {
            return Ok(context);
        }
        let Caller { ids, sessions, .. } = caller;
        let (session, parent) = match self.place_event(sessions, session_handle, &data.parent) {
            Ok(place) => place,
            Err(error) => return Err(self.refused(shard, Signal::Traces, error)),
        };
        let context = session.context_of(ids.span_id());
        if !session.sampled {
            if !self.measures_unsampled() {
                caller.unsampled = session_handle;
            }
            self.leave_out_any(shard, arena, session, data, is_dropped);
            return Ok(context);
        }
        if is_dropped {
            self.leave_out(shard, Signal::Traces, Omission::Filtered)?;
            return Ok(parent_context(session, parent));
        }
        let identity = Identity { span_id: context.span_id, parent: Some(parent) };
        let usage = Usage::of(&data.detail, Usage::default());
        let cost = self.processor.prices().of_call(kind, || Said::by(&data.detail), &usage);
        let record = self.processor.span(arena, session, identity, data, cost, &mut repairs);
        let entry = span_entry(kind as u8, record.status, repairs);
        let sum_up = |_| {
            session.add(shard, kind, record.status, &usage);
            session.add_cost(shard, cost);
        };
        if let Err(error) = self.processor.commit(&self.journal, shard, arena, entry, &record, sum_up) {
            return Err(self.append_error(shard, Signal::Traces, error));
        }
        self.leave_details(shard, arena, session, kind, &record);
        if let Some(error) = data.error {
            let failing = Failing { span: context, kind, span_kind: record.kind };
            self.leave_derived_exception(shard, arena, session, failing, error, record.end);
        }
        Ok(context)
    }

    /// Leaves the log record with a call's content on its span. The span is recorded by then: what becomes of the log record
    /// does not change the call's answer.
    pub(super) fn leave_details<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        session: &'a Session,
        kind: EventKind,
        span: &SpanRecord<'a>,
    ) {
        let Some(log) = self.processor.call_details(arena, session, kind, span) else { return };
        let entry = details_entry(kind);
        if self.processor.commit(&self.journal, shard, arena, entry, &log, |_| ()).is_err() {
            let words = "the log record with a call's content found no room in the queue";
            self.diagnostics.say(crate::config::Level::Warn, words);
        }
    }

    /// Records an evaluation or feedback; gives the context of the span that it is about.
    fn record_judgement<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        data: &EventData<'a>,
    ) -> Result<SpanContext, Error> {
        let shard = caller.shard(self.journal.shard_count());
        let placed = self.session_of(&mut caller.sessions, session_handle).and_then(|session| {
            Ok((session, self.resolve_any(session, session_handle, &data.parent, "parent")?.span))
        });
        let (session, span) = match placed {
            Ok(place) => place,
            Err(error) => return Err(self.refused(shard, Signal::Logs, error)),
        };
        if !session.sampled {
            self.journal.leave_out_unsampled(shard, Signal::Logs);
            return Ok(span);
        }
        if self.filter.as_ref().is_some_and(|filter| filter.drops(data)) {
            self.leave_out(shard, Signal::Logs, Omission::Filtered)?;
            return Ok(span);
        }
        let mut repairs = Repairs::default();
        let data = self.processor.redacted(arena, data, &mut repairs);
        let log = self.processor.judgement(arena, session, span, data, &mut repairs);
        let entry = judgement_entry(data.detail.kind(), repairs);
        self.processor
            .commit(&self.journal, shard, arena, entry, &log, |_| ())
            .map_err(|error| self.append_error(shard, Signal::Logs, error))?;
        Ok(span)
    }

    /// Adds what a call over the Model Context Protocol says to the event in flight of the tool that it executes, when it is
    /// that: a tool call that went well, the first below that event. Gives the event's context; nothing when it is not.
    fn enrich_tool<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        session_handle: u64,
        event: u64,
        data: &EventData<'a>,
        repairs: Repairs,
    ) -> Result<Option<SpanContext>, Error> {
        let Detail::McpClient(mcp) = data.detail else { return Ok(None) };
        let has_failed = data.error.is_some() || data.status == StatusCode::Error;
        if mcp.method() != semconv::TOOL_CALL || has_failed || semconv::own_error(&data.detail).is_some() {
            return Ok(None);
        }
        // A handle that names nothing is looked at again, and answered, where the event becomes a span.
        let Ok(mut live) = self.live_event(event) else { return Ok(None) };
        let (Some(session), Some(slot)) = (live.session().map(std::sync::Arc::clone), live.slot_mut()) else {
            return Ok(None);
        };
        let before = slot.read();
        let fields = arena.alloc_slice_fill_iter(before.fields.concat());
        let tool = open::text_of(fields, semconv::TOOL_NAME).unwrap_or_default();
        let is_enclosing = before.fixed.kind == EventKind::Tool as u8
            && slot.handles().1 == session_handle
            && !is_dropped(&session, &before.fixed)
            && (mcp.tool_name().is_empty() || mcp.tool_name() == tool)
            && open::text_of(fields, semconv::MCP_METHOD).is_none();
        if !is_enclosing {
            return Ok(None);
        }
        let context = session.context_of(before.fixed.span_id);
        let addition = EventData {
            detail: data.detail,
            name: arena.alloc_slice_copy(before.name),
            attributes: data.attributes,
            links: data.links,
            events: data.events,
            ..EventData::default()
        };
        let contents =
            update::merge(&self.processor, arena, &session, slot, &addition).map_err(not_encoded)?;
        contents.write(slot);
        self.note_output(&mut live, &addition);
        self.journal.count_repairs(shard, Signal::Traces, contents.repairs);
        self.journal.count_repairs(shard, Signal::Traces, repairs);
        Ok(Some(context))
    }
}
