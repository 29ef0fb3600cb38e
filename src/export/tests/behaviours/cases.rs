//! The table: what a receiver may do, what becomes of the batch that meets it, and over which transports.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use h2::Reason;
use prost::Message as _;

use crate::export::otlp::status::tests::with_delay;
use crate::export::tests::receiver::{Behaviour, Reply, Speaks};

/// What becomes of the batch that met the behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Taken at once.
    Taken,
    /// Sent again, and taken then.
    Retried,
    Rejected,
    /// Taken but for so many, or all there are.
    Partial(u64),
    /// Halved, and taken then.
    TooLarge,
    /// Refused, and not sent any more.
    NotServed,
}

/// A protocol, with TLS or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transport {
    pub(super) protocol: &'static str,
    pub(super) speaks: Speaks,
    pub(super) is_secure: bool,
}

const fn over(protocol: &'static str, speaks: Speaks, is_secure: bool) -> Transport {
    Transport { protocol, speaks, is_secure }
}

pub(super) const TRANSPORTS: [Transport; 6] = [
    over("http/protobuf", Speaks::Http1, false),
    over("http/json", Speaks::Http1, false),
    over("http/protobuf", Speaks::Http1, true),
    over("http/protobuf", Speaks::Http2, true),
    over("grpc", Speaks::Grpc, false),
    over("grpc", Speaks::Grpc, true),
];

pub(super) struct Case {
    pub(super) name: String,
    pub(super) behaviour: Behaviour,
    pub(super) fate: Fate,
    pub(super) on: fn(Transport) -> bool,
}

fn case(name: impl Into<String>, behaviour: Behaviour, fate: Fate, on: fn(Transport) -> bool) -> Case {
    Case { name: name.into(), behaviour, fate, on }
}

fn all(_: Transport) -> bool {
    true
}

fn http(transport: Transport) -> bool {
    transport.speaks != Speaks::Grpc
}

fn http1(transport: Transport) -> bool {
    transport.speaks == Speaks::Http1
}

fn http2(transport: Transport) -> bool {
    transport.speaks != Speaks::Http1
}

fn grpc(transport: Transport) -> bool {
    transport.speaks == Speaks::Grpc
}

fn secure(transport: Transport) -> bool {
    transport.is_secure
}

fn protobuf(status: u16) -> Reply {
    Reply::of(status).header("content-type", "application/x-protobuf")
}

fn json(status: u16) -> Reply {
    Reply::of(status).header("content-type", "application/json")
}

/// A gRPC reply with this message and status.
fn called(message: &[u8], code: i32) -> Reply {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0][..], &length, message].concat();
    let reply = Reply::of(200).header("content-type", "application/grpc").body(body);
    reply.trailer("grpc-status", code.to_string())
}

/// A gRPC refusal among the headers alone.
fn refused(code: i32) -> Reply {
    Reply::of(200).header("content-type", "application/grpc+proto").header("grpc-status", code.to_string())
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
}

