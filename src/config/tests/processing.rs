//! What is done with events, and how contexts are passed on.

use opentelemetry::KeyValue;

use super::errors::refused;
use super::*;
use crate::config::{Processor, Propagator};

#[test]
fn the_w3cs_formats_are_the_default_and_others_come_in_their_order() {
    assert_eq!(defaults().propagators, [Propagator::TraceContext, Propagator::Baggage]);
    let all = r#"{"propagators": ["jaeger", "b3multi", "b3", "tracecontext", "baggage", "b3"]}"#;
    let expected = [
        Propagator::Jaeger,
        Propagator::B3Multi,
        Propagator::B3,
        Propagator::TraceContext,
        Propagator::Baggage,
    ];
    assert_eq!(config(all, &[]).propagators, expected);
    for nothing in [r#"{"propagators": []}"#, r#"{"propagators": ["none"]}"#] {
        assert_eq!(config(nothing, &[]).propagators, []);
    }
    refused(r#"{"propagators": ["w3c"]}"#, &["`propagators[0]`", "w3c", "\"tracecontext\"", "\"none\""]);
    refused(r#"{"propagators": ["none", "b3"]}"#, &["`propagators`", "`none` alone"]);
}

#[test]
fn none_in_the_environment_stands_alone_and_what_is_unknown_is_passed_over() {
    let resolved = |text: &str| {
        let environment = Environment::from_pairs([("OTEL_PROPAGATORS", text)], false);
        Config::resolve(None, &environment).unwrap()
    };
    assert_eq!((resolved("none").config.propagators, resolved("none").warnings.len()), (vec![], 0));
    for (text, expected) in [("b3,xray", Propagator::B3), ("none,b3", Propagator::B3)] {
        let resolved = resolved(text);
        assert_eq!(resolved.config.propagators, [expected]);
        assert!(resolved.warnings[0].contains("OTEL_PROPAGATORS"), "{:?}", resolved.warnings);
    }
}

#[test]
fn steps_may_be_left_out_and_not_exchanged() {
    assert_eq!(defaults().processors, [Processor::Inject, Processor::Redact, Processor::Limit]);
    assert_eq!(config(r#"{"processors": ["limit"]}"#, &[]).processors, [Processor::Limit]);
    assert_eq!(config(r#"{"processors": []}"#, &[]).processors, []);
    refused(r#"{"processors": ["limit", "inject"]}"#, &["`processors`", "`inject`, `redact`, `limit`"]);
    refused(r#"{"processors": ["limit", "limit"]}"#, &["`processors`", "at most once"]);
    refused(r#"{"processors": ["sort"]}"#, &["`processors[0]`", "sort", "\"inject\", \"redact\", \"limit\""]);
}

#[test]
fn what_is_injected_is_read_and_checked() {
    let inject = config(
        r#"{"inject": {"attributes": {"team": "a", "tier": 1}, "by_kind": {"llm": {"gpu": true}},
            "baggage": ["tenant"], "host": "mine"}}"#,
        &[],
    )
    .inject;
    assert_eq!(inject.attributes, [KeyValue::new("team", "a"), KeyValue::new("tier", 1)]);
    assert_eq!(inject.by_kind["llm"], [KeyValue::new("gpu", true)]);
    assert_eq!((inject.baggage, inject.host), (vec!["tenant".to_owned()], Some("mine".to_owned())));

    refused(r#"{"inject": {"attribute": {}}}"#, &["`inject.attribute`", "`attributes`", "`by_kind`"]);
    refused(
        r#"{"inject": {"attributes": {"a": {}}}}"#,
        &["`inject.attributes.a`", "a string, true or false"],
    );
    refused(r#"{"inject": {"attributes": {"": 1}}}"#, &["`inject.attributes[\"\"]`", "not empty"]);
    refused(r#"{"inject": {"attributes": {"session.id": 1}}}"#, &["session.id", "not `session.id`"]);
    refused(r#"{"inject": {"by_kind": {"lm": {}}}}"#, &["`inject.by_kind.lm`", "`session`", "`llm`"]);
    refused(r#"{"inject": {"by_kind": {"llm": {"": 1}}}}"#, &["`inject.by_kind.llm[\"\"]`", "not empty"]);
    refused(r#"{"inject": {"baggage": [""]}}"#, &["`inject.baggage[0]`", "not empty"]);
    refused(r#"{"inject": {"host": "a b"}}"#, &["`inject.host`", "a b", "1 to 64 letters"]);
    let many: Vec<_> = (0..60).map(|n| format!("\"k{n}\": {n}")).collect();
    let five = "{\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 1, \"e\": 1}";
    refused(
        &format!(r#"{{"inject": {{"attributes": {{{}}}, "by_kind": {{"tool": {five}}}}}}}"#, many.join(",")),
        &["`inject.by_kind.tool`", "65", "at most 64"],
    );
}

#[test]
fn rules_of_redaction_are_read_and_a_wrong_one_is_named_without_its_pattern() {
    let rules = r#"{"redact": {"detectors": ["email", "card", "ipv4", "ipv6", "api_keys"],
                     "rules": [{"pattern": "(a)b", "replace": "$1"}, {"pattern": "hunter2"}]}}"#;
    let redact = config(rules, &[]).redact;
    assert_eq!((redact.detectors.len(), redact.rules.len()), (5, 2));
    assert_eq!((redact.rules[0].replace.as_str(), redact.rules[1].replace.as_str()), ("$1", ""));
    assert!(!format!("{redact:?}").contains("hunter2"), "{redact:?}");

    refused(r#"{"redact": {"detectors": ["phone"]}}"#, &["`redact.detectors[0]`", "phone", "\"api_keys\""]);
    refused(r#"{"redact": {"rules": [{"replace": "x"}]}}"#, &["`redact.rules[0]`", "`pattern`"]);
    refused(r#"{"redact": {"rules": [{"pattern": ""}]}}"#, &["`redact.rules[0].pattern`", "not empty"]);
    refused(
        r#"{"redact": {"rules": [{"pattern": "a"}, {"pattern": "a(", "replace": "x"}]}}"#,
        &["`redact.rules[1].pattern`", "unclosed group", "accepted: "],
    );
    refused(r#"{"redact": {"rules": [{"pattern": "a*"}]}}"#, &["`redact.rules[0].pattern`", "empty text"]);
    refused(
        r#"{"redact": {"rules": [{"pattern": "a", "replace": "$1"}]}}"#,
        &["`redact.rules[0].replace`", "no group \"1\""],
    );
    let many = vec![r#"{"pattern": "a"}"#; 65].join(",");
    refused(&format!(r#"{{"redact": {{"rules": [{many}]}}}}"#), &["`redact.rules`", "65", "at most 64"]);
    refused(
        r#"{"processors": ["inject", "limit"], "redact": {"detectors": ["email"]}}"#,
        &["`processors`", "`redact`"],
    );
    let message = Config::resolve(
        Some(br#"{"redact": {"rules": [{"pattern": "hunter2(", "replace": ""}]}}"#),
        &Environment::default(),
    );
    assert!(!message.unwrap_err().to_string().contains("hunter2"));
}
