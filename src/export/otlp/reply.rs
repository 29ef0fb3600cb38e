//! From an HTTP reply, or the lack of one, to an [`Outcome`], by the rules of OTLP 1.11. The receiver is
//! not trusted: what is read is bounded, what it says is escaped and capped, what it counts is
//! clamped.

use std::io::{self, Read as _};
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use prost::Message;

use super::status::{RETRY_AFTER_LIMIT, Status};
use crate::export::outcome::{Cause, Outcome};
use crate::export::printable::{MESSAGE_BYTES, printable};

/// The media types of requests, and of replies to them.
pub(super) const PROTOBUF: &str = "application/x-protobuf";
pub(super) const JSON: &str = "application/json";

/// A reply larger than this, as sent or as decompressed, is not read any further.
pub(super) const REPLY_BYTES: usize = 4 * 1024 * 1024;

/// Of a refusal only the message is wanted: its body is read this far, and for no longer than this.
const REFUSAL_BYTES: usize = 64 * 1024;
const REFUSAL_WAIT: Duration = Duration::from_secs(1);

/// Reads a reply to a batch of `items` to its end and judges it. `endpoint` is for messages.
pub(super) async fn outcome(response: Response<Incoming>, items: u64, endpoint: &str) -> Outcome {
    if response.status().is_success() {
        taken(response, items, endpoint).await
    } else {
        refused(response, endpoint).await
    }
}

/// No reply came: whether the batch was taken is unknown, so that it stays to be sent.
pub(super) fn no_reply(error: &legacy::Error, endpoint: &str) -> Outcome {
    let what = if error.is_connect() { "no connection" } else { "no reply" };
    let cause = if error.is_connect() { Cause::Connect } else { transport_cause(error) };
    Outcome::retry(cause, format!("{endpoint}: {what}{}", causes(error)))
}

/// A reply began and did not end: the same.
pub(super) fn cut(error: &(dyn std::error::Error + 'static), endpoint: &str) -> Outcome {
    Outcome::retry(transport_cause(error), format!("{endpoint}: no complete reply: {error}{}", causes(error)))
}

/// What caused an error, and that in turn.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn transport_cause(error: &(dyn std::error::Error + 'static)) -> Cause {
    let mut source = Some(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return Cause::Io(io.kind());
        }
        source = cause.source();
    }
    Cause::Protocol
}

async fn taken(response: Response<Incoming>, items: u64, endpoint: &str) -> Outcome {
    let (head, body) = response.into_parts();
    let mut body = match Limited::new(body, REPLY_BYTES).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) if error.is::<LengthLimitError>() => return oversized(endpoint),
        Err(error) => return cut(&*error, endpoint),
    };
    if is(&head.headers, CONTENT_ENCODING, "gzip") {
        match inflated(&body) {
            Ok(inflated) if inflated.len() > REPLY_BYTES => return oversized(endpoint),
            Ok(inflated) => body = inflated,
            Err(_) => return unreadable(endpoint),
        }
    }
    if body.is_empty() {
        return Outcome::Accepted;
    }
    let partial = if is(&head.headers, CONTENT_TYPE, JSON) {
        partial_success_in_json(&body)
    } else {
        partial_success(&body)
    };
    partial.map_or_else(|| unreadable(endpoint), |partial| partial.outcome(items))
}

pub(super) fn oversized(endpoint: &str) -> Outcome {
    Outcome::rejected(Cause::Protocol, format!("{endpoint}: a reply of more than {REPLY_BYTES} bytes"))
}

/// A 2xx status says that the batch was taken; that the rest of the reply cannot be read is worth a
/// warning only.
pub(super) fn unreadable(endpoint: &str) -> Outcome {
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
pub(crate) fn read_all_ways(body: &[u8]) {
    let inflated = inflated(body).unwrap_or_default();
    for body in [body, &inflated] {
        let _ = (partial_success(body), partial_success_in_json(body), Status::decode(body));
        super::status::read_details(body);
    }
}

/// What a receiver did not take of a batch that it took. The shape is the same for every signal.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    message: String,
}

/// `Export…ServiceResponse`.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

impl PartialSuccess {
    /// A negative count is no count: the batch was taken, and the message is a warning.
    pub(super) fn outcome(self, items: u64) -> Outcome {
        if self.rejected <= 0 && self.message.is_empty() {
            return Outcome::Accepted;
        }
        Outcome::partial(u64::try_from(self.rejected).unwrap_or(0).min(items), self.message)
    }
}

/// Reads a response in protobuf.
pub(super) fn partial_success(body: &[u8]) -> Option<PartialSuccess> {
    Some(ExportResponse::decode(body).ok()?.partial_success.unwrap_or_default())
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
    let count = field("rejectedSpans")
        .or_else(|| field("rejectedLogRecords"))
        .or_else(|| field("rejectedDataPoints"));
    let rejected =
        count.and_then(|count| count.as_i64().or_else(|| count.as_str()?.parse().ok())).unwrap_or(0);
    let message = field("errorMessage").and_then(|message| message.as_str()).unwrap_or_default().to_owned();
    Some(PartialSuccess { rejected, message })
}

pub(super) async fn refused(response: Response<Incoming>, endpoint: &str) -> Outcome {
    let (head, mut incoming) = response.into_parts();
    let status = head.status.as_u16();
    let mut body = Vec::new();
    // The status has said it all; a body that is cut, late or endless changes nothing about it.
    let _ = tokio::time::timeout(REFUSAL_WAIT, async {
        while let Some(Ok(frame)) = incoming.frame().await {
            if let Ok(chunk) = frame.into_data() {
                body.extend_from_slice(&chunk);
            }
            if body.len() >= REFUSAL_BYTES {
                break;
            }
        }
    })
    .await;
    let said = said(&head.headers, &body);
    let separator = if said.is_empty() { "" } else { ": " };
    let message = printable(&format!("{endpoint}: HTTP status {status}{separator}{said}"), MESSAGE_BYTES);
    let cause = Cause::Http(status);
    match head.status {
        _ if is_transient(head.status) => {
            Outcome::Retry { after: retry_after(&head.headers), cause, message }
        }
        StatusCode::PAYLOAD_TOO_LARGE => Outcome::TooLarge { message },
        _ => Outcome::Rejected { cause, message },
    }
}

/// The statuses after which OTLP has the same batch sent again.
fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// The message in a refusal, as it came: that of a `google.rpc.Status` when the body is protobuf,
/// else the text as it is.
fn said(headers: &HeaderMap, body: &[u8]) -> String {
    if is(headers, CONTENT_TYPE, PROTOBUF) {
        return Status::decode(body).map(|status| status.message).unwrap_or_default();
    }
    String::from_utf8_lossy(body.trim_ascii()).into_owned()
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
pub(super) fn is(headers: &HeaderMap, name: HeaderName, expected: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected)
}
