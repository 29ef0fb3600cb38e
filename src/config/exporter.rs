//! Exporters as they are written in the document: the keys that all of them have, and those of each type. An
//! entry of the list is read by its `type`, so that an error names the very key. What an entry leaves out is
//! filled in by `resolve`, from the environment and the defaults that the texts here give.

use serde::Deserialize;
use serde_json::Value;

use super::error::{ConfigError, Origin};
use super::json;
use super::proxy::ProxyKey;
use super::secret::{Headers, Secret};
use super::value::{NonEmpty, Whole, Word, object, words};
use super::{Color, Compression, Payload, Protocol, Stream, Temporality};
use crate::otlp::Signal;

pub(super) type Timeout = Whole<1, 3_600_000>;
pub(super) type BatchDelay = Whole<0, 3_600_000>;
pub(super) type BatchCount = Whole<1, 1_000_000>;

words!(Signal { Traces => "traces", Logs => "logs", Metrics => "metrics" });

/// The types of exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExporterType {
    Otlp,
    File,
    Console,
    Host,
}

words!(ExporterType { Otlp => "otlp", File => "file", Console => "console", Host => "host" });

/// A structure for an exporter's keys: the common ones, `type`, and its own.
macro_rules! exporter_keys {
    (
        $(#[$meta:meta])*
        $name:ident: $kind:ident { $only:ident => $word:literal }, {
            $($(#[$field_meta:meta])* $field:ident: $field_type:ty,)*
        }
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $kind {
            $only,
        }

        words!($kind { $only => $word });

        $(#[$meta])*
        #[derive(Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            /// Which exporter this is.
            #[serde(rename = "type")]
            _type: $kind,
            /// Its name, unique; statistics and positions in the queue go by it. Letters, digits, `.`, `_`
            /// and `-`, at most 64, the first one no dot. Default: the type, then the type with `-2`, `-3`,
            /// ….
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub(super) name: Option<String>,
            /// What it exports; at least one.
            #[serde(default = "all_signals")]
            pub(super) signals: Vec<Signal>,
            /// Which sums it is sent of metrics: `cumulative`, `delta` or `lowmemory`. Default: `metrics.temporality`. One
            /// that is added later gets what is collected already, or is refused.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub(super) temporality: Option<Temporality>,
            /// When a batch is sent.
            #[serde(default, deserialize_with = "object")]
            pub(super) batch: BatchKeys,
            /// What happens to a batch that could not be sent.
            #[serde(default, deserialize_with = "object")]
            pub(super) retry: RetryKeys,
            /// Milliseconds that one request may take in all. Default: `10000`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub(super) timeout_ms: Option<Timeout>,
            $($(#[$field_meta])* pub(super) $field: $field_type,)*
        }

        impl $name {
            fn common(&self) -> CommonKeys<'_> {
                CommonKeys {
                    name: self.name.as_deref(),
                    signals: &self.signals,
                    temporality: self.temporality,
                    batch: &self.batch,
                    retry: &self.retry,
                    timeout_ms: self.timeout_ms,
                }
            }
        }
    };
}

exporter_keys! {
    /// Sends to an OpenTelemetry Collector, or whatever else takes OTLP. Keys that are not set are taken from
    /// the `OTEL_EXPORTER_OTLP_*` variables.
    OtlpKeys: OtlpType { Otlp => "otlp" }, {
        /// How it is sent. Default: `"http/protobuf"`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<Protocol>,
        /// Base URL, `http://` or `https://`, without credentials. `/v1/traces`, `/v1/logs` and `/v1/metrics` are appended
        /// for HTTP; for gRPC a path is passed over. Default: `"http://localhost:4318"`, for gRPC port 4317.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<String>,
        /// Headers of each request. The values are secrets: they are never shown. Taken as a whole: an empty
        /// object keeps the environment's headers away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headers: Option<Headers>,
        /// Path of a file with more headers, one `name: value` on a line, which go before those in `headers`. It is
        /// read again when it changes. Its values are secrets too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headers_file: Option<NonEmpty>,
        /// A key that is sent as the header `authorization: Bearer …`. A secret: it is never shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<Secret>,
        /// Compression of the request body. Default: `"none"`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compression: Option<Compression>,
        /// For `https://`: whom to trust, and as whom to appear. Taken as a whole: an empty object keeps the
        /// environment's files away.
        #[serde(default, deserialize_with = "some_object", skip_serializing_if = "Option::is_none")]
        tls: Option<TlsKeys>,
        /// `"environment"`: what `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say; `"none"`; or the
        /// `http://` URL of a proxy, whose user and password are never shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proxy: Option<ProxyKey>,
    }
}

/// Certificates. Files are in PEM; they are read when a connection is needed, and again when they change.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsKeys {
    /// Certificates of the authorities that are trusted, in place of the system's.
    pub(super) ca_file: Option<NonEmpty>,
    /// The client's certificate, with those between it and the authority; `key_file` is its key.
    pub(super) cert_file: Option<NonEmpty>,
    /// The client's private key.
    pub(super) key_file: Option<NonEmpty>,
    /// Takes any certificate for true. For tests.
    pub(super) insecure_skip_verify: bool,
}

/// Reads the keys of an object that may be left out.
fn some_object<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<TlsKeys>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Keys(#[serde(deserialize_with = "object")] TlsKeys);

    Ok(Option::<Keys>::deserialize(deserializer)?.map(|keys| keys.0))
}

exporter_keys! {
    /// Appends to a file, one record for each batch, as the Collector's file exporter does. Several exporters or
    /// processes may have the same file, if its file system has locks (`flock`): their records take turns.
    FileKeys: FileType { File => "file" }, {
        /// Path of the file. It is made, readable by its owner alone, if it is not there. A symbolic link, a
        /// file with several names or of another user, a FIFO and a socket are refused; a character device such
        /// as `/dev/null` is written to and never rotated.
        path: NonEmpty,
        /// `"otlp_json"`: a line of OTLP JSON for each batch; `"otlp_proto"`: OTLP in protobuf behind its length, four
        /// bytes with the most significant first; or the name of a formatter that the program registers: a line of its
        /// own for each span and log record. A file that holds something else is refused.
        #[serde(default = "otlp_json")]
        format: NonEmpty,
        /// When the file is finished and a new one begun. A finished file is renamed, `traces.jsonl` to
        /// `traces-20261122T181005.123456Z.jsonl` (the time in UTC), and never changes again.
        #[serde(default, deserialize_with = "object")]
        rotate: RotateKeys,
    }
}

/// When a file is finished: as soon as one of these is reached, and there is something in it.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RotateKeys {
    /// Most bytes of a file. A record that is larger has a file of its own. `null`: no bound.
    pub(super) max_bytes: Option<Whole<4_096, 1_125_899_906_842_624>>,
    /// Seconds since the file was made. `null`: no bound.
    pub(super) max_age_s: Option<Whole<1, 31_536_000>>,
    /// Most finished files that stay, the active one apart; the oldest go. `null`: all stay.
    pub(super) keep: Option<Whole<1, 1_000_000>>,
}

exporter_keys! {
    /// Prints sessions as trees, for people, or lines.
    ConsoleKeys: ConsoleType { Console => "console" }, {
        /// Where it prints.
        #[serde(default)]
        stream: Stream,
        /// Whether it prints in colours; `auto`: when the stream is a terminal.
        #[serde(default)]
        color: Color,
        /// `"tree"`; `"json"`: a line of OTLP JSON for each batch; or the name of a formatter that the program registers: a
        /// line of its own for each span and log record.
        #[serde(default = "tree")]
        format: NonEmpty,
    }
}

fn otlp_json() -> NonEmpty {
    NonEmpty::fixed(OTLP_JSON)
}

fn tree() -> NonEmpty {
    NonEmpty::fixed(TREE)
}

/// Formats that are the library's own.
pub(super) const OTLP_JSON: &str = "otlp_json";
pub(super) const OTLP_PROTO: &str = "otlp_proto";
pub(super) const TREE: &str = "tree";
pub(super) const JSON: &str = "json";

exporter_keys! {
    /// Hands batches to a function of the program.
    HostKeys: HostType { Host => "host" }, {
        /// The name under which the program registers the function (`agentotel_register_exporter`), before or after the
        /// start.
        callback: NonEmpty,
        /// What it is handed: requests in protobuf or in JSON.
        #[serde(default)]
        payload: Payload,
    }
}

/// When a batch is sent: as soon as one of these is reached.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct BatchKeys {
    /// Most bytes of a batch, before compression. An event that is larger goes alone.
    pub(super) max_bytes: Whole<4_096, 67_108_864>,
    /// Most spans or log records of a batch. A collection of metrics goes alone.
    pub(super) max_count: BatchCount,
    /// Milliseconds that the first event of a batch waits for others.
    pub(super) delay_ms: BatchDelay,
    /// Most batches on their way at the same time; of log records, whose order counts, one.
    pub(super) in_flight: Whole<1, 32>,
}

impl Default for BatchKeys {
    fn default() -> Self {
        Self {
            max_bytes: Whole::fixed::<524_288>(),
            max_count: Whole::fixed::<4_096>(),
            delay_ms: Whole::fixed::<1_000>(),
            in_flight: Whole::fixed::<2>(),
        }
    }
}

/// What happens to a batch that could not be sent for a reason that may pass.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RetryKeys {
    /// Milliseconds before the first retry, at most; each further wait may be twice as long.
    pub(super) initial_ms: Whole<1, 3_600_000>,
    /// Milliseconds before any retry, at most; not less than `initial_ms`.
    pub(super) max_ms: Whole<1, 3_600_000>,
    /// Seconds after which a batch is dropped, and counted. `null`: never.
    pub(super) max_age_s: Option<Whole<1, 31_536_000>>,
    /// Attempts after which a batch is dropped, and counted. `null`: never.
    pub(super) max_attempts: Option<Whole<1, 4_294_967_295>>,
}

