//! The receiving side: HTTP/1.1 on loopback, one thread for each connection, bodies with a length. `POST /v1/traces`
//! is counted; `GET /counts` says what came, `POST /reset` forgets it.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::spans;
use crate::Fallible;

const READ_BUFFER_BYTES: usize = 262_144;

#[derive(Default)]
struct Received {
    requests: u64,
    bytes: u64,
    malformed: u64,
    ids: Vec<u64>,
}

/// Listens on a free port, says which on standard output, and serves until the process is ended.
pub fn serve() -> Fallible<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let received = Arc::new(Mutex::new(Received::default()));
    for stream in listener.incoming() {
        let stream = stream?;
        let received = Arc::clone(&received);
        // A connection that breaks is its client's business: what was sent on it is missing from the counts.
        std::thread::spawn(move || converse(&stream, &received));
    }
    Ok(())
}

struct Head {
    request: String,
    length: usize,
}

fn converse(stream: &TcpStream, received: &Mutex<Received>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(READ_BUFFER_BYTES, stream);
    let mut body = Vec::new();
    while let Some(head) = read_head(&mut reader)? {
        body.resize(head.length, 0);
        reader.read_exact(&mut body)?;
        let answer = answer(&head.request, &body, received);
        let mut writer = stream;
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// The request line and the body's length; `None` when the client has hung up.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut request = String::new();
    if reader.read_line(&mut request)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            return Ok(Some(Head { request, length }));
        }
        if header.starts_with("transfer-encoding:") {
            return Err(io::Error::other("bodies without a length are not served"));
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
}

fn answer(request: &str, body: &[u8], received: &Mutex<Received>) -> String {
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    let mut words = request.split(' ');
    let content = match (words.next(), words.next()) {
        (Some("POST"), Some("/v1/traces")) => {
            received.requests += 1;
            received.bytes += body.len() as u64;
            if spans::collect_ids(body, &mut received.ids).is_none() {
                received.malformed += 1;
            }
            String::new()
        }
        (Some("POST"), Some("/reset")) => {
            *received = Received::default();
            String::new()
        }
        (Some("GET"), Some("/counts")) => {
            let distinct: HashSet<&u64> = received.ids.iter().collect();
            json!({
                "requests": received.requests,
                "bytes": received.bytes,
                "malformed": received.malformed,
                "spans": received.ids.len(),
                "distinct": distinct.len(),
            })
            .to_string()
        }
        _ => String::new(),
    };
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n{content}",
        content.len()
    )
}
