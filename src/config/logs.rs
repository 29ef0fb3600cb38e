//! The keys of `logs`: as they are written, and settled.

use serde::Deserialize;

use super::exporter::{BatchKeys, RetryKeys};
use super::settle_exporters::{
    DEFAULT_TIMEOUT_MS, MAX_EXPORTERS, error, free_name, settle_batch, settle_retry,
};
use super::value::words;
use super::{Color, ConfigError, Console, ConsoleFormat, ExporterConfig, ExporterKind, Logs, Stream};
use crate::otlp::Signal;
use crate::otlp::log::Severity;

words!(Severity {
    TRACE => "trace",
    TRACE2 => "trace2",
    TRACE3 => "trace3",
    TRACE4 => "trace4",
    DEBUG => "debug",
    DEBUG2 => "debug2",
    DEBUG3 => "debug3",
    DEBUG4 => "debug4",
    INFO => "info",
    INFO2 => "info2",
    INFO3 => "info3",
    INFO4 => "info4",
    WARN => "warn",
    WARN2 => "warn2",
    WARN3 => "warn3",
    WARN4 => "warn4",
    ERROR => "error",
    ERROR2 => "error2",
    ERROR3 => "error3",
    ERROR4 => "error4",
    FATAL => "fatal",
    FATAL2 => "fatal2",
    FATAL3 => "fatal3",
    FATAL4 => "fatal4",
});

/// How log records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFormat {
    Text,
    Json,
}

words!(LogFormat { Text => "text", Json => "json" });

/// The name of the exporter that prints them.
const PRINTER: &str = "logs-console";

/// The program's log records (`agentotel_log`).
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct LogsKeys {
    /// Log records that are less severe are not recorded; those that say no severity are. The records that errors leave do
    /// not go by it.
    pub(super) min_severity: Severity,
    /// Prints every log record, those of errors included, on a line of its own: `text` for people, in colours when the stream
    /// is a terminal, `json` as OTLP JSON. It is an exporter like those of the list, by the name `logs-console`. `null`: none
    /// is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) console: Option<LogFormat>,
    /// Where it prints them.
    pub(super) console_stream: Stream,
}

impl Default for LogsKeys {
    fn default() -> Self {
        Self { min_severity: Severity::TRACE, console: None, console_stream: Stream::Stdout }
    }
}

pub(super) fn settle(keys: &LogsKeys) -> Logs {
    Logs { min_severity: keys.min_severity }
}

/// Adds the exporter that prints log records, if they are to be printed.
pub(super) fn add_printer(keys: &LogsKeys, exporters: &mut Vec<ExporterConfig>) -> Result<(), ConfigError> {
    let Some(format) = keys.console else { return Ok(()) };
    if exporters.len() >= MAX_EXPORTERS {
        let reason = format!("an exporter beside {MAX_EXPORTERS}; accepted: `null` beside as many");
        return Err(error("logs.console", reason));
    }
    let format = match format {
        LogFormat::Text => ConsoleFormat::LogText,
        LogFormat::Json => ConsoleFormat::LogJson,
    };
    let taken: Vec<String> = exporters.iter().map(|exporter| exporter.name.clone()).collect();
    exporters.push(ExporterConfig {
        name: free_name(PRINTER, &taken),
        signals: vec![Signal::Logs],
        temporality: None,
        batch: settle_batch(&BatchKeys::default()),
        retry: settle_retry(&RetryKeys::default(), "logs.console")?,
        timeout_ms: DEFAULT_TIMEOUT_MS,
        kind: ExporterKind::Console(Console { stream: keys.console_stream, color: Color::Auto, format }),
    });
    Ok(())
}
