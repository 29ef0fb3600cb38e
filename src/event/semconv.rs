//! The one table that maps kinds of events to names: OpenTelemetry semantic conventions 1.41.1 (GenAI, error,
//! exceptions, session) and, where those have no name, our own under `agentotel.`. Nothing else in the library spells
//! an attribute's name, but for `session.id`, which the encoder keeps free for the session.

mod live;
pub(crate) mod metrics;
mod session;

use bumpalo::Bump;

pub(crate) use self::live::*;
pub(crate) use self::session::*;
use super::content::ContentPolicy;
use super::costs::{Cost, CostSource};
use super::data::*;
use super::fields::{Sink, choice, int, text};
use crate::otlp::key::{Key, key};
use crate::otlp::log::Severity;
use crate::otlp::span::SpanKind;
pub(crate) use crate::otlp::value::SESSION_ID;
use crate::otlp::value::Value;

const CONVERSATION_ID: &Key = key!("gen_ai.conversation.id");
const PROVIDER_NAME: &Key = key!("gen_ai.provider.name");
const OPERATION_NAME: &Key = key!("gen_ai.operation.name");
const AGENT_NAME: &Key = key!("gen_ai.agent.name");
const SERVER_ADDRESS: &Key = key!("server.address");
const SERVER_PORT: &Key = key!("server.port");
pub(crate) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(crate) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(crate) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(crate) const MCP_METHOD: &str = "mcp.method.name";
/// The method that calls a tool.
pub(crate) const TOOL_CALL: &[u8] = b"tools/call";
/// What a call cost, in millionths of the currency.
pub(crate) const COST: &str = "agentotel.cost.micro_units";
/// The caller's own id of an event.
pub(crate) const EVENT_ID: &str = "agentotel.event.id";
/// What a link is there for, and the one to the session that another resumes.
pub(crate) const LINK_TYPE: &str = "agentotel.link.type";
pub(crate) const RESUMED_SESSION: &[u8] = b"resumed_session";
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
pub(crate) const MOST_TYPED: usize = 48;

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
pub(crate) fn typed<'a>(
    out: &mut impl Sink<'a>,
    detail: &Detail<'a>,
    inherited: Inherited<'a>,
    phase: Phase,
    policy: &ContentPolicy,
) {
    if phase == Phase::Whole
        && let Some(operation) = fixed_operation(detail)
    {
        text(out, OPERATION_NAME, operation);
    }
    match *detail {
        Detail::Llm(llm) => inference(out, llm, inherited, phase),
        Detail::Embeddings(embeddings) => {
            provider(out, embeddings.provider(), inherited, phase);
            given_cost(out, embeddings.cost_micro_units());
        }
        Detail::Agent(agent) => agent_run(out, agent, inherited, phase),
        Detail::McpClient(mcp) => {
            mcp_message(out, mcp);
            text(out, SERVER_ADDRESS, mcp.peer_address());
            int(out, SERVER_PORT, mcp.peer_port());
        }
        Detail::McpServer(mcp) => {
            mcp_message(out, mcp);
            text(out, key!("client.address"), mcp.peer_address());
            int(out, key!("client.port"), mcp.peer_port());
        }
        Detail::Feedback(feedback) => {
            text(out, key!("gen_ai.evaluation.name"), or(feedback.name(), b"user_feedback"));
            text(out, key!("agentotel.feedback.source"), or(feedback.source(), b"user"));
        }
        _ => {}
    }
    if let Some(fields) = detail.fields() {
        fields.named(out, policy);
    }
}

/// A text, or what stands for one that is absent.
fn or<'a>(given: &'a [u8], otherwise: &'a [u8]) -> &'a [u8] {
    if given.is_empty() { otherwise } else { given }
}

/// `gen_ai.operation.name` of the kinds that have one for all their events.
fn fixed_operation(detail: &Detail<'_>) -> Option<&'static [u8]> {
    match detail {
        Detail::Embeddings(_) => Some(b"embeddings"),
        Detail::Retrieval(_) => Some(b"retrieval"),
        Detail::Tool(_) => Some(b"execute_tool"),
        Detail::Workflow(_) => Some(b"invoke_workflow"),
        _ => None,
    }
}

/// `gen_ai.provider.name`: the event's, its session's, or that it is not known.
fn provider<'a>(out: &mut impl Sink<'a>, of_event: &'a [u8], inherited: Inherited<'a>, phase: Phase) {
    let of_session = if phase == Phase::Whole { or(inherited.provider, UNKNOWN_PROVIDER) } else { &[] };
    text(out, PROVIDER_NAME, or(of_event, of_session));
}

/// `gen_ai.conversation.id`: the event's or its session's.
fn conversation<'a>(out: &mut impl Sink<'a>, of_event: &'a [u8], inherited: Inherited<'a>, phase: Phase) {
    let of_session = if phase == Phase::Whole { inherited.conversation_id } else { &[] };
    text(out, CONVERSATION_ID, or(of_event, of_session));
}

