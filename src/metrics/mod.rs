//! What is measured: events (`events`), the library itself (`own`), and what the host measures with its own instruments
//! (`host`, and `observed` by functions; both by `series`). Instruments, aggregation and bounds are the SDK's; views (`views`) come from the configuration. At intervals the
//! worker has everything collected: what the readers give becomes frames of the journal (`encode`), and from there goes the
//! way of every other signal.
//!
//! What was recorded since the last collection is in memory alone: a process that is killed loses it, while collections
//! that are in the journal are recovered like other records. What a dead process has left is not measured again: its spans
//! were, by itself, or were lost with what it had not collected.

pub(crate) mod attributes;
mod encode;
pub(crate) mod events;
pub(crate) mod host;
mod observed;
pub(crate) mod own;
pub(crate) mod series;
#[cfg(test)]
mod tests;
mod views;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{self as sdk, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider};

use self::encode::Payloads;
use self::events::Events;
use self::host::HostInstruments;
use self::observed::Observed;
use self::own::{Own, Teller};
use crate::config::{Config, Level, Temporality};
use crate::diagnostics::Diagnostics;
use crate::export::Measuring;
use crate::export::health::FailureClass;
use crate::export::registry::{ObservableCallback, Registry};
use crate::journal::accounting::{Refusal, Repairs};
use crate::journal::{AppendError, Entry, Journal, Origin};
use crate::otlp::Signal;
use crate::otlp::metrics::kind_bit;
use crate::otlp::request::SCOPE_NAME;

/// A collection takes at most this part of a segment for one frame.
const FRAMES_PER_SEGMENT: usize = 8;
/// Most bytes that are kept free for what an event is measured by, and that it may take when they are not enough.
const MOST_MEASUREMENT_BYTES: usize = 1_024;
const MOST_UNUSUAL_MEASUREMENT_BYTES: usize = 65_536;
/// The shard that collections are left in.
const SHARD: usize = 0;

/// A reader that the provider has, and whoever collects.
#[derive(Clone, Debug)]
struct Reader(Arc<ManualReader>);

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: std::sync::Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> sdk::Temporality {
        self.0.temporality(kind)
    }
}

/// Everything that measures, of one start of the library.
pub(crate) struct Metrics {
    interval: Duration,
    journal: Arc<Journal>,
    diagnostics: Arc<Diagnostics>,
    is_enabled: bool,
    /// What keeps the instruments alive.
    _provider: SdkMeterProvider,
    readers: Vec<(Temporality, Reader)>,
    events: Option<Events>,
    host: HostInstruments,
    observed: Observed,
    own: Option<Own>,
    /// Events of which nothing could be measured.
    missed: AtomicU64,
    /// Collections that have found no room in the journal yet.
    waiting: Mutex<Vec<Vec<u8>>>,
    most_payload: usize,
    most_waiting: usize,
}

impl Metrics {
    /// Handles of instruments will carry `epoch`. Where the configuration wants no metrics, nothing is read of them.
    pub(crate) fn new(
        config: &Config,
        epoch: u64,
        observables: &Arc<Registry<dyn ObservableCallback>>,
        journal: &Arc<Journal>,
        diagnostics: &Arc<Diagnostics>,
    ) -> Arc<Self> {
        let metrics = &config.metrics;
        let mut builder = SdkMeterProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_view(views::view(metrics));
        let mut readers = Vec::new();
        for temporality in temporalities(config) {
            let preference = match temporality {
                Temporality::Cumulative => sdk::Temporality::Cumulative,
                Temporality::Delta => sdk::Temporality::Delta,
                Temporality::LowMemory => sdk::Temporality::LowMemory,
            };
            let reader = Reader(Arc::new(ManualReader::builder().with_temporality(preference).build()));
            builder = builder.with_reader(reader.clone());
            readers.push((temporality, reader));
        }
        let provider = builder.build();
        let meter = provider.meter(SCOPE_NAME);
        Arc::new(Self {
            interval: Duration::from_millis(metrics.interval_ms),
            journal: Arc::clone(journal),
            diagnostics: Arc::clone(diagnostics),
            is_enabled: metrics.enabled,
            _provider: provider,
            events: metrics.from_events.then(|| Events::new(&meter)),
            host: HostInstruments::new(epoch, meter.clone(), metrics.cardinality_limit),
            own: metrics.about_self.then(|| Own::new(&meter)),
            observed: Observed::new(meter, Arc::clone(observables)),
            missed: AtomicU64::new(0),
            waiting: Mutex::default(),
            most_payload: config.queue.segment_bytes / FRAMES_PER_SEGMENT / readers.len().max(1),
            most_waiting: config.queue.segment_bytes,
            readers,
        })
    }

    /// What the worker asks; nothing when the configuration wants no metrics.
    pub(crate) fn measuring(this: &Arc<Self>) -> Option<Arc<dyn Measuring>> {
        this.is_enabled.then(|| Arc::clone(this) as Arc<dyn Measuring>)
    }

