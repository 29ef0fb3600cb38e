//! The step `inject` of what is done with each event: attributes that the event does not say itself. The configuration's sets
//! are encoded once, baggage when it changes, and the host's function is asked each time, on the thread that records. All of
//! it is fields of a span with unique keys; whoever encodes the event leaves out those whose keys the event has itself.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use opentelemetry::{Array, KeyValue};

use super::attributes::{AttributeLimits, unique};
use super::content::ContentPolicy;
use super::data::EventKind;
use super::processor::EventProcessor;
use super::redact::Redactor;
use super::text::{Cut, Repair, rewrite_attributes};
use crate::config::processing::INJECTED_KINDS;
use crate::config::{Config, Processor};
use crate::export::injector::{AttributeInjector, Injectee, Screen, Treatment};
use crate::export::registry::Registry;
use crate::otlp::span::ATTRIBUTES;
use crate::otlp::value::{Attribute, Value};
use crate::otlp::wire::Fields;
use crate::otlp::{Signal, log, open};
use crate::propagation::baggage::Baggage;
use crate::redaction::Redaction;
use crate::session::Session;
use crate::sys::fork;

/// All that is injected takes at most this part of a record.
const RECORD_PART: usize = 4;

/// What the configuration wants injected.
pub(crate) struct Inject {
    /// For each of the kinds.
    sets: Vec<Box<[u8]>>,
    baggage: Vec<String>,
    host: Option<(String, Arc<Registry<dyn AttributeInjector>>)>,
    /// Bytes of one text.
    value_bytes: Option<usize>,
    most_bytes: usize,
    redaction: Option<Arc<Redaction>>,
    content: Arc<dyn Screen>,
}

impl Inject {
    /// Nothing when nothing is to be injected.
    pub(crate) fn new(
        config: &Config,
        injectors: &Arc<Registry<dyn AttributeInjector>>,
        redaction: Option<Arc<Redaction>>,
        content: &ContentPolicy,
    ) -> Option<Arc<Self>> {
        let wanted = &config.inject;
        let is_empty = wanted.attributes.is_empty() && wanted.by_kind.values().all(Vec::is_empty);
        let is_nothing = is_empty && wanted.baggage.is_empty() && wanted.host.is_none();
        if is_nothing || !config.processors.contains(&Processor::Inject) {
            return None;
        }
        let is_limited = config.processors.contains(&Processor::Limit);
        let mut inject = Self {
            sets: Vec::new(),
            baggage: wanted.baggage.clone(),
            host: wanted.host.clone().map(|name| (name, Arc::clone(injectors))),
            value_bytes: config.limits.value_bytes.filter(|_| is_limited),
            most_bytes: config.limits.event_bytes / RECORD_PART,
            redaction,
            content: Arc::new(content.clone()),
        };
        let arena = Bump::new();
        for kind in INJECTED_KINDS {
            let own = wanted.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
            let all = wanted.attributes.iter().chain(own).map(|pair| attribute(&arena, pair));
            let all = ArenaVec::from_iter_in(all, &arena).into_bump_slice();
            inject.sets.push(encoded(&arena, all, &inject.treatment()));
        }
        Some(Arc::new(inject))
    }

    /// What is done with each attribute.
    fn treatment(&self) -> Treatment {
        Treatment {
            redaction: self.redaction.clone(),
            content: Arc::clone(&self.content),
            value_bytes: self.value_bytes,
        }
    }

    /// What is copied of baggage.
    pub(crate) fn copied(&self, baggage: &Baggage) -> Box<[u8]> {
        let arena = Bump::new();
        let entries = self.baggage.iter().filter_map(|key| baggage.get(key));
        let copied = entries.map(|entry| Attribute {
            key: arena.alloc_str(&entry.key).as_bytes(),
            value: Value::Text(arena.alloc_str(&entry.value).as_bytes()),
        });
        let copied = ArenaVec::from_iter_in(copied, &arena).into_bump_slice();
        encoded(&arena, copied, &self.treatment())
    }

    /// Whether baggage under this key is copied.
    pub(crate) fn copies(&self, key: &str) -> bool {
        self.baggage.iter().any(|copied| copied == key)
    }

    /// Everything for one record; `copied` is what is copied of the session's baggage.
    pub(crate) fn fields<'a>(&self, arena: &'a Bump, injectee: &Injectee, copied: &[u8]) -> &'a [u8] {
        let set = injectee.kind.map_or(0, |kind| 1 + usize::from(kind));
        let set = self.sets.get(set).map(|set| &**set).unwrap_or_default();
        let host = self.host_fields(injectee);
        let all = open::overlaid(arena, [set, copied, &host]);
        open::fitting(all, self.most_bytes)
    }

    fn host_fields(&self, injectee: &Injectee) -> Vec<u8> {
        let Some((name, injectors)) = &self.host else { return Vec::new() };
        // What the host records while it is asked would ask it again.
        let Some(_asking) = Asking::begin() else { return Vec::new() };
        let injector = injectors.get(name);
        injector
            .and_then(|injector| injector.call(|host| host.attributes(injectee, self.treatment())))
            .unwrap_or_default()
    }
}

