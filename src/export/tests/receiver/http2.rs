//! The receiver's HTTP/2, and with it gRPC.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{Behaviour, Reply, State, Stream};

/// What the connection itself has to do.
enum Order {
    GoAway(Reason),
    Close,
}

/// Serves one connection until either side is done with it.
pub(super) async fn serve(state: &Arc<State>, stream: Box<dyn Stream>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let (orders, mut ordered) = unbounded_channel();
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                let (state, orders) = (Arc::clone(state), orders.clone());
                tokio::spawn(async move { answer(&state, request, respond, &orders).await });
            }
            order = ordered.recv() => match order {
                Some(Order::GoAway(reason)) => connection.abrupt_shutdown(reason),
                Some(Order::Close) | None => return,
            },
        }
    }
}

async fn answer(
    state: &State,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    orders: &UnboundedSender<Order>,
) -> Option<()> {
    let (head, mut incoming) = request.into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = incoming.data().await {
        let chunk = chunk.ok()?;
        body.extend_from_slice(&chunk);
        let _ = incoming.flow_control().release_capacity(chunk.len());
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    match state.of_request(head.uri.path().to_owned(), headers, body) {
        Behaviour::Take => send(&mut respond, &state.taken()),
        Behaviour::Reply(reply) => send(&mut respond, &reply),
        Behaviour::Drip(reply) => {
            let mut stream = begin(&mut respond, &reply, false)?;
            for byte in reply.body {
                stream.send_data(Bytes::copy_from_slice(&[byte]), false).ok()?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            stream.send_trailers(map(&reply.trailers)).ok()
        }
        Behaviour::Endless(reply) => {
            let mut stream = begin(&mut respond, &reply, false)?;
            loop {
                stream.send_data(Bytes::copy_from_slice(&reply.body), false).ok()?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Behaviour::Truncated(reply) => {
            let mut stream = begin(&mut respond, &reply, false)?;
            stream.send_data(Bytes::copy_from_slice(&reply.body), false).ok()?;
            // What is sent goes out first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            orders.send(Order::Close).ok()
        }
        Behaviour::ResetMidReply => {
            let mut stream = begin(&mut respond, &state.taken(), false)?;
            stream.send_data(Bytes::from_static(&[0; 3]), false).ok()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.send_reset(Reason::INTERNAL_ERROR);
            Some(())
        }
        Behaviour::Hang => std::future::pending().await,
        Behaviour::GoAway(reason) => orders.send(Order::GoAway(reason)).ok(),
        Behaviour::ResetStream(reason) => {
            respond.send_reset(reason);
            Some(())
        }
        _ => orders.send(Order::Close).ok(),
    }
}

fn map(headers: &[(String, String)]) -> HeaderMap {
    headers
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
        })
        .collect()
}

fn begin(respond: &mut SendResponse<Bytes>, reply: &Reply, is_all: bool) -> Option<SendStream<Bytes>> {
    let mut response = Response::builder().status(reply.status).body(()).unwrap();
    *response.headers_mut() = map(&reply.headers);
    respond.send_response(response, is_all).ok()
}

fn send(respond: &mut SendResponse<Bytes>, reply: &Reply) -> Option<()> {
    let has_trailers = !reply.trailers.is_empty();
    let is_all = reply.body.is_empty() && !has_trailers;
    let mut stream = begin(respond, reply, is_all)?;
    if !reply.body.is_empty() {
        stream.send_data(Bytes::copy_from_slice(&reply.body), !has_trailers).ok()?;
    }
    if has_trailers {
        stream.send_trailers(map(&reply.trailers)).ok()?;
    }
    Some(())
}
