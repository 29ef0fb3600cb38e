//! A receiver that does what a test tells it to: a real HTTP/1.1 server on loopback, on threads of
//! its own, that answers the n-th request with the n-th step of its script (the last step repeats)
//! and writes down what came.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the server does once a request is read.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends these bytes and keeps the connection.
    Reply(Vec<u8>),
    /// Sends these bytes, one each time this long has passed.
    Drip(Vec<u8>, Duration),
    /// Sends these bytes once, and then the second ones over and over.
    Endless(Vec<u8>, Vec<u8>),
    /// Sends nothing and keeps the connection.
    Hang,
    /// Closes the connection without a reply.
    Close,
    /// Replies with the status that the request deserves.
    Judge(fn(&Received) -> u16),
}

/// A whole reply with its length, of the OTLP media type unless a header says otherwise.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Step {
    let mut text = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        text.push_str("content-type: application/x-protobuf\r\n");
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    Step::Reply([text.as_bytes(), body].concat())
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method and target.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct ScriptedServer {
    address: SocketAddr,
    state: Arc<State>,
    acceptor: Option<JoinHandle<()>>,
}

struct State {
    script: Vec<Step>,
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

impl ScriptedServer {
    pub(crate) fn start(script: Vec<Step>) -> ScriptedServer {
        Self::start_at("127.0.0.1:0", script).unwrap()
    }

    pub(crate) fn start_at(address: &str, script: Vec<Step>) -> std::io::Result<ScriptedServer> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            script,
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(stream.unwrap()));
            }
        });
        Ok(ScriptedServer { address, state, acceptor: Some(acceptor) })
    }

    /// `http://127.0.0.1:port`, without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl State {
    /// Serves one connection until either side is done with it.
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        while let Some(request) = read_request(&mut reader) {
            let step = {
                let mut received = self.received.lock().unwrap();
                let last = self.script.len() - 1;
                let step = match &self.script[received.len().min(last)] {
                    Step::Judge(judge) => reply(judge(&request), &[], b""),
                    step => step.clone(),
                };
                received.push(request);
                step
            };
            if self.perform(step, &mut stream).is_none() {
                return;
            }
        }
    }

    /// `None` when the connection is over.
    fn perform(&self, step: Step, stream: &mut TcpStream) -> Option<()> {
        match step {
            Step::Reply(bytes) => stream.write_all(&bytes).ok(),
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    self.running()?;
                    stream.write_all(&[byte]).ok()?;
                    thread::sleep(pause);
                }
                Some(())
            }
            Step::Endless(head, again) => {
                stream.write_all(&head).ok()?;
                loop {
                    self.running()?;
                    stream.write_all(&again).ok()?;
                }
            }
            Step::Hang => loop {
                self.running()?;
                thread::sleep(Duration::from_millis(10));
            },
            Step::Close | Step::Judge(_) => None,
        }
    }

    fn running(&self) -> Option<()> {
        (!self.stopped.load(Ordering::SeqCst)).then_some(())
    }
}

/// Reads one request with a content length; `None` at the end of the connection.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let line = read_line(reader)?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received { line: line.trim_end_matches(" HTTP/1.1").to_owned(), headers, body })
}

fn read_line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    Some(line.trim_end().to_owned())
}
