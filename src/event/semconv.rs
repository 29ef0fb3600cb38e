//! The one table that maps kinds of events to names: OpenTelemetry semantic conventions 1.41.1 (GenAI, error,
//! exceptions, session) and, where those have no name, our own under `agentotel.`. Nothing else in the library spells
//! an attribute's name, but for `session.id`, which the encoder keeps free for the session.

use bumpalo::collections::Vec as ArenaVec;

use super::data::{Action, Detail, EndState, EventKind, Llm, LlmOperation, SessionEnd, SessionOptions, Tool};
use crate::otlp::log::Severity;
use crate::otlp::span::{SpanKind, StatusCode};
pub(crate) use crate::otlp::value::SESSION_ID;
use crate::otlp::value::{Attribute, Value};

const CONVERSATION_ID: &str = "gen_ai.conversation.id";
const PROVIDER_NAME: &str = "gen_ai.provider.name";
const OPERATION_NAME: &str = "gen_ai.operation.name";
const AGENT_NAME: &str = "gen_ai.agent.name";
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
pub(crate) const STREAM: &str = "gen_ai.request.stream";
pub(crate) const CHUNK_COUNT: &str = "agentotel.stream.chunk_count";
pub(crate) const CHUNK_BYTES: &str = "agentotel.stream.bytes";
/// Set on an event that its session's end or the shutdown cut off.
pub(crate) const INTERRUPTED: &str = "agentotel.interrupted";
/// Set on a span that shows an event as it is while it is in flight.
pub(crate) const IN_FLIGHT: &str = "agentotel.in_flight";
/// On a span that had not ended when its process was killed.
pub(crate) const RECOVERED: &str = "agentotel.recovered";

/// A session's tags, on its root span.
pub(crate) const SESSION_TAGS: &str = "agentotel.session.tags";
/// What a session cost, in millionths of the currency, on its root span.
pub(crate) const SESSION_COST: &str = "agentotel.session.cost.micro_units";

/// `error.type` when the caller names none (error registry, 1.41.1).
pub(crate) const OTHER_ERROR: &[u8] = b"_OTHER";
/// Provider of an inference when neither the event nor its session names one.
const UNKNOWN_PROVIDER: &[u8] = b"unknown";

/// The most attributes that typed fields make.
pub(crate) const MOST_TYPED: usize = 32;

type Out<'o, 'a> = &'o mut ArenaVec<'a, Attribute<'a>>;

fn text<'a>(out: Out<'_, 'a>, key: &'static str, value: &'a [u8]) {
    if !value.is_empty() {
        out.push(Attribute::new(key, Value::Text(value)));
    }
}

fn texts<'a>(out: Out<'_, 'a>, key: &'static str, values: &'a [&'a [u8]]) {
    if !values.is_empty() {
        out.push(Attribute::new(key, Value::Texts(values)));
    }
}

fn int<'a>(out: Out<'_, 'a>, key: &'static str, value: Option<i64>) {
    out.extend(value.map(|value| Attribute::new(key, Value::Int(value))));
}

fn double<'a>(out: Out<'_, 'a>, key: &'static str, value: Option<f64>) {
    out.extend(value.map(|value| Attribute::new(key, Value::Double(value))));
}

fn operation_name(operation: LlmOperation) -> &'static str {
    match operation {
        LlmOperation::Chat => "chat",
        LlmOperation::TextCompletion => "text_completion",
        LlmOperation::GenerateContent => "generate_content",
    }
}

/// Whether attributes are made for a whole event, with what the conventions require filled in, or for a later word
/// about it, with only what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Whole,
    Later,
}

/// What an event inherits from its session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inherited<'a> {
    pub(crate) provider: &'a [u8],
    pub(crate) conversation_id: &'a [u8],
}

