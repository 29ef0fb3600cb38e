//! Every variable, what it sets, and what becomes of values that are not accepted.

use super::*;
use crate::config::{Compression, Level, RootSampler, Secret};
use crate::otlp::Signal;

/// A variable, a value that is accepted and what it does, and values that are not accepted.
type Case = (&'static str, &'static str, fn(&Config) -> bool, &'static [&'static str]);

const NUMBERS: &[&str] = &["x", "-1", "1.5", "2147483648", "99999999999999999999", "NaN", "1 2"];
const TIMES: &[&str] = &["x", "-1", "0", "10s", "3600001"];
const URLS: &[&str] = &["hunter2", "ftp://hunter2", "http://", "http://user:hunter2@host"];
const WORDS: &[&str] = &["hunter3", "0"];

fn first(config: &Config) -> &Otlp {
    otlp(config, 0)
}

fn header<'a>(config: &'a Config, signal: Signal, name: &str) -> Option<&'a str> {
    first(config).headers_for(signal).get(name).map(Secret::expose)
}

fn has_attribute(config: &Config, key: &str, value: &str) -> bool {
    config.resource.attributes.iter().any(|pair| pair.key.as_str() == key && pair.value.as_str() == value)
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("OTEL_SDK_DISABLED", "True", |config| config.disabled, &["yes", "1"]),
    ("OTEL_SERVICE_NAME", " agent ", |config| config.service.name == "agent", &[]),
    ("OTEL_RESOURCE_ATTRIBUTES", "k=a%2Cb, service.name=s%20t ,,x=1=2", |config| {
        config.service.name == "s t" && has_attribute(config, "k", "a,b") && has_attribute(config, "x", "1=2")
            && config.resource.attributes.len() == 2
    }, &["k", "=v", "a=b,k=%zz", "a=b,k=%ff", "a=b,k"]),
    ("OTEL_TRACES_SAMPLER", "Parentbased_Always_OFF",
        |config| config.sampler.root == RootSampler::AlwaysOff && config.sampler.parent_based,
        &["jaeger_remote", "x"]),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7", |config| config.limits.attributes == 7, NUMBERS),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT", "7", |config| config.limits.attributes == 7, NUMBERS),
    ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "0", |config| config.limits.value_bytes == Some(0), NUMBERS),
    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9", |config| config.limits.value_bytes == Some(9), NUMBERS),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", "2147483647", |config| config.limits.events == 2_147_483_647, NUMBERS),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", "0", |config| config.limits.links == 0, NUMBERS),
    ("OTEL_BSP_SCHEDULE_DELAY", "0", |config| config.exporters[0].batch.delay_ms == 0,
        &["-1", "x", "3600001"]),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5", |config| config.exporters[0].batch.max_count == 5,
        &["0", "x", "1000001"]),
    ("OTEL_TRACES_EXPORTER", "Console", |config| {
        matches!(config.exporters[0].kind, ExporterKind::Console(_))
            && config.exporters[0].signals == [Signal::Traces]
            && config.exporters[1].signals == [Signal::Logs]
    }, &["zipkin", "file"]),
    ("OTEL_LOGS_EXPORTER", "none",
        |config| config.exporters.len() == 1 && config.exporters[0].signals == [Signal::Traces],
        &["prometheus"]),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://h/x/", |config| {
        first(config).traces_endpoint == "https://h/x/v1/traces"
            && first(config).logs_endpoint == "https://h/x/v1/logs"
            && first(config).endpoint_given
    }, URLS),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://h/x/", |config| {
        first(config).traces_endpoint == "https://h/x/"
            && first(config).logs_endpoint == "http://localhost:4318/v1/logs"
    }, URLS),
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://h/x/?a=b", |config| {
        first(config).logs_endpoint == "https://h/x/?a=b"
            && first(config).traces_endpoint == "http://localhost:4318/v1/traces"
    }, URLS),
    ("OTEL_EXPORTER_OTLP_HEADERS", "Api-Key=a%20b,x=y", |config| {
        header(config, Signal::Traces, "api-key") == Some("a b")
            && header(config, Signal::Logs, "x") == Some("y")
    }, &["hunter2", "a b=hunter2", "host=hunter2", "x=hunter2%0d%0a", "x="]),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x=y", |config| {
        header(config, Signal::Traces, "x") == Some("y") && header(config, Signal::Logs, "x").is_none()
    }, &["hunter2"]),
    ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x=y", |config| {
        header(config, Signal::Logs, "x") == Some("y") && header(config, Signal::Traces, "x").is_none()
    }, &["hunter2"]),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "5",
        |config| config.exporters[0].timeout_ms_for(Signal::Traces) == 5, TIMES),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "5", |config| {
        let exporter = &config.exporters[0];
        exporter.timeout_ms_for(Signal::Traces) == 5 && exporter.timeout_ms_for(Signal::Logs) == 10_000
    }, TIMES),
    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "5", |config| {
        let exporter = &config.exporters[0];
        exporter.timeout_ms_for(Signal::Logs) == 5 && exporter.timeout_ms_for(Signal::Traces) == 10_000
    }, TIMES),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "GZIP",
        |config| first(config).compression_for(Signal::Logs) == Compression::Gzip, &["zstd", "x"]),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip", |config| {
        first(config).compression_for(Signal::Traces) == Compression::Gzip
            && first(config).compression_for(Signal::Logs) == Compression::None
    }, WORDS),
    ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip", |config| {
        first(config).compression_for(Signal::Logs) == Compression::Gzip
            && first(config).compression_for(Signal::Traces) == Compression::None
    }, WORDS),
    ("OTEL_LOG_LEVEL", "DEBUG", |config| config.diagnostics.level == Level::Debug, WORDS),
];

