//! Every behaviour of a receiver over every transport: it misbehaves once and then takes everything. Whatever it did, the
//! counters add up, what was taken is what was counted, shutdown keeps its deadline, and no secret is said.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use h2::Reason;
use prost::Message as _;

use super::receiver::certificates::{CERTIFICATES, Identity};
use super::receiver::{Behaviour, Receiver, Reply, Secured, Speaks};
use super::{PATIENCE, record, start, traces};
use crate::export::otlp::status::tests::with_delay;
use crate::journal::accounting::Drop;

/// Events of a case; the session's root span follows at the end, in a batch of its own.
const EVENTS: usize = 5;
/// What a request may take.
const TIMEOUT_MS: u64 = 400;
const SECRET: &str = "hunter2";
/// The promise is a quarter of a second; the machine that tests gets more.
const GRACE: Duration = Duration::from_secs(5);
/// Cases at the same time: most of their time is spent waiting.
const AT_ONCE: usize = 12;

/// What becomes of the batch that met the behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Taken at once.
    Taken,
    /// Sent again, and taken then.
    Retried,
    Rejected,
    /// Taken but for so many.
    Partial(u64),
    TooLarge,
}

/// A protocol, with TLS or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Transport {
    protocol: &'static str,
    speaks: Speaks,
    is_secure: bool,
}

const fn over(protocol: &'static str, speaks: Speaks, is_secure: bool) -> Transport {
    Transport { protocol, speaks, is_secure }
}

const TRANSPORTS: [Transport; 6] = [
    over("http/protobuf", Speaks::Http1, false),
    over("http/json", Speaks::Http1, false),
    over("http/protobuf", Speaks::Http1, true),
    over("http/protobuf", Speaks::Http2, true),
    over("grpc", Speaks::Grpc, false),
    over("grpc", Speaks::Grpc, true),
];

struct Case {
    name: String,
    behaviour: Behaviour,
    fate: Fate,
    on: fn(Transport) -> bool,
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

const BLOCK: usize = 256 * 1024;
const FIVE_MIB: usize = 5 * 1024 * 1024;
const EVIL: &str = "no\u{1b}[31m";

fn cases() -> Vec<Case> {
    use Fate::{Partial, Rejected, Retried, Taken, TooLarge};
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
            protobuf(200).header("content-encoding", "gzip").body(gzipped(&vec![0; 8 * 1024 * 1024]))), Rejected, http),
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
            Partial(EVENTS as u64), http),
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
            Partial(EVENTS as u64), grpc),
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
        let without = if transient { Retried } else { Rejected };
        let with = if transient || code == 8 { Retried } else { Rejected };
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

/// A file with the authority that the receivers' certificates are from.
fn authority() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &CERTIFICATES.authority).unwrap();
    file
}

fn exporter(transport: Transport, url: &str, authority: &std::path::Path) -> String {
    format!(
        r#"{{"type":"otlp","name":"a","protocol":"{}","endpoint":"{url}","headers":{{"x-key":"{SECRET}"}},
            "api_key":"{SECRET}","timeout_ms":{TIMEOUT_MS},"retry":{{"initial_ms":10,"max_ms":50}},
            "batch":{{"delay_ms":3600000}},"signals":["traces"],"tls":{{"ca_file":{authority:?}}},"proxy":"none"}}"#,
        transport.protocol
    )
}

fn secured(identity: &Identity) -> Secured {
    Secured { identity: identity.clone(), asks_for_client: false }
}

/// The spans of the requests that the receiver has taken.
fn taken_spans(receiver: &Receiver, transport: Transport) -> Vec<String> {
    let mut ids = Vec::new();
    for request in receiver.received().iter().filter(|request| request.is_taken) {
        if transport.protocol == "http/json" {
            let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
            ids.extend(spans.iter().map(|span| span["spanId"].as_str().unwrap().to_owned()));
            continue;
        }
        let body = if transport.speaks == Speaks::Grpc { &request.body[5..] } else { &request.body[..] };
        let spans = crate::otlp::decode_traces(body).unwrap().resource_spans.into_iter();
        let spans = spans.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
        ids.extend(
            spans.map(|span| span.span_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        );
    }
    ids
}

/// Has one case happen, and says what is wrong with what came of it.
fn run(case: &Case, transport: Transport) -> Result<(), String> {
    let authority = authority();
    let security = transport.is_secure.then(|| secured(&CERTIFICATES.valid));
    let receiver = Receiver::start(transport.speaks, security, [case.behaviour.clone()]);
    let manager = start(&exporter(transport, &receiver.url(), authority.path()));
    record(&manager, EVENTS);
    // A wait that the receiver asks for is cut short by whoever flushes.
    let begun = Instant::now();
    while manager.flush(Duration::from_millis(300)).is_err() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("never settled: {}", manager.diagnostics_text()));
        }
    }
    let first = traces(&manager, "a");
    let begun = Instant::now();
    let deadline = Duration::from_secs(3);
    let shut_down = manager.shutdown(deadline);
    let took = begun.elapsed();
    let (stats, said) = (traces(&manager, "a"), manager.diagnostics_text());
    let counters = &stats.counters;
    let check =
        |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {counters:?}\n{said}")) };

    check(shut_down.is_ok(), "shutdown")?;
    check(took < deadline + GRACE, "shutdown's deadline")?;
    check(counters.accepted == EVENTS as u64 + 1, "accepted")?;
    let events = EVENTS as u64;
    let (rejected, too_large, failures) = match case.fate {
        Fate::Taken => (0, 0, 0),
        Fate::Retried => (0, 0, 1),
        Fate::Rejected => (events, 0, 1),
        Fate::Partial(rejected) => (rejected, 0, 0),
        Fate::TooLarge => (0, events, 1),
    };
    check(counters.pending == 0, "pending")?;
    check(counters.rejected == rejected, "rejected")?;
    check(counters.dropped[Drop::TooLarge as usize] == too_large, "too large")?;
    check(counters.exported == events + 1 - rejected - too_large, "exported")?;
    check(first.failures == failures || (case.fate == Fate::Retried && first.failures >= 1), "failures")?;
    check(
        !said.contains(SECRET) && !said.contains('\u{1b}') && said.lines().all(|line| line.len() < 1_200),
        "words",
    )?;
    let ids = taken_spans(&receiver, transport);
    let unique: HashSet<&String> = ids.iter().collect();
    check(unique.len() == ids.len(), "a span was taken twice")?;
    // What a reply says about a batch that was not `Take`n is the reply's word.
    let expected = if case.fate == Fate::Retried
        || matches!(case.behaviour, Behaviour::Take | Behaviour::SlowHandshake(_))
    {
        EVENTS + 1
    } else {
        1
    };
    check(ids.len() == expected, "spans that arrived")?;
    let requests = receiver.received();
    check(requests.iter().all(|request| request.header("x-key") == Some(SECRET)), "headers")?;
    let path = super::super::otlp::tests_path(transport.protocol == "grpc");
    check(requests.iter().all(|request| request.target == path), "nothing goes elsewhere")
}

