//! The one table of typed details: for each kind of event its fields, what each holds, and the attribute that it becomes.
//! What is known of the fields beforehand is made of it here, and the ways to ask for one of them; the places in a caller's
//! structs in `abi`. A field whose name is `_` has rules of its own, which `semconv` knows.

pub(crate) use super::choice::*;
pub(crate) use super::fields::*;
use crate::config::ContentField;
use crate::otlp::key::Key;

/// Passes the table on to a macro: for each detail its name here, its C struct, what it is called in messages, and its
/// fields.
macro_rules! details {
    ($then:ident) => {
        $then! {
            /// A call of a language model. An empty text is absent, here and in all others.
            Llm agentotel_llm "llm" {
                operation: (choice LlmOperation) _,
                in_process: flag _,
                provider: text _,
                request_model: text "gen_ai.request.model",
                response_model: text "gen_ai.response.model",
                response_id: text "gen_ai.response.id",
                finish_reasons: texts "gen_ai.response.finish_reasons",
                output_type: text "gen_ai.output.type",
                max_tokens: int "gen_ai.request.max_tokens",
                choice_count: int _,
                seed: int "gen_ai.request.seed",
                temperature: double "gen_ai.request.temperature",
                top_p: double "gen_ai.request.top_p",
                top_k: double "gen_ai.request.top_k",
                frequency_penalty: double "gen_ai.request.frequency_penalty",
                presence_penalty: double "gen_ai.request.presence_penalty",
                stop_sequences: texts "gen_ai.request.stop_sequences",
                stream: truth _,
                time_to_first_chunk_s: double "gen_ai.response.time_to_first_chunk",
                input_tokens: int _,
                cache_read_input_tokens: int "gen_ai.usage.cache_read.input_tokens",
                cache_creation_input_tokens: int "gen_ai.usage.cache_creation.input_tokens",
                output_tokens: int _,
                reasoning_output_tokens: int "gen_ai.usage.reasoning.output_tokens",
                server_address: text "server.address",
                server_port: int "server.port",
                counting: counting _,
                cost_micro_units: int _,
                conversation_id: text _,
                prompt_name: text "gen_ai.prompt.name",
                prompt_version: text "agentotel.prompt.version",
                openai_api_type: text "openai.api.type",
                openai_request_service_tier: text _,
                openai_response_service_tier: text "openai.response.service_tier",
                openai_system_fingerprint: text "openai.response.system_fingerprint",
                system_instructions: (content SystemInstructions) _,
                input_messages: (content InputMessages) _,
                output_messages: (content OutputMessages) _,
                tool_definitions: (content ToolDefinitions) _,
            }
            /// A call that makes embeddings.
            Embeddings agentotel_embeddings "embeddings" {
                provider: text _,
                request_model: text "gen_ai.request.model",
                response_model: text "gen_ai.response.model",
                encoding_formats: texts "gen_ai.request.encoding_formats",
                dimension_count: int "gen_ai.embeddings.dimension.count",
                input_tokens: int "gen_ai.usage.input_tokens",
                server_address: text "server.address",
                server_port: int "server.port",
                cost_micro_units: int _,
            }
            /// A look-up in a data source.
            Retrieval agentotel_retrieval "retrieval" {
                provider: text "gen_ai.provider.name",
                data_source_id: text "gen_ai.data_source.id",
                request_model: text "gen_ai.request.model",
                top_k: double "gen_ai.request.top_k",
                server_address: text "server.address",
                server_port: int "server.port",
                query_text: (content RetrievalQuery) _,
                documents: (content RetrievalDocuments) _,
            }
            /// The execution of a tool.
            Tool agentotel_tool "tool" {
                name: text "gen_ai.tool.name",
                r#type: text "gen_ai.tool.type",
                call_id: text "gen_ai.tool.call.id",
                description: text "gen_ai.tool.description",
                arguments: (content ToolArguments) _,
                result: (content ToolResult) _,
            }
            /// Something the agent did.
            Action agentotel_action "action" {
                r#type: text "agentotel.action.type",
                params: (content ActionParams) _,
                returns: (content ActionReturns) _,
                logs: (content ActionLogs) _,
            }
            /// An agent that is invoked or created.
            Agent agentotel_agent "agent" {
                operation: (choice AgentOperation) _,
                remote: flag _,
                provider: text _,
                name: text "gen_ai.agent.name",
                id: text "gen_ai.agent.id",
                version: text "gen_ai.agent.version",
                description: text "gen_ai.agent.description",
                request_model: text "gen_ai.request.model",
                data_source_id: text "gen_ai.data_source.id",
                conversation_id: text _,
                output_type: text "gen_ai.output.type",
                finish_reasons: texts "gen_ai.response.finish_reasons",
                stop_sequences: texts "gen_ai.request.stop_sequences",
                max_tokens: int "gen_ai.request.max_tokens",
                choice_count: int _,
                seed: int "gen_ai.request.seed",
                temperature: double "gen_ai.request.temperature",
                top_p: double "gen_ai.request.top_p",
                frequency_penalty: double "gen_ai.request.frequency_penalty",
                presence_penalty: double "gen_ai.request.presence_penalty",
                input_tokens: int _,
                cache_read_input_tokens: int "gen_ai.usage.cache_read.input_tokens",
                cache_creation_input_tokens: int "gen_ai.usage.cache_creation.input_tokens",
                output_tokens: int "gen_ai.usage.output_tokens",
                counting: counting _,
                server_address: text "server.address",
                server_port: int "server.port",
                system_instructions: (content SystemInstructions) _,
                input_messages: (content InputMessages) _,
                output_messages: (content OutputMessages) _,
                tool_definitions: (content ToolDefinitions) _,
            }
            /// A workflow of several agents or steps.
            Workflow agentotel_workflow "workflow" {
                name: text "gen_ai.workflow.name",
                input_messages: (content InputMessages) _,
                output_messages: (content OutputMessages) _,
            }
            /// A message of the Model Context Protocol, on either side.
            Mcp agentotel_mcp "mcp" {
                method: text "mcp.method.name",
                tool_name: text "gen_ai.tool.name",
                prompt_name: text "gen_ai.prompt.name",
                resource_uri: text "mcp.resource.uri",
                session_id: text "mcp.session.id",
                protocol_version: text "mcp.protocol.version",
                request_id: text "jsonrpc.request.id",
                jsonrpc_version: text _,
                response_status_code: text "rpc.response.status_code",
                network_transport: text "network.transport",
                network_protocol_name: text "network.protocol.name",
                network_protocol_version: text "network.protocol.version",
                peer_address: text _,
                peer_port: int _,
                is_error: flag _,
                arguments: (content ToolArguments) _,
                result: (content ToolResult) _,
            }
            /// An agent hands over to another one.
            Handoff agentotel_handoff "handoff" {
                target_name: text "agentotel.handoff.target.name",
                target_id: text "agentotel.handoff.target.id",
                source_name: text "gen_ai.agent.name",
                source_id: text "gen_ai.agent.id",
                reason: text "agentotel.handoff.reason",
                input: (content HandoffInput) _,
            }
            /// A plan is made or changed.
            Plan agentotel_plan "plan" {
                name: text "agentotel.plan.name",
                agent_name: text "gen_ai.agent.name",
                step_count: int "agentotel.plan.step_count",
                revision: int "agentotel.plan.revision",
                goal: (content PlanGoal) _,
                steps: (content PlanSteps) _,
            }
            /// Somebody is asked for approval.
            Approval agentotel_approval "approval" {
                subject: text "agentotel.approval.subject",
                approver: text "agentotel.approval.approver",
                reason: text "agentotel.approval.reason",
                decision: (choice ApprovalDecision) "agentotel.approval.decision",
                request: (content ApprovalRequest) _,
            }
            /// A guardrail is applied.
            Guardrail agentotel_guardrail "guardrail" {
                name: text "agentotel.guardrail.name",
                stage: text "agentotel.guardrail.stage",
                reason: text "agentotel.guardrail.reason",
                score: double "agentotel.guardrail.score",
                decision: (choice GuardrailDecision) "agentotel.guardrail.decision",
                input: (content GuardrailInput) _,
                output: (content GuardrailOutput) _,
            }
            /// Something is looked up in or written to a memory.
            Memory agentotel_memory "memory" {
                operation: (choice MemoryOperation) "agentotel.memory.operation",
                store: text "agentotel.memory.store",
                record_id: text "agentotel.memory.record.id",
                record_count: int "agentotel.memory.record.count",
                query: (content MemoryQuery) _,
                records: (content MemoryRecords) _,
            }
            /// A context is made shorter.
            Compaction agentotel_compaction "compaction" {
                strategy: text "agentotel.compaction.strategy",
                trigger: text "agentotel.compaction.trigger",
                tokens_before: int "agentotel.compaction.tokens.before",
                tokens_after: int "agentotel.compaction.tokens.after",
                messages_before: int "agentotel.compaction.messages.before",
                messages_after: int "agentotel.compaction.messages.after",
                summary: (content CompactionSummary) _,
            }
            /// The result of an evaluation.
            Evaluation agentotel_evaluation "evaluation" {
                name: text "gen_ai.evaluation.name",
                score_value: double "gen_ai.evaluation.score.value",
                score_label: text "gen_ai.evaluation.score.label",
                response_id: text "gen_ai.response.id",
                evaluator: text "agentotel.evaluation.evaluator",
                explanation: (content EvaluationExplanation) _,
            }
            /// What somebody thinks of a result.
            Feedback agentotel_feedback "feedback" {
                name: text _,
                source: text _,
                score_value: double "gen_ai.evaluation.score.value",
                score_label: text "gen_ai.evaluation.score.label",
                response_id: text "gen_ai.response.id",
                user_id: text "user.id",
                comment: (content FeedbackComment) _,
            }
        }
    };
}
pub(crate) use details;

