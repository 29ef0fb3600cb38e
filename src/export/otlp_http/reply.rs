//! From a reply, or the lack of one, to an [`Outcome`], by the rules of OTLP 1.11. The receiver is
//! not trusted: what is read is bounded, what it says is escaped and capped, what it counts is
//! clamped.

use std::error::Error;
use std::io::{self, Read as _};
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field, string};
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::export::outcome::{Batch, Cause, Outcome};
use crate::export::printable::{MESSAGE_BYTES, printable};
use crate::otlp::Signal;

/// The media type of requests, and of replies to them.
pub(super) const PROTOBUF: &str = "application/x-protobuf";

/// A reply larger than this, as sent or as decompressed, is not read any further.
const REPLY_BYTES: usize = 4 * 1024 * 1024;

/// Of a refusal only the message is wanted: its body is read this far, and for no longer than this.
const REFUSAL_BYTES: usize = 64 * 1024;
const REFUSAL_WAIT: Duration = Duration::from_secs(1);

/// A receiver cannot put a batch off for longer.
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(5 * 60);

/// Reads a reply to its end and judges it. `endpoint` is for messages.
pub(super) async fn outcome(response: Response, batch: &Batch, endpoint: &str) -> Outcome {
    if response.status().is_success() {
        taken(response, batch, endpoint).await
    } else {
        refused(response, endpoint).await
    }
}

/// No reply came: whether the batch was taken is unknown, so that it stays to be sent.
pub(super) fn no_reply(error: reqwest::Error, endpoint: &str) -> Outcome {
    let message = format!("{endpoint}: {}", reason(&error));
    if error.is_builder() {
        return Outcome::rejected(Cause::Protocol, message);
    }
    Outcome::retry(transport_cause(&error), message)
}

/// The error and what caused it, without the URL, which may hold credentials.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut text = if error.is_connect() { "no connection".to_owned() } else { "no reply".to_owned() };
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn transport_cause(error: &reqwest::Error) -> Cause {
    if error.is_timeout() {
        return Cause::Timeout;
    }
    if error.is_connect() {
        return Cause::Connect;
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return Cause::Io(io.kind());
        }
        source = cause.source();
    }
    Cause::Protocol
}

async fn taken(mut response: Response, batch: &Batch, endpoint: &str) -> Outcome {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > REPLY_BYTES => {
                return oversized(endpoint);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return no_reply(error, endpoint),
        }
    }
    if is(response.headers(), CONTENT_ENCODING, "gzip") {
        match inflated(&body) {
            Ok(inflated) if inflated.len() > REPLY_BYTES => return oversized(endpoint),
            Ok(inflated) => body = inflated,
            Err(_) => return unreadable(endpoint),
        }
    }
    if body.is_empty() {
        return Outcome::Accepted;
    }
    let partial = if is(response.headers(), CONTENT_TYPE, "application/json") {
        partial_success_in_json(&body)
    } else {
        partial_success(batch.signal, &body)
    };
    match partial {
        Some(partial) if partial.rejected <= 0 && partial.message.is_empty() => Outcome::Accepted,
        // A negative count is no count: the batch was taken, and the message is a warning.
        Some(partial) => {
            Outcome::partial(u64::try_from(partial.rejected).unwrap_or(0).min(batch.items), partial.message)
        }
        None => unreadable(endpoint),
    }
}

fn oversized(endpoint: &str) -> Outcome {
    Outcome::rejected(Cause::Protocol, format!("{endpoint}: a reply of more than {REPLY_BYTES} bytes"))
}

/// A 2xx status says that the batch was taken; that the rest of the reply cannot be read is worth a
/// warning only.
fn unreadable(endpoint: &str) -> Outcome {
    Outcome::partial(0, format!("{endpoint}: taken, with a reply that is not an OTLP response"))
}

fn inflated(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut inflated = Vec::new();
    let bound = u64::try_from(REPLY_BYTES + 1).unwrap_or(u64::MAX);
    flate2::read::GzDecoder::new(body).take(bound).read_to_end(&mut inflated)?;
    Ok(inflated)
}