/// Variables whose effect shows in another test, since it is not that of one variable alone.
const ELSEWHERE: &[&str] = &[
    "AGENTOTEL_CONFIG_FILE",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
];

#[test]
fn every_variable_is_tried() {
    let mut read: Vec<&str> = Environment::variables().map(|(name, _)| name).collect();
    let mut tried: Vec<&str> = CASES.iter().map(|case| case.0).chain(ELSEWHERE.iter().copied()).collect();
    read.sort_unstable();
    tried.sort_unstable();
    assert_eq!(tried, read);
}

#[test]
fn every_variable_sets_what_it_says() {
    for (name, value, holds, _) in CASES {
        assert!(!holds(&defaults()), "{name}: this test would see nothing");
        assert!(holds(&config("{}", &[(name, value)])), "{name}={value}");
    }
}

#[test]
fn an_empty_variable_is_not_set() {
    for (name, _) in Environment::variables() {
        for empty in ["", "  "] {
            assert_eq!(config("{}", &[(name, empty)]), defaults(), "{name}");
        }
    }
}

#[test]
fn a_value_that_is_not_accepted_is_a_warning_and_the_default_stays() {
    for (name, _, _, refused) in CASES {
        for value in *refused {
            let resolved = resolve("{}", &[(name, value)]);
            let mut config = resolved.config;
            if let [exporter] = config.exporters.as_mut_slice() {
                // A list of headers without a good one is an empty list, which is the default.
                if let ExporterKind::Otlp(otlp) = &mut exporter.kind {
                    for headers in [&mut otlp.traces_headers, &mut otlp.logs_headers] {
                        if headers.as_ref().is_some_and(|headers| headers.is_empty()) {
                            *headers = None;
                        }
                    }
                }
            }
            assert_eq!(config, defaults(), "{name}={value}");
            assert_eq!(resolved.warnings.len(), 1, "{name}={value}: {:?}", resolved.warnings);
            let warning = &resolved.warnings[0];
            assert!(warning.starts_with(&format!("{name}: ")), "{warning}");
            assert!(warning.contains("accepted: ") && warning.ends_with("; passed over"), "{warning}");
            assert!(!warning.contains("hunter2"), "{warning}");
        }
    }
}

#[test]
fn the_sampler_takes_its_argument_if_it_is_a_ratio() {
    let sampler = |name, argument| {
        let resolved = resolve("{}", &[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument)]);
        (resolved.config.sampler.root, resolved.config.sampler.parent_based, resolved.warnings.len())
    };
    assert_eq!(sampler("traceidratio", "0.25"), (RootSampler::TraceIdRatio(0.25), false, 0));
    assert_eq!(sampler("ParentBased_TraceIdRatio", "0"), (RootSampler::TraceIdRatio(0.0), true, 0));
    assert_eq!(sampler("traceidratio", ""), (RootSampler::TraceIdRatio(1.0), false, 0));
    for refused in ["2", "-0.1", "NaN", "inf", "x"] {
        assert_eq!(sampler("traceidratio", refused), (RootSampler::TraceIdRatio(1.0), false, 1), "{refused}");
    }
    assert_eq!(sampler("always_on", "whatever"), (RootSampler::AlwaysOn, false, 0));
    assert_eq!(config("{}", &[("OTEL_TRACES_SAMPLER_ARG", "0.5")]), defaults());
}

#[test]
fn a_protocol_that_this_build_does_not_have_is_said() {
    for name in ELSEWHERE.iter().filter(|name| name.ends_with("PROTOCOL")) {
        assert_eq!(config("{}", &[(name, "HTTP/protobuf")]), defaults());
        for protocol in ["grpc", "http/json"] {
            let resolved = resolve("{}", &[(name, protocol)]);
            assert_eq!(resolved.config, defaults());
            let said =
                format!("{name}: \"{protocol}\" is not accepted; accepted: \"http/protobuf\"; passed over");
            assert_eq!(resolved.warnings, [said]);
        }
    }
}

