//! A session for each kind of event, and for what goes with events: streams, errors, evaluations, sums. Content that is given
//! has `CANARY` in it.

use std::cell::{Cell, RefCell};

use agentotel::abi::event::*;
use agentotel::abi::event_json::*;
use agentotel::abi::session::*;
use agentotel::abi::types::*;

use crate::agent::{last_error, session_context, text, zeroed};
use crate::check::Extent;

#[path = "said.rs"]
mod said;

thread_local! {
    static IN_JSON: Cell<bool> = const { Cell::new(false) };
    static EVENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Lets the scenarios say everything in JSON, or nothing.
pub fn say_in_json(in_json: bool) {
    IN_JSON.set(in_json);
}

/// The events that were said in JSON.
pub fn said_in_json() -> Vec<String> {
    EVENTS.take()
}

/// What is said, as JSON, when all is.
fn in_json(say: impl FnOnce() -> String) -> Option<String> {
    IN_JSON.get().then(say)
}

fn event_in_json(data: &agentotel_event_data, above: Option<&agentotel_span_context>) -> Option<String> {
    let json = in_json(|| said::event(data, above));
    EVENTS.with_borrow_mut(|events| events.extend(json.clone()));
    json
}

/// 2026-01-01, and a quarter of a second.
pub const START: i64 = 1_767_225_600_000_000_000;
const QUARTER: i64 = 250_000_000;

pub struct Scenario {
    pub name: &'static str,
    /// How much its spans say; its root says as much as is known.
    pub extent: Extent,
    pub run: fn(agentotel_session),
}

const fn full(name: &'static str, run: fn(agentotel_session)) -> Scenario {
    Scenario { name, extent: Extent::Full, run }
}

const fn some(name: &'static str, run: fn(agentotel_session)) -> Scenario {
    Scenario { name, extent: Extent::AsFarAsKnown, run }
}

pub const ALL: &[Scenario] = &[
    full("llm", llm),
    some("llm_least", llm_least),
    some("llm_in_process", llm_in_process),
    some("llm_stream", llm_stream),
    some("llm_failed", llm_failed),
    some("llm_costs", llm_costs),
    full("embeddings", embeddings),
    full("retrieval", retrieval),
    full("tool", tool),
    some("action", action),
    full("agent", agent),
    full("agent_remote", agent_remote),
    full("agent_created", agent_created),
    full("workflow", workflow),
    full("mcp_client", mcp_client),
    full("mcp_server", mcp_server),
    full("mcp_resource", mcp_resource),
    some("mcp_failed", mcp_failed),
    some("mcp_enriched", mcp_enriched),
    some("handoff", handoff),
    some("plan", plan),
    some("approval", approval),
    some("guardrail", guardrail),
    some("memory", memory),
    some("compaction", compaction),
    full("evaluation", evaluation),
    some("feedback", feedback),
    some("errors", errors),
    some("custom", custom),
    some("batch", batch),
];

/// A struct of the interface with some fields set.
macro_rules! given {
    ($name:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let mut given: $name = zeroed();
        given.struct_size = size_of::<$name>();
        $(given.$field = $value;)*
        given
    }};
}

