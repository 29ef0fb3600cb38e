//! What calls do with logs: record one, for a session's span, for a span of elsewhere, or for the process alone.

use bumpalo::Bump;

use super::caller::RememberedSessions;
use super::{Caller, Error, OtelManager};
use crate::event::data::{EventKind, SpanContext, Target};
use crate::event::log::{LogData, LogOwner, log_entry};
use crate::journal::accounting::Repairs;
use crate::otlp::Signal;
use crate::otlp::draft::{PlainAttributes, write_log_in_place};
use crate::otlp::log::Severity;

impl OtelManager {
    /// Whether log records of this severity are kept at all; those that say none are.
    #[inline]
    pub(crate) fn is_log_enabled(&self, severity: Severity) -> bool {
        severity.number() == 0 || severity >= self.config.logs.min_severity
    }

    /// Records a log record.
    pub(crate) fn log<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        target: &Target,
        data: &LogData<'a>,
    ) -> Result<(), Error> {
        let shard = caller.shard(self.journal.shard_count());
        let Caller { sessions, clock, .. } = caller;
        let Some(owner) = self.owner_of_kept(sessions, (shard, session_handle), target, data)? else {
            return Ok(());
        };
        let mut repairs = Repairs::default();
        let data = self.processor.redacted_log(arena, data, &mut repairs);
        let record = self.processor.log(arena, owner, data, clock, &mut repairs);
        let entry = log_entry(owner.kind, repairs);
        self.processor
            .commit(&self.journal, shard, arena, entry, &record, |_| ())
            .map_err(|error| self.append_error(shard, Signal::Logs, error))
    }

    /// Records a log record whose attributes, which `data` does not have, encode themselves; does nothing with one that turns
    /// out not to be plain, and says so.
    #[inline(always)]
    pub(crate) fn log_plain<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        target: &Target,
        data: &LogData<'a>,
        attributes: &impl PlainAttributes,
    ) -> Result<bool, Error> {
        let shard = caller.shard(self.journal.shard_count());
        let Caller { sessions, clock, keys, .. } = caller;
        let Some(owner) = self.owner_of_kept(sessions, (shard, session_handle), target, data)? else {
            return Ok(true);
        };
        let mut repairs = Repairs::default();
        let record = self.processor.log(arena, owner, data, clock, &mut repairs);
        let entry = log_entry(owner.kind, repairs);
        let most = self.processor.limits().record_bytes;
        let write = |place: &mut [u8]| write_log_in_place(place, keys, attributes, &record);
        Ok(self.journal.append_in_place(shard, entry, most, write))
    }

    /// What a log record that is kept belongs to; nothing when it is not.
    #[inline(always)]
    fn owner_of_kept<'c>(
        &self,
        sessions: &'c mut RememberedSessions,
        (shard, session_handle): (usize, u64),
        target: &Target,
        data: &LogData<'_>,
    ) -> Result<Option<LogOwner<'c>>, Error> {
        let owner = match self.log_owner(sessions, session_handle, target) {
            Ok(owner) => owner,
            Err(error) => return Err(self.refused(shard, Signal::Logs, error)),
        };
        if !self.is_log_enabled(data.severity) {
            return Ok(None);
        }
        if owner.session.is_some_and(|session| !session.sampled) {
            self.journal.leave_out_unsampled(shard, Signal::Logs);
            return Ok(None);
        }
        Ok(Some(owner))
    }

    /// What a log record belongs to. Without a session it is an event's, whose session is known, or has a context, or
    /// nothing.
    #[inline(always)]
    fn log_owner<'c>(
        &self,
        sessions: &'c mut RememberedSessions,
        session: u64,
        target: &Target,
    ) -> Result<LogOwner<'c>, Error> {
        self.check_running()?;
        let handle = match (session, target) {
            (0, Target::Event(event)) => self.session_of_event(*event)?,
            (0, Target::Root) => {
                return Ok(LogOwner { session: None, span: SpanContext::default(), kind: EventKind::Custom });
            }
            (0, Target::Context(context)) if context.is_valid() => {
                return Ok(LogOwner { session: None, span: *context, kind: EventKind::Custom });
            }
            (0, Target::Context(_)) => {
                let why = "target is a context with an id that is all zero".to_owned();
                return Err(Error::InvalidArgument(why));
            }
            (session, _) => session,
        };
        let session = self.session_of(sessions, handle)?;
        let (span, kind) = match target {
            Target::Root => (session.context(), EventKind::Custom),
            target => {
                let named = self.resolve(session, handle, target, "target")?;
                (named.span, named.kind)
            }
        };
        Ok(LogOwner { session: Some(session), span, kind })
    }
}
