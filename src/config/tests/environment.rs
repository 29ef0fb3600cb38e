//! Every variable, what it sets, and what becomes of values that are not accepted.

use super::*;
use crate::config::{
    Compression, Level, OtlpSignal, Propagator, Protocol, Proxy, RootSampler, Secret, Temporality, Tls,
};
use crate::otlp::Signal;

/// A variable, a value that is accepted and what it does, and values that are not accepted.
type Case = (&'static str, &'static str, fn(&Config) -> bool, &'static [&'static str]);

const NUMBERS: &[&str] = &["x", "-1", "1.5", "2147483648", "99999999999999999999", "NaN", "1 2"];
const TIMES: &[&str] = &["x", "-1", "0", "10s", "3600001"];
const URLS: &[&str] = &["hunter2", "ftp://hunter2", "http://", "http://user:hunter2@host"];
const WORDS: &[&str] = &["hunter3", "0"];
const PROXIES: &[&str] = &["socks5://hunter2", "https://hunter2", "http://", "http://u:hunter2@h h"];

/// The proxies of the first exporter's traces, for `http` and `https`.
fn proxies(config: &Config) -> [Option<&str>; 2] {
    let proxy = &first(config).traces.proxy;
    [&proxy.http, &proxy.https].map(|url| url.as_ref().map(Secret::expose))
}

fn first(config: &Config) -> &Otlp {
    otlp(config, 0)
}

fn header<'a>(config: &'a Config, signal: Signal, name: &str) -> Option<&'a str> {
    first(config).for_signal(signal).headers.get(name).map(Secret::expose)
}

fn endpoint(config: &Config, signal: Signal) -> &str {
    &first(config).for_signal(signal).endpoint
}

/// What every signal has, in the order of their numbers.
fn each<T>(config: &Config, of: impl Fn(&OtlpSignal) -> T) -> [T; 3] {
    Signal::ALL.map(|signal| of(first(config).for_signal(signal)))
}

