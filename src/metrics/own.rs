//! The library's metrics about itself: the counters that its stats have, under the names of the conventions for SDKs where these
//! have one (`otel.sdk.*`), else as `agentotel.*`, and what the process uses. They are read once for each collection, just
//! before it, and replayed to every reader.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use crate::export::health::{FailureClass, HealthFigures};
use crate::journal::accounting::{LaneCounters, SignalCounters};
use crate::otlp::Signal;
use crate::sys::usage;

/// What is known of an exporter and signal.
pub(crate) struct ExporterFigures {
    pub(crate) exporter: String,
    pub(crate) signal: Signal,
    pub(crate) counters: LaneCounters,
    /// Of what is pending, what no batch has taken.
    pub(crate) unread: u64,
    pub(crate) health: HealthFigures,
}

/// What is known of the library.
pub(crate) struct Figures {
    /// By signal, in the order of their numbers.
    pub(crate) signals: [SignalCounters; 3],
    pub(crate) in_flight_events: u64,
    pub(crate) open_sessions: u64,
    pub(crate) queue_bytes: u64,
    pub(crate) exporters: Vec<ExporterFigures>,
}

/// Who tells them.
pub(crate) type Teller = Box<dyn Fn() -> Option<Figures> + Send + Sync>;

/// How an instrument is exported.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    UpDown,
    Seconds,
}

use Kind::{Counter, Seconds, UpDown};

const STARTED: &str = "otel.sdk.span.started";
const LIVE: &str = "otel.sdk.span.live";
const CREATED: &str = "otel.sdk.log.created";
const PROCESSED: [&str; 2] = ["otel.sdk.processor.span.processed", "otel.sdk.processor.log.processed"];
const QUEUED: [&str; 2] = ["otel.sdk.processor.span.queue.size", "otel.sdk.processor.log.queue.size"];
const IN_FLIGHT: [&str; 2] = ["otel.sdk.exporter.span.inflight", "otel.sdk.exporter.log.inflight"];
const EXPORTED: [&str; 2] = ["otel.sdk.exporter.span.exported", "otel.sdk.exporter.log.exported"];
const REFUSED: &str = "agentotel.refused";
const COLLECTIONS: &str = "agentotel.exporter.collections";
const ATTEMPTS: &str = "agentotel.exporter.attempts";
const RETRIES: &str = "agentotel.exporter.retries";
const DROPPED: &str = "agentotel.exporter.dropped";
const RECOVERED: &str = "agentotel.exporter.recovered";
const QUEUE_BYTES: &str = "agentotel.queue.bytes";
const UNMEASURED: &str = "agentotel.metrics.unmeasured";
const CPU: &str = "process.cpu.time";
const MEMORY: &str = "process.memory.usage";

/// Name, unit, what it is, and how it is exported.
const INSTRUMENTS: [(&str, &str, &str, Kind); 21] = [
    (STARTED, "{span}", "The number of created spans, each from its end on.", Counter),
    (LIVE, "{span}", "The number of spans which have not been ended yet.", UpDown),
    (CREATED, "{log_record}", "The number of log records that were recorded.", Counter),
    (PROCESSED[0], "{span}", "The number of spans for which the processing has finished.", Counter),
    (
        PROCESSED[1],
        "{log_record}",
        "The number of log records for which the processing has finished.",
        Counter,
    ),
    (QUEUED[0], "{span}", "The number of spans that wait in the queue.", UpDown),
    (QUEUED[1], "{log_record}", "The number of log records that wait in the queue.", UpDown),
    (IN_FLIGHT[0], "{span}", "The number of spans that an exporter has taken and not settled.", UpDown),
    (
        IN_FLIGHT[1],
        "{log_record}",
        "The number of log records that an exporter has taken and not settled.",
        UpDown,
    ),
    (EXPORTED[0], "{span}", "The number of spans for which the export has finished.", Counter),
    (EXPORTED[1], "{log_record}", "The number of log records for which the export has finished.", Counter),
    (COLLECTIONS, "{collection}", "Collections of metrics for which the export has finished.", Counter),
    (REFUSED, "{record}", "Records that were refused, with a status.", Counter),
    (ATTEMPTS, "{request}", "Requests that were sent.", Counter),
    (RETRIES, "{request}", "Those of them that had been sent before.", Counter),
    (DROPPED, "{item}", "Items that were given up.", Counter),
    (RECOVERED, "{item}", "Items that dead processes had left.", Counter),
    (QUEUE_BYTES, "By", "Bytes of the queue that are in use.", UpDown),
    (UNMEASURED, "{event}", "Events that were not measured, for want of room.", Counter),
    (CPU, "s", "Total CPU seconds.", Seconds),
    (MEMORY, "By", "The amount of physical memory in use.", UpDown),
];

