//! The configuration document as it is written: one structure for each JSON object, with its keys, ranges and
//! defaults. The texts here are the reference: the JSON Schema and the tables in the documentation are
//! generated from them. Nothing is interpreted here; `resolve` makes a `Config` of a document. A default that
//! depends on the machine or on the environment is `None`, and its text says what takes its place; so is
//! `null`, where it is accepted.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::content::ContentKeys;
use super::costs::CostsKeys;
use super::filter::RuleKeys;
use super::logs::LogsKeys;
use super::metrics::MetricsKeys;
use super::processing::{InjectKeys, PropagatorName, default_processors, default_propagators};
use super::redact::RedactKeys;
use super::sampler::SamplerKeys;
use super::tail::TailKeys;
use super::value::{AttributeValue, NonEmpty, Whole, Word, object};
use super::{Detector, Level, LiveExport, OnFailure, Overflow, Processor, Sync};

/// A count that a limit may take: OpenTelemetry's own limits are 32-bit.
pub(super) type Count = Whole<0, 2_147_483_647>;

/// Configuration of libagentotel. Every key is optional.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "agentotel"))]
#[serde(default, deny_unknown_fields)]
pub(super) struct Document {
    #[serde(deserialize_with = "object")]
    pub(super) service: ServiceKeys,
    #[serde(deserialize_with = "object")]
    pub(super) resource: ResourceKeys,
    /// Decides for each session, when it starts, whether it is recorded: a sampler's name, or an object with its `type`
    /// and its arguments: `ratio` for the ratio samplers, `per_second` for `rate`, `name` for `host`, and `parent_based`
    /// for both of these.
    pub(super) sampler: SamplerKeys,
    #[serde(deserialize_with = "super::tail::optional")]
    pub(super) tail_sampling: Option<TailKeys>,
    /// Rules by which events are dropped before anything else is done with them: objects with `kind`, `name` and
    /// `model`, each of them optional; in `name` and `model`, `*` stands for any text. An event that has all that one rule
    /// names is dropped, and its children become its parent's.
    pub(super) event_filter: Vec<RuleKeys>,
    /// What is done with each event on the thread that records it, in order: `inject` adds what `inject` says, `redact`
    /// replaces what `redact` says, `limit` applies `limits`. A step that is left out is not done; `limits.event_bytes` holds in any case.
    pub(super) processors: Vec<Processor>,
    #[serde(deserialize_with = "object")]
    pub(super) inject: InjectKeys,
    #[serde(deserialize_with = "object")]
    pub(super) redact: RedactKeys,
    /// The formats in which contexts are passed on to other processes and taken from them, in order; of several that name
    /// a span the last counts. `none`, or an empty list: nothing is passed on.
    pub(super) propagators: Vec<PropagatorName>,
    #[serde(deserialize_with = "object")]
    pub(super) content: ContentKeys,
    #[serde(deserialize_with = "object")]
    pub(super) limits: LimitsKeys,
    #[serde(deserialize_with = "object")]
    pub(super) costs: CostsKeys,
    #[serde(deserialize_with = "object")]
    pub(super) queue: QueueKeys,
    #[serde(deserialize_with = "object")]
    pub(super) storage: StorageKeys,
    #[serde(deserialize_with = "object")]
    pub(super) live: LiveKeys,
    /// Where telemetry goes. The list is taken as a whole; an empty one exports nothing. Without it,
    /// `OTEL_TRACES_EXPORTER`, `OTEL_LOGS_EXPORTER` and `OTEL_METRICS_EXPORTER` decide, and without those one `otlp`
    /// exporter.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<super::exporter::ExporterKeys>>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exporters: Option<Vec<serde_json::Value>>,
    /// Milliseconds that the exit of the process may take to send what is pending. 0 turns this off.
    pub(super) flush_at_exit_ms: Whole<0, 600_000>,
    #[serde(deserialize_with = "object")]
    pub(super) metrics: MetricsKeys,
    #[serde(deserialize_with = "object")]
    pub(super) logs: LogsKeys,
    #[serde(deserialize_with = "object")]
    pub(super) diagnostics: DiagnosticsKeys,
    /// For editors: where the schema of this document is. Not read.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    _schema: Option<String>,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            service: ServiceKeys::default(),
            resource: ResourceKeys::default(),
            sampler: SamplerKeys::default(),
            tail_sampling: None,
            event_filter: Vec::new(),
            processors: default_processors(),
            inject: InjectKeys::default(),
            redact: RedactKeys::default(),
            propagators: default_propagators(),
            content: ContentKeys::default(),
            limits: LimitsKeys::default(),
            costs: CostsKeys::default(),
            queue: QueueKeys::default(),
            storage: StorageKeys::default(),
            live: LiveKeys::default(),
            exporters: None,
            flush_at_exit_ms: Whole::fixed::<2_000>(),
            metrics: MetricsKeys::default(),
            logs: LogsKeys::default(),
            diagnostics: DiagnosticsKeys::default(),
            _schema: None,
        }
    }
}

