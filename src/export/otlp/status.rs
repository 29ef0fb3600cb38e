//! What a receiver says about a call: the status of gRPC in headers or trailers, `google.rpc.Status` (in the body of an HTTP
//! refusal, and in a detail of a gRPC one), and the one thing in it that matters here, `RetryInfo`. Written after gRPC over
//! HTTP/2 ("Responses") and googleapis, `google/rpc/status.proto` and `error_details.proto`. Whatever it says, reading it
//! ends in a value: the usual reader of these headers panics at details that are no base64.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use percent_encoding::percent_decode;
use prost::Message;

/// With padding or without: receivers do either.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The codes of gRPC that mean something here, by their numbers.
pub(super) const OK: i32 = 0;
pub(super) const CANCELLED: i32 = 1;
const UNKNOWN: i32 = 2;
pub(super) const DEADLINE_EXCEEDED: i32 = 4;
pub(super) const RESOURCE_EXHAUSTED: i32 = 8;
pub(super) const ABORTED: i32 = 10;
pub(super) const OUT_OF_RANGE: i32 = 11;
pub(super) const UNAVAILABLE: i32 = 14;
pub(super) const DATA_LOSS: i32 = 15;

/// How a call has ended.
pub(super) struct CallStatus {
    pub(super) code: i32,
    /// Not escaped.
    pub(super) message: String,
    /// How long the receiver wants to be left alone, if it says so.
    pub(super) retry_delay: Option<Duration>,
}

impl CallStatus {
    /// Reads headers or trailers; `None`: they do not say. A code that is no number is unknown.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let code = headers.get("grpc-status")?.to_str().ok().and_then(|code| code.parse().ok());
        let message = headers.get("grpc-message").map(|message| percent_decode(message.as_bytes()));
        let message = message.map(|message| message.decode_utf8_lossy().into_owned());
        let details =
            headers.get("grpc-status-details-bin").and_then(|text| BASE64.decode(text.as_bytes()).ok());
        Some(Self {
            code: code.unwrap_or(UNKNOWN),
            message: message.unwrap_or_default(),
            retry_delay: details.and_then(|details| retry_delay(&details)),
        })
    }
}

/// A receiver cannot put a batch off for longer.
pub(super) const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(5 * 60);

const RETRY_INFO: &str = "google.rpc.RetryInfo";

#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// A message of a type that its URL names.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Delay {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

/// The delay in an encoded `google.rpc.Status`; `None`: it gives no `RetryInfo`. A delay that makes no sense is none, one
/// that is too long is cut.
fn retry_delay(encoded_status: &[u8]) -> Option<Duration> {
    let details = Status::decode(encoded_status).ok()?.details;
    let info = details.iter().find(|detail| detail.type_url.rsplit('/').next() == Some(RETRY_INFO))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay.unwrap_or_default();
    let seconds = u64::try_from(delay.seconds).unwrap_or(0);
    let nanos = if delay.seconds < 0 { 0 } else { u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999) };
    Some(Duration::new(seconds, nanos).min(RETRY_AFTER_LIMIT))
}

/// Reads the details of a status, in base64 and as they are.
#[cfg(feature = "fuzzing")]
pub(super) fn read_details(details: &[u8]) {
    let _ = (retry_delay(details), BASE64.decode(details).ok().and_then(|details| retry_delay(&details)));
}

#[cfg(test)]
pub(in crate::export) mod tests {
    use super::*;

    /// A status with this delay in it.
    pub(in crate::export) fn with_delay(code: i32, seconds: i64, nanos: i32) -> Vec<u8> {
        let info = RetryInfo { retry_delay: Some(Delay { seconds, nanos }) };
        let type_url = format!("type.googleapis.com/{RETRY_INFO}");
        let other = Any { type_url: "type.googleapis.com/google.rpc.DebugInfo".into(), value: vec![0xff; 9] };
        let details = vec![other, Any { type_url, value: info.encode_to_vec() }];
        Status { code, message: "later".into(), details }.encode_to_vec()
    }

    #[test]
    fn a_delay_is_found_and_kept_within_reason() {
        for (seconds, nanos, expected) in [
            (0, 0, Duration::ZERO),
            (3, 500_000_000, Duration::from_millis(3_500)),
            (300, 1, RETRY_AFTER_LIMIT),
            (i64::MAX, i32::MAX, RETRY_AFTER_LIMIT),
            (-1, 5, Duration::ZERO),
            (i64::MIN, i32::MIN, Duration::ZERO),
            (1, -5, Duration::from_secs(1)),
            (1, i32::MAX, Duration::new(1, 999_999_999)),
        ] {
            assert_eq!(retry_delay(&with_delay(8, seconds, nanos)), Some(expected), "{seconds} {nanos}");
        }
        let bare = Status { code: 8, message: "later".into(), details: Vec::new() };
        assert_eq!(retry_delay(&bare.encode_to_vec()), None);
        for broken in [&b"\xff\xff"[..], b"\x1a\x7f", b"hello"] {
            assert_eq!(retry_delay(broken), None);
        }
    }
    #[test]
    fn a_status_is_read_whatever_it_is_made_of() {
        let status = |pairs: &[(&'static str, &[u8])]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_bytes(value).unwrap())
            });
            CallStatus::of(&pairs.collect())
        };
        assert!(status(&[("grpc-message", b"x")]).is_none());
        for (text, code) in
            [(&b"14"[..], 14), (b"0", OK), (b"99", 99), (b"-1", -1), (b"", 2), (b"1e9", 2), (b"\xff", 2)]
        {
            assert_eq!(status(&[("grpc-status", text)]).unwrap().code, code);
        }
        let message = |text| status(&[("grpc-status", b"3"), ("grpc-message", text)]).unwrap().message;
        assert_eq!(message(b"caf%C3%A9 100% %zz%0a%ff"), "caf\u{e9} 100% %zz\n\u{fffd}");
        let delay = |text: &[u8]| {
            status(&[("grpc-status", b"8"), ("grpc-status-details-bin", text)]).unwrap().retry_delay
        };
        let encoded = BASE64.encode(with_delay(8, 2, 0));
        assert_eq!(delay(encoded.as_bytes()), Some(Duration::from_secs(2)));
        assert_eq!(delay(encoded.trim_end_matches('=').as_bytes()), Some(Duration::from_secs(2)));
        for broken in [&b"!!!"[..], b"=", b"A", b"", b"\xff", b"AAAA=A"] {
            assert_eq!(delay(broken), None);
        }
    }
}
