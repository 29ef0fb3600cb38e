//! OTLP to a receiver, over HTTP (`http`) or gRPC (`grpc`). A batch's bytes go out as they are, compressed when asked for
//! (`compression`), or as JSON, through a client that keeps its connections (`connection`, by way of `route` and `tls`)
//! with the headers of the moment (`headers`); the reply is read within bounds and becomes an [`Outcome`] (`reply`,
//! `status`). Clients, certificates and header files (`files`) are first looked at when a batch is sent, on the worker:
//! making an exporter costs next to nothing, and nothing of it is there before a fork that the child would use. No
//! redirect is followed, nothing is retried here.

#[cfg(feature = "fuzzing")]
pub(crate) use self::reply::read_all_ways;

mod compression;
pub(super) mod connection;
pub(crate) mod files;
mod grpc;
pub(super) mod headers;
mod http;
pub(super) mod notes;
mod reply;
mod route;
pub(super) mod status;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::http::{HeaderValue, Uri, header};
use bytes::Bytes;

use self::connection::{Connection, ConnectionSettings};
use self::headers::{HeaderError, HeaderProvider, HeaderSource};
use self::notes::Notes;
use super::outcome::{Batch, Cause, Outcome};
use super::registry::Registry;
use crate::config::{Compression, HttpUrl, OtlpSignal, Protocol};
use crate::otlp::{Signal, json_line};

/// The most that a request over HTTP may have, before compression.
const HTTP_REQUEST_BYTES: usize = 64 * 1024 * 1024;
/// The most that a gRPC message may have: what receivers take that are not told otherwise.
const GRPC_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// A byte of protobuf becomes at most this many in JSON: a control character is `\u001f` there.
const JSON_GROWTH: usize = 6;

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("agentotel/", env!("CARGO_PKG_VERSION")));

/// Why settings cannot be used. Values of headers and credentials in URLs are not repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSettings {
    #[error("end point {endpoint:?} is not accepted; expected an http:// or https:// URL")]
    Endpoint { endpoint: String },
    #[error("{0}")]
    Header(#[from] HeaderError),
}

/// One signal's way to one receiver.
pub struct Otlp {
    signal: Signal,
    protocol: Protocol,
    url: Uri,
    /// The URL as messages may name it.
    shown: String,
    compression: Compression,
    headers: HeaderSource,
    connection: Arc<Connection>,
    notes: Notes,
    /// Whether everybody on the way can read what is sent.
    is_open: bool,
    /// That this has been said.
    is_said: AtomicBool,
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp")
            .field("signal", &self.signal)
            .field("protocol", &self.protocol)
            .field("url", &self.shown)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

/// What the connections of a signal have to be like.
pub(super) fn connection_settings(settings: &OtlpSignal) -> ConnectionSettings {
    let is_secure = settings.endpoint.starts_with("https:");
    ConnectionSettings {
        tls: settings.tls.clone(),
        proxy: settings.proxy.clone(),
        is_grpc: settings.protocol == Protocol::Grpc,
        is_secure,
    }
}

impl Otlp {
    /// Checks the settings and keeps them; opens, loads and connects nothing. Headers that would go through a network in
    /// plain text are worth a warning, and so is a receiver that nobody verifies.
    pub(super) fn new(
        exporter: &str,
        signal: Signal,
        settings: &OtlpSignal,
        connection: Arc<Connection>,
        providers: Arc<Registry<dyn HeaderProvider>>,
        notes: &Notes,
    ) -> Result<Otlp, InvalidSettings> {
        let mut url = endpoint(&settings.endpoint)?;
        if settings.protocol == Protocol::Grpc {
            url = url.with_path(grpc::path(signal));
        }
        let shown = url.shown();
        let file = settings.headers_file.as_deref();
        let headers = HeaderSource::new(exporter, &settings.headers, file, providers, notes.clone())?;
        let is_open = !url.is_secure() && !url.is_loopback();
        if settings.tls.insecure_skip_verify && url.is_secure() {
            notes.say_once("tls.insecure_skip_verify: whoever answers is taken for the receiver");
        }
        let uri = Uri::try_from(url.to_string())
            .map_err(|_| InvalidSettings::Endpoint { endpoint: shown.clone() })?;
        let (protocol, compression) = (settings.protocol, settings.compression);
        let has_secrets = headers.has_secrets();
        let (notes, is_said) = (notes.clone(), AtomicBool::new(false));
        let otlp = Otlp {
            signal,
            protocol,
            url: uri,
            shown,
            compression,
            headers,
            connection,
            notes,
            is_open,
            is_said,
        };
        otlp.warn_of_readers(has_secrets);
        Ok(otlp)
    }

