//! The asking side: starts the receiver as a child process and reads its counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::Ports;
use crate::Fallible;
use crate::child::{Figures, Protocol};

/// A running receiver; ends with this value.
pub struct Sink {
    process: Child,
    ports: Ports,
}

impl Sink {
    pub fn start() -> Fallible<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("sink")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the sink has no standard output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let ports = Ports::parse(&line)?;
        Ok(Self { process, ports })
    }

    pub fn endpoint(&self, protocol: Protocol) -> String {
        let port = match protocol {
            Protocol::HttpProtobuf | Protocol::HttpJson => self.ports.http,
            Protocol::Grpc => self.ports.grpc,
        };
        format!("http://127.0.0.1:{port}")
    }

    /// Takes the same over HTTP, but between `POST /down` and `POST /up`.
    pub fn failing_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.failing)
    }

    /// The port that is asked and told.
    pub fn control(&self) -> String {
        self.ports.http.to_string()
    }

    /// Forgets what came until now.
    pub fn reset(&self) -> Fallible<()> {
        ask(self.ports.http, "POST /reset").map(|_| ())
    }

    /// What came since the last reset.
    pub fn counts(&self) -> Fallible<Figures> {
        Figures::parse(&ask(self.ports.http, "GET /counts")?)
    }
}

/// Asks or tells the receiver something.
pub fn ask(port: u16, what: &str) -> Fallible<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "{what} HTTP/1.1\r\nhost: sink\r\n\r\n")?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut content = vec![0; length];
    reader.read_exact(&mut content)?;
    Ok(String::from_utf8(content)?)
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
