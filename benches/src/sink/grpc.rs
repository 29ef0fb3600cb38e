//! The receiving side over gRPC: HTTP/2 frames through `h2`, one thread for all connections. Every call is an export of
//! traces, uncompressed, and is answered with an empty message.

use std::net::TcpListener;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::net::TcpStream;

use super::received::Received;
use crate::Fallible;

/// An uncompressed message of no bytes behind its prefix.
const EMPTY_MESSAGE: &[u8] = &[0; 5];
const PREFIX_BYTES: usize = 5;
/// What a client may send ahead; more than a request, so that nobody waits for the window.
const WINDOW_BYTES: u32 = 64 * 1024 * 1024;
const FRAME_BYTES: u32 = 1024 * 1024;

/// Serves a listener until the process is ended.
pub fn serve(listener: TcpListener, received: Arc<Received>) -> Fallible<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            // A connection that breaks is its client's business: what was sent on it is missing from the counts.
            tokio::spawn(converse(stream, Arc::clone(&received)));
        }
    })
}

async fn converse(stream: TcpStream, received: Arc<Received>) -> Result<(), h2::Error> {
    let _ = stream.set_nodelay(true);
    let mut connection = h2::server::Builder::new()
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .handshake::<_, Bytes>(stream)
        .await?;
    while let Some(call) = connection.accept().await {
        let (request, reply) = call?;
        tokio::spawn(answer(request, reply, Arc::clone(&received)));
    }
    Ok(())
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut reply: SendResponse<Bytes>,
    received: Arc<Received>,
) -> Result<(), h2::Error> {
    let mut body = request.into_body();
    let mut message = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        message.extend_from_slice(&data);
    }
    // A prefix that says "compressed" is none that is understood here: what follows is counted as malformed.
    received.take_protobuf(match message.split_at_checked(PREFIX_BYTES) {
        Some(([0, ..], request)) => request,
        _ => b"\xff",
    });
    let mut head = Response::new(());
    head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut stream = reply.send_response(head, false)?;
    stream.send_data(Bytes::from_static(EMPTY_MESSAGE), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers)?;
    Ok(())
}
