//! Spans of what a killed process had not ended: from the slots that it has left behind to records that are exported as its
//! others are. An event ends where it was last changed, a session where its process was last seen; both have failed, and
//! say that they were recovered. What was not sampled stays unsaid.

use std::collections::HashMap;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::recovered::{Recovered, RecoveredEvent, recover};
use super::slot::SLOT_BYTES;
use crate::event::data::{ROOT_FRAME_KIND, SessionEnd};
use crate::event::processor::{EventProcessor, Times};
use crate::event::semconv::{self, MOST_TYPED};
use crate::journal::accounting::Repairs;
use crate::journal::recovery::Extra;
use crate::otlp::Signal;
use crate::otlp::open::Addition;
use crate::otlp::span::{SpanKind, SpanRecord, StatusCode, remote_flags};
use crate::otlp::value::{Attribute, Attributes, Value};
use crate::otlp::wire::WriteError;
use crate::session::FLAG_SAMPLED;
use crate::session::recovered::{Recovered as RecoveredSlot, RecoveredSession, recover as recover_session};
use crate::session::slot::slot_bytes;
use crate::sys::append::Appender;

/// What the status of a recovered span says.
const PROCESS_ENDED: &str = "the process ended before this did";

/// What a process has left behind.
pub(crate) struct LeftBehind<'b> {
    /// The slots of its events, one behind the other, and those of its sessions.
    pub(crate) events: &'b [u8],
    pub(crate) sessions: &'b [u8],
    /// How many shards it had.
    pub(crate) shards: usize,
    /// When it was last seen, nanoseconds since 1970; 0 when that is not known.
    pub(crate) last_seen: i64,
}

/// What comes of it.
#[derive(Default)]
pub(crate) struct Unfinished {
    pub(crate) records: Vec<Extra>,
    /// Slots in which something was that cannot be read any more.
    pub(crate) corrupt: u64,
}

/// The spans of what was in flight. `is_committed` tells whether a shard has the frame with a sequence number.
pub(crate) fn unfinished(
    processor: &EventProcessor,
    left: &LeftBehind<'_>,
    is_committed: impl Fn(u32, u64) -> bool,
) -> Unfinished {
    let mut found = Unfinished::default();
    let mut sessions: HashMap<u64, (RecoveredSession<'_>, i64)> = HashMap::new();
    for slot in left.sessions.chunks(slot_bytes(left.shards)) {
        match recover_session(slot, left.shards) {
            RecoveredSlot::Free => {}
            RecoveredSlot::Open(session) => {
                let last_seen = left.last_seen.max(session.identity.start);
                sessions.insert(session.handle, (*session, last_seen));
            }
            RecoveredSlot::Corrupt => found.corrupt += 1,
        }
    }
    let mut arena = Bump::new();
    for slot in left.events.chunks(SLOT_BYTES) {
        let event = match recover(slot) {
            Recovered::Live(event) => event,
            Recovered::Finishing { shard, sequence, .. } if is_committed(shard, sequence) => continue,
            Recovered::Finishing { event: Some(event), .. } => event,
            Recovered::Free => continue,
            Recovered::Finishing { event: None, .. } | Recovered::Corrupt => {
                found.corrupt += 1;
                continue;
            }
        };
        let session = sessions.get_mut(&event.session).map(|(session, last_seen)| {
            *last_seen = (*last_seen).max(event.fixed.updated);
            &*session
        });
        if event.fixed.trace_flags & FLAG_SAMPLED != 0 {
            let payload = event_span(processor, &arena, &event, session).and_then(|span| encoded(&span));
            found.take(event.fixed.kind, payload);
        }
        arena.reset();
    }
    // In an order that does not change from one reading to the next.
    let mut sessions: Vec<_> = sessions.into_values().collect();
    sessions.sort_by_key(|(session, _)| session.handle);
    for (session, last_seen) in &sessions {
        let has_ended = session.finishing.is_some_and(|(shard, sequence)| is_committed(shard, sequence));
        if !has_ended && session.identity.trace_flags & FLAG_SAMPLED != 0 {
            let payload = root_span(processor, &arena, session, *last_seen).and_then(|span| encoded(&span));
            found.take(ROOT_FRAME_KIND, payload);
        }
        arena.reset();
    }
    found
}

impl Unfinished {
    fn take(&mut self, kind: u8, payload: Result<Vec<u8>, WriteError>) {
        match payload {
            Ok(payload) => self.records.push(Extra { signal: Signal::Traces, kind, payload }),
            Err(_) => self.corrupt += 1,
        }
    }
}

fn encoded(span: &SpanRecord<'_>) -> Result<Vec<u8>, WriteError> {
    let size = span.size();
    let mut payload = vec![0; size.payload];
    span.write(size, Appender::new(&mut payload))?;
    Ok(payload)
}

fn event_span<'a>(
    processor: &EventProcessor,
    arena: &'a Bump,
    event: &RecoveredEvent<'a>,
    session: Option<&RecoveredSession<'a>>,
) -> Result<SpanRecord<'a>, WriteError> {
    let fixed = &event.fixed;
    let mut typed = ArenaVec::with_capacity_in(MOST_TYPED, arena);
    let had_failed = StatusCode::from_number(fixed.status) == StatusCode::Error;
    if !had_failed {
        typed.push(Attribute::new(semconv::ERROR_TYPE, Value::Text(semconv::OTHER_ERROR)));
    }
    typed.push(Attribute::new(semconv::RECOVERED, Value::Bool(true)));
    let (fields, attributes, dropped) = with_marks(processor, arena, event.fields, typed)?;
    let identity = session.map(|session| &session.identity);
    let times = Times { start: fixed.start.max(0), end: fixed.updated.max(fixed.start).max(0) };
    Ok(SpanRecord {
        trace_id: fixed.trace_id,
        span_id: fixed.span_id,
        parent: Some(fixed.parent).filter(|parent| *parent != [0; 8]),
        trace_state: identity.map_or(&[], |identity| identity.trace_state),
        flags: remote_flags(fixed.parent_is_remote) | u32::from(fixed.trace_flags),
        name: [event.name, &[]],
        kind: SpanKind::from_number(fixed.span_kind.into()).unwrap_or(SpanKind::Internal),
        start: times.start,
        end: times.end,
        encoded: [identity.map_or(&[], |identity| identity.on_spans), fields],
        attributes,
        dropped_attributes: fixed.dropped_attributes.saturating_add(dropped),
        events: &[],
        dropped_events: fixed.dropped_events.into(),
        links: &[],
        dropped_links: fixed.dropped_links.into(),
        status: StatusCode::Error,
        status_message: if had_failed { event.message } else { PROCESS_ENDED.as_bytes() },
    })
}

