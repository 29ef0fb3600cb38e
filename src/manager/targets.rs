//! What calls name: sessions, events in flight, the spans that something belongs to; and whether an event says what it must.

use std::sync::Arc;

use super::caller::RememberedSessions;
use super::errors::Failing;
use super::{Error, OtelManager, handle_error};
use crate::event::data::{Detail, EventData, EventKind, ParentSpan, SpanContext, Target};
use crate::event::semconv;
use crate::handle::HandleKind;
use crate::live::slot::Fixed;
use crate::live::table::LiveEvent;
use crate::otlp::span::SpanKind;
use crate::session::{FLAG_SAMPLED, Session};

/// What a whole event must say.
pub(super) fn check_whole(data: &EventData<'_>) -> Result<(), Error> {
    let missing = match data.detail {
        Detail::Custom if data.name.is_empty() => Some("name is absent: a custom event needs one"),
        ref detail => semconv::missing(detail),
    };
    missing.map_or(Ok(()), |missing| Err(Error::InvalidArgument(missing.to_owned())))
}

/// An event that is not one of several cannot name another of them.
pub(super) fn check_alone(data: &EventData<'_>) -> Result<(), Error> {
    data.parent_index.map_or(Ok(()), |position| {
        let message =
            format!("parent_index is {position}: it names an event of an array, which there is none of");
        Err(Error::InvalidArgument(message))
    })
}

/// The context of a span that others of its session stand under.
pub(super) fn parent_context(session: &Session, parent: ParentSpan) -> SpanContext {
    SpanContext { is_remote: parent.is_remote, ..session.context_of(parent.span_id) }
}

/// Whether the event filter has dropped an event in flight: it is there until it ends, and leaves nothing.
pub(super) fn is_dropped(session: &Session, fixed: &Fixed) -> bool {
    session.sampled && fixed.trace_flags & FLAG_SAMPLED == 0
}

/// What names an event in flight: its span or, when it was dropped, its parent.
pub(super) fn context_in_flight(session: &Session, fixed: &Fixed) -> SpanContext {
    if is_dropped(session, fixed) {
        let parent = ParentSpan { span_id: fixed.parent, is_remote: fixed.parent_is_remote };
        parent_context(session, parent)
    } else {
        session.context_of(fixed.span_id)
    }
}

pub(super) fn stale(event: u64) -> Error {
    Error::StaleHandle { kind: HandleKind::Event, handle: event }
}

impl OtelManager {
    /// The session that a handle names, in what the calling thread remembers.
    #[inline]
    pub(super) fn session_of<'c>(
        &self,
        remembered: &'c mut RememberedSessions,
        handle: u64,
    ) -> Result<&'c Arc<Session>, Error> {
        remembered.find(&self.sessions, handle).map_err(|why| handle_error(HandleKind::Session, handle, why))
    }

    pub(super) fn live_event(&self, event: u64) -> Result<LiveEvent<'_>, Error> {
        self.live.get(event).map_err(|why| handle_error(HandleKind::Event, event, why))
    }

    /// The span that a target names.
    #[inline(never)]
    pub(super) fn resolve(
        &self,
        session: &Session,
        session_handle: u64,
        target: &Target,
        what: &str,
    ) -> Result<Failing, Error> {
        let found = self.resolve_any(session, session_handle, target, what)?;
        if found.span.trace_id != session.trace_id {
            return Err(Error::InvalidArgument(format!("{what} is a span of another trace; use a link")));
        }
        Ok(found)
    }

    /// The same of a target that may be a span of any trace.
    pub(super) fn resolve_any(
        &self,
        session: &Session,
        session_handle: u64,
        target: &Target,
        what: &str,
    ) -> Result<Failing, Error> {
        let context = match *target {
            Target::Root => return Ok(Failing::any(session.context())),
            Target::Event(event) => {
                let live = self.live_event(event)?;
                let slot = live.slot().ok_or_else(|| stale(event))?;
                if slot.handles().1 != session_handle {
                    return Err(Error::InvalidArgument(format!("{what} is an event of another session")));
                }
                let fixed = slot.read().fixed;
                let kind = EventKind::from_number(fixed.kind.into()).unwrap_or_default();
                let span_kind = SpanKind::from_number(fixed.span_kind.into()).unwrap_or(SpanKind::Internal);
                return Ok(Failing { span: context_in_flight(session, &fixed), kind, span_kind });
            }
            Target::Context(context) => context,
        };
        if !context.is_valid() {
            return Err(Error::InvalidArgument(format!("{what} is a context with an id that is all zero")));
        }
        Ok(Failing::any(context))
    }

    /// The session of an event in flight.
    pub(super) fn session_of_event(&self, event: u64) -> Result<u64, Error> {
        let live = self.live_event(event)?;
        live.slot().map(|slot| slot.handles().1).ok_or_else(|| stale(event))
    }

    /// The session and parent of a new event.
    #[inline(always)]
    pub(super) fn place_event<'c>(
        &self,
        sessions: &'c mut RememberedSessions,
        session_handle: u64,
        parent: &Target,
    ) -> Result<(&'c Arc<Session>, ParentSpan), Error> {
        self.check_running()?;
        let session = self.session_of(sessions, session_handle)?;
        let parent = match parent {
            Target::Root => ParentSpan { span_id: session.root_span_id, is_remote: false },
            target => self.resolve(session, session_handle, target, "parent")?.span.into(),
        };
        Ok((session, parent))
    }
}
