//! The receiving side: HTTP/1.1 on loopback, one thread for each connection, bodies with a length. `POST /v1/traces`
//! is counted; `GET /counts` says what came, `POST /reset` forgets it; `POST /down` closes the failing port with all its
//! connections, `POST /up` opens it again.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::received::Received;
use super::{Ports, grpc};
use crate::Fallible;

const READ_BUFFER_BYTES: usize = 262_144;

/// A port that can be closed.
struct Failing {
    port: u16,
    /// While it is open: its connections, and whether to go on.
    open: Mutex<Option<Vec<TcpStream>>>,
}

/// What all connections share.
struct Shared {
    received: Arc<Received>,
    failing: Failing,
}

/// Listens on free ports, says which on standard output, and serves until the process is ended.
pub fn serve() -> Fallible<()> {
    let free = || TcpListener::bind("127.0.0.1:0");
    let (http, calls, failing) = (free()?, free()?, free()?);
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    println!("{}", Ports { http: port(&http)?, grpc: port(&calls)?, failing: port(&failing)? });
    let received = Arc::<Received>::default();
    let open = Mutex::new(Some(Vec::new()));
    let failing_port = Failing { port: port(&failing)?, open };
    let shared = Arc::new(Shared { received: Arc::clone(&received), failing: failing_port });
    std::thread::spawn(move || {
        if let Err(error) = grpc::serve(calls, received) {
            eprintln!("the gRPC side of the sink: {error}");
        }
    });
    let fails = Arc::clone(&shared);
    std::thread::spawn(move || accept_failing(&failing, &fails));
    for stream in http.incoming() {
        let stream = stream?;
        let shared = Arc::clone(&shared);
        // A connection that breaks is its client's business: what was sent on it is missing from the counts.
        std::thread::spawn(move || converse(&stream, &shared));
    }
    Ok(())
}

/// Serves the failing port until it is closed.
fn accept_failing(listener: &TcpListener, shared: &Arc<Shared>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        match &mut *shared.failing.open.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(connections) => connections.push(stream.try_clone()?),
            None => return Ok(()),
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || converse(&stream, &shared));
    }
}

impl Failing {
    fn down(&self) {
        let connections = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        for connection in connections.into_iter().flatten() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Whoever accepts sees that it is closed, and lets the port go.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn up(shared: &Arc<Shared>) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", shared.failing.port))?;
    *shared.failing.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    let shared = Arc::clone(shared);
    std::thread::spawn(move || accept_failing(&listener, &shared));
    Ok(())
}

#[derive(Default)]
struct Head {
    request: String,
    length: usize,
    is_json: bool,
}

fn converse(stream: &TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(READ_BUFFER_BYTES, stream);
    let mut body = Vec::new();
    while let Some(head) = read_head(&mut reader)? {
        body.resize(head.length, 0);
        reader.read_exact(&mut body)?;
        let answer = answer(&head, &body, shared);
        let mut writer = stream;
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// The request line and the body's length; `None` when the client has hung up.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut head = Head::default();
    if reader.read_line(&mut head.request)? == 0 {
        return Ok(None);
    }
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            return Ok(Some(head));
        }
        if header.starts_with("transfer-encoding:") {
            return Err(io::Error::other("bodies without a length are not served"));
        }
        if header.starts_with("content-type:") {
            head.is_json = header.contains("json");
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            head.length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
}

fn answer(head: &Head, body: &[u8], shared: &Arc<Shared>) -> String {
    let mut words = head.request.split(' ');
    let mut content = String::new();
    match (words.next(), words.next()) {
        (Some("POST"), Some("/v1/traces")) if head.is_json => {
            shared.received.take_json(body);
            "{}".clone_into(&mut content);
        }
        (Some("POST"), Some("/v1/traces")) => shared.received.take_protobuf(body),
        (Some("POST"), Some("/reset")) => shared.received.reset(),
        (Some("POST"), Some("/down")) => shared.failing.down(),
        (Some("POST"), Some("/up")) => {
            if let Err(error) = up(shared) {
                eprintln!("the sink's failing port: {error}");
            }
        }
        (Some("GET"), Some("/counts")) => content = shared.received.json(),
        _ => {}
    }
    let kind = if head.is_json { "json" } else { "x-protobuf" };
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/{kind}\r\ncontent-length: {}\r\n\r\n{content}",
        content.len()
    )
}
