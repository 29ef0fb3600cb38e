//! Configuration: what a user may set, resolved from its sources into one `Config` that the rest of the
//! library takes as given. It touches the environment (once, into an `Environment`), at most one file, and
//! nothing else. Data passes through in this order: `environment` turns variables into a document, `json`
//! reads the others and lays them over it, `document` and `exporter` read the result into typed keys,
//! `resolve` checks what spans keys and fills in what depends on the machine. `resource` describes the
//! process, and `error` says what was wrong and what is accepted.

mod amount;
mod content;
mod costs;
mod document;
mod endpoint;
mod environment;
mod error;
mod exporter;
mod filter;
mod http_url;
mod json;
mod logs;
mod metrics;
mod otlp;
mod percent;
pub(crate) mod processing;
mod proxy;
mod redact;
mod resolve;
mod sampler;
#[cfg(feature = "schema")]
mod schema;
mod secret;
mod settle_exporters;
mod settle_otlp;
mod tail;
mod tracked;
mod value;
mod variables;

pub mod resource;

#[cfg(all(test, feature = "schema"))]
mod reference;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use opentelemetry::KeyValue;

pub use content::{ContentConfig, ContentField, ContentMode, ContentOnLogs};
pub use costs::{Costs, ModelPrices, Price};
pub use environment::Environment;
pub use error::{ConfigError, Origin};
pub(crate) use http_url::HttpUrl;
pub use otlp::{Compression, Otlp, OtlpSignal, Protocol, Proxy, Tls};
pub use secret::{Headers, Secret};

use crate::otlp::Signal;
use crate::otlp::log::Severity;
use crate::redaction::{Finder, RuleText};
use value::words;

/// Everything that can be set, with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub service: Service,
    pub resource: ResourceConfig,
    pub sampler: SamplerConfig,
    /// `None`: every session is exported.
    pub tail_sampling: Option<TailSampling>,
    /// An event that has all that one of them names is dropped.
    pub event_filter: Vec<EventRule>,
    /// What is done with each event before it is encoded, in order.
    pub processors: Vec<Processor>,
    pub inject: Inject,
    pub redact: Redact,
    /// The formats in which contexts are passed on, in order.
    pub propagators: Vec<Propagator>,
    pub content: ContentConfig,
    pub limits: Limits,
    pub costs: Costs,
    pub queue: Queue,
    /// `None`: everything is kept in memory.
    pub storage: Option<Storage>,
    pub live: Live,
    /// Names are unique. Empty: nothing is exported.
    pub exporters: Vec<ExporterConfig>,
    /// 0: off.
    pub flush_at_exit_ms: u64,
    pub metrics: Metrics,
    pub logs: Logs,
    pub diagnostics: Diagnostics,
    /// `OTEL_SDK_DISABLED`: nothing is recorded, whatever the rest says.
    pub disabled: bool,
}

/// A configuration, and what was wrong with variables of the environment that were therefore passed over.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub config: Config,
    pub warnings: Vec<String>,
}

impl Config {
    /// Resolves the sources, later wins, key by key: defaults, `OTEL_*` variables, the file that
    /// `AGENTOTEL_CONFIG_FILE` names, `json`. With `OTEL_SDK_DISABLED` the result is disabled and never an
    /// error.
    pub fn resolve(json: Option<&[u8]>, env: &Environment) -> Result<Resolved, ConfigError> {
        resolve::resolve(json, env)
    }

    /// Resolves one exporter that comes to `others`, which are there: an entry as in the document's list. What it leaves
    /// out is taken from the environment and the defaults, as for the list. Paths in errors begin with `exporter`.
    pub fn resolve_exporter(
        json: &[u8],
        env: &Environment,
        others: &[ExporterConfig],
    ) -> Result<ExporterConfig, ConfigError> {
        resolve::resolve_exporter(json, env, others)
    }

