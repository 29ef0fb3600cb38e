//! From configuration to lanes: which signals an exporter takes, in which batches, and the transport behind them. Signals
//! that go the same way share a transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::console::{Color, ConsoleExporter, ConsoleStream};
use super::file::FileExporter;
use super::host::HostExporter;
use super::lines::Lines;
use super::otlp::Otlp;
use super::otlp::connection::{self, Connection};
use super::otlp::notes::Notes;
use super::outcome::Exporter;
use super::registry::Callbacks;
use crate::config::{self, Batch, ExporterConfig, ExporterKind, Retry, Temporality};
use crate::diagnostics::Diagnostics;
use crate::otlp::Signal;

/// What a lane is made of, before it runs.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) signal: Signal,
    pub(super) exporter: String,
    pub(super) transport: Arc<Exporter>,
    pub(super) batch: Batch,
    pub(super) retry: Retry,
    pub(super) timeout: Duration,
    /// Which sums it is sent, of metrics.
    sums: Temporality,
    /// An end point that nobody configured is quietly not there.
    pub(super) is_configured: bool,
    /// What the exporter's receiver has taken so far.
    pub(super) served: Arc<ServedSignals>,
}

impl Plan {
    /// Of which temporality metrics are wanted; absent for other signals.
    pub(super) fn temporality(&self) -> Option<Temporality> {
        (self.signal == Signal::Metrics).then_some(self.sums)
    }
}

/// Signals of which a receiver has taken something, a bit each.
#[derive(Debug, Default)]
pub(super) struct ServedSignals(AtomicU8);

impl ServedSignals {
    fn bit(signal: Signal) -> u8 {
        1 << signal.index()
    }

    pub(super) fn add(&self, signal: Signal) {
        self.0.fetch_or(Self::bit(signal), Ordering::Relaxed);
    }

    /// Whether there is another one than this.
    pub(super) fn but(&self, signal: Signal) -> bool {
        self.0.load(Ordering::Relaxed) & !Self::bit(signal) != 0
    }
}

/// One plan for each of the exporter's signals.
pub(super) fn plans(
    exporter: &ExporterConfig,
    metrics: MetricsPlan,
    callbacks: &Callbacks,
    diagnostics: &Arc<Diagnostics>,
) -> Result<Vec<Plan>, String> {
    let sums = exporter.temporality.unwrap_or(metrics.temporality);
    let signals = Signal::ALL.into_iter().filter(|signal| exporter.signals.contains(signal));
    let signals: Vec<Signal> =
        signals.filter(|signal| metrics.enabled || *signal != Signal::Metrics).collect();
    let transports = match &exporter.kind {
        ExporterKind::Otlp(otlp) => otlp_transports(&exporter.name, otlp, &signals, callbacks, diagnostics)?,
        ExporterKind::File(file) => shared(Exporter::File(file_exporter(file, callbacks)), &signals),
        ExporterKind::Console(console) => {
            shared(Exporter::Console(Box::new(console_exporter(console, callbacks))), &signals)
        }
        ExporterKind::Host(host) => {
            let notes = Notes::new(&exporter.name, diagnostics);
            let host = HostExporter::new(&host.callback, host.payload, &callbacks.exporters, notes);
            shared(Exporter::Host(host), &signals)
        }
    };
    let is_configured = !matches!(&exporter.kind, ExporterKind::Otlp(otlp) if !otlp.endpoint_given);
    let served = Arc::<ServedSignals>::default();
    let plan = |(signal, transport)| Plan {
        served: Arc::clone(&served),
        signal,
        exporter: exporter.name.clone(),
        transport,
        batch: batch(exporter, signal),
        sums,
        retry: exporter.retry.clone(),
        timeout: Duration::from_millis(exporter.timeout_ms_for(signal)),
        is_configured,
    };
    Ok(signals.into_iter().zip(transports).map(plan).collect())
}

/// What exporters have to know of metrics.
#[derive(Clone, Copy)]
pub(super) struct MetricsPlan {
    pub(super) enabled: bool,
    /// Which sums exporters are sent that say none.
    pub(super) temporality: Temporality,
}

impl MetricsPlan {
    pub(super) fn new(metrics: &config::Metrics) -> Self {
        Self { enabled: metrics.enabled, temporality: metrics.temporality }
    }
}

/// The bounds of a batch. A collection goes alone: what a receiver rejects of it is one item then; and after the one before
/// it has arrived, since a sum that falls looks like a new start.
fn batch(exporter: &ExporterConfig, signal: Signal) -> Batch {
    if signal == Signal::Metrics {
        return Batch { max_count: 1, in_flight: 1, ..exporter.batch.clone() };
    }
    exporter.batch.clone()
}

type Transports = Vec<Arc<Exporter>>;

fn shared(transport: Exporter, signals: &[Signal]) -> Transports {
    let transport = Arc::new(transport);
    signals.iter().map(|_| Arc::clone(&transport)).collect()
}

/// Each signal has its own end point and headers; connections are shared where they may be.
fn otlp_transports(
    exporter: &str,
    otlp: &config::Otlp,
    signals: &[Signal],
    callbacks: &Callbacks,
    diagnostics: &Arc<Diagnostics>,
) -> Result<Transports, String> {
    let mut connections: Vec<Arc<Connection>> = Vec::new();
    let plaintext = Notes::new(exporter, diagnostics);
    let build = |signal: &Signal| {
        let settings = otlp.for_signal(*signal);
        let notes = || Notes::new(exporter, diagnostics);
        let connection =
            connection::shared(&mut connections, super::otlp::connection_settings(settings), notes);
        Otlp::new(
            exporter,
            *signal,
            settings,
            connection,
            Arc::clone(&callbacks.header_providers),
            &plaintext,
        )
        .map(|transport| Arc::new(Exporter::Otlp(Box::new(transport))))
        .map_err(|error| error.to_string())
    };
    signals.iter().map(build).collect()
}

fn formatter(name: &str, callbacks: &Callbacks) -> Lines {
    Lines::Formatter { name: name.to_owned(), formatters: Arc::clone(&callbacks.formatters) }
}

fn file_exporter(file: &config::File, callbacks: &Callbacks) -> FileExporter {
    let lines = file.formatter.as_ref().map_or(Lines::OtlpJson, |name| formatter(name, callbacks));
    FileExporter::new(&file.path, file.format, lines, file.rotate)
}

fn console_exporter(console: &config::Console, callbacks: &Callbacks) -> ConsoleExporter {
    let stream = match console.stream {
        config::Stream::Stdout => ConsoleStream::Stdout,
        config::Stream::Stderr => ConsoleStream::Stderr,
    };
    let color = match console.color {
        config::Color::Auto => Color::Auto,
        config::Color::Always => Color::Always,
        config::Color::Never => Color::Never,
    };
    let exporter = ConsoleExporter::new(stream, color);
    match &console.format {
        config::ConsoleFormat::Tree => exporter,
        config::ConsoleFormat::Json => exporter.with_lines(Lines::OtlpJson),
        config::ConsoleFormat::LogText => exporter.with_log_text(),
        config::ConsoleFormat::LogJson => exporter.with_lines(Lines::Records),
        config::ConsoleFormat::Formatter(name) => exporter.with_lines(formatter(name, callbacks)),
    }
}
