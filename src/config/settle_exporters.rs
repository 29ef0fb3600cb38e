//! The list of exporters, settled: which ones there are (the document's list, or what `OTEL_TRACES_EXPORTER`,
//! `OTEL_LOGS_EXPORTER` and `OTEL_METRICS_EXPORTER` name, or one `otlp`), their names, and what each takes from the environment.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::error::{ConfigError, Origin};
use super::exporter::{
    BatchKeys, ConsoleKeys, ExporterKeys, FileKeys, HostKeys, JSON, OTLP_JSON, OTLP_PROTO, RetryKeys, TREE,
};
use super::json::merge;
use super::value::{NonEmpty, Whole, Word};
use super::variables::{OtlpVariables, Variables};
use super::{
    Batch, Console, ConsoleFormat, ExporterConfig, ExporterKind, File, FileFormat, Host, Retry, Rotate,
    settle_otlp,
};
use crate::otlp::Signal;

/// Most exporters: each has positions of its own in the queue.
pub(super) const MAX_EXPORTERS: usize = 64;
/// Longest name of an exporter, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// Words for formats of the library's own, some day or now: no formatter has such a name.
pub(super) const FORMATS: [&str; 4] = [OTLP_JSON, "otlp_proto", TREE, JSON];
/// The timeout of OTLP's specification.
pub(super) const DEFAULT_TIMEOUT_MS: u64 = 10_000;

/// Settles the list; `None`: there is none in the document.
pub(super) fn settle(
    list: Option<Vec<Value>>,
    variables: &Variables,
    warnings: &mut Vec<String>,
) -> Result<Vec<ExporterConfig>, ConfigError> {
    let entries = list.unwrap_or_else(|| entries_of_environment(variables));
    if entries.len() > MAX_EXPORTERS {
        return Err(error(
            "exporters",
            format!("{} exporters; accepted: at most {MAX_EXPORTERS}", entries.len()),
        ));
    }
    let mut exporters = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let entry = with_batch_of_environment(entry, &variables.batch);
        exporters.push(ExporterKeys::read(&entry, &format!("exporters[{index}]"), &Origin::Argument)?);
    }
    let names = settle_names(&exporters)?;
    let mut settled: Vec<ExporterConfig> = Vec::with_capacity(exporters.len());
    for (index, (keys, name)) in exporters.into_iter().zip(names).enumerate() {
        let path = format!("exporters[{index}]");
        let exporter = settle_one(keys, name, &path, &variables.otlp, warnings)?;
        refuse_shared_file(&settled, &exporter, &path)?;
        settled.push(exporter);
    }
    Ok(settled)
}

/// Settles an entry that comes to others.
pub(super) fn settle_more(
    entry: Value,
    others: &[ExporterConfig],
    variables: &Variables,
    warnings: &mut Vec<String>,
) -> Result<ExporterConfig, ConfigError> {
    const PATH: &str = "exporter";
    if others.len() >= MAX_EXPORTERS {
        let reason = format!("{} exporters are there; accepted: at most {MAX_EXPORTERS}", others.len());
        return Err(error(PATH, reason));
    }
    let entry = with_batch_of_environment(entry, &variables.batch);
    let keys = ExporterKeys::read(&entry, PATH, &Origin::Argument)?;
    let taken: Vec<String> = others.iter().map(|other| other.name.clone()).collect();
    let name = match keys.common().name {
        Some(name) => {
            check_name(name, &taken, format!("{PATH}.name"))?;
            name.to_owned()
        }
        None => free_name(keys.kind().word(), &taken),
    };
    let exporter = settle_one(keys, name, PATH, &variables.otlp, warnings)?;
    refuse_shared_file(others, &exporter, PATH)?;
    Ok(exporter)
}

pub(super) fn error(path: impl Into<String>, reason: impl AsRef<str>) -> ConfigError {
    ConfigError::key(&Origin::Argument, path, reason)
}

/// The list that the environment stands for.
fn entries_of_environment(variables: &Variables) -> Vec<Value> {
    let Some(exporters) = &variables.exporters else {
        return vec![json!({ "type": "otlp" })];
    };
    let entry = |kind: &str, signals: &[Signal]| {
        let signals: Vec<&str> = signals.iter().map(|signal| signal.word()).collect();
        json!({ "type": kind, "signals": signals })
    };
    exporters.iter().map(|(kind, signals)| entry(kind.word(), signals)).collect()
}

