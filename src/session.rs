//! Sessions: identity, context, sums and end. A session owns a trace id and a root span; both are fixed at its start,
//! so that they can be passed on before the first event. What recording threads read of it never changes after the
//! start; sums are kept per shard, so that threads sharing a session do not share a cache line.
//! `memory` says where sums and slots are, `slot` is the format in which a recovery finds a session, `recovered`
//! reads it.

pub(crate) mod baggage;
pub(crate) mod memory;
pub(crate) mod recovered;
pub(crate) mod slot;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use self::baggage::SessionBaggage;
use self::memory::Place;
use self::slot::{Identity, RootContents};
use crate::event::costs::{Cost, CostSource};
use crate::event::data::{Detail, EventKind, SpanContext};
use crate::event::semconv::SessionSums;
use crate::handle::{Handle, HandleError, HandleKind, MOST_SLOTS};
use crate::otlp::span::{StatusCode, common_fields, remote_flags};
use crate::sys::slots::Line;

/// The most sessions that can be open at once.
pub(crate) const MOST_SESSIONS: usize = 65_536;

/// Places of the sums in a shard's line.
#[derive(Clone, Copy)]
#[repr(usize)]
enum Sum {
    Events,
    Errors,
    Llm,
    Tools,
    Actions,
    InputTokens,
    CacheReadInputTokens,
    CacheCreationInputTokens,
    OutputTokens,
    ReasoningOutputTokens,
    Embeddings,
    Agents,
    CostMicroUnits,
    Costs,
    UnknownCosts,
}

/// All sums, in the order in which they stand in a line.
fn each_sum(sums: &mut SessionSums) -> [&mut i64; 15] {
    [
        &mut sums.events,
        &mut sums.errors,
        &mut sums.llm,
        &mut sums.tools,
        &mut sums.actions,
        &mut sums.input_tokens,
        &mut sums.cache_read_input_tokens,
        &mut sums.cache_creation_input_tokens,
        &mut sums.output_tokens,
        &mut sums.reasoning_output_tokens,
        &mut sums.embeddings,
        &mut sums.agents,
        &mut sums.cost_micro_units,
        &mut sums.costs,
        &mut sums.unknown_costs,
    ]
}

/// Adds to a sum that one thread at a time writes.
#[inline(always)]
fn raise(line: &Line, sum: Sum, by: i64) {
    if let Some(sum) = line.0.get(sum as usize) {
        sum.store(sum.load(Ordering::Relaxed).saturating_add(by), Ordering::Relaxed);
    }
}

/// What the root span will hold, as far as it is known.
#[derive(Default)]
pub(crate) struct Root {
    /// The span's name.
    pub(crate) name: Vec<u8>,
    /// Encoded attributes and links.
    pub(crate) attributes: Vec<u8>,
    /// Attributes that were left out so far.
    pub(crate) dropped_attributes: u32,
}

impl Root {
    fn contents(&self) -> RootContents<'_> {
        RootContents {
            name: &self.name,
            attributes: &self.attributes,
            dropped_attributes: self.dropped_attributes,
            is_cut: false,
        }
    }
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
    baggage: RwLock<SessionBaggage>,
    root: Mutex<Root>,
    place: Place,
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
    pub(crate) fn new(new: NewSession, place: Place) -> Self {
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
            baggage: RwLock::default(),
            root: Mutex::new(new.root),
            place,
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
        let Some(line) = self.place.lines().get(shard) else { return };
        raise(line, Sum::Events, 1);
        if status == StatusCode::Error {
            raise(line, Sum::Errors, 1);
        }
        match kind {
            EventKind::Embeddings => {
                raise(line, Sum::Embeddings, 1);
                raise(line, Sum::InputTokens, usage.input);
            }
            // Its tokens are those of the calls below it.
            EventKind::Agent => raise(line, Sum::Agents, 1),
            EventKind::Tool => raise(line, Sum::Tools, 1),
            EventKind::Action => raise(line, Sum::Actions, 1),
            EventKind::Llm => {
                raise(line, Sum::Llm, 1);
                raise(line, Sum::InputTokens, usage.input);
                raise(line, Sum::CacheReadInputTokens, usage.cache_read);
                raise(line, Sum::CacheCreationInputTokens, usage.cache_creation);
                raise(line, Sum::OutputTokens, usage.output);
                raise(line, Sum::ReasoningOutputTokens, usage.reasoning);
            }
            _ => {}
        }
    }

    /// Adds what an event cost. As for `add`.
    #[inline]
    pub(crate) fn add_cost(&self, shard: usize, cost: Option<Cost>) {
        let (Some(line), Some(cost)) = (self.place.lines().get(shard), cost) else { return };
        if cost.source == CostSource::Unknown {
            raise(line, Sum::UnknownCosts, 1);
        } else {
            raise(line, Sum::Costs, 1);
            raise(line, Sum::CostMicroUnits, cost.micro_units);
        }
    }

    /// The sums so far.
    pub(crate) fn sums(&self) -> SessionSums {
        let mut sums = SessionSums::default();
        for line in self.place.lines() {
            for (sum, part) in each_sum(&mut sums).into_iter().zip(&line.0) {
                *sum = sum.saturating_add(part.load(Ordering::Relaxed));
            }
        }
        sums
    }

    /// Makes the session known to a recovery, under its handle.
    pub(crate) fn keep(&self, handle: u64) {
        let identity = Identity {
            trace_id: self.trace_id,
            root_span_id: self.root_span_id,
            parent: self.parent.map(|parent| parent.span_id),
            parent_is_remote: self.parent.is_some_and(|parent| parent.is_remote),
            trace_flags: self.trace_flags,
            start: self.start,
            started_at: self.started_at,
            trace_state: &self.trace_state,
            on_spans: &self.on_spans,
        };
        self.place.open(handle, &identity, &self.root().contents(), || self.has_ended());
    }

    /// The same of what is known of its root span now.
    pub(crate) fn keep_root(&self, root: &Root) {
        self.place.write_root(&root.contents());
    }

    /// Says which frame the root span is about to be.
    pub(crate) fn set_finishing(&self, shard: usize, sequence: u64) {
        self.place.set_finishing(shard, sequence);
    }

    /// A recovery need not know of it any more.
    pub(crate) fn let_go(&self) {
        self.place.clear();
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
    #[inline]
    pub(crate) fn of(detail: &Detail<'_>, before: Self) -> Self {
        let llm = match detail {
            Detail::Llm(llm) => llm,
            Detail::Embeddings(embeddings) => {
                return Self { input: embeddings.input_tokens().unwrap_or(before.input), ..before };
            }
            _ => return before,
        };
        Self {
            input: llm.all_input_tokens().unwrap_or(before.input),
            cache_read: llm.cache_read_input_tokens().unwrap_or(before.cache_read),
            cache_creation: llm.cache_creation_input_tokens().unwrap_or(before.cache_creation),
            output: llm.all_output_tokens().unwrap_or(before.output),
            reasoning: llm.reasoning_output_tokens().unwrap_or(before.reasoning),
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
