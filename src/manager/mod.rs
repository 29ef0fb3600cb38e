//! The OtelManager: everything that one start of the library is made of, and what can be asked of it. Built from a
//! Config, shared by all calling threads, shut down once. `sessions`, `events` (in flight),
//! `recording` (whole ones; `said` those that are read already), `errors`, `logs` and `metrics` are what calls do, `unsampled` what they leave
//! of what is not sampled, `targets` what they
//! name; `caller` is what a
//! thread brings along; `error` is what can go wrong. Knows no C types and no global.

mod caller;
mod error;
mod errors;
mod event_ids;
mod events;
mod exporters;
mod logs;
mod metrics;
mod propagation;
mod recording;
mod recovery;
mod said;
mod sessions;
mod storage;
mod targets;
mod unsampled;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) use self::caller::Caller;
pub(crate) use self::error::Error;
use self::event_ids::EventIds;
pub(crate) use self::events::LiveListing;
pub(crate) use self::metrics::{MOST_BOUNDARIES, check_instrument};
use self::storage::{Alarm, Storage};
pub(crate) use self::storage::{Durability, StorageStats};
use crate::config::{Config, ExporterConfig, Level, LiveExport, Overflow, Processor, resource};
use crate::diagnostics::Diagnostics;
pub(crate) use crate::diagnostics::{DiagnosticHandler, Line};
use crate::event::content::{ContentPolicy, HashKey};
use crate::event::costs::Prices;
use crate::event::data::ROOT_FRAME_KIND;
use crate::event::filter::EventFilter;
use crate::event::inject::Inject;
use crate::event::processor::{EventProcessor, RecordLimits};
use crate::event::semconv;
use crate::export::health::HealthFigures;
pub(crate) use crate::export::host::{Answer, ExportCallback, HandedOver};
pub(crate) use crate::export::injector::{AttributeInjector, Injectee, Treatment};
pub(crate) use crate::export::lines::FormatCallback;
use crate::export::read_secret_file;
pub(crate) use crate::export::registry::DIAGNOSTIC_HANDLER;
pub(crate) use crate::export::registry::{LetGo, Removal, SamplerCallback, SamplingAnswer, SamplingQuestion};
pub(crate) use crate::export::registry::{ObservableCallback, Observation};
use crate::export::registry::{Registry, is_in_callback};
use crate::export::{BesideLanes, Control, Duty, ExportManager, LaneEntry, RootSpan, StartError, TailRules};
pub(crate) use crate::export::{Callbacks, HeaderProvider};
use crate::handle::{HandleError, HandleKind};
use crate::journal::accounting::{LaneCounters, Refusal, Repairs, SignalCounters};
use crate::journal::files::{EVENTS_SUFFIX, SESSIONS_SUFFIX, SlotFiles};
use crate::journal::{AppendError, Journal, JournalSettings, OverflowPolicy};
use crate::live::table::LiveTable;
use crate::live::view::{LiveView, Passes};
use crate::metrics::Metrics;
pub(crate) use crate::metrics::attributes::key_values;
use crate::metrics::own::{ExporterFigures, Figures};
pub(crate) use crate::metrics::series::{InstrumentKind, InstrumentOptions};
use crate::otlp::Signal;
use crate::otlp::request::RequestHeader;
use crate::otlp::wire::WriteError;
use crate::redaction::Redaction;
use crate::sampling::HeadSampler;
use crate::session::SessionTable;
use crate::session::memory::SessionSlots;
use crate::sys::clock;

/// How long a shutdown whose time is up waits for the diagnostic handler all the same: what it says last is why.
const LEAST_TELLING: Duration = Duration::from_millis(150);

const RUNNING: u8 = 0;
const STOPPING: u8 = 1;
const SHUT_DOWN: u8 = 2;

/// The counters of one signal with what is open and in use.
pub(crate) struct Stats {
    pub(crate) counters: SignalCounters,
    pub(crate) in_flight_events: u64,
    pub(crate) open_sessions: u64,
    pub(crate) queue_bytes: u64,
    pub(crate) queue_capacity_bytes: u64,
}

/// The counters of one exporter and signal with its requests.
pub(crate) struct ExporterStats {
    pub(crate) counters: LaneCounters,
    pub(crate) health: HealthFigures,
}

pub(crate) struct OtelManager {
    config: Arc<Config>,
    /// Those that are there now.
    exporters: Mutex<Vec<ExporterConfig>>,
    journal: Arc<Journal>,
    sessions: SessionTable,
    session_slots: Arc<SessionSlots>,
    live: Arc<LiveTable>,
    view: Arc<LiveView>,
    processor: EventProcessor,
    event_ids: EventIds,
    sampler: HeadSampler,
    filter: Option<EventFilter>,
    metrics: Arc<Metrics>,
    diagnostics: Arc<Diagnostics>,
    /// The host's function that is told them.
    handlers: Arc<Registry<dyn DiagnosticHandler>>,
    export: Arc<ExportManager>,
    storage: Option<Storage>,
    state: AtomicU8,
}

