//! What the `OTEL_*` variables say, in the terms of the document. A value that is not accepted is a warning,
//! and the default stays, as OpenTelemetry asks; a warning never quotes a header or a URL. Names of samplers,
//! exporters and the like are taken in any case.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::document::{Count, SamplerName};
use super::endpoint::{self, Base};
use super::environment::Environment;
use super::error::shorten;
use super::exporter::{BatchCount, BatchDelay, ExporterType, Timeout};
use super::secret::Headers;
use super::value::{Ratio, Whole, Word};
use super::{Compression, Level, Protocol, percent};
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
    pub(super) base: Option<Base>,
    pub(super) traces_endpoint: Option<String>,
    pub(super) logs_endpoint: Option<String>,
    pub(super) headers: Option<Headers>,
    pub(super) traces_headers: Option<Headers>,
    pub(super) logs_headers: Option<Headers>,
    pub(super) timeout_ms: Option<Timeout>,
    pub(super) traces_timeout_ms: Option<Timeout>,
    pub(super) logs_timeout_ms: Option<Timeout>,
    pub(super) compression: Option<Compression>,
    pub(super) traces_compression: Option<Compression>,
    pub(super) logs_compression: Option<Compression>,
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
    for (key, names) in LIMITS {
        set(&mut layer, "limits", key, reader.first_whole::<0, { Count::MAX }>(names));
    }
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
        for name in [
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
        ] {
            self.word::<Protocol>(name);
        }
        OtlpVariables {
            base: self.endpoint("OTEL_EXPORTER_OTLP_ENDPOINT", Base::parse),
            traces_endpoint: self.endpoint("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint::parse_exact),
            logs_endpoint: self.endpoint("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", endpoint::parse_exact),
            headers: self.headers("OTEL_EXPORTER_OTLP_HEADERS"),
            traces_headers: self.headers("OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
            logs_headers: self.headers("OTEL_EXPORTER_OTLP_LOGS_HEADERS"),
            timeout_ms: self.whole("OTEL_EXPORTER_OTLP_TIMEOUT"),
            traces_timeout_ms: self.whole("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"),
            logs_timeout_ms: self.whole("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT"),
            compression: self.word("OTEL_EXPORTER_OTLP_COMPRESSION"),
            traces_compression: self.word("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"),
            logs_compression: self.word("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION"),
        }
    }

    fn endpoint<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, endpoint::EndpointError>,
    ) -> Option<T> {
        match parse(self.text(name)?) {
            Ok(endpoint) => Some(endpoint),
            Err(error) => {
                self.warn(name, error);
                None
            }
        }
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
        if traces.is_none() && logs.is_none() {
            return None;
        }
        let mut exporters: Vec<(ExporterType, Vec<Signal>)> = Vec::new();
        for (signal, types) in [(Signal::Traces, traces), (Signal::Logs, logs)] {
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
                Some(ExporterType::File) | None if !word.eq_ignore_ascii_case("none") => {
                    self.refuse(name, word, "\"otlp\", \"console\", \"none\"");
                }
                _ => none = true,
            }
        }
        (none || !types.is_empty()).then_some(types)
    }
}
