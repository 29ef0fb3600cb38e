//! What calls do with errors: the log record that each leaves, on whatever span failed.

use bumpalo::Bump;

use super::{Caller, Error, OtelManager};
use crate::event::data::{ErrorDetail, EventData, EventKind, SpanContext, Target};
use crate::event::processor::exception_entry;
use crate::journal::accounting::Repairs;
use crate::journal::{AppendError, Origin};
use crate::otlp::Signal;
use crate::otlp::span::{SpanKind, StatusCode};
use crate::session::Session;

/// A span, the kind of its event, and its own.
#[derive(Clone, Copy)]
pub(super) struct Failing {
    pub(super) span: SpanContext,
    pub(super) kind: EventKind,
    pub(super) span_kind: SpanKind,
}

impl Failing {
    /// A span of which nothing is known.
    pub(super) fn any(span: SpanContext) -> Self {
        Self { span, kind: EventKind::Custom, span_kind: SpanKind::Internal }
    }

    /// The same with what an error says of what failed.
    fn said_by(self, error: &ErrorDetail<'_>) -> Self {
        if self.kind != EventKind::Custom || error.of == EventKind::Custom {
            return self;
        }
        // An agent whose calls are named by their context is a remote one: what runs here has a handle.
        Self { kind: error.of, span_kind: SpanKind::Client, ..self }
    }
}

impl OtelManager {
    /// Leaves an error's log record on a span.
    fn leave_exception<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        session: &'a Session,
        failing: Failing,
        error: &ErrorDetail<'a>,
        origin: Origin,
    ) -> Result<(), AppendError> {
        let mut repairs = Repairs::default();
        let kinds = (failing.kind, failing.span_kind);
        let log = self.processor.exception(arena, session, failing.span, kinds, error, &mut repairs);
        let entry = exception_entry(failing.kind, origin, repairs);
        self.processor.commit(&self.journal, shard, arena, entry, &log, |_| ())
    }

    /// The same for an error that came with an event. The event is recorded by then: what becomes of its log record does
    /// not change the call's answer.
    pub(super) fn leave_derived_exception<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        session: &'a Session,
        failing: Failing,
        error: &ErrorDetail<'a>,
        at: i64,
    ) {
        let error = ErrorDetail { time: if error.time > 0 { error.time } else { at }, ..*error };
        if self.leave_exception(shard, arena, session, failing, &error, Origin::Derived).is_err() {
            self.diagnostics
                .say(crate::config::Level::Warn, "the log record of an error found no room in the queue");
        }
    }

    /// Records an error on a span.
    pub(crate) fn record_error<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        target: Target,
        error: &'a ErrorDetail<'a>,
    ) -> Result<(), Error> {
        let shard = caller.shard(self.journal.shard_count());
        let checked = self.check_running();
        let session = match checked.and_then(|()| self.session_of(&mut caller.sessions, session_handle)) {
            Ok(session) => session,
            Err(error) => return Err(self.refused(shard, Signal::Logs, error)),
        };
        let failing = match self.resolve(session, session_handle, &target, "target") {
            Ok(failing) => failing.said_by(error),
            Err(error) => return Err(self.refused(shard, Signal::Logs, error)),
        };
        let is_sampled = session.sampled;
        if !is_sampled && !self.measures_unsampled() {
            self.journal.leave_out_unsampled(shard, Signal::Logs);
            return Ok(());
        }
        let mut repairs = Repairs::default();
        let error = self.processor.redacted_error(arena, error, &mut repairs);
        self.journal.count_repairs(shard, Signal::Logs, repairs);
        if let Target::Event(event) = target {
            let failed = EventData { error: Some(error), status: StatusCode::Error, ..EventData::default() };
            self.add_to_event(shard, arena, event, &failed)
                .map_err(|error| self.refused(shard, Signal::Logs, error))?;
        }
        if !is_sampled {
            // The event that has failed is measured as that.
            self.journal.leave_out_unsampled(shard, Signal::Logs);
            return Ok(());
        }
        self.leave_exception(shard, arena, session, failing, error, Origin::Caller)
            .map_err(|error| self.append_error(shard, Signal::Logs, error))
    }
}
