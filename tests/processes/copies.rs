//! Two copies of the shared library in one process, as two plug-ins bring them, with one storage directory.

use std::ffi::{CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use agentotel::abi::types::*;

use crate::agent::*;
use crate::forks::config;
use crate::role;
use crate::witness::*;

const EVENTS: usize = 100;

type Init = unsafe extern "C" fn(u32, *const c_char) -> i32;
type StartSession = unsafe extern "C" fn(*const agentotel_session_options, *mut agentotel_session) -> i32;
type RecordEvent =
    unsafe extern "C" fn(agentotel_session, *const agentotel_event_data, *mut agentotel_span_context) -> i32;
type Shutdown = unsafe extern "C" fn(u32) -> i32;

/// A copy of the library.
struct Copy {
    init: Init,
    start_session: StartSession,
    record_event: RecordEvent,
    shutdown: Shutdown,
}

fn symbol(library: *mut c_void, name: &str) -> *mut c_void {
    let name = CString::new(format!("agentotel_{name}")).unwrap();
    // SAFETY: a library that is open, and a text that ends with a NUL.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    assert!(!address.is_null(), "{name:?}");
    address
}

impl Copy {
    fn open(path: &Path) -> Self {
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: a text that ends with a NUL.
        let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!library.is_null(), "{name:?}");
        // SAFETY: the header says that functions of these names have these types.
        unsafe {
            Self {
                init: std::mem::transmute::<*mut c_void, Init>(symbol(library, "init")),
                start_session: std::mem::transmute::<*mut c_void, StartSession>(symbol(
                    library,
                    "start_session",
                )),
                record_event: std::mem::transmute::<*mut c_void, RecordEvent>(symbol(
                    library,
                    "record_event",
                )),
                shutdown: std::mem::transmute::<*mut c_void, Shutdown>(symbol(library, "shutdown")),
            }
        }
    }

    fn start(&self, config: &serde_json::Value) -> agentotel_session {
        let config = CString::new(config.to_string()).unwrap();
        let mut session = 0;
        // SAFETY: all are valid through the calls.
        unsafe {
            assert_eq!((self.init)(AGENTOTEL_ABI_VERSION, config.as_ptr()), 0);
            assert_eq!((self.start_session)(std::ptr::null(), &raw mut session), 0);
        }
        session
    }

    fn record(&self, session: agentotel_session) -> [u8; 8] {
        let data = agentotel_event_data {
            struct_size: size_of::<agentotel_event_data>(),
            name: text("step"),
            ..zeroed()
        };
        let mut context: agentotel_span_context = zeroed();
        // SAFETY: all are valid through the call.
        assert_eq!(unsafe { (self.record_event)(session, &raw const data, &raw mut context) }, 0);
        context.span_id
    }

    fn shut_down(&self) {
        // SAFETY: takes no pointer.
        assert_eq!(unsafe { (self.shutdown)(10_000) }, 0);
    }
}

pub fn use_two_copies(directory: &Path) {
    let library = std::env::current_exe().unwrap().with_file_name("libagentotel.so");
    let storage = directory.join("storage");
    let copies = ["one", "two"].map(|name| {
        let path = directory.join(format!("{name}.so"));
        std::fs::copy(&library, &path).unwrap();
        Copy::open(&path)
    });
    assert_ne!(copies[0].init as usize, copies[1].init as usize);
    let sessions = copies.each_ref().map(|copy| copy.start(&config(directory, 50)));
    // Each has looked for the dead by the time that something of it has gone out, and has left the other alone.
    let mut ids = Vec::new();
    for _ in 0..EVENTS {
        ids.extend(copies.iter().zip(sessions).map(|(copy, session)| copy.record(session)));
    }
    wait_until("both have exported", || spans(directory).len() >= ids.len());
    assert_eq!(role::lives(&storage).len(), 2);
    acknowledge(directory, &ids);
    copies[0].shut_down();
    assert_eq!(role::lives(&storage).len(), 1);
    let last = copies[1].record(sessions[1]);
    acknowledge(directory, &[last]);
    copies[1].shut_down();
    assert!(role::lives(&storage).is_empty());
}

#[test]
fn two_copies_in_one_process_leave_each_other_alone() {
    let directory = private_directory();
    let status = role::run("having-two-copies", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    let acknowledged = acknowledged(directory.path());
    assert_eq!(acknowledged.len(), 2 * EVENTS + 1);
    let spans = spans(directory.path());
    for id in acknowledged.keys() {
        assert_eq!(spans.iter().filter(|span| span.id == *id).count(), 1);
    }
    let instances: std::collections::HashSet<_> = spans.iter().map(|span| &span.instance).collect();
    assert_eq!(instances.len(), 2);
}
