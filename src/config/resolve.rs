//! From the sources to a `Config`: the documents are read, checked each by itself (so that an error says
//! which one it is in), laid over each other, and settled: what spans several keys is checked, and what
//! depends on the environment or the machine is filled in. Reads at most one file, the one that
//! `AGENTOTEL_CONFIG_FILE` names.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::document::{DiagnosticsKeys, Document, LimitsKeys, LiveKeys, QueueKeys, ServiceKeys, StorageKeys};
use super::environment::Environment;
use super::error::{ConfigError, Origin};
use super::exporter::ExporterKeys;
use super::processing::{check_inject, settle_inject, settle_processors, settle_propagators};
use super::value::{NonEmpty, Whole};
use super::variables::{self, Variables};
use super::{
    Config, Diagnostics, ExporterConfig, Limits, Live, Metrics, Queue, Resolved, ResourceConfig, RootSampler,
    SamplerConfig, Service, Storage, content, filter, json, logs, metrics, redact, resource, sampler,
    settle_exporters, tail,
};
use opentelemetry::KeyValue;

/// Segments for which each shard must have room within the queue's bound.
pub(super) const SEGMENTS_PER_SHARD: usize = 4;
/// Most shards that are made without being asked for.
const MOST_DEFAULT_SHARDS: usize = 16;
/// An event takes at most this part of a segment.
const EVENTS_PER_SEGMENT: usize = 4;

/// Attributes of the resource that have a key of their own, and that key in `service`.
const SERVICE_ATTRIBUTES: [(&str, &str); 4] = [
    ("service.name", "name"),
    ("service.version", "version"),
    ("service.namespace", "namespace"),
    ("service.instance.id", "instance_id"),
];

pub(super) fn is_service_attribute(key: &str) -> bool {
    SERVICE_ATTRIBUTES.iter().any(|(attribute, _)| *attribute == key)
}

/// Resolves the sources. With `OTEL_SDK_DISABLED` an error is a warning, since nothing depends on it.
pub(super) fn resolve(argument: Option<&[u8]>, environment: &Environment) -> Result<Resolved, ConfigError> {
    let mut variables = variables::read(environment);
    let mut warnings = std::mem::take(&mut variables.warnings);
    let config = match read_sources(argument, &variables)
        .and_then(|document| settle(document, &variables, &mut warnings))
    {
        Err(error) if variables.disabled => {
            warnings.push(format!("{error}; passed over, since OTEL_SDK_DISABLED is set"));
            settle(Document::default(), &variables, &mut warnings)?
        }
        outcome => outcome?,
    };
    let config = if config.disabled { turned_off(config) } else { config };
    Ok(Resolved { config, warnings })
}

/// What `OTEL_SDK_DISABLED` leaves of a configuration: no session is kept, nothing is written, and nothing has anywhere to go.
fn turned_off(config: Config) -> Config {
    Config {
        sampler: SamplerConfig { root: RootSampler::AlwaysOff, parent_based: false },
        tail_sampling: None,
        storage: None,
        live: Live { enabled: false, ..config.live },
        metrics: Metrics { enabled: false, from_events: false, about_self: false, ..config.metrics },
        exporters: Vec::new(),
        ..config
    }
}

/// Resolves one exporter that comes to others.
pub(super) fn resolve_exporter(
    json: &[u8],
    environment: &Environment,
    others: &[ExporterConfig],
) -> Result<ExporterConfig, ConfigError> {
    let variables = variables::read(environment);
    let entry = json::parse(json, &Origin::Argument)?;
    // What is wrong with variables was said at the start.
    let mut warnings = Vec::new();
    settle_exporters::settle_more(Value::Object(entry), others, &variables, &mut warnings)
}

/// Reads and checks every source, and lays the later ones over the earlier ones.
fn read_sources(argument: Option<&[u8]>, variables: &Variables) -> Result<Document, ConfigError> {
    let mut merged = variables.layer.clone();
    lift_service(&mut merged, &Origin::Argument)?;
    if let Some(path) = &variables.config_file {
        let text = read_file(path)?;
        json::merge(&mut merged, read_document(&text, &Origin::File(path.clone()))?);
    }
    if let Some(text) = argument {
        json::merge(&mut merged, read_document(text, &Origin::Argument)?);
    }
    json::read(&merged, "", &Origin::Argument)
}

