//! What is refused, and what the message says: the path, the value, what is accepted, and never a secret.

use super::*;
use crate::config::Origin;

/// A document and what its error must say, in this order.
pub(super) fn refused(json: &str, said: &[&str]) {
    let message = error(json).to_string();
    let mut rest = message.as_str();
    for part in said {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => panic!("{json}: {message:?} does not say {part:?} (in this place)"),
        }
    }
    assert!(!message.contains("hunter2"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    assert!(message.len() < 4_000, "{} bytes", message.len());
}

#[test]
fn an_unknown_key_is_named_beside_those_that_are_known() {
    refused(r#"{"storge": {}}"#, &["configuration: `storge`: ", "`service`", "`exporters`", "`diagnostics`"]);
    refused(r#"{"queue": {"size": 1}}"#, &["`queue.size`", "`max_bytes`", "`shards`"]);
    refused(r#"{"storage": {"path": "/x"}}"#, &["`storage.path`", "`directory`", "`namespace`"]);
    refused(
        r#"{"exporters": [{"type": "otlp", "batch": {"bytes": 1}}]}"#,
        &["`exporters[0].batch.bytes`", "`max_bytes`", "`in_flight`"],
    );
    refused(
        r#"{"exporters": [{"type": "file", "path": "x", "rolling": {}}]}"#,
        &["`exporters[0].rolling`", "`path`"],
    );
    refused(r#"{"sampler": {"type": "always_on", "rate": 1}}"#, &["`sampler.rate`", "`type`", "`ratio`"]);
}

#[test]
fn a_storage_that_cannot_work_is_refused_and_says_what_could() {
    refused(r#"{"storage": {"directory": "here"}}"#, &["`storage.directory`", "here", "an absolute path"]);
    refused(r#"{"storage": {"directory": ""}}"#, &["`storage.directory`"]);
    refused(
        r#"{"storage": {"directory": "/x", "max_bytes": 1048576}, "queue": {"shards": 1}}"#,
        &["`storage.max_bytes`", "1048576", "at least 16777216"],
    );
    refused(r#"{"storage": {"sync": "sometimes"}}"#, &["`storage.sync`", "\"always\""]);
}

#[test]
fn a_wrong_type_is_named_with_its_path_and_value() {
    refused(r#"{"queue": []}"#, &["`queue`", "sequence", "an object"]);
    refused(r#"{"queue": [262144]}"#, &["`queue`", "sequence", "an object"]);
    refused(
        r#"{"exporters": [{"type": "otlp", "retry": []}]}"#,
        &["`exporters[0].retry`", "sequence", "an object"],
    );
    refused(r#"{"exporters": [["otlp"]]}"#, &["`exporters[0]`", "an object with `type`"]);
    refused(r#"{"sampler": ["always_on"]}"#, &["`sampler`", "sequence", "an object with `type`"]);
    refused(r#"{"queue": null}"#, &["`queue`", "null", "an object"]);
    refused(
        r#"{"queue": {"max_bytes": "1 GB"}}"#,
        &["`queue.max_bytes`", "\"1 GB\"", "a whole number from 262144 to "],
    );
    refused(r#"{"queue": {"max_bytes": null}}"#, &["`queue.max_bytes`", "null", "whole number"]);
    refused(r#"{"queue": {"block_ms": 1.5}}"#, &["`queue.block_ms`", "1.5", "whole number"]);
    refused(r#"{"queue": {"overflow": 3}}"#, &["`queue.overflow`", "3", "drop_newest"]);
    refused(r#"{"service": {"name": 7}}"#, &["`service.name`", "7", "a string that is not empty"]);
    refused(
        r#"{"resource": {"host_environment": "no"}}"#,
        &["`resource.host_environment`", "\"no\"", "boolean"],
    );
    refused(r#"{"resource": {"detectors": "os"}}"#, &["`resource.detectors`", "\"os\"", "sequence"]);
    refused(r#"{"sampler": 1}"#, &["`sampler`", "1", "always_on", "object"]);
    refused(r#"{"exporters": {}}"#, &["`exporters`", "map", "sequence"]);
    refused(r#"{"exporters": ["otlp"]}"#, &["`exporters[0]`", "an object with `type`", "\"otlp\""]);
}

#[test]
fn a_value_out_of_range_is_named_with_the_range() {
    for (json, path, value, accepted) in [
        (r#"{"queue": {"max_bytes": 262143}}"#, "queue.max_bytes", "262143", "from 262144 to 68719476736"),
        (r#"{"queue": {"segment_bytes": 65535}}"#, "queue.segment_bytes", "65535", "from 65536 to 67108864"),
        (
            r#"{"queue": {"segment_bytes": 67108865}}"#,
            "queue.segment_bytes",
            "67108865",
            "from 65536 to 67108864",
        ),
        (r#"{"queue": {"segment_bytes": 65537}}"#, "queue.segment_bytes", "65537", "a multiple of 8"),
        (r#"{"queue": {"segment_bytes": 67108864}}"#, "queue.max_bytes", "67108864", "at least 268435456"),
        (r#"{"queue": {"shards": 0}}"#, "queue.shards", "0", "from 1 to 256"),
        (r#"{"queue": {"shards": 5}}"#, "queue.shards", "5", "1 to 4"),
        (r#"{"queue": {"block_ms": -1}}"#, "queue.block_ms", "-1", "from 0 to 600000"),
        (
            r#"{"queue": {"overflow": "drop"}}"#,
            "queue.overflow",
            "drop",
            "one of \"drop_newest\", \"drop_oldest\", \"block\"",
        ),
        (r#"{"limits": {"attributes": 1e999}}"#, "", "", "number out of range"),
        (
            r#"{"limits": {"attributes": 18446744073709551616}}"#,
            "limits.attributes",
            "1.8446744073709552e",
            "from 0 to",
        ),
        (
            r#"{"limits": {"attributes": -9223372036854775809}}"#,
            "limits.attributes",
            "-9.22337203685477",
            "from 0 to",
        ),
        (r#"{"limits": {"event_bytes": 100}}"#, "limits.event_bytes", "100", "from 4096 to 16777216"),
        (r#"{"live": {"max_events": 0}}"#, "live.max_events", "0", "from 1 to 1048576"),
        (r#"{"live": {"interval_ms": 0}}"#, "live.interval_ms", "0", "from 10 to 3600000"),
        (r#"{"live": {"export": "metrics"}}"#, "live.export", "metrics", "\"off\", \"logs\", \"spans\""),
        (r#"{"flush_at_exit_ms": 600001}"#, "flush_at_exit_ms", "600001", "from 0 to 600000"),
        (r#"{"logs": {"console": "tree"}}"#, "logs.console", "tree", "\"text\", \"json\""),
        (r#"{"logs": {"min_severity": "loud"}}"#, "logs.min_severity", "loud", "\"trace\", \"trace2\""),
        (
            r#"{"diagnostics": {"level": "loud"}}"#,
            "diagnostics.level",
            "loud",
            "\"off\", \"error\", \"warn\"",
        ),
        (
            r#"{"resource": {"detectors": ["os", "gpu"]}}"#,
            "resource.detectors[1]",
            "gpu",
            "one of \"service\"",
        ),
        (r#"{"sampler": "sometimes"}"#, "sampler", "sometimes", "one of \"always_on\""),
        (r#"{"sampler": {"type": "often"}}"#, "sampler.type", "often", "one of \"always_on\""),
        (r#"{"sampler": {"type": "rate"}}"#, "sampler.per_second", "missing", "a number"),
        (r#"{"sampler": {"type": "rate", "per_second": -1}}"#, "sampler.per_second", "-1", "from 0 to"),
        (r#"{"sampler": {"type": "rate", "per_second": "9"}}"#, "sampler.per_second", "9", "a number"),
        (r#"{"sampler": {"type": "host", "per_second": 9}}"#, "sampler.per_second", "", "\"rate\" as `type`"),
        (r#"{"sampler": {"type": "host"}}"#, "sampler.name", "missing", "1 to 64 letters"),
        (r#"{"sampler": {"type": "host", "name": ".x"}}"#, "sampler.name", "not accepted", "1 to 64 letters"),
        (r#"{"sampler": {"type": "rate", "per_second": 1, "name": "x"}}"#, "sampler.name", "", "\"host\" as"),
        (
            r#"{"sampler": {"type": "always_on", "parent_based": true}}"#,
            "sampler.parent_based",
            "",
            "\"rate\"",
        ),
        (r#"{"event_filter": {}}"#, "event_filter", "map", "sequence"),
        (r#"{"event_filter": [{"kind": "tool"}, {}]}"#, "event_filter[1]", "every event", "`kind`"),
        (r#"{"event_filter": [{"kind": "tools"}]}"#, "event_filter[0].kind", "tools", "\"tool\""),
        (r#"{"event_filter": [{"name": ""}]}"#, "event_filter[0].name", "", "not empty"),
        (r#"{"event_filter": [{"tool": "x"}]}"#, "event_filter[0].tool", "", "`kind`"),
        (r#"{"tail_sampling": []}"#, "tail_sampling", "sequence", "an object or null"),
        (r#"{"tail_sampling": {"ratio": 2}}"#, "tail_sampling.ratio", "2", "from 0 to 1"),
        (r#"{"tail_sampling": {"max_bytes": 1}}"#, "tail_sampling.max_bytes", "1", "from 65536 to"),
        (r#"{"tail_sampling": {"keep": ["errors"]}}"#, "tail_sampling.keep[0]", "errors", "\"error\""),
        (r#"{"tail_sampling": {"keep": [{}]}}"#, "tail_sampling.keep[0]", "", "exactly one of"),
        (
            r#"{"tail_sampling": {"keep": ["error", {"tag": "a", "cost_above": 1}]}}"#,
            "tail_sampling.keep[1]",
            "",
            "exactly one of",
        ),
        (
            r#"{"tail_sampling": {"keep": [{"slower": 1}]}}"#,
            "tail_sampling.keep[0].slower",
            "",
            "`slower_than_ms`",
        ),
        (
            r#"{"tail_sampling": {"keep": [{"cost_above": -0.5}]}}"#,
            "tail_sampling.keep[0].cost_above",
            "-0.5",
            "from 0 to",
        ),
        (r#"{"sampler": {"type": "traceidratio", "ratio": 1.01}}"#, "sampler.ratio", "1.01", "from 0 to 1"),
        (r#"{"sampler": {"type": "traceidratio", "ratio": -1}}"#, "sampler.ratio", "-1", "from 0 to 1"),
        (r#"{"sampler": {"type": "traceidratio", "ratio": 2}}"#, "sampler.ratio", "2", "from 0 to 1"),
        (r#"{"sampler": {"type": "always_on", "ratio": 0.5}}"#, "sampler.ratio", "0.5", "no `ratio`"),
        (r#"{"sampler": {"ratio": 0.5}}"#, "sampler", "", "missing field `type`"),
        (r#"{"service": {"name": ""}}"#, "service.name", "", "a string that is not empty"),
        (
            r#"{"resource": {"attributes": {"service.name": 1}}}"#,
            "resource.attributes[\"service.name\"]",
            "1",
            "a string",
        ),
        (
            r#"{"resource": {"attributes": {"": 1}}}"#,
            "resource.attributes[\"\"]",
            "",
            "a key that is not empty",
        ),
    ] {
        let path = if path.is_empty() { String::new() } else { format!("configuration: `{path}`: ") };
        refused(json, &[&path, value, accepted]);
    }
}

#[test]
fn attribute_values_are_of_one_kind() {
    for value in [
        "null",
        "{}",
        "[null]",
        "[1, \"a\"]",
        "[[1]]",
        "[true, 1]",
        "9223372036854775808",
        "[9223372036854775808]",
    ] {
        let json = format!(r#"{{"resource": {{"attributes": {{"a.b": {value}}}}}}}"#);
        refused(&json, &["`resource.attributes[\"a.b\"]`", "expected a string"]);
    }
}

#[test]
fn text_that_is_not_one_json_object_is_refused() {
    for json in [
        "",
        " ",
        "{",
        "}",
        "{}{}",
        "{} x",
        "nul",
        "{\"queue\": NaN}",
        "{\"queue\": Infinity}",
        "{'queue': {}}",
        "{\"queue\": {},}",
        "// comment\n{}",
        "{\"a\": \"\u{1}\"}",
        "{\"a\": \"\\ud800\"}",
        "\u{feff}{}",
    ] {
        refused(json, &["configuration: not accepted as JSON: ", "line "]);
    }
    for json in ["[]", "null", "1", "\"text\""] {
        refused(json, &["configuration: not accepted as JSON: the document is not an object"]);
    }
}

#[test]
fn a_key_given_twice_is_refused() {
    refused(
        r#"{"queue": {"shards": 1, "shards": 1}}"#,
        &["not accepted as JSON", "\"shards\"", "twice", "line 1"],
    );
}

#[test]
fn hostile_text_ends_in_an_error() {
    for nest in ["[", "{\"a\":"] {
        for prefix in ["", "{\"resource\": {\"attributes\": {\"a\": "] {
            refused(
                &format!("{prefix}{}", nest.repeat(200_000)),
                &["not accepted as JSON", "recursion limit"],
            );
        }
    }
    let resolve = |text: &[u8]| Config::resolve(Some(text), &Environment::default()).unwrap_err();
    assert_eq!(
        resolve(b"{\"service\": \"\xff\"}"),
        ConfigError::NotUtf8 { origin: Origin::Argument, offset: 13 }
    );
    let long = vec![b' '; 1_048_577];
    let (bytes, limit) = (1_048_577, 1_048_576);
    assert_eq!(resolve(&long), ConfigError::TooLarge { origin: Origin::Argument, bytes, limit });
    refused(
        &format!(r#"{{"queue": {{"overflow": "{}"}}}}"#, "é".repeat(400_000)),
        &["`queue.overflow`", "\"block\""],
    );
    refused(&format!(r#"{{"{}": 1}}"#, "k".repeat(1_000_000)), &["kkk", "unknown field", "`diagnostics`"]);
    refused(r#"{"bad\n\u001b[31mkey": 1}"#, &["\\n", "unknown field"]);
    refused(&format!(r#"{{"limits": {{"links": 1{}}}}}"#, "0".repeat(300)), &["`limits.links`", "from 0 to"]);
    refused(&format!(r#"{{"limits": {{"links": {}}}}}"#, "9".repeat(100_000)), &["number out of range"]);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RUSR).unwrap();
    for file in [path("absent"), path("pipe"), path(""), "/dev/zero".to_owned()] {
        let variables = environment(&[("AGENTOTEL_CONFIG_FILE", &file)]);
        let error = Config::resolve(None, &variables).unwrap_err();
        assert!(matches!(error, ConfigError::File { .. }), "{error}");
        let message = error.to_string();
        assert!(message.starts_with("AGENTOTEL_CONFIG_FILE: ") && message.contains(&file), "{message}");
    }
}

#[test]
fn an_error_in_a_file_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("agent.json");
    let path = file.to_str().unwrap();
    for (text, said) in [
        ("{".to_owned(), "not accepted as JSON"),
        (r#"{"queue": {"shards": "x"}}"#.to_owned(), "`queue.shards`"),
        (r#"{"exporters": [{"type": "smoke"}]}"#.to_owned(), "`exporters[0].type`"),
        (" ".repeat(1_048_577), "accepted: at most 1048576 bytes"),
    ] {
        std::fs::write(&file, text).unwrap();
        // What the argument says instead does not make the file right.
        let argument: &[u8] = br#"{"queue": {"shards": 1}, "exporters": []}"#;
        let error =
            Config::resolve(Some(argument), &environment(&[("AGENTOTEL_CONFIG_FILE", path)])).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with(&format!("configuration file {path:?}: ")), "{message}");
        assert!(message.contains(said), "{message}");
    }
}
