//! What the `OTEL_*` variables say, in the terms of the document. A value that is not accepted is a warning,
//! and the default stays, as OpenTelemetry asks; a warning never quotes a header or a URL. Names of samplers,
//! exporters and the like are taken in any case.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::document::Count;
use super::endpoint::{Endpoint, EndpointError};
use super::environment::Environment;
use super::error::shorten;
use super::exporter::{BatchCount, BatchDelay, ExporterType, Timeout};
use super::metrics::Interval;
use super::processing::PropagatorName;
use super::proxy::{self, ProxyVariables};
use super::sampler::SamplerName;
use super::secret::{Headers, Secret};
use super::value::{Ratio, Whole, Word};
use super::{Compression, Level, Protocol, Temporality, percent};
use crate::otlp::Signal;

/// Everything that the variables say.
pub(super) struct Variables {
    pub(super) disabled: bool,
    pub(super) config_file: Option<PathBuf>,
    /// Keys of the document.
    pub(super) layer: Map<String, Value>,
    /// Keys of every exporter's `batch`.
    pub(super) batch: Map<String, Value>,
    pub(super) otlp: OtlpVariables,
    /// The exporters that are named and what each exports; `None` if none of the variables is set.
    pub(super) exporters: Option<Vec<(ExporterType, Vec<Signal>)>>,
    pub(super) warnings: Vec<String>,
}

/// What the variables say about OTLP, for all signals and for each.
#[derive(Default)]
pub(super) struct OtlpVariables {
    pub(super) common: OtlpSet,
    pub(super) traces: OtlpSet,
    pub(super) logs: OtlpSet,
    pub(super) metrics: OtlpSet,
    pub(super) proxy: ProxyVariables,
}

impl OtlpVariables {
    pub(super) fn own(&self, signal: Signal) -> &OtlpSet {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metrics,
        }
    }
}

/// The variables that exist for all signals together and for each.
#[derive(Default)]
pub(super) struct OtlpSet {
    pub(super) protocol: Option<Protocol>,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) insecure: Option<bool>,
    pub(super) headers: Option<Headers>,
    pub(super) timeout_ms: Option<Timeout>,
    pub(super) compression: Option<Compression>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) cert_file: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
}

