//! What calls do with sessions: start, attributes, context, end.

use std::sync::Arc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::{Caller, Error, OtelManager, handle_error, not_encoded};
use crate::event::data::{ROOT_FRAME_KIND, SessionEnd, SessionOptions, SpanContext};
use crate::event::processor::span_entry;
use crate::event::semconv::{self, MOST_TYPED};
use crate::event::text::owned;
use crate::handle::HandleKind;
use crate::journal::accounting::{Omission, Repairs};
use crate::otlp::open::{self, Addition};
use crate::otlp::span::Link;
use crate::otlp::value::{Attribute, Value};
use crate::otlp::{Signal, log, span};
use crate::propagation::baggage::Baggage;
use crate::propagation::{MOST_VALUE_BYTES, trace_state};
use crate::sampling::RemoteParent;
use crate::session::memory::Place;
use crate::session::{FLAG_RANDOM, FLAG_SAMPLED, MOST_SESSIONS, NewSession, Root, Session};
use crate::sys::clock;

/// The longest session id, conversation id and the like.
const MOST_ID_BYTES: usize = 1024;

/// The attribute of a link to the session that another resumes.
static RESUMES: [Attribute<'static>; 1] =
    [Attribute { key: semconv::LINK_TYPE.as_bytes(), value: Value::Text(semconv::RESUMED_SESSION) }];

/// A link to the session that another resumes.
fn resumed_session(resumed: Option<SpanContext>) -> Option<Link<'static>> {
    resumed.map(|resumed| Link {
        trace_id: resumed.trace_id,
        span_id: resumed.span_id,
        trace_state: &[],
        flags: span::remote_flags(resumed.is_remote) | u32::from(resumed.trace_flags),
        attributes: &RESUMES,
    })
}