#[test]
fn the_variable_for_spans_goes_before_the_common_one() {
    let limit = |span, common| {
        let pairs = [("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", span), ("OTEL_ATTRIBUTE_COUNT_LIMIT", common)];
        resolve("{}", &pairs).config.limits.attributes
    };
    assert_eq!((limit("1", "2"), limit("", "2"), limit("x", "2"), limit("1", "x")), (1, 2, 2, 1));
}

#[test]
fn the_service_name_goes_before_the_attribute() {
    let pairs = [("OTEL_RESOURCE_ATTRIBUTES", "service.name=a"), ("OTEL_SERVICE_NAME", "b")];
    assert_eq!(config("{}", &pairs).service.name, "b");
    let empty = [("OTEL_RESOURCE_ATTRIBUTES", "service.name=,service.version=,k=")];
    let config = config("{}", &empty);
    assert_eq!(config.service, defaults().service);
    assert!(has_attribute(&config, "k", ""));
}

#[test]
fn exporters_can_be_named_in_lists() {
    let exporters = |traces, logs| {
        let resolved = resolve("{}", &[("OTEL_TRACES_EXPORTER", traces), ("OTEL_LOGS_EXPORTER", logs)]);
        let exporters: Vec<_> =
            resolved.config.exporters.into_iter().map(|exporter| (exporter.name, exporter.signals)).collect();
        (exporters, resolved.warnings.len())
    };
    let named = |name: &str, signals: &[Signal]| (name.to_owned(), signals.to_vec());
    let both = [Signal::Traces, Signal::Logs];
    let traces = [Signal::Traces];
    let logs = [Signal::Logs];
    assert_eq!(exporters("otlp,console", "otlp"), (vec![named("otlp", &both), named("console", &traces)], 0));
    assert_eq!(exporters("console, CONSOLE,", "console"), (vec![named("console", &both)], 0));
    assert_eq!(exporters("none", "none"), (vec![], 0));
    assert_eq!(exporters("none", ""), (vec![named("otlp", &logs)], 0));
    assert_eq!(exporters("otlp,zipkin", "none"), (vec![named("otlp", &traces)], 1));
    assert_eq!(exporters("zipkin", "none"), (vec![named("otlp", &traces)], 1));
}

#[test]
fn a_process_with_raised_rights_ignores_where_to_send_and_what_to_read() {
    let withheld: Vec<&str> = Environment::variables()
        .map(|(name, _)| name)
        .filter(|name| Environment::is_withheld(name))
        .collect();
    let carries_power =
        |name: &&str| name.ends_with("ENDPOINT") || name.ends_with("HEADERS") || name.ends_with("FILE");
    assert!(withheld.iter().all(carries_power));
    assert_eq!(withheld.len(), Environment::variables().filter(|(name, _)| carries_power(name)).count());

    let pairs = withheld.iter().map(|name| (*name, "http://hunter2/x=y"));
    let environment = Environment::from_pairs(pairs.chain([("OTEL_SERVICE_NAME", "agent")]), true);
    let resolved = Config::resolve(None, &environment).unwrap();
    assert_eq!(resolved.config.service.name, "agent");
    assert_eq!(resolved.config.exporters, defaults().exporters);
    assert_eq!(resolved.warnings.len(), withheld.len());
    assert!(
        resolved
            .warnings
            .iter()
            .all(|warning| warning.contains("more rights") && !warning.contains("hunter2"))
    );
}

/// Runs this very test again in a process of its own, whose environment can be set without a race.
#[test]
fn the_environment_of_the_process_is_what_is_read() {
    const CHILD: &str = "AGENTOTEL_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let open = Config::resolve(None, &Environment::from_process(false)).unwrap();
        assert_eq!(open.config.service.name, "child");
        assert_eq!(first(&open.config).traces_endpoint, "http://child/v1/traces");
        assert_eq!(open.warnings, ["OTEL_TRACES_SAMPLER: not valid UTF-8; passed over"]);
        let secure = Config::resolve(None, &Environment::from_process(true)).unwrap();
        assert_eq!(secure.config.service.name, "child");
        assert_eq!(first(&secure.config).traces_endpoint, "http://localhost:4318/v1/traces");
        assert_eq!(secure.warnings.len(), 2, "{:?}", secure.warnings);
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "config::tests::environment::the_environment_of_the_process_is_what_is_read"]);
    child.env_clear().env(CHILD, "1").env("OTEL_SERVICE_NAME", "child");
    child.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://child").env("HOME", "/");
    let not_text: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
    child.env("OTEL_TRACES_SAMPLER", not_text);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}{output:?}");
}

#[test]
fn the_debug_form_of_the_environment_has_names_only() {
    let pairs = [("OTEL_EXPORTER_OTLP_HEADERS", "x=hunter2"), ("HOME", "/root")];
    assert_eq!(format!("{:?}", environment(&pairs)), r#"Environment(["OTEL_EXPORTER_OTLP_HEADERS"])"#);
}
