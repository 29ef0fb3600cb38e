//! What calls do with events in flight: start, update, stream, end, list.

use std::sync::Arc;

use bumpalo::Bump;

use super::errors::Failing;
use super::targets::{check_alone, check_whole, context_in_flight, is_dropped, stale};
use super::{Caller, Error, OtelManager, not_encoded};
use crate::event::data::{EventData, EventKind, PlainEvent, SpanContext};
use crate::event::processor::{Identity, span_entry};
use crate::event::semconv;
use crate::event::streamed::{self, Streamed};
use crate::handle::HandleKind;
use crate::journal::accounting::{Omission, Repairs};
use crate::live::slot::{Fixed, SlotState};
use crate::live::table::LiveEvent;
use crate::live::update::{self, Closing, NewContents};
use crate::live::view::Farewell;
use crate::otlp::Signal;
use crate::otlp::draft::{self, PlainAttributes};
use crate::session::{Session, Usage};
use crate::sys::clock;

/// An event in flight, as it is listed.
pub(crate) struct LiveListing {
    pub(crate) event: u64,
    pub(crate) session: u64,
    pub(crate) context: SpanContext,
    pub(crate) kind: u8,
    pub(crate) chunks: u64,
    pub(crate) start: i64,
    pub(crate) elapsed: i64,
    pub(crate) name: Vec<u8>,
}

/// What is left to be told of an event that has ended.
#[derive(Default)]
struct Ended<'a> {
    farewell: Option<Farewell<'a>>,
    /// For its error's log record: its session, itself, and when it ended.
    failed: Option<(Arc<Session>, Failing, i64)>,
}