/// The words for why calls are refused and items dropped, in the order of their numbers.
const REFUSALS: [&str; 6] = ["argument", "handle", "queue_full", "shut_down", "limit", "internal"];
const DROPS: [&str; 7] = ["overflow", "lag", "age", "attempts", "too_large", "not_served", "removed"];

const REQUEST_SECONDS: [f64; 14] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
const BATCH_ITEMS: [f64; 10] = [1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0];

type Points = HashMap<&'static str, Vec<(f64, Vec<KeyValue>)>>;

pub(super) struct Own {
    points: Arc<Mutex<Points>>,
    teller: OnceLock<Teller>,
    operation: Histogram<f64>,
    batch: Histogram<f64>,
}

fn exporter_attributes(exporter: &str) -> [KeyValue; 2] {
    [
        KeyValue::new("otel.component.name", exporter.to_owned()),
        KeyValue::new("otel.component.type", "agentotel_exporter"),
    ]
}

/// Where a signal has its metrics among those that spans and log records have; metrics themselves have none.
fn place(signal: Signal) -> Option<usize> {
    Some(signal.index()).filter(|index| *index < PROCESSED.len())
}

impl Own {
    pub(super) fn new(meter: &Meter) -> Self {
        let points = Arc::<Mutex<Points>>::default();
        for (name, unit, description, kind) in INSTRUMENTS {
            let said = Arc::clone(&points);
            /// Has an instrument replay what was read.
            macro_rules! replay {
                ($builder:expr, $value:expr) => {{
                    // The SDK keeps the function.
                    let _ = $builder
                        .with_unit(unit)
                        .with_description(description)
                        .with_callback(move |observer| {
                            let points = said.lock().unwrap_or_else(PoisonError::into_inner);
                            for (value, attributes) in points.get(name).into_iter().flatten() {
                                observer.observe($value(*value), attributes);
                            }
                        })
                        .build();
                }};
            }
            match kind {
                Counter => replay!(meter.u64_observable_counter(name), |value| value as u64),
                UpDown => replay!(meter.i64_observable_up_down_counter(name), |value| value as i64),
                Seconds => replay!(meter.f64_observable_counter(name), |value| value),
            }
        }
        let operation = meter
            .f64_histogram("otel.sdk.exporter.operation.duration")
            .with_unit("s")
            .with_description("The duration of exporting a batch of telemetry records.")
            .with_boundaries(REQUEST_SECONDS.to_vec());
        let batch = meter
            .f64_histogram("agentotel.exporter.batch.size")
            .with_unit("{item}")
            .with_description("Items of a request.")
            .with_boundaries(BATCH_ITEMS.to_vec());
        Self { points, teller: OnceLock::new(), operation: operation.build(), batch: batch.build() }
    }

    /// Has `teller` asked before each collection.
    pub(super) fn ask(&self, teller: Teller) {
        // The first one stays.
        let _ = self.teller.set(teller);
    }

    /// Reads what the next collection has.
    pub(super) fn read(&self, unmeasured: u64) {
        let Some(figures) = self.teller.get().and_then(|teller| teller()) else { return };
        let mut points = Points::new();
        signals(&mut points, &figures);
        for exporter in &figures.exporters {
            of_exporter(&mut points, exporter);
        }
        let mut add = |name, value: f64, attributes: &[KeyValue]| {
            points.entry(name).or_default().push((value, attributes.to_vec()));
        };
        add(QUEUE_BYTES, figures.queue_bytes as f64, &[]);
        add(UNMEASURED, unmeasured as f64, &[]);
        if let Some(used) = usage::of_process() {
            add(CPU, used.user_s, &[KeyValue::new("cpu.mode", "user")]);
            add(CPU, used.system_s, &[KeyValue::new("cpu.mode", "system")]);
            add(MEMORY, used.memory as f64, &[]);
        }
        *self.points.lock().unwrap_or_else(PoisonError::into_inner) = points;
    }

