//! Compression of requests, whole: a batch is in memory, and so is what it shrinks to.

use std::io::Write as _;

use bytes::Bytes;
use flate2::write::GzEncoder;

use crate::config::Compression;

/// Measured on 630 KB of LLM spans: level 1 makes them 9.3 times smaller in 1.8 ms, level 2 10.6
/// times in 2.1 ms, level 6 11.6 times in 5.4 ms.
const GZIP_LEVEL: u32 = 2;

/// The fastest of zstd's ordinary levels.
const ZSTD_LEVEL: i32 = 1;

/// The name that HTTP and gRPC have for it; `None`: nothing is said.
pub(super) fn encoding(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::None => None,
        Compression::Gzip => Some("gzip"),
        Compression::Zstd => Some("zstd"),
    }
}

/// The body, compressed.
pub(super) fn compressed(body: Bytes, compression: Compression) -> std::io::Result<Bytes> {
    match compression {
        Compression::None => Ok(body),
        Compression::Gzip => gzip(&body).map(Bytes::from),
        Compression::Zstd => zstd::bulk::compress(&body, ZSTD_LEVEL).map(Bytes::from),
    }
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let level = flate2::Compression::new(GZIP_LEVEL);
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), level);
    encoder.write_all(body)?;
    encoder.finish()
}
