//! `AppendRegion`: a fixed piece of memory that one writer fills from the front while readers look at what is
//! committed. This is the storage of a journal segment, on the heap now and behind a mapping with the same layout. The
//! interface is safe by construction: the writer is a value that cannot be cloned and alone sees the bytes behind the
//! committed length; readers see only the bytes before it, which never change again until every reader is gone.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// From this size on memory is asked for in huge pages: a segment is written once from front to back, and with small
/// pages every eighth event or so would wait for a page table.
const HUGE_PAGE_BYTES: usize = 2 << 20;

/// A mapping of its own, so that what is not used yet takes no memory.
struct Memory {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the pointer is owned by this value alone and the memory behind it has no affinity to a thread.
unsafe impl Send for Memory {}
// SAFETY: shared access is mediated by `AppendRegion`: readers touch committed bytes only, the single writer touches
// the others only.
unsafe impl Sync for Memory {}

impl Memory {
    fn zeroed(bytes: usize) -> Option<Self> {
        // SAFETY: a fresh anonymous mapping wherever the kernel likes; nothing of ours is touched.
        let start = unsafe {
            mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        };
        let start = NonNull::new(start.ok()?.cast::<u8>())?;
        if bytes >= HUGE_PAGE_BYTES {
            // Where there are no huge pages, small ones do.
            // SAFETY: the mapping made above; the advice changes nothing of its contents.
            let _ = unsafe { madvise(start.as_ptr().cast(), bytes, Advice::LinuxHugepage) };
        }
        Some(Self { start, bytes })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: mapped by `zeroed` with this size, and unmapped once; nobody refers to it any more.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

/// The shared side: what readers hold.
pub(crate) struct AppendRegion {
    memory: Memory,
    committed: AtomicUsize,
}

impl AppendRegion {
    /// What is committed. These bytes do not change while the returned slice lives.
    pub(crate) fn committed(&self) -> &[u8] {
        let length = self.committed.load(Ordering::Acquire);
        // SAFETY: `length` is within the allocation (checked by `commit`), the bytes before it were written before the
        // release store that published it, and the writer never touches them again while a reader can exist (`reset`
        // demands that it holds the only reference).
        unsafe { std::slice::from_raw_parts(self.memory.start.as_ptr(), length) }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.memory.bytes
    }
}

/// The writing side; there is one per region.
pub(crate) struct RegionWriter {
    region: Arc<AppendRegion>,
    committed: usize,
}

impl RegionWriter {
    /// A region of `bytes` zero bytes; `None` when memory is not to be had.
    pub(crate) fn new(bytes: usize) -> Option<Self> {
        let region =
            Arc::new(AppendRegion { memory: Memory::zeroed(bytes)?, committed: AtomicUsize::new(0) });
        Some(Self { region, committed: 0 })
    }

    /// The readers' side.
    pub(crate) fn region(&self) -> &Arc<AppendRegion> {
        &self.region
    }

    /// How many bytes are committed.
    #[inline]
    pub(crate) fn committed(&self) -> usize {
        self.committed
    }

    /// How many bytes are left.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.region.capacity() - self.committed
    }

    /// The bytes behind the committed ones, to be written freely.
    #[inline]
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        // SAFETY: `committed <= capacity`; no reader looks behind the committed length, and this value is the only
        // writer, borrowed mutably.
        unsafe {
            let start = self.region.memory.start.as_ptr().add(self.committed);
            std::slice::from_raw_parts_mut(start, self.region.capacity() - self.committed)
        }
    }

    /// Publishes the next `bytes` bytes, whose first four become `head` last of all, with release order: whoever reads
    /// the memory by other means than `committed` (a recovery after a kill) sees either no head or a whole frame. Does
    /// nothing when the numbers do not fit or are not aligned to 4.
    #[inline]
    pub(crate) fn commit(&mut self, bytes: usize, head: u32) {
        if bytes < 4 || bytes > self.room() || !self.committed.is_multiple_of(4) {
            return;
        }
        // SAFETY: the four bytes are inside the allocation and aligned (the start is, the offset is a multiple of 4);
        // nobody else writes them.
        unsafe {
            let word = self.region.memory.start.as_ptr().add(self.committed).cast::<u32>();
            AtomicU32::from_ptr(word).store(head.to_le(), Ordering::Release);
        }
        self.committed += bytes;
        self.region.committed.store(self.committed, Ordering::Release);
    }

    /// Asks for the next `bytes` bytes to be brought near, for writing: they have not been touched for long, and whoever
    /// fills them next would have to wait for each line of them.
    #[inline(always)]
    pub(crate) fn bring_near(&self, bytes: usize) {
        const LINE: usize = 64;
        let start = self.region.memory.start.as_ptr().wrapping_add(self.committed);
        let mut ahead = LINE;
        while ahead < bytes + LINE {
            let line = start.wrapping_add(ahead);
            // SAFETY: a hint: nothing is read or written, whatever the address is. Processors that do not know it pass over it.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                std::arch::asm!("prefetchw [{}]", in(reg) line, options(nostack, preserves_flags));
            }
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            unsafe {
                std::arch::asm!("prfm pstl1keep, [{}]", in(reg) line, options(nostack, preserves_flags));
            }
            ahead += LINE;
        }
    }

    /// Starts over when nobody reads any more; gives itself back unchanged when somebody does. The old bytes stay
    /// where they are: what is behind the committed length means nothing.
    pub(crate) fn reset(&mut self) -> bool {
        match Arc::get_mut(&mut self.region) {
            Some(region) => {
                *region.committed.get_mut() = 0;
                self.committed = 0;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_what_is_committed_and_nothing_behind_it() {
        let mut writer = RegionWriter::new(8192).unwrap();
        let reader = Arc::clone(writer.region());
        writer.spare()[..8].copy_from_slice(&[9, 9, 9, 9, 1, 2, 3, 4]);
        assert!(reader.committed().is_empty());
        writer.commit(8, 7);
        assert_eq!(reader.committed(), [7, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(writer.room(), 8184);
    }

    #[test]
    fn a_region_is_not_reset_under_its_readers() {
        let mut writer = RegionWriter::new(4096).unwrap();
        writer.commit(4, 1);
        let reader = Arc::clone(writer.region());
        assert!(!writer.reset());
        drop(reader);
        assert!(writer.reset());
        assert_eq!(writer.committed(), 0);
        assert_eq!(writer.room(), 4096);
    }

    #[test]
    fn a_commit_beyond_the_end_changes_nothing() {
        let mut writer = RegionWriter::new(4096).unwrap();
        writer.commit(8192, 1);
        assert_eq!(writer.committed(), 0);
    }
}