thread_local! {
    /// Whether this thread asks the host, and at which number of forks.
    static ASKING: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Marks the thread as asking until it is dropped.
struct Asking;

impl Asking {
    fn begin() -> Option<Self> {
        let forks = fork::generation();
        let is_asking = ASKING.try_with(|asking| asking.replace(Some(forks)) == Some(forks)).unwrap_or(true);
        (!is_asking).then_some(Self)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = ASKING.try_with(|asking| asking.set(None));
    }
}

/// Attributes as fields of a span: redacted, of content no more than is to be shown, the last one of a key, valid, and cut where
/// that is asked for.
pub(crate) fn encoded<'a>(
    arena: &'a Bump,
    attributes: &'a [Attribute<'a>],
    treatment: &Treatment,
) -> Box<[u8]> {
    let redacted = match &treatment.redaction {
        None => attributes,
        Some(rules) => Redactor::new(rules, arena).attributes(attributes),
    };
    let attributes = treatment.content.screened(arena, attributes, redacted);
    let mut attributes = unique(arena, rewrite_attributes(arena, attributes, &mut Repair::default()));
    if let Some(limit) = treatment.value_bytes {
        attributes = rewrite_attributes(arena, attributes, &mut Cut::new(limit));
    }
    open::encoded(ATTRIBUTES, attributes).unwrap_or_default().into_boxed_slice()
}

/// An attribute of the configuration.
fn attribute<'a>(arena: &'a Bump, pair: &KeyValue) -> Attribute<'a> {
    use opentelemetry::Value as Given;
    let text = |text: &str| -> &'a [u8] { arena.alloc_str(text).as_bytes() };
    let value = match &pair.value {
        Given::Bool(truth) => Value::Bool(*truth),
        Given::I64(number) => Value::Int(*number),
        Given::F64(number) => Value::Double(*number),
        Given::String(given) => Value::Text(text(given.as_str())),
        Given::Array(Array::Bool(truths)) => {
            Value::Bools(arena.alloc_slice_fill_iter(truths.iter().map(|truth| u8::from(*truth))))
        }
        Given::Array(Array::I64(numbers)) => Value::Ints(arena.alloc_slice_copy(numbers)),
        Given::Array(Array::F64(numbers)) => Value::Doubles(arena.alloc_slice_copy(numbers)),
        Given::Array(Array::String(texts)) => {
            Value::Texts(arena.alloc_slice_fill_iter(texts.iter().map(|given| text(given.as_str()))))
        }
        _ => Value::Empty,
    };
    Attribute { key: text(pair.key.as_str()), value }
}

impl EventProcessor {
    /// What is injected into a record of a session, as fields of a span; `kind` is none for the root span.
    #[inline]
    pub(crate) fn injected<'a>(
        &self,
        arena: &'a Bump,
        session: &Session,
        signal: Signal,
        kind: Option<EventKind>,
    ) -> &'a [u8] {
        let Some(inject) = self.inject.as_ref().filter(|_| session.sampled) else { return &[] };
        let injectee = Injectee {
            signal,
            kind: kind.map(|kind| kind as u8),
            trace_id: session.trace_id,
            root_span_id: session.root_span_id,
            trace_flags: session.trace_flags,
        };
        // The host is called without the lock.
        let copied = arena.alloc_slice_copy(&session.baggage().copied);
        inject.fields(arena, &injectee, copied)
    }

    /// The same for a log record without a session.
    #[inline]
    pub(crate) fn injected_without_session<'a>(&self, arena: &'a Bump, kind: EventKind) -> &'a [u8] {
        let Some(inject) = &self.inject else { return &[] };
        let injectee = Injectee {
            signal: Signal::Logs,
            kind: Some(kind as u8),
            trace_id: [0; 16],
            root_span_id: [0; 8],
            trace_flags: 0,
        };
        inject.fields(arena, &injectee, &[])
    }

    /// Adds to a new session's root span what is injected. What it has itself stays, and goes before in the count.
    pub(crate) fn inject_into_root(&self, arena: &Bump, session: &Session) {
        let injected = self.injected(arena, session, Signal::Traces, None);
        if injected.is_empty() {
            return;
        }
        let mut root = session.root();
        let all = open::overlaid(arena, [injected, &root.attributes]);
        let over = open::count(all, ATTRIBUTES).saturating_sub(self.attribute_limits().count);
        root.attributes = Fields::new(all).skip(over).flat_map(|field| field.whole).copied().collect();
        let over = u32::try_from(over).unwrap_or(u32::MAX);
        root.dropped_attributes = root.dropped_attributes.saturating_add(over);
    }

    /// What is injected.
    pub(crate) fn inject(&self) -> Option<&Arc<Inject>> {
        self.inject.as_ref()
    }

    /// The limits on the attributes of a record beside those that are injected.
    #[inline(always)]
    pub(super) fn attribute_limits_beside(&self, injected: &[u8]) -> AttributeLimits {
        let limits = self.attribute_limits();
        if injected.is_empty() {
            return limits;
        }
        AttributeLimits { count: limits.count.saturating_sub(open::count(injected, ATTRIBUTES)), ..limits }
    }
}

/// What a log record of a session has beside its own attributes.
#[inline]
pub(crate) fn on_log<'a>(
    arena: &'a Bump,
    session: &'a Session,
    injected: &[u8],
    own: &[Attribute<'_>],
) -> &'a [u8] {
    if injected.is_empty() {
        return &session.on_logs;
    }
    open::with_tag(arena, &session.on_logs, log::ATTRIBUTES, injected, own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_event_can_have_attributes_of_its_own() {
        let kinds: Vec<_> = (0..).map_while(EventKind::from_number).collect();
        assert_eq!(INJECTED_KINDS.len(), kinds.len() + 1, "INJECTED_KINDS lacks a kind, or has one too many");
        assert_eq!(INJECTED_KINDS[0], "session");
        for (number, kind) in kinds.into_iter().enumerate() {
            assert_eq!(format!("{kind:?}").to_lowercase(), INJECTED_KINDS[number + 1].replace('_', ""));
        }
    }
}