impl OtelManager {
    /// Starts an event; gives its handle.
    pub(crate) fn start_event<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        data: &EventData<'a>,
    ) -> Result<u64, Error> {
        let shard = caller.shard(self.journal.shard_count());
        self.try_start_event(caller, arena, session_handle, data)
            .map_err(|error| self.refused(shard, Signal::Traces, error))
    }

    fn try_start_event<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        data: &EventData<'a>,
    ) -> Result<u64, Error> {
        self.check_running()?;
        check_whole(data)?;
        check_alone(data)?;
        if data.detail.kind().is_judgement() {
            let message = "an evaluation or feedback has no duration: it is recorded, not started";
            return Err(Error::InvalidArgument(message.to_owned()));
        }
        let shard = caller.shard(self.journal.shard_count());
        let Caller { ids, sessions, .. } = caller;
        let (session, parent) = self.place_event(sessions, session_handle, &data.parent)?;
        let is_dropped = self.filter.as_ref().is_some_and(|filter| filter.drops(data));
        let mut repairs = Repairs::default();
        let data = self.processor.redacted(arena, data, &mut repairs);
        let identity = Identity { span_id: ids.span_id(), parent: Some(parent) };
        let mut contents =
            update::start(&self.processor, arena, session, identity, data).map_err(not_encoded)?;
        if is_dropped {
            contents.leave_out();
        }
        contents.repairs += repairs;
        self.journal.count_repairs(shard, Signal::Traces, contents.repairs);
        self.put_in_flight(shard, session, session_handle, &contents)
    }

    /// Gives a new event its slot.
    #[inline(always)]
    fn put_in_flight(
        &self,
        shard: usize,
        session: &Arc<Session>,
        session_handle: u64,
        contents: &NewContents<'_>,
    ) -> Result<u64, Error> {
        let event = self
            .live
            .insert(shard, session, session_handle, |slot| contents.write(slot))
            .ok_or(Error::Limit { what: "events", most: self.config.live.max_events })?;
        if session.has_ended() {
            // It ended meanwhile and may not have seen this event.
            if let Ok(live) = self.live.get(event) {
                self.live.free(live, event);
            }
            return Err(Error::StaleHandle { kind: HandleKind::Session, handle: session_handle });
        }
        Ok(event)
    }

    /// Starts a plain event and gives its handle; does nothing with one that turns out not to be plain.
    #[inline(always)]
    pub(crate) fn start_plain(
        &self,
        caller: &mut Caller,
        session_handle: u64,
        event: &PlainEvent<'_, impl PlainAttributes>,
        scratch: &mut [u8],
    ) -> Result<Option<u64>, Error> {
        let shard = caller.shard(self.journal.shard_count());
        let started = self.place_event(&mut caller.sessions, session_handle, &event.parent).and_then(
            |(session, parent)| {
                let span_id = caller.ids.span_id();
                let contents = update::start_plain(
                    &self.processor,
                    session,
                    (span_id, parent),
                    event,
                    (scratch, &mut caller.keys),
                );
                let is_dropped =
                    || self.filter.as_ref().is_some_and(|filter| filter.drops_plain(event.name[0]));
                contents
                    .map(|mut contents| {
                        if is_dropped() {
                            contents.leave_out();
                        }
                        self.put_in_flight(shard, session, session_handle, &contents)
                    })
                    .transpose()
            },
        );
        started.map_err(|error| self.refused(shard, Signal::Traces, error))
    }

    /// Ends an event in flight to which its end adds nothing; does nothing with one that is not plain.
    #[inline(always)]
    pub(crate) fn end_plain(&self, caller: &mut Caller, event: u64) -> Result<bool, Error> {
        let shard = caller.shard(self.journal.shard_count());
        let live = match self.check_running().and_then(|()| self.live_event(event)) {
            Ok(live) => live,
            Err(error) => return Err(self.refused(shard, Signal::Traces, error)),
        };
        let (Some(session), Some(slot)) = (live.session(), live.slot()) else { return Ok(false) };
        if live.watched().is_announced() {
            // Its end has to be told too.
            return Ok(false);
        }
        if !session.sampled {
            if self.measures_unsampled() {
                return Ok(false);
            }
            self.journal.leave_out_unsampled(shard, Signal::Traces);
            self.live.free(live, event);
            return Ok(true);
        }
        let contents = slot.read();
        if is_dropped(session, &contents.fixed) {
            self.leave_out(shard, Signal::Traces, Omission::Filtered)?;
            self.live.free(live, event);
            return Ok(true);
        }
        let kind = EventKind::from_number(contents.fixed.kind.into()).unwrap_or_default();
        let Some((span, attributes)) = update::finish_plain(&self.processor, session, &contents) else {
            return Ok(false);
        };
        let size = draft::content_size(attributes, &span);
        let entry = span_entry(kind as u8, span.status, Repairs::default());
        let written = self.journal.append(shard, entry, draft::payload_size(size), |place, sequence| {
            draft::write_span(place, size, attributes, &span)?;
            slot.set_finishing(shard, sequence);
            session.add(shard, kind, span.status, &contents.fixed.usage);
            Ok(())
        });
        if let Err(error) = written {
            slot.set_state(SlotState::Live);
            return Err(self.append_error(shard, Signal::Traces, error));
        }
        self.live.free(live, event);
        Ok(true)
    }

    /// Adds to an event in flight.
    pub(crate) fn update_event<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        event: u64,
        data: &EventData<'a>,
    ) -> Result<(), Error> {
        let mut repairs = Repairs::default();
        let data = self.processor.redacted(arena, data, &mut repairs);
        self.add_to_event(shard, arena, event, data)?;
        self.journal.count_repairs(shard, Signal::Traces, repairs);
        Ok(())
    }

    /// The same with what is redacted already.
    pub(super) fn add_to_event<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        event: u64,
        data: &EventData<'a>,
    ) -> Result<(), Error> {
        self.check_running()?;
        let mut live = self.live_event(event)?;
        let (Some(session), Some(slot)) = (live.session().map(Arc::clone), live.slot_mut()) else {
            return Err(stale(event));
        };
        let contents = update::merge(&self.processor, arena, &session, slot, data).map_err(not_encoded)?;
        contents.write(slot);
        self.note_output(&mut live, data);
        self.journal.count_repairs(shard, Signal::Traces, contents.repairs);
        Ok(())
    }

    /// Notes when an event in flight has been told its output: its chunks say nothing more.
    pub(super) fn note_output(&self, live: &mut LiveEvent<'_>, data: &EventData<'_>) {
        if self.processor.records_content() && streamed::is_told(&data.detail) {
            self.live.stream_of(live).is_told_otherwise();
        }
    }

    /// Changes counts and times of an event in flight.
    fn change_event(&self, event: u64, change: impl FnOnce(&mut Fixed)) -> Result<(), Error> {
        self.check_running()?;
        self.live_event(event)?.slot_mut().ok_or_else(|| stale(event))?.change(change);
        Ok(())
    }

    /// Notes the first token.
    pub(crate) fn first_token(&self, event: u64) -> Result<(), Error> {
        self.change_event(event, |fixed| update::first_token(fixed, clock::monotonic()))
    }

    /// Counts a chunk, and keeps its text where the output is recorded.
    pub(crate) fn chunk(&self, event: u64, text: &[u8]) -> Result<(), Error> {
        self.check_running()?;
        let mut live = self.live_event(event)?;
        let slot = live.slot_mut().ok_or_else(|| stale(event))?;
        slot.change(|fixed| update::chunk(fixed, text.len(), clock::monotonic()));
        if !self.processor.records_content() {
            return Ok(());
        }
        let fixed = slot.read().fixed;
        let kind = EventKind::from_number(fixed.kind.into()).unwrap_or_default();
        let leaves_span =
            live.session().is_some_and(|session| session.sampled && !is_dropped(session, &fixed));
        if let Some(most) = self.processor.most_streamed(kind).filter(|_| leaves_span) {
            self.live.stream_of(&mut live).add(text, most);
        }
        Ok(())
    }

    /// What the end of an event says, with what its stream has said as its output, when that is recorded and nobody has said it.
    fn with_streamed<'a>(
        &self,
        arena: &'a Bump,
        live: &LiveEvent<'_>,
        data: &EventData<'a>,
        is_interrupted: bool,
    ) -> Option<&'a EventData<'a>> {
        if !self.processor.records_content() {
            return None;
        }
        let fixed = live.slot()?.read().fixed;
        let (text, is_cut) = match live.stream() {
            Some(stream) => stream.text()?,
            None => (&[][..], false),
        };
        let kind = EventKind::from_number(fixed.kind.into()).unwrap_or_default();
        let streamed = Streamed { bytes: fixed.chunk_bytes, text, is_cut, is_interrupted };
        self.processor.with_streamed(arena, kind, data, &streamed).filter(|_| fixed.chunk_bytes > 0)
    }

    /// Ends an event in flight.
    pub(crate) fn end_event<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        event: u64,
        data: &EventData<'a>,
    ) -> Result<(), Error> {
        let shard = caller.shard(self.journal.shard_count());
        if let Err(error) = self.check_running() {
            return Err(self.refused(shard, Signal::Traces, error));
        }
        match self.live_event(event) {
            Ok(live) => {
                let mut repairs = Repairs::default();
                let streamed = self.with_streamed(arena, &live, data, false);
                let data = self.processor.redacted(arena, streamed.unwrap_or(data), &mut repairs);
                let ended = self.record_live_event(shard, arena, &live, data, None)?;
                self.journal.count_repairs(shard, Signal::Traces, repairs);
                let Ended { farewell, failed } = ended;
                self.let_go(shard, arena, live, event, farewell);
                // Without the event's lock: the host may be asked for attributes of the log record.
                if let (Some(error), Some((session, failing, at))) = (data.error, failed) {
                    self.leave_derived_exception(shard, arena, &session, failing, error, at);
                }
                Ok(())
            }
            Err(error) => Err(self.refused(shard, Signal::Traces, error)),
        }
    }

    /// Ends an event because its session ends; gone it is in any case.
    pub(super) fn interrupt_event(&self, shard: usize, arena: &Bump, event: u64) {
        // One that another thread ends at this moment is ended by it.
        if let Ok(live) = self.live.get(event) {
            // A queue without room refuses it, and has counted that.
            let mark = Some(semconv::INTERRUPTED);
            let (nothing, mut repairs) = (EventData::default(), Repairs::default());
            let streamed = self.with_streamed(arena, &live, &nothing, true);
            let data = self.processor.redacted(arena, streamed.unwrap_or(&nothing), &mut repairs);
            let recorded = self.record_live_event(shard, arena, &live, data, mark);
            if recorded.is_ok() {
                self.journal.count_repairs(shard, Signal::Traces, repairs);
            }
            self.let_go(shard, arena, live, event, recorded.ok().and_then(|ended| ended.farewell));
        }
    }

    /// Frees the slot of an event that is over, and says so if it was in the live view.
    fn let_go(
        &self,
        shard: usize,
        arena: &Bump,
        live: LiveEvent<'_>,
        event: u64,
        farewell: Option<Farewell<'_>>,
    ) {
        self.live.free(live, event);
        if let Some(farewell) = farewell {
            self.view.ended(shard, arena, &farewell);
        }
    }

    fn record_live_event<'a, 'arena: 'a>(
        &self,
        shard: usize,
        arena: &'arena Bump,
        live: &'a LiveEvent<'_>,
        data: &EventData<'a>,
        mark: Option<&'static str>,
    ) -> Result<Ended<'arena>, Error> {
        let (Some(session), Some(slot)) = (live.session(), live.slot()) else {
            return Err(Error::Internal("an event in flight has no slot".to_owned()));
        };
        if !session.sampled && !self.measures_unsampled() {
            self.journal.leave_out_unsampled(shard, Signal::Traces);
            return Ok(Ended::default());
        }
        let contents = slot.read();
        if is_dropped(session, &contents.fixed) {
            return self.leave_out(shard, Signal::Traces, Omission::Filtered).map(|()| Ended::default());
        }
        let kind = EventKind::from_number(contents.fixed.kind.into()).unwrap_or_default();
        let mut repairs = Repairs::default();
        let cost = update::cost(&self.processor, arena, &contents, data);
        let closing = Closing { cost, mark };
        let record = update::finish(&self.processor, arena, session, &contents, data, closing, &mut repairs)
            .map_err(|why| self.refused(shard, Signal::Traces, not_encoded(why)))?;
        if !session.sampled {
            self.leave_out_span(shard, arena, kind as u8, &record);
            return Ok(Ended::default());
        }
        let entry = span_entry(kind as u8, record.status, repairs);
        let usage = Usage::of(&data.detail, contents.fixed.usage);
        let committing = |sequence| {
            slot.set_finishing(shard, sequence);
            session.add(shard, kind, record.status, &usage);
            session.add_cost(shard, cost);
        };
        self.processor.commit(&self.journal, shard, arena, entry, &record, committing).map_err(|error| {
            slot.set_state(SlotState::Live);
            self.append_error(shard, Signal::Traces, error)
        })?;
        self.leave_details(shard, arena, session, kind, &record);
        let failed = data.error.map(|_| {
            let span = session.context_of(contents.fixed.span_id);
            (Arc::clone(session), Failing { span, kind, span_kind: record.kind }, record.end)
        });
        Ok(Ended { farewell: self.view.farewell(arena, live, &record), failed })
    }

    /// The context of an event in flight.
    pub(crate) fn event_context(&self, event: u64) -> Result<SpanContext, Error> {
        self.check_running()?;
        let live = self.live_event(event)?;
        match (live.session(), live.slot()) {
            (Some(session), Some(slot)) => Ok(context_in_flight(session, &slot.read().fixed)),
            _ => Err(stale(event)),
        }
    }

    /// All events in flight, oldest first; none without a live view.
    pub(crate) fn list_live(&self) -> Result<Vec<LiveListing>, Error> {
        self.check_running()?;
        if !self.config.live.enabled {
            return Ok(Vec::new());
        }
        let now = clock::monotonic();
        let mut listing = Vec::new();
        self.live.for_each(|slot| {
            let (event, session) = slot.handles();
            let contents = slot.read();
            let fixed = contents.fixed;
            listing.push(LiveListing {
                event,
                session,
                context: self.sessions.get(session).map_or_else(
                    |_| SpanContext {
                        trace_id: fixed.trace_id,
                        span_id: fixed.span_id,
                        trace_flags: fixed.trace_flags,
                        is_remote: false,
                    },
                    |session| context_in_flight(&session, &fixed),
                ),
                kind: fixed.kind,
                chunks: fixed.chunks,
                start: fixed.start,
                elapsed: now.saturating_sub(fixed.started_at),
                name: contents.name.to_vec(),
            });
        });
        listing.sort_by_key(|event| std::cmp::Reverse(event.elapsed));
        Ok(listing)
    }
}
