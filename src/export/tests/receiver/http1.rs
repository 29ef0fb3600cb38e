//! The receiver's HTTP/1.1.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use super::{Behaviour, Reply, State, Stream};

/// Serves one connection until either side is done with it.
pub(super) async fn serve(state: &State, stream: Box<dyn Stream>) {
    let mut stream = BufReader::new(stream);
    while let Some((target, headers, body)) = read_request(&mut stream).await {
        let behaviour = state.of_request(target, headers, body);
        if perform(state, behaviour, &mut stream).await.is_none() {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

type Wire = BufReader<Box<dyn Stream>>;

/// `None`: the connection is over.
async fn perform(state: &State, behaviour: Behaviour, wire: &mut Wire) -> Option<()> {
    match behaviour {
        Behaviour::Take => send(wire, &state.taken(), None).await,
        Behaviour::Reply(reply) => send(wire, &reply, None).await,
        Behaviour::Drip(reply) => {
            wire.write_all(&head(&reply, reply.body.len())).await.ok()?;
            for byte in reply.body {
                wire.write_all(&[byte]).await.ok()?;
                wire.flush().await.ok()?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Some(())
        }
        Behaviour::Endless(reply) => {
            wire.write_all(&head(&reply, usize::MAX >> 1)).await.ok()?;
            loop {
                wire.write_all(&reply.body).await.ok()?;
            }
        }
        Behaviour::Truncated(reply) => {
            send(wire, &reply, Some(reply.body.len() + 100)).await;
            None
        }
        Behaviour::Raw(bytes) => {
            wire.write_all(&bytes).await.ok()?;
            wire.flush().await.ok()?;
            None
        }
        Behaviour::Hang => std::future::pending().await,
        _ => None,
    }
}

fn head(reply: &Reply, length: usize) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\ncontent-length: {length}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

async fn send(wire: &mut Wire, reply: &Reply, length: Option<usize>) -> Option<()> {
    let length = length.unwrap_or(reply.body.len());
    wire.write_all(&[head(reply, length), reply.body.clone()].concat()).await.ok()?;
    wire.flush().await.ok()
}

type Read = (String, Vec<(String, String)>, Vec<u8>);

/// Reads one request with a content length; `None` at the end of the connection.
async fn read_request(wire: &mut Wire) -> Option<Read> {
    let line = read_line(wire).await?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(wire).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    wire.read_exact(&mut body).await.ok()?;
    Some((line.split(' ').nth(1)?.to_owned(), headers, body))
}

async fn read_line(wire: &mut Wire) -> Option<String> {
    let mut line = String::new();
    if wire.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    Some(line.trim_end().to_owned())
}
