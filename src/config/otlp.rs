//! What an OTLP exporter is told, settled: each signal has a protocol, a URL, headers and certificates of its own, since
//! the environment can set each of them for one signal alone. Secrets and URLs with a query are not shown.

use std::fmt;
use std::path::PathBuf;

use super::secret::{Headers, Secret};
use super::value::words;
use crate::otlp::Signal;

/// An OTLP exporter, signal by signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Otlp {
    pub traces: OtlpSignal,
    pub logs: OtlpSignal,
    pub metrics: OtlpSignal,
    /// Whether an endpoint was configured. If none was, nobody may be there, and that is worth one line only.
    pub endpoint_given: bool,
}

impl Otlp {
    pub fn for_signal(&self, signal: Signal) -> &OtlpSignal {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metrics,
        }
    }
}

/// How one signal is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct OtlpSignal {
    pub protocol: Protocol,
    /// A whole URL, not to be shown: it may have a query with a key in it. For gRPC it has no path.
    pub endpoint: String,
    pub headers: Headers,
    /// More headers, read at run time and again when the file changes.
    pub headers_file: Option<PathBuf>,
    pub compression: Compression,
    /// `None`: what holds for every signal of the exporter.
    pub timeout_ms: Option<u64>,
    pub tls: Tls,
    pub proxy: Proxy,
}

impl fmt::Debug for OtlpSignal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without_query = self.endpoint.split('?').next().unwrap_or_default();
        formatter
            .debug_struct("OtlpSignal")
            .field("protocol", &self.protocol)
            .field("endpoint", &without_query)
            .field("headers", &self.headers)
            .field("headers_file", &self.headers_file)
            .field("compression", &self.compression)
            .field("timeout_ms", &self.timeout_ms)
            .field("tls", &self.tls)
            .field("proxy", &self.proxy)
            .finish()
    }
}

/// Whom to trust and as whom to appear. The files are read at run time, and again when they change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// `None`: the system's roots.
    pub ca_file: Option<PathBuf>,
    /// Given with `key_file` or not at all.
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub insecure_skip_verify: bool,
}

/// The proxies that requests go through; all `None`: no proxy. Their URLs may hold a password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// For `http://` end points.
    pub http: Option<Secret>,
    /// For `https://` end points.
    pub https: Option<Secret>,
    /// Hosts that are reached without, in the form of `NO_PROXY`.
    pub no: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    HttpProtobuf,
    Grpc,
    HttpJson,
}

words!(Protocol { HttpProtobuf => "http/protobuf", Grpc => "grpc", HttpJson => "http/json" });

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

words!(Compression { None => "none", Gzip => "gzip", Zstd => "zstd" });
