//! Claims about what OTLP over HTTP does with receivers of every kind, against a real server on
//! loopback; `files` has those about gRPC, certificates and header files, `proxies` those about proxies.

mod files;
mod proxies;

use std::io::Read as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;

use super::connection::Connection;
use super::*;
use crate::config::{Headers, Level, Proxy, Tls};
use crate::diagnostics::Diagnostics;
use crate::export::scripted_server::{ScriptedServer, Step, reply};

const ITEMS: u64 = 7;
const TIMEOUT: Duration = Duration::from_secs(5);
const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// What a test says about an exporter for traces that goes to `url`.
fn settings(url: &str) -> OtlpSignal {
    let mut headers = Headers::default();
    headers.set("X-Api-Key", "s3cret").unwrap();
    OtlpSignal {
        protocol: Protocol::HttpProtobuf,
        endpoint: format!("{url}/v1/traces"),
        headers,
        headers_file: None,
        compression: Compression::None,
        timeout_ms: None,
        tls: Tls::default(),
        proxy: Proxy::default(),
    }
}

fn exporter_of(signal: Signal, settings: &OtlpSignal) -> Result<(Otlp, Arc<Diagnostics>), InvalidSettings> {
    let diagnostics = Arc::new(Diagnostics::new(Level::Debug));
    let notes = Notes::new("tested", &diagnostics);
    let connection = Arc::new(Connection::new(connection_settings(settings), notes.clone()));
    let exporter = Otlp::new("tested", signal, settings, connection, Arc::default(), &notes)?;
    Ok((exporter, diagnostics))
}

fn exporter(settings: &OtlpSignal) -> Otlp {
    exporter_of(Signal::Traces, settings).unwrap().0
}