/// The entry, laid over what the environment says about batches.
fn with_batch_of_environment(mut entry: Value, batch: &Map<String, Value>) -> Value {
    if let (Value::Object(keys), false) = (&mut entry, batch.is_empty()) {
        let mut merged = batch.clone();
        if let Some(Value::Object(own)) = keys.remove("batch") {
            merge(&mut merged, own);
        }
        keys.insert("batch".to_owned(), Value::Object(merged));
    }
    entry
}

/// Given names, checked, and made-up ones that collide with none of them.
fn settle_names(exporters: &[ExporterKeys]) -> Result<Vec<String>, ConfigError> {
    let mut taken: Vec<String> = Vec::new();
    for (index, exporter) in exporters.iter().enumerate() {
        let Some(name) = exporter.common().name else {
            continue;
        };
        check_name(name, &taken, format!("exporters[{index}].name"))?;
        taken.push(name.to_owned());
    }
    let mut names = Vec::with_capacity(exporters.len());
    for exporter in exporters {
        let name = match exporter.common().name {
            Some(name) => name.to_owned(),
            None => free_name(exporter.kind().word(), &taken),
        };
        if exporter.common().name.is_none() {
            taken.push(name.clone());
        }
        names.push(name);
    }
    Ok(names)
}

/// Whether an exporter may have this name, beside those that are taken.
fn check_name(name: &str, taken: &[String], path: String) -> Result<(), ConfigError> {
    if !is_name(name) {
        let accepted = accepted_names();
        return Err(error(path, format!("{name:?} is not accepted; accepted: {accepted}")));
    }
    if taken.iter().any(|known| known == name) {
        let reason =
            format!("{name:?} is the name of another exporter; accepted: a name that no other one has");
        return Err(error(path, reason));
    }
    Ok(())
}

fn accepted_names() -> String {
    format!("1 to {MAX_NAME_BYTES} letters, digits, '.', '_' and '-', the first one no '.'")
}

/// The name of something that the host registers, if it is one.
fn callback_name(name: NonEmpty, path: String) -> Result<String, ConfigError> {
    let name = name.into_text();
    if is_name(&name) {
        return Ok(name);
    }
    let reason = format!("{name:?} is not accepted; accepted: the name of something registered, ");
    Err(error(path, reason + &accepted_names()))
}

/// A format that is none of the library's own for this exporter: a formatter's name.
fn formatter_name(name: NonEmpty, path: &str, own: &str) -> Result<String, ConfigError> {
    let text = name.text();
    if FORMATS.contains(&text) {
        let reason = format!("{text:?} is not accepted; accepted: {own}, or the name of a formatter");
        return Err(error(format!("{path}.format"), reason));
    }
    callback_name(name, format!("{path}.format"))
}

pub(super) fn is_name(name: &str) -> bool {
    let accepted = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.starts_with('.') && name.bytes().all(accepted)
}

/// The type, or the type with the first number behind it that is free.
pub(super) fn free_name(kind: &str, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(name);
    let first = kind.to_owned();
    if is_free(&first) {
        return first;
    }
    (2..).map(|number: usize| format!("{kind}-{number}")).find(is_free).unwrap_or(first)
}

