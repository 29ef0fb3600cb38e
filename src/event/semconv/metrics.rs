//! What events are measured by: metrics of the semantic conventions 1.41.1 (GenAI, MCP) and, where those have no name, our own;
//! which attributes of an event's span they have, and which are measured.

/// A histogram of the conventions, or of our own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HistogramMetric {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) description: &'static str,
    pub(crate) boundaries: &'static [f64],
}

/// A sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SumMetric {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) description: &'static str,
}

// Source: the instrument advice in the GenAI and MCP conventions' text ("should be specified with ExplicitBucketBoundaries").
const TOKEN_BOUNDARIES: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
const OPERATION_SECONDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const LONG_SECONDS: &[f64] =
    &[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

const fn seconds(
    name: &'static str,
    description: &'static str,
    boundaries: &'static [f64],
) -> HistogramMetric {
    HistogramMetric { name, unit: "s", description, boundaries }
}

pub(crate) const TOKEN_USAGE: HistogramMetric = HistogramMetric {
    name: "gen_ai.client.token.usage",
    unit: "{token}",
    description: "Number of input and output tokens used.",
    boundaries: TOKEN_BOUNDARIES,
};
pub(crate) const OPERATION_DURATION: HistogramMetric =
    seconds("gen_ai.client.operation.duration", "GenAI operation duration.", OPERATION_SECONDS);
pub(crate) const FIRST_CHUNK: HistogramMetric = seconds(
    "gen_ai.client.operation.time_to_first_chunk",
    "Time to receive the first chunk, measured from when the client issues the generation request to when the first chunk \
     is received in the response stream.",
    OPERATION_SECONDS,
);
pub(crate) const OUTPUT_CHUNK: HistogramMetric = seconds(
    "gen_ai.client.operation.time_per_output_chunk",
    "Time per output chunk, recorded for each chunk received after the first one.",
    OPERATION_SECONDS,
);
pub(crate) const MCP_CLIENT_DURATION: HistogramMetric = seconds(
    "mcp.client.operation.duration",
    "The duration of the MCP request or notification as observed on the sender from the time it was sent until the response \
     or ack is received.",
    LONG_SECONDS,
);
pub(crate) const MCP_SERVER_DURATION: HistogramMetric = seconds(
    "mcp.server.operation.duration",
    "MCP request or notification duration as observed on the receiver from the time it was received until the result or ack \
     is sent.",
    LONG_SECONDS,
);
pub(crate) const TOOL_DURATION: HistogramMetric =
    seconds("agentotel.tool.duration", "Duration of tool executions.", LONG_SECONDS);
pub(crate) const AGENT_DURATION: HistogramMetric =
    seconds("agentotel.agent.duration", "Duration of agent and workflow invocations.", LONG_SECONDS);
pub(crate) const SESSION_DURATION: HistogramMetric =
    seconds("agentotel.session.duration", "Duration of sessions.", LONG_SECONDS);
pub(crate) const EVENT_COUNT: SumMetric = SumMetric {
    name: "agentotel.event.count",
    unit: "{event}",
    description: "Events that have ended, by kind; a session's own end is none.",
};
pub(crate) const ERROR_COUNT: SumMetric = SumMetric {
    name: "agentotel.error.count",
    unit: "{error}",
    description: "Events and sessions that have failed.",
};
pub(crate) const COST_SUM: SumMetric = SumMetric {
    name: "agentotel.cost.micro_units",
    unit: "{micro_unit}",
    description: "What calls of models have cost, in millionths of the currency, as far as it is known.",
};

/// Names of attributes that only metrics have.
pub(crate) const TOKEN_TYPE: &str = "gen_ai.token.type";
pub(crate) const INPUT: &str = "input";
pub(crate) const OUTPUT: &str = "output";
pub(crate) const EVENT_KIND: &str = "agentotel.event.kind";
/// The kind of a session's root span there.
pub(crate) const SESSION_KIND: &str = "session";

/// Groups of metrics that have the same attributes, a bit each.
pub(crate) const AI: u8 = 1;
pub(crate) const MCP: u8 = 2;
pub(crate) const TOOL: u8 = 4;
pub(crate) const AGENT: u8 = 8;
pub(crate) const SESSION: u8 = 16;

/// What an attribute of an event's span is to metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    None,
    /// An attribute of the metrics of these groups.
    Dimension(u8),
    /// The same, and it says that the event is a message of MCP.
    Method,
    /// Why the event has failed: an attribute of durations and of the count of errors.
    Error,
    InputTokens,
    OutputTokens,
    FirstChunk,
    ChunkCount,
    Cost,
}