/// A response that rejects so many.
fn partial(rejected: i64, message: &str) -> Vec<u8> {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Inner {
        #[prost(int64, tag = "1")]
        rejected: i64,
        #[prost(string, tag = "2")]
        message: String,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Outer {
        #[prost(message, optional, tag = "1")]
        inner: Option<Inner>,
    }
    Outer { inner: Some(Inner { rejected, message: message.into() }) }.encode_to_vec()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Eight kilobytes that become eight megabytes.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzipped(&vec![0; 8 * 1024 * 1024]));

const BLOCK: usize = 256 * 1024;
const FIVE_MIB: usize = 5 * 1024 * 1024;
const EVIL: &str = "no\u{1b}[31m";

pub(super) fn cases() -> Vec<Case> {
    use Fate::{NotServed, Partial, Rejected, Retried, Taken, TooLarge};
    let mut cases = vec![
        case("takes everything", Behaviour::Take, Taken, all),
        // Connections.
        case("accepts and hangs", Behaviour::AcceptAndHang, Retried, all),
        case("accepts and closes", Behaviour::AcceptAndClose, Retried, all),
        case("accepts and resets", Behaviour::AcceptAndReset, Retried, all),
        case("closes in the middle of the request", Behaviour::CloseMidRequest, Retried, all),
        case("reads a byte at a time", Behaviour::ReadSlowly, Retried, all),
        case("speaks first, and nothing known", Behaviour::SpeakFirst, Retried, all),
        case("shakes hands late", Behaviour::SlowHandshake(Duration::from_millis(100)), Taken, secure),
        case("shakes hands too late", Behaviour::SlowHandshake(Duration::from_secs(2)), Retried, secure),
        // After a request.
        case("hangs after the request", Behaviour::Hang, Retried, all),
        case("closes after the request", Behaviour::CloseAfterRequest, Retried, all),
        case("sends the reply a byte at a time", Behaviour::Drip(protobuf(200).body([b'x'; 100])), Retried, http),
        case("cuts the reply", Behaviour::Truncated(protobuf(200).body([b'x'; 10])), Retried, http),
        case("sends no HTTP", Behaviour::Raw(b"\0\0\x12\x04garbage\r\n\r\n".to_vec()), Retried, http1),
        case("sends half a head", Behaviour::Raw(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()), Retried, http1),
        case("sends a head of a megabyte", Behaviour::Raw(
            [&b"HTTP/1.1 200 OK\r\nx: "[..], &[b'x'; 1024 * 1024]].concat()), Retried, http1),
        case("sends ten thousand headers", Behaviour::Raw(
            [&b"HTTP/1.1 200 OK\r\n"[..], &b"x: y\r\n".repeat(10_000)].concat()), Retried, http1),
        case("says to go on, and takes it", Behaviour::Raw(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()),
            Taken, http1),
        case("has two lengths", Behaviour::Raw(
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx".to_vec()), Retried, http1),
        case("sends a broken chunk", Behaviour::Raw(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec()), Retried, http1),
        case("sends an endless chunk", Behaviour::Raw(
            [&b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffff\r\n"[..], &[b'x'; FIVE_MIB]].concat()),
            Rejected, http1),
        case("does not say where a body ends", Behaviour::Raw(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Taken, http1),
        case("sends two replies", Behaviour::Raw(
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 400 No\r\ncontent-length: 0\r\n\r\n".to_vec()),
            Taken, http1),
        // Bodies of what was taken.
        case("sends five megabytes", Behaviour::Reply(protobuf(200).body(vec![0; FIVE_MIB])), Rejected, http),
        case("sends without end", Behaviour::Endless(protobuf(200).body(vec![0; BLOCK])), Rejected, http),
        case("sends a bomb", Behaviour::Reply(
            protobuf(200).header("content-encoding", "gzip").body(BOMB.clone())), Rejected, http),
        case("says gzip and sends none", Behaviour::Reply(
            protobuf(200).header("content-encoding", "gzip").body("x")), Taken, http),
        case("sends malformed protobuf", Behaviour::Reply(protobuf(200).body(&b"\x0a\xff\xff\xff"[..])), Taken, http),
        case("sends malformed JSON", Behaviour::Reply(json(200).body("{\"partialSuccess\":")), Taken, http),
        case("sends JSON nested without end", Behaviour::Reply(json(200).body("[".repeat(200_000))), Taken, http),
        case("sends JSON of another kind", Behaviour::Reply(json(200).body("[1]")), Taken, http),
        case("sends a page", Behaviour::Reply(
            Reply::of(200).header("content-type", "text/html").body("<html>hello</html>")), Taken, http),
        case("takes some", Behaviour::Reply(protobuf(200).body(partial(2, EVIL))), Partial(2), http),
        case("takes some, in JSON", Behaviour::Reply(
            json(200).body(r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"q"}}"#)), Partial(3), http),
        case("rejects a negative number", Behaviour::Reply(protobuf(200).body(partial(-3, "odd"))), Taken, http),
        case("rejects the least number", Behaviour::Reply(protobuf(200).body(partial(i64::MIN, ""))), Taken, http),
        case("rejects more than there are", Behaviour::Reply(protobuf(200).body(partial(i64::MAX, "all"))),
            Partial(u64::MAX), http),
        case("rejects more than JSON counts", Behaviour::Reply(
            json(200).body(r#"{"partialSuccess":{"rejectedSpans":"99999999999999999999"}}"#)), Taken, http),
        // Refusals.
        case("refuses without end", Behaviour::Endless(protobuf(400).body(vec![b'x'; BLOCK])), Rejected, http),
        case("is busy without end", Behaviour::Endless(protobuf(503).body(vec![b'x'; BLOCK])), Retried, http),
        case("refuses with half a status", Behaviour::Reply(protobuf(400).body(&b"\x12\xff\xff"[..])), Rejected, http),
        case("sends an unknown status", Behaviour::Reply(Reply::of(799)), Rejected, http),
        // HTTP/2.
        case("goes away", Behaviour::GoAway(Reason::NO_ERROR), Retried, http2),
        case("goes away angrily", Behaviour::GoAway(Reason::ENHANCE_YOUR_CALM), Retried, http2),
        case("resets in the middle of the reply", Behaviour::ResetMidReply, Retried, http2),
        // gRPC.
        case("takes it without a message", Behaviour::Reply(refused(0)), Taken, grpc),
        case("has no trailers", Behaviour::Reply(
            Reply::of(200).header("content-type", "application/grpc").body([0; 5])), Retried, grpc),
        case("has trailers without a status", Behaviour::Reply(
            Reply::of(200).header("content-type", "application/grpc").body([0; 5]).trailer("x", "y")), Retried, grpc),
        case("has a status that is no number", Behaviour::Reply(
            Reply::of(200).header("content-type", "application/grpc").trailer("grpc-status", "fine")), Rejected, grpc),
        case("sends a page over gRPC", Behaviour::Reply(
            Reply::of(200).header("content-type", "text/html").body("<html>hello</html>")), Rejected, grpc),
        case("does not say what it sends", Behaviour::Reply(Reply::of(200).body("hello")), Rejected, grpc),
        case("sends a message of five megabytes", Behaviour::Reply(called(&vec![0; FIVE_MIB], 0)), Rejected, grpc),
        case("sends messages without end", Behaviour::Endless(called(&vec![0; BLOCK], 0)), Rejected, grpc),
        case("drips a message", Behaviour::Drip(called(&[0; 100], 0)), Retried, grpc),
        case("cuts a message", Behaviour::Truncated(called(b"xx", 0)), Retried, grpc),
        case("sends half a message", Behaviour::Reply(
            Reply::of(200).header("content-type", "application/grpc").body([0, 0, 0, 0, 9, 1]).trailer("grpc-status", "0")),
            Taken, grpc),
        case("compresses unasked", Behaviour::Reply(
            Reply::of(200).header("content-type", "application/grpc").header("grpc-encoding", "gzip")
                .body([1, 0, 0, 0, 1, 0]).trailer("grpc-status", "0")), Taken, grpc),
        case("sends a malformed message", Behaviour::Reply(called(b"\x0a\xff\xff\xff", 0)), Taken, grpc),
        case("takes some over gRPC", Behaviour::Reply(called(&partial(2, EVIL), 0)), Partial(2), grpc),
        case("rejects a negative number over gRPC", Behaviour::Reply(called(&partial(-2, "odd"), 0)), Taken, grpc),
        case("rejects more than there are over gRPC", Behaviour::Reply(called(&partial(i64::MAX, ""), 0)),
            Partial(u64::MAX), grpc),
        case("says too much", Behaviour::Reply(
            called(b"", 3).trailer("grpc-message", format!("%1b[31m%0d%0a{}", "x".repeat(5_000)))), Rejected, grpc),
        case("has details that are none", Behaviour::Reply(
            called(b"", 8).trailer("grpc-status-details-bin", "!!!")), Rejected, grpc),
        case("has details of another kind", Behaviour::Reply(
            called(b"", 8).trailer("grpc-status-details-bin", base64(b"\x1a\x03abc"))), Rejected, grpc),
    ];
    for status in [201, 202, 204, 206] {
        cases.push(case(format!("status {status}"), Behaviour::Reply(Reply::of(status)), Taken, http));
    }
    for status in [300, 304, 400, 401, 403, 404, 405, 408, 409, 415, 422, 431, 500, 501, 505, 507, 599] {
        let reply = Reply::of(status).header("content-type", "text/plain").body(EVIL);
        cases.push(case(format!("status {status}"), Behaviour::Reply(reply), Rejected, all));
    }
    for status in [429, 502, 503, 504] {
        cases.push(case(
            format!("status {status}"),
            Behaviour::Reply(Reply::of(status).body(EVIL)),
            Retried,
            all,
        ));
    }
    cases.push(case("status 413", Behaviour::Reply(Reply::of(413)), TooLarge, all));
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Reply::of(status).header("location", "http://127.0.0.1:1/v1/traces");
        cases.push(case(
            format!("sends elsewhere with {status}"),
            Behaviour::Reply(elsewhere),
            Rejected,
            all,
        ));
        let here = Reply::of(status).header("location", "/v1/other");
        cases.push(case(format!("sends around with {status}"), Behaviour::Reply(here), Rejected, all));
    }
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let future = "Fri, 31 Dec 9999 23:59:59 GMT";
    for after in ["0", "-1", "1.5", "1e9", "soon", "", "99999999999999999999999", past, future] {
        let reply = Reply::of(503).header("retry-after", after);
        cases.push(case(
            format!("may be asked again after {after:?}"),
            Behaviour::Reply(reply),
            Retried,
            all,
        ));
    }
    for reason in [
        Reason::NO_ERROR,
        Reason::PROTOCOL_ERROR,
        Reason::INTERNAL_ERROR,
        Reason::REFUSED_STREAM,
        Reason::CANCEL,
        Reason::ENHANCE_YOUR_CALM,
        Reason::HTTP_1_1_REQUIRED,
    ] {
        cases.push(case(format!("resets with {reason:?}"), Behaviour::ResetStream(reason), Retried, http2));
    }
    for code in (1..=16).chain([17, 99]) {
        let transient = [1, 4, 10, 11, 14, 15].contains(&code);
        let refused_for_good = if code == 12 { NotServed } else { Rejected };
        let without = if transient { Retried } else { refused_for_good };
        let with = if transient || code == 8 { Retried } else { refused_for_good };
        cases.push(case(
            format!("code {code} at the end"),
            Behaviour::Reply(called(b"", code)),
            without,
            grpc,
        ));
        cases.push(case(format!("code {code} at once"), Behaviour::Reply(refused(code)), without, grpc));
        for (seconds, nanos) in [(0, 1), (-5, 0), (i64::MAX, i32::MAX)] {
            let details = base64(&with_delay(code, seconds, nanos));
            let reply = called(b"", code).trailer("grpc-status-details-bin", details);
            cases.push(case(format!("code {code} with {seconds} s"), Behaviour::Reply(reply), with, grpc));
        }
    }
    cases
}