impl OtelManager {
    /// Starts a session; gives its handle.
    pub(crate) fn start_session(
        &self,
        caller: &mut Caller,
        arena: &Bump,
        options: &SessionOptions<'_>,
    ) -> Result<u64, Error> {
        self.check_running()?;
        let (mut repairs, mut again) = (Repairs::default(), Repairs::default());
        let options = &self.processor.redacted_session(arena, options, &mut repairs);
        // What an extraction found nothing for is no parent.
        let given = options.parent.filter(|parent| parent.trace_id != [0; 16] || parent.span_id != [0; 8]);
        let parent = given.map(|parent| SpanContext { is_remote: true, ..parent });
        if parent.is_some_and(|parent| !parent.is_valid()) {
            return Err(Error::InvalidArgument("options.parent has an id that is all zero".to_owned()));
        }
        if options.resumed.is_some_and(|resumed| !resumed.is_valid()) {
            return Err(Error::InvalidArgument("options.resumed has an id that is all zero".to_owned()));
        }
        let trace_id = parent.map_or_else(|| caller.ids.trace_id(), |parent| parent.trace_id);
        let given_trace_state = match parent {
            Some(_) => trace_state::normalised(&String::from_utf8_lossy(options.trace_state)),
            // A trace's state without the trace means nothing.
            None => String::new(),
        };
        // What is kept twice is counted once: with the root span's attributes.
        let is_named = options.agent_name.is_empty() || options.provider.is_empty();
        let counted = if is_named { &mut repairs } else { &mut again };
        let name = owned(&semconv::root_name(options).concat(), MOST_ID_BYTES, counted).into_vec();
        let remote = parent.map(|parent| RemoteParent {
            trace_id: parent.trace_id,
            span_id: parent.span_id,
            flags: parent.trace_flags,
            trace_state: &given_trace_state,
        });
        let decision =
            self.sampler.decide(trace_id, remote, &String::from_utf8_lossy(&name), options.attributes);
        let random = parent.map_or(FLAG_RANDOM, |parent| parent.trace_flags & FLAG_RANDOM);
        let sampled = if decision.sampled { FLAG_SAMPLED } else { 0 };

        let id = match options.session_id {
            [] => caller.ids.uuid().into_bytes().into_boxed_slice(),
            given => owned(given, MOST_ID_BYTES, &mut repairs),
        };
        let id = [Attribute::new(semconv::SESSION_ID, Value::Text(&id))];
        let start = if options.start > 0 { options.start } else { clock::wall() };
        let mut root = Root { name, ..Root::default() };
        let mut typed = ArenaVec::with_capacity_in(MOST_TYPED, arena);
        semconv::root(&mut typed, options);
        let resumed = resumed_session(options.resumed);
        repairs += self.merge_into_root(arena, &mut root, typed, options.attributes, resumed.as_slice())?;
        // What is not sampled is not recovered.
        let place = if decision.sampled {
            self.session_slots.place()
        } else {
            Place::on_heap(self.journal.shard_count())
        };
        // The SDK takes some that are not valid, and drops some that are.
        let decided = decision.trace_state.map(|text| trace_state::normalised(&text));
        let trace_state = decided.filter(|text| !text.is_empty()).unwrap_or(given_trace_state);
        let session = Session::new(
            NewSession {
                trace_id,
                root_span_id: caller.ids.span_id(),
                parent,
                trace_flags: sampled | random,
                trace_state: trace_state.into_bytes().into_boxed_slice(),
                conversation_id: owned(options.conversation_id, MOST_ID_BYTES, &mut again),
                provider: owned(options.provider, MOST_ID_BYTES, &mut again),
                on_spans: open::encoded(span::ATTRIBUTES, &id).map_err(not_encoded)?.into_boxed_slice(),
                on_logs: open::encoded(log::ATTRIBUTES, &id).map_err(not_encoded)?.into_boxed_slice(),
                start,
                started_at: clock::monotonic(),
                root,
            },
            place,
        );
        let baggage =
            String::from_utf8_lossy(options.baggage.get(..MOST_VALUE_BYTES).unwrap_or(options.baggage));
        let session = session.with_baggage(Baggage::parse(&baggage), self.processor.inject());
        self.processor.inject_into_root(arena, &session);
        let full = Error::Limit { what: "sessions", most: MOST_SESSIONS };
        let session = Arc::new(session);
        let handle = self.sessions.insert(Arc::clone(&session)).ok_or(full)?;
        session.keep(handle);
        self.journal.count_repairs(self.shard_of(caller), Signal::Traces, repairs);
        Ok(handle)
    }