    /// A request goes out.
    pub(super) fn began(&self, exporter: &str, signal: Signal, items: u64) {
        let [name, kind] = exporter_attributes(exporter);
        self.batch.record(items as f64, &[name, kind, KeyValue::new("agentotel.signal", signal.name())]);
    }

    /// A request has ended.
    pub(super) fn ended(
        &self,
        exporter: &str,
        signal: Signal,
        took: Duration,
        failure: Option<FailureClass>,
    ) {
        let mut attributes = exporter_attributes(exporter).to_vec();
        attributes.push(KeyValue::new("agentotel.signal", signal.name()));
        attributes.extend(failure.map(|failure| KeyValue::new("error.type", failure.word())));
        self.operation.record(took.as_secs_f64(), &attributes);
    }
}

/// What calls have offered, by signal.
fn signals(points: &mut Points, figures: &Figures) {
    let mut add = |name, value: u64, attributes: &[KeyValue]| {
        points.entry(name).or_default().push((value as f64, attributes.to_vec()));
    };
    let [traces, logs, _] = &figures.signals;
    let open = figures.in_flight_events + figures.open_sessions;
    let sampled = |result: &'static str| [KeyValue::new("otel.span.sampling_result", result)];
    // What is open is not counted yet: whether it is sampled shows when it ends, and a counter must not fall.
    add(STARTED, traces.accepted(), &sampled("RECORD_AND_SAMPLE"));
    add(STARTED, traces.head_unsampled, &sampled("DROP"));
    add(LIVE, open, &[]);
    add(CREATED, logs.accepted(), &[]);
    let queue = [
        KeyValue::new("otel.component.name", "agentotel_queue/0"),
        KeyValue::new("otel.component.type", "agentotel_queue"),
    ];
    for (signal, counters) in Signal::ALL.into_iter().zip(&figures.signals) {
        if let Some(name) = place(signal).and_then(|place| PROCESSED.get(place)) {
            add(name, counters.accepted(), &queue);
        }
        for (reason, count) in REFUSALS.iter().zip(counters.refused).filter(|(_, count)| *count > 0) {
            let attributes =
                [KeyValue::new("agentotel.signal", signal.name()), KeyValue::new("error.type", *reason)];
            add(REFUSED, count, &attributes);
        }
    }
}

/// What has become of it, by exporter.
fn of_exporter(points: &mut Points, figures: &ExporterFigures) {
    let ExporterFigures { exporter, signal, counters, unread, health } = figures;
    let of_exporter = exporter_attributes(exporter);
    let mut add = |name, value: u64, more: Option<(&'static str, &'static str)>| {
        let more = more.map(|(key, value)| KeyValue::new(key, value));
        let attributes = of_exporter.iter().cloned().chain(more).collect();
        points.entry(name).or_default().push((value as f64, attributes));
    };
    let exported = place(*signal).and_then(|place| EXPORTED.get(place)).copied().unwrap_or(COLLECTIONS);
    add(exported, counters.exported, None);
    add(exported, counters.rejected, Some(("error.type", "rejected")));
    if let Some(place) = place(*signal) {
        let in_flight = counters.pending.saturating_sub(*unread);
        for (names, value) in [(QUEUED, *unread), (IN_FLIGHT, in_flight)] {
            if let Some(name) = names.get(place) {
                add(name, value, None);
            }
        }
    }
    let of_signal = Some(("agentotel.signal", signal.name()));
    add(ATTEMPTS, health.attempts, of_signal);
    add(RETRIES, health.retried, of_signal);
    add(RECOVERED, counters.recovered, of_signal);
    for (reason, count) in DROPS.iter().zip(counters.dropped).filter(|(_, count)| *count > 0) {
        let mut attributes = of_exporter.to_vec();
        attributes.push(KeyValue::new("agentotel.signal", signal.name()));
        attributes.push(KeyValue::new("error.type", *reason));
        points.entry(DROPPED).or_default().push((count as f64, attributes));
    }
}