/// What a field holds.
macro_rules! holds {
    (text) => {
        Holds::Text
    };
    (texts) => {
        Holds::Texts
    };
    (int) => {
        Holds::Int
    };
    (double) => {
        Holds::Double
    };
    (truth) => {
        Holds::Truth
    };
    (flag) => {
        Holds::Flag
    };
    (counting) => {
        Holds::Counting
    };
    ((choice $choice:ident)) => {
        Holds::Choice($choice::WORDS)
    };
    ((content $field:ident)) => {
        Holds::Content(ContentField::$field)
    };
}

/// The attribute that it becomes.
macro_rules! key {
    (_) => {
        Key::NONE
    };
    ($name:literal) => {
        Key::new($name)
    };
}

/// What it is called in messages.
macro_rules! path {
    ($called:literal r#type) => {
        concat!($called, ".type")
    };
    ($called:literal $field:ident) => {
        concat!($called, ".", stringify!($field))
    };
}

/// Gives what was given of a field.
macro_rules! ask {
    ($fields:expr, $position:expr, flag) => {
        $fields.truth($position).unwrap_or_default()
    };
    ($fields:expr, $position:expr, (choice $choice:ident)) => {
        $fields.choice::<$choice>($position)
    };
    ($fields:expr, $position:expr, $type:ident) => {
        $fields.$type($position)
    };
}

