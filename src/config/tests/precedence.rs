//! Which source wins, and what stands when none says anything.

use super::*;
use crate::config::{
    Batch, Compression, Detector, Diagnostics, KeepRule, Level, Limits, Live, LiveExport, Overflow, Protocol,
    Retry, RootSampler, SamplerConfig,
};
use crate::otlp::Signal;
use crate::otlp::log::Severity;

#[test]
fn without_any_source_the_defaults_hold() {
    let config = defaults();
    assert!(config.service.name.starts_with("unknown_service:agentotel"), "{}", config.service.name);
    assert_eq!((&config.service.version, &config.service.instance_id), (&None, &None));
    assert_eq!(config.resource.attributes, []);
    assert!(config.resource.host_environment);
    use Detector::{Host, Os, Process, Sdk, Service};
    assert_eq!(config.resource.detectors, [Service, Sdk, Process, Host, Os]);
    assert_eq!(config.sampler, SamplerConfig { root: RootSampler::AlwaysOn, parent_based: true });
    let limits =
        Limits { attributes: 128, value_bytes: None, events: 128, links: 128, event_bytes: 1_048_576 };
    assert_eq!(config.limits, limits);
    assert_eq!((config.queue.max_bytes, config.queue.segment_bytes), (67_108_864, 4_194_304));
    assert_eq!((config.queue.overflow, config.queue.block_ms), (Overflow::DropNewest, 1_000));
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(config.queue.shards, cores.min(4), "16 segments are 4 shards of 4");
    let live = Live {
        max_events: 65_536,
        enabled: true,
        export: LiveExport::Off,
        interval_ms: 5_000,
        min_age_ms: 2_000,
        stall_after_ms: 300_000,
    };
    assert_eq!(config.live, live);
    assert_eq!((config.flush_at_exit_ms, config.disabled), (2_000, false));
    assert_eq!(config.diagnostics, Diagnostics { level: Level::Warn });
    assert_eq!(config.logs.min_severity, Severity::TRACE);

    assert_eq!(config.exporters.len(), 1);
    let exporter = &config.exporters[0];
    assert_eq!(exporter.name, "otlp");
    assert_eq!(exporter.signals, [Signal::Traces, Signal::Logs, Signal::Metrics]);
    assert_eq!(exporter.timeout_ms, 10_000);
    let batch = Batch { max_bytes: 524_288, max_count: 4_096, delay_ms: 1_000, in_flight: 2 };
    assert_eq!(exporter.batch, batch);
    let retry = Retry { initial_ms: 500, max_ms: 30_000, max_age_s: None, max_attempts: None };
    assert_eq!(exporter.retry, retry);
    let otlp = otlp(&config, 0);
    assert_eq!(otlp.traces.endpoint, "http://localhost:4318/v1/traces");
    assert_eq!(otlp.logs.endpoint, "http://localhost:4318/v1/logs");
    assert_eq!((otlp.traces.protocol, otlp.traces.compression), (Protocol::HttpProtobuf, Compression::None));
    assert!(otlp.traces.headers.is_empty() && !otlp.endpoint_given);
}