    /// The JSON Schema of the document.
    #[cfg(feature = "schema")]
    pub fn schema() -> schemars::Schema {
        schemars::SchemaGenerator::default().into_root_schema_for::<document::Document>()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Never empty: `unknown_service:<executable>` if nothing was given.
    pub name: String,
    pub version: Option<String>,
    pub namespace: Option<String>,
    /// `None`: one is generated for each process.
    pub instance_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ResourceConfig {
    /// Keys are unique, and none of those in `Service`.
    pub attributes: Vec<KeyValue>,
    pub detectors: Vec<Detector>,
    pub host_environment: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detector {
    Service,
    Sdk,
    Process,
    Host,
    Os,
}

words!(Detector {
    Service => "service",
    Sdk => "sdk",
    Process => "process",
    Host => "host",
    Os => "os",
});

/// The head sampler: what decides on a root, and whether a remote parent's decision goes before it.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplerConfig {
    pub root: RootSampler,
    pub parent_based: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RootSampler {
    AlwaysOn,
    AlwaysOff,
    /// From 0 to 1.
    TraceIdRatio(f64),
    /// Sessions a second, not negative.
    Rate(f64),
    /// A sampler of the host's: the name under which it is registered.
    Host(String),
}

/// What is exported of the sessions that were recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct TailSampling {
    /// A session is kept when one of them holds.
    pub keep: Vec<KeepRule>,
    /// The share of the others that is kept, from 0 to 1.
    pub ratio: f64,
    /// Most bytes of the queue that undecided sessions hold.
    pub max_bytes: u64,
}

/// Why a session is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum KeepRule {
    Error,
    SlowerThanMs(u64),
    CostAbove(f64),
    Tag(String),
}

/// What an event is dropped by: all that is there has to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRule {
    /// The word for a kind.
    pub kind: Option<&'static str>,
    pub name: Option<Pattern>,
    pub model: Option<Pattern>,
}

/// A text in which `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands between the stars.
    pieces: Vec<Box<[u8]>>,
}

/// A step of what is done with each event on the thread that records it. They come in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Processor {
    /// Adds what `inject` says.
    Inject,
    /// Replaces what `redact` says.
    Redact,
    /// Applies `limits`.
    Limit,
}

words!(Processor { Inject => "inject", Redact => "redact", Limit => "limit" });

/// What is found in texts and replaced. The rules are valid.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redact {
    pub detectors: Vec<Finder>,
    /// They go before the detectors.
    pub rules: Vec<RuleText>,
}

impl std::fmt::Debug for Redact {
    /// Patterns may be what must not be shown.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} and {} rules", self.detectors, self.rules.len())
    }
}

/// What is added to spans and log records beside what their events say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inject {
    pub attributes: Vec<KeyValue>,
    /// More of them for kinds of events, and for `session`.
    pub by_kind: BTreeMap<String, Vec<KeyValue>>,
    /// Keys of baggage that are copied.
    pub baggage: Vec<String>,
    /// The name under which a function is registered.
    pub host: Option<String>,
}

/// A format in which contexts are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagator {
    TraceContext,
    Baggage,
    B3,
    B3Multi,
    Jaeger,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub attributes: usize,
    pub value_bytes: Option<usize>,
    pub events: usize,
    pub links: usize,
    /// At most a quarter of `Queue::segment_bytes`.
    pub event_bytes: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub max_bytes: usize,
    /// A multiple of 8.
    pub segment_bytes: usize,
    /// At least 1; `max_bytes` has room for `SEGMENTS_PER_SHARD` segments in each.
    pub shards: usize,
    pub overflow: Overflow,
    pub block_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    DropNewest,
    DropOldest,
    Block,
}

words!(Overflow { DropNewest => "drop_newest", DropOldest => "drop_oldest", Block => "block" });

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Absolute.
    pub directory: PathBuf,
    pub namespace: String,
    pub max_bytes: u64,
    pub max_age_s: u64,
    pub sync: Sync,
    pub sync_interval_ms: u64,
    pub on_failure: OnFailure,
    /// 0: as fast as it goes.
    pub recovery_bytes_per_s: u64,
}

/// When files are brought to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    None,
    Interval,
    Always,
}

words!(Sync { None => "none", Interval => "interval", Always => "always" });

/// What happens when files cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    Memory,
    Reject,
}

words!(OnFailure { Memory => "memory", Reject => "reject" });

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    pub max_events: usize,
    pub enabled: bool,
    pub export: LiveExport,
    pub interval_ms: u64,
    pub min_age_ms: u64,
    /// 0: off.
    pub stall_after_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveExport {
    Off,
    Logs,
    Spans,
}

words!(LiveExport { Off => "off", Logs => "logs", Spans => "spans" });

