//! Claims about what OTLP over HTTP does with receivers of every kind, against a real server on
//! loopback.

use std::io::Read as _;
use std::net::TcpListener;
use std::time::{Instant, SystemTime};

use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::*;
use crate::export::scripted_server::{ScriptedServer, Step, reply};

const ITEMS: u64 = 7;
const TIMEOUT: Duration = Duration::from_secs(5);
const FIVE_MINUTES: Duration = Duration::from_secs(300);

fn settings(url: &str) -> OtlpHttpSettings {
    OtlpHttpSettings {
        traces_endpoint: format!("{url}/v1/traces"),
        logs_endpoint: format!("{url}/v1/logs"),
        headers: vec![("X-Api-Key".into(), "s3cret".into())],
        gzip: false,
        user_agent: "agentotel/test".into(),
    }
}

fn batch(signal: Signal) -> Batch {
    // No transport looks inside.
    Batch { signal, items: ITEMS, body: Bytes::from_static(b"\x0a\x00 the request's bytes") }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap()
}

fn send_within(url: &str, signal: Signal, timeout: Duration) -> Outcome {
    let exporter = OtlpHttp::new(settings(url)).unwrap();
    runtime().block_on(exporter.send(&batch(signal), timeout))
}

/// What becomes of a batch of traces when the server answers like this.
fn outcome_of(step: Step) -> Outcome {
    let server = ScriptedServer::start(vec![step]);
    send_within(&server.url(), Signal::Traces, TIMEOUT)
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
    assert_eq!(traces.header("user-agent"), Some("agentotel/test"));
}

#[test]
fn a_compressed_request_decodes_to_the_same_bytes() {
    let server = ScriptedServer::start(vec![reply(200, &[], b"")]);
    let exporter = OtlpHttp::new(OtlpHttpSettings { gzip: true, ..settings(&server.url()) }).unwrap();
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
    let exporter = OtlpHttp::new(settings(&server.url())).unwrap();
    runtime().block_on(async {
        for _ in 0..20 {
            exporter.send(&batch(Signal::Traces), TIMEOUT).await;
        }
    });
    assert_eq!((server.received().len(), server.connections()), (20, 1));
}

#[test]
fn sends_of_clones_run_at_the_same_time() {
    let server = ScriptedServer::start(vec![Step::Hang, reply(200, &[], b"")]);
    let exporter = OtlpHttp::new(settings(&server.url())).unwrap();
    let traces = batch(Signal::Traces);
    let outcomes = runtime().block_on(async {
        let second = exporter.clone();
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
    let body = compressed(&partial_success(1, "late").into());
    assert_eq!(
        outcome_of(reply(200, &gzip, &body)),
        Outcome::Partial { rejected: 1, message: "late".into() }
    );
    let bomb = compressed(&Bytes::from(vec![0; 6 * 1024 * 1024]));
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
    let error = |settings| OtlpHttp::new(settings).unwrap_err().to_string();
    let base = settings("http://localhost:4318");
    let bad_scheme = OtlpHttpSettings { traces_endpoint: "ftp://u:pa55@host/x".into(), ..base.clone() };
    assert_eq!(
        error(bad_scheme),
        "end point \"ftp://host/x\": another scheme; expected an http:// or https:// URL"
    );
    let no_url = OtlpHttpSettings { logs_endpoint: "localhost".into(), ..base.clone() };
    assert!(error(no_url).starts_with("end point \"localhost\": "));
    for name in ["bad name", "", "Content-Type"] {
        let bad_name = OtlpHttpSettings { headers: vec![(name.into(), "s3cret".into())], ..base.clone() };
        assert!(error(bad_name).starts_with(&format!("header name {name:?}: ")));
    }
    let bad_value = OtlpHttpSettings { headers: vec![("key".into(), "s3cret\n".into())], ..base.clone() };
    let text = error(bad_value);
    assert!(text.starts_with("value of header \"key\": ") && !text.contains("s3cret"), "{text}");
    let shown = format!("{base:?} {:?}", OtlpHttp::new(base.clone()).unwrap());
    assert!(!shown.contains("s3cret") && shown.contains("X-Api-Key"), "{shown}");
}

#[test]
fn making_an_exporter_costs_less_than_a_millisecond() {
    let quickest = (0..100).map(|_| {
        let begin = Instant::now();
        OtlpHttp::new(settings("https://localhost:4318")).unwrap();
        begin.elapsed()
    });
    assert!(quickest.min().unwrap() < Duration::from_millis(1));
}

/// A certificate for 127.0.0.1, valid from 2020 to 2120, and its key, made for these tests alone.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBdDCCARqgAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFzY3JpcHRl
ZCByZWNlaXZlcjAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowHDEa
MBgGA1UEAwwRc2NyaXB0ZWQgcmVjZWl2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAAT1w1VnP9Tc9JtzSnkicm/jnFL/h7eI+yi+tOA0YFFpwpqldJp3b/NdmX62
Cqi9CNaGkIerXH/zkGr/9nvOUDzro0swSTAaBgNVHREEEzARhwR/AAABgglsb2Nh
bGhvc3QwDAYDVR0TAQH/BAIwADAdBgNVHQ4EFgQU0MyniLTrq0l4O7i1l7XiI6cf
WP0wCgYIKoZIzj0EAwIDSAAwRQIgL794TpbQtKygZDBgTx/dVxE7Jf9iJzXJ8V5o
fer+g3UCIQCtLnPYOdOLNl2eTY81NqxcHpJGccZ8W5HtDZh3NTu5wQ==
-----END CERTIFICATE-----";
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgX+7SAO08bLT43Iuc
mYzNNr4i92j/mtttgJ4iVgHT4JOhRANCAAT1w1VnP9Tc9JtzSnkicm/jnFL/h7eI
+yi+tOA0YFFpwpqldJp3b/NdmX62Cqi9CNaGkIerXH/zkGr/9nvOUDzr
-----END PRIVATE KEY-----";

/// Accepts one TLS connection, answers one request with 200, and gives back what could be read.
fn serve_tls(listener: TcpListener) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, listener.accept().unwrap().0);
    let mut read = Vec::new();
    let mut block = [0; 4096];
    while !read.ends_with(&batch(Signal::Traces).body) {
        match stream.read(&mut block) {
            Ok(0) | Err(_) => return read,
            Ok(length) => read.extend_from_slice(&block[..length]),
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    read
}

fn exchange_tls(trusted: bool) -> (Outcome, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || serve_tls(listener));
    let exporter = OtlpHttp::new(settings(&url)).unwrap();
    if trusted {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()).unwrap();
        exporter.shared.client.set(client(roots, &exporter.shared.headers).unwrap()).unwrap();
    }
    let runtime = runtime();
    let outcome = runtime.block_on(exporter.send(&batch(Signal::Traces), TIMEOUT));
    drop((exporter, runtime));
    (outcome, server.join().unwrap())
}

#[test]
fn a_trusted_receiver_is_reached_over_tls_without_a_process_wide_provider() {
    let (outcome, read) = exchange_tls(true);
    assert_eq!(outcome, Outcome::Accepted);
    assert!(read.starts_with(b"POST /v1/traces HTTP/1.1\r\n"));
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[test]
fn a_receiver_that_the_platform_does_not_trust_gets_nothing() {
    let (outcome, read) = exchange_tls(false);
    assert!(matches!(outcome, Outcome::Retry { cause: Cause::Connect, .. }), "{outcome:?}");
    assert_eq!(read, b"");
}