    /// Has `teller` say what the library's metrics about itself are made of.
    pub(crate) fn ask(&self, teller: Teller) {
        if let Some(own) = &self.own {
            own.ask(teller);
        }
    }

    /// The host's instruments.
    #[inline]
    pub(crate) fn host(&self) -> &HostInstruments {
        &self.host
    }

    /// Whether an event that leaves no span is to leave a measurement.
    #[inline]
    pub(crate) fn measures_events(&self) -> bool {
        self.events.is_some()
    }

    /// Leaves what an event is measured by in the journal, for the worker; `write` gives the fields of its span that matter.
    /// Without room there, it is measured at once.
    pub(crate) fn leave(&self, shard: usize, kind: u8, mut write: impl FnMut(&mut [u8]) -> Option<usize>) {
        if !self.journal.append_measurement(shard, kind, MOST_MEASUREMENT_BYTES, &mut write) {
            self.measure_at_once(kind, &mut write);
        }
    }

    #[cold]
    fn measure_at_once(&self, kind: u8, write: &mut dyn FnMut(&mut [u8]) -> Option<usize>) {
        let mut scratch = vec![0; MOST_UNUSUAL_MEASUREMENT_BYTES];
        let written = write(&mut scratch).and_then(|length| scratch.get(..length));
        match (written, &self.events) {
            (Some(content), Some(events)) if !self.journal.is_closed() => events.measure(kind, content),
            _ => self.miss(),
        }
    }

    /// Counts an event of which nothing could be measured.
    #[cold]
    pub(crate) fn miss(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
    }

    fn append(&self, payload: &[u8]) -> Result<(), AppendError> {
        let kind = self.readers.iter().fold(0, |kind, (temporality, _)| kind | kind_bit(*temporality));
        let entry = Entry {
            signal: Signal::Metrics,
            kind,
            flags: 0,
            origin: Origin::Collected,
            repairs: Repairs::default(),
        };
        self.journal.append(SHARD, entry, payload.len(), |place, _| {
            place.copy_from_slice(payload);
            Ok(())
        })
    }

    /// Leaves in the journal what was collected, and what was before and found no room. What finds none waits, the oldest
    /// being refused when that is too much.
    fn leave_collected(&self, payloads: Vec<Vec<u8>>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(payloads);
        let taken = waiting.iter().take_while(|payload| self.append(payload).is_ok()).count();
        waiting.drain(..taken);
        let mut bytes: usize = waiting.iter().map(Vec::len).sum();
        while bytes > self.most_waiting && !waiting.is_empty() {
            bytes -= waiting.remove(0).len();
            self.journal.refuse(SHARD, Signal::Metrics, Refusal::QueueFull);
            self.diagnostics.say(Level::Warn, "a collection of metrics has found no room in the queue");
        }
    }
}

/// Those that exporters of metrics have, each once; the default when none does, for exporters to come. None without metrics.
fn temporalities(config: &Config) -> Vec<Temporality> {
    if !config.metrics.enabled {
        return Vec::new();
    }
    let default = config.metrics.temporality;
    let mut found = Vec::new();
    for exporter in config.exporters.iter().filter(|exporter| exporter.signals.contains(&Signal::Metrics)) {
        let temporality = exporter.temporality.unwrap_or(default);
        if !found.contains(&temporality) {
            found.push(temporality);
        }
    }
    if found.is_empty() {
        found.push(default);
    }
    found
}

impl Measuring for Metrics {
    fn interval(&self) -> Duration {
        self.interval
    }

    fn scan(&self) {
        if let Some(events) = &self.events {
            events.scan(&self.journal);
        }
    }

    fn collect(&self) {
        if !self.journal.has_lane_of(Signal::Metrics) {
            return;
        }
        // What the SDK forgets after a collection, which it does where sums are not cumulative, is not held on to.
        let keeps_all = self.readers.iter().all(|(temporality, _)| *temporality == Temporality::Cumulative);
        if let Some(events) = &self.events {
            events.hand_over(!keeps_all);
        }
        self.host.hand_over(!keeps_all);
        self.observed.observe();
        if let Some(own) = &self.own {
            own.read(self.missed.load(Ordering::Relaxed) + self.journal.unmeasured());
        }
        let mut payloads = Payloads::new(self.most_payload);
        for (temporality, reader) in &self.readers {
            let mut collected = ResourceMetrics::default();
            if reader.collect(&mut collected).is_ok() {
                payloads.add(*temporality, &collected);
            }
        }
        self.leave_collected(payloads.finish());
    }

    fn collects(&self, temporality: Temporality) -> bool {
        self.readers.iter().any(|(known, _)| *known == temporality)
    }

    fn began(&self, exporter: &str, signal: Signal, items: u64) {
        if let Some(own) = &self.own {
            own.began(exporter, signal, items);
        }
    }

    fn ended(&self, exporter: &str, signal: Signal, took: Duration, failure: Option<FailureClass>) {
        if let Some(own) = &self.own {
            own.ended(exporter, signal, took, failure);
        }
    }
}
