//! What events and sessions are made of, as objects: spans that are named, links, moments, errors,
//! a session's options and end.

use serde::de::MapAccess;

use super::reader::{AtField, Item, Reader};
use crate::event::data::{EndState, ErrorDetail, EventKind, SessionEnd, SessionOptions, SpanContext, Target};
use crate::otlp::span::{Link, SpanEvent, remote_flags};
use crate::otlp::value::Attribute;
use crate::propagation::trace_parent;
use crate::sys::clock;

/// The fields of an object: their names, and what becomes of their values.
macro_rules! fields {
    (
        $item:ty, |$given:ident, $reader:ident, $access:ident| { $($name:literal => $read:expr,)+ }
        $($more:tt)*
    ) => {
        impl<'a> Item<'a> for $item {
            fn names(&self) -> Vec<&'static str> {
                [&[$($name),+][..], Self::MORE].concat()
            }

            $($more)*

            fn field<A: MapAccess<'a>>(
                &mut self,
                $reader: &Reader<'a>,
                name: &str,
                $access: &mut A,
            ) -> Result<bool, A::Error> {
                let $given = self;
                match name {
                    $($name => $read,)+
                    _ => return $given.more($reader, name, $access),
                }
                Ok(true)
            }
        }
    };
}
pub(super) use fields;

/// A span's context: an object, or a text as `traceparent` has it.
#[derive(Default)]
pub(super) struct GivenContext {
    trace_id: Option<[u8; 16]>,
    span_id: Option<[u8; 8]>,
    trace_flags: u8,
    is_remote: bool,
}

impl GivenContext {
    fn said(&mut self, traceparent: &str) -> bool {
        let parsed = trace_parent::parse(traceparent);
        if let Some(context) = parsed {
            *self = Self {
                trace_id: Some(context.trace_id),
                span_id: Some(context.span_id),
                trace_flags: context.trace_flags,
                is_remote: true,
            };
        }
        parsed.is_some()
    }

    fn is_absent(&self) -> bool {
        self.trace_id.is_none() && self.span_id.is_none()
    }

    fn made(&self) -> Result<SpanContext, &'static str> {
        match (self.trace_id, self.span_id) {
            (Some(trace_id), Some(span_id)) => Ok(SpanContext {
                trace_id,
                span_id,
                trace_flags: self.trace_flags,
                is_remote: self.is_remote,
            }),
            _ => Err("both trace_id and span_id are expected"),
        }
    }
}

const CONTEXT: &str = "an object with trace_id and span_id, or a traceparent,";

fields! {
    GivenContext, |given, reader, access| {
        "trace_id" => given.trace_id = reader.id(access)?,
        "span_id" => given.span_id = reader.id(access)?,
        "trace_flags" => given.trace_flags = reader.flags(access)?,
        "is_remote" => given.is_remote = reader.truth(access)?.unwrap_or_default(),
    }
    const EXPECTED: &'static str = CONTEXT;

    fn text(&mut self, text: &str) -> bool {
        self.said(text)
    }
}

/// A span that something belongs to: an event in flight, or any span.
#[derive(Default)]
pub(super) struct GivenTarget {
    event: u64,
    context: GivenContext,
}

impl GivenTarget {
    pub(super) fn made(&self) -> Result<Target, &'static str> {
        match (self.event, self.context.is_absent()) {
            (0, true) => Ok(Target::Root),
            (event, true) => Ok(Target::Event(event)),
            (0, false) => self.context.made().map(Target::Context),
            (_, false) => Err("names both an event and a context"),
        }
    }
}

fields! {
    GivenTarget, |given, reader, access| {
        "event" => given.event = reader.handle(access)?,
        "trace_id" => given.context.trace_id = reader.id(access)?,
        "span_id" => given.context.span_id = reader.id(access)?,
        "trace_flags" => given.context.trace_flags = reader.flags(access)?,
        "is_remote" => given.context.is_remote = reader.truth(access)?.unwrap_or_default(),
    }
    const EXPECTED: &'static str = "an object with event, or with trace_id and span_id, or a traceparent,";

    fn text(&mut self, text: &str) -> bool {
        self.context.said(text)
    }
}

#[derive(Default)]
pub(super) struct GivenLink<'a> {
    context: GivenContext,
    trace_state: &'a [u8],
    attributes: &'a [Attribute<'a>],
}

impl<'a> GivenLink<'a> {
    pub(super) fn made(&self) -> Result<Link<'a>, AtField> {
        let named = self.context.made().map_err(|why| ("context", why))?;
        if !named.is_valid() {
            return Err(("context", "has an id that is all zero"));
        }
        Ok(Link {
            trace_id: named.trace_id,
            span_id: named.span_id,
            trace_state: self.trace_state,
            flags: remote_flags(named.is_remote) | u32::from(named.trace_flags),
            attributes: self.attributes,
        })
    }
}