/// The attributes of an event's typed detail.
pub(crate) fn typed<'a>(out: Out<'_, 'a>, detail: &Detail<'a>, inherited: Inherited<'a>, phase: Phase) {
    match detail {
        Detail::Custom => {}
        Detail::Llm(llm) => {
            inference(out, llm, inherited, phase);
        }
        Detail::Tool(tool) => execute_tool(out, tool, phase),
        Detail::Action(action) => text(out, "agentotel.action.type", action.kind),
    }
}

fn inference<'a>(out: Out<'_, 'a>, llm: &'a Llm<'a>, inherited: Inherited<'a>, phase: Phase) {
    let whole = phase == Phase::Whole;
    if let Some(operation) = llm.operation.or(whole.then_some(LlmOperation::Chat)) {
        text(out, OPERATION_NAME, operation_name(operation).as_bytes());
    }
    let provider = match (llm.provider, inherited.provider) {
        ([], _) if !whole => &[],
        ([], []) => UNKNOWN_PROVIDER,
        ([], of_session) => of_session,
        (of_event, _) => of_event,
    };
    text(out, PROVIDER_NAME, provider);
    text(out, "gen_ai.request.model", llm.request_model);
    text(out, "gen_ai.response.model", llm.response_model);
    text(out, "gen_ai.response.id", llm.response_id);
    texts(out, "gen_ai.response.finish_reasons", llm.finish_reasons);
    text(out, "gen_ai.output.type", llm.output_type);
    int(out, "gen_ai.request.max_tokens", llm.max_tokens);
    int(out, "gen_ai.request.choice.count", llm.choice_count.filter(|count| *count != 1));
    int(out, "gen_ai.request.seed", llm.seed);
    double(out, "gen_ai.request.temperature", llm.temperature);
    double(out, "gen_ai.request.top_p", llm.top_p);
    double(out, "gen_ai.request.top_k", llm.top_k);
    double(out, "gen_ai.request.frequency_penalty", llm.frequency_penalty);
    double(out, "gen_ai.request.presence_penalty", llm.presence_penalty);
    texts(out, "gen_ai.request.stop_sequences", llm.stop_sequences);
    out.extend(llm.stream.map(|stream| Attribute::new(STREAM, Value::Bool(stream))));
    double(out, TIME_TO_FIRST_CHUNK, llm.time_to_first_chunk);
    int(out, "gen_ai.usage.input_tokens", llm.input_tokens);
    int(out, "gen_ai.usage.cache_read.input_tokens", llm.cache_read_input_tokens);
    int(out, "gen_ai.usage.cache_creation.input_tokens", llm.cache_creation_input_tokens);
    int(out, "gen_ai.usage.output_tokens", llm.output_tokens);
    int(out, "gen_ai.usage.reasoning.output_tokens", llm.reasoning_output_tokens);
    text(out, "server.address", llm.server_address);
    int(out, "server.port", llm.server_port);
    if whole {
        text(out, CONVERSATION_ID, inherited.conversation_id);
    }
}

fn execute_tool<'a>(out: Out<'_, 'a>, tool: &'a Tool<'a>, phase: Phase) {
    if phase == Phase::Whole {
        text(out, OPERATION_NAME, b"execute_tool");
    }
    text(out, "gen_ai.tool.name", tool.name);
    text(out, "gen_ai.tool.type", tool.kind);
    text(out, "gen_ai.tool.call.id", tool.call_id);
    text(out, "gen_ai.tool.description", tool.description);
}