impl OtelManager {
    /// Builds and starts everything. Handles will carry `epoch`; what the host registers may come and go.
    pub(crate) fn start(
        config: Arc<Config>,
        warnings: &[String],
        epoch: u64,
        callbacks: &Arc<Callbacks>,
    ) -> Result<Arc<Self>, Error> {
        let handlers = Arc::clone(&callbacks.diagnostic_handlers);
        let diagnostics = Arc::new(Diagnostics::with_listener(config.diagnostics.level, handlers));
        for warning in warnings {
            diagnostics.say(Level::Warn, warning);
        }
        clock::look_at_counter();
        let control = Arc::new(Control::default());
        let overflow = match config.queue.overflow {
            Overflow::DropNewest => OverflowPolicy::DropNewest,
            Overflow::DropOldest => OverflowPolicy::DropOldest,
            Overflow::Block => OverflowPolicy::Block(Duration::from_millis(config.queue.block_ms)),
        };
        let settings = JournalSettings {
            shards: config.queue.shards,
            segment_bytes: config.queue.segment_bytes,
            max_bytes: config.queue.max_bytes,
            overflow,
        };
        let waker = Arc::clone(&control);
        let wake = Box::new(move || waker.notify.notify_one());
        let alarm = Arc::new(Alarm::default());
        let budget = storage::budget(&config);
        let journal = Arc::new(storage::journal(&config, settings, &budget, wake, &alarm));
        let limits = record_limits(&config);
        let redaction = redaction(&config)?;
        let content = ContentPolicy::new(&config.content, hash_key(&config)?);
        let inject = Inject::new(&config, &callbacks.injectors, redaction.clone(), &content);
        // Without a directory no file is made.
        let slots = Arc::new(SlotFiles::new(Arc::clone(&budget)));
        let live = Arc::new(LiveTable::new(epoch, config.live.max_events, slots.source(EVENTS_SUFFIX)));
        let view = Arc::new(LiveView::new(
            &config.live,
            Arc::clone(&live),
            Arc::clone(&journal),
            EventProcessor::new(limits),
            Arc::clone(&diagnostics),
        ));
        let metrics = Metrics::new(&config, epoch, &callbacks.observables, &journal, &diagnostics);
        let header = RequestHeader::new(&resource::redacted(resource::detect(&config), redaction.as_deref()));
        let export = ExportManager::start(
            &config,
            header.clone(),
            Arc::clone(&journal),
            control,
            Arc::clone(&diagnostics),
            BesideLanes {
                duty: live_duty(&config, &view),
                tail: tail_rules(&config),
                measuring: Metrics::measuring(&metrics),
            },
            callbacks,
        )
        .map_err(|error| match error {
            StartError::Settings { .. } => Error::Config(error.to_string()),
            StartError::Worker(_) | StartError::Stopped => Error::System(error.to_string()),
        })?;
        let export = Arc::new(export);
        let storage = config.storage.as_ref().map(|storage| {
            let processor = EventProcessor::new(limits);
            Storage::start(
                &config,
                storage,
                &header,
                &journal,
                &slots,
                &export,
                &diagnostics,
                &budget,
                processor,
                &alarm,
            )
            .map_err(|error| {
                let directory = storage.directory.display();
                Error::System(format!("storage.directory {directory}: {error}"))
            })
        });
        // A start that failed leaves no thread behind.
        let storage = storage.transpose().inspect_err(|_| {
            journal.close();
            export.stop(Duration::ZERO, true);
        })?;
        let session_slots = SessionSlots::new(journal.shard_count(), slots.source(SESSIONS_SUFFIX));
        let manager = Arc::new(Self {
            session_slots: Arc::new(session_slots),
            journal,
            sessions: SessionTable::new(epoch),
            live,
            view,
            processor: EventProcessor::with_inject(limits, inject)
                .with(content, Prices::new(&config.costs))
                .with_redaction(redaction),
            event_ids: EventIds::default(),
            sampler: HeadSampler::new(&config.sampler, &callbacks.samplers, &diagnostics),
            filter: EventFilter::new(&config.event_filter),
            metrics,
            diagnostics,
            handlers: Arc::clone(&callbacks.diagnostic_handlers),
            export,
            storage,
            state: AtomicU8::new(RUNNING),
            exporters: Mutex::new(config.exporters.clone()),
            config,
        });
        let weak = Arc::downgrade(&manager);
        manager.metrics.ask(Box::new(move || weak.upgrade().map(|manager| manager.figures())));
        Ok(manager)
    }

