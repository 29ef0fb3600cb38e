//! What a caller says of an event, in the library's own terms: borrowed for the call, free of C types, already read
//! once and for all.

use crate::otlp::span::{Link, SpanEvent, SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Attributes};

/// Names a span, here or elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpanContext {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    /// W3C trace flags.
    pub(crate) trace_flags: u8,
    pub(crate) is_remote: bool,
}

impl SpanContext {
    /// Whether both ids are there (all zero is none, by W3C Trace Context).
    pub(crate) fn is_valid(&self) -> bool {
        self.trace_id != [0; 16] && self.span_id != [0; 8]
    }
}

/// The span that something belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Target {
    /// The session's root span.
    #[default]
    Root,
    /// An event in flight, by its handle.
    Event(u64),
    /// Any span.
    Context(SpanContext),
}

/// `gen_ai.operation.name` of an inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LlmOperation {
    Chat,
    TextCompletion,
    GenerateContent,
}

/// A call of a language model. An empty text is absent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Llm<'a> {
    pub(crate) operation: Option<LlmOperation>,
    pub(crate) in_process: bool,
    pub(crate) provider: &'a [u8],
    pub(crate) request_model: &'a [u8],
    pub(crate) response_model: &'a [u8],
    pub(crate) response_id: &'a [u8],
    pub(crate) finish_reasons: &'a [&'a [u8]],
    pub(crate) output_type: &'a [u8],
    pub(crate) max_tokens: Option<i64>,
    pub(crate) choice_count: Option<i64>,
    pub(crate) seed: Option<i64>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<f64>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) stop_sequences: &'a [&'a [u8]],
    pub(crate) stream: Option<bool>,
    pub(crate) time_to_first_chunk: Option<f64>,
    pub(crate) input_tokens: Option<i64>,
    pub(crate) cache_read_input_tokens: Option<i64>,
    pub(crate) cache_creation_input_tokens: Option<i64>,
    pub(crate) output_tokens: Option<i64>,
    pub(crate) reasoning_output_tokens: Option<i64>,
    pub(crate) server_address: &'a [u8],
    pub(crate) server_port: Option<i64>,
}

/// The execution of a tool.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tool<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) kind: &'a [u8],
    pub(crate) call_id: &'a [u8],
    pub(crate) description: &'a [u8],
}

/// Something the agent did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Action<'a> {
    pub(crate) kind: &'a [u8],
}

/// What went wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ErrorDetail<'a> {
    pub(crate) kind: &'a [u8],
    pub(crate) message: &'a [u8],
    pub(crate) code: &'a [u8],
    pub(crate) details: &'a [u8],
    pub(crate) stack: &'a [u8],
    /// Nanoseconds since 1970; 0 = now.
    pub(crate) time: i64,
}

/// What kind of event it is, with the detail of that kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Detail<'a> {
    #[default]
    Custom,
    Llm(&'a Llm<'a>),
    Tool(&'a Tool<'a>),
    Action(&'a Action<'a>),
}

/// The kinds of events, with their numbers at the C boundary and in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum EventKind {
    #[default]
    Custom = 0,
    Llm = 1,
    Tool = 2,
    Action = 3,
}

/// The kind byte of a session's root span in frames.
pub(crate) const ROOT_FRAME_KIND: u8 = 255;

impl EventKind {
    /// The kind that has this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [Self::Custom, Self::Llm, Self::Tool, Self::Action]
            .into_iter()
            .find(|kind| u32::from(*kind as u8) == number)
    }
}

impl Detail<'_> {
    pub(crate) fn kind(&self) -> EventKind {
        match self {
            Self::Custom => EventKind::Custom,
            Self::Llm(_) => EventKind::Llm,
            Self::Tool(_) => EventKind::Tool,
            Self::Action(_) => EventKind::Action,
        }
    }
}

/// The times that a caller gave: nanoseconds since 1970, or how many; 0 is not given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GivenTimes {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) duration: i64,
}

/// An event, or what an update or an end adds to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventData<'a> {
    pub(crate) detail: Detail<'a>,
    pub(crate) span_kind: Option<SpanKind>,
    pub(crate) name: &'a [u8],
    pub(crate) parent: Target,
    pub(crate) times: GivenTimes,
    pub(crate) status: StatusCode,
    pub(crate) status_message: &'a [u8],
    pub(crate) attributes: Attributes<'a>,
    pub(crate) links: &'a [Link<'a>],
    pub(crate) events: &'a [SpanEvent<'a>],
    pub(crate) error: Option<&'a ErrorDetail<'a>>,
}

/// A whole event that has nothing but a name, times and attributes; these are encoded already.
pub(crate) struct PlainEvent<'a, A> {
    /// Not empty.
    pub(crate) name: &'a [u8],
    pub(crate) parent: Target,
    pub(crate) span_kind: SpanKind,
    pub(crate) times: GivenTimes,
    /// Unset or Ok.
    pub(crate) status: StatusCode,
    pub(crate) attributes: A,
}

/// What a span says of the one above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParentSpan {
    pub(crate) span_id: [u8; 8],
    pub(crate) is_remote: bool,
}

impl From<SpanContext> for ParentSpan {
    fn from(context: SpanContext) -> Self {
        Self { span_id: context.span_id, is_remote: context.is_remote }
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EndState {
    #[default]
    Indeterminate,
    Success,
    Fail,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionEnd<'a> {
    pub(crate) state: EndState,
    pub(crate) reason: &'a [u8],
    pub(crate) error_type: &'a [u8],
    pub(crate) end: i64,
}

/// The start of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionOptions<'a> {
    pub(crate) session_id: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) conversation_id: &'a [u8],
    pub(crate) user_id: &'a [u8],
    pub(crate) tags: &'a [&'a [u8]],
    pub(crate) agent_name: &'a [u8],
    pub(crate) agent_id: &'a [u8],
    pub(crate) agent_version: &'a [u8],
    pub(crate) agent_description: &'a [u8],
    pub(crate) provider: &'a [u8],
    pub(crate) parent: Option<SpanContext>,
    pub(crate) trace_state: &'a [u8],
    /// As a header of W3C Baggage.
    pub(crate) baggage: &'a [u8],
    pub(crate) start: i64,
    pub(crate) attributes: &'a [Attribute<'a>],
}
