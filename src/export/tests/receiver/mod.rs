//! A receiver that misbehaves on purpose, over HTTP/1.1 (`http1`), HTTP/2 and gRPC (`http2`), with and without TLS
//! (`certificates`): a real server on loopback, on a thread of its own. Connections and requests are met with the
//! behaviours of its script, one after the other; when the script is over it takes everything.

pub(in crate::export) mod certificates;
mod http1;
mod http2;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use self::certificates::{CERTIFICATES, Identity};

/// What a receiver does with the next connection or request.
#[derive(Clone, Debug)]
pub(in crate::export) enum Behaviour {
    // With a connection.
    /// Accepts it and does nothing.
    AcceptAndHang,
    AcceptAndClose,
    AcceptAndReset,
    /// Reads the first bytes and closes.
    CloseMidRequest,
    /// Reads a byte every 50 milliseconds.
    ReadSlowly,
    /// Sends what is no protocol before anything has come.
    SpeakFirst,
    /// Begins the TLS handshake late.
    SlowHandshake(Duration),
    // With a request that has been read.
    /// Takes it, and says so.
    Take,
    Hang,
    CloseAfterRequest,
    Reply(Reply),
    /// Sends the body a byte every 50 milliseconds.
    Drip(Reply),
    /// Sends the body over and over.
    Endless(Reply),
    /// Announces more of a body than comes, and closes.
    Truncated(Reply),
    /// Sends these bytes, HTTP/1.1 or not, and closes.
    Raw(Vec<u8>),
    /// Says that the connection is over (HTTP/2).
    GoAway(h2::Reason),
    /// Ends the request's stream (HTTP/2).
    ResetStream(h2::Reason),
    /// Replies with a message and then resets the stream (HTTP/2).
    ResetMidReply,
}

impl Behaviour {
    pub(in crate::export) fn is_of_connection(&self) -> bool {
        matches!(
            self,
            Self::AcceptAndHang
                | Self::AcceptAndClose
                | Self::AcceptAndReset
                | Self::CloseMidRequest
                | Self::ReadSlowly
                | Self::SpeakFirst
                | Self::SlowHandshake(_)
        )
    }
}

/// A reply, the same for all versions of HTTP.
#[derive(Clone, Debug, Default)]
pub(in crate::export) struct Reply {
    pub(in crate::export) status: u16,
    pub(in crate::export) headers: Vec<(String, String)>,
    pub(in crate::export) body: Vec<u8>,
    /// HTTP/2 alone.
    pub(in crate::export) trailers: Vec<(String, String)>,
}

impl Reply {
    pub(in crate::export) fn of(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(in crate::export) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(in crate::export) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(in crate::export) fn trailer(mut self, name: &str, value: impl Into<String>) -> Self {
        self.trailers.push((name.to_owned(), value.into()));
        self
    }
}

/// What a receiver speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::export) enum Speaks {
    Http1,
    Http2,
    Grpc,
}

/// How a receiver proves who it is.
#[derive(Clone, Debug)]
pub(in crate::export) struct Secured {
    pub(in crate::export) identity: Identity,
    /// Whether clients have to be known to the authority.
    pub(in crate::export) asks_for_client: bool,
}

/// A request as it came, whatever it was answered.
#[derive(Clone, Debug)]
pub(in crate::export) struct Request {
    /// Of the path, or of the whole URL if that is what came.
    pub(in crate::export) target: String,
    /// Names in lower case.
    pub(in crate::export) headers: Vec<(String, String)>,
    pub(in crate::export) body: Vec<u8>,
    pub(in crate::export) answered: Behaviour,
    /// The place of the answer among those for requests in the script; `None`: the script was over.
    pub(in crate::export) place: Option<usize>,
}

impl Request {
    pub(in crate::export) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }
}

pub(in crate::export) struct Receiver {
    pub(in crate::export) address: SocketAddr,
    is_secure: bool,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    speaks: Speaks,
    acceptor: Option<TlsAcceptor>,
    script: Mutex<VecDeque<Behaviour>>,
    received: Mutex<Vec<Request>>,
    connections: AtomicUsize,
}