fn file(path: &str) -> Option<std::path::PathBuf> {
    Some(path.into())
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
    ("OTEL_PROPAGATORS", " B3, baggage,b3", |config| config.propagators == [Propagator::B3, Propagator::Baggage],
        &["xray", "ottrace"]),
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
            && config.exporters[1].signals == [Signal::Logs, Signal::Metrics]
    }, &["zipkin", "file"]),
    ("OTEL_LOGS_EXPORTER", "none",
        |config| config.exporters.len() == 1 && config.exporters[0].signals == [Signal::Traces, Signal::Metrics],
        &["prometheus"]),
    ("OTEL_METRICS_EXPORTER", "none",
        |config| config.exporters.len() == 1 && config.exporters[0].signals == [Signal::Traces, Signal::Logs],
        &["prometheus"]),
    ("OTEL_METRIC_EXPORT_INTERVAL", "500", |config| config.metrics.interval_ms == 500, &["0", "x", "1e3"]),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta",
        |config| config.metrics.temporality == Temporality::Delta, WORDS),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/json",
        |config| each(config, |otlp| otlp.protocol) == [Protocol::HttpJson; 3], WORDS),
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc", |config| {
        each(config, |otlp| otlp.protocol) == [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpProtobuf]
            && endpoint(config, Signal::Traces) == "http://localhost:4317"
    }, WORDS),
    ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc", |config| {
        each(config, |otlp| otlp.protocol) == [Protocol::HttpProtobuf, Protocol::Grpc, Protocol::HttpProtobuf]
            && endpoint(config, Signal::Logs) == "http://localhost:4317"
    }, WORDS),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc", |config| {
        each(config, |otlp| otlp.protocol) == [Protocol::HttpProtobuf, Protocol::HttpProtobuf, Protocol::Grpc]
            && endpoint(config, Signal::Metrics) == "http://localhost:4317"
    }, WORDS),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://h/x/", |config| {
        each(config, |otlp| otlp.endpoint.clone()) == ["https://h/x/v1/traces", "https://h/x/v1/logs", "https://h/x/v1/metrics"]
            && first(config).endpoint_given
    }, URLS),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://h/x/?a=b", |config| {
        endpoint(config, Signal::Traces) == "https://h/x/?a=b"
            && endpoint(config, Signal::Logs) == "http://localhost:4318/v1/logs"
    }, URLS),
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://h/x/?a=b", |config| {
        endpoint(config, Signal::Logs) == "https://h/x/?a=b"
            && endpoint(config, Signal::Metrics) == "http://localhost:4318/v1/metrics"
    }, URLS),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://h/x/?a=b", |config| {
        endpoint(config, Signal::Metrics) == "https://h/x/?a=b"
            && endpoint(config, Signal::Traces) == "http://localhost:4318/v1/traces"
    }, URLS),
    ("OTEL_EXPORTER_OTLP_HEADERS", "Api-Key=a%20b,x=y", |config| {
        header(config, Signal::Traces, "api-key") == Some("a b")
            && header(config, Signal::Logs, "x") == Some("y")
    }, &["hunter2", "a b=hunter2", "host=hunter2", "x=hunter2%0d%0a", "x="]),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x=y", |config| {
        header(config, Signal::Traces, "x") == Some("y") && header(config, Signal::Logs, "x").is_none()
    }, &["hunter2"]),
    ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x=y", |config| {
        header(config, Signal::Logs, "x") == Some("y") && header(config, Signal::Metrics, "x").is_none()
    }, &["hunter2"]),
    ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x=y", |config| {
        header(config, Signal::Metrics, "x") == Some("y") && header(config, Signal::Traces, "x").is_none()
    }, &["hunter2"]),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "5",
        |config| config.exporters[0].timeout_ms_for(Signal::Traces) == 5, TIMES),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "5", |config| {
        let exporter = &config.exporters[0];
        exporter.timeout_ms_for(Signal::Traces) == 5 && exporter.timeout_ms_for(Signal::Logs) == 10_000
    }, TIMES),
    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "5", |config| {
        let exporter = &config.exporters[0];
        exporter.timeout_ms_for(Signal::Logs) == 5 && exporter.timeout_ms_for(Signal::Metrics) == 10_000
    }, TIMES),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "5", |config| {
        let exporter = &config.exporters[0];
        exporter.timeout_ms_for(Signal::Metrics) == 5 && exporter.timeout_ms_for(Signal::Traces) == 10_000
    }, TIMES),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "GZIP",
        |config| each(config, |otlp| otlp.compression) == [Compression::Gzip; 3], &["lz4", "x"]),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd",
        |config| each(config, |otlp| otlp.compression) == [Compression::Zstd, Compression::None, Compression::None], WORDS),
    ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "zstd",
        |config| each(config, |otlp| otlp.compression) == [Compression::None, Compression::Zstd, Compression::None], WORDS),
    ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zstd",
        |config| each(config, |otlp| otlp.compression) == [Compression::None, Compression::None, Compression::Zstd], WORDS),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca",
        |config| each(config, |otlp| otlp.tls.ca_file.clone()) == [file("/ca"), file("/ca"), file("/ca")], &[]),
    ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/ca",
        |config| each(config, |otlp| otlp.tls.ca_file.clone()) == [file("/ca"), None, None], &[]),
    ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", "/ca",
        |config| each(config, |otlp| otlp.tls.ca_file.clone()) == [None, file("/ca"), None], &[]),
    ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "/ca",
        |config| each(config, |otlp| otlp.tls.ca_file.clone()) == [None, None, file("/ca")], &[]),
    ("HTTP_PROXY", "p:1", |config| proxies(config) == [Some("http://p:1"), None], PROXIES),
    ("http_proxy", "p:1", |config| proxies(config) == [Some("http://p:1"), None], PROXIES),
    ("HTTPS_PROXY", "p:1", |config| proxies(config) == [None, Some("http://p:1")], PROXIES),
    ("https_proxy", "p:1", |config| proxies(config) == [None, Some("http://p:1")], PROXIES),
    ("ALL_PROXY", "p:1", |config| proxies(config) == [Some("http://p:1"); 2], PROXIES),
    ("all_proxy", "p:1", |config| proxies(config) == [Some("http://p:1"); 2], PROXIES),
    ("OTEL_LOG_LEVEL", "DEBUG", |config| config.diagnostics.level == Level::Debug, WORDS),
];

