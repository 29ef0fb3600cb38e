//! The list of exporters, settled: which ones there are (the document's list, or what `OTEL_TRACES_EXPORTER`
//! and `OTEL_LOGS_EXPORTER` name, or one `otlp`), their names, and what each takes from the environment.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::error::{ConfigError, Origin};
use super::exporter::{BatchKeys, ConsoleKeys, ExporterKeys, FileKeys, RetryKeys};
use super::json::merge;
use super::value::{Whole, Word};
use super::variables::{OtlpVariables, Variables};
use super::{Batch, Console, ExporterConfig, ExporterKind, File, Retry, Rotate, settle_otlp};
use crate::otlp::Signal;

/// Most exporters: each has positions of its own in the queue.
const MAX_EXPORTERS: usize = 64;
/// Longest name of an exporter, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// The timeout of OTLP's specification.
const DEFAULT_TIMEOUT_MS: u64 = 10_000;

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
        exporters.push(ExporterKeys::read(&entry, index, &Origin::Argument)?);
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
        let path = format!("exporters[{index}].name");
        if !is_name(name) {
            let accepted =
                format!("1 to {MAX_NAME_BYTES} letters, digits, '.', '_' and '-', the first one no '.'");
            return Err(error(path, format!("{name:?} is not accepted; accepted: {accepted}")));
        }
        if taken.iter().any(|known| known == name) {
            let reason =
                format!("{name:?} is the name of another exporter; accepted: a name that no other one has");
            return Err(error(path, reason));
        }
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

fn is_name(name: &str) -> bool {
    let accepted = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.starts_with('.') && name.bytes().all(accepted)
}

/// The type, or the type with the first number behind it that is free.
fn free_name(kind: &str, taken: &[String]) -> String {
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
    let batch = settle_batch(common.batch);
    let retry = settle_retry(common.retry, path)?;
    let of_environment = match keys {
        ExporterKeys::Otlp(_) => variables.common.timeout_ms,
        ExporterKeys::File(_) | ExporterKeys::Console(_) => None,
    };
    let timeout_ms = common.timeout_ms.or(of_environment).map_or(DEFAULT_TIMEOUT_MS, Whole::get);
    let kind = match keys {
        ExporterKeys::Otlp(keys) => {
            ExporterKind::Otlp(Box::new(settle_otlp::settle(&keys, path, variables, warnings)?))
        }
        ExporterKeys::File(keys) => ExporterKind::File(settle_file(keys, path)?),
        ExporterKeys::Console(ConsoleKeys { stream, color, .. }) => {
            ExporterKind::Console(Console { stream, color })
        }
    };
    Ok(ExporterConfig { name, signals, batch, retry, timeout_ms, kind })
}

fn settle_batch(keys: &BatchKeys) -> Batch {
    Batch {
        max_bytes: keys.max_bytes.size(),
        max_count: keys.max_count.size(),
        delay_ms: keys.delay_ms.get(),
        in_flight: keys.in_flight.size(),
    }
}

fn settle_retry(keys: &RetryKeys, path: &str) -> Result<Retry, ConfigError> {
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
    let rotate = Rotate {
        max_bytes: keys.rotate.max_bytes.map(Whole::get),
        max_age: keys.rotate.max_age_s.map(|age| Duration::from_secs(age.get())),
        keep: keys.rotate.keep.map(Whole::get),
    };
    if let (Some(keep), None, None) = (rotate.keep, rotate.max_bytes, rotate.max_age) {
        let reason = format!("{keep} without `max_bytes` or `max_age_s`; accepted: beside one of these");
        return Err(error(format!("{path}.rotate.keep"), reason));
    }
    Ok(File { path: PathBuf::from(file), format: keys.format, rotate })
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
        |other: &&ExporterConfig| matches!(&other.kind, ExporterKind::File(other) if other.path == file.path);
    match others.iter().find(is_same) {
        Some(other) => {
            let reason =
                format!("{:?} is the file of exporter {:?}; accepted: another path", file.path, other.name);
            Err(error(format!("{path}.path"), reason))
        }
        None => Ok(()),
    }
}