/// What an attribute with this key is to metrics.
#[inline]
pub(crate) fn role(key: &[u8]) -> Role {
    match key {
        b"gen_ai.provider.name" | b"gen_ai.request.model" | b"gen_ai.response.model" => Role::Dimension(AI),
        b"gen_ai.operation.name" => Role::Dimension(AI | MCP | AGENT),
        b"server.address" | b"server.port" => Role::Dimension(AI | MCP),
        b"error.type" => Role::Error,
        b"gen_ai.usage.input_tokens" => Role::InputTokens,
        b"gen_ai.usage.output_tokens" => Role::OutputTokens,
        b"gen_ai.response.time_to_first_chunk" => Role::FirstChunk,
        b"agentotel.stream.chunk_count" => Role::ChunkCount,
        b"agentotel.cost.micro_units" => Role::Cost,
        b"gen_ai.tool.name" => Role::Dimension(TOOL | MCP),
        b"gen_ai.agent.name" => Role::Dimension(AGENT | SESSION),
        b"gen_ai.workflow.name" => Role::Dimension(AGENT),
        b"agentotel.session.end_state" => Role::Dimension(SESSION),
        b"mcp.method.name" => Role::Method,
        b"gen_ai.prompt.name"
        | b"mcp.protocol.version"
        | b"jsonrpc.protocol.version"
        | b"rpc.response.status_code"
        | b"network.transport"
        | b"network.protocol.name"
        | b"network.protocol.version" => Role::Dimension(MCP),
        _ => Role::None,
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::super::super::data::EventKind;
    use super::super::super::fields::{FieldValue, Fields, Sink};
    use super::super::*;
    use super::*;
    use crate::otlp::key::Key;

    struct Keys(Vec<&'static [u8]>);

    impl<'a> Sink<'a> for Keys {
        fn add(&mut self, key: &'static Key, _: Value<'a>) {
            self.0.push(key.text());
        }
    }

    #[test]
    fn what_is_measured_is_called_as_the_spans_call_it() {
        let arena = Bump::new();
        let detail = |kind: EventKind, given: &[(&str, FieldValue<'static>)]| {
            Detail::new(kind, Fields::called(&arena, kind.fields(), given))
        };
        let llm = detail(
            EventKind::Llm,
            &[
                ("provider", FieldValue::Text(b"openai")),
                ("request_model", FieldValue::Text(b"m")),
                ("response_model", FieldValue::Text(b"m")),
                ("server_address", FieldValue::Text(b"s")),
                ("server_port", FieldValue::Int(1)),
                ("input_tokens", FieldValue::Int(1)),
                ("output_tokens", FieldValue::Int(1)),
                ("time_to_first_chunk_s", FieldValue::Double(0.1)),
                ("cost_micro_units", FieldValue::Int(1)),
            ],
        );
        let mcp = detail(
            EventKind::McpClient,
            &[("method", FieldValue::Text(b"tools/call")), ("tool_name", FieldValue::Text(b"t"))],
        );
        let mut keys = Keys(Vec::new());
        let off = ContentPolicy::default();
        typed(&mut keys, &llm, Inherited::default(), Phase::Whole, &off);
        typed(&mut keys, &mcp, Inherited::default(), Phase::Whole, &off);
        let has = |role_wanted: Role| keys.0.iter().any(|key| role(key) == role_wanted);
        for wanted in [Role::InputTokens, Role::OutputTokens, Role::FirstChunk, Role::Cost, Role::Method] {
            assert!(has(wanted), "{wanted:?}: {:?}", keys.0);
        }
        let dimensions =
            keys.0.iter().filter(|key| matches!(role(key), Role::Dimension(groups) if groups & AI != 0));
        // Provider, operation (of both), two models, address and port.
        assert_eq!(dimensions.count(), 7);
        for key in [ERROR_TYPE, CHUNK_COUNT] {
            assert_ne!(role(key.as_bytes()), Role::None);
        }
    }
}
