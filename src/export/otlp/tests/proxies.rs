//! Claims about proxies: plain HTTP is forwarded, everything else goes through a tunnel, and who is not meant to is reached
//! without one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;

use super::*;
use crate::config::Secret;
use crate::export::tests::receiver::certificates::CERTIFICATES;
use crate::export::tests::receiver::{Receiver, Secured, Speaks};

/// A proxy that opens tunnels, and writes down what it was asked for.
struct Proxying {
    address: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxying {
    /// Answers CONNECT with `answer`, and connects when that begins with 200.
    fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&asked);
        // Ends with the process: it waits in accept.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let written = Arc::clone(&written);
                thread::spawn(move || tunnel(stream.unwrap(), answer, &written));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> String {
        self.asked.lock().unwrap().join("\n")
    }
}

fn tunnel(mut client: TcpStream, answer: &str, written: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        if line.trim_end().is_empty() {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let target = head[0].split(' ').nth(1)?.to_owned();
    written.lock().unwrap().extend(head);
    client.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).ok()?;
    if !answer.starts_with("200") {
        return None;
    }
    let server = TcpStream::connect(target).ok()?;
    let (mut from_server, mut to_client) = (server.try_clone().ok()?, client.try_clone().ok()?);
    let back = thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
    let mut to_server = server;
    let _ = std::io::copy(&mut reader, &mut to_server);
    let _ = to_server.shutdown(std::net::Shutdown::Write);
    let _ = back.join();
    Some(())
}

fn through(proxy: &str, no: &str) -> Proxy {
    Proxy { http: Some(Secret::new(proxy)), https: Some(Secret::new(proxy)), no: no.to_owned() }
}

fn send(settings: &OtlpSignal) -> Outcome {
    runtime().block_on(exporter(settings).send(&batch(Signal::Traces), TIMEOUT))
}

#[test]
fn a_proxy_forwards_plain_http() {
    // The receiver stands for the proxy, and for nobody behind it.
    let receiver = Receiver::start(Speaks::Http1, None, []);
    let proxy = format!("http://user:pa%3Ass@{}", receiver.address);
    let settings = OtlpSignal { proxy: through(&proxy, ""), ..settings("http://collector.example:4318") };
    assert_eq!(send(&settings), Outcome::Accepted);
    let request = receiver.received().remove(0);
    assert_eq!(request.target, "http://collector.example:4318/v1/traces");
    assert_eq!(request.header("host"), Some("collector.example:4318"));
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpwYTpzcw=="));
}

#[test]
fn tls_and_grpc_go_through_a_tunnel() {
    let authority = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(authority.path(), &CERTIFICATES.authority).unwrap();
    let tls = Tls { ca_file: Some(authority.path().to_owned()), ..Tls::default() };
    let valid = || Some(Secured { identity: CERTIFICATES.valid.clone(), asks_for_client: false });
    for (protocol, speaks, security) in [
        (Protocol::HttpProtobuf, Speaks::Http2, valid()),
        (Protocol::Grpc, Speaks::Grpc, valid()),
        (Protocol::Grpc, Speaks::Grpc, None),
    ] {
        let proxying = Proxying::start("200 Connected");
        let receiver = Receiver::start(speaks, security, []);
        let proxy = through(&format!("http://u:p@{}", proxying.address), "");
        let settings = OtlpSignal { protocol, proxy, tls: tls.clone(), ..settings(&receiver.url()) };
        assert_eq!(send(&settings), Outcome::Accepted);
        assert_eq!(receiver.received().len(), 1);
        assert_eq!(receiver.received()[0].header("proxy-authorization"), None, "that is for the proxy alone");
        let asked = proxying.asked();
        assert!(asked.starts_with(&format!("CONNECT {} HTTP/1.1", receiver.address)), "{asked}");
        assert!(asked.contains("Basic dTpw"), "{asked}");
        assert!(!asked.contains("s3cret"), "headers are for the receiver alone: {asked}");
    }
}

#[test]
fn who_needs_no_proxy_is_reached_without_one() {
    let receiver = Receiver::start(Speaks::Http1, None, []);
    let settings = OtlpSignal { proxy: through(&nobody(), "127.0.0.0/8"), ..settings(&receiver.url()) };
    assert_eq!(send(&settings), Outcome::Accepted);
    assert_eq!(receiver.received()[0].target, "/v1/traces");
}

#[test]
fn a_proxy_that_refuses_is_somebody_to_ask_again() {
    for answer in ["407 Proxy Authentication Required", "502 Bad Gateway", "garbage"] {
        let proxying = Proxying::start(answer);
        let receiver = Receiver::start(Speaks::Grpc, None, []);
        let proxy = through(&format!("http://u:hunter2@{}", proxying.address), "");
        let settings = OtlpSignal { protocol: Protocol::Grpc, proxy, ..settings(&receiver.url()) };
        let outcome = send(&settings);
        let Outcome::Retry { cause: Cause::Connect, message, .. } = &outcome else { panic!("{outcome:?}") };
        assert!(message.contains("proxy") && !message.contains("hunter2"), "{message}");
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(receiver.received().len(), 0);
    }
}
