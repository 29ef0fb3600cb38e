//! The list of exporters: types, names, what comes from the environment, what is refused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::config::{
    Color, Compression, Console, ConsoleFormat, File, FileFormat, Host, Payload, Protocol, Rotate, Secret,
    Stream, Tls,
};
use crate::otlp::Signal;

fn exporters(list: &str) -> Config {
    config(&format!(r#"{{"exporters": {list}}}"#), &[])
}

fn refused(list: &str) -> String {
    error(&format!(r#"{{"exporters": {list}}}"#)).to_string()
}

fn names(list: &str) -> Vec<String> {
    exporters(list).exporters.into_iter().map(|exporter| exporter.name).collect()
}

#[test]
fn every_type_is_read_with_all_its_keys() {
    let config = exporters(
        r#"[
        {"type": "otlp", "name": "a", "signals": ["logs", "traces", "logs"], "timeout_ms": 1,
         "batch": {"max_bytes": 4096, "max_count": 1, "delay_ms": 0, "in_flight": 32},
         "retry": {"initial_ms": 1, "max_ms": 2, "max_age_s": 3, "max_attempts": 4294967295},
         "protocol": "http/protobuf", "endpoint": "https://h:1/", "headers": {"X-A": "b"}, "api_key": "k",
         "headers_file": "/h", "compression": "gzip", "proxy": "http://p:3128",
         "tls": {"ca_file": "/a", "cert_file": "/c", "key_file": "/k", "insecure_skip_verify": true}},
        {"type": "file", "path": "traces.jsonl", "signals": ["traces"]},
        {"type": "console", "stream": "stderr", "color": "never"}
    ]"#,
    );
    let [first, file, console] = config.exporters.as_slice() else { panic!("{config:?}") };
    assert_eq!((first.name.as_str(), first.timeout_ms), ("a", 1));
    assert_eq!(first.signals, [Signal::Logs, Signal::Traces]);
    assert_eq!((first.batch.max_bytes, first.batch.max_count), (4_096, 1));
    assert_eq!((first.batch.delay_ms, first.batch.in_flight), (0, 32));
    assert_eq!((first.retry.initial_ms, first.retry.max_ms), (1, 2));
    assert_eq!((first.retry.max_age_s, first.retry.max_attempts), (Some(3), Some(u32::MAX)));
    let otlp = otlp(&config, 0);
    for signal in Signal::ALL {
        let own = otlp.for_signal(signal);
        assert_eq!(own.endpoint, format!("https://h:1{}", signal.path()));
        let headers: Vec<_> = own.headers.iter().map(|(name, value)| (name, value.expose())).collect();
        assert_eq!(headers, [("x-a", "b"), ("authorization", "Bearer k")]);
        assert_eq!(own.headers_file.as_deref(), Some(Path::new("/h")));
        assert_eq!((own.protocol, own.compression), (Protocol::HttpProtobuf, Compression::Gzip));
        assert_eq!(own.proxy.https, Some(Secret::new("http://p:3128")));
        let file = |path: &str| Some(PathBuf::from(path));
        let tls = Tls {
            ca_file: file("/a"),
            cert_file: file("/c"),
            key_file: file("/k"),
            insecure_skip_verify: true,
        };
        assert_eq!(own.tls, tls);
    }
    assert!(otlp.endpoint_given);
    assert_eq!((file.name.as_str(), file.signals.as_slice()), ("file", [Signal::Traces].as_slice()));
    assert!(matches!(&file.kind, ExporterKind::File(file) if file.path.as_os_str() == "traces.jsonl"));
    let format = ConsoleFormat::Tree;
    let expected = Console { stream: Stream::Stderr, color: Color::Never, format };
    assert_eq!(console.kind, ExporterKind::Console(expected));
    assert_eq!((console.name.as_str(), console.timeout_ms), ("console", 10_000));
}

#[test]
fn console_defaults_to_standard_output_in_colours_if_it_is_a_terminal() {
    let console = Console { stream: Stream::Stdout, color: Color::Auto, format: ConsoleFormat::Tree };
    assert_eq!(exporters(r#"[{"type": "console"}]"#).exporters[0].kind, ExporterKind::Console(console));
}

#[test]
fn names_are_made_of_the_type_and_collide_with_none() {
    assert_eq!(
        names(r#"[{"type": "otlp"}, {"type": "otlp"}, {"type": "otlp"}]"#),
        ["otlp", "otlp-2", "otlp-3"]
    );
    assert_eq!(
        names(
            r#"[{"type": "otlp"}, {"type": "console", "name": "otlp"}, {"type": "otlp", "name": "otlp-2"}]"#
        ),
        ["otlp-3", "otlp", "otlp-2"]
    );
    assert_eq!(names(r#"[{"type": "otlp", "name": null}]"#), ["otlp"]);
}

#[test]
fn a_name_is_unique_and_fit_for_a_file_name() {
    let twice =
        refused(r#"[{"type": "otlp", "name": "a"}, {"type": "console"}, {"type": "console", "name": "a"}]"#);
    assert!(twice.contains("`exporters[2].name`: \"a\" is the name of another"), "{twice}");
    for name in ["", ".", "..", ".a", "a/b", "a b", "é", "a\\u0000", &"x".repeat(65)] {
        let message = refused(&format!(r#"[{{"type": "otlp", "name": "{name}"}}]"#));
        assert!(
            message.contains("`exporters[0].name`") && message.contains("accepted: 1 to 64 letters"),
            "{message}"
        );
    }
    assert_eq!(names(r#"[{"type": "otlp", "name": "A-1_b.c"}]"#), ["A-1_b.c"]);
}

#[test]
fn what_spans_keys_is_checked() {
    for (list, said) in [
        (
            r#"[{}]"#,
            "`exporters[0]`: no key `type`; accepted: one of \"otlp\", \"file\", \"console\", \"host\"",
        ),
        (r#"[{"type": "kafka"}]"#, "`exporters[0].type`: invalid value: string \"kafka\""),
        (r#"[{"type": 1}]"#, "`exporters[0].type`: invalid type: integer `1`, expected one of"),
        (r#"[{"type": "otlp"}, null]"#, "`exporters[1]`"),
        (r#"[{"type": "file"}]"#, "`exporters[0]`: missing field `path`"),
        (r#"[{"type": "file", "path": ""}]"#, "`exporters[0].path`"),
        (r#"[{"type": "file", "path": "a\u0000"}]"#, "`exporters[0].path`"),
        (
            r#"[{"type": "file", "path": "a"}, {"type": "file", "path": "a"}]"#,
            "is the file of exporter \"file\"",
        ),
        (
            r#"[{"type": "file", "path": "a", "format": "tree"}]"#,
            "`exporters[0].format`: \"tree\" is not accepted",
        ),
        (r#"[{"type": "file", "path": "a", "format": "my lines"}]"#, "`exporters[0].format`"),
        (r#"[{"type": "file", "path": "a", "format": ""}]"#, "`exporters[0].format`"),
        (r#"[{"type": "console", "format": "otlp_json"}]"#, "accepted: \"tree\", \"json\", or the name of"),
        (r#"[{"type": "host"}]"#, "`exporters[0]`: missing field `callback`"),
        (r#"[{"type": "host", "callback": "a b"}]"#, "`exporters[0].callback`: \"a b\" is not accepted"),
        (r#"[{"type": "host", "callback": "a", "payload": "xml"}]"#, "`exporters[0].payload`"),
        (
            r#"[{"type": "file", "path": "a"}, {"type": "file", "path": "a", "format": "x"}]"#,
            "is the file of exporter \"file\"",
        ),
        (
            r#"[{"type": "file", "path": "a"}, {"type": "file", "path": "a", "format": "otlp_proto"}]"#,
            "`exporters[1].path`",
        ),
        (
            r#"[{"type": "file", "path": "a", "format": "json"}]"#,
            "\"otlp_json\", \"otlp_proto\", or the name of",
        ),
        (r#"[{"type": "file", "path": "a", "rotate": {"max_bytes": 1}}]"#, "`exporters[0].rotate.max_bytes`"),
        (r#"[{"type": "file", "path": "a", "rotate": {"max_age_s": 0}}]"#, "`exporters[0].rotate.max_age_s`"),
        (r#"[{"type": "file", "path": "a", "rotate": {"keep": 2}}]"#, "`exporters[0].rotate.keep`"),
        (r#"[{"type": "file", "path": "a", "rotate": {"every": 2}}]"#, "`exporters[0].rotate.every`"),
        (r#"[{"type": "console", "stream": "stdin"}]"#, "`exporters[0].stream`"),
        (r#"[{"type": "otlp", "signals": []}]"#, "`exporters[0].signals`: [] is not accepted"),
        (r#"[{"type": "otlp", "signals": ["traces", "profiles"]}]"#, "`exporters[0].signals[1]`"),
        (r#"[{"type": "otlp", "batch": {"in_flight": 0}}]"#, "`exporters[0].batch.in_flight`"),
        (r#"[{"type": "otlp", "retry": {"max_attempts": 0}}]"#, "`exporters[0].retry.max_attempts`"),
        (
            r#"[{"type": "otlp", "retry": {"max_ms": 499}}]"#,
            "`exporters[0].retry.max_ms`: 499 is not accepted; accepted: at least",
        ),
        (r#"[{"type": "otlp", "timeout_ms": 0}]"#, "`exporters[0].timeout_ms`"),
        (
            r#"[{"type": "otlp", "protocol": "thrift"}]"#,
            "`exporters[0].protocol`: invalid value: string \"thrift\", expected one of \"http/protobuf\"",
        ),
        (r#"[{"type": "otlp", "compression": "lz4"}]"#, "expected one of \"none\", \"gzip\", \"zstd\""),
        (
            r#"[{"type": "otlp", "proxy": "socks5://h"}]"#,
            "`exporters[0].proxy`: the value, which is not shown",
        ),
        (r#"[{"type": "otlp", "headers_file": ""}]"#, "`exporters[0].headers_file`"),
        (r#"[{"type": "otlp", "headers_file": "a\u0000"}]"#, "`exporters[0].headers_file`: \"a\\0\""),
        (r#"[{"type": "otlp", "tls": []}]"#, "`exporters[0].tls`"),
        (r#"[{"type": "otlp", "tls": {"ca": "x"}}]"#, "`exporters[0].tls.ca`: unknown field"),
        (r#"[{"type": "otlp", "tls": {"cert_file": "x"}}]"#, "`exporters[0].tls.key_file`: not given"),
        (r#"[{"type": "otlp", "tls": {"key_file": "x"}}]"#, "`exporters[0].tls.cert_file`: not given"),
        (r#"[{"type": "otlp", "tls": {"ca_file": "a\u0000"}}]"#, "`exporters[0].tls.ca_file`"),
        (r#"[{"type": "otlp", "endpoint": "localhost:4318"}]"#, "`exporters[0].endpoint`"),
        (r#"[{"type": "console", "endpoint": "http://h"}]"#, "`exporters[0].endpoint`: unknown field"),
    ] {
        let message = refused(list);
        assert!(message.contains(said), "{list}: {message}");
    }
    let many = vec![r#"{"type": "console"}"#; 65].join(",");
    assert!(refused(&format!("[{many}]")).contains("`exporters`: 65 exporters; accepted: at most 64"));
}

#[test]
fn an_otlp_exporter_takes_from_the_environment_what_it_does_not_set() {
    let pairs = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://e"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/x"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=environment,x=y"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "l=m"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "7"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "8"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ("OTEL_BSP_SCHEDULE_DELAY", "9"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
    ];
    let json = r#"{"exporters": [
        {"type": "otlp"},
        {"type": "otlp", "endpoint": "http://own", "headers": {}, "timeout_ms": 1, "compression": "none",
         "batch": {"delay_ms": 2}},
        {"type": "otlp", "api_key": "key"},
        {"type": "console"}
    ]}"#;
    let config = config(json, &pairs);
    let header = |index: usize, signal, name: &str| {
        otlp(&config, index)
            .for_signal(signal)
            .headers
            .get(name)
            .map(|value: &Secret| value.expose().to_owned())
    };

    let bare = otlp(&config, 0);
    assert_eq!(bare.traces.endpoint, "http://e/v1/traces");
    assert_eq!(bare.logs.endpoint, "http://logs/x");
    assert_eq!(header(0, Signal::Traces, "x").as_deref(), Some("y"));
    assert_eq!((header(0, Signal::Logs, "x"), header(0, Signal::Logs, "l").as_deref()), (None, Some("m")));
    assert_eq!(bare.for_signal(Signal::Traces).compression, Compression::None);
    assert_eq!(bare.for_signal(Signal::Logs).compression, Compression::Gzip);
    assert_eq!(config.exporters[0].timeout_ms_for(Signal::Traces), 8);
    assert_eq!(config.exporters[0].timeout_ms_for(Signal::Logs), 7);
    assert_eq!((config.exporters[0].batch.delay_ms, config.exporters[0].batch.max_count), (9, 10));

    let own = otlp(&config, 1);
    assert_eq!(
        (own.traces.endpoint.as_str(), own.logs.endpoint.as_str()),
        ("http://own/v1/traces", "http://own/v1/logs")
    );
    for signal in [Signal::Traces, Signal::Logs] {
        assert!(
            own.for_signal(signal).headers.is_empty(),
            "an empty object keeps the environment's headers away"
        );
        assert_eq!(own.for_signal(signal).compression, Compression::None);
        assert_eq!(config.exporters[1].timeout_ms_for(signal), 1);
    }
    assert_eq!((config.exporters[1].batch.delay_ms, config.exporters[1].batch.max_count), (2, 10));

    for signal in [Signal::Traces, Signal::Logs, Signal::Metrics] {
        assert_eq!(header(2, signal, "authorization").as_deref(), Some("Bearer key"));
    }
    assert_eq!(header(2, Signal::Logs, "l").as_deref(), Some("m"));

    assert_eq!((config.exporters[3].timeout_ms, config.exporters[3].batch.delay_ms), (10_000, 9));
}

#[test]
fn formats_and_callbacks_are_names() {
    let config = exporters(
        r#"[{"type": "file", "path": "a"}, {"type": "file", "path": "b", "format": "lines"},
            {"type": "console", "format": "json"}, {"type": "console", "format": "lines"},
            {"type": "host", "callback": "h"}, {"type": "host", "callback": "h", "payload": "otlp_json"}]"#,
    );
    let formatters = config.exporters.iter().filter_map(|exporter| match &exporter.kind {
        ExporterKind::File(file) => Some(file.formatter.as_deref()),
        _ => None,
    });
    assert_eq!(formatters.collect::<Vec<_>>(), [None, Some("lines")]);
    let formats = config.exporters.iter().filter_map(|exporter| match &exporter.kind {
        ExporterKind::Console(console) => Some(console.format.clone()),
        _ => None,
    });
    assert_eq!(formats.collect::<Vec<_>>(), [ConsoleFormat::Json, ConsoleFormat::Formatter("lines".into())]);
    let host = |payload| ExporterKind::Host(Host { callback: "h".into(), payload });
    assert_eq!(config.exporters[4].kind, host(Payload::OtlpProto));
    assert_eq!(config.exporters[5].kind, host(Payload::OtlpJson));
    assert_eq!((config.exporters[4].name.as_str(), config.exporters[5].name.as_str()), ("host", "host-2"));
}

#[test]
fn one_more_exporter_is_read_like_one_of_the_list() {
    let others = exporters(r#"[{"type": "otlp"}, {"type": "file", "name": "f", "path": "a"}]"#).exporters;
    let pairs = [("OTEL_BSP_SCHEDULE_DELAY", "9"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://e")];
    let more = |json: &str| Config::resolve_exporter(json.as_bytes(), &environment(&pairs), &others);
    let exporter = more(r#"{"type": "otlp"}"#).unwrap();
    assert_eq!((exporter.name.as_str(), exporter.batch.delay_ms), ("otlp-2", 9));
    let ExporterKind::Otlp(otlp) = &exporter.kind else { panic!() };
    assert_eq!(otlp.traces.endpoint, "http://e/v1/traces");
    for (json, said) in [
        (r#"[{"type": "otlp"}]"#, "the document is not an object"),
        (r#"{"type": "otlp", "name": "f"}"#, "`exporter.name`: \"f\" is the name of another"),
        (r#"{"type": "otlp", "name": ".f"}"#, "`exporter.name`"),
        (r#"{"type": "file", "path": "a"}"#, "`exporter.path`: \"a\" is the file of exporter \"f\""),
        (r#"{"type": "otlp", "batch": {"in_flight": 0}}"#, "`exporter.batch.in_flight`"),
        (r#"{"name": "x"}"#, "`exporter`: no key `type`"),
        (r#"{"type": "otlp", "colour": 1}"#, "`exporter.colour`: unknown field"),
        ("{", "not accepted as JSON"),
    ] {
        let message = more(json).unwrap_err().to_string();
        assert!(message.contains(said), "{json}: {message}");
    }
    let many = vec![others[0].clone(); 64];
    let full = Config::resolve_exporter(br#"{"type": "console"}"#, &environment(&[]), &many).unwrap_err();
    assert!(full.to_string().contains("`exporter`: 64 exporters"), "{full}");
}

#[test]
fn a_file_has_a_format_and_may_be_rotated() {
    let config = exporters(
        r#"[{"type": "file", "path": "a"},
        {"type": "file", "path": "b", "format": "otlp_proto",
         "rotate": {"max_bytes": 4096, "max_age_s": 60, "keep": 3}}]"#,
    );
    let [plain, rotated] = config.exporters.as_slice() else { panic!("{config:?}") };
    let never = Rotate::default();
    let file = File { path: "a".into(), format: FileFormat::OtlpJson, formatter: None, rotate: never };
    assert_eq!(plain.kind, ExporterKind::File(file));
    let rotate = Rotate { max_bytes: Some(4096), max_age: Some(Duration::from_secs(60)), keep: Some(3) };
    let file = File { path: "b".into(), format: FileFormat::OtlpProto, formatter: None, rotate };
    assert_eq!(rotated.kind, ExporterKind::File(file));
}

#[test]
fn log_records_are_printed_by_an_exporter_of_their_own() {
    use crate::config::{ConsoleFormat, Stream};
    use crate::otlp::Signal;
    let printed = |json: &str| {
        let config = config(json, &[]);
        let printer = config.exporters.last().unwrap().clone();
        let ExporterKind::Console(console) = printer.kind else { panic!("{:?}", printer.kind) };
        (printer.name, printer.signals, console.format, console.stream)
    };
    assert_eq!(
        printed(r#"{"logs": {"console": "text", "min_severity": "warn2"}}"#),
        ("logs-console".to_owned(), vec![Signal::Logs], ConsoleFormat::LogText, Stream::Stdout)
    );
    assert_eq!(
        printed(
            r#"{"exporters": [{"type": "console", "name": "logs-console"}],
                "logs": {"console": "json", "console_stream": "stderr"}}"#
        ),
        ("logs-console-2".to_owned(), vec![Signal::Logs], ConsoleFormat::LogJson, Stream::Stderr)
    );
    assert_eq!(config(r#"{"logs": {"console": null}}"#, &[]).exporters.len(), 1);
    let none = config(r#"{"exporters": [], "logs": {"console": "text"}}"#, &[]);
    assert_eq!(none.exporters.len(), 1);
}