/// Reads a reply in every way that it may come.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_all_ways(signal: Signal, body: &[u8]) {
    let inflated = inflated(body).unwrap_or_default();
    for body in [body, &inflated] {
        let _ = (partial_success(signal, body), partial_success_in_json(body), status_message(body));
    }
}

struct PartialSuccess {
    rejected: i64,
    message: String,
}

fn partial_success(signal: Signal, body: &[u8]) -> Option<PartialSuccess> {
    let (rejected, message) = match signal {
        Signal::Traces => {
            let partial = ExportTraceServiceResponse::decode(body).ok()?.partial_success.unwrap_or_default();
            (partial.rejected_spans, partial.error_message)
        }
        Signal::Logs => {
            let partial = ExportLogsServiceResponse::decode(body).ok()?.partial_success.unwrap_or_default();
            (partial.rejected_log_records, partial.error_message)
        }
        Signal::Metrics => return None,
    };
    Some(PartialSuccess { rejected, message })
}

/// Some receivers answer protobuf with JSON. 64-bit integers are strings there, and numbers in
/// sloppier hands.
fn partial_success_in_json(body: &[u8]) -> Option<PartialSuccess> {
    let reply: serde_json::Value = serde_json::from_slice(body).ok()?;
    if !reply.is_object() {
        return None;
    }
    let partial = reply.get("partialSuccess");
    let field = |name: &str| partial.and_then(|partial| partial.get(name));
    let count = field("rejectedSpans").or_else(|| field("rejectedLogRecords"));
    let rejected =
        count.and_then(|count| count.as_i64().or_else(|| count.as_str()?.parse().ok())).unwrap_or(0);
    let message = field("errorMessage").and_then(|message| message.as_str()).unwrap_or_default().to_owned();
    Some(PartialSuccess { rejected, message })
}

async fn refused(mut response: Response, endpoint: &str) -> Outcome {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    // The status has said it all; a body that is cut, late or endless changes nothing about it.
    let _ = tokio::time::timeout(REFUSAL_WAIT, async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= REFUSAL_BYTES {
                break;
            }
        }
    })
    .await;
    let said = said(response.headers(), &body);
    let separator = if said.is_empty() { "" } else { ": " };
    let message = printable(&format!("{endpoint}: HTTP status {status}{separator}{said}"), MESSAGE_BYTES);
    let cause = Cause::Http(status);
    match status {
        429 | 502 | 503 | 504 => Outcome::Retry { after: retry_after(response.headers()), cause, message },
        413 => Outcome::TooLarge { message },
        _ => Outcome::Rejected { cause, message },
    }
}

/// The message in a refusal, as it came: that of a `google.rpc.Status` when the body is protobuf,
/// else the text as it is.
fn said(headers: &HeaderMap, body: &[u8]) -> String {
    if is(headers, CONTENT_TYPE, PROTOBUF) {
        return status_message(body).unwrap_or_default();
    }
    String::from_utf8_lossy(body.trim_ascii()).into_owned()
}

/// Field 2 of `google.rpc.Status`; of the rest nothing is wanted.
fn status_message(mut body: &[u8]) -> Option<String> {
    const MESSAGE: u32 = 2;
    let mut text = String::new();
    while !body.is_empty() {
        let (tag, wire_type) = decode_key(&mut body).ok()?;
        if tag == MESSAGE && wire_type == WireType::LengthDelimited {
            string::merge(wire_type, &mut text, &mut body, DecodeContext::default()).ok()?;
        } else {
            skip_field(wire_type, tag, &mut body, DecodeContext::default()).ok()?;
        }
    }
    Some(text)
}

/// `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3); what is neither is as if it were
/// not there.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds are still a number of seconds.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_LIMIT));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default().min(RETRY_AFTER_LIMIT))
}

/// Whether a header's value, parameters aside, is `expected`.
fn is(headers: &HeaderMap, name: HeaderName, expected: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected)
}
