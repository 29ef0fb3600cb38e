//! What goes out of the process by other ways than files: the error stream, functions of the host, a receiver on this machine.
//! All of it is kept, to be looked at.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use agentotel::abi::callback::*;
use agentotel::abi::types::*;

/// What was given to the host, in each of the payload types.
static GIVEN: Mutex<BTreeMap<u32, Vec<u8>>> = Mutex::new(BTreeMap::new());

unsafe extern "C" fn export(
    _user_data: *mut c_void,
    batch: *const agentotel_export_batch,
    _answer: *mut agentotel_export_answer,
) -> u32 {
    // SAFETY: valid through the call, by the library's word.
    let (payload_type, payload) = unsafe {
        let batch = &*batch;
        (batch.payload_type, std::slice::from_raw_parts(batch.payload, batch.payload_len))
    };
    GIVEN.lock().unwrap().entry(payload_type).or_default().extend(payload);
    AGENTOTEL_EXPORT_OK
}

/// Answers requests on a connection; keeps all that comes.
fn serve(connection: TcpStream, received: &Mutex<Vec<u8>>) {
    let mut answers = connection.try_clone().unwrap();
    let mut requests = BufReader::new(connection);
    loop {
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let start = head.len();
            if requests.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
            let line = String::from_utf8_lossy(&head[start..]).to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        requests.read_exact(&mut body).unwrap();
        let mut received = received.lock().unwrap();
        received.extend(&head);
        received.extend(&body);
        let is_json = head.windows(16).any(|part| part.eq_ignore_ascii_case(b"application/json"));
        let (kind, answer) = if is_json { ("json", "{}") } else { ("x-protobuf", "") };
        let length = answer.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/{kind}\r\ncontent-length: {length}\r\n\r\n{answer}"
        );
        answers.write_all(answer.as_bytes()).unwrap();
    }
}

pub struct Doors {
    /// What the error stream was.
    stderr: OwnedFd,
    said: PathBuf,
    endpoint: String,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Doors {
    /// Begins to keep what goes out.
    pub fn open(directory: &Path) -> Self {
        GIVEN.lock().unwrap().clear();
        let name = "canaries";
        let callbacks = agentotel_exporter_callbacks {
            struct_size: size_of::<agentotel_exporter_callbacks>(),
            export_batch: Some(export),
            user_data: std::ptr::null_mut(),
            destroy: None,
        };
        let name = agentotel_str { data: name.as_ptr().cast(), len: name.len() };
        // SAFETY: both are valid through the call.
        assert_eq!(unsafe { agentotel_register_exporter(name, &raw const callbacks) }, 0);

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let receiving = Arc::clone(&received);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let receiving = Arc::clone(&receiving);
                std::thread::spawn(move || serve(connection.unwrap(), &receiving));
            }
        });

        let said = directory.join("stderr");
        let file = File::create(&said).unwrap();
        // SAFETY: both are open; the copy is nobody else's.
        let stderr = unsafe {
            let before = OwnedFd::from_raw_fd(libc::dup(2));
            assert_eq!(libc::dup2(file.as_raw_fd(), 2), 2);
            before
        };
        Self { stderr, said, endpoint, received }
    }

    /// Where the receiver is.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Everything that went out, by the door.
    pub fn close(self) -> Vec<(&'static str, Vec<u8>)> {
        let said = std::fs::read(&self.said).unwrap();
        let given = std::mem::take(&mut *GIVEN.lock().unwrap());
        assert_eq!(given.len(), 2, "the host was not given both payload types");
        let received = std::mem::take(&mut *self.received.lock().unwrap());
        let given = given.into_values().flatten().collect();
        vec![("the console", said), ("the host", given), ("the receiver", received)]
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        // SAFETY: both are open.
        unsafe { libc::dup2(self.stderr.as_raw_fd(), 2) };
    }
}
