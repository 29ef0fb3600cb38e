//! Holds spans and log records, as OTLP JSON, against the facts of the conventions: names, types, what is required, and
//! what is required under a condition that holds.

use std::collections::BTreeMap;

use serde_json::Value;

/// What the conventions say, derived from their model files.
pub struct Facts(Value);

/// How much is expected of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is required, and what follows from what is there.
    AsFarAsKnown,
    /// Everything that was known was said: what is required if available, what is recommended, and content too.
    Full,
}

type Attributes<'a> = BTreeMap<&'a str, &'a Value>;

fn attributes(record: &Value) -> Attributes<'_> {
    let list = record["attributes"].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|attribute| (attribute["key"].as_str().unwrap(), &attribute["value"])).collect()
}

fn text<'a>(attributes: &Attributes<'a>, key: &str) -> Option<&'a str> {
    attributes.get(key).and_then(|value| value["stringValue"].as_str())
}

/// Whether an OTLP value is of a type of the conventions. What may be anything is recorded as a JSON text on spans.
fn has_type(value: &Value, kind: &str) -> bool {
    let is = |name: &str| value.get(name).is_some();
    match kind {
        "string" => is("stringValue"),
        "int" => is("intValue"),
        "double" => is("doubleValue"),
        "boolean" => is("boolValue"),
        "any" => ["stringValue", "kvlistValue", "arrayValue"].into_iter().any(is),
        "string[]" => value["arrayValue"]["values"]
            .as_array()
            .is_some_and(|values| values.iter().all(|value| value.get("stringValue").is_some())),
        other => panic!("{other} is a type that this checker does not know"),
    }
}

/// A record with what its conditions need.
struct Subject<'a> {
    attributes: Attributes<'a>,
    failed: bool,
    extent: Extent,
}

impl Subject<'_> {
    fn has(&self, key: &str) -> bool {
        self.attributes.contains_key(key)
    }

    fn text(&self, key: &str) -> &str {
        text(&self.attributes, key).unwrap_or_default()
    }

    /// Whether the condition holds under which an attribute is asked for.
    fn holds(&self, key: &str, condition: &str) -> bool {
        let is_full = self.extent == Extent::Full;
        let method = self.text("mcp.method.name");
        match (key, condition) {
            (_, "") => is_full,
            ("error.type", "If and only if the operation fails." | "if the operation ended in an error") => {
                self.failed
            }
            ("exception.message", _) => !self.has("exception.type"),
            ("exception.type", _) => !self.has("exception.message"),
            ("server.port", "If `server.address` is set." | "When `server.address` is set") => {
                self.has("server.address")
            }
            ("client.port", "When `client.address` is set") => self.has("client.address"),
            (
                "gen_ai.request.stream",
                "If and only if the request is streaming. If unset, the request is assumed to be non-streaming.",
            )
            | ("gen_ai.response.time_to_first_chunk", "if the request was a streaming request") => {
                is_full || self.has("agentotel.stream.chunk_count")
            }
            ("gen_ai.tool.name", "When operation is related to a specific tool.")
            | (
                "gen_ai.operation.name",
                "SHOULD be set to `execute_tool` when the operation describes a tool call and SHOULD NOT be set otherwise.",
            ) => method == "tools/call",
            ("gen_ai.prompt.name", "When operation is related to a specific prompt.") => {
                method == "prompts/get"
            }
            (
                "mcp.resource.uri",
                "When the client executes a request type that includes a resource URI parameter.",
            ) => ["resources/read", "resources/subscribe", "resources/unsubscribe"].contains(&method),
            ("jsonrpc.request.id", "When the client executes a request.") => {
                !method.starts_with("notifications/")
            }
            ("rpc.response.status_code", "If response contains an error code.") => {
                self.failed && self.text("error.type").parse::<i64>().is_ok()
            }
            (
                _,
                "If available."
                | "when available"
                | "If provided by the application."
                | "if applicable."
                | "if applicable"
                | "when applicable"
                | "If applicable"
                | "When applicable."
                | "if available"
                | "when applicable and if the request includes an output format."
                | "if available, in the request, and !=1"
                | "if applicable and if the request includes a seed"
                | "if the request includes a service_tier and the value is not 'auto'"
                | "if the response was received and includes a service_tier"
                | "when it's not `2.0`."
                | "When the MCP request or notification is part of a session.",
            ) => is_full,
            (key, condition) => panic!("{key}: {condition:?} is a condition that this checker does not know"),
        }
    }
}

impl Facts {
    pub fn new() -> Self {
        Self(serde_json::from_str(include_str!("../semconv/facts.json")).unwrap())
    }