/// The span's name, in two parts that are joined; both empty when the detail does not name it.
pub(crate) fn span_name<'a>(detail: &Detail<'a>, phase: Phase) -> [&'a [u8]; 2] {
    match detail {
        Detail::Custom => [b"", b""],
        Detail::Llm(Llm { request_model: [], .. }) if phase == Phase::Later => [b"", b""],
        Detail::Llm(llm) => {
            let with_model = !llm.request_model.is_empty();
            let prefix: &[u8] = match (llm.operation.unwrap_or(LlmOperation::Chat), with_model) {
                (LlmOperation::Chat, true) => b"chat ",
                (LlmOperation::Chat, false) => b"chat",
                (LlmOperation::TextCompletion, true) => b"text_completion ",
                (LlmOperation::TextCompletion, false) => b"text_completion",
                (LlmOperation::GenerateContent, true) => b"generate_content ",
                (LlmOperation::GenerateContent, false) => b"generate_content",
            };
            [prefix, llm.request_model]
        }
        Detail::Tool(Tool { name: [], .. }) | Detail::Action(Action { kind: [] }) => [b"", b""],
        Detail::Tool(tool) => [b"execute_tool ", tool.name],
        Detail::Action(action) => [b"action ", action.kind],
    }
}

/// The span kind that the conventions give to the detail's kind.
pub(crate) fn span_kind(detail: &Detail<'_>) -> SpanKind {
    match detail {
        Detail::Llm(llm) if !llm.in_process => SpanKind::Client,
        _ => SpanKind::Internal,
    }
}

/// Event name and severity of the log record that an error on a span of this kind leaves.
pub(crate) fn exception_event(kind: EventKind) -> (&'static str, Severity) {
    match kind {
        EventKind::Llm => ("gen_ai.client.operation.exception", Severity::Warn),
        _ => ("exception", Severity::Error),
    }
}

/// The attributes of that log record.
pub(crate) fn exception<'a>(out: Out<'_, 'a>, error: &super::data::ErrorDetail<'a>) {
    let nameless = error.kind.is_empty() && error.message.is_empty();
    text(out, "exception.type", if nameless { OTHER_ERROR } else { error.kind });
    text(out, "exception.message", error.message);
    text(out, "exception.stacktrace", error.stack);
    text(out, "agentotel.error.code", error.code);
    text(out, "agentotel.error.details", error.details);
}

/// What the live view says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LiveNews {
    /// It is in flight; said once.
    Started,
    /// It still is.
    Heartbeat,
    /// It has not changed for so many nanoseconds.
    Stalled(i64),
    /// It is over, with this status.
    Ended(StatusCode),
}

/// An event as the live view's log records show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveState<'a> {
    pub(crate) kind: EventKind,
    pub(crate) name: &'a [u8],
    /// Nanoseconds since its start.
    pub(crate) elapsed: i64,
    pub(crate) chunks: u64,
    pub(crate) chunk_bytes: u64,
}

/// Event name and severity of the log record that says it.
pub(crate) fn live_event(news: LiveNews) -> (&'static str, Severity) {
    match news {
        LiveNews::Started => ("agentotel.event.started", Severity::Info),
        LiveNews::Heartbeat => ("agentotel.event.heartbeat", Severity::Info),
        LiveNews::Stalled(_) => ("agentotel.event.stalled", Severity::Warn),
        LiveNews::Ended(_) => ("agentotel.event.ended", Severity::Info),
    }
}

/// The attributes of that log record, the `sequence`-th of its event.
pub(crate) fn live<'a>(out: Out<'_, 'a>, news: LiveNews, sequence: u32, state: &LiveState<'a>) {
    const NANOS_PER_SECOND: f64 = 1e9;
    let seconds = |nanos: i64| Some(nanos as f64 / NANOS_PER_SECOND);
    let count = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    let kind: &[u8] = match state.kind {
        EventKind::Custom => b"custom",
        EventKind::Llm => b"llm",
        EventKind::Tool => b"tool",
        EventKind::Action => b"action",
    };
    int(out, "agentotel.event.sequence", Some(sequence.into()));
    text(out, "agentotel.event.kind", kind);
    text(out, "agentotel.event.name", state.name);
    double(out, "agentotel.event.elapsed", seconds(state.elapsed));
    if state.chunks > 0 {
        int(out, CHUNK_COUNT, count(state.chunks));
        int(out, CHUNK_BYTES, count(state.chunk_bytes));
    }
    match news {
        LiveNews::Started | LiveNews::Heartbeat => {}
        LiveNews::Stalled(unchanged) => double(out, "agentotel.event.unchanged", seconds(unchanged)),
        LiveNews::Ended(status) => {
            let status: &[u8] = match status {
                StatusCode::Unset => b"unset",
                StatusCode::Ok => b"ok",
                StatusCode::Error => b"error",
            };
            text(out, "agentotel.event.status", status);
        }
    }
}

