//! OTLP over gRPC: one unary call for each batch. The message goes out as it is, behind the five bytes that frame it, and
//! compressed when asked for; the status is read out of the trailers. The rules are those of OTLP 1.11 ("OTLP/gRPC
//! Response") and of gRPC over HTTP/2.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::connection::{HttpClient, RequestBody};
use super::reply::{self, REPLY_BYTES};
use super::status::{self, CallStatus};
use crate::export::outcome::{Cause, Outcome};
use crate::export::printable::{MESSAGE_BYTES, printable};
use crate::otlp::Signal;

/// In front of a message: whether it is compressed, and its length.
const FRAME_BYTES: usize = 5;

/// The path of a signal's `Export` method.
pub(super) fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

/// What is called.
pub(super) struct Call<'a> {
    pub(super) url: &'a Uri,
    /// The URL as messages may name it.
    pub(super) shown: &'a str,
    pub(super) metadata: HeaderMap,
    /// How the message is compressed.
    pub(super) encoding: Option<&'static str>,
    pub(super) message: Bytes,
    pub(super) items: u64,
    pub(super) timeout: Duration,
}

/// Makes the call, and judges the reply.
pub(super) async fn exchange(client: &HttpClient, call: Call<'_>) -> Outcome {
    let Ok(length) = u32::try_from(call.message.len()) else {
        return Outcome::TooLarge { message: format!("{}: more than a frame can hold", call.shown) };
    };
    let mut frame = BytesMut::with_capacity(FRAME_BYTES);
    frame.put_u8(u8::from(call.encoding.is_some()));
    frame.put_u32(length);
    let mut request = Request::new(RequestBody::new(frame.freeze(), call.message));
    *request.method_mut() = http::Method::POST;
    *request.version_mut() = http::Version::HTTP_2;
    request.uri_mut().clone_from(call.url);
    let headers = request.headers_mut();
    *headers = call.metadata;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    if let Ok(timeout) = HeaderValue::from_str(&timeout_value(call.timeout)) {
        headers.insert("grpc-timeout", timeout);
    }
    if let Some(encoding) = call.encoding {
        headers.insert("grpc-encoding", HeaderValue::from_static(encoding));
    }
    match client.request(request).await {
        Ok(response) => outcome(response, call.items, call.shown).await,
        Err(error) => reply::no_reply(&error, call.shown),
    }
}

/// A number of at most eight digits, and its unit.
fn timeout_value(timeout: Duration) -> String {
    const MOST: u128 = 99_999_999;
    match timeout.as_millis() {
        millis if millis <= MOST => format!("{millis}m"),
        _ => format!("{}S", u128::from(timeout.as_secs()).min(MOST)),
    }
}

async fn outcome(response: Response<Incoming>, items: u64, endpoint: &str) -> Outcome {
    let (head, body) = response.into_parts();
    // A status among the headers is the whole reply.
    if let Some(status) = CallStatus::of(&head.headers) {
        return of_status(&status, None, items, endpoint);
    }
    if head.status != StatusCode::OK {
        // Somebody in between has answered, who does not speak gRPC.
        return reply::refused(Response::from_parts(head, body), endpoint).await;
    }
    let media =
        head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media.starts_with("application/grpc") {
        let media = if media.is_empty() { "no content type" } else { media };
        return Outcome::rejected(Cause::Protocol, format!("{endpoint}: a reply that is not gRPC ({media})"));
    }
    let body = match Limited::new(body, FRAME_BYTES + REPLY_BYTES).collect().await {
        Ok(body) => body,
        Err(error) if error.is::<LengthLimitError>() => return reply::oversized(endpoint),
        Err(error) => return reply::cut(&*error, endpoint),
    };
    let status = body.trailers().and_then(CallStatus::of);
    let Some(status) = status else {
        // Cut off by somebody in between: whether the batch was taken is unknown.
        return Outcome::retry(Cause::Protocol, format!("{endpoint}: a reply without a gRPC status"));
    };
    of_status(&status, Some(body.to_bytes()), items, endpoint)
}

fn of_status(said: &CallStatus, body: Option<Bytes>, items: u64, endpoint: &str) -> Outcome {
    let CallStatus { code, message, retry_delay: after } = said;
    if *code == status::OK {
        return taken(&body.unwrap_or_default(), items, endpoint);
    }
    let separator = if message.is_empty() { "" } else { ": " };
    let cause = Cause::Grpc(*code);
    let message = printable(&format!("{endpoint}: {cause}{separator}{message}"), MESSAGE_BYTES);
    let may_pass = match *code {
        status::CANCELLED
        | status::DEADLINE_EXCEEDED
        | status::ABORTED
        | status::OUT_OF_RANGE
        | status::UNAVAILABLE
        | status::DATA_LOSS => true,
        // Without a delay it is a quota that time does not mend.
        status::RESOURCE_EXHAUSTED => after.is_some(),
        _ => false,
    };
    if may_pass {
        Outcome::Retry { after: *after, cause, message }
    } else {
        Outcome::Rejected { cause, message }
    }
}

/// The status says that the batch was taken; a message that cannot be read is worth a warning only.
fn taken(body: &[u8], items: u64, endpoint: &str) -> Outcome {
    if body.is_empty() {
        return Outcome::Accepted;
    }
    match message(body).and_then(reply::partial_success) {
        Some(partial) => partial.outcome(items),
        None => reply::unreadable(endpoint),
    }
}

/// The one message of a reply, which was not asked to be compressed.
fn message(body: &[u8]) -> Option<&[u8]> {
    let (frame, message) = body.split_first_chunk::<FRAME_BYTES>()?;
    let [compressed, length @ ..] = *frame;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    (compressed == 0 && message.len() == length).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        assert_eq!(timeout_value(Duration::from_millis(10_000)), "10000m");
        assert_eq!(timeout_value(Duration::from_secs(3_600)), "3600000m");
        assert_eq!(timeout_value(Duration::from_secs(1_000_000)), "1000000S");
        assert_eq!(timeout_value(Duration::MAX), "99999999S");
    }

    #[test]
    fn one_whole_message_that_is_not_compressed_is_read() {
        assert_eq!(message(b"\0\0\0\0\0"), Some(&b""[..]));
        assert_eq!(message(b"\0\0\0\0\x02ab"), Some(&b"ab"[..]));
        for broken in [&b""[..], b"\0\0\0\0", b"\x01\0\0\0\x01a", b"\0\0\0\0\x02a", b"\0\xff\xff\xff\xffa"] {
            assert_eq!(message(broken), None);
        }
    }
}
