//! The files that segments of a durable journal stand in: made with all their space allocated, given a header for every
//! use, removed when they are needed no more. Knows one directory, that of this process.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::segment::{SegmentHeader, header_bytes};
use crate::otlp::request::RequestHeader;
use crate::sys::directory::Directory;
use crate::sys::memory::RegionWriter;

/// How a segment's file is called.
pub(crate) const SEGMENT_SUFFIX: &str = ".segment";

pub(crate) struct SegmentFiles {
    directory: Directory,
    resource: Vec<u8>,
    scope: Vec<u8>,
    header_bytes: usize,
    /// Files are not mapped: the file system may not keep the space that was allocated.
    write_through: bool,
    made: AtomicU64,
    generation: AtomicU64,
}

impl SegmentFiles {
    /// Files in `directory`, for frames that go out under `header`.
    pub(crate) fn new(directory: Directory, header: &RequestHeader) -> Self {
        let (resource, scope) = header.parts();
        Self {
            write_through: !directory.keeps_allocated_space(),
            header_bytes: header_bytes(resource, scope),
            resource: resource.to_vec(),
            scope: scope.to_vec(),
            directory,
            made: AtomicU64::new(0),
            generation: AtomicU64::new(0),
        }
    }

    fn name(number: u64) -> String {
        format!("{number:08}{SEGMENT_SUFFIX}")
    }

    /// Bytes that a segment with `bytes` bytes for frames takes on the disk.
    pub(crate) fn file_bytes(&self, bytes: usize) -> u64 {
        (self.header_bytes + bytes) as u64
    }

    /// Makes a file with room for `bytes` bytes of frames.
    pub(crate) fn create(&self, bytes: usize) -> io::Result<RegionWriter> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = Self::name(number);
        let file = self.directory.create_allocated(&name, self.file_bytes(bytes))?;
        let made = RegionWriter::in_file(file, self.header_bytes, bytes, self.write_through);
        match made {
            Ok(mut writer) => {
                writer.label = number;
                Ok(writer)
            }
            Err(error) => {
                let _ = self.directory.remove_file(&name);
                Err(error)
            }
        }
    }

    /// Gives an empty segment its header; answers with what the checksums of its frames begin with.
    pub(crate) fn begin(&self, writer: &mut RegionWriter, shard: u32, serial: u64) -> io::Result<u32> {
        let mut salt = [0; 8];
        rustix::rand::getrandom(&mut salt, rustix::rand::GetRandomFlags::empty())?;
        let header = SegmentHeader {
            generation: self.generation.fetch_add(1, Ordering::Relaxed) + 1,
            salt: u64::from_le_bytes(salt),
            serial,
            shard,
            resource: self.resource.clone(),
            scope: self.scope.clone(),
        };
        writer.set_header(&header.encode())?;
        Ok(header.seal())
    }

    /// Removes the file of a segment that is needed no more.
    pub(crate) fn remove(&self, writer: &RegionWriter) {
        let _ = self.directory.remove_file(&Self::name(writer.label));
    }
}
