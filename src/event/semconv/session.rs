//! A session's root span.

use super::super::data::{EndState, SessionEnd, SessionOptions};
use super::super::fields::{Sink, int, text, texts};
use super::{
    AGENT_NAME, CONVERSATION_ID, ERROR_TYPE, OPERATION_NAME, OTHER_ERROR, PROVIDER_NAME, SESSION_COST,
    SESSION_TAGS,
};
use crate::otlp::key::key;

/// The root span's name: `invoke_agent {agent}` when agent and provider are given, as both are required there.
pub(crate) fn root_name<'a>(options: &SessionOptions<'a>) -> [&'a [u8]; 2] {
    match (options.agent_name, options.provider, options.name) {
        ([_, ..], [_, ..], _) => [b"invoke_agent ", options.agent_name],
        (_, _, []) => [b"session", b""],
        _ => [options.name, b""],
    }
}

/// The root span's attributes as they are known at the session's start; `session.id` is added with every span.
pub(crate) fn root<'a>(out: &mut impl Sink<'a>, options: &'a SessionOptions<'a>) {
    if !options.agent_name.is_empty() && !options.provider.is_empty() {
        text(out, OPERATION_NAME, b"invoke_agent");
    }
    text(out, PROVIDER_NAME, options.provider);
    text(out, AGENT_NAME, options.agent_name);
    text(out, key!("gen_ai.agent.id"), options.agent_id);
    text(out, key!("gen_ai.agent.version"), options.agent_version);
    text(out, key!("gen_ai.agent.description"), options.agent_description);
    text(out, CONVERSATION_ID, options.conversation_id);
    text(out, key!("user.id"), options.user_id);
    text(out, key!("session.previous_id"), options.previous_session_id);
    texts(out, key!(SESSION_TAGS), options.tags);
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
    pub(crate) embeddings: i64,
    pub(crate) agents: i64,
    pub(crate) cost_micro_units: i64,
    /// Calls of which the cost is known, and of which it is not although there are prices.
    pub(crate) costs: i64,
    pub(crate) unknown_costs: i64,
}

/// The root span's attributes that its end adds.
pub(crate) fn root_end<'a>(out: &mut impl Sink<'a>, end: &SessionEnd<'a>, sums: &SessionSums) {
    let state: &[u8] = match end.state {
        EndState::Indeterminate => b"indeterminate",
        EndState::Success => b"success",
        EndState::Fail => b"fail",
    };
    text(out, key!("agentotel.session.end_state"), state);
    text(out, key!("agentotel.session.end_state_reason"), end.reason);
    if end.state == EndState::Fail {
        text(out, key!(ERROR_TYPE), if end.error_type.is_empty() { OTHER_ERROR } else { end.error_type });
    }
    int(out, key!("agentotel.session.event_count"), Some(sums.events));
    int(out, key!("agentotel.session.error_count"), Some(sums.errors));
    let when_any = |sum: i64| Some(sum).filter(|sum| *sum != 0);
    int(out, key!("agentotel.session.llm_count"), when_any(sums.llm));
    int(out, key!("agentotel.session.tool_count"), when_any(sums.tools));
    int(out, key!("agentotel.session.action_count"), when_any(sums.actions));
    int(out, key!("agentotel.session.embeddings_count"), when_any(sums.embeddings));
    int(out, key!("agentotel.session.agent_count"), when_any(sums.agents));
    int(out, key!("agentotel.session.usage.input_tokens"), when_any(sums.input_tokens));
    int(out, key!("agentotel.session.usage.cache_read.input_tokens"), when_any(sums.cache_read_input_tokens));
    int(
        out,
        key!("agentotel.session.usage.cache_creation.input_tokens"),
        when_any(sums.cache_creation_input_tokens),
    );
    int(out, key!("agentotel.session.usage.output_tokens"), when_any(sums.output_tokens));
    int(out, key!("agentotel.session.usage.reasoning.output_tokens"), when_any(sums.reasoning_output_tokens));
    let cost = Some(sums.cost_micro_units).filter(|_| sums.costs > 0);
    int(out, key!(SESSION_COST), cost);
    int(out, key!("agentotel.session.cost.unknown_count"), when_any(sums.unknown_costs));
}
