//! What an exporter is given, what it says became of it, and the exporters as one type. A [`Batch`]
//! is a complete request in protobuf; a transport sends it or decodes it and answers with an
//! [`Outcome`], from which the worker settles, retries or counts. Nothing here retries, counts or
//! knows of the journal.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;

use super::console::ConsoleExporter;
use super::file::FileExporter;
use super::host::HostExporter;
use super::otlp::Otlp;
use super::printable::{MESSAGE_BYTES, printable};
use crate::otlp::Signal;

/// One request's worth of items of one signal.
#[derive(Clone, Debug)]
pub struct Batch {
    pub signal: Signal,
    /// How many spans or log records `body` holds.
    pub items: u64,
    /// A complete `Export*ServiceRequest` in protobuf. Cheap to clone; no transport copies it.
    pub body: Bytes,
}

/// What became of a batch. Messages are free of credentials, escaped, and at most 1 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was taken.
    Accepted,
    /// It was taken but for `rejected` of its items, which is between 0 and the batch's number.
    /// With 0 it is a warning about a batch that was taken whole.
    Partial { rejected: u64, message: String },
    /// It was not taken, or nobody knows; the same batch may be sent again, not before `after` when
    /// that is given.
    Retry { after: Option<Duration>, cause: Cause, message: String },
    /// It was refused for good: the same bytes will be refused again.
    Rejected { cause: Cause, message: String },
    /// The receiver takes smaller requests only.
    TooLarge { message: String },
}

impl Outcome {
    pub(super) fn retry(cause: Cause, message: impl AsRef<str>) -> Outcome {
        Outcome::Retry { after: None, cause, message: printable(message.as_ref(), MESSAGE_BYTES) }
    }

    pub(super) fn rejected(cause: Cause, message: impl AsRef<str>) -> Outcome {
        Outcome::Rejected { cause, message: printable(message.as_ref(), MESSAGE_BYTES) }
    }

    pub(super) fn partial(rejected: u64, message: impl AsRef<str>) -> Outcome {
        Outcome::Partial { rejected, message: printable(message.as_ref(), MESSAGE_BYTES) }
    }
}

/// Why a batch was not taken, small enough to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No connection: name look-up, refusal, TLS handshake.
    Connect,
    /// The deadline passed without a complete answer.
    Timeout,
    /// Certificates, keys or headers could not be had.
    Credentials,
    /// The receiver answered with this status.
    Http(u16),
    /// The receiver answered with this gRPC status.
    Grpc(i32),
    /// What was exchanged does not follow the protocol, or the batch cannot be decoded.
    Protocol,
    /// An operation of the operating system failed.
    Io(io::ErrorKind),
    /// A function of the host has said so.
    Host,
    /// The host has registered no such function (yet).
    NotRegistered,
}

impl Cause {
    /// The exporter is not let in, or knocks at the wrong door: what is sent next will fare no better. (HTTP 401, 403,
    /// 404; PERMISSION_DENIED, UNAUTHENTICATED.)
    pub(super) fn is_about_access(self) -> bool {
        matches!(self, Cause::Http(401 | 403 | 404) | Cause::Grpc(7 | 16))
    }

    /// The receiver does not know the signal. (HTTP 404, which may mean more; UNIMPLEMENTED.)
    pub(super) fn says_not_served(self) -> bool {
        matches!(self, Cause::Http(404) | Cause::Grpc(12))
    }

    /// The receiver has been sent too much. (HTTP 429; RESOURCE_EXHAUSTED.)
    pub(super) fn says_too_much(self) -> bool {
        matches!(self, Cause::Http(429) | Cause::Grpc(8))
    }
}

/// The names of gRPC's status codes, by their numbers (gRPC, "Status codes and their use").
const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Connect => f.write_str("no connection"),
            Cause::Timeout => f.write_str("timeout"),
            Cause::Credentials => f.write_str("no credentials"),
            Cause::Http(status) => write!(f, "HTTP status {status}"),
            Cause::Grpc(code) => match usize::try_from(*code).ok().and_then(|code| GRPC_CODES.get(code)) {
                Some(name) => write!(f, "gRPC status {name}"),
                None => write!(f, "gRPC status {code}"),
            },
            Cause::Protocol => f.write_str("protocol error"),
            Cause::Io(kind) => write!(f, "{kind}"),
            Cause::Host => f.write_str("host callback"),
            Cause::NotRegistered => f.write_str("not registered"),
        }
    }
}

/// Every exporter of the library. `send` and `close` take `&self`, so that one exporter may be
/// shared by the sends in flight: OTLP sends run at the same time, the others take them one
/// by one in the order of arrival.
#[derive(Debug)]
pub enum Exporter {
    Otlp(Box<Otlp>),
    File(FileExporter),
    Console(Box<ConsoleExporter>),
    Host(HostExporter),
}

impl Exporter {
    /// Sends one batch and says what became of it, within `timeout`. Runs on a tokio runtime with
    /// time and I/O.
    pub async fn send(&self, batch: &Batch, timeout: Duration) -> Outcome {
        match self {
            Exporter::Otlp(exporter) => exporter.send(batch, timeout).await,
            Exporter::File(exporter) => exporter.send(batch, timeout).await,
            Exporter::Console(exporter) => exporter.send(batch, timeout).await,
            Exporter::Host(exporter) => exporter.send(batch, timeout).await,
        }
    }

    /// Lets go of what the exporter holds, within `timeout`: the console prints its unfinished
    /// trees, the file is synced and closed, connections are closed with their last user. A batch
    /// may still be sent afterwards.
    pub async fn close(&self, timeout: Duration) -> Outcome {
        match self {
            Exporter::Otlp(_) | Exporter::Host(_) => Outcome::Accepted,
            Exporter::File(exporter) => exporter.close().await,
            Exporter::Console(exporter) => exporter.close(timeout).await,
        }
    }

    /// The most that a batch may have to become a request of this exporter.
    pub fn most_batch_bytes(&self) -> usize {
        match self {
            Exporter::Otlp(exporter) => exporter.most_batch_bytes(),
            Exporter::File(_) | Exporter::Console(_) | Exporter::Host(_) => usize::MAX,
        }
    }

    /// Whether several batches may be sent at once; else the second waits for the first.
    pub fn is_concurrent(&self) -> bool {
        matches!(self, Exporter::Otlp(_))
    }
}
