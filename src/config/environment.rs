//! The environment as the configuration sees it: a snapshot of the variables that are listed here, and of no
//! others. It is taken once, since the C library lets another thread change the environment at any time. A
//! process that runs with more rights than its caller (`AT_SECURE`: setuid, file capabilities) must not be
//! told by that caller where to send, what to send along, or which file to read: those variables are withheld
//! then, and that is said.

use std::collections::BTreeMap;

/// A variable that is read.
struct Variable {
    name: &'static str,
    /// What it sets, for the reference.
    sets: &'static str,
    /// Whether it is ignored in a process with raised rights.
    withheld: bool,
}

const fn open(name: &'static str, sets: &'static str) -> Variable {
    Variable { name, sets, withheld: false }
}

const fn withheld(name: &'static str, sets: &'static str) -> Variable {
    Variable { name, sets, withheld: true }
}

/// Every variable that is read.
#[rustfmt::skip]
const VARIABLES: &[Variable] = &[
    open("OTEL_SDK_DISABLED", "`true` turns everything off, whatever else is configured"),
    withheld("AGENTOTEL_CONFIG_FILE", "path of a JSON document, which wins over the other variables"),
    open("OTEL_SERVICE_NAME", "`service.name`"),
    open("OTEL_RESOURCE_ATTRIBUTES", "`resource.attributes`, and what is in `service`; percent-encoded"),
    open("OTEL_TRACES_SAMPLER", "`sampler`"),
    open("OTEL_TRACES_SAMPLER_ARG", "`sampler.ratio`, for the ratio samplers"),
    open("OTEL_PROPAGATORS", "`propagators`, as a list: `tracecontext`, `baggage`, `b3`, `b3multi`, `jaeger`, `none`"),
    open("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "`limits.attributes`"),
    open("OTEL_ATTRIBUTE_COUNT_LIMIT", "`limits.attributes`, unless the variable for spans does"),
    open("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "`limits.value_bytes`; counts bytes, not characters"),
    open("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "`limits.value_bytes`, unless the variable for spans does"),
    open("OTEL_SPAN_EVENT_COUNT_LIMIT", "`limits.events`"),
    open("OTEL_SPAN_LINK_COUNT_LIMIT", "`limits.links`"),
    open("OTEL_BSP_SCHEDULE_DELAY", "`batch.delay_ms` of every exporter"),
    open("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "`batch.max_count` of every exporter"),
    open("OTEL_TRACES_EXPORTER", "who exports traces: `otlp`, `console`, `none`, or a list"),
    open("OTEL_LOGS_EXPORTER", "who exports logs, likewise"),
    open("OTEL_METRICS_EXPORTER", "who exports metrics, likewise"),
    open("OTEL_METRIC_EXPORT_INTERVAL", "`metrics.interval_ms`"),
    open("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "`metrics.temporality`"),
    open("OTEL_EXPORTER_OTLP_PROTOCOL", "`protocol`"),
    open("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "`protocol` for traces"),
    open("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "`protocol` for logs"),
    open("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "`protocol` for metrics"),
    withheld("OTEL_EXPORTER_OTLP_ENDPOINT", "`endpoint`; the signal's path is appended, for gRPC it may be `host:port`"),
    withheld("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "the URL for traces, used as it is"),
    withheld("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "the URL for logs, used as it is"),
    withheld("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "the URL for metrics, used as it is"),
    withheld("OTEL_EXPORTER_OTLP_INSECURE", "`true`: no TLS for gRPC where the end point is `host:port`"),
    withheld("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "the same for traces"),
    withheld("OTEL_EXPORTER_OTLP_LOGS_INSECURE", "the same for logs"),
    withheld("OTEL_EXPORTER_OTLP_METRICS_INSECURE", "the same for metrics"),
    withheld("OTEL_EXPORTER_OTLP_HEADERS", "`headers`, as `name=value,name=value`, percent-encoded"),
    withheld("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "the headers for traces, in place of the common ones"),
    withheld("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "the headers for logs, in place of the common ones"),
    withheld("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "the headers for metrics, in place of the common ones"),
    open("OTEL_EXPORTER_OTLP_TIMEOUT", "`timeout_ms`"),
    open("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "`timeout_ms` for traces"),
    open("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "`timeout_ms` for logs"),
    open("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "`timeout_ms` for metrics"),
    open("OTEL_EXPORTER_OTLP_COMPRESSION", "`compression`"),
    open("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "`compression` for traces"),
    open("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "`compression` for logs"),
    open("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "`compression` for metrics"),
    withheld("OTEL_EXPORTER_OTLP_CERTIFICATE", "`tls.ca_file`"),
    withheld("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "`tls.ca_file` for traces"),
    withheld("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", "`tls.ca_file` for logs"),
    withheld("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "`tls.ca_file` for metrics"),
    withheld("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "`tls.cert_file`"),
    withheld("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "`tls.cert_file` for traces"),
    withheld("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", "`tls.cert_file` for logs"),
    withheld("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", "`tls.cert_file` for metrics"),
    withheld("OTEL_EXPORTER_OTLP_CLIENT_KEY", "`tls.key_file`"),
    withheld("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "`tls.key_file` for traces"),
    withheld("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", "`tls.key_file` for logs"),
    withheld("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "`tls.key_file` for metrics"),
    withheld("HTTP_PROXY", "the proxy for `http://` end points, unless `proxy` says otherwise; passed over where `REQUEST_METHOD` is set"),
    withheld("http_proxy", "as `HTTP_PROXY`, which goes before it"),
    withheld("HTTPS_PROXY", "the proxy for `https://` end points, likewise"),
    withheld("https_proxy", "as `HTTPS_PROXY`, which goes before it"),
    withheld("ALL_PROXY", "the proxy where the one for the scheme is not set"),
    withheld("all_proxy", "as `ALL_PROXY`, which goes before it"),
    withheld("NO_PROXY", "hosts, domains and networks that are reached without a proxy"),
    withheld("no_proxy", "as `NO_PROXY`, which goes before it"),
    open("REQUEST_METHOD", "set by web servers that run a program (CGI): `HTTP_PROXY` may then be a client's header"),
    open("OTEL_LOG_LEVEL", "`diagnostics.level`; `none` is `off`"),
];

/// A snapshot of the variables.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<&'static str, String>,
    warnings: Vec<String>,
}

impl Environment {
    /// The variables of this process. `secure`: the process runs with more rights than its caller
    /// (`AT_SECURE`).
    pub fn from_process(secure: bool) -> Self {
        let mut snapshot = Self::default();
        for variable in VARIABLES {
            let Some(value) = std::env::var_os(variable.name) else {
                continue;
            };
            match value.into_string() {
                Ok(value) => snapshot.insert(variable, value, secure),
                Err(_) => snapshot.warnings.push(format!("{}: not valid UTF-8; passed over", variable.name)),
            }
        }
        snapshot
    }

    /// The variables given, the last one of a name; those that are not read are passed over.
    pub fn from_pairs<N: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
        secure: bool,
    ) -> Self {
        let mut snapshot = Self::default();
        for (name, value) in pairs {
            if let Some(variable) = VARIABLES.iter().find(|variable| variable.name == name.as_ref()) {
                snapshot.insert(variable, value.into(), secure);
            }
        }
        snapshot
    }

    /// Every variable that is read, and what it sets.
    pub fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
        VARIABLES.iter().map(|variable| (variable.name, variable.sets))
    }

    /// Whether a variable is ignored in a process with more rights than its caller.
    pub fn is_withheld(name: &str) -> bool {
        VARIABLES.iter().any(|variable| variable.name == name && variable.withheld)
    }

    fn insert(&mut self, variable: &Variable, value: String, secure: bool) {
        if secure && variable.withheld && !value.trim().is_empty() {
            let reason = "passed over, since the process runs with more rights than its caller";
            self.warnings.push(format!("{}: {reason}", variable.name));
        } else {
            self.values.insert(variable.name, value);
        }
    }

    /// A variable's text without surrounding space; empty is the same as not set, as OpenTelemetry asks.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// What was wrong with the snapshot itself.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// The values may be secrets: only the names are shown.
impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Environment").field(&self.values.keys()).finish()
    }
}
