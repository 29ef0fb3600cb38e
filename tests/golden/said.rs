//! The structs of the C interface as what the JSON twins of its functions take.

use agentotel::abi::types::*;
use serde_json::{Value, json};

/// An object in the making.
#[derive(Default)]
pub struct Object(Vec<String>);

impl Object {
    fn put(&mut self, name: &str, json: Option<String>) {
        self.0.extend(json.map(|json| format!("{}:{json}", Value::from(name))));
    }

    fn end(self) -> String {
        format!("{{{}}}", self.0.join(","))
    }
}

fn read(text: agentotel_str) -> Option<String> {
    // SAFETY: the texts of the scenarios live as long as they.
    (text.len > 0).then(|| unsafe {
        String::from_utf8(std::slice::from_raw_parts(text.data.cast(), text.len).to_vec()).unwrap()
    })
}

/// A field that says itself what it is.
trait Said {
    fn said(&self) -> Option<String>;
}

impl Said for agentotel_str {
    fn said(&self) -> Option<String> {
        read(*self).map(|text| Value::from(text).to_string())
    }
}

impl Said for agentotel_string_array {
    fn said(&self) -> Option<String> {
        // SAFETY: as for texts.
        let items = (self.count > 0).then(|| unsafe { std::slice::from_raw_parts(self.items, self.count) });
        items
            .map(|items| json!(items.iter().map(|item| read(*item).unwrap()).collect::<Vec<_>>()).to_string())
    }
}

impl Said for agentotel_i64 {
    fn said(&self) -> Option<String> {
        (self.present != 0).then(|| self.value.to_string())
    }
}

impl Said for agentotel_f64 {
    fn said(&self) -> Option<String> {
        (self.present != 0).then(|| Value::from(self.value).to_string())
    }
}

impl Said for agentotel_bool {
    fn said(&self) -> Option<String> {
        (self.present != 0).then(|| (self.value != 0).to_string())
    }
}

/// A number of which 0 is none.
impl Said for i64 {
    fn said(&self) -> Option<String> {
        (*self != 0).then(|| self.to_string())
    }
}

/// Content that is an object or array goes in as it is, other content as a text.
fn content(text: agentotel_str) -> Option<String> {
    read(text).map(|text| if text.starts_with(['{', '[']) { text } else { Value::from(text).to_string() })
}

/// A word that has a number; 0 is none.
fn word(number: u32, words: &[&str]) -> Option<String> {
    (number > 0).then(|| Value::from(words[number as usize - 1]).to_string())
}

fn counting(number: u32) -> Option<String> {
    let words: Vec<_> = [
        (AGENTOTEL_COUNTING_CACHE_SEPARATE, "cache_separate"),
        (AGENTOTEL_COUNTING_REASONING_SEPARATE, "reasoning_separate"),
    ]
    .iter()
    .filter(|(bit, _)| number & bit != 0)
    .map(|(_, word)| *word)
    .collect();
    (number > 0).then(|| json!(words).to_string())
}

macro_rules! name {
    (r#type) => {
        "type"
    };
    ($field:ident) => {
        stringify!($field)
    };
}

/// A struct that is all of a detail.
trait Detail {
    fn object(&self) -> String;
}

macro_rules! details {
    ($($name:ident { $($plain:ident),* } content { $($content:ident),* } flags { $($flag:ident),* }
        words { $($word:ident: $words:expr),* } counting { $($counting:ident),* })+) => {$(
        impl Detail for $name {
            fn object(&self) -> String {
                let mut object = Object::default();
                $(object.put(name!($plain), self.$plain.said());)*
                $(object.put(name!($content), content(self.$content));)*
                $(object.put(name!($flag), (self.$flag != 0).then(|| "true".to_owned()));)*
                $(object.put(name!($word), word(self.$word, &$words));)*
                $(object.put(name!($counting), counting(self.$counting));)*
                object.end()
            }
        }
    )+};
}

