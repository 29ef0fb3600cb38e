//! The asking side: starts the receiver as a child process and reads its counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::Fallible;
use crate::child::Figures;

/// A running receiver; ends with this value.
pub struct Sink {
    process: Child,
    port: u16,
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
        let port = line.trim().parse()?;
        Ok(Self { process, port })
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Forgets what came until now.
    pub fn reset(&self) -> Fallible<()> {
        self.ask("POST /reset").map(|_| ())
    }

    /// What came since the last reset.
    pub fn counts(&self) -> Fallible<Figures> {
        Figures::parse(&self.ask("GET /counts")?)
    }

    fn ask(&self, what: &str) -> Fallible<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
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
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