fn root_span<'a>(
    processor: &EventProcessor,
    arena: &'a Bump,
    session: &RecoveredSession<'a>,
    end: i64,
) -> Result<SpanRecord<'a>, WriteError> {
    let identity = &session.identity;
    let mut typed = ArenaVec::with_capacity_in(MOST_TYPED, arena);
    semconv::root_end(&mut typed, &SessionEnd::default(), &session.sums);
    typed.push(Attribute::new(semconv::ERROR_TYPE, Value::Text(semconv::OTHER_ERROR)));
    typed.push(Attribute::new(semconv::RECOVERED, Value::Bool(true)));
    let root = session.root;
    let known = root.map_or(&[][..], |root| root.attributes);
    let (fields, attributes, dropped) = with_marks(processor, arena, known, typed)?;
    let start = identity.start.max(0);
    Ok(SpanRecord {
        trace_id: identity.trace_id,
        span_id: identity.root_span_id,
        parent: identity.parent,
        trace_state: identity.trace_state,
        flags: remote_flags(identity.parent_is_remote) | u32::from(identity.trace_flags),
        name: [root.map_or(b"session", |root| root.name), &[]],
        kind: SpanKind::Internal,
        start,
        end: end.max(start),
        encoded: [identity.on_spans, fields],
        attributes,
        dropped_attributes: root.map_or(0, |root| root.dropped_attributes).saturating_add(dropped),
        events: &[],
        dropped_events: 0,
        links: &[],
        dropped_links: 0,
        status: StatusCode::Error,
        status_message: PROCESS_ENDED.as_bytes(),
    })
}

/// The fields and attributes of a span with what its recovery adds; and how many attributes that leaves out.
fn with_marks<'a>(
    processor: &EventProcessor,
    arena: &'a Bump,
    fields: &'a [u8],
    typed: ArenaVec<'a, Attribute<'a>>,
) -> Result<(&'a [u8], Attributes<'a>, u32), WriteError> {
    let mut repairs = Repairs::default();
    let attributes = processor.unite(arena, typed, &[], &mut repairs);
    let kept = processor.kept(arena, fields, &Addition { attributes, ..Addition::default() })?;
    Ok((kept, Attributes::of(attributes), repairs.dropped_attributes))
}