/// What the telemetry says about the program.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServiceKeys {
    /// `service.name`. Default: `unknown_service:` and the name of the executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<NonEmpty>,
    /// `service.version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<NonEmpty>,
    /// `service.namespace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<NonEmpty>,
    /// `service.instance.id`. Default: a random UUID, a new one in every process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance_id: Option<NonEmpty>,
}

/// What the telemetry says about where the program runs.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct ResourceKeys {
    /// Further attributes of the resource: strings, booleans, numbers, and lists of one of them. They win
    /// over what is detected.
    pub(super) attributes: BTreeMap<String, AttributeValue>,
    /// What is found out by itself: `service` (a generated instance id), `sdk` (this library), `process` (id
    /// and executable, never the arguments), `host` (name and architecture), `os` (type and kernel version).
    pub(super) detectors: Vec<Detector>,
    /// Whether the detectors `process`, `host` and `os` run at all.
    pub(super) host_environment: bool,
}

impl Default for ResourceKeys {
    fn default() -> Self {
        let detectors = Detector::WORDS.iter().map(|(_, detector)| *detector).collect();
        Self { attributes: BTreeMap::new(), detectors, host_environment: true }
    }
}

/// How much one span may carry. What is beyond is dropped and counted.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsKeys {
    /// Most attributes of a span.
    pub(super) attributes: Count,
    /// Most bytes (of UTF-8) of an attribute's text; longer text is cut. `null`: no limit but `event_bytes`.
    pub(super) value_bytes: Option<Count>,
    /// Most span events of a span.
    pub(super) events: Count,
    /// Most links of a span.
    pub(super) links: Count,
    /// Most bytes of an encoded event. A value above a quarter of `queue.segment_bytes` counts as that
    /// quarter.
    pub(super) event_bytes: Whole<4_096, 16_777_216>,
}

impl Default for LimitsKeys {
    fn default() -> Self {
        Self {
            attributes: Whole::fixed::<128>(),
            value_bytes: None,
            events: Whole::fixed::<128>(),
            links: Whole::fixed::<128>(),
            event_bytes: Whole::fixed::<1_048_576>(),
        }
    }
}

/// Where events wait until they are exported.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct QueueKeys {
    /// Most bytes that wait, all shards together: at least four segments.
    pub(super) max_bytes: Whole<262_144, 68_719_476_736>,
    /// Bytes of one segment, in which a shard grows: a multiple of 8.
    #[cfg_attr(feature = "schema", schemars(extend("multipleOf" = 8)))]
    pub(super) segment_bytes: Whole<65_536, 67_108_864>,
    /// Independent queues, so that threads do not wait for each other. `max_bytes` has room for four segments
    /// in each. Default: the number of processor cores, at most 16 and at most what fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shards: Option<Whole<1, 256>>,
    /// What gives way when the queue is full: `drop_newest` refuses the new event, `drop_oldest` drops the
    /// oldest waiting ones, `block` makes the caller wait, `block_ms` at most. Each is counted.
    pub(super) overflow: Overflow,
    /// Milliseconds that a caller waits for room, with `overflow` `block`.
    pub(super) block_ms: Whole<0, 600_000>,
}

