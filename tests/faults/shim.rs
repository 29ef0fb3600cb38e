//! The preloaded shim: built once, told what is to fail, asked what it has counted.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// In the order of the shim's `enum function`.
pub const FUNCTIONS: [&str; 19] = [
    "open",
    "openat",
    "mkdirat",
    "fstat",
    "fstatat",
    "fstatfs",
    "fallocate",
    "mmap",
    "pread",
    "pwrite",
    "write",
    "fsync",
    "fdatasync",
    "renameat",
    "unlinkat",
    "flock",
    "fdopendir",
    "readdir",
    "fcntl",
];

/// Short, then what the table of errors has.
pub const ERRNOS: [i32; 6] = [0, libc::ENOSPC, libc::EIO, libc::EINTR, libc::EMFILE, libc::EROFS];

/// Bytes of the file of counts.
const COUNTS_BYTES: usize = 4096;

pub fn transfers(function: usize) -> bool {
    matches!(FUNCTIONS[function], "pread" | "pwrite" | "write")
}

/// What is to fail, and how often.
#[derive(Clone, Copy)]
pub struct Fault {
    pub function: usize,
    pub call: u64,
    pub errno: i32,
    pub times: u64,
}

impl Fault {
    /// As the shim is told.
    pub fn told(self) -> String {
        format!("{}:{}:{}:{}", self.function, self.call, self.errno, self.times)
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = FUNCTIONS[self.function];
        let error = std::io::Error::from_raw_os_error(self.errno);
        write!(out, "call {} of {name}, {} times: {error}", self.call, self.times)
    }
}

/// The shim as a shared library.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let status = Command::new(compiler)
            .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        assert!(status.is_ok_and(|status| status.success()), "the shim does not build");
        library
    })
}

/// An empty file of counts.
pub fn counts_file(directory: &Path) -> PathBuf {
    let path = directory.join("counts");
    std::fs::write(&path, [0; COUNTS_BYTES]).unwrap();
    path
}

/// How often each function was called, and how many calls failed.
pub fn read_counts(path: &Path) -> (Vec<u64>, u64) {
    let bytes = std::fs::read(path).unwrap();
    let mut numbers = bytes.chunks_exact(8).map(|bytes| u64::from_ne_bytes(bytes.try_into().unwrap()));
    let calls = numbers.by_ref().take(FUNCTIONS.len()).collect();
    (calls, numbers.next().unwrap())
}