fields! {
    GivenLink<'a>, |given, reader, access| {
        "context" => given.context = reader.made(access)?,
        "trace_state" => given.trace_state = reader.text(access)?,
        "attributes" => given.attributes = reader.attributes(access)?.list,
    }
}

#[derive(Default)]
pub(super) struct GivenMoment<'a> {
    name: &'a [u8],
    time: i64,
    attributes: &'a [Attribute<'a>],
}

impl<'a> GivenMoment<'a> {
    pub(super) fn made(&self) -> Result<SpanEvent<'a>, AtField> {
        let time = if self.time > 0 { self.time } else { clock::wall() };
        Ok(SpanEvent { name: self.name, time, attributes: self.attributes })
    }
}

fields! {
    GivenMoment<'a>, |given, reader, access| {
        "name" => given.name = reader.text(access)?,
        "time_unix_nano" => given.time = reader.nanoseconds(access)?,
        "attributes" => given.attributes = reader.attributes(access)?.list,
    }
}

#[derive(Default)]
pub(super) struct GivenError<'a>(pub(super) ErrorDetail<'a>);

fields! {
    GivenError<'a>, |given, reader, access| {
        "type" => given.0.kind = reader.text(access)?,
        "message" => given.0.message = reader.text(access)?,
        "code" => given.0.code = reader.text(access)?,
        "details" => given.0.details = reader.text(access)?,
        "stack" => given.0.stack = reader.text(access)?,
        "time_unix_nano" => given.0.time = reader.nanoseconds(access)?,
        "kind" => given.0.of = kind(reader, access)?.unwrap_or_default(),
    }
}

/// The word for a kind.
pub(super) fn kind<'a, A: MapAccess<'a>>(
    reader: &Reader<'a>,
    access: &mut A,
) -> Result<Option<EventKind>, A::Error> {
    let all = (0..=EventKind::MOST).filter_map(EventKind::from_number).map(EventKind::word);
    reader.word(access, all, EventKind::from_word)
}

#[derive(Default)]
pub(super) struct GivenEnd<'a>(pub(super) SessionEnd<'a>);

fields! {
    GivenEnd<'a>, |given, reader, access| {
        "end_state" => {
            let states =
                [("indeterminate", EndState::Indeterminate), ("success", EndState::Success), ("fail", EndState::Fail)];
            let words = states.iter().map(|(word, _)| *word);
            let named = |given: &str| states.iter().find(|(word, _)| *word == given).map(|(_, state)| *state);
            given.0.state = reader.word(access, words, named)?.unwrap_or_default();
        },
        "reason" => given.0.reason = reader.text(access)?,
        "error_type" => given.0.error_type = reader.text(access)?,
        "end_time_unix_nano" => given.0.end = reader.nanoseconds(access)?,
    }
}

#[derive(Default)]
pub(super) struct GivenOptions<'a> {
    options: SessionOptions<'a>,
    parent: GivenContext,
    resumed: GivenContext,
}

impl<'a> GivenOptions<'a> {
    pub(super) fn made(self) -> Result<SessionOptions<'a>, String> {
        let context = |given: &GivenContext, place| {
            if given.is_absent() {
                Ok(None)
            } else {
                given.made().map(Some).map_err(|why| format!("{place}: {why}"))
            }
        };
        let (parent, resumed) = (context(&self.parent, "parent")?, context(&self.resumed, "resumed")?);
        Ok(SessionOptions { parent, resumed, ..self.options })
    }
}

fields! {
    GivenOptions<'a>, |given, reader, access| {
        "session_id" => given.options.session_id = reader.text(access)?,
        "name" => given.options.name = reader.text(access)?,
        "conversation_id" => given.options.conversation_id = reader.text(access)?,
        "user_id" => given.options.user_id = reader.text(access)?,
        "tags" => given.options.tags = reader.texts(access)?,
        "agent_name" => given.options.agent_name = reader.text(access)?,
        "agent_id" => given.options.agent_id = reader.text(access)?,
        "agent_version" => given.options.agent_version = reader.text(access)?,
        "agent_description" => given.options.agent_description = reader.text(access)?,
        "provider" => given.options.provider = reader.text(access)?,
        "parent" => given.parent = reader.made(access)?,
        "trace_state" => given.options.trace_state = reader.text(access)?,
        "start_time_unix_nano" => given.options.start = reader.nanoseconds(access)?,
        "attributes" => given.options.attributes = reader.attributes(access)?.list,
        "baggage" => given.options.baggage = reader.text(access)?,
        "resumed" => given.resumed = reader.made(access)?,
        "previous_session_id" => given.options.previous_session_id = reader.text(access)?,
    }
}