    /// Merges attributes into a root span that is still open.
    fn merge_into_root<'a>(
        &self,
        arena: &'a Bump,
        root: &mut Root,
        typed: ArenaVec<'a, Attribute<'a>>,
        free: &'a [Attribute<'a>],
        links: &'a [Link<'a>],
    ) -> Result<Repairs, Error> {
        let mut repairs = Repairs::default();
        let attributes = self.processor.unite(arena, typed, free, &mut repairs);
        let addition = Addition { attributes, links, ..Addition::default() };
        let merged = self.processor.merge_open(arena, &root.attributes, addition, &mut repairs);
        root.attributes = merged.map_err(not_encoded)?.to_vec();
        root.dropped_attributes = root.dropped_attributes.saturating_add(repairs.dropped_attributes);
        Ok(repairs)
    }

    /// Sets attributes of a session's root span.
    pub(crate) fn set_session_attributes<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        session: u64,
        attributes: &'a [Attribute<'a>],
    ) -> Result<(), Error> {
        self.check_running()?;
        let found =
            self.sessions.get(session).map_err(|why| handle_error(HandleKind::Session, session, why))?;
        let mut repairs = Repairs::default();
        let attributes = self.processor.redacted_attributes(arena, attributes, &mut repairs);
        let mut root = found.root();
        repairs += self.merge_into_root(arena, &mut root, ArenaVec::new_in(arena), attributes, &[])?;
        found.keep_root(&root);
        drop(root);
        self.journal.count_repairs(shard, Signal::Traces, repairs);
        Ok(())
    }

    /// The context of a session's root span.
    pub(crate) fn session_context(&self, caller: &mut Caller, session: u64) -> Result<SpanContext, Error> {
        self.check_running()?;
        let found = caller.sessions.find(&self.sessions, session);
        found.map(|session| session.context()).map_err(|why| handle_error(HandleKind::Session, session, why))
    }

    /// Ends a session: its events in flight first, then its root span.
    pub(crate) fn end_session(
        &self,
        caller: &mut Caller,
        arena: &Bump,
        session: u64,
        end: &SessionEnd<'_>,
    ) -> Result<(), Error> {
        if let Err(error) = self.check_running() {
            return Err(self.refused(caller.shard(self.journal.shard_count()), Signal::Traces, error));
        }
        self.end_open_session(caller, arena, session, end, false)
    }

    pub(super) fn end_open_session(
        &self,
        caller: &mut Caller,
        arena: &Bump,
        handle: u64,
        end: &SessionEnd<'_>,
        interrupted: bool,
    ) -> Result<(), Error> {
        let session = match self.sessions.remove(handle) {
            Ok(session) => session,
            Err(why) => {
                let error = handle_error(HandleKind::Session, handle, why);
                return Err(self.refused(caller.shard(self.journal.shard_count()), Signal::Traces, error));
            }
        };
        caller.sessions.forget(handle);
        for event in self.live.of_session(handle) {
            self.interrupt_event(caller.shard(self.journal.shard_count()), arena, event);
        }
        if !session.sampled && !self.measures_unsampled() {
            self.journal.leave_out_unsampled(caller.shard(self.journal.shard_count()), Signal::Traces);
            return Ok(());
        }
        let root = std::mem::take(&mut *session.root());
        let mut typed = ArenaVec::with_capacity_in(MOST_TYPED, arena);
        let sums = session.sums();
        let mut repairs = Repairs::default();
        let end = &self.processor.redacted_end(arena, end, &mut repairs);
        semconv::root_end(&mut typed, end, &sums);
        if interrupted {
            typed.push(Attribute::new(semconv::INTERRUPTED, Value::Bool(true)));
        }
        let attributes = self.processor.unite(arena, typed, &[], &mut repairs);
        let addition = Addition { attributes, ..Addition::default() };
        let kept = self.processor.kept(arena, &root.attributes, &addition).map_err(not_encoded)?;
        let kept = (kept, root.dropped_attributes);
        let record = self.processor.root(&session, &root.name, kept, end, attributes, &mut repairs);
        let entry = span_entry(ROOT_FRAME_KIND, record.status, repairs);
        let shard = caller.shard(self.journal.shard_count());
        if !session.sampled {
            self.leave_out_span(shard, arena, ROOT_FRAME_KIND, &record);
            return Ok(());
        }
        let committing = |sequence| session.set_finishing(shard, sequence);
        let ended = self.processor.commit(&self.journal, shard, arena, entry, &record, committing);
        session.let_go();
        ended.map_err(|error| self.append_error(shard, Signal::Traces, error))
    }

    /// Counts a record that is left out on purpose.
    pub(super) fn leave_out(&self, shard: usize, signal: Signal, why: Omission) -> Result<(), Error> {
        if self.journal.leave_out(shard, signal, why) { Ok(()) } else { Err(Error::ShutDown) }
    }

    /// Ends every session and event that is open, at shutdown.
    pub(super) fn end_everything(&self) {
        let mut caller = Caller::new();
        let mut arena = Bump::new();
        let end = SessionEnd { reason: b"shutdown", ..SessionEnd::default() };
        for session in self.sessions.handles() {
            let _ = self.end_open_session(&mut caller, &arena, session, &end, true);
            arena.reset();
        }
    }
}