details! {
    agentotel_llm { provider, request_model, response_model, response_id, finish_reasons, output_type, max_tokens, choice_count, seed, temperature, top_p, top_k, frequency_penalty, presence_penalty, stop_sequences, stream, time_to_first_chunk_s, input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens, reasoning_output_tokens, server_address, server_port, cost_micro_units, conversation_id, prompt_name, prompt_version, openai_api_type, openai_request_service_tier, openai_response_service_tier, openai_system_fingerprint } content { system_instructions, input_messages, output_messages, tool_definitions } flags { in_process }
        words { operation: ["chat", "text_completion", "generate_content"] } counting { counting }
    agentotel_embeddings { provider, request_model, response_model, encoding_formats, dimension_count, input_tokens, server_address, server_port, cost_micro_units } content {  } flags {  }
        words {  } counting {  }
    agentotel_retrieval { provider, data_source_id, request_model, top_k, server_address, server_port } content { query_text, documents } flags {  }
        words {  } counting {  }
    agentotel_tool { name, r#type, call_id, description } content { arguments, result } flags {  }
        words {  } counting {  }
    agentotel_action { r#type } content { params, returns, logs } flags {  }
        words {  } counting {  }
    agentotel_agent { provider, name, id, version, description, request_model, data_source_id, conversation_id, output_type, finish_reasons, stop_sequences, max_tokens, choice_count, seed, temperature, top_p, frequency_penalty, presence_penalty, input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens, server_address, server_port } content { system_instructions, input_messages, output_messages, tool_definitions } flags { remote }
        words { operation: ["invoke_agent", "create_agent"] } counting { counting }
    agentotel_workflow { name } content { input_messages, output_messages } flags {  }
        words {  } counting {  }
    agentotel_mcp { method, tool_name, prompt_name, resource_uri, session_id, protocol_version, request_id, jsonrpc_version, response_status_code, network_transport, network_protocol_name, network_protocol_version, peer_address, peer_port } content { arguments, result } flags { is_error }
        words {  } counting {  }
    agentotel_handoff { target_name, target_id, source_name, source_id, reason } content { input } flags {  }
        words {  } counting {  }
    agentotel_plan { name, agent_name, step_count, revision } content { goal, steps } flags {  }
        words {  } counting {  }
    agentotel_approval { subject, approver, reason } content { request } flags {  }
        words { decision: ["approved", "denied", "expired"] } counting {  }
    agentotel_guardrail { name, stage, reason, score } content { input, output } flags {  }
        words { decision: ["allowed", "blocked", "modified", "flagged"] } counting {  }
    agentotel_memory { store, record_id, record_count } content { query, records } flags {  }
        words { operation: ["search", "read", "write", "update", "delete"] } counting {  }
    agentotel_compaction { strategy, trigger, tokens_before, tokens_after, messages_before, messages_after } content { summary } flags {  }
        words {  } counting {  }
    agentotel_evaluation { name, score_value, score_label, response_id, evaluator } content { explanation } flags {  }
        words {  } counting {  }
    agentotel_feedback { name, source, score_value, score_label, response_id, user_id } content { comment } flags {  }
        words {  } counting {  }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn context(of: *const agentotel_span_context) -> Option<String> {
    // SAFETY: the contexts of the scenarios live as long as they.
    (!of.is_null()).then(|| unsafe { *of }).map(|of| {
        let (trace_id, span_id) = (hex(&of.trace_id), hex(&of.span_id));
        let (trace_flags, is_remote) = (of.trace_flags, of.is_remote != 0);
        json!({ "trace_id": trace_id, "span_id": span_id, "trace_flags": trace_flags, "is_remote": is_remote })
            .to_string()
    })
}

fn attributes(items: *const agentotel_attribute, count: usize) -> Option<String> {
    let mut object = Object::default();
    for position in 0..count {
        // SAFETY: as for contexts; the type says which member is set.
        let (key, value) = unsafe {
            let attribute = *items.add(position);
            let value = match attribute.r#type {
                AGENTOTEL_TYPE_STRING => attribute.value.string.said(),
                AGENTOTEL_TYPE_INT64 => Some(attribute.value.int64.to_string()),
                other => panic!("attribute of type {other}"),
            };
            (read(attribute.key).unwrap(), value)
        };
        object.put(&key, value);
    }
    (count > 0).then(|| object.end())
}

fn kind(number: u32) -> &'static str {
    const WORDS: [&str; 18] = [
        "custom",
        "llm",
        "tool",
        "action",
        "embeddings",
        "retrieval",
        "agent",
        "workflow",
        "mcp_client",
        "mcp_server",
        "handoff",
        "plan",
        "approval",
        "guardrail",
        "memory",
        "compaction",
        "evaluation",
        "feedback",
    ];
    WORDS[number as usize]
}

pub fn error(of: &agentotel_error) -> String {
    let mut object = Object::default();
    for (name, text) in [
        ("type", of.r#type),
        ("message", of.message),
        ("code", of.code),
        ("details", of.details),
        ("stack", of.stack),
    ] {
        object.put(name, text.said());
    }
    object.put("time_unix_nano", of.time_unix_nano.said());
    object.put("kind", Some(Value::from(kind(of.kind)).to_string()));
    object.end()
}

/// An event; `above` is its parent when that is one of the same array.
pub fn event(of: &agentotel_event_data, above: Option<&agentotel_span_context>) -> String {
    let mut object = Object::default();
    // An update says no kind; a detail is enough for it.
    object.put("kind", (of.kind > 0).then(|| Value::from(kind(of.kind)).to_string()));
    object.put("span_kind", word(of.span_kind, &["internal", "server", "client", "producer", "consumer"]));
    object.put("status_code", word(of.status_code, &["ok", "error"]));
    for (name, text) in [("name", of.name), ("status_message", of.status_message), ("event_id", of.event_id)]
    {
        object.put(name, text.said());
    }
    let parent = match (of.parent.event, above) {
        (_, Some(above)) => context(above),
        (0, None) => context(of.parent.context),
        (event, None) => Some(json!({ "event": event.to_string() }).to_string()),
    };
    object.put("parent", parent);
    object.put("start_time_unix_nano", of.start_time_unix_nano.said());
    object.put("end_time_unix_nano", of.end_time_unix_nano.said());
    object.put("duration_nano", of.duration_nano.said());
    object.put("attributes", attributes(of.attributes, of.attribute_count));
    // SAFETY: as for contexts, links, span events, details and errors alike.
    unsafe {
        let links = (0..of.link_count).map(|position| {
            let link = *of.links.add(position);
            let mut object = Object::default();
            object.put("context", context(&raw const link.context));
            object.put("trace_state", link.trace_state.said());
            object.put("attributes", attributes(link.attributes, link.attribute_count));
            object.end()
        });
        object.put("links", Some(format!("[{}]", links.collect::<Vec<_>>().join(","))));
        let moments = (0..of.span_event_count).map(|position| {
            let moment = *of.span_events.add(position);
            let mut object = Object::default();
            object.put("name", moment.name.said());
            object.put("time_unix_nano", moment.time_unix_nano.said());
            object.put("attributes", attributes(moment.attributes, moment.attribute_count));
            object.end()
        });
        object.put("span_events", Some(format!("[{}]", moments.collect::<Vec<_>>().join(","))));
        object.put("error", of.error.as_ref().map(error));
        macro_rules! details {
            ($($field:ident),+) => {$(
                object.put(stringify!($field), of.$field.as_ref().map(Detail::object));
            )+};
        }
        details!(llm, tool, action, embeddings, retrieval, agent, workflow, mcp_client, mcp_server, handoff);
        details!(plan, approval, guardrail, memory, compaction, evaluation, feedback);
    }
    object.end()
}

pub fn session(of: &agentotel_session_options) -> String {
    let mut object = Object::default();
    macro_rules! fields {
        ($($field:ident),+) => {
            $(object.put(stringify!($field), of.$field.said());)+
        };
    }
    fields!(session_id, name, conversation_id, user_id, tags, agent_name, agent_id, agent_version);
    fields!(agent_description, provider, trace_state, start_time_unix_nano, baggage, previous_session_id);
    object.put("parent", context(of.parent));
    object.put("resumed", context(of.resumed));
    object.put("attributes", attributes(of.attributes, of.attribute_count));
    object.end()
}

pub fn session_end(of: &agentotel_session_end) -> String {
    let mut object = Object::default();
    object.put("end_state", word(of.end_state, &["success", "fail"]));
    object.put("reason", of.reason.said());
    object.put("error_type", of.error_type.said());
    object.put("end_time_unix_nano", of.end_time_unix_nano.said());
    object.end()
}