/// Either end of what may be TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Receiver {
    pub(in crate::export) fn start(
        speaks: Speaks,
        secured: Option<Secured>,
        script: impl IntoIterator<Item = Behaviour>,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self::start_on(listener, speaks, secured, script)
    }

    /// The same with a listener that is there.
    pub(in crate::export) fn start_on(
        listener: std::net::TcpListener,
        speaks: Speaks,
        secured: Option<Secured>,
        script: impl IntoIterator<Item = Behaviour>,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let is_secure = secured.is_some();
        let state = Arc::new(State {
            speaks,
            acceptor: secured.map(|secured| acceptor(speaks, &secured)),
            script: Mutex::new(script.into_iter().collect()),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let accepting = async {
                    loop {
                        let (stream, _) = listener.accept().await.unwrap();
                        tokio::spawn(Arc::clone(&shared).meet(stream));
                    }
                };
                tokio::select! {
                    () = accepting => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, is_secure, state, stop: Some(stop), thread: Some(thread) }
    }

    /// Without a path.
    pub(in crate::export) fn url(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.address)
    }

    pub(in crate::export) fn received(&self) -> Vec<Request> {
        self.state.received.lock().unwrap().clone()
    }

    /// How many connections were made.
    pub(in crate::export) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn acceptor(speaks: Speaks, secured: &Secured) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(secured.identity.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(secured.identity.key.as_bytes()).unwrap();
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if secured.asks_for_client {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(CERTIFICATES.authority.as_bytes()).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = match speaks {
        Speaks::Http1 => vec![b"http/1.1".to_vec()],
        Speaks::Http2 | Speaks::Grpc => vec![b"h2".to_vec()],
    };
    TlsAcceptor::from(Arc::new(config))
}

impl State {
    /// The next behaviour, if it is about connections.
    fn of_connection(&self) -> Option<Behaviour> {
        let mut script = self.script.lock().unwrap();
        let is_next = script.front().is_some_and(Behaviour::is_of_connection);
        if is_next { script.pop_front() } else { None }
    }

    /// Writes a request down, and says what becomes of it.
    fn of_request(&self, target: String, headers: Vec<(String, String)>, body: Vec<u8>) -> Behaviour {
        let scripted = self.script.lock().unwrap().pop_front();
        let answered = scripted.clone().unwrap_or(Behaviour::Take);
        let mut received = self.received.lock().unwrap();
        let place = scripted.map(|_| received.len());
        received.push(Request { target, headers, body, answered: answered.clone(), place });
        answered
    }

    /// The reply that says that a batch was taken.
    fn taken(&self) -> Reply {
        match self.speaks {
            Speaks::Http1 | Speaks::Http2 => Reply::of(200).header("content-type", "application/x-protobuf"),
            Speaks::Grpc => {
                let reply = Reply::of(200).header("content-type", "application/grpc").body([0; 5]);
                reply.trailer("grpc-status", "0")
            }
        }
    }

    async fn meet(self: Arc<Self>, mut stream: TcpStream) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        match self.of_connection() {
            Some(Behaviour::AcceptAndHang) => return std::future::pending().await,
            Some(Behaviour::AcceptAndClose) => return,
            Some(Behaviour::AcceptAndReset) => return reset(&stream),
            Some(Behaviour::CloseMidRequest) => {
                let _ = stream.read_exact(&mut [0; 20]).await;
                return;
            }
            Some(Behaviour::ReadSlowly) => {
                while stream.read_u8().await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                return;
            }
            Some(Behaviour::SpeakFirst) => {
                let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n\0\xff\xff").await;
                let _ = stream.read_u8().await;
                return;
            }
            Some(Behaviour::SlowHandshake(pause)) => tokio::time::sleep(pause).await,
            _ => {}
        }
        let stream: Box<dyn Stream> = match &self.acceptor {
            None => Box::new(stream),
            Some(acceptor) => match acceptor.accept(stream).await {
                Ok(stream) => Box::new(stream),
                Err(_) => return,
            },
        };
        match self.speaks {
            Speaks::Http1 => http1::serve(&self, stream).await,
            Speaks::Http2 | Speaks::Grpc => http2::serve(&self, stream).await,
        }
    }
}

/// Has the connection end with a reset.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}
