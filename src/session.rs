//! Sessions: identity, context, sums and end. A session owns a trace id and a root span; both are fixed at its start,
//! so that they can be passed on before the first event. What recording threads read of it never changes after the
//! start; sums are kept per shard, so that threads sharing a session do not share a cache line.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::event::data::{Detail, EventData, EventKind, SpanContext};
use crate::event::semconv::SessionSums;
use crate::handle::{Handle, HandleError, HandleKind, MOST_SLOTS};
use crate::otlp::span::{StatusCode, common_fields, remote_flags};

/// The most sessions that can be open at once.
pub(crate) const MOST_SESSIONS: usize = 65_536;

/// One shard's part of a session's sums.
#[derive(Default)]
#[repr(align(64))]
struct Sums {
    events: AtomicI64,
    errors: AtomicI64,
    llm: AtomicI64,
    tools: AtomicI64,
    actions: AtomicI64,
    input_tokens: AtomicI64,
    cache_read_input_tokens: AtomicI64,
    cache_creation_input_tokens: AtomicI64,
    output_tokens: AtomicI64,
    reasoning_output_tokens: AtomicI64,
}

/// Adds to a sum that one thread at a time writes.
#[inline(always)]
fn raise(sum: &AtomicI64, by: i64) {
    sum.store(sum.load(Ordering::Relaxed).saturating_add(by), Ordering::Relaxed);
}

/// What the root span will hold, as far as it is known.
#[derive(Default)]
pub(crate) struct Root {
    /// The span's name.
    pub(crate) name: Vec<u8>,
    /// Encoded attributes.
    pub(crate) attributes: Vec<u8>,
    /// Attributes that were left out so far.
    pub(crate) dropped_attributes: u32,
}

/// One session.
pub(crate) struct Session {
    pub(crate) trace_id: [u8; 16],
    pub(crate) root_span_id: [u8; 8],
    pub(crate) parent: Option<SpanContext>,
    /// W3C trace flags of all its spans.
    pub(crate) trace_flags: u8,
    pub(crate) sampled: bool,
    pub(crate) trace_state: Box<[u8]>,
    pub(crate) conversation_id: Box<[u8]>,
    pub(crate) provider: Box<[u8]>,
    /// `session.id` as an attribute of a span and of a log record, encoded.
    pub(crate) on_spans: Box<[u8]>,
    pub(crate) on_logs: Box<[u8]>,
    /// What all plain spans of it have, encoded.
    pub(crate) on_plain_spans: Box<[u8]>,
    /// Wall clock, and the clock that never jumps, in nanoseconds.
    pub(crate) start: i64,
    pub(crate) started_at: i64,
    root: Mutex<Root>,
    sums: Box<[Sums]>,
    ended: AtomicBool,
}

/// What is known of a session when it starts.
pub(crate) struct NewSession {
    pub(crate) trace_id: [u8; 16],
    pub(crate) root_span_id: [u8; 8],
    pub(crate) parent: Option<SpanContext>,
    pub(crate) trace_flags: u8,
    pub(crate) trace_state: Box<[u8]>,
    pub(crate) conversation_id: Box<[u8]>,
    pub(crate) provider: Box<[u8]>,
    pub(crate) on_spans: Box<[u8]>,
    pub(crate) on_logs: Box<[u8]>,
    pub(crate) start: i64,
    pub(crate) started_at: i64,
    pub(crate) root: Root,
}

/// Bit 0 of the W3C trace flags.
pub(crate) const FLAG_SAMPLED: u8 = 1;
/// Bit 1 of the W3C trace flags, level 2: the trace id is random.
pub(crate) const FLAG_RANDOM: u8 = 2;

impl Session {
    pub(crate) fn new(new: NewSession, shards: usize) -> Self {
        let flags = remote_flags(false) | u32::from(new.trace_flags);
        let common = common_fields(new.trace_id, flags, &new.trace_state, &new.on_spans);
        Self {
            on_plain_spans: common.into_boxed_slice(),
            trace_id: new.trace_id,
            root_span_id: new.root_span_id,
            parent: new.parent,
            trace_flags: new.trace_flags,
            sampled: new.trace_flags & FLAG_SAMPLED != 0,
            trace_state: new.trace_state,
            conversation_id: new.conversation_id,
            provider: new.provider,
            on_spans: new.on_spans,
            on_logs: new.on_logs,
            start: new.start,
            started_at: new.started_at,
            root: Mutex::new(new.root),
            sums: std::iter::repeat_with(Sums::default).take(shards.max(1)).collect(),
            ended: AtomicBool::new(false),
        }
    }

    /// The root span's context.
    pub(crate) fn context(&self) -> SpanContext {
        self.context_of(self.root_span_id)
    }

    /// The context of one of its spans.
    #[inline]
    pub(crate) fn context_of(&self, span_id: [u8; 8]) -> SpanContext {
        SpanContext { trace_id: self.trace_id, span_id, trace_flags: self.trace_flags, is_remote: false }
    }

