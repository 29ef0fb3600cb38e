//! The decoded view of a request: for the exporters that need fields and not bytes. A complete
//! `Export{Trace,Logs}ServiceRequest` body comes in and is decoded with the generated types of `opentelemetry-proto`. It
//! touches no I/O and no other room.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

use super::Signal;

/// Why a request has no decoded view.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not a request of that signal.
    #[error("not a request of {signal:?}: {reason}")]
    Malformed { signal: Signal, reason: String },
}

/// The spans of a request, as the generated types.
pub fn decode_traces(request: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    ExportTraceServiceRequest::decode(request)
        .map_err(|error| DecodeError::Malformed { signal: Signal::Traces, reason: error.to_string() })
}

/// The log records of a request, as the generated types.
pub fn decode_logs(request: &[u8]) -> Result<ExportLogsServiceRequest, DecodeError> {
    ExportLogsServiceRequest::decode(request)
        .map_err(|error| DecodeError::Malformed { signal: Signal::Logs, reason: error.to_string() })
}