impl Default for RetryKeys {
    fn default() -> Self {
        Self {
            initial_ms: Whole::fixed::<500>(),
            max_ms: Whole::fixed::<30_000>(),
            max_age_s: None,
            max_attempts: None,
        }
    }
}

pub(super) fn all_signals() -> Vec<Signal> {
    Signal::WORDS.iter().map(|(_, signal)| *signal).collect()
}

/// What every exporter's entry says.
pub(super) struct CommonKeys<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) signals: &'a [Signal],
    pub(super) temporality: Option<Temporality>,
    pub(super) batch: &'a BatchKeys,
    pub(super) retry: &'a RetryKeys,
    pub(super) timeout_ms: Option<Timeout>,
}

/// One entry of the list.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(untagged, inline))]
pub(super) enum ExporterKeys {
    Otlp(OtlpKeys),
    File(FileKeys),
    Console(ConsoleKeys),
    Host(HostKeys),
}

impl ExporterKeys {
    /// Reads the entry that stands at `path`.
    pub(super) fn read(entry: &Value, path: &str, origin: &Origin) -> Result<Self, ConfigError> {
        let accepted = ExporterType::accepted();
        let Some(keys) = entry.as_object() else {
            return Err(ConfigError::key(
                origin,
                path,
                format!(
                    "the value, which is not shown, is not accepted; accepted: an object with \
                     `type`, {accepted}"
                ),
            ));
        };
        let kind = match keys.get("type") {
            None => Err(ConfigError::key(origin, path, format!("no key `type`; accepted: {accepted}"))),
            Some(word) => json::read::<ExporterType>(word, &format!("{path}.type"), origin),
        }?;
        match kind {
            ExporterType::Otlp => json::read(entry, path, origin).map(ExporterKeys::Otlp),
            ExporterType::File => json::read(entry, path, origin).map(ExporterKeys::File),
            ExporterType::Console => json::read(entry, path, origin).map(ExporterKeys::Console),
            ExporterType::Host => json::read(entry, path, origin).map(ExporterKeys::Host),
        }
    }

    pub(super) fn kind(&self) -> ExporterType {
        match self {
            ExporterKeys::Otlp(_) => ExporterType::Otlp,
            ExporterKeys::File(_) => ExporterType::File,
            ExporterKeys::Console(_) => ExporterType::Console,
            ExporterKeys::Host(_) => ExporterType::Host,
        }
    }

    pub(super) fn common(&self) -> CommonKeys<'_> {
        match self {
            ExporterKeys::Otlp(keys) => keys.common(),
            ExporterKeys::File(keys) => keys.common(),
            ExporterKeys::Console(keys) => keys.common(),
            ExporterKeys::Host(keys) => keys.common(),
        }
    }
}