    fn check_running(&self) -> Result<(), Error> {
        if self.state.load(Ordering::Acquire) == RUNNING { Ok(()) } else { Err(Error::ShutDown) }
    }

    /// Whether it has been shut down, or is about to be.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.state.load(Ordering::Acquire) != RUNNING
    }

    /// The shard that a thread keeps to.
    pub(crate) fn shard_of(&self, caller: &mut Caller) -> usize {
        caller.shard(self.journal.shard_count())
    }

    /// Counts a call that is refused before anything could be recorded, and passes its error on.
    #[cold]
    pub(crate) fn refused(&self, shard: usize, signal: Signal, error: Error) -> Error {
        let reason = match &error {
            Error::InvalidHandle { .. } | Error::StaleHandle { .. } => Refusal::Handle,
            Error::QueueFull => Refusal::QueueFull,
            Error::ShutDown | Error::NotInitialized => Refusal::ShutDown,
            Error::Limit { .. } => Refusal::Limit,
            Error::Internal(_) | Error::System(_) => Refusal::Internal,
            _ => Refusal::Argument,
        };
        self.journal.refuse(shard, signal, reason);
        error
    }

    /// Counts a text that came with a call and had to be set right before it could be read.
    #[cold]
    pub(crate) fn count_mended(&self, shard: usize, signal: Signal) {
        self.journal.count_repairs(shard, signal, Repairs { utf8: 1, ..Repairs::default() });
    }

    /// The error of an append; what the journal has not counted is counted here.
    #[cold]
    fn append_error(&self, shard: usize, signal: Signal, error: AppendError) -> Error {
        match error {
            AppendError::Full => Error::QueueFull,
            AppendError::Closed => Error::ShutDown,
            AppendError::Write(why) => self.refused(
                shard,
                signal,
                Error::Internal(format!("a record could not be written: {why:?}")),
            ),
        }
    }

    /// Delivers what is recorded by now.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.check_running()?;
        check_may_wait("agentotel_flush")?;
        if self.export.flush(timeout) { Ok(()) } else { Err(Error::Timeout(self.export.pending_words())) }
    }

    /// Ends what is open, delivers, stops.
    pub(crate) fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        self.check_may_shut_down()?;
        self.stop(timeout, false)
    }

    /// Whether it runs, and this thread may wait for its end.
    pub(crate) fn check_may_shut_down(&self) -> Result<(), Error> {
        self.check_running()?;
        check_may_wait("agentotel_shutdown")
    }

    /// The same when the host exits without a word: bounded by configuration, and without waiting for end points that
    /// are down.
    pub(crate) fn shut_down_at_exit(&self) {
        if self.config.flush_at_exit_ms > 0 {
            let _ = self.stop(Duration::from_millis(self.config.flush_at_exit_ms), true);
        }
    }

    fn stop(&self, timeout: Duration, leave_down: bool) -> Result<(), Error> {
        self.state
            .compare_exchange(RUNNING, STOPPING, Ordering::AcqRel, Ordering::Acquire)
            .map_err(|_| Error::ShutDown)?;
        let deadline = Instant::now().checked_add(timeout);
        self.end_everything();
        self.journal.close();
        let settled = self.export.stop(timeout, leave_down);
        self.journal.seal();
        self.state.store(SHUT_DOWN, Ordering::Release);
        if let Some(storage) = &self.storage {
            storage.stop(&self.journal, settled);
        }
        let ended = if settled {
            self.journal.let_go();
            Ok(())
        } else {
            let pending = self.export.pending_words();
            self.diagnostics.say(Level::Error, &format!("shut down with something pending: {pending}"));
            Err(Error::Timeout(pending))
        };
        let left = deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
        if !self.diagnostics.close(left.max(LEAST_TELLING)) {
            // It must not be called a second time while it has not returned.
            self.handlers.forget(DIAGNOSTIC_HANDLER);
        }
        ended
    }

    /// The counters of a signal.
    pub(crate) fn stats(&self, signal: Signal) -> Stats {
        let is_traces = signal == Signal::Traces;
        let count = |number: usize| if is_traces { number as u64 } else { 0 };
        Stats {
            counters: self.journal.signal_counters(signal),
            in_flight_events: count(self.live.live()),
            open_sessions: count(self.sessions.open()),
            queue_bytes: self.journal.bytes_in_use() as u64,
            queue_capacity_bytes: self.config.queue.max_bytes as u64,
        }
    }

    #[cfg(test)]
    pub(crate) fn metrics_for_tests(&self) -> &Metrics {
        &self.metrics
    }

    /// What its metrics about itself are made of.
    fn figures(&self) -> Figures {
        let of_lane = |lane: Arc<LaneEntry>| ExporterFigures {
            counters: self.export.counters(&lane),
            unread: self.journal.unread(lane.id),
            health: lane.health.figures(),
            exporter: lane.exporter.clone(),
            signal: lane.signal,
        };
        Figures {
            signals: Signal::ALL.map(|signal| self.journal.signal_counters(signal)),
            in_flight_events: self.live.live() as u64,
            open_sessions: self.sessions.open() as u64,
            queue_bytes: self.journal.bytes_in_use() as u64,
            exporters: self.export.lanes().into_iter().map(of_lane).collect(),
        }
    }

    /// How the storage fares.
    pub(crate) fn storage_stats(&self) -> StorageStats {
        self.storage.as_ref().map(|storage| storage.stats(&self.journal)).unwrap_or_default()
    }

    /// The counters of an exporter and signal.
    pub(crate) fn exporter_stats(&self, name: &[u8], signal: Signal) -> Result<ExporterStats, Error> {
        let lane = self.lane(name, signal)?;
        Ok(ExporterStats { counters: self.export.counters(&lane), health: lane.health.figures() })
    }

    /// What went wrong last with an exporter and signal; empty when nothing did since its last success.
    pub(crate) fn exporter_error(&self, name: &[u8], signal: Signal) -> Result<String, Error> {
        Ok(self.lane(name, signal)?.health.last_error())
    }

    fn lane(&self, name: &[u8], signal: Signal) -> Result<Arc<LaneEntry>, Error> {
        let shown = String::from_utf8_lossy(name);
        self.export.lane(&shown, signal).ok_or_else(|| {
            let shown: String = shown.chars().take(64).collect();
            Error::NotFound(format!("no exporter `{shown}` that takes {}", signal.name()))
        })
    }

    /// The last diagnostic lines.
    pub(crate) fn diagnostics_text(&self) -> String {
        self.diagnostics.text()
    }
}

