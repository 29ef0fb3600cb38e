//! A log record of the caller's: what it says, and how it becomes what the journal takes. It belongs to a session, whose
//! attributes and trace it has then, or to none.

use bumpalo::Bump;

use super::attributes::{AttributeLimits, is_plain, unite};
use super::data::{EventKind, SpanContext};
use super::inject::on_log;
use super::processor::EventProcessor;
use super::times::sane;
use crate::journal::accounting::Repairs;
use crate::journal::{Entry, Origin};
use crate::otlp::log::{ATTRIBUTES, LogRecord, Severity};
use crate::otlp::value::{Attributes, Value};
use crate::otlp::{Signal, open};
use crate::session::Session;
use crate::sys::clock::ThreadClock;

/// What a caller logs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogData<'a> {
    pub(crate) severity: Severity,
    /// In place of the severity's short name; empty: that name.
    pub(crate) severity_text: &'a [u8],
    /// Empty: it is no event.
    pub(crate) event_name: &'a [u8],
    pub(crate) body: Value<'a>,
    /// Nanoseconds since 1970; 0 = now.
    pub(crate) time: i64,
    pub(crate) attributes: Attributes<'a>,
}

/// What a log record belongs to.
#[derive(Clone, Copy)]
pub(crate) struct LogOwner<'a> {
    pub(crate) session: Option<&'a Session>,
    /// All zero: no span.
    pub(crate) span: SpanContext,
    /// Of the event in flight that it is about.
    pub(crate) kind: EventKind,
}

impl EventProcessor {
    /// A caller's log record.
    #[inline(always)]
    pub(crate) fn log<'a>(
        &self,
        arena: &'a Bump,
        owner: LogOwner<'a>,
        data: &LogData<'a>,
        clock: &mut ThreadClock,
        repairs: &mut Repairs,
    ) -> LogRecord<'a> {
        let observed = clock.wall();
        let given = sane(data.time, repairs);
        let injected = self.injected_into_log(arena, owner);
        let limits = self.attribute_limits_beside(injected);
        let attributes = if is_plain(&data.attributes, limits) {
            data.attributes.list
        } else {
            self.united(arena, data, limits, repairs)
        };
        let encoded = match owner.session {
            Some(session) => on_log(arena, session, injected, attributes),
            None if injected.is_empty() => &[],
            None => open::with_tag(arena, &[], ATTRIBUTES, injected, attributes),
        };
        LogRecord {
            trace_id: owner.span.trace_id,
            span_id: owner.span.span_id,
            flags: u32::from(owner.span.trace_flags),
            time: if given > 0 { given } else { observed },
            observed,
            severity: data.severity,
            severity_text: data.severity_text,
            event_name: data.event_name,
            body: data.body,
            encoded,
            attributes,
            dropped_attributes: repairs.dropped_attributes,
        }
    }

    #[cold]
    fn united<'a>(
        &self,
        arena: &'a Bump,
        data: &LogData<'a>,
        limits: AttributeLimits,
        repairs: &mut Repairs,
    ) -> &'a [crate::otlp::value::Attribute<'a>] {
        unite(arena, bumpalo::collections::Vec::new_in(arena), data.attributes.list, limits, repairs)
    }

    #[inline(always)]
    fn injected_into_log<'a>(&self, arena: &'a Bump, owner: LogOwner<'a>) -> &'a [u8] {
        match owner.session {
            Some(session) => self.injected(arena, session, Signal::Logs, Some(owner.kind)),
            None => self.injected_without_session(arena, owner.kind),
        }
    }
}

/// A journal entry for a caller's log record.
#[inline(always)]
pub(crate) fn log_entry(kind: EventKind, repairs: Repairs) -> Entry {
    Entry { signal: Signal::Logs, kind: kind as u8, flags: 0, origin: Origin::Caller, repairs }
}