    /// `Span.flags` of a span whose parent is remote or not.
    #[inline]
    pub(crate) fn span_flags(&self, parent_is_remote: bool) -> u32 {
        remote_flags(parent_is_remote) | u32::from(self.trace_flags)
    }

    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// The root span as it is so far.
    pub(crate) fn root(&self) -> MutexGuard<'_, Root> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one recorded event to the sums. Only to be called under the lock of that shard: what only one thread at a time
    /// writes needs no locked instruction of its own.
    #[inline(always)]
    pub(crate) fn add(&self, shard: usize, kind: EventKind, status: StatusCode, usage: &Usage) {
        let Some(sums) = self.sums.get(shard) else { return };
        raise(&sums.events, 1);
        if status == StatusCode::Error {
            raise(&sums.errors, 1);
        }
        match kind {
            EventKind::Custom => {}
            EventKind::Tool => raise(&sums.tools, 1),
            EventKind::Action => raise(&sums.actions, 1),
            EventKind::Llm => {
                raise(&sums.llm, 1);
                raise(&sums.input_tokens, usage.input);
                raise(&sums.cache_read_input_tokens, usage.cache_read);
                raise(&sums.cache_creation_input_tokens, usage.cache_creation);
                raise(&sums.output_tokens, usage.output);
                raise(&sums.reasoning_output_tokens, usage.reasoning);
            }
        }
    }

    /// The sums so far.
    pub(crate) fn sums(&self) -> SessionSums {
        let sum = |part: fn(&Sums) -> &AtomicI64| -> i64 {
            self.sums.iter().fold(0, |sum, shard| sum.saturating_add(part(shard).load(Ordering::Relaxed)))
        };
        SessionSums {
            events: sum(|s| &s.events),
            errors: sum(|s| &s.errors),
            llm: sum(|s| &s.llm),
            tools: sum(|s| &s.tools),
            actions: sum(|s| &s.actions),
            input_tokens: sum(|s| &s.input_tokens),
            cache_read_input_tokens: sum(|s| &s.cache_read_input_tokens),
            cache_creation_input_tokens: sum(|s| &s.cache_creation_input_tokens),
            output_tokens: sum(|s| &s.output_tokens),
            reasoning_output_tokens: sum(|s| &s.reasoning_output_tokens),
        }
    }
}

/// The tokens of one llm event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: i64,
    pub(crate) cache_read: i64,
    pub(crate) cache_creation: i64,
    pub(crate) output: i64,
    pub(crate) reasoning: i64,
}

impl Usage {
    /// What an event, or a later word about it, says of tokens; `before` is what was said before.
    pub(crate) fn of(data: &EventData<'_>, before: Self) -> Self {
        let Detail::Llm(llm) = data.detail else { return before };
        Self {
            input: llm.input_tokens.unwrap_or(before.input),
            cache_read: llm.cache_read_input_tokens.unwrap_or(before.cache_read),
            cache_creation: llm.cache_creation_input_tokens.unwrap_or(before.cache_creation),
            output: llm.output_tokens.unwrap_or(before.output),
            reasoning: llm.reasoning_output_tokens.unwrap_or(before.reasoning),
        }
    }
}

struct Slot {
    generation: u64,
    session: Option<Arc<Session>>,
}

#[derive(Default)]
struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
    open: usize,
}

/// The open sessions.
pub(crate) struct SessionTable {
    epoch: u64,
    slots: RwLock<Slots>,
}

impl SessionTable {
    /// An empty table; handles carry `epoch`.
    pub(crate) fn new(epoch: u64) -> Self {
        Self { epoch, slots: RwLock::default() }
    }

    /// Adds a session; `None` when as many are open as can be.
    pub(crate) fn insert(&self, session: Arc<Session>) -> Option<u64> {
        let mut table = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if table.open >= MOST_SESSIONS.min(MOST_SLOTS) {
            return None;
        }
        let slot = match table.free.pop() {
            Some(slot) => slot,
            None => {
                table.slots.push(Slot { generation: 0, session: None });
                table.slots.len() - 1
            }
        };
        table.open += 1;
        let place = table.slots.get_mut(slot)?;
        place.generation = Handle::next_generation(place.generation);
        place.session = Some(session);
        Some(
            Handle { kind: HandleKind::Session, epoch: self.epoch, generation: place.generation, slot }
                .number(),
        )
    }

    /// The session that a handle names.
    pub(crate) fn get(&self, handle: u64) -> Result<Arc<Session>, HandleError> {
        let parsed = Handle::parse(handle, HandleKind::Session, self.epoch)?;
        let table = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = table.slots.get(parsed.slot).ok_or(HandleError::Invalid)?;
        match &slot.session {
            Some(session) if slot.generation == parsed.generation => Ok(Arc::clone(session)),
            _ if parsed.generation > slot.generation => Err(HandleError::Invalid),
            _ => Err(HandleError::Stale),
        }
    }

    /// Removes a session; whoever removes it ends it.
    pub(crate) fn remove(&self, handle: u64) -> Result<Arc<Session>, HandleError> {
        let parsed = Handle::parse(handle, HandleKind::Session, self.epoch)?;
        let mut table = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = table.slots.get_mut(parsed.slot).ok_or(HandleError::Invalid)?;
        if slot.generation != parsed.generation {
            return Err(if parsed.generation > slot.generation {
                HandleError::Invalid
            } else {
                HandleError::Stale
            });
        }
        let session = slot.session.take().ok_or(HandleError::Stale)?;
        session.ended.store(true, Ordering::Release);
        table.open -= 1;
        table.free.push(parsed.slot);
        Ok(session)
    }

    /// The handles of all open sessions.
    pub(crate) fn handles(&self) -> Vec<u64> {
        let table = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let handle = |(slot, place): (usize, &Slot)| {
            place.session.as_ref().map(|_| {
                let handle = Handle {
                    kind: HandleKind::Session,
                    epoch: self.epoch,
                    generation: place.generation,
                    slot,
                };
                handle.number()
            })
        };
        table.slots.iter().enumerate().filter_map(handle).collect()
    }

    /// How many sessions are open.
    pub(crate) fn open(&self) -> usize {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).open
    }
}