    /// Names that are in a namespace of the conventions and not in the conventions, and values of another type.
    fn check_names(&self, attributes: &Attributes<'_>, found: &mut Vec<String>) {
        let namespaces = self.0["namespaces"].as_array().unwrap();
        for (key, value) in attributes {
            match self.0["attributes"][key].as_str() {
                Some(kind) if !has_type(value, kind) => found.push(format!("{key} is {value}, not a {kind}")),
                Some(_) => {}
                None if namespaces.iter().any(|space| *space == key.split('.').next().unwrap()) => {
                    found.push(format!("{key} is no name of the conventions"));
                }
                None => {}
            }
        }
    }

    /// What is asked for and not there.
    fn check_levels(&self, asked: &Value, subject: &Subject<'_>, found: &mut Vec<String>) {
        let is_full = subject.extent == Extent::Full;
        let names = |level: &str| asked[level].as_array().unwrap().clone();
        let conditions = |level: &str| asked[level].as_object().unwrap().clone();
        for key in names("required") {
            let key = key.as_str().unwrap();
            if !subject.has(key) {
                found.push(format!("{key} is required"));
            }
        }
        for (key, condition) in conditions("conditionally_required") {
            if subject.holds(&key, condition.as_str().unwrap()) && !subject.has(&key) {
                found.push(format!("{key} is required: {condition}"));
            }
        }
        for (key, condition) in conditions("recommended") {
            if is_full && subject.holds(&key, condition.as_str().unwrap()) && !subject.has(&key) {
                found.push(format!("{key} is recommended: {condition}"));
            }
        }
        for key in names("opt_in") {
            let key = key.as_str().unwrap();
            if is_full && !subject.has(key) {
                found.push(format!("{key} is content that was given"));
            }
        }
        // The converse of conditions that say "only if".
        if subject.has("error.type") && !subject.failed {
            found.push("error.type is there and nothing has failed".to_owned());
        }
        if subject.attributes.get("gen_ai.request.choice.count").is_some_and(|count| count["intValue"] == "1")
        {
            found.push("gen_ai.request.choice.count is 1".to_owned());
        }
        if subject.attributes.get("gen_ai.request.stream").is_some_and(|value| value["boolValue"] == false) {
            found.push("gen_ai.request.stream is false".to_owned());
        }
    }