fn settle_one(
    keys: ExporterKeys,
    name: String,
    path: &str,
    variables: &OtlpVariables,
    warnings: &mut Vec<String>,
) -> Result<ExporterConfig, ConfigError> {
    let common = keys.common();
    let mut signals: Vec<Signal> = Vec::new();
    for signal in common.signals {
        if !signals.contains(signal) {
            signals.push(*signal);
        }
    }
    if signals.is_empty() {
        let accepted = "at least one of \"traces\", \"logs\", \"metrics\"";
        return Err(error(format!("{path}.signals"), format!("[] is not accepted; accepted: {accepted}")));
    }
    let temporality = common.temporality;
    let batch = settle_batch(common.batch);
    let retry = settle_retry(common.retry, path)?;
    let of_environment = match keys {
        ExporterKeys::Otlp(_) => variables.common.timeout_ms,
        ExporterKeys::File(_) | ExporterKeys::Console(_) | ExporterKeys::Host(_) => None,
    };
    let timeout_ms = common.timeout_ms.or(of_environment).map_or(DEFAULT_TIMEOUT_MS, Whole::get);
    let kind = match keys {
        ExporterKeys::Otlp(keys) => {
            ExporterKind::Otlp(Box::new(settle_otlp::settle(&keys, path, variables, warnings)?))
        }
        ExporterKeys::File(keys) => ExporterKind::File(settle_file(keys, path)?),
        ExporterKeys::Console(ConsoleKeys { stream, color, format, .. }) => {
            let format = match format.text() {
                TREE => ConsoleFormat::Tree,
                JSON => ConsoleFormat::Json,
                _ => ConsoleFormat::Formatter(formatter_name(format, path, "\"tree\", \"json\"")?),
            };
            ExporterKind::Console(Console { stream, color, format })
        }
        ExporterKeys::Host(HostKeys { callback, payload, .. }) => {
            let callback = callback_name(callback, format!("{path}.callback"))?;
            ExporterKind::Host(Host { callback, payload })
        }
    };
    Ok(ExporterConfig { name, signals, temporality, batch, retry, timeout_ms, kind })
}

pub(super) fn settle_batch(keys: &BatchKeys) -> Batch {
    Batch {
        max_bytes: keys.max_bytes.size(),
        max_count: keys.max_count.size(),
        delay_ms: keys.delay_ms.get(),
        in_flight: keys.in_flight.size(),
    }
}

pub(super) fn settle_retry(keys: &RetryKeys, path: &str) -> Result<Retry, ConfigError> {
    let (initial_ms, max_ms) = (keys.initial_ms.get(), keys.max_ms.get());
    if max_ms < initial_ms {
        let reason = format!("{max_ms} is not accepted; accepted: at least `initial_ms` ({initial_ms})");
        return Err(error(format!("{path}.retry.max_ms"), reason));
    }
    Ok(Retry {
        initial_ms,
        max_ms,
        max_age_s: keys.max_age_s.map(Whole::get),
        max_attempts: keys.max_attempts.map(|attempts| u32::try_from(attempts.get()).unwrap_or(u32::MAX)),
    })
}

fn settle_file(keys: FileKeys, path: &str) -> Result<File, ConfigError> {
    let file = keys.path.into_text();
    if file.contains('\0') {
        let reason = format!("{file:?} is not accepted; accepted: a path without a NUL character");
        return Err(error(format!("{path}.path"), reason));
    }
    let (format, formatter) = match keys.format.text() {
        OTLP_JSON => (FileFormat::OtlpJson, None),
        OTLP_PROTO => (FileFormat::OtlpProto, None),
        _ => {
            let accepted = "\"otlp_json\", \"otlp_proto\"";
            (FileFormat::OtlpJson, Some(formatter_name(keys.format, path, accepted)?))
        }
    };
    let rotate = Rotate {
        max_bytes: keys.rotate.max_bytes.map(Whole::get),
        max_age: keys.rotate.max_age_s.map(|age| Duration::from_secs(age.get())),
        keep: keys.rotate.keep.map(Whole::get),
    };
    if let (Some(keep), None, None) = (rotate.keep, rotate.max_bytes, rotate.max_age) {
        let reason = format!("{keep} without `max_bytes` or `max_age_s`; accepted: beside one of these");
        return Err(error(format!("{path}.rotate.keep"), reason));
    }
    Ok(File { path: PathBuf::from(file), format, formatter, rotate })
}

/// Two exporters with one file are most likely a mistake; with different formats they would spoil it.
fn refuse_shared_file(
    others: &[ExporterConfig],
    one: &ExporterConfig,
    path: &str,
) -> Result<(), ConfigError> {
    let ExporterKind::File(file) = &one.kind else {
        return Ok(());
    };
    let is_same =
        |other: &&ExporterConfig| matches!(&other.kind, ExporterKind::File(known) if known.path == file.path);
    match others.iter().find(is_same) {
        Some(other) => {
            let reason =
                format!("{:?} is the file of exporter {:?}; accepted: another path", file.path, other.name);
            Err(error(format!("{path}.path"), reason))
        }
        None => Ok(()),
    }
}
