//! The HTTP client below a transport, and the connections that it keeps. It is made at the first send, on the worker, and
//! made anew when a file of certificates has changed. It does what was asked of it and nothing by itself: no redirect is
//! followed, nothing is sent twice.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use super::files::{LOOK_INTERVAL, Stamp};
use super::notes::Notes;
use super::route::Route;
use super::tls;
use crate::config::{Proxy, Tls};

/// Longer than the usual pause between two batches, shorter than most receivers' own limit.
const IDLE_CONNECTION: Duration = Duration::from_secs(55);

/// What connections have in common. Signals that agree in all of it share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionSettings {
    pub(crate) tls: Tls,
    pub(crate) proxy: Proxy,
    /// HTTP/2 alone, from the first byte on.
    pub(crate) is_grpc: bool,
    /// Whether TLS is spoken: else none of its files is read.
    pub(crate) is_secure: bool,
}

/// The client, when there is one.
#[derive(Debug)]
pub(crate) struct Connection {
    settings: ConnectionSettings,
    notes: Notes,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    client: Option<HttpClient>,
    /// What was read of the files.
    config: Option<ClientConfig>,
    /// The files at that time.
    stamps: Vec<Stamp>,
    looked: Option<Instant>,
}

/// A client and the way that its requests take. A clone has the same connections.
#[derive(Clone, Debug)]
pub(super) struct HttpClient {
    client: Client<HttpsConnector<Route>, RequestBody>,
    route: Route,
}

impl HttpClient {
    /// Sends one request.
    pub(super) async fn request(&self, request: Request<RequestBody>) -> Result<Response<Incoming>, Error> {
        self.client.request(request).await
    }

    /// The `Proxy-Authorization` of a request to `destination`, where it needs one.
    pub(super) fn proxy_authorization(&self, destination: &Uri) -> Option<HeaderValue> {
        self.route.authorization(destination)
    }
}

impl Connection {
    /// Keeps the settings; opens, loads and connects nothing.
    pub(crate) fn new(settings: ConnectionSettings, notes: Notes) -> Self {
        Self { settings, notes, state: Mutex::default() }
    }

    pub(crate) fn settings(&self) -> &ConnectionSettings {
        &self.settings
    }

    /// The client. Files that cannot be read are an error at first, and tried again the next time: they may be there by
    /// then. Later that is said, and what was read before stays in use.
    pub(super) fn client(&self) -> Result<HttpClient, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_fresh = state.looked.is_some_and(|looked| now.duration_since(looked) < LOOK_INTERVAL);
        if !is_fresh || state.config.is_none() {
            // Before they are read: what is written meanwhile is seen at the next look.
            let stamps: Vec<Stamp> = self.files().map(|file| Stamp::of(file)).collect();
            state.looked = Some(now);
            if state.config.is_none() || stamps != state.stamps {
                state.stamps = stamps;
                self.read_files(&mut state)?;
            }
        }
        if let Some(client) = &state.client {
            return Ok(client.clone());
        }
        let config = state.config.clone().ok_or("no certificates")?;
        Ok(state.client.insert(self.make(config)).clone())
    }

    fn read_files(&self, state: &mut State) -> Result<(), String> {
        let tls = &self.settings.tls;
        let read = if self.settings.is_secure { tls::client_config(tls) } else { tls::unused_config() };
        match read {
            Ok(config) => {
                self.notes.settled();
                state.config = Some(config);
                // Whoever still uses the one before keeps its connections to the end.
                state.client = None;
            }
            Err(reason) if state.config.is_some() => {
                self.notes.say_once(&format!("{reason}; what was read before stays in use"));
            }
            Err(reason) => return Err(reason),
        }
        Ok(())
    }

    /// Leaves connections that may be dead: a peer that has vanished is seen by the time that passes, and HTTP/2 would
    /// put every further request on the same connection.
    pub(super) fn leave(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).client = None;
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let tls = &self.settings.tls;
        let files = [&tls.ca_file, &tls.cert_file, &tls.key_file];
        files.into_iter().flatten().filter(|_| self.settings.is_secure)
    }

    fn make(&self, config: ClientConfig) -> HttpClient {
        let ConnectionSettings { proxy, is_grpc, .. } = &self.settings;
        let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
        let route = Route::new(proxy, *is_grpc);
        let connector = if *is_grpc {
            builder.enable_http2().wrap_connector(route.clone())
        } else {
            builder.enable_http1().enable_http2().wrap_connector(route.clone())
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION)
            .retry_canceled_requests(false)
            .http2_only(*is_grpc)
            .build(connector);
        HttpClient { client, route }
    }
}

/// A request's body: at most two pieces, neither of which is copied.
#[derive(Debug, Default)]
pub(super) struct RequestBody {
    first: Bytes,
    second: Bytes,
}

impl RequestBody {
    pub(super) fn new(first: Bytes, second: Bytes) -> Self {
        Self { first, second }
    }

    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Self { first, second } = &mut *self;
        let piece = if first.is_empty() { std::mem::take(second) } else { std::mem::take(first) };
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len() as u64)
    }
}

/// Signals share what they can.
pub(crate) fn shared(
    known: &mut Vec<Arc<Connection>>,
    settings: ConnectionSettings,
    notes: impl FnOnce() -> Notes,
) -> Arc<Connection> {
    if let Some(connection) = known.iter().find(|connection| *connection.settings() == settings) {
        return Arc::clone(connection);
    }
    let connection = Arc::new(Connection::new(settings, notes()));
    known.push(Arc::clone(&connection));
    connection
}