/// Reads one document and checks each of its keys.
fn read_document(text: &[u8], origin: &Origin) -> Result<Map<String, Value>, ConfigError> {
    let mut keys = json::parse(text, origin)?;
    let document: Document = json::read(&keys, "", origin)?;
    for key in document.resource.attributes.keys() {
        if key.is_empty() {
            return Err(ConfigError::key(origin, attribute_path(key), "expected a key that is not empty"));
        }
    }
    check_inject(&document.inject, origin)?;
    for (index, entry) in document.exporters.iter().flatten().enumerate() {
        ExporterKeys::read(entry, &format!("exporters[{index}]"), origin)?;
    }
    lift_service(&mut keys, origin)?;
    Ok(keys)
}

/// Moves what a source says about the service among the attributes to the keys of `service`, where later
/// sources can replace it. Within one source, the keys of `service` win.
fn lift_service(keys: &mut Map<String, Value>, origin: &Origin) -> Result<(), ConfigError> {
    let mut lifted = Map::new();
    if let Some(Value::Object(attributes)) =
        keys.get_mut("resource").and_then(|keys| keys.get_mut("attributes"))
    {
        for (attribute, key) in SERVICE_ATTRIBUTES {
            let Some(value) = attributes.remove(attribute) else {
                continue;
            };
            json::read::<NonEmpty>(&value, &attribute_path(attribute), origin)?;
            lifted.insert(key.to_owned(), value);
        }
    }
    if let Some(Value::Object(service)) = keys.remove("service") {
        json::merge(&mut lifted, service);
    }
    if !lifted.is_empty() {
        keys.insert("service".to_owned(), Value::Object(lifted));
    }
    Ok(())
}

fn attribute_path(key: &str) -> String {
    let mut path = "resource.attributes".to_owned();
    json::push_key(&mut path, key);
    path
}

fn read_file(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let failure = |reason: String| ConfigError::File { path: path.to_owned(), reason };
    // Without blocking: the path may be a pipe that nobody writes to.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file = opened.map_err(|error| failure(error.to_string()))?;
    let kind = file.metadata().map_err(|error| failure(error.to_string()))?;
    if !kind.is_file() {
        return Err(failure("not a regular file".to_owned()));
    }
    let mut text = Vec::new();
    let limit = u64::try_from(json::MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut text).map_err(|error| failure(error.to_string()))?;
    Ok(text)
}

/// Checks what spans keys and fills in what is left.
fn settle(
    document: Document,
    variables: &Variables,
    warnings: &mut Vec<String>,
) -> Result<Config, ConfigError> {
    let queue = settle_queue(&document.queue)?;
    let service = settle_service(document.service);
    let storage = settle_storage(document.storage, &service, &queue)?;
    let attributes = document.resource.attributes.into_iter();
    let mut exporters = settle_exporters::settle(document.exporters, variables, warnings)?;
    logs::add_printer(&document.logs, &mut exporters)?;
    Ok(Config {
        service,
        resource: ResourceConfig {
            attributes: attributes.map(|(key, value)| KeyValue::new(key, value.0)).collect(),
            detectors: document.resource.detectors,
            host_environment: document.resource.host_environment,
        },
        sampler: sampler::settle(&document.sampler)?,
        tail_sampling: tail::settle(document.tail_sampling, &queue, storage.as_ref())?,
        event_filter: filter::settle(document.event_filter)?,
        redact: redact::settle(document.redact, &document.processors)?,
        processors: settle_processors(&document.processors)?,
        inject: settle_inject(document.inject)?,
        propagators: settle_propagators(&document.propagators)?,
        content: content::settle(document.content)?,
        limits: settle_limits(&document.limits, &queue),
        costs: document.costs.into(),
        queue,
        storage,
        live: settle_live(&document.live),
        exporters,
        flush_at_exit_ms: document.flush_at_exit_ms.get(),
        metrics: metrics::settle(document.metrics)?,
        logs: logs::settle(&document.logs),
        diagnostics: settle_diagnostics(&document.diagnostics),
        disabled: variables.disabled,
    })
}

