//! The way to a host: a TCP connection to it, to a proxy that forwards plain HTTP, or through a tunnel that a proxy opens
//! (CONNECT) for TLS and for gRPC. TLS comes on top of what this connects.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::config::Proxy;

/// Connects to where a request has to go first.
#[derive(Clone, Debug)]
pub(super) struct Route {
    direct: HttpConnector,
    /// `None`: no proxy.
    proxies: Option<Arc<Matcher>>,
    /// A proxy forwards HTTP/1.1 alone.
    tunnels_always: bool,
}

impl Route {
    pub(super) fn new(proxy: &Proxy, tunnels_always: bool) -> Self {
        let mut direct = HttpConnector::new();
        // TLS is spoken above; what is to be reached may have either scheme.
        direct.enforce_http(false);
        direct.set_nodelay(true);
        let proxies = (proxy.http.is_some() || proxy.https.is_some()).then(|| {
            let mut builder = Matcher::builder();
            if let Some(url) = &proxy.http {
                builder = builder.http(url.expose());
            }
            if let Some(url) = &proxy.https {
                builder = builder.https(url.expose());
            }
            Arc::new(builder.no(proxy.no.as_str()).build())
        });
        Self { direct, proxies, tunnels_always }
    }

    fn is_tunnelled(&self, destination: &Uri) -> bool {
        self.tunnels_always || destination.scheme() == Some(&http::uri::Scheme::HTTPS)
    }

    /// What a request itself has to say to the proxy that forwards it.
    pub(super) fn authorization(&self, destination: &Uri) -> Option<HeaderValue> {
        if self.is_tunnelled(destination) {
            return None;
        }
        let mut authorization = self.proxies.as_ref()?.intercept(destination)?.basic_auth()?.clone();
        authorization.set_sensitive(true);
        Some(authorization)
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Service<Uri> for Route {
    type Response = Routed;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Routed, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let mut direct = self.direct.clone();
        let Some(proxy) = self.proxies.as_ref().and_then(|proxies| proxies.intercept(&destination)) else {
            let connecting = direct.call(destination);
            return Box::pin(async move { Ok(Routed { stream: connecting.await?, forwards: false }) });
        };
        if self.is_tunnelled(&destination) {
            let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
            if let Some(authorization) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(authorization.clone());
            }
            let connecting = tunnel.call(destination);
            return Box::pin(async move {
                let stream = connecting.await.map_err(|error| format!("proxy: {error}"))?;
                Ok(Routed { stream, forwards: false })
            });
        }
        let connecting = direct.call(proxy.uri().clone());
        Box::pin(async move {
            let stream = connecting.await.map_err(|error| format!("proxy: {error}"))?;
            Ok(Routed { stream, forwards: true })
        })
    }
}

/// A connection, and whether a proxy at its other end forwards what it is told in full.
#[derive(Debug)]
pub(super) struct Routed {
    stream: TokioIo<TcpStream>,
    forwards: bool,
}

impl Connection for Routed {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.forwards)
    }
}

impl Read for Routed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Routed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