    /// Says once that headers can be read on their way.
    fn warn_of_readers(&self, has_secrets: bool) {
        if self.is_open && has_secrets && !self.is_said.swap(true, Ordering::Relaxed) {
            let origin = self.shown.strip_suffix(self.url.path()).unwrap_or(&self.shown);
            self.notes
                .say_once(&format!("headers go to {origin} in plain text; with https:// they would not"));
        }
    }

    /// The most that a batch in protobuf may have to become a request.
    pub fn most_batch_bytes(&self) -> usize {
        match self.protocol {
            Protocol::HttpJson => HTTP_REQUEST_BYTES / JSON_GROWTH,
            Protocol::HttpProtobuf | Protocol::Grpc => self.most_request_bytes(),
        }
    }

    /// The most that a request may have before compression.
    fn most_request_bytes(&self) -> usize {
        match self.protocol {
            Protocol::Grpc => GRPC_REQUEST_BYTES,
            Protocol::HttpProtobuf | Protocol::HttpJson => HTTP_REQUEST_BYTES,
        }
    }

    /// Sends one batch. `timeout` is for all of it: headers, name look-up, connection, request, reply to its
    /// last byte.
    pub async fn send(&self, batch: &Batch, timeout: Duration) -> Outcome {
        tokio::time::timeout(timeout, self.exchange(batch, timeout)).await.unwrap_or_else(|_| {
            self.connection.leave();
            let message = format!("{}: no complete reply within {} ms", self.shown, timeout.as_millis());
            Outcome::retry(Cause::Timeout, message)
        })
    }

    async fn exchange(&self, batch: &Batch, timeout: Duration) -> Outcome {
        if batch.signal != self.signal {
            let message = format!("{}: not the end point for {}", self.shown, batch.signal.name());
            return Outcome::rejected(Cause::Protocol, message);
        }
        let body = match self.body(batch) {
            Ok(body) => body,
            Err(outcome) => return outcome,
        };
        let mut headers = match self.headers.current().await {
            Ok(headers) => headers,
            Err(error) => return Outcome::retry(Cause::Credentials, error.to_string()),
        };
        self.warn_of_readers(!headers.is_empty());
        headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
        let client = match self.connection.client() {
            Ok(client) => client,
            Err(reason) => return Outcome::retry(Cause::Credentials, format!("{}: {reason}", self.shown)),
        };
        let (url, shown, items) = (&self.url, self.shown.as_str(), batch.items);
        let encoding = compression::encoding(self.compression);
        let content_type = match self.protocol {
            Protocol::HttpProtobuf => reply::PROTOBUF,
            Protocol::HttpJson => reply::JSON,
            Protocol::Grpc => {
                let call =
                    grpc::Call { url, shown, metadata: headers, encoding, message: body, items, timeout };
                return grpc::exchange(&client, call).await;
            }
        };
        let post = http::Post { url, shown, headers, content_type, content_encoding: encoding, body, items };
        http::exchange(&client, post).await
    }

    /// The batch as it goes out, or why it cannot.
    fn body(&self, batch: &Batch) -> Result<Bytes, Outcome> {
        let body = if self.protocol == Protocol::HttpJson {
            let mut line = json_line(batch.signal, &batch.body)
                .map_err(|error| Outcome::rejected(Cause::Protocol, error.to_string()))?;
            line.pop();
            Bytes::from(line)
        } else {
            batch.body.clone()
        };
        let (bytes, most) = (body.len(), self.most_request_bytes());
        if bytes > most {
            let message = format!("{}: {bytes} bytes; at most {most} are sent", self.shown);
            return Err(Outcome::TooLarge { message });
        }
        compression::compressed(body, self.compression)
            .map_err(|error| Outcome::rejected(Cause::Io(error.kind()), format!("not compressed: {error}")))
    }
}

fn endpoint(text: &str) -> Result<HttpUrl, InvalidSettings> {
    HttpUrl::parse(text).ok_or_else(|| {
        let holds_credentials = text.contains(['@', '?']);
        let shown = if holds_credentials { "<not shown, it may hold credentials>" } else { text };
        InvalidSettings::Endpoint { endpoint: shown.to_owned() }
    })
}

/// The path of traces.
#[cfg(test)]
pub(super) fn tests_path(is_grpc: bool) -> &'static str {
    if is_grpc { grpc::path(Signal::Traces) } else { Signal::Traces.path() }
}
