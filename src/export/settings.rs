//! From configuration to lanes: which signals an exporter takes, in which batches, and the transport behind them. Signals
//! that go the same way share a transport.

use std::time::Duration;

use super::console::{Color, ConsoleExporter, ConsoleStream};
use super::file::FileExporter;
use super::otlp_http::{OtlpHttp, OtlpHttpSettings};
use super::outcome::Exporter;
use crate::config::{self, Batch, Compression, ExporterConfig, ExporterKind, Retry};
use crate::otlp::Signal;

/// What a lane is made of, before it runs.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) signal: Signal,
    pub(super) exporter: String,
    pub(super) transport: std::sync::Arc<Exporter>,
    pub(super) batch: Batch,
    pub(super) retry: Retry,
    pub(super) timeout: Duration,
    /// An end point that nobody configured is quietly not there.
    pub(super) is_configured: bool,
}

/// Signals that can be exported by now.
const SIGNALS: [Signal; 2] = [Signal::Traces, Signal::Logs];

/// One plan for each of the exporter's signals.
pub(super) fn plans(exporter: &ExporterConfig) -> Result<Vec<Plan>, String> {
    let signals: Vec<Signal> =
        SIGNALS.into_iter().filter(|signal| exporter.signals.contains(signal)).collect();
    let transports = match &exporter.kind {
        ExporterKind::Otlp(otlp) => otlp_transports(otlp, &signals)?,
        ExporterKind::File(file) => shared(Exporter::File(FileExporter::new(&file.path)), &signals),
        ExporterKind::Console(console) => shared(Exporter::Console(console_exporter(console)), &signals),
    };
    let is_configured = !matches!(&exporter.kind, ExporterKind::Otlp(otlp) if !otlp.endpoint_given);
    let plan = |(signal, transport)| Plan {
        signal,
        exporter: exporter.name.clone(),
        transport,
        batch: exporter.batch.clone(),
        retry: exporter.retry.clone(),
        timeout: Duration::from_millis(exporter.timeout_ms_for(signal)),
        is_configured,
    };
    Ok(signals.into_iter().zip(transports).map(plan).collect())
}

type Transports = Vec<std::sync::Arc<Exporter>>;

fn shared(transport: Exporter, signals: &[Signal]) -> Transports {
    let transport = std::sync::Arc::new(transport);
    signals.iter().map(|_| std::sync::Arc::clone(&transport)).collect()
}

fn otlp_transports(otlp: &config::Otlp, signals: &[Signal]) -> Result<Transports, String> {
    let build = |signal: Signal| -> Result<Exporter, String> {
        let headers = otlp.headers_for(signal).iter();
        let settings = OtlpHttpSettings {
            traces_endpoint: otlp.traces_endpoint.clone(),
            logs_endpoint: otlp.logs_endpoint.clone(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.expose().to_owned())).collect(),
            gzip: otlp.compression_for(signal) == Compression::Gzip,
            user_agent: format!("agentotel/{}", env!("CARGO_PKG_VERSION")),
        };
        OtlpHttp::new(settings).map(Exporter::OtlpHttp).map_err(|error| error.to_string())
    };
    let alike = otlp.headers_for(Signal::Traces) == otlp.headers_for(Signal::Logs)
        && otlp.compression_for(Signal::Traces) == otlp.compression_for(Signal::Logs);
    match signals.first() {
        Some(first) if alike => Ok(shared(build(*first)?, signals)),
        _ => signals.iter().map(|signal| build(*signal).map(std::sync::Arc::new)).collect(),
    }
}

fn console_exporter(console: &config::Console) -> ConsoleExporter {
    let stream = match console.stream {
        config::Stream::Stdout => ConsoleStream::Stdout,
        config::Stream::Stderr => ConsoleStream::Stderr,
    };
    let color = match console.color {
        config::Color::Auto => Color::Auto,
        config::Color::Always => Color::Always,
        config::Color::Never => Color::Never,
    };
    ConsoleExporter::new(stream, color)
}