/// Reads all of them.
pub(super) fn read(environment: &Environment) -> Variables {
    let mut reader = Reader { environment, warnings: environment.warnings().to_vec() };
    let mut layer = Map::new();
    let disabled = reader.disabled();
    set(&mut layer, "resource", "attributes", reader.resource_attributes());
    set(&mut layer, "service", "name", reader.text("OTEL_SERVICE_NAME").map(Value::from));
    if let Some(sampler) = reader.sampler() {
        layer.insert("sampler".to_owned(), sampler);
    }
    if let Some(propagators) = reader.propagators() {
        layer.insert("propagators".to_owned(), propagators);
    }
    for (key, names) in LIMITS {
        set(&mut layer, "limits", key, reader.first_whole::<0, { Count::MAX }>(names));
    }
    let interval = reader.whole::<10, { Interval::MAX }>("OTEL_METRIC_EXPORT_INTERVAL");
    set(&mut layer, "metrics", "interval_ms", interval.map(|interval| interval.get().into()));
    let temporality = reader.word::<Temporality>("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
    set(&mut layer, "metrics", "temporality", temporality.map(|temporality| temporality.word().into()));
    set(&mut layer, "diagnostics", "level", reader.level());
    let mut batch = Map::new();
    if let Some(delay) = reader.whole::<0, { BatchDelay::MAX }>("OTEL_BSP_SCHEDULE_DELAY") {
        batch.insert("delay_ms".to_owned(), delay.get().into());
    }
    if let Some(count) = reader.whole::<1, { BatchCount::MAX }>("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") {
        batch.insert("max_count".to_owned(), count.get().into());
    }
    Variables {
        disabled,
        config_file: reader.text("AGENTOTEL_CONFIG_FILE").map(PathBuf::from),
        layer,
        batch,
        otlp: reader.otlp(),
        exporters: reader.exporters(),
        warnings: reader.warnings,
    }
}

/// Limits and the variables that set them, the first one set before the next.
const LIMITS: [(&str, &[&str]); 4] = [
    ("attributes", &["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"]),
    ("value_bytes", &["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"]),
    ("events", &["OTEL_SPAN_EVENT_COUNT_LIMIT"]),
    ("links", &["OTEL_SPAN_LINK_COUNT_LIMIT"]),
];

fn set(layer: &mut Map<String, Value>, object: &str, key: &str, value: Option<Value>) {
    let Some(value) = value else { return };
    if let Value::Object(keys) = layer.entry(object).or_insert_with(|| json!({})) {
        keys.insert(key.to_owned(), value);
    }
}

struct Reader<'a> {
    environment: &'a Environment,
    warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.environment.get(name)
    }

    fn warn(&mut self, name: &str, reason: impl std::fmt::Display) {
        self.warnings.push(shorten(&format!("{name}: {reason}; passed over")));
    }

    fn refuse(&mut self, name: &str, text: &str, accepted: impl std::fmt::Display) {
        self.warn(
            name,
            format_args!("{} is not accepted; accepted: {accepted}", shorten(&format!("{text:?}"))),
        );
    }

    fn whole<const MIN: u64, const MAX: u64>(&mut self, name: &str) -> Option<Whole<MIN, MAX>> {
        let text = self.text(name)?;
        let number = text.parse().ok().and_then(Whole::new);
        if number.is_none() {
            self.refuse(name, text, Whole::<MIN, MAX>::accepted());
        }
        number
    }

    fn first_whole<const MIN: u64, const MAX: u64>(&mut self, names: &[&str]) -> Option<Value> {
        let numbers: Vec<_> = names.iter().map(|name| self.whole::<MIN, MAX>(name)).collect();
        numbers.into_iter().flatten().next().map(|number| number.get().into())
    }

    fn word<T: Word>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        let word = T::from_word_in_any_case(text);
        if word.is_none() {
            self.refuse(name, text, T::accepted());
        }
        word
    }

    fn disabled(&mut self) -> bool {
        const NAME: &str = "OTEL_SDK_DISABLED";
        let Some(text) = self.text(NAME) else {
            return false;
        };
        let disabled = text.eq_ignore_ascii_case("true");
        if !disabled && !text.eq_ignore_ascii_case("false") {
            self.refuse(NAME, text, "\"true\" or \"false\"");
        }
        disabled
    }

    fn level(&mut self) -> Option<Value> {
        const NAME: &str = "OTEL_LOG_LEVEL";
        if self.text(NAME)?.eq_ignore_ascii_case("none") {
            return Some(Level::Off.word().into());
        }
        self.word::<Level>(NAME).map(|level| level.word().into())
    }

    fn sampler(&mut self) -> Option<Value> {
        const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
        let name = self.word::<SamplerName>("OTEL_TRACES_SAMPLER")?;
        if !name.takes_ratio() {
            return Some(name.word().into());
        }
        let Some(text) = self.text(ARGUMENT) else {
            return Some(name.word().into());
        };
        let Some(ratio) = text.parse().ok().and_then(Ratio::new) else {
            self.refuse(ARGUMENT, text, Ratio::ACCEPTED);
            return Some(name.word().into());
        };
        Some(json!({ "type": name.word(), "ratio": ratio.get() }))
    }

    /// The propagators that are known; `None` when none is, or the variable is not set.
    fn propagators(&mut self) -> Option<Value> {
        const NAME: &str = "OTEL_PROPAGATORS";
        let mut names = Vec::new();
        for word in self.text(NAME)?.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match PropagatorName::from_word_in_any_case(word) {
                Some(name) => names.push(name),
                None => self.refuse(NAME, word, PropagatorName::accepted()),
            }
        }
        if names.len() > 1 && names.contains(&PropagatorName::None) {
            self.refuse(NAME, "none", "\"none\" alone");
            names.retain(|name| *name != PropagatorName::None);
        }
        (!names.is_empty()).then(|| names.into_iter().map(PropagatorName::word).collect())
    }

    /// `key=value,key=value`, percent-decoded. An error anywhere discards the whole variable: the
    /// specification asks for that, and half a resource would be worse than none.
    fn resource_attributes(&mut self) -> Option<Value> {
        const NAME: &str = "OTEL_RESOURCE_ATTRIBUTES";
        let mut attributes = Map::new();
        let entries = self.text(NAME)?.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for (index, entry) in entries.enumerate() {
            let pair = entry.split_once('=').and_then(|(key, value)| {
                Some((percent::decode(key.trim())?, percent::decode(value.trim())?))
            });
            match pair {
                Some((key, value)) if !key.is_empty() => {
                    // An empty name or version of the service is the same as none.
                    if !(value.is_empty() && super::resolve::is_service_attribute(&key)) {
                        attributes.insert(key, value.into());
                    }
                }
                _ => {
                    let number = index + 1;
                    self.warn(
                        NAME,
                        format_args!("entry {number} is not accepted; accepted: key=value, percent-encoded"),
                    );
                    return None;
                }
            }
        }
        Some(Value::Object(attributes))
    }

    fn otlp(&mut self) -> OtlpVariables {
        OtlpVariables {
            common: self.otlp_set("", Endpoint::base_or_target),
            traces: self.otlp_set("TRACES_", Endpoint::exact_or_target),
            logs: self.otlp_set("LOGS_", Endpoint::exact_or_target),
            metrics: self.otlp_set("METRICS_", Endpoint::exact_or_target),
            proxy: self.proxy(),
        }
    }

    fn otlp_set(&mut self, signal: &str, parse: fn(&str) -> Result<Endpoint, EndpointError>) -> OtlpSet {
        let name = |what: &str| format!("OTEL_EXPORTER_OTLP_{signal}{what}");
        OtlpSet {
            protocol: self.word(&name("PROTOCOL")),
            endpoint: self.endpoint(&name("ENDPOINT"), parse),
            insecure: self.truth(&name("INSECURE")),
            headers: self.headers(&name("HEADERS")),
            timeout_ms: self.whole(&name("TIMEOUT")),
            compression: self.word(&name("COMPRESSION")),
            ca_file: self.text(&name("CERTIFICATE")).map(PathBuf::from),
            cert_file: self.text(&name("CLIENT_CERTIFICATE")).map(PathBuf::from),
            key_file: self.text(&name("CLIENT_KEY")).map(PathBuf::from),
        }
    }

    fn endpoint(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<Endpoint, EndpointError>,
    ) -> Option<Endpoint> {
        parse(self.text(name)?).map_err(|error| self.warn(name, error)).ok()
    }

    fn truth(&mut self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        let truth = [("true", true), ("false", false)].into_iter();
        let truth = truth.filter(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, truth)| truth).next();
        if truth.is_none() {
            self.refuse(name, text, "\"true\" or \"false\"");
        }
        truth
    }

    fn proxy(&mut self) -> ProxyVariables {
        // A web server that runs a program passes a request's `Proxy` header on as HTTP_PROXY.
        let is_cgi = self.text("REQUEST_METHOD").is_some();
        ProxyVariables {
            http: if is_cgi { None } else { self.proxy_url("HTTP_PROXY", "http_proxy") },
            https: self.proxy_url("HTTPS_PROXY", "https_proxy"),
            all: self.proxy_url("ALL_PROXY", "all_proxy"),
            no: self.text("NO_PROXY").or_else(|| self.text("no_proxy")).map(str::to_owned),
        }
    }

    fn proxy_url(&mut self, upper: &str, lower: &str) -> Option<Secret> {
        let name = if self.text(upper).is_some() { upper } else { lower };
        let url = proxy::parse(self.text(name)?);
        if url.is_none() {
            let accepted = proxy::ACCEPTED;
            self.warn(
                name,
                format_args!("the value, which is not shown, is not accepted; accepted: {accepted}"),
            );
        }
        url
    }

    fn headers(&mut self, name: &str) -> Option<Headers> {
        let (headers, refused) = Headers::from_list(self.text(name)?);
        for reason in refused {
            self.warn(name, reason);
        }
        Some(headers)
    }

    /// The exporters by type, each with the signals that name it.
    fn exporters(&mut self) -> Option<Vec<(ExporterType, Vec<Signal>)>> {
        let traces = self.exporter_list("OTEL_TRACES_EXPORTER");
        let logs = self.exporter_list("OTEL_LOGS_EXPORTER");
        let metrics = self.exporter_list("OTEL_METRICS_EXPORTER");
        if traces.is_none() && logs.is_none() && metrics.is_none() {
            return None;
        }
        let mut exporters: Vec<(ExporterType, Vec<Signal>)> = Vec::new();
        for (signal, types) in [(Signal::Traces, traces), (Signal::Logs, logs), (Signal::Metrics, metrics)] {
            for kind in types.unwrap_or_else(|| vec![ExporterType::Otlp]) {
                match exporters.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, signals)) if signals.contains(&signal) => {}
                    Some((_, signals)) => signals.push(signal),
                    None => exporters.push((kind, vec![signal])),
                }
            }
        }
        Some(exporters)
    }

    /// The types that one variable names; `None` if it is not set or nothing in it is known.
    fn exporter_list(&mut self, name: &str) -> Option<Vec<ExporterType>> {
        let mut types = Vec::new();
        let mut none = false;
        for word in self.text(name)?.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match ExporterType::from_word_in_any_case(word) {
                Some(kind @ (ExporterType::Otlp | ExporterType::Console)) => types.push(kind),
                // A file has a path, which the variable cannot say.
                Some(ExporterType::File | ExporterType::Host) | None
                    if !word.eq_ignore_ascii_case("none") =>
                {
                    self.refuse(name, word, "\"otlp\", \"console\", \"none\"");
                }
                _ => none = true,
            }
        }
        (none || !types.is_empty()).then_some(types)
    }
}