/// How many answers were asked for: said when it is not one.
fn choice_count<'a>(out: &mut impl Sink<'a>, count: Option<i64>) {
    int(out, key!("gen_ai.request.choice.count"), count.filter(|count| *count != 1));
}

/// A cost that the provider said.
fn given_cost<'a>(out: &mut impl Sink<'a>, micro_units: Option<i64>) {
    if let Some(micro_units) = micro_units {
        cost(out, Cost::given(micro_units), &[]);
    }
}

/// What a call cost, and by which prices.
pub(crate) fn cost<'a>(out: &mut impl Sink<'a>, cost: Cost, price_version: &'a [u8]) {
    let source: &[u8] = match cost.source {
        CostSource::Provider => b"provider",
        CostSource::Computed => b"computed",
        CostSource::Unknown => b"unknown",
    };
    let is_known = cost.source != CostSource::Unknown;
    int(out, key!(COST), is_known.then_some(cost.micro_units));
    text(out, key!("agentotel.cost.source"), source);
    if cost.source == CostSource::Computed {
        text(out, key!("agentotel.cost.price_version"), price_version);
    }
}

fn inference<'a>(out: &mut impl Sink<'a>, llm: Llm<'a>, inherited: Inherited<'a>, phase: Phase) {
    const AUTO: &[u8] = b"auto";
    let whole = phase == Phase::Whole;
    choice(out, OPERATION_NAME, llm.operation().or(whole.then_some(LlmOperation::Chat)));
    provider(out, llm.provider(), inherited, phase);
    conversation(out, llm.conversation_id(), inherited, phase);
    choice_count(out, llm.choice_count());
    // A request is taken for one that does not stream unless it is said that it does.
    if llm.stream() == Some(true) {
        out.add(key!(STREAM), Value::Bool(true));
    }
    int(out, key!("gen_ai.usage.input_tokens"), llm.all_input_tokens());
    int(out, key!("gen_ai.usage.output_tokens"), llm.all_output_tokens());
    if llm.openai_request_service_tier() != AUTO {
        text(out, key!("openai.request.service_tier"), llm.openai_request_service_tier());
    }
    given_cost(out, llm.cost_micro_units());
}

fn agent_run<'a>(out: &mut impl Sink<'a>, agent: Agent<'a>, inherited: Inherited<'a>, phase: Phase) {
    let whole = phase == Phase::Whole;
    choice(out, OPERATION_NAME, agent.operation().or(whole.then_some(AgentOperation::Invoke)));
    provider(out, agent.provider(), inherited, phase);
    if agent.operation() == Some(AgentOperation::Create) {
        text(out, CONVERSATION_ID, agent.conversation_id());
    } else {
        conversation(out, agent.conversation_id(), inherited, phase);
    }
    choice_count(out, agent.choice_count());
    int(out, key!("gen_ai.usage.input_tokens"), agent.all_input_tokens());
}

/// What both sides of a message say.
fn mcp_message<'a>(out: &mut impl Sink<'a>, mcp: Mcp<'a>) {
    if mcp.method() == TOOL_CALL {
        text(out, OPERATION_NAME, b"execute_tool");
    }
    if mcp.jsonrpc_version() != b"2.0" {
        text(out, key!("jsonrpc.protocol.version"), mcp.jsonrpc_version());
    }
}

/// `error.type` of a detail that says of itself that it failed.
pub(crate) fn own_error<'a>(detail: &Detail<'a>) -> Option<&'a [u8]> {
    let (Detail::McpClient(mcp) | Detail::McpServer(mcp)) = detail else { return None };
    match (mcp.is_error(), mcp.response_status_code()) {
        (true, _) => Some(b"tool_error"),
        (false, []) => None,
        (false, code) => Some(code),
    }
}