fn batch(signal: Signal) -> Batch {
    // No transport looks inside.
    Batch { signal, items: ITEMS, body: Bytes::from_static(b"\x0a\x00 the request's bytes") }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn send_within(url: &str, signal: Signal, timeout: Duration) -> Outcome {
    let settings = OtlpSignal { endpoint: format!("{url}{}", signal.path()), ..settings(url) };
    let (exporter, _) = exporter_of(signal, &settings).unwrap();
    runtime().block_on(exporter.send(&batch(signal), timeout))
}

/// What becomes of a batch of traces when the server answers like this.
fn outcome_of(step: Step) -> Outcome {
    let server = ScriptedServer::start(vec![step]);
    send_within(&server.url(), Signal::Traces, TIMEOUT)
}

fn gzipped(bytes: &[u8]) -> Bytes {
    compression::compressed(Bytes::copy_from_slice(bytes), Compression::Gzip).unwrap()
}

fn partial_success(rejected_spans: i64, error_message: &str) -> Vec<u8> {
    let partial = ExportTracePartialSuccess { rejected_spans, error_message: error_message.into() };
    ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec()
}

#[test]
fn a_batch_arrives_as_it_is_with_the_headers_that_were_asked_for() {
    let server = ScriptedServer::start(vec![reply(200, &[], b"")]);
    assert_eq!(send_within(&server.url(), Signal::Traces, TIMEOUT), Outcome::Accepted);
    assert_eq!(send_within(&server.url(), Signal::Logs, TIMEOUT), Outcome::Accepted);
    let [traces, logs] = &server.received()[..] else { panic!("two requests") };
    assert_eq!((traces.line.as_str(), logs.line.as_str()), ("POST /v1/traces", "POST /v1/logs"));
    assert_eq!(traces.body, batch(Signal::Traces).body);
    assert_eq!(traces.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(traces.header("content-encoding"), None);
    assert_eq!(traces.header("x-api-key"), Some("s3cret"));
    assert_eq!(traces.header("user-agent"), Some(concat!("agentotel/", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_compressed_request_decodes_to_the_same_bytes() {
    let server = ScriptedServer::start(vec![reply(200, &[], b"")]);
    let exporter = exporter(&OtlpSignal { compression: Compression::Gzip, ..settings(&server.url()) });
    let body = Bytes::from(b"agentotel ".repeat(50_000));
    let batch = Batch { signal: Signal::Traces, items: 1, body: body.clone() };
    assert_eq!(runtime().block_on(exporter.send(&batch, TIMEOUT)), Outcome::Accepted);
    let request = server.received().remove(0);
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    assert!(request.body.len() < body.len() / 10);
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(&request.body[..]).read_to_end(&mut decoded).unwrap();
    assert_eq!(decoded, body);
}

#[test]
fn one_connection_serves_many_sends() {
    let server =
        ScriptedServer::start(vec![reply(200, &[], b""), reply(503, &[], b"busy"), reply(200, &[], b"")]);
    let exporter = exporter(&settings(&server.url()));
    runtime().block_on(async {
        for _ in 0..20 {
            exporter.send(&batch(Signal::Traces), TIMEOUT).await;
        }
    });
    assert_eq!((server.received().len(), server.connections()), (20, 1));
}

#[test]
fn sends_run_at_the_same_time() {
    let server = ScriptedServer::start(vec![Step::Hang, reply(200, &[], b"")]);
    let exporter = exporter(&settings(&server.url()));
    let traces = batch(Signal::Traces);
    let outcomes = runtime().block_on(async {
        let second = &exporter;
        tokio::join!(exporter.send(&traces, Duration::from_millis(1_500)), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            second.send(&traces, Duration::from_millis(1_200)).await
        })
    });
    assert!(matches!(outcomes.0, Outcome::Retry { cause: Cause::Timeout, .. }), "{outcomes:?}");
    assert_eq!(outcomes.1, Outcome::Accepted);
}

#[test]
fn a_partial_success_is_counted_within_the_batch() {
    let outcome = outcome_of(reply(200, &[], &partial_success(3, "span\u{1b}[2J too old")));
    assert_eq!(outcome, Outcome::Partial { rejected: 3, message: r"span\u{1b}[2J too old".into() });
    let outcome = outcome_of(reply(200, &[], &partial_success(i64::MAX, "all")));
    assert_eq!(outcome, Outcome::Partial { rejected: ITEMS, message: "all".into() });
    let outcome = outcome_of(reply(200, &[], &partial_success(-4, "odd")));
    assert_eq!(outcome, Outcome::Partial { rejected: 0, message: "odd".into() });
    assert_eq!(outcome_of(reply(200, &[], &partial_success(i64::MIN, ""))), Outcome::Accepted);
    assert_eq!(outcome_of(reply(200, &[], &partial_success(0, ""))), Outcome::Accepted);
    let Outcome::Partial { message, .. } =
        outcome_of(reply(200, &[], &partial_success(1, &"é".repeat(4_000))))
    else {
        panic!("partial")
    };
    assert!(message.len() <= 1024 && message.len() > 1000 && message.ends_with('…'));
}

#[test]
fn logs_have_their_own_partial_success() {
    let partial = ExportLogsPartialSuccess { rejected_log_records: 2, error_message: "no".into() };
    let body = ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    let server = ScriptedServer::start(vec![reply(200, &[], &body)]);
    let outcome = send_within(&server.url(), Signal::Logs, TIMEOUT);
    assert_eq!(outcome, Outcome::Partial { rejected: 2, message: "no".into() });
}

#[test]
fn a_reply_in_json_is_understood() {
    let json = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(outcome_of(reply(200, &json, b"{}")), Outcome::Accepted);
    assert_eq!(outcome_of(reply(200, &json, br#"{"partialSuccess":{}}"#)), Outcome::Accepted);
    let body = br#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"quota"}}"#;
    assert_eq!(
        outcome_of(reply(200, &json, body)),
        Outcome::Partial { rejected: 2, message: "quota".into() }
    );
}

#[test]
fn a_compressed_reply_is_read_and_a_bomb_is_not() {
    let gzip = [("content-encoding", "gzip")];
    let body = gzipped(&partial_success(1, "late"));
    assert_eq!(
        outcome_of(reply(200, &gzip, &body)),
        Outcome::Partial { rejected: 1, message: "late".into() }
    );
    let bomb = gzipped(&[0; 6 * 1024 * 1024]);
    assert!(bomb.len() < 64 * 1024);
    let outcome = outcome_of(reply(200, &gzip, &bomb));
    assert!(matches!(outcome, Outcome::Rejected { cause: Cause::Protocol, .. }), "{outcome:?}");
}

#[test]
fn a_reply_that_is_no_otlp_response_is_a_warning() {
    for body in [&b"\x0a\xff\xff\xff"[..], b"<html>hello</html>"] {
        let outcome = outcome_of(reply(200, &[], body));
        let Outcome::Partial { rejected: 0, message } = outcome else { panic!("{outcome:?}") };
        assert!(message.ends_with("not an OTLP response"), "{message}");
    }
}

#[test]
fn what_is_refused_for_good_is_not_to_be_retried() {
    for status in [400, 401, 403, 404, 405, 408, 422, 500, 501, 505] {
        let outcome = outcome_of(reply(status, &[("content-type", "text/plain")], b"no\r\n\x1b[31m"));
        let Outcome::Rejected { cause, message } = outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!(cause, Cause::Http(status));
        assert!(
            message.ends_with(&format!(r"/v1/traces: HTTP status {status}: no\r\n\u{{1b}}[31m")),
            "{message}"
        );
    }
}

#[test]
fn the_message_of_a_status_in_protobuf_is_found() {
    // google.rpc.Status: code 3, message "bad span", one detail.
    let body = b"\x08\x03\x12\x08bad span\x1a\x02\x0a\x00";
    let Outcome::Rejected { message, .. } = outcome_of(reply(400, &[], body)) else { panic!("rejected") };
    assert!(message.ends_with("HTTP status 400: bad span"), "{message}");
    let Outcome::Rejected { message, .. } = outcome_of(reply(400, &[], b"\x12\xff\xff")) else {
        panic!("rejected")
    };
    assert!(message.ends_with("HTTP status 400"), "{message}");
}

#[test]
fn a_batch_too_large_is_told_apart() {
    assert!(matches!(outcome_of(reply(413, &[], b"")), Outcome::TooLarge { .. }));
}

#[test]
fn overload_is_to_be_retried_when_the_receiver_says() {
    let after = |status: u16, value: &str| match outcome_of(reply(status, &[("retry-after", value)], b"")) {
        Outcome::Retry { after, cause, .. } => {
            assert_eq!(cause, Cause::Http(status));
            after
        }
        other => panic!("{other:?}"),
    };
    for status in [429, 502, 503, 504] {
        assert!(matches!(outcome_of(reply(status, &[], b"")), Outcome::Retry { after: None, .. }));
        assert_eq!(after(status, "3"), Some(Duration::from_secs(3)));
    }
    assert_eq!(after(429, "0"), Some(Duration::ZERO));
    assert_eq!(after(429, "301"), Some(FIVE_MINUTES));
    assert_eq!(after(429, "99999999999999999999999999"), Some(FIVE_MINUTES));
    assert_eq!(after(429, "-5"), None);
    assert_eq!(after(429, "soon"), None);
    assert_eq!(after(503, "Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
    assert_eq!(after(503, "Fri, 31 Dec 9999 23:59:59 GMT"), Some(FIVE_MINUTES));
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
    let wait = after(503, &date).unwrap();
    assert!(wait > Duration::from_secs(90) && wait <= Duration::from_secs(100), "{wait:?}");
}

#[test]
fn a_redirect_is_not_followed() {
    let other = ScriptedServer::start(vec![reply(200, &[], b"")]);
    for status in [301, 302, 303, 307, 308] {
        let outcome = outcome_of(reply(status, &[("location", &format!("{}/v1/traces", other.url()))], b""));
        assert!(
            matches!(&outcome, Outcome::Rejected { cause: Cause::Http(code), .. } if *code == status),
            "{outcome:?}"
        );
    }
    assert_eq!((other.connections(), other.received().len()), (0, 0));
}

#[test]
fn a_receiver_that_is_not_there_is_to_be_retried() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = send_within(&format!("http://user:pa55@{address}"), Signal::Traces, TIMEOUT);
    let Outcome::Retry { after: None, cause: Cause::Connect, message } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(message.starts_with(&format!("http://{address}/v1/traces: no connection: ")), "{message}");
    assert!(!message.contains("pa55") && message.contains("refused"), "{message}");
}

#[test]
fn a_name_that_does_not_resolve_is_to_be_retried() {
    let outcome = send_within("http://receiver.invalid:4318", Signal::Traces, TIMEOUT);
    assert!(matches!(outcome, Outcome::Retry { cause: Cause::Connect | Cause::Timeout, .. }), "{outcome:?}");
}

#[test]
fn a_connection_that_closes_without_a_reply_is_to_be_retried() {
    let server = ScriptedServer::start(vec![Step::Close]);
    let outcome = send_within(&server.url(), Signal::Traces, TIMEOUT);
    assert!(matches!(outcome, Outcome::Retry { after: None, .. }), "{outcome:?}");
    assert_eq!(server.received().len(), 1, "nothing below sends a batch twice");
}

#[test]
fn a_reply_that_is_no_http_leaves_the_outcome_unknown() {
    let outcome = outcome_of(Step::Reply(b"\0\0\x12\x04garbage\r\n\r\n".to_vec()));
    assert!(matches!(outcome, Outcome::Retry { cause: Cause::Protocol, .. }), "{outcome:?}");
}

#[test]
fn a_reply_cut_short_leaves_the_outcome_unknown() {
    let server = ScriptedServer::start(vec![Step::Endless(
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_vec(),
        Vec::new(),
    )]);
    let outcome = send_within(&server.url(), Signal::Traces, Duration::from_millis(300));
    assert!(matches!(outcome, Outcome::Retry { cause: Cause::Timeout, .. }), "{outcome:?}");
}

#[test]
fn the_deadline_is_for_all_of_it() {
    let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n0123456789".to_vec();
    let behaviours = [Step::Hang, Step::Drip(whole, Duration::from_millis(100))];
    for step in behaviours {
        let server = ScriptedServer::start(vec![step]);
        let begin = Instant::now();
        let outcome = send_within(&server.url(), Signal::Traces, Duration::from_millis(700));
        let took = begin.elapsed();
        assert!(matches!(outcome, Outcome::Retry { after: None, cause: Cause::Timeout, .. }), "{outcome:?}");
        assert!(took >= Duration::from_millis(700) && took < Duration::from_millis(3_000), "{took:?}");
    }
}

#[test]
fn a_host_that_accepts_and_says_nothing_costs_no_more_than_the_deadline() {
    // Connections wait in the backlog: nobody accepts them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let begin = Instant::now();
    let outcome = send_within(&url, Signal::Traces, Duration::from_millis(300));
    assert!(matches!(outcome, Outcome::Retry { cause: Cause::Timeout, .. }), "{outcome:?}");
    assert!(begin.elapsed() < Duration::from_secs(3));
}

#[test]
fn an_endless_reply_is_left() {
    let endless = |status: &str| {
        let head = format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes();
        Step::Endless(head, [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat())
    };
    let outcome = outcome_of(endless("200 OK"));
    assert!(matches!(outcome, Outcome::Rejected { cause: Cause::Protocol, .. }), "{outcome:?}");
    let outcome = outcome_of(endless("400 Bad Request"));
    let Outcome::Rejected { cause: Cause::Http(400), message } = outcome else { panic!("{outcome:?}") };
    assert!(message.len() <= 1024);
    let outcome = outcome_of(endless("503 Service Unavailable"));
    assert!(matches!(outcome, Outcome::Retry { cause: Cause::Http(503), .. }), "{outcome:?}");
}

#[test]
fn a_refusal_counts_though_its_body_never_ends() {
    let head = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\nwho".to_vec();
    let outcome = outcome_of(Step::Endless(head, Vec::new()));
    let Outcome::Rejected { cause: Cause::Http(401), message } = outcome else { panic!("{outcome:?}") };
    assert!(message.ends_with(": who"), "{message}");
}

#[test]
fn settings_that_cannot_work_are_named_without_their_secrets() {
    let error = |settings: &OtlpSignal| exporter_of(Signal::Traces, settings).err().unwrap().to_string();
    let at = |endpoint: &str| OtlpSignal { endpoint: endpoint.to_owned(), ..settings("http://localhost") };
    for (endpoint, shown) in [
        ("ftp://host/x", "ftp://host/x"),
        ("localhost", "localhost"),
        ("ftp://u:pa55@host/x", "<not shown, it may hold credentials>"),
        ("ftp://host/x?key=pa55", "<not shown, it may hold credentials>"),
    ] {
        let expected = format!("end point {shown:?} is not accepted; expected an http:// or https:// URL");
        assert_eq!(error(&at(endpoint)), expected);
    }
    assert!(!error(&at("//u:pa55@localhost")).contains("pa55"));
    let shown =
        format!("{:?} {:?}", at("http://h/v1/traces?key=s3cret"), exporter(&at("http://h/?key=s3cret")));
    assert!(!shown.contains("s3cret") && shown.contains("x-api-key"), "{shown}");
}

#[test]
fn a_batch_in_json_is_what_the_file_exporter_writes_less_its_newline() {
    let server = ScriptedServer::start(vec![reply(200, &[("content-type", "application/json")], b"{}")]);
    let url = server.url();
    let exporter = exporter(&OtlpSignal { protocol: Protocol::HttpJson, ..settings(&url) });
    let span = [&[0x0a, 16][..], &[7; 16], &[0x12, 8], &[9; 8], &[0x2a, 1, b'n', 0x30, 3]].concat();
    let spans = [&[0x12, u8::try_from(span.len()).unwrap()][..], &span].concat();
    let scope = [&[0x12, u8::try_from(spans.len()).unwrap()][..], &spans].concat();
    let body = [&[0x0a, u8::try_from(scope.len()).unwrap()][..], &scope].concat();
    let batch = Batch { signal: Signal::Traces, items: 1, body: Bytes::from(body) };
    assert_eq!(runtime().block_on(exporter.send(&batch, TIMEOUT)), Outcome::Accepted);
    let request = server.received().remove(0);
    assert_eq!(request.header("content-type"), Some("application/json"));
    let line = json_line(Signal::Traces, &batch.body).unwrap();
    assert_eq!([request.body.as_slice(), b"\n"].concat(), line);
    let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let span = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!((span["traceId"].as_str(), span["kind"].as_i64()), (Some("07".repeat(16).as_str()), Some(3)));
}

#[test]
fn a_batch_that_is_no_request_cannot_become_json() {
    let exporter = exporter(&OtlpSignal { protocol: Protocol::HttpJson, ..settings(&nobody()) });
    let broken = Batch { signal: Signal::Traces, items: 1, body: Bytes::from_static(b"\xff\xff") };
    let outcome = runtime().block_on(exporter.send(&broken, TIMEOUT));
    assert!(matches!(outcome, Outcome::Rejected { cause: Cause::Protocol, .. }), "{outcome:?}");
}

#[test]
fn zstd_makes_a_body_that_zstd_reads() {
    let server = ScriptedServer::start(vec![reply(200, &[], b"")]);
    let exporter = exporter(&OtlpSignal { compression: Compression::Zstd, ..settings(&server.url()) });
    let body = Bytes::from(b"agentotel ".repeat(50_000));
    let batch = Batch { signal: Signal::Traces, items: 1, body: body.clone() };
    assert_eq!(runtime().block_on(exporter.send(&batch, TIMEOUT)), Outcome::Accepted);
    let request = server.received().remove(0);
    assert_eq!(request.header("content-encoding"), Some("zstd"));
    assert!(request.body.len() < body.len() / 10);
    assert_eq!(zstd::decode_all(request.body.as_slice()).unwrap(), body);
}

#[test]
fn a_request_that_is_too_large_is_not_sent() {
    let server = ScriptedServer::start(vec![reply(200, &[], b"")]);
    for (protocol, most) in [(Protocol::HttpProtobuf, 64 * 1024 * 1024), (Protocol::Grpc, 4 * 1024 * 1024)] {
        let exporter = exporter(&OtlpSignal { protocol, ..settings(&server.url()) });
        assert_eq!(exporter.most_batch_bytes(), most);
        let batch = Batch { signal: Signal::Traces, items: 1, body: Bytes::from(vec![0; most + 1]) };
        let outcome = runtime().block_on(exporter.send(&batch, TIMEOUT));
        assert!(matches!(outcome, Outcome::TooLarge { .. }), "{outcome:?}");
    }
    assert_eq!(server.received().len(), 0);
}

#[test]
fn a_receiver_is_reached_over_ipv6() {
    let Ok(server) = ScriptedServer::start_at("[::1]:0", vec![reply(200, &[], b"")]) else {
        // A machine without IPv6 has nobody to ask.
        return;
    };
    assert!(server.url().starts_with("http://[::1]:"));
    assert_eq!(send_within(&server.url(), Signal::Traces, TIMEOUT), Outcome::Accepted);
}

#[test]
fn headers_in_plain_text_beyond_this_machine_are_worth_one_warning() {
    let said = |endpoint: &str| {
        let settings = OtlpSignal { endpoint: endpoint.to_owned(), ..settings("") };
        exporter_of(Signal::Traces, &settings).unwrap().1.text()
    };
    for quiet in
        ["http://localhost:1/", "http://127.9.9.9/", "http://[::1]/", "http://a.localhost/", "https://h/"]
    {
        assert_eq!(said(quiet), "", "{quiet}");
    }
    for loud in ["http://h/", "http://10.0.0.1/x?key=s3cret", "http://localhost.evil/"] {
        let text = said(loud);
        assert!(text.contains("in plain text") && !text.contains("s3cret"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
    let bare =
        OtlpSignal { headers: Headers::default(), endpoint: "http://192.0.2.1/".into(), ..settings("") };
    let (exporter, diagnostics) = exporter_of(Signal::Traces, &bare).unwrap();
    assert_eq!(diagnostics.text(), "");
    let given: Arc<dyn headers::HeaderProvider> =
        Arc::new(|| Ok(vec![("key".to_owned(), "s3cret".to_owned())]));
    exporter.headers.provided_by(given);
    for _ in 0..2 {
        runtime().block_on(exporter.send(&batch(Signal::Traces), Duration::from_millis(20)));
    }
    let text = diagnostics.text();
    assert!(text.contains("http://192.0.2.1 in plain text") && !text.contains("s3cret"), "{text}");
    assert_eq!(text.lines().count(), 1);
}

/// An address where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
