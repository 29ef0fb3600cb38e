//! What a caller says of an event, in the library's own terms: borrowed for the call, free of C types, already read
//! once and for all.

pub(crate) use super::details::*;
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
    /// The kind of what failed, for a target that does not know it.
    pub(crate) of: EventKind,
}

/// What kind of event it is, with the detail of that kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Detail<'a> {
    #[default]
    Custom,
    Llm(Llm<'a>),
    Tool(Tool<'a>),
    Action(Action<'a>),
    Embeddings(Embeddings<'a>),
    Retrieval(Retrieval<'a>),
    Agent(Agent<'a>),
    Workflow(Workflow<'a>),
    McpClient(Mcp<'a>),
    McpServer(Mcp<'a>),
    Handoff(Handoff<'a>),
    Plan(Plan<'a>),
    Approval(Approval<'a>),
    Guardrail(Guardrail<'a>),
    Memory(Memory<'a>),
    Compaction(Compaction<'a>),
    Evaluation(Evaluation<'a>),
    Feedback(Feedback<'a>),
}

/// The kind byte of a session's root span in frames.
pub(crate) const ROOT_FRAME_KIND: u8 = 255;

/// Passes the kinds on to a macro: name, detail, number at the C boundary and in frames, the field that holds the detail, and
/// the word for it.
macro_rules! kinds {
    ($then:ident) => {
        $then! {
            Llm(Llm) = 1 llm "llm",
            Tool(Tool) = 2 tool "tool",
            Action(Action) = 3 action "action",
            Embeddings(Embeddings) = 4 embeddings "embeddings",
            Retrieval(Retrieval) = 5 retrieval "retrieval",
            Agent(Agent) = 6 agent "agent",
            Workflow(Workflow) = 7 workflow "workflow",
            McpClient(Mcp) = 8 mcp_client "mcp_client",
            McpServer(Mcp) = 9 mcp_server "mcp_server",
            Handoff(Handoff) = 10 handoff "handoff",
            Plan(Plan) = 11 plan "plan",
            Approval(Approval) = 12 approval "approval",
            Guardrail(Guardrail) = 13 guardrail "guardrail",
            Memory(Memory) = 14 memory "memory",
            Compaction(Compaction) = 15 compaction "compaction",
            Evaluation(Evaluation) = 16 evaluation "evaluation",
            Feedback(Feedback) = 17 feedback "feedback",
        }
    };
}
pub(crate) use kinds;

macro_rules! event_kinds {
    ($($kind:ident($detail:ident) = $number:literal $field:ident $word:literal,)+) => {
        /// The kinds of events, with their numbers at the C boundary and in frames.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum EventKind {
            #[default]
            Custom = 0,
            $($kind = $number,)+
        }

        impl EventKind {
            /// The largest number.
            pub(crate) const MOST: u32 = 0 $(+ { let _ = $number; 1 })+;

            /// The kind that has this number.
            pub(crate) fn from_number(number: u32) -> Option<Self> {
                match number {
                    0 => Some(Self::Custom),
                    $($number => Some(Self::$kind),)+
                    _ => None,
                }
            }

            /// The kind that has this word.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word {
                    "custom" => Some(Self::Custom),
                    $($word => Some(Self::$kind),)+
                    _ => None,
                }
            }

            /// The word for it.
            pub(crate) fn word(self) -> &'static str {
                match self {
                    Self::Custom => "custom",
                    $(Self::$kind => $word,)+
                }
            }
        }

        impl EventKind {
            /// The fields of its detail.
            pub(crate) fn fields(self) -> &'static [Field] {
                match self {
                    Self::Custom => &[],
                    $(Self::$kind => $detail::FIELDS,)+
                }
            }
        }

        impl<'a> Detail<'a> {
            /// The detail of a kind, of what was given of its fields.
            #[inline]
            pub(crate) fn new(kind: EventKind, fields: Fields<'a>) -> Self {
                match kind {
                    EventKind::Custom => Self::Custom,
                    $(EventKind::$kind => Self::$kind($detail(fields)),)+
                }
            }

            /// What was given of its fields.
            #[inline]
            pub(crate) fn fields(&self) -> Option<Fields<'a>> {
                match *self {
                    Self::Custom => None,
                    $(Self::$kind($detail(fields)) => Some(fields),)+
                }
            }

            #[inline]
            pub(crate) fn kind(&self) -> EventKind {
                match self {
                    Self::Custom => EventKind::Custom,
                    $(Self::$kind(_) => EventKind::$kind,)+
                }
            }
        }
    };
}

kinds!(event_kinds);

impl EventKind {
    /// Whether events of this kind are said of a span, instead of being one.
    #[inline]
    pub(crate) fn is_judgement(self) -> bool {
        matches!(self, Self::Evaluation | Self::Feedback)
    }

    /// Whether its tokens count for its session.
    #[inline]
    pub(crate) fn uses_tokens(self) -> bool {
        matches!(self, Self::Llm | Self::Embeddings)
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
    /// The caller's own id; empty is none.
    pub(crate) event_id: &'a [u8],
    /// The position of its parent among the events that are recorded with it.
    pub(crate) parent_index: Option<i64>,
}

/// A whole event that has nothing but a name, times and attributes, which encode themselves.
pub(crate) struct PlainEvent<'a, A> {
    /// The name is what these give, joined. A name that is given is the first of them.
    pub(crate) name: [&'a [u8]; 2],
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
    /// The root span of the session that this one resumes.
    pub(crate) resumed: Option<SpanContext>,
    pub(crate) previous_session_id: &'a [u8],
}