/// The type of that.
macro_rules! asked {
    ($life:lifetime text) => { &$life [u8] };
    ($life:lifetime texts) => { &$life [&$life [u8]] };
    ($life:lifetime int) => { Option<i64> };
    ($life:lifetime double) => { Option<f64> };
    ($life:lifetime truth) => { Option<bool> };
    ($life:lifetime flag) => { bool };
    ($life:lifetime counting) => { Counting };
    ($life:lifetime (choice $choice:ident)) => { Option<$choice> };
}

/// The way to ask for a field: for all but content, which only the policy sees.
macro_rules! asking {
    ($field:ident (content $content:ident)) => {};
    ($field:ident $type:tt) => {
        #[inline]
pub(crate) fn $field(&self) -> asked!('a $type) {
            ask!(self.0, Position::$field as usize, $type)
        }
    };
}

macro_rules! structs {
    ($($(#[$doc:meta])* $detail:ident $given:ident $called:literal { $($field:ident: $type:tt $name:tt,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $detail<'a>(pub(crate) Fields<'a>);

        const _: () = {
            #[allow(non_camel_case_types, reason = "they are the fields' names")]
            #[allow(dead_code, reason = "not every field is asked for by itself")]
            enum Position {
                $($field,)+
            }

            static FIELDS: &[Field] =
                &[$(Field { path: path!($called $field), holds: holds!($type), key: key!($name) },)+];
            const _: () = assert!(FIELDS.len() <= MOST_FIELDS);

            impl $detail<'_> {
                pub(crate) const FIELDS: &'static [Field] = FIELDS;
            }

            #[allow(dead_code, reason = "not every field is asked for by itself")]
            impl<'a> $detail<'a> {
                $(asking!($field $type);)+
            }
        };
    )+};
}

details!(structs);

impl Llm<'_> {
    /// All input tokens, cached ones included.
    pub(crate) fn all_input_tokens(&self) -> Option<i64> {
        let cached = [self.cache_read_input_tokens(), self.cache_creation_input_tokens()];
        self.counting().input(self.input_tokens(), cached)
    }

    /// All output tokens, reasoning included.
    pub(crate) fn all_output_tokens(&self) -> Option<i64> {
        self.counting().output(self.output_tokens(), self.reasoning_output_tokens())
    }
}

impl Agent<'_> {
    /// All input tokens, cached ones included.
    pub(crate) fn all_input_tokens(&self) -> Option<i64> {
        let cached = [self.cache_read_input_tokens(), self.cache_creation_input_tokens()];
        self.counting().input(self.input_tokens(), cached)
    }
}