    /// The conventions that are for a span.
    fn spans_of(attributes: &Attributes<'_>, kind: &str) -> Vec<&'static str> {
        let operation = text(attributes, "gen_ai.operation.name");
        let provider = text(attributes, "gen_ai.provider.name");
        match (operation, kind) {
            _ if attributes.contains_key("mcp.method.name") && kind == "server" => vec!["span.mcp.server"],
            _ if attributes.contains_key("mcp.method.name") && kind == "client" => vec!["span.mcp.client"],
            (Some("chat" | "text_completion" | "generate_content"), _) => match provider {
                Some("openai") => vec!["span.gen_ai.inference.client", "span.openai.inference.client"],
                Some("anthropic") => vec!["span.gen_ai.inference.client", "span.anthropic.inference.client"],
                _ => vec!["span.gen_ai.inference.client"],
            },
            (Some("embeddings"), _) => vec!["span.gen_ai.embeddings.client"],
            (Some("retrieval"), _) => vec!["span.gen_ai.retrieval.client"],
            (Some("create_agent"), _) => vec!["span.gen_ai.create_agent.client"],
            (Some("invoke_agent"), "client") => vec!["span.gen_ai.invoke_agent.client"],
            (Some("invoke_agent"), _) => vec!["span.gen_ai.invoke_agent.internal"],
            (Some("execute_tool"), _) => vec!["span.gen_ai.execute_tool.internal"],
            (Some("invoke_workflow"), _) => vec!["span.gen_ai.invoke_workflow.internal"],
            _ => vec![],
        }
    }

    /// What a resource violates.
    #[allow(dead_code, reason = "only what examples write is looked at as a whole")]
    pub fn check_resource(&self, resource: &Value) -> Vec<String> {
        let attributes = attributes(resource);
        let mut found = Vec::new();
        self.check_names(&attributes, &mut found);
        if !attributes.contains_key("service.name") {
            found.push("service.name is required".to_owned());
        }
        found.iter().map(|what| format!("resource: {what}")).collect()
    }

    /// What a span violates. `in_process` is an inference inside this process.
    pub fn check_span(&self, span: &Value, extent: Extent, in_process: bool) -> Vec<String> {
        let kind = match span["kind"].as_i64().unwrap_or(0) {
            1 => "internal",
            2 => "server",
            3 => "client",
            4 => "producer",
            5 => "consumer",
            other => panic!("{other} is no span kind"),
        };
        let attributes = attributes(span);
        let failed = span["status"]["code"] == 2;
        let mut found = Vec::new();
        self.check_names(&attributes, &mut found);
        let asked = Self::spans_of(&attributes, kind);
        let subject = Subject { attributes, failed, extent };
        if failed && !subject.has("error.type") {
            found.push("status Error without error.type".to_owned());
        }
        for name in asked {
            let asked = &self.0["spans"][name];
            let may_be_internal = in_process && name.contains("inference");
            if asked["kind"] != kind && !(may_be_internal && kind == "internal") {
                found.push(format!("{name} is {}, not {kind}", asked["kind"]));
            }
            self.check_levels(asked, &subject, &mut found);
        }
        found.iter().map(|what| format!("span {}: {what}", span["name"])).collect()
    }

    /// What a log record violates.
    pub fn check_log(&self, log: &Value, extent: Extent) -> Vec<String> {
        let attributes = attributes(log);
        let mut found = Vec::new();
        self.check_names(&attributes, &mut found);
        let name = log["eventName"].as_str().unwrap_or_default();
        let asked = &self.0["events"][name];
        // An evaluation that failed says so by this attribute alone.
        let failed = attributes.contains_key("error.type");
        let subject = Subject { attributes, failed, extent };
        if asked.is_object() {
            self.check_levels(asked, &subject, &mut found);
        } else if !name.starts_with("agentotel.") {
            found.push("it is no event of the conventions".to_owned());
        }
        found.iter().map(|what| format!("log record {name}: {what}")).collect()
    }
}

#[test]
fn the_checker_sees_what_is_wrong() {
    let facts = Facts::new();
    let string =
        |key: &str, value: &str| serde_json::json!({ "key": key, "value": { "stringValue": value } });
    let span = |kind: u32, status: u32, attributes: &[Value]| serde_json::json!({ "name": "s", "kind": kind, "status": { "code": status }, "attributes": attributes });
    let chat = [string("gen_ai.operation.name", "chat"), string("gen_ai.provider.name", "cohere")];
    let check = |span: &Value| facts.check_span(span, Extent::AsFarAsKnown, false);
    assert_eq!(check(&span(3, 0, &chat)), Vec::<String>::new());
    assert_eq!(check(&span(3, 0, &chat[..1])), [r#"span "s": gen_ai.provider.name is required"#]);
    assert_eq!(
        check(&span(1, 0, &chat)),
        [r#"span "s": span.gen_ai.inference.client is "client", not internal"#]
    );
    assert!(facts.check_span(&span(1, 0, &chat), Extent::AsFarAsKnown, true).is_empty());
    let with = |more: Value| [&chat[..], &[more]].concat();
    for (status, more, expected) in [
        (0, string("gen_ai.made_up", "x"), "gen_ai.made_up is no name of the conventions"),
        (0, string("gen_ai.request.max_tokens", "9"), "not a int"),
        (0, string("server.address", "host"), "server.port is required"),
        (0, string("error.type", "timeout"), "nothing has failed"),
        (2, string("session.id", "x"), "status Error without error.type"),
        (
            0,
            serde_json::json!({ "key": "gen_ai.request.choice.count", "value": { "intValue": "1" } }),
            "is 1",
        ),
        (
            0,
            serde_json::json!({ "key": "gen_ai.request.stream", "value": { "boolValue": false } }),
            "is false",
        ),
        (
            0,
            serde_json::json!({ "key": "agentotel.stream.chunk_count", "value": { "intValue": "1" } }),
            "stream",
        ),
        (
            0,
            serde_json::json!({ "key": "gen_ai.response.finish_reasons", "value": { "arrayValue": { "values": [{ "intValue": "1" }] } } }),
            "not a string[]",
        ),
    ] {
        let found = check(&span(3, status, &with(more)));
        assert!(found.iter().any(|what| what.contains(expected)), "{expected}: {found:?}");
    }
    let full = facts.check_span(&span(3, 0, &chat), Extent::Full, false);
    for expected in
        ["gen_ai.request.model is required", "gen_ai.request.top_k is recommended", "gen_ai.input.messages"]
    {
        assert!(full.iter().any(|what| what.contains(expected)), "{expected}: {full:?}");
    }
    let log = serde_json::json!({ "eventName": "gen_ai.evaluation.result", "attributes": [] });
    assert_eq!(
        facts.check_log(&log, Extent::AsFarAsKnown),
        ["log record gen_ai.evaluation.result: gen_ai.evaluation.name is required"]
    );
    let made_up = serde_json::json!({ "eventName": "made.up", "attributes": [] });
    assert_eq!(
        facts.check_log(&made_up, Extent::AsFarAsKnown),
        ["log record made.up: it is no event of the conventions"]
    );
}
