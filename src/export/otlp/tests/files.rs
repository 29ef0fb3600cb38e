//! Claims about certificates, keys and header files: what is read, when it is read again, and what is said.

use std::fs;
use std::path::Path;
use std::thread::sleep;

use super::*;
use crate::export::tests::receiver::certificates::{CERTIFICATES, Identity};
use crate::export::tests::receiver::{Behaviour, Receiver, Secured, Speaks};

/// A folder of files for an exporter, and the receiver that they are for.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        scene.write("ca", &CERTIFICATES.authority);
        scene.write_client(&CERTIFICATES.client);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file in the place of the one before, as those who rotate certificates do.
    fn write(&self, name: &str, text: &str) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    fn write_client(&self, client: &Identity) {
        self.write("cert", &client.certificate);
        self.write("key", &client.key);
    }

    fn settings(&self, receiver: &Receiver, protocol: Protocol) -> OtlpSignal {
        let tls = Tls { ca_file: Some(self.path("ca")), ..Tls::default() };
        OtlpSignal { protocol, tls, ..settings(&receiver.url()) }
    }

    fn mutual(&self, receiver: &Receiver, protocol: Protocol) -> OtlpSignal {
        let mut settings = self.settings(receiver, protocol);
        settings.tls.cert_file = Some(self.path("cert"));
        settings.tls.key_file = Some(self.path("key"));
        settings
    }
}

const BOTH: [(Protocol, Speaks); 2] =
    [(Protocol::HttpProtobuf, Speaks::Http2), (Protocol::Grpc, Speaks::Grpc)];

fn valid() -> Secured {
    Secured { identity: CERTIFICATES.valid.clone(), asks_for_client: false }
}

fn mutual() -> Secured {
    Secured { asks_for_client: true, ..valid() }
}

fn send(exporter: &Otlp) -> Outcome {
    runtime().block_on(exporter.send(&batch(Signal::Traces), TIMEOUT))
}