/// Texts that live as long as the test.
fn list(texts: &[&'static str]) -> agentotel_string_array {
    let items: Vec<_> = texts.iter().map(|item| text(item)).collect();
    agentotel_string_array { count: items.len(), items: Vec::leak(items).as_ptr() }
}

fn int(value: i64) -> agentotel_i64 {
    agentotel_i64 { value, present: 1, ..zeroed() }
}

fn float(value: f64) -> agentotel_f64 {
    agentotel_f64 { value, present: 1, ..zeroed() }
}

fn truth(value: bool) -> agentotel_bool {
    agentotel_bool { value: value.into(), present: 1 }
}

fn data(kind: u32) -> agentotel_event_data {
    given!(agentotel_event_data { kind: kind, start_time_unix_nano: START, duration_nano: QUARTER })
}

fn record(session: agentotel_session, data: &agentotel_event_data) -> agentotel_span_context {
    let mut context = zeroed();
    // SAFETY: all are valid through the call.
    let status = unsafe {
        match event_in_json(data, None) {
            Some(json) => agentotel_record_event_json(session, text(&json), &raw mut context),
            None => agentotel_record_event(session, data, &raw mut context),
        }
    };
    assert_eq!(status, 0, "{}", last_error());
    context
}

fn start(session: agentotel_session, data: &agentotel_event_data) -> agentotel_event {
    let mut event = 0;
    // SAFETY: all are valid through the call.
    let status = unsafe {
        match event_in_json(data, None) {
            Some(json) => agentotel_start_event_json(session, text(&json), &raw mut event),
            None => agentotel_start_event(session, data, &raw mut event),
        }
    };
    assert_eq!(status, 0, "{}", last_error());
    event
}

fn end(event: agentotel_event, data: &agentotel_event_data) {
    // SAFETY: valid through the call.
    let status = unsafe {
        match event_in_json(data, None) {
            Some(json) => agentotel_end_event_json(event, text(&json)),
            None => agentotel_end_event(event, data),
        }
    };
    assert_eq!(status, 0, "{}", last_error());
}

fn update(event: agentotel_event, data: &agentotel_event_data) {
    // SAFETY: valid through the call.
    let status = unsafe {
        match event_in_json(data, None) {
            Some(json) => agentotel_update_event_json(event, text(&json)),
            None => agentotel_update_event(event, data),
        }
    };
    assert_eq!(status, 0, "{}", last_error());
}

fn fail(session: agentotel_session, target: agentotel_target, error: &agentotel_error) {
    // SAFETY: valid through the call.
    let status = unsafe {
        match in_json(|| said::error(error)) {
            Some(json) => agentotel_record_error_json(session, target, text(&json)),
            None => agentotel_record_error(session, target, error),
        }
    };
    assert_eq!(status, 0, "{}", last_error());
}

/// The session in which a scenario runs.
pub fn session(name: &str) -> agentotel_session {
    let id = format!("session of {name}");
    let resumed = agentotel_span_context { trace_id: [7; 16], span_id: [8; 8], trace_flags: 3, ..zeroed() };
    let mut options = given!(agentotel_session_options {
        session_id: text(&id),
        conversation_id: text("conversation-1"),
        user_id: text("user-1"),
        tags: list(&["golden", "vip"]),
        agent_name: text("travel-agent"),
        agent_id: text("agent-1"),
        agent_version: text("1.2.0"),
        agent_description: text("Books flights."),
        provider: text("openai"),
        start_time_unix_nano: START,
    });
    if name == "custom" {
        // A session without an agent, which resumes another one.
        options = given!(agentotel_session_options {
            session_id: text(&id),
            name: text("nightly"),
            resumed: &raw const resumed,
            previous_session_id: text("session before"),
            start_time_unix_nano: START,
        });
    }
    let mut session = 0;
    // SAFETY: both are valid through the call.
    let status = unsafe {
        match in_json(|| said::session(&options)) {
            Some(json) => agentotel_start_session_json(text(&json), &raw mut session),
            None => agentotel_start_session(&raw const options, &raw mut session),
        }
    };
    assert_eq!(status, 0, "{}", last_error());
    session
}

pub fn end_session(name: &str, session: agentotel_session) {
    let mut end = given!(agentotel_session_end {
        end_state: AGENTOTEL_END_SUCCESS,
        reason: text("booked"),
        end_time_unix_nano: START + 4 * QUARTER,
    });
    if name == "errors" {
        end.end_state = AGENTOTEL_END_FAIL;
        end.reason = text("out of patience");
        end.error_type = text("timeout");
    }
    // SAFETY: valid through the call.
    let status = unsafe {
        match in_json(|| said::session_end(&end)) {
            Some(json) => agentotel_end_session_json(session, text(&json)),
            None => agentotel_end_session(session, &raw const end),
        }
    };
    assert_eq!(status, 0, "{}", last_error());
}

const MESSAGES: &str = r#"[{"role":"user","parts":[{"type":"text","content":"CANARY"}]}]"#;
const ANSWER: &str =
    r#"[{"role":"assistant","parts":[{"type":"text","content":"CANARY"}],"finish_reason":"stop"}]"#;
const INSTRUCTIONS: &str = r#"[{"type":"text","content":"CANARY"}]"#;
const TOOLS: &str = r#"[{"type":"function","name":"find_flights","description":"CANARY"}]"#;

fn llm(session: agentotel_session) {
    let llm = given!(agentotel_llm {
        operation: AGENTOTEL_LLM_CHAT,
        provider: text("openai"),
        request_model: text("gpt-4o"),
        response_model: text("gpt-4o-2024-08-06"),
        response_id: text("chatcmpl-1"),
        finish_reasons: list(&["stop"]),
        output_type: text("json"),
        max_tokens: int(1000),
        choice_count: int(3),
        seed: int(42),
        temperature: float(0.0),
        top_p: float(0.9),
        top_k: float(40.0),
        frequency_penalty: float(0.1),
        presence_penalty: float(-0.1),
        stop_sequences: list(&["END", "STOP"]),
        stream: truth(true),
        time_to_first_chunk_s: float(0.125),
        input_tokens: int(812),
        cache_read_input_tokens: int(512),
        cache_creation_input_tokens: int(100),
        output_tokens: int(37),
        reasoning_output_tokens: int(12),
        server_address: text("api.openai.com"),
        server_port: int(443),
        prompt_name: text("find-flights"),
        prompt_version: text("7"),
        openai_api_type: text("chat_completions"),
        openai_request_service_tier: text("flex"),
        openai_response_service_tier: text("default"),
        openai_system_fingerprint: text("fp_44709d6fcb"),
        system_instructions: text(INSTRUCTIONS),
        input_messages: text(MESSAGES),
        output_messages: text(ANSWER),
        tool_definitions: text(TOOLS),
    });
    record(session, &agentotel_event_data { llm: &raw const llm, ..data(AGENTOTEL_KIND_LLM) });
}

/// Nothing but its kind: what is required is filled in; what is as the conventions assume is left out.
fn llm_least(session: agentotel_session) {
    let llm = given!(agentotel_llm {
        request_model: text("gpt-4o"),
        choice_count: int(1),
        stream: truth(false),
        openai_request_service_tier: text("auto"),
    });
    record(session, &agentotel_event_data { llm: &raw const llm, ..data(AGENTOTEL_KIND_LLM) });
}

fn llm_in_process(session: agentotel_session) {
    let llm = given!(agentotel_llm {
        operation: AGENTOTEL_LLM_TEXT_COMPLETION,
        in_process: 1,
        provider: text("llama.cpp"),
        conversation_id: text("conversation of its own"),
        request_model: text("llama-3"),
    });
    record(session, &agentotel_event_data { llm: &raw const llm, ..data(AGENTOTEL_KIND_LLM) });
}

/// A stream by a provider that counts cached tokens apart.
fn llm_stream(session: agentotel_session) {
    let request = given!(agentotel_llm {
        provider: text("anthropic"),
        request_model: text("claude"),
        input_messages: text(MESSAGES),
    });
    let event = start(session, &agentotel_event_data { llm: &raw const request, ..data(AGENTOTEL_KIND_LLM) });
    for chunk in ["CANARY one", "CANARY two"] {
        // SAFETY: the text is valid through the call.
        assert_eq!(unsafe { agentotel_event_chunk(event, text(chunk)) }, 0);
    }
    let first = given!(agentotel_llm {
        counting: AGENTOTEL_COUNTING_CACHE_SEPARATE,
        response_id: text("msg_1"),
        input_tokens: int(100),
        cache_read_input_tokens: int(600),
        cache_creation_input_tokens: int(50),
    });
    update(event, &given!(agentotel_event_data { llm: &raw const first }));
    let last = given!(agentotel_llm {
        output_tokens: int(20),
        finish_reasons: list(&["end_turn"]),
        output_messages: text(ANSWER),
    });
    end(event, &given!(agentotel_event_data { llm: &raw const last, duration_nano: QUARTER }));
}

fn llm_failed(session: agentotel_session) {
    let llm = given!(agentotel_llm { request_model: text("gpt-4o") });
    let error = given!(agentotel_error {
        r#type: text("rate_limit_exceeded"),
        message: text("try again in 20 s"),
        code: text("429"),
        details: text("requests per minute"),
        stack: text("at chat (agent.c:12)"),
        time_unix_nano: START + QUARTER,
    });
    let failed =
        agentotel_event_data { llm: &raw const llm, error: &raw const error, ..data(AGENTOTEL_KIND_LLM) };
    record(session, &failed);
}

/// A cost that was said, one that is computed (at the end, for an event in flight too), one that is not known.
fn llm_costs(session: agentotel_session) {
    let said = given!(agentotel_llm { request_model: text("gpt-4o"), cost_micro_units: int(1234) });
    record(session, &agentotel_event_data { llm: &raw const said, ..data(AGENTOTEL_KIND_LLM) });
    let usage = given!(agentotel_llm {
        input_tokens: int(1000),
        cache_read_input_tokens: int(600),
        output_tokens: int(50),
        reasoning_output_tokens: int(20),
    });
    let whole = agentotel_llm { request_model: text("priced"), ..usage };
    record(session, &agentotel_event_data { llm: &raw const whole, ..data(AGENTOTEL_KIND_LLM) });
    let request = given!(agentotel_llm { request_model: text("priced") });
    let event = start(session, &agentotel_event_data { llm: &raw const request, ..data(AGENTOTEL_KIND_LLM) });
    end(event, &given!(agentotel_event_data { llm: &raw const usage, duration_nano: QUARTER }));
    let said_before = agentotel_llm { cost_micro_units: int(5), ..request };
    let event =
        start(session, &agentotel_event_data { llm: &raw const said_before, ..data(AGENTOTEL_KIND_LLM) });
    end(event, &given!(agentotel_event_data { duration_nano: QUARTER }));
    let unknown = agentotel_llm { request_model: text("without a price"), ..usage };
    record(session, &agentotel_event_data { llm: &raw const unknown, ..data(AGENTOTEL_KIND_LLM) });
    let embeddings = given!(agentotel_embeddings { request_model: text("priced"), input_tokens: int(7) });
    let priced =
        agentotel_event_data { embeddings: &raw const embeddings, ..data(AGENTOTEL_KIND_EMBEDDINGS) };
    record(session, &priced);
}

fn embeddings(session: agentotel_session) {
    let embeddings = given!(agentotel_embeddings {
        provider: text("cohere"),
        request_model: text("embed-v4"),
        response_model: text("embed-v4.0"),
        encoding_formats: list(&["float", "base64"]),
        dimension_count: int(1024),
        input_tokens: int(42),
        server_address: text("api.cohere.com"),
        server_port: int(443),
    });
    let event = agentotel_event_data { embeddings: &raw const embeddings, ..data(AGENTOTEL_KIND_EMBEDDINGS) };
    record(session, &event);
}

fn retrieval(session: agentotel_session) {
    let retrieval = given!(agentotel_retrieval {
        provider: text("openai"),
        data_source_id: text("flights-2026"),
        request_model: text("text-embedding-3-small"),
        top_k: float(5.0),
        server_address: text("vectors.example"),
        server_port: int(6333),
        query_text: text("CANARY"),
        documents: text(r#"[{"id":"CANARY","score":0.9}]"#),
    });
    record(
        session,
        &agentotel_event_data { retrieval: &raw const retrieval, ..data(AGENTOTEL_KIND_RETRIEVAL) },
    );
}

fn flights() -> agentotel_tool {
    given!(agentotel_tool {
        name: text("find_flights"),
        r#type: text("function"),
        call_id: text("call_1"),
        description: text("Finds flights."),
        arguments: text(r#"{"to":"CANARY"}"#),
        result: text(r#"["CANARY"]"#),
    })
}

fn tool(session: agentotel_session) {
    let tool = flights();
    record(session, &agentotel_event_data { tool: &raw const tool, ..data(AGENTOTEL_KIND_TOOL) });
}

fn action(session: agentotel_session) {
    let action = given!(agentotel_action {
        r#type: text("click"),
        params: text(r#"{"x":"CANARY"}"#),
        returns: text(r#""CANARY""#),
        logs: text(r#"["CANARY"]"#),
    });
    record(session, &agentotel_event_data { action: &raw const action, ..data(AGENTOTEL_KIND_ACTION) });
}

fn an_agent() -> agentotel_agent {
    given!(agentotel_agent {
        provider: text("openai"),
        name: text("Math Tutor"),
        id: text("asst_1"),
        version: text("2025-05-01"),
        description: text("Helps with math."),
        request_model: text("gpt-4o"),
        data_source_id: text("H7STPQYOND"),
        conversation_id: text("conversation-2"),
        output_type: text("text"),
        finish_reasons: list(&["stop"]),
        stop_sequences: list(&["END"]),
        max_tokens: int(500),
        choice_count: int(2),
        seed: int(1),
        temperature: float(0.5),
        top_p: float(1.0),
        frequency_penalty: float(0.0),
        presence_penalty: float(0.0),
        input_tokens: int(10),
        cache_read_input_tokens: int(4),
        cache_creation_input_tokens: int(3),
        output_tokens: int(5),
        counting: AGENTOTEL_COUNTING_CACHE_SEPARATE,
        system_instructions: text(INSTRUCTIONS),
        input_messages: text(MESSAGES),
        output_messages: text(ANSWER),
        tool_definitions: text(TOOLS),
    })
}

/// Two agents in one session, one below the other.
fn agent(session: agentotel_session) {
    let outer = an_agent();
    let context =
        record(session, &agentotel_event_data { agent: &raw const outer, ..data(AGENTOTEL_KIND_AGENT) });
    let inner = agentotel_agent { name: text("Proof Reader"), ..an_agent() };
    let parent = agentotel_target { context: &raw const context, ..zeroed() };
    record(session, &agentotel_event_data { agent: &raw const inner, parent, ..data(AGENTOTEL_KIND_AGENT) });
}

fn agent_remote(session: agentotel_session) {
    let remote = agentotel_agent {
        operation: AGENTOTEL_AGENT_INVOKE,
        remote: 1,
        server_address: text("agents.example"),
        server_port: int(443),
        ..an_agent()
    };
    record(session, &agentotel_event_data { agent: &raw const remote, ..data(AGENTOTEL_KIND_AGENT) });
}

fn agent_created(session: agentotel_session) {
    let created = given!(agentotel_agent {
        operation: AGENTOTEL_AGENT_CREATE,
        provider: text("openai"),
        name: text("Math Tutor"),
        id: text("asst_1"),
        version: text("2025-05-01"),
        description: text("Helps with math."),
        request_model: text("gpt-4o"),
        server_address: text("api.openai.com"),
        server_port: int(443),
        system_instructions: text(INSTRUCTIONS),
    });
    record(session, &agentotel_event_data { agent: &raw const created, ..data(AGENTOTEL_KIND_AGENT) });
}

fn workflow(session: agentotel_session) {
    let workflow = given!(agentotel_workflow {
        name: text("multi_agent_rag"),
        input_messages: text(MESSAGES),
        output_messages: text(ANSWER),
    });
    record(session, &agentotel_event_data { workflow: &raw const workflow, ..data(AGENTOTEL_KIND_WORKFLOW) });
}

fn a_tool_call() -> agentotel_mcp {
    given!(agentotel_mcp {
        method: text("tools/call"),
        tool_name: text("find_flights"),
        session_id: text("191c4850"),
        protocol_version: text("2025-06-18"),
        request_id: text("7"),
        jsonrpc_version: text("2.1"),
        network_transport: text("tcp"),
        network_protocol_name: text("http"),
        network_protocol_version: text("2"),
        peer_address: text("mcp.example"),
        peer_port: int(8443),
        arguments: text(r#"{"to":"CANARY"}"#),
        result: text(r#"["CANARY"]"#),
    })
}

fn mcp_client(session: agentotel_session) {
    let mcp = a_tool_call();
    record(session, &agentotel_event_data { mcp_client: &raw const mcp, ..data(AGENTOTEL_KIND_MCP_CLIENT) });
}

fn mcp_server(session: agentotel_session) {
    let none = agentotel_str { data: std::ptr::null(), len: 0 };
    let mcp = agentotel_mcp {
        method: text("prompts/get"),
        tool_name: none,
        prompt_name: text("analyze-code"),
        arguments: none,
        result: none,
        ..a_tool_call()
    };
    record(session, &agentotel_event_data { mcp_server: &raw const mcp, ..data(AGENTOTEL_KIND_MCP_SERVER) });
}

fn mcp_resource(session: agentotel_session) {
    let none = agentotel_str { data: std::ptr::null(), len: 0 };
    let mcp = agentotel_mcp {
        method: text("resources/read"),
        tool_name: none,
        resource_uri: text("file:///home/user/report.pdf"),
        arguments: none,
        result: none,
        ..a_tool_call()
    };
    record(session, &agentotel_event_data { mcp_server: &raw const mcp, ..data(AGENTOTEL_KIND_MCP_SERVER) });
}

/// A result with `isError`, and a response with an error code.
fn mcp_failed(session: agentotel_session) {
    let tool_error = given!(agentotel_mcp {
        method: text("tools/call"),
        tool_name: text("find_flights"),
        request_id: text("7"),
        jsonrpc_version: text("2.0"),
        is_error: 1,
    });
    let failed =
        agentotel_event_data { mcp_client: &raw const tool_error, ..data(AGENTOTEL_KIND_MCP_CLIENT) };
    record(session, &failed);
    let refused = given!(agentotel_mcp {
        method: text("tools/call"),
        tool_name: text("find_flights"),
        request_id: text("8"),
        response_status_code: text("-32602"),
    });
    let failed = agentotel_event_data {
        mcp_server: &raw const refused,
        status_message: text("Unknown tool"),
        ..data(AGENTOTEL_KIND_MCP_SERVER)
    };
    record(session, &failed);
}

/// The first call that went well adds to the tool's event; one that failed, and the next one, are spans of their own.
fn mcp_enriched(session: agentotel_session) {
    let tool = flights();
    let running =
        start(session, &agentotel_event_data { tool: &raw const tool, ..data(AGENTOTEL_KIND_TOOL) });
    let parent = agentotel_target { event: running, ..zeroed() };
    let failing = agentotel_mcp { is_error: 1, ..a_tool_call() };
    let called = |mcp: &agentotel_mcp| {
        let event = agentotel_event_data { mcp_client: mcp, parent, ..data(AGENTOTEL_KIND_MCP_CLIENT) };
        record(session, &event).span_id
    };
    let mut context: agentotel_span_context = zeroed();
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_event_context(running, &raw mut context) }, 0);
    assert_ne!(called(&failing), context.span_id);
    assert_eq!(called(&a_tool_call()), context.span_id);
    assert_ne!(called(&a_tool_call()), context.span_id);
    end(running, &given!(agentotel_event_data { duration_nano: QUARTER }));
}

fn handoff(session: agentotel_session) {
    let handoff = given!(agentotel_handoff {
        target_name: text("refunds-agent"),
        target_id: text("agent-2"),
        source_name: text("travel-agent"),
        source_id: text("agent-1"),
        reason: text("refund"),
        input: text(r#"{"summary":"CANARY"}"#),
    });
    record(session, &agentotel_event_data { handoff: &raw const handoff, ..data(AGENTOTEL_KIND_HANDOFF) });
}

fn plan(session: agentotel_session) {
    let plan = given!(agentotel_plan {
        name: text("itinerary"),
        agent_name: text("travel-agent"),
        step_count: int(3),
        revision: int(0),
        goal: text(r#""CANARY""#),
        steps: text(r#"["CANARY"]"#),
    });
    record(session, &agentotel_event_data { plan: &raw const plan, ..data(AGENTOTEL_KIND_PLAN) });
}

fn approval(session: agentotel_session) {
    let approval = given!(agentotel_approval {
        subject: text("book_flight"),
        approver: text("user"),
        reason: text("over_budget"),
        decision: AGENTOTEL_APPROVAL_DENIED,
        request: text(r#"{"price":"CANARY"}"#),
    });
    record(session, &agentotel_event_data { approval: &raw const approval, ..data(AGENTOTEL_KIND_APPROVAL) });
}

fn guardrail(session: agentotel_session) {
    let guardrail = given!(agentotel_guardrail {
        name: text("pii"),
        stage: text("output"),
        reason: text("card_number"),
        score: float(0.98),
        decision: AGENTOTEL_GUARDRAIL_MODIFIED,
        input: text(r#""CANARY""#),
        output: text(r#""CANARY""#),
    });
    record(
        session,
        &agentotel_event_data { guardrail: &raw const guardrail, ..data(AGENTOTEL_KIND_GUARDRAIL) },
    );
}

fn memory(session: agentotel_session) {
    let memory = given!(agentotel_memory {
        operation: AGENTOTEL_MEMORY_SEARCH,
        store: text("long_term"),
        record_id: text("memory-9"),
        record_count: int(2),
        query: text(r#""CANARY""#),
        records: text(r#"["CANARY"]"#),
    });
    record(session, &agentotel_event_data { memory: &raw const memory, ..data(AGENTOTEL_KIND_MEMORY) });
}

fn compaction(session: agentotel_session) {
    let compaction = given!(agentotel_compaction {
        strategy: text("summarize"),
        trigger: text("context_limit"),
        tokens_before: int(120_000),
        tokens_after: int(9000),
        messages_before: int(80),
        messages_after: int(4),
        summary: text(r#""CANARY""#),
    });
    let event = agentotel_event_data { compaction: &raw const compaction, ..data(AGENTOTEL_KIND_COMPACTION) };
    record(session, &event);
}

/// On a span that ended, by its context, and on one of another trace.
fn evaluation(session: agentotel_session) {
    let tool = flights();
    let judged =
        record(session, &agentotel_event_data { tool: &raw const tool, ..data(AGENTOTEL_KIND_TOOL) });
    let elsewhere = agentotel_span_context {
        trace_id: [5; 16],
        span_id: [6; 8],
        trace_flags: 3,
        is_remote: 1,
        ..zeroed()
    };
    let evaluation = given!(agentotel_evaluation {
        name: text("relevance"),
        score_value: float(0.75),
        score_label: text("pass"),
        response_id: text("chatcmpl-1"),
        evaluator: text("gpt-4o"),
        explanation: text("CANARY"),
    });
    for context in [judged, elsewhere] {
        let parent = agentotel_target { context: &raw const context, ..zeroed() };
        let event = agentotel_event_data {
            evaluation: &raw const evaluation,
            parent,
            ..data(AGENTOTEL_KIND_EVALUATION)
        };
        assert_eq!(record(session, &event).span_id, context.span_id);
    }
}

/// On the session, on an event in flight; and an evaluation that failed.
fn feedback(session: agentotel_session) {
    let feedback = given!(agentotel_feedback {
        score_value: float(1.0),
        score_label: text("thumbs_up"),
        user_id: text("user-1"),
        comment: text("CANARY"),
    });
    let of_session = agentotel_event_data { feedback: &raw const feedback, ..data(AGENTOTEL_KIND_FEEDBACK) };
    assert_eq!(record(session, &of_session).span_id, session_context(session).span_id);
    let tool = flights();
    let running =
        start(session, &agentotel_event_data { tool: &raw const tool, ..data(AGENTOTEL_KIND_TOOL) });
    let parent = agentotel_target { event: running, ..zeroed() };
    let reviewed = given!(agentotel_feedback {
        name: text("usefulness"),
        source: text("reviewer"),
        score_label: text("poor")
    });
    record(
        session,
        &agentotel_event_data { feedback: &raw const reviewed, parent, ..data(AGENTOTEL_KIND_FEEDBACK) },
    );
    let failed = given!(agentotel_evaluation { name: text("relevance") });
    let error = given!(agentotel_error { r#type: text("timeout") });
    let failed = agentotel_event_data {
        evaluation: &raw const failed,
        error: &raw const error,
        parent,
        ..data(AGENTOTEL_KIND_EVALUATION)
    };
    record(session, &failed);
    end(running, &given!(agentotel_event_data { duration_nano: QUARTER }));
}

/// On an event in flight, on one that ended, on one that ended and was a call of a GenAI service, on the session.
fn errors(session: agentotel_session) {
    let error = given!(agentotel_error {
        r#type: text("timeout"),
        message: text("no answer within 30 s"),
        code: text("ETIMEDOUT"),
        details: text("attempt 3"),
        stack: text("at find_flights (tools.c:7)"),
        time_unix_nano: START + QUARTER,
    });
    let tool = flights();
    let running =
        start(session, &agentotel_event_data { tool: &raw const tool, ..data(AGENTOTEL_KIND_TOOL) });
    fail(session, agentotel_target { event: running, ..zeroed() }, &error);
    end(running, &given!(agentotel_event_data { duration_nano: QUARTER }));
    let ended = record(session, &agentotel_event_data { tool: &raw const tool, ..data(AGENTOTEL_KIND_TOOL) });
    fail(session, agentotel_target { context: &raw const ended, ..zeroed() }, &error);
    let of_a_call = agentotel_error { kind: AGENTOTEL_KIND_LLM, ..error };
    fail(session, agentotel_target { context: &raw const ended, ..zeroed() }, &of_a_call);
    fail(
        session,
        zeroed(),
        &given!(agentotel_error { message: text("given up"), time_unix_nano: START + QUARTER }),
    );
}

/// A span of the caller's own naming, with a link, a moment, and an id of its own; the same id again is no other span.
fn custom(session: agentotel_session) {
    let attributes = [agentotel_attribute {
        key: text("attempt"),
        r#type: AGENTOTEL_TYPE_INT64,
        value: agentotel_value { int64: 2 },
        ..zeroed()
    }];
    let context = agentotel_span_context { trace_id: [3; 16], span_id: [4; 8], trace_flags: 1, ..zeroed() };
    let link =
        given!(agentotel_link { context: context, attributes: attributes.as_ptr(), attribute_count: 1 });
    let moment = given!(agentotel_span_event {
        name: text("retried"),
        time_unix_nano: START + 1,
        attributes: attributes.as_ptr(),
        attribute_count: 1,
    });
    let event = agentotel_event_data {
        name: text("poll"),
        span_kind: AGENTOTEL_SPAN_KIND_PRODUCER,
        attributes: attributes.as_ptr(),
        attribute_count: 1,
        links: &raw const link,
        link_count: 1,
        span_events: &raw const moment,
        span_event_count: 1,
        event_id: text("poll 1 of the golden files"),
        ..data(AGENTOTEL_KIND_CUSTOM)
    };
    let first = record(session, &event);
    assert_eq!(record(session, &event).span_id, first.span_id);
}

/// Events of one array, below each other.
fn batch(session: agentotel_session) {
    let llm = given!(agentotel_llm { request_model: text("gpt-4o") });
    let tool = flights();
    let named = |name| agentotel_event_data { name: text(name), ..data(AGENTOTEL_KIND_CUSTOM) };
    let events = [
        named("step"),
        agentotel_event_data { llm: &raw const llm, parent_index: int(0), ..data(AGENTOTEL_KIND_LLM) },
        agentotel_event_data { tool: &raw const tool, parent_index: int(1), ..data(AGENTOTEL_KIND_TOOL) },
        agentotel_event_data { parent_index: int(0), ..named("sibling") },
    ];
    if IN_JSON.get() {
        // There are no arrays in JSON: their parents are named by their contexts.
        let mut contexts: Vec<agentotel_span_context> = Vec::new();
        for data in &events {
            let above = (data.parent_index.present != 0).then(|| contexts[data.parent_index.value as usize]);
            let json = event_in_json(data, above.as_ref()).unwrap();
            let mut context = zeroed();
            // SAFETY: all are valid through the call.
            let status = unsafe { agentotel_record_event_json(session, text(&json), &raw mut context) };
            assert_eq!(status, 0, "{}", last_error());
            contexts.push(context);
        }
        return;
    }
    let mut recorded = 0;
    // SAFETY: all are valid through the call.
    let status = unsafe {
        agentotel_record_events(
            session,
            events.as_ptr(),
            events.len(),
            std::ptr::null_mut(),
            &raw mut recorded,
        )
    };
    assert_eq!((status, recorded), (0, 4), "{}", last_error());
}