/// Runs all of a list, some at a time, and fails with all that failed.
fn run_all<T: Send>(cases: Vec<T>, run: impl Fn(T) -> Result<(), String> + Sync) {
    let (queue, failures) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = queue.lock().unwrap().next() else { return };
                    if let Err(failure) = run(case) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn whatever_a_receiver_does_everything_is_accounted_for() {
    let cases = cases();
    let names: HashSet<&String> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "each behaviour has a name of its own");
    let of_all: Vec<(&Case, Transport)> = cases
        .iter()
        .flat_map(|case| {
            TRANSPORTS.into_iter().filter(|transport| (case.on)(*transport)).map(move |on| (case, on))
        })
        .collect();
    assert!(cases.len() >= 40 && of_all.len() > 300, "{} behaviours, {} cases", cases.len(), of_all.len());
    run_all(of_all, |(case, transport)| {
        run(case, transport).map_err(|why| format!("{} over {transport:?}: {why}", case.name))
    });
}

#[test]
fn nobody_there_is_waited_for() {
    for transport in TRANSPORTS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let scheme = if transport.is_secure { "https" } else { "http" };
        let authority = authority();
        let manager = start(&exporter(transport, &format!("{scheme}://{address}"), authority.path()));
        record(&manager, EVENTS);
        assert!(manager.flush(Duration::from_millis(200)).is_err());
        assert!(traces(&manager, "a").failures > 0);
        let Ok(listener) = TcpListener::bind(address) else { continue };
        let security = transport.is_secure.then(|| secured(&CERTIFICATES.valid));
        let receiver = Receiver::start_on(listener, transport.speaks, security, []);
        manager.flush(PATIENCE).unwrap();
        manager.shutdown(PATIENCE).unwrap();
        assert_eq!(taken_spans(&receiver, transport).len(), EVENTS + 1, "{transport:?}");
        assert_eq!(traces(&manager, "a").counters.exported, EVENTS as u64 + 1);
    }
}

#[test]
fn a_receiver_that_proves_nothing_gets_nothing() {
    let good = &CERTIFICATES.valid;
    let cases: Vec<(&str, Secured)> = vec![
        ("expired", secured(&CERTIFICATES.expired)),
        ("self-signed", secured(&CERTIFICATES.self_signed)),
        ("for another host", secured(&CERTIFICATES.wrong_host)),
        ("wants a client's", Secured { identity: good.clone(), asks_for_client: true }),
    ];
    let on = |case: &(&'static str, Secured)| {
        let secure = TRANSPORTS.into_iter().filter(|transport| transport.is_secure);
        secure.map(|transport| (case.clone(), transport)).collect::<Vec<_>>()
    };
    run_all(cases.iter().flat_map(on).collect(), |((name, security), transport)| {
        let authority = authority();
        let receiver = Receiver::start(transport.speaks, Some(security.clone()), []);
        let manager = start(&exporter(transport, &receiver.url(), authority.path()));
        record(&manager, EVENTS);
        let flushed = manager.flush(Duration::from_millis(500));
        let begun = Instant::now();
        let shut_down = manager.shutdown(Duration::from_millis(300));
        let took = begun.elapsed();
        let (stats, said) = (traces(&manager, "a"), manager.diagnostics_text());
        let holds = flushed.is_err()
            && shut_down.is_err()
            && took < Duration::from_millis(300) + GRACE
            && stats.counters.pending == EVENTS as u64 + 1
            && stats.failures > 0
            && receiver.received().is_empty()
            && !said.contains(SECRET)
            // A client whose certificate is missed may see no more than a closed connection (RFC 8446, 4.4.2.4).
            && (security.asks_for_client || said.to_lowercase().contains("certificate"));
        if holds { Ok(()) } else { Err(format!("{name} over {transport:?}: {:?}\n{said}", stats.counters)) }
    });
}