#[test]
fn an_empty_document_changes_nothing() {
    assert_eq!(config("{}", &[]), defaults());
    assert_eq!(config(r#"{"queue": {}, "limits": {}, "service": {}}"#, &[]), defaults());
    assert_eq!(config(r#"{"$schema": "config.schema.json"}"#, &[]), defaults());
}

#[test]
fn later_sources_win_key_by_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("agentotel.json");
    let text = r#"{
        "service": {"version": "file", "namespace": "file"},
        "resource": {"attributes": {"b": "file", "c": "file"}},
        "limits": {"events": 20, "links": 20},
        "queue": {"block_ms": 20, "overflow": "block"},
        "exporters": [{"type": "console"}]
    }"#;
    std::fs::write(&file, text).unwrap();
    let argument = r#"{
        "service": {"namespace": "argument"},
        "resource": {"attributes": {"c": "argument"}},
        "limits": {"links": 30},
        "queue": {"block_ms": 30}
    }"#;
    let variables = [
        ("AGENTOTEL_CONFIG_FILE", file.to_str().unwrap()),
        ("OTEL_SERVICE_NAME", "environment"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.version=environment,a=environment,b=environment,c=environment"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "10"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "10"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "10"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
    ];
    let config = config(argument, &variables);
    assert_eq!(config.service.name, "environment");
    assert_eq!(config.service.version.as_deref(), Some("file"));
    assert_eq!(config.service.namespace.as_deref(), Some("argument"));
    let attributes: Vec<String> =
        config.resource.attributes.iter().map(|pair| format!("{}={}", pair.key, pair.value)).collect();
    assert_eq!(attributes, ["a=environment", "b=file", "c=argument"]);
    assert_eq!((config.limits.attributes, config.limits.events, config.limits.links), (10, 20, 30));
    assert_eq!((config.queue.block_ms, config.queue.overflow), (30, Overflow::Block));
    assert!(matches!(config.exporters[0].kind, ExporterKind::Console(_)), "the list wins over the variable");
    assert_eq!(config.exporters.len(), 1);
}

#[test]
fn lists_and_samplers_are_taken_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("agentotel.json");
    let text = r#"{"sampler": {"type": "traceidratio", "ratio": 0.5}, 
                   "exporters": [{"type": "console"}, {"type": "otlp"}],
                   "resource": {"detectors": ["os"]}}"#;
    std::fs::write(&file, text).unwrap();
    let variables = [("AGENTOTEL_CONFIG_FILE", file.to_str().unwrap())];
    let from_file = config("{}", &variables);
    assert_eq!(
        from_file.sampler,
        SamplerConfig { root: RootSampler::TraceIdRatio(0.5), parent_based: false }
    );
    assert_eq!(from_file.exporters.len(), 2);
    let argument = r#"{"sampler": {"type": "always_off"}, "exporters": [],
                       "resource": {"detectors": ["sdk"]}}"#;
    let both = config(argument, &variables);
    assert_eq!(both.sampler, SamplerConfig { root: RootSampler::AlwaysOff, parent_based: false });
    assert_eq!((both.exporters.len(), both.resource.detectors), (0, vec![Detector::Sdk]));
}