fn settle_service(keys: ServiceKeys) -> Service {
    let text = |value: Option<NonEmpty>| value.map(NonEmpty::into_text);
    Service {
        name: text(keys.name).unwrap_or_else(resource::fallback_service_name),
        version: text(keys.version),
        namespace: text(keys.namespace),
        instance_id: text(keys.instance_id),
    }
}

fn settle_limits(keys: &LimitsKeys, queue: &Queue) -> Limits {
    Limits {
        attributes: keys.attributes.size(),
        value_bytes: keys.value_bytes.map(Whole::size),
        events: keys.events.size(),
        links: keys.links.size(),
        event_bytes: keys.event_bytes.size().min(queue.segment_bytes / EVENTS_PER_SEGMENT),
    }
}

fn settle_queue(keys: &QueueKeys) -> Result<Queue, ConfigError> {
    let (max_bytes, segment_bytes) = (keys.max_bytes.size(), keys.segment_bytes.size());
    if !segment_bytes.is_multiple_of(8) {
        let reason = format!("{segment_bytes} is not accepted; accepted: a multiple of 8");
        return Err(ConfigError::key(&Origin::Argument, "queue.segment_bytes", reason));
    }
    let room = max_bytes / segment_bytes / SEGMENTS_PER_SHARD;
    if room == 0 {
        let least = segment_bytes.saturating_mul(SEGMENTS_PER_SHARD);
        let reason = format!(
            "{max_bytes} is not accepted; accepted: at least {least}, {SEGMENTS_PER_SHARD} times \
             `queue.segment_bytes` ({segment_bytes})"
        );
        return Err(ConfigError::key(&Origin::Argument, "queue.max_bytes", reason));
    }
    let shards = match keys.shards.map(Whole::size) {
        None => default_shards(room),
        Some(shards) if shards <= room => shards,
        Some(shards) => {
            let reason = format!(
                "{shards} is not accepted; accepted: 1 to {room}, since each shard has {SEGMENTS_PER_SHARD} \
                 segments of `queue.segment_bytes` ({segment_bytes}) within `queue.max_bytes` ({max_bytes})"
            );
            return Err(ConfigError::key(&Origin::Argument, "queue.shards", reason));
        }
    };
    Ok(Queue { max_bytes, segment_bytes, shards, overflow: keys.overflow, block_ms: keys.block_ms.get() })
}

fn settle_storage(
    keys: StorageKeys,
    service: &Service,
    queue: &Queue,
) -> Result<Option<Storage>, ConfigError> {
    let Some(directory) = keys.directory.map(|path| PathBuf::from(path.into_text())) else {
        return Ok(None);
    };
    if !directory.is_absolute() {
        let reason = format!("{} is not accepted; accepted: an absolute path", directory.display());
        return Err(ConfigError::key(&Origin::Argument, "storage.directory", reason));
    }
    let max_bytes = keys.max_bytes.get();
    let least = queue.segment_bytes.saturating_mul(queue.shards).saturating_mul(SEGMENTS_PER_SHARD) as u64;
    if max_bytes < least {
        let reason = format!(
            "{max_bytes} is not accepted; accepted: at least {least}, {SEGMENTS_PER_SHARD} segments of \
             `queue.segment_bytes` for each of {} shards",
            queue.shards
        );
        return Err(ConfigError::key(&Origin::Argument, "storage.max_bytes", reason));
    }
    Ok(Some(Storage {
        directory,
        namespace: keys.namespace.map_or_else(|| service.name.clone(), NonEmpty::into_text),
        max_bytes,
        max_age_s: keys.max_age_s.get(),
        sync: keys.sync,
        sync_interval_ms: keys.sync_interval_ms.get(),
        on_failure: keys.on_failure,
        recovery_bytes_per_s: keys.recovery_bytes_per_s.get(),
    }))
}

fn default_shards(room: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.min(MOST_DEFAULT_SHARDS).min(room)
}

fn settle_live(keys: &LiveKeys) -> Live {
    Live {
        max_events: keys.max_events.size(),
        enabled: keys.enabled,
        export: keys.export,
        interval_ms: keys.interval_ms.get(),
        min_age_ms: keys.min_age_ms.get(),
        stall_after_ms: keys.stall_after_ms.get(),
    }
}

fn settle_diagnostics(keys: &DiagnosticsKeys) -> Diagnostics {
    Diagnostics { level: keys.level }
}
