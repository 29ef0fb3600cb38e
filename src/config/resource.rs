//! The resource: what all telemetry of this process says about where it comes from. Built with the SDK's own
//! `ResourceDetector` and builder, from a `Config` and what the operating system tells about the process.
//! Never the arguments of the process: they may hold secrets. Detected anew where it is asked for, so that a
//! forked child has its own process id and instance id.

use std::ffi::OsStr;
use std::path::PathBuf;

use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::ResourceDetector;

use super::{Config, Detector, Service};
use crate::redaction::Redaction;

/// The generation of semantic conventions that the attributes follow.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.1";

/// Detects the resource. What the configuration says wins over what is detected.
pub fn detect(config: &Config) -> Resource {
    let wanted = config.resource.detectors.iter().filter(|detector| {
        let host_environment = matches!(detector, Detector::Process | Detector::Host | Detector::Os);
        config.resource.host_environment || !host_environment
    });
    let detectors: Vec<Box<dyn ResourceDetector>> = wanted.map(|detector| detector_of(*detector)).collect();
    Resource::builder_empty()
        .with_detectors(&detectors)
        .with_attributes(service_attributes(&config.service))
        .with_attributes(config.resource.attributes.iter().cloned())
        .with_schema_url([], SCHEMA_URL)
        .build()
}

/// The same, with what the rules find in its texts replaced: arguments of the process and whatever else is given may hold
/// secrets.
pub(crate) fn redacted(resource: Resource, rules: Option<&Redaction>) -> Resource {
    let Some(rules) = rules else { return resource };
    let text =
        |text: &StringValue| rules.owned(text.as_str()).map_or_else(|| text.clone(), StringValue::from);
    let attributes = resource.iter().map(|(key, value)| {
        let value = match value {
            Value::String(given) => Value::String(text(given)),
            Value::Array(Array::String(given)) => {
                Value::Array(Array::String(given.iter().map(text).collect()))
            }
            other => other.clone(),
        };
        KeyValue::new(key.clone(), value)
    });
    let schema_url = resource.schema_url().unwrap_or(SCHEMA_URL).to_owned();
    Resource::builder_empty().with_attributes(attributes).with_schema_url([], schema_url).build()
}

fn detector_of(detector: Detector) -> Box<dyn ResourceDetector> {
    match detector {
        Detector::Service => Box::new(ServiceInstance),
        Detector::Sdk => Box::new(Sdk),
        Detector::Process => Box::new(Process),
        Detector::Host => Box::new(Host),
        Detector::Os => Box::new(OperatingSystem),
    }
}

/// What is configured about the service. The name is always there: OpenTelemetry requires it.
fn service_attributes(service: &Service) -> Vec<KeyValue> {
    let optional = [
        ("service.version", &service.version),
        ("service.namespace", &service.namespace),
        ("service.instance.id", &service.instance_id),
    ];
    let given = optional.into_iter().filter_map(|(key, value)| Some(KeyValue::new(key, value.clone()?)));
    std::iter::once(KeyValue::new("service.name", service.name.clone())).chain(given).collect()
}

/// `service.name` when none is given, as OpenTelemetry's specification has it.
pub(super) fn fallback_service_name() -> String {
    match executable().as_deref().and_then(std::path::Path::file_name) {
        Some(name) => format!("unknown_service:{}", name.to_string_lossy()),
        None => "unknown_service".to_owned(),
    }
}

fn executable() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

fn resource(attributes: impl IntoIterator<Item = KeyValue>) -> Resource {
    Resource::builder_empty().with_attributes(attributes).build()
}

/// A random id for this instance of the service; a configured one replaces it.
struct ServiceInstance;

impl ResourceDetector for ServiceInstance {
    fn detect(&self) -> Resource {
        resource(random_uuid().map(|id| KeyValue::new("service.instance.id", id)))
    }
}

/// A UUID of version 4, from the kernel's random numbers: two processes that were one before
/// `fork` must not draw the same.
fn random_uuid() -> Option<String> {
    let mut bytes = [0_u8; 16];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK).ok()?;
    if filled != bytes.len() {
        return None;
    }
    Some(uuid(u128::from_be_bytes(bytes)))
}

/// A UUID of version 4 (RFC 9562, 5.4) out of random bits.
pub(crate) fn uuid(random: u128) -> String {
    let version_and_variant = 0x4000_8000_0000_0000_0000;
    let uuid = random & !(0xf000_c000_0000_0000_0000) | version_and_variant;
    let digits = format!("{uuid:032x}");
    let part = |range| digits.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// This library.
struct Sdk;

impl ResourceDetector for Sdk {
    fn detect(&self) -> Resource {
        resource([
            KeyValue::new("telemetry.sdk.name", "agentotel"),
            KeyValue::new("telemetry.sdk.language", "rust"),
            KeyValue::new("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        ])
    }
}

/// The process: its id and executable.
struct Process;

impl ResourceDetector for Process {
    fn detect(&self) -> Resource {
        let id = i64::from(rustix::process::getpid().as_raw_nonzero().get());
        let executable = executable();
        let name = executable.as_deref().and_then(std::path::Path::file_name);
        let path = executable.as_deref().map(std::path::Path::as_os_str);
        let text =
            |key: &'static str, value: &OsStr| KeyValue::new(key, value.to_string_lossy().into_owned());
        resource(
            [
                Some(KeyValue::new("process.pid", id)),
                name.map(|name| text("process.executable.name", name)),
                path.map(|path| text("process.executable.path", path)),
            ]
            .into_iter()
            .flatten(),
        )
    }
}

/// The machine, as the process sees it.
struct Host;

impl ResourceDetector for Host {
    fn detect(&self) -> Resource {
        let system = rustix::system::uname();
        // The names that the semantic conventions have for what the compiler calls otherwise.
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        resource([
            KeyValue::new("host.name", system.nodename().to_string_lossy().into_owned()),
            KeyValue::new("host.arch", architecture),
        ])
    }
}

/// The operating system.
struct OperatingSystem;

impl ResourceDetector for OperatingSystem {
    fn detect(&self) -> Resource {
        let system = rustix::system::uname();
        resource([
            KeyValue::new("os.type", std::env::consts::OS),
            KeyValue::new("os.version", system.release().to_string_lossy().into_owned()),
        ])
    }
}