#[test]
fn null_takes_back_what_an_earlier_source_set() {
    let variables =
        [("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"), ("OTEL_RESOURCE_ATTRIBUTES", "service.version=1")];
    assert_eq!(config("{}", &variables).limits.value_bytes, Some(100));
    let config = config(r#"{"limits": {"value_bytes": null}, "service": {"version": null}}"#, &variables);
    assert_eq!((config.limits.value_bytes, config.service.version), (None, None));
}

#[test]
fn disabled_wins_over_everything() {
    for word in ["true", "TRUE", " True "] {
        let variables = [("OTEL_SDK_DISABLED", word), ("OTEL_SERVICE_NAME", "agent")];
        let config = config(r#"{"queue": {"block_ms": 7}}"#, &variables);
        assert!(config.disabled);
        assert_eq!((config.service.name.as_str(), config.queue.block_ms), ("agent", 7));
    }
    assert!(!config("{}", &[("OTEL_SDK_DISABLED", "false")]).disabled);
}

#[test]
fn what_is_disabled_keeps_nothing_and_sends_nothing_whatever_is_configured() {
    let json = r#"{ "sampler": "always_on", "tail_sampling": {}, "storage": { "directory": "/var/lib/agent" },
        "live": { "export": "logs" }, "logs": { "console": "text" }, "exporters": [{ "type": "otlp" }, { "type": "console" }] }"#;
    let config = config(json, &[("OTEL_SDK_DISABLED", "true")]);
    assert_eq!((config.sampler.root, config.sampler.parent_based), (RootSampler::AlwaysOff, false));
    assert_eq!((config.exporters.len(), config.storage, config.tail_sampling), (0, None, None));
    assert!(!config.live.enabled && !config.metrics.enabled);
    assert!(!config.metrics.from_events && !config.metrics.about_self);
}

#[test]
fn what_is_disabled_does_not_fail() {
    for (json, said) in
        [("{", "not accepted as JSON"), (r#"{"x": 1}"#, "`x`"), (r#"{"queue": {"shards": 9}}"#, "shards")]
    {
        let resolved = resolve(json, &[("OTEL_SDK_DISABLED", "true")]);
        assert!(resolved.config.disabled);
        assert_eq!(resolved.warnings.len(), 1);
        assert!(resolved.warnings[0].contains(said), "{:?}", resolved.warnings);
    }
    let file = [("OTEL_SDK_DISABLED", "true"), ("AGENTOTEL_CONFIG_FILE", "/nonexistent/agentotel.json")];
    assert!(resolve("{}", &file).config.disabled);
}

#[test]
fn samplers_have_a_short_and_a_long_form() {
    use RootSampler::{AlwaysOff, AlwaysOn, TraceIdRatio};
    for (name, root, parent_based) in [
        ("always_on", AlwaysOn, false),
        ("always_off", AlwaysOff, false),
        ("traceidratio", TraceIdRatio(1.0), false),
        ("parentbased_always_on", AlwaysOn, true),
        ("parentbased_always_off", AlwaysOff, true),
        ("parentbased_traceidratio", TraceIdRatio(1.0), true),
    ] {
        let expected = SamplerConfig { root, parent_based };
        assert_eq!(config(&format!(r#"{{"sampler": "{name}"}}"#), &[]).sampler, expected);
        assert_eq!(config(&format!(r#"{{"sampler": {{"type": "{name}"}}}}"#), &[]).sampler, expected);
    }
    for (ratio, expected) in [("0", 0.0), ("1", 1.0), ("0.25", 0.25), ("1e-3", 0.001)] {
        let json = format!(r#"{{"sampler": {{"type": "parentbased_traceidratio", "ratio": {ratio}}}}}"#);
        let expected = SamplerConfig { root: TraceIdRatio(expected), parent_based: true };
        assert_eq!(config(&json, &[]).sampler, expected);
    }
}

#[test]
fn shards_fit_the_queue() {
    let shards = |json: &str| config(json, &[]).queue.shards;
    assert_eq!(shards(r#"{"queue": {"max_bytes": 262144, "segment_bytes": 65536}}"#), 1);
    assert_eq!(shards(r#"{"queue": {"max_bytes": 16777216, "segment_bytes": 4194304}}"#), 1);
    assert_eq!(shards(r#"{"queue": {"shards": 4}}"#), 4);
    assert_eq!(shards(r#"{"queue": {"shards": 256, "segment_bytes": 65536}}"#), 256);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(shards(r#"{"queue": {"segment_bytes": 65536}}"#), cores.min(16));
}

#[test]
fn an_event_takes_at_most_a_quarter_of_a_segment() {
    let event_bytes = |json: &str| config(json, &[]).limits.event_bytes;
    assert_eq!(event_bytes(r#"{"queue": {"segment_bytes": 65536}}"#), 16_384);
    assert_eq!(event_bytes(r#"{"limits": {"event_bytes": 16777216}}"#), 1_048_576);
    assert_eq!(event_bytes(r#"{"limits": {"event_bytes": 4096}}"#), 4_096);
}

#[test]
fn samplers_beyond_those_of_opentelemetry_follow_a_parent_unless_told_otherwise() {
    let sampler = |json: &str| config(&format!(r#"{{"sampler": {json}}}"#), &[]).sampler;
    let rate = |rate, parent_based| SamplerConfig { root: RootSampler::Rate(rate), parent_based };
    assert_eq!(sampler(r#"{"type": "rate", "per_second": 100}"#), rate(100.0, true));
    assert_eq!(sampler(r#"{"type": "rate", "per_second": 0.5, "parent_based": false}"#), rate(0.5, false));
    let host = |parent_based| SamplerConfig { root: RootSampler::Host("mine".to_owned()), parent_based };
    assert_eq!(sampler(r#"{"type": "host", "name": "mine"}"#), host(true));
    assert_eq!(sampler(r#"{"type": "host", "name": "mine", "parent_based": false}"#), host(false));
}

#[test]
fn tail_sampling_is_off_until_asked_for_and_holds_half_of_the_queue_at_most() {
    assert_eq!(config("{}", &[]).tail_sampling, None);
    assert_eq!(config(r#"{"tail_sampling": null}"#, &[]).tail_sampling, None);
    let usual = config(r#"{"tail_sampling": {}}"#, &[]).tail_sampling.unwrap();
    assert_eq!((usual.keep, usual.ratio, usual.max_bytes), (vec![KeepRule::Error], 0.0, 33_554_432));
    let given = config(
        r#"{"tail_sampling": {"keep": ["error", {"slower_than_ms": 30000}, {"cost_above": 0.5}, {"tag": "vip"}],
            "ratio": 0.05, "max_bytes": 33554432},
            "queue": {"max_bytes": 1048576, "segment_bytes": 65536}}"#,
        &[],
    );
    let rules = [
        KeepRule::Error,
        KeepRule::SlowerThanMs(30_000),
        KeepRule::CostAbove(0.5),
        KeepRule::Tag("vip".to_owned()),
    ];
    let tail = given.tail_sampling.unwrap();
    assert_eq!((tail.keep.as_slice(), tail.ratio, tail.max_bytes), (&rules[..], 0.05, 524_288));
    let stored = config(
        r#"{"tail_sampling": {"max_bytes": 68719476736}, "storage": {"directory": "/x", "max_bytes": 536870912}}"#,
        &[],
    );
    assert_eq!(stored.tail_sampling.unwrap().max_bytes, 268_435_456);
}
