//! `SharedCells`: memory made of 64-bit atomic numbers, of the process or of a mapped file. Everything in it may be read
//! and written from any thread at any time; what the numbers mean together is the owner's matter.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

const CELL_BYTES: usize = size_of::<AtomicU64>();

pub(crate) struct SharedCells {
    start: NonNull<AtomicU64>,
    count: usize,
}

// SAFETY: the memory is owned by this value, has no affinity to a thread, and consists of atomics.
unsafe impl Send for SharedCells {}
// SAFETY: as above: shared access is through atomics alone.
unsafe impl Sync for SharedCells {}

impl SharedCells {
    /// Maps the first `count` numbers of a file, which must be as long and have all of its space allocated.
    pub(crate) fn of_file(file: BorrowedFd<'_>, count: usize) -> io::Result<Self> {
        let bytes = count.checked_mul(CELL_BYTES).ok_or(io::ErrorKind::InvalidInput)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping wherever the kernel likes; nothing of ours is touched.
        let start = unsafe { mmap(std::ptr::null_mut(), bytes, access, MapFlags::SHARED, file.as_fd(), 0)? };
        let start = NonNull::new(start.cast::<AtomicU64>()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, count })
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[AtomicU64] {
        // SAFETY: `count` numbers were mapped at `start`, which is aligned to a page; they are atomics, for which any bytes
        // are a value, and they stay as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.count) }
    }
}

impl Drop for SharedCells {
    fn drop(&mut self) {
        // SAFETY: mapped with this size when this was made, and unmapped once; nobody refers to it any more.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.count * CELL_BYTES) };
    }
}
