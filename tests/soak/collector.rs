//! A Collector process that receives OTLP over HTTP and gRPC and writes what came to a file, or only counts it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The Collector's program; `None`, with a line that says so, where there is none.
pub fn program() -> Option<PathBuf> {
    let path = std::env::var_os("AGENTOTEL_TEST_COLLECTOR").map(PathBuf::from).filter(|path| path.exists());
    if path.is_none() {
        assert!(std::env::var_os("CI").is_none(), "no Collector");
        println!("skipped: no Collector; `make test-rust` builds it and says where it is (needs Go)");
    }
    path
}

/// A port that is free at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub struct Collector {
    process: Child,
}

impl Collector {
    /// Starts it at ports for HTTP and gRPC, and waits until it listens; with a file, what it receives goes there.
    pub fn start(program: &Path, directory: &Path, ports: [u16; 2], file: Option<&Path>) -> Self {
        let [port, grpc] = ports;
        let exporter = if file.is_some() { "file" } else { "debug" };
        let config = serde_json::json!({
            "receivers": { "otlp": { "protocols": {
                "http": { "endpoint": format!("127.0.0.1:{port}") },
                "grpc": { "endpoint": format!("127.0.0.1:{grpc}") },
            } } },
            "exporters": {
                "debug": { "verbosity": "basic" },
                "file": { "path": file.unwrap_or(Path::new("/dev/null")), "format": "json" }
            },
            "service": {
                "pipelines": {
                    "traces": { "receivers": ["otlp"], "exporters": [exporter] },
                    "logs": { "receivers": ["otlp"], "exporters": [exporter] }
                }
            }
        });
        let path = directory.join("collector.yaml");
        std::fs::write(&path, config.to_string()).unwrap();
        let log = std::fs::File::options().append(true).create(true).open(directory.join("collector.log"));
        let process = Command::new(program)
            .arg("--config")
            .arg(path)
            .stdout(Stdio::null())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        let mut collector = Self { process };
        let deadline = Instant::now() + Duration::from_secs(60);
        while ports.iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            let log = || std::fs::read_to_string(directory.join("collector.log")).unwrap();
            assert!(collector.process.try_wait().unwrap().is_none(), "the Collector has ended: {}", log());
            assert!(Instant::now() < deadline, "the Collector does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        collector
    }

    /// Ends it in good order: what it has received is in its file then.
    pub fn stop(mut self) {
        let process = i32::try_from(self.process.id()).unwrap();
        // SAFETY: no memory is touched; the process is this test's own.
        unsafe { libc::kill(process, libc::SIGTERM) };
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