/// The limits on one record: those of the step `limit`, when that is done.
fn record_limits(config: &Config) -> RecordLimits {
    let record_bytes = config.limits.event_bytes;
    if !config.processors.contains(&Processor::Limit) {
        let none = usize::MAX;
        return RecordLimits { attributes: none, value_bytes: None, events: none, links: none, record_bytes };
    }
    RecordLimits {
        attributes: config.limits.attributes,
        value_bytes: config.limits.value_bytes,
        events: config.limits.events,
        links: config.limits.links,
        record_bytes,
    }
}

/// A thread that the host's function runs on must not wait for that function.
fn check_may_wait(function: &'static str) -> Result<(), Error> {
    if is_in_callback() { Err(Error::InCallback(function)) } else { Ok(()) }
}

/// What the worker does for the live view; nothing when that has nothing to show.
fn live_duty(config: &Config, view: &Arc<LiveView>) -> Option<Duty> {
    let live = &config.live;
    let shows = live.enabled && (live.export != LiveExport::Off || live.stall_after_ms > 0);
    let mut passes = shows.then(|| Passes::new(Arc::clone(view)))?;
    Some(Duty::new(Duration::from_millis(live.interval_ms), move || passes.look_on()))
}

/// Which sessions are exported; nothing when all are.
fn tail_rules(config: &Config) -> Option<TailRules> {
    let root = RootSpan { kind: ROOT_FRAME_KIND, tags: semconv::SESSION_TAGS, cost: semconv::SESSION_COST };
    config.tail_sampling.clone().map(|config| TailRules { config, root })
}

/// The key of hashes of content; nothing when none are made.
fn hash_key(config: &Config) -> Result<Option<HashKey>, Error> {
    let Some(file) = &config.content.hash_key_file else { return Ok(None) };
    let wrong = |why: String| Error::Config(format!("content.hash_key_file {}: {why}", file.display()));
    let contents = read_secret_file(file).map_err(|why| wrong(why.to_string()))?;
    HashKey::new(&contents).map(Some).map_err(wrong)
}

/// The rules of redaction; nothing when there are none.
fn redaction(config: &Config) -> Result<Option<Arc<Redaction>>, Error> {
    Redaction::new(&config.redact.detectors, &config.redact.rules)
        .map(|rules| rules.map(Arc::new))
        // They were tried when the configuration was read.
        .map_err(|_| Error::Config("redact: the rules are not accepted".to_owned()))
}

/// What should never happen: a text that was made valid is not.
fn not_encoded(why: WriteError) -> Error {
    Error::Internal(format!("a record could not be encoded: {why:?}"))
}

/// What a handle that names nothing is answered with.
fn handle_error(kind: HandleKind, handle: u64, error: HandleError) -> Error {
    match error {
        HandleError::Invalid => Error::InvalidHandle { kind, handle },
        HandleError::Stale => Error::StaleHandle { kind, handle },
    }
}