impl Default for QueueKeys {
    fn default() -> Self {
        Self {
            max_bytes: Whole::fixed::<67_108_864>(),
            segment_bytes: Whole::fixed::<4_194_304>(),
            shards: None,
            overflow: Overflow::DropNewest,
            block_ms: Whole::fixed::<1_000>(),
        }
    }
}

/// Keeps what is recorded in files, so that it outlives a crash of the process.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct StorageKeys {
    /// An absolute path. The directory is made when it is not there; it must belong to the effective user, and only that
    /// user may write to it. `null`: everything is kept in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) directory: Option<NonEmpty>,
    /// What a process leaves behind is taken over by later ones with the same namespace. Default: the service's
    /// name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<NonEmpty>,
    /// Most bytes that files take, those of dead processes included; takes the place of `queue.max_bytes`. At least four
    /// segments a shard.
    pub(super) max_bytes: Whole<262_144, 1_099_511_627_776>,
    /// Seconds after a process was last seen alive after which what it has left is given up.
    pub(super) max_age_s: Whole<1, 31_536_000>,
    /// When files are brought to the disk, which matters for a loss of power alone: `none` leaves it to the system,
    /// `interval` does it every `sync_interval_ms`, `always` lets each call wait for it, many at once.
    pub(super) sync: Sync,
    /// Milliseconds, with `sync` `interval`.
    pub(super) sync_interval_ms: Whole<10, 600_000>,
    /// When files cannot be had (disk full, read-only): `memory` records in memory meanwhile, `reject` refuses.
    pub(super) on_failure: OnFailure,
    /// Bytes a second at which what dead processes have left is sent. 0: as fast as it goes.
    pub(super) recovery_bytes_per_s: Whole<0, 1_099_511_627_776>,
}

impl Default for StorageKeys {
    fn default() -> Self {
        Self {
            directory: None,
            namespace: None,
            max_bytes: Whole::fixed::<536_870_912>(),
            max_age_s: Whole::fixed::<604_800>(),
            sync: Sync::Interval,
            sync_interval_ms: Whole::fixed::<500>(),
            on_failure: OnFailure::Memory,
            recovery_bytes_per_s: Whole::fixed::<16_777_216>(),
        }
    }
}

/// What is in flight, and how it is shown while it is.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct LiveKeys {
    /// Most events that are started and not ended, all sessions together.
    pub(super) max_events: Whole<1, 1_048_576>,
    /// Whether there is a live view at all. Without it nothing in flight is exported, nothing is said of what
    /// stalls, and `agentotel_list_live` lists nothing; events are started, updated and ended as always.
    pub(super) enabled: bool,
    /// How what is in flight is exported: `off` not at all; `logs` as log records
    /// (`agentotel.event.started`, `.heartbeat`, `.stalled` and `.ended`); `spans` as spans that have the
    /// event's id, end now and are marked `agentotel.in_flight`.
    pub(super) export: LiveExport,
    /// Milliseconds from one look at what is in flight to the next.
    pub(super) interval_ms: Whole<10, 3_600_000>,
    /// Milliseconds that an event has to be in flight before it shows.
    pub(super) min_age_ms: Whole<0, 3_600_000>,
    /// Milliseconds without an update, a chunk or an error after which an event that shows counts as
    /// stalled, which is said once until it changes again. 0 turns this off.
    pub(super) stall_after_ms: Whole<0, 604_800_000>,
}

impl Default for LiveKeys {
    fn default() -> Self {
        Self {
            max_events: Whole::fixed::<65_536>(),
            enabled: true,
            export: LiveExport::Off,
            interval_ms: Whole::fixed::<5_000>(),
            min_age_ms: Whole::fixed::<2_000>(),
            stall_after_ms: Whole::fixed::<300_000>(),
        }
    }
}

/// What the library says about itself, through the diagnostic handler.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct DiagnosticsKeys {
    /// The least severe message that is passed on.
    pub(super) level: Level,
}

impl Default for DiagnosticsKeys {
    fn default() -> Self {
        Self { level: Level::Warn }
    }
}