/// The root span's name: `invoke_agent {agent}` when agent and provider are given, as both are required there.
pub(crate) fn root_name<'a>(options: &SessionOptions<'a>) -> [&'a [u8]; 2] {
    match (options.agent_name, options.provider, options.name) {
        ([_, ..], [_, ..], _) => [b"invoke_agent ", options.agent_name],
        (_, _, []) => [b"session", b""],
        _ => [options.name, b""],
    }
}

/// The root span's attributes as they are known at the session's start; `session.id` is added with every span.
pub(crate) fn root<'a>(out: Out<'_, 'a>, options: &'a SessionOptions<'a>) {
    if !options.agent_name.is_empty() && !options.provider.is_empty() {
        text(out, OPERATION_NAME, b"invoke_agent");
    }
    text(out, PROVIDER_NAME, options.provider);
    text(out, AGENT_NAME, options.agent_name);
    text(out, "gen_ai.agent.id", options.agent_id);
    text(out, "gen_ai.agent.version", options.agent_version);
    text(out, "gen_ai.agent.description", options.agent_description);
    text(out, CONVERSATION_ID, options.conversation_id);
    text(out, "user.id", options.user_id);
    texts(out, SESSION_TAGS, options.tags);
}

/// Sums over a session's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionSums {
    pub(crate) events: i64,
    pub(crate) errors: i64,
    pub(crate) llm: i64,
    pub(crate) tools: i64,
    pub(crate) actions: i64,
    pub(crate) input_tokens: i64,
    pub(crate) cache_read_input_tokens: i64,
    pub(crate) cache_creation_input_tokens: i64,
    pub(crate) output_tokens: i64,
    pub(crate) reasoning_output_tokens: i64,
}

/// The root span's attributes that its end adds.
pub(crate) fn root_end<'a>(out: Out<'_, 'a>, end: &SessionEnd<'a>, sums: &SessionSums) {
    let state: &[u8] = match end.state {
        EndState::Indeterminate => b"indeterminate",
        EndState::Success => b"success",
        EndState::Fail => b"fail",
    };
    text(out, "agentotel.session.end_state", state);
    text(out, "agentotel.session.end_state_reason", end.reason);
    if end.state == EndState::Fail {
        text(out, ERROR_TYPE, if end.error_type.is_empty() { OTHER_ERROR } else { end.error_type });
    }
    int(out, "agentotel.session.event_count", Some(sums.events));
    int(out, "agentotel.session.error_count", Some(sums.errors));
    let when_any = |sum: i64| Some(sum).filter(|sum| *sum != 0);
    int(out, "agentotel.session.llm_count", when_any(sums.llm));
    int(out, "agentotel.session.tool_count", when_any(sums.tools));
    int(out, "agentotel.session.action_count", when_any(sums.actions));
    int(out, "agentotel.session.usage.input_tokens", when_any(sums.input_tokens));
    int(out, "agentotel.session.usage.cache_read.input_tokens", when_any(sums.cache_read_input_tokens));
    int(
        out,
        "agentotel.session.usage.cache_creation.input_tokens",
        when_any(sums.cache_creation_input_tokens),
    );
    int(out, "agentotel.session.usage.output_tokens", when_any(sums.output_tokens));
    int(out, "agentotel.session.usage.reasoning.output_tokens", when_any(sums.reasoning_output_tokens));
}