/// The span's name, in two parts that are joined; both empty when the detail does not name it.
pub(crate) fn span_name<'a>(arena: &'a Bump, detail: &Detail<'a>, phase: Phase) -> [&'a [u8]; 2] {
    const NOTHING: [&[u8]; 2] = [b"", b""];
    // A prefix ends in a space, which a name without a subject does not have.
    let named = |prefix: &'static [u8], subject: &'a [u8]| match (subject, phase) {
        ([], Phase::Later) => NOTHING,
        ([], Phase::Whole) => [prefix.trim_ascii_end(), b""],
        _ => [prefix, subject],
    };
    match detail {
        Detail::Custom | Detail::Evaluation(_) | Detail::Feedback(_) => NOTHING,
        Detail::Llm(llm) => {
            let prefix: &[u8] = match llm.operation().unwrap_or(LlmOperation::Chat) {
                LlmOperation::Chat => b"chat ",
                LlmOperation::TextCompletion => b"text_completion ",
                LlmOperation::GenerateContent => b"generate_content ",
            };
            named(prefix, llm.request_model())
        }
        Detail::Tool(tool) => named(b"execute_tool ", tool.name()),
        Detail::Action(action) => named(b"action ", action.r#type()),
        Detail::Embeddings(embeddings) => named(b"embeddings ", embeddings.request_model()),
        Detail::Retrieval(retrieval) => named(b"retrieval ", retrieval.data_source_id()),
        Detail::Agent(agent) => match agent.operation().unwrap_or(AgentOperation::Invoke) {
            AgentOperation::Invoke => named(b"invoke_agent ", agent.name()),
            AgentOperation::Create => named(b"create_agent ", agent.name()),
        },
        Detail::Workflow(workflow) => named(b"invoke_workflow ", workflow.name()),
        Detail::McpClient(mcp) | Detail::McpServer(mcp) => {
            match (mcp.method(), or(mcp.tool_name(), mcp.prompt_name())) {
                ([], _) => NOTHING,
                (method, []) => [method, b""],
                (method, target) => [arena.alloc_slice_fill_iter([method, b" "].concat()), target],
            }
        }
        Detail::Handoff(handoff) => named(b"handoff ", handoff.target_name()),
        Detail::Plan(plan) => named(b"plan ", plan.name()),
        Detail::Approval(approval) => named(b"approval ", approval.subject()),
        Detail::Guardrail(guardrail) => named(b"guardrail ", guardrail.name()),
        Detail::Memory(memory) => {
            named(b"memory ", memory.operation().map_or(&[], |operation| operation.word().as_bytes()))
        }
        Detail::Compaction(compaction) => named(b"compaction ", compaction.strategy()),
    }
}

/// The span kind that the conventions give to the detail's kind.
pub(crate) fn span_kind(detail: &Detail<'_>) -> SpanKind {
    match detail {
        Detail::Llm(llm) if !llm.in_process() => SpanKind::Client,
        Detail::Agent(agent) if agent.remote() || agent.operation() == Some(AgentOperation::Create) => {
            SpanKind::Client
        }
        Detail::Embeddings(_) | Detail::Retrieval(_) | Detail::McpClient(_) => SpanKind::Client,
        Detail::McpServer(_) => SpanKind::Server,
        _ => SpanKind::Internal,
    }
}

/// What a whole event has to say, in words, when its detail does not.
pub(crate) fn missing(detail: &Detail<'_>) -> Option<&'static str> {
    match detail {
        Detail::Tool(tool) if tool.name().is_empty() => Some("tool.name is absent: a tool event needs it"),
        Detail::Action(action) if action.r#type().is_empty() => {
            Some("action.type is absent: an action event needs it")
        }
        Detail::McpClient(mcp) if mcp.method().is_empty() => {
            Some("mcp_client.method is absent: an mcp_client event needs it")
        }
        Detail::McpServer(mcp) if mcp.method().is_empty() => {
            Some("mcp_server.method is absent: an mcp_server event needs it")
        }
        Detail::Handoff(handoff) if handoff.target_name().is_empty() => {
            Some("handoff.target_name is absent: a handoff event needs it")
        }
        Detail::Approval(approval) if approval.subject().is_empty() => {
            Some("approval.subject is absent: an approval event needs it")
        }
        Detail::Guardrail(guardrail) if guardrail.name().is_empty() => {
            Some("guardrail.name is absent: a guardrail event needs it")
        }
        Detail::Memory(memory) if memory.operation().is_none() => {
            Some("memory.operation is absent: a memory event needs it")
        }
        Detail::Evaluation(evaluation) if evaluation.name().is_empty() => {
            Some("evaluation.name is absent: an evaluation event needs it")
        }
        _ => None,
    }
}

/// The log record that has the content of a call of a model.
pub(crate) const CALL_DETAILS: &str = "gen_ai.client.inference.operation.details";

/// The log record that an evaluation or feedback becomes.
pub(crate) const EVALUATION_RESULT: &str = "gen_ai.evaluation.result";

/// Event name and severity of the log record that an error on a span of these kinds leaves.
pub(crate) fn exception_event(kind: EventKind, span_kind: SpanKind) -> (&'static str, Severity) {
    let is_client_operation = match kind {
        EventKind::Llm | EventKind::Embeddings | EventKind::Retrieval => true,
        EventKind::Agent => span_kind == SpanKind::Client,
        _ => false,
    };
    if is_client_operation {
        ("gen_ai.client.operation.exception", Severity::WARN)
    } else {
        ("exception", Severity::ERROR)
    }
}

/// The attributes of that log record.
pub(crate) fn exception<'a>(out: &mut impl Sink<'a>, error: &super::data::ErrorDetail<'a>) {
    let nameless = error.kind.is_empty() && error.message.is_empty();
    text(out, key!("exception.type"), if nameless { OTHER_ERROR } else { error.kind });
    text(out, key!("exception.message"), error.message);
    text(out, key!("exception.stacktrace"), error.stack);
    text(out, key!("agentotel.error.code"), error.code);
    text(out, key!("agentotel.error.details"), error.details);
}