/// Variables whose effect shows in another test, since it is not that of one variable alone.
const ELSEWHERE: &[&str] = &[
    "AGENTOTEL_CONFIG_FILE",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
    "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
    "OTEL_EXPORTER_OTLP_METRICS_INSECURE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
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
            assert_eq!(resolved.config, defaults(), "{name}={value}");
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
fn the_end_point_of_grpc_may_be_a_host_and_a_port() {
    let grpc = |pairs: &[(&str, &str)]| {
        let resolved = resolve(r#"{"exporters":[{"type":"otlp","protocol":"grpc"}]}"#, pairs);
        (each(&resolved.config, |otlp| otlp.endpoint.clone()), resolved.warnings)
    };
    let common = ("OTEL_EXPORTER_OTLP_ENDPOINT", "h:1");
    assert_eq!(grpc(&[common]), (["https://h:1"; 3].map(String::from), vec![]));
    let insecure = ("OTEL_EXPORTER_OTLP_INSECURE", "TRUE");
    assert_eq!(grpc(&[common, insecure]), (["http://h:1"; 3].map(String::from), vec![]));
    for (index, signal) in ["TRACES", "LOGS", "METRICS"].into_iter().enumerate() {
        let name = format!("OTEL_EXPORTER_OTLP_{signal}_INSECURE");
        let mut expected = ["http://h:1"; 3];
        expected[index] = "https://h:1";
        let own = (name.as_str(), "false");
        assert_eq!(grpc(&[common, insecure, own]), (expected.map(String::from), vec![]));
        let (endpoints, warnings) = grpc(&[common, (name.as_str(), "yes")]);
        assert_eq!(endpoints, ["https://h:1"; 3]);
        assert!(warnings.len() == 1 && warnings[0].starts_with(&name), "{warnings:?}");
    }
    // Says nothing about a URL, nor to HTTP.
    assert_eq!(grpc(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://h:1/x"), insecure]).0, ["https://h:1"; 3]);
    let http = resolve("{}", &[common, ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "l:1")]);
    assert_eq!(http.config, defaults());
    assert_eq!(http.warnings.len(), 2, "{:?}", http.warnings);
    assert!(http.warnings.iter().all(|warning| warning.ends_with("; passed over")), "{:?}", http.warnings);
}

#[test]
fn a_clients_certificate_and_key_go_together() {
    let tls = |pairs: &[(&str, &str)]| {
        let resolved = resolve("{}", pairs);
        (each(&resolved.config, |otlp| otlp.tls.clone()), resolved.warnings)
    };
    let (cert, key) = ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY");
    let of = |cert: &str, key: &str| Tls { cert_file: file(cert), key_file: file(key), ..Tls::default() };
    assert_eq!(tls(&[(cert, "/c"), (key, "/k")]), ([of("/c", "/k"), of("/c", "/k"), of("/c", "/k")], vec![]));
    for (index, signal) in ["TRACES", "LOGS", "METRICS"].into_iter().enumerate() {
        let own = [cert, key].map(|name| name.replace("OTLP_", &format!("OTLP_{signal}_")));
        let mut expected = [of("/c", "/k"), of("/c", "/k"), of("/c", "/k")];
        expected[index] = of("/own-c", "/own-k");
        let pairs = [(cert, "/c"), (key, "/k"), (own[0].as_str(), "/own-c"), (own[1].as_str(), "/own-k")];
        assert_eq!(tls(&pairs), (expected, vec![]));
        for (alone, missing) in [(&own[0], &own[1]), (&own[1], &own[0])] {
            let (settled, warnings) = tls(&[(alone.as_str(), "/x")]);
            assert_eq!(settled, [Tls::default(), Tls::default(), Tls::default()]);
            let said = format!("{alone} is not accepted alone; accepted: with {missing}; passed over");
            assert_eq!(warnings, [said]);
        }
    }
    let (settled, warnings) = tls(&[(key, "/k")]);
    assert_eq!((settled[0].clone(), warnings.len()), (Tls::default(), 1));
}

#[test]
fn a_proxy_of_the_environment_can_be_kept_away() {
    let pairs = [
        ("HTTP_PROXY", "http://u:hunter2@p"),
        ("NO_PROXY", "a, b"),
        ("https_proxy", "s:1"),
        ("no_proxy", "c"),
    ];
    let resolved = config(
        r#"{"exporters":[{"type":"otlp"},{"type":"otlp","proxy":"none"},
        {"type":"otlp","proxy":"http://own"},{"type":"otlp","proxy":"environment"}]}"#,
        &pairs,
    );
    assert_eq!(proxies(&resolved), [Some("http://u:hunter2@p"), Some("http://s:1")]);
    assert_eq!(otlp(&resolved, 0).traces.proxy.no, "a, b");
    assert_eq!(otlp(&resolved, 1).traces.proxy, Proxy::default());
    assert_eq!(otlp(&resolved, 2).traces.proxy.http, Some(Secret::new("http://own")));
    assert_eq!(otlp(&resolved, 3).traces.proxy, otlp(&resolved, 0).traces.proxy);
    assert!(!format!("{resolved:?}").contains("hunter2"));
    let lower = config("{}", &[("all_proxy", "p:1"), ("no_proxy", "c")]);
    assert_eq!(first(&lower).logs.proxy.no, "c");
    let cgi = config("{}", &[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil:1"), ("HTTPS_PROXY", "s:1")]);
    assert_eq!(proxies(&cgi), [None, Some("http://s:1")]);
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
        let metrics = ("OTEL_METRICS_EXPORTER", "none");
        let resolved =
            resolve("{}", &[("OTEL_TRACES_EXPORTER", traces), ("OTEL_LOGS_EXPORTER", logs), metrics]);
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
    let all = config("{}", &[("OTEL_METRICS_EXPORTER", "console")]).exporters;
    let all: Vec<_> = all.into_iter().map(|exporter| (exporter.name, exporter.signals)).collect();
    assert_eq!(all, vec![named("otlp", &both), named("console", &[Signal::Metrics])]);
}

#[test]
fn a_process_with_raised_rights_ignores_where_to_send_and_what_to_read() {
    let withheld: Vec<&str> = Environment::variables()
        .map(|(name, _)| name)
        .filter(|name| Environment::is_withheld(name))
        .collect();
    const POWERS: [&str; 7] = ["ENDPOINT", "HEADERS", "FILE", "CERTIFICATE", "KEY", "INSECURE", "PROXY"];
    let carries_power = |name: &&str| POWERS.iter().any(|power| name.to_ascii_uppercase().ends_with(power));
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
        assert_eq!(first(&open.config).traces.endpoint, "http://child/v1/traces");
        assert_eq!(open.warnings, ["OTEL_TRACES_SAMPLER: not valid UTF-8; passed over"]);
        let secure = Config::resolve(None, &Environment::from_process(true)).unwrap();
        assert_eq!(secure.config.service.name, "child");
        assert_eq!(first(&secure.config).traces.endpoint, "http://localhost:4318/v1/traces");
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