#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    pub enabled: bool,
    pub interval_ms: u64,
    /// For exporters that say none.
    pub temporality: Temporality,
    /// Never without `enabled`.
    pub from_events: bool,
    /// Likewise.
    pub about_self: bool,
    /// The first one that is about an instrument counts.
    pub views: Vec<MetricView>,
    pub cardinality_limit: usize,
}

/// Which sums are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    #[default]
    Cumulative,
    Delta,
    LowMemory,
}

/// What is made of instruments.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricView {
    pub instrument: Pattern,
    pub name: Option<String>,
    pub description: Option<String>,
    /// The keys that are kept; `None`: all are.
    pub attributes: Option<Vec<String>>,
    /// `None`: what the instrument's kind asks for.
    pub aggregation: Option<ViewAggregation>,
    pub cardinality_limit: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ViewAggregation {
    Drop,
    Sum,
    LastValue,
    /// The boundaries between buckets, ascending.
    ExplicitHistogram(Vec<f64>),
    /// Most buckets on each side of zero.
    ExponentialHistogram(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logs {
    /// Log records that are less severe are not recorded.
    pub min_severity: Severity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    pub level: Level,
}

/// The least severe diagnostic that is passed on, from none to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

words!(Level { Off => "off", Error => "error", Warn => "warn", Info => "info", Debug => "debug" });

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExporterConfig {
    pub name: String,
    /// Not empty, each once.
    pub signals: Vec<Signal>,
    /// Which sums it is sent; `None`: what `metrics` says.
    pub temporality: Option<Temporality>,
    pub batch: Batch,
    pub retry: Retry,
    /// For every signal that has none of its own; see `timeout_ms_for`.
    pub timeout_ms: u64,
    pub kind: ExporterKind,
}

impl ExporterConfig {
    /// Milliseconds that a request with this signal may take.
    pub fn timeout_ms_for(&self, signal: Signal) -> u64 {
        match &self.kind {
            ExporterKind::Otlp(otlp) => otlp.for_signal(signal).timeout_ms.unwrap_or(self.timeout_ms),
            ExporterKind::File(_) | ExporterKind::Console(_) | ExporterKind::Host(_) => self.timeout_ms,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub max_bytes: usize,
    pub max_count: usize,
    pub delay_ms: u64,
    pub in_flight: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    pub initial_ms: u64,
    /// Not less than `initial_ms`.
    pub max_ms: u64,
    pub max_age_s: Option<u64>,
    pub max_attempts: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExporterKind {
    Otlp(Box<Otlp>),
    File(File),
    Console(Console),
    Host(Host),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub format: FileFormat,
    /// The name of a formatter of the lines; `None`: what `format` says.
    pub formatter: Option<String>,
    pub rotate: Rotate,
}

/// How a batch is written into a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileFormat {
    /// Lines of text: OTLP JSON, or what a formatter makes.
    #[default]
    OtlpJson,
    OtlpProto,
}

/// When a file is finished, and how many finished ones stay. All `None`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotate {
    pub max_bytes: Option<u64>,
    pub max_age: Option<Duration>,
    pub keep: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    pub stream: Stream,
    pub color: Color,
    pub format: ConsoleFormat,
}

/// What is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConsoleFormat {
    #[default]
    Tree,
    /// OTLP JSON, a line for each batch.
    Json,
    /// Log records for people, a line each; only by `logs.console`.
    LogText,
    /// The same in OTLP JSON.
    LogJson,
    /// What a formatter of this name makes of each record.
    Formatter(String),
}

/// A function of the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name under which it is registered.
    pub callback: String,
    pub payload: Payload,
}

/// What a host exporter is handed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Payload {
    #[default]
    OtlpProto,
    OtlpJson,
}

words!(Payload { OtlpProto => "otlp_proto", OtlpJson => "otlp_json" });

/// Whether a host exporter's function may be registered under a name: one that can be said in a document.
pub fn is_callback_name(name: &str) -> bool {
    settle_exporters::is_name(name)
}

/// The same for a formatter: its name is none of the words that stand for a format of the library's own either.
pub fn is_formatter_name(name: &str) -> bool {
    is_callback_name(name) && !settle_exporters::FORMATS.contains(&name)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stream {
    #[default]
    Stdout,
    Stderr,
}

words!(Stream { Stdout => "stdout", Stderr => "stderr" });

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

words!(Color { Auto => "auto", Always => "always", Never => "never" });