fn message(outcome: Outcome) -> String {
    match outcome {
        Outcome::Retry { cause: Cause::Credentials | Cause::Connect, message, .. } => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trusted_receiver_is_reached_without_a_process_wide_provider() {
    let scene = Scene::new();
    for (protocol, speaks) in [(Protocol::HttpJson, Speaks::Http1), BOTH[0], BOTH[1]] {
        let receiver = Receiver::start(speaks, Some(valid()), []);
        let exporter = exporter(&OtlpSignal { protocol, ..scene.settings(&receiver, protocol) });
        let mut traces = batch(Signal::Traces);
        if protocol == Protocol::HttpJson {
            traces.body = Bytes::new();
        }
        assert_eq!(runtime().block_on(exporter.send(&traces, TIMEOUT)), Outcome::Accepted);
        assert_eq!(receiver.received().len(), 1);
    }
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[test]
fn a_receiver_that_the_platform_does_not_trust_gets_nothing_unless_nobody_is_to_be_verified() {
    for (protocol, speaks) in BOTH {
        let receiver = Receiver::start(speaks, Some(valid()), []);
        let trusting_the_system = OtlpSignal { protocol, ..settings(&receiver.url()) };
        message(send(&exporter(&trusting_the_system)));
        assert_eq!(receiver.received().len(), 0);
        let mut careless = trusting_the_system;
        careless.tls.insecure_skip_verify = true;
        assert_eq!(send(&exporter(&careless)), Outcome::Accepted);
        let said = exporter_of(Signal::Traces, &careless).unwrap().1.text();
        assert!(said.contains("insecure_skip_verify") && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn a_client_proves_who_it_is() {
    let scene = Scene::new();
    for (protocol, speaks) in BOTH {
        let receiver = Receiver::start(speaks, Some(mutual()), []);
        assert_eq!(send(&exporter(&scene.mutual(&receiver, protocol))), Outcome::Accepted);
        let anonymous = send(&exporter(&scene.settings(&receiver, protocol)));
        assert!(matches!(anonymous, Outcome::Retry { .. }), "{anonymous:?}");
        assert_eq!(receiver.received().len(), 1);
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_not_quoted() {
    let scene = Scene::new();
    let receiver = Receiver::start(Speaks::Http2, Some(valid()), []);
    let settings = scene.mutual(&receiver, Protocol::HttpProtobuf);
    let good = fs::read_to_string(scene.path("cert")).unwrap();
    let said = |name: &str, text: Option<&str>| {
        let file = scene.path(name);
        let kept = fs::read_to_string(&file).unwrap();
        match text {
            Some(text) => scene.write(name, text),
            None => fs::remove_file(&file).unwrap(),
        }
        let said = message(send(&exporter(&settings)));
        scene.write(name, &kept);
        assert!(said.contains(&format!("tls.{name}_file {file:?}")) && !said.contains("hunter2"), "{said}");
        said
    };
    for name in ["ca", "cert", "key"] {
        assert!(said(name, None).contains("No such file"));
        said(name, Some(""));
        said(name, Some("hunter2"));
        said(name, Some("-----BEGIN CERTIFICATE-----\nhunter2!\n-----END CERTIFICATE-----\n"));
        said(name, Some("-----BEGIN hunter2\n"));
    }
    assert!(
        said("ca", Some("-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n"))
            .contains("certificate 1 in it is not valid")
    );
    assert!(said("cert", Some(&CERTIFICATES.valid.certificate)).contains("do not go together"));
    assert!(said("key", Some(&good)).contains("no unencrypted private key"));
    assert_eq!(receiver.received().len(), 0);
    assert_eq!(send(&exporter(&settings)), Outcome::Accepted);
}

/// Waits until files are looked at again.
fn until_the_next_look() {
    sleep(super::super::files::LOOK_INTERVAL + Duration::from_millis(50));
}

#[test]
fn certificates_are_read_again_when_they_change() {
    let scene = Scene::new();
    for (protocol, speaks) in BOTH {
        scene.write("ca", &CERTIFICATES.self_signed.certificate);
        scene.write_client(&CERTIFICATES.self_signed);
        let receiver = Receiver::start(speaks, Some(mutual()), []);
        let (exporter, diagnostics) =
            exporter_of(Signal::Traces, &scene.mutual(&receiver, protocol)).unwrap();
        let runtime = runtime();
        let send = || runtime.block_on(exporter.send(&batch(Signal::Traces), TIMEOUT));
        assert!(matches!(send(), Outcome::Retry { .. }), "the receiver is not trusted");
        scene.write("ca", &CERTIFICATES.authority);
        until_the_next_look();
        assert!(matches!(send(), Outcome::Retry { .. }), "the client is not trusted");
        scene.write_client(&CERTIFICATES.client);
        until_the_next_look();
        assert_eq!(send(), Outcome::Accepted);
        for broken in ["hunter2", ""] {
            scene.write("key", broken);
            until_the_next_look();
            assert_eq!(send(), Outcome::Accepted, "what was read before stays");
        }
        // Also after connections were given up.
        exporter.connection.leave();
        assert_eq!(send(), Outcome::Accepted);
        let said = diagnostics.text();
        assert!(
            said.contains("stays in use") && said.contains("tls.key_file") && !said.contains("hunter2"),
            "{said}"
        );
        assert_eq!(receiver.received().len(), 4);
    }
}

#[test]
fn a_token_in_a_file_rotates() {
    let scene = Scene::new();
    scene.write("headers", "authorization: Bearer one\n");
    for (protocol, speaks) in [(Protocol::HttpProtobuf, Speaks::Http1), BOTH[1]] {
        scene.write("headers", "authorization: Bearer one\n");
        let receiver = Receiver::start(speaks, None, []);
        let file = Some(scene.path("headers"));
        let exporter = exporter(&OtlpSignal { protocol, headers_file: file, ..settings(&receiver.url()) });
        let runtime = runtime();
        let send = || runtime.block_on(exporter.send(&batch(Signal::Traces), TIMEOUT));
        assert_eq!(send(), Outcome::Accepted);
        scene.write("headers", "authorization: Bearer two\n");
        until_the_next_look();
        assert_eq!(send(), Outcome::Accepted);
        let tokens: Vec<_> =
            receiver.received().iter().map(|r| r.header("authorization").unwrap().to_owned()).collect();
        assert_eq!(tokens, ["Bearer one", "Bearer two"]);
    }
}

#[test]
fn a_header_file_that_is_not_there_sends_nothing() {
    let receiver = Receiver::start(Speaks::Http1, None, []);
    let file = Some(Path::new("/nowhere/headers").to_owned());
    let said = message(send(&exporter(&OtlpSignal { headers_file: file, ..settings(&receiver.url()) })));
    assert!(said.contains("/nowhere/headers"), "{said}");
    assert_eq!(receiver.received().len(), 0);
}

#[test]
fn a_peer_that_has_vanished_costs_one_deadline() {
    let receiver = Receiver::start(Speaks::Grpc, None, [Behaviour::Take, Behaviour::Hang]);
    let exporter = exporter(&OtlpSignal { protocol: Protocol::Grpc, ..settings(&receiver.url()) });
    let outcomes: Vec<Outcome> = runtime().block_on(async {
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            outcomes.push(exporter.send(&batch(Signal::Traces), Duration::from_millis(500)).await);
        }
        outcomes
    });
    let [Outcome::Accepted, Outcome::Retry { cause: Cause::Timeout, .. }, Outcome::Accepted] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!(receiver.connections(), 2, "the third call is on a connection of its own");
}

#[test]
fn grpc_is_called_as_the_specification_says() {
    for (compression, name) in
        [(Compression::None, None), (Compression::Gzip, Some("gzip")), (Compression::Zstd, Some("zstd"))]
    {
        let receiver = Receiver::start(Speaks::Grpc, None, []);
        let settings = OtlpSignal { protocol: Protocol::Grpc, compression, ..settings(&receiver.url()) };
        assert_eq!(send(&exporter(&settings)), Outcome::Accepted);
        let request = receiver.received().remove(0);
        assert_eq!(request.target, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
        assert_eq!(request.header("content-type"), Some("application/grpc"));
        assert_eq!(request.header("te"), Some("trailers"));
        assert_eq!(request.header("grpc-timeout"), Some("5000m"));
        assert_eq!(request.header("grpc-encoding"), name);
        assert_eq!(request.header("x-api-key"), Some("s3cret"));
        assert!(request.header("user-agent").unwrap().starts_with("agentotel/"));
        let (frame, message) = request.body.split_at(5);
        assert_eq!(frame[0], u8::from(name.is_some()));
        assert_eq!(u32::from_be_bytes(frame[1..].try_into().unwrap()) as usize, message.len());
        let decoded = match compression {
            Compression::None => message.to_vec(),
            Compression::Zstd => zstd::decode_all(message).unwrap(),
            Compression::Gzip => {
                let mut decoded = Vec::new();
                flate2::read::GzDecoder::new(message).read_to_end(&mut decoded).unwrap();
                decoded
            }
        };
        assert_eq!(decoded, batch(Signal::Traces).body);
    }
}
