//! `AppendRegion`: a fixed piece of memory that one writer fills from the front while readers look at what is
//! committed. This is the storage of a journal segment: memory of the process, a mapped file, or memory whose every
//! commit is written to a file too. The interface is safe by construction: the writer is a value that cannot be cloned and
//! alone sees the bytes behind the committed length; readers see only the bytes before it, which never change again until
//! every reader is gone. In front of a file's region stands a header, which is the writer's alone.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use rustix::mm::{Advice, MapFlags, MsyncFlags, ProtFlags, madvise, mmap, mmap_anonymous, msync, munmap};

/// From this size on memory is asked for in huge pages: a segment is written once from front to back, and with small
/// pages every eighth event or so would wait for a page table.
const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Bytes of a header that say that it is one.
const FIRST_BYTES: usize = 8;
/// Bytes of a frame's length word; zero ends the frames.
const LENGTH_BYTES: usize = 4;

/// A new file is written in pieces of this many bytes. The kernel keeps a piece together, and writes it whole when a page of
/// it has changed: the larger, the cheaper to make, and the dearer to sync. Measured, 64 KiB cost a quarter of what single pages
/// do, and no more than twice the largest.
const PIECE_BYTES: usize = 65_536;

/// Fills a file of `bytes` bytes.
fn write_zeros(file: &OwnedFd, bytes: usize) -> io::Result<()> {
    let zeros = vec![0; PIECE_BYTES.min(bytes)];
    let mut at = 0;
    while at < bytes {
        let piece = zeros.get(..(bytes - at).min(PIECE_BYTES)).unwrap_or(&zeros);
        write_all_at(file, piece, at)?;
        at += piece.len();
    }
    Ok(())
}

/// What is behind a region that outlives the process.
struct Backing {
    file: OwnedFd,
    /// The memory is not the file's own: every commit is written.
    write_through: bool,
}

/// A mapping of its own, so that what is not used yet takes no memory.
struct Memory {
    mapping: NonNull<u8>,
    mapped_bytes: usize,
    /// Where the region begins, and how long it is.
    start: NonNull<u8>,
    bytes: usize,
    backing: Option<Backing>,
}

// SAFETY: the pointer is owned by this value alone and the memory behind it has no affinity to a thread.
unsafe impl Send for Memory {}
// SAFETY: shared access is mediated by `AppendRegion`: readers touch committed bytes only, the single writer touches
// the others only.
unsafe impl Sync for Memory {}

impl Memory {
    fn zeroed(header: usize, bytes: usize) -> Option<Self> {
        let mapped_bytes = header.checked_add(bytes)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh anonymous mapping wherever the kernel likes; nothing of ours is touched.
        let mapping =
            unsafe { mmap_anonymous(std::ptr::null_mut(), mapped_bytes, access, MapFlags::PRIVATE) };
        let mapping = NonNull::new(mapping.ok()?.cast::<u8>())?;
        if bytes >= HUGE_PAGE_BYTES {
            // Where there are no huge pages, small ones do.
            // SAFETY: the mapping made above; the advice changes nothing of its contents.
            let _ = unsafe { madvise(mapping.as_ptr().cast(), mapped_bytes, Advice::LinuxHugepage) };
        }
        // SAFETY: inside the mapping, which is longer than the header.
        let start = unsafe { mapping.add(header) };
        Some(Self { mapping, mapped_bytes, start, bytes, backing: None })
    }

    /// Maps a file from its start; it must have `header + bytes` bytes, all of them allocated: a page that the file system
    /// cannot provide any more would kill the process.
    fn of_file(file: &OwnedFd, header: usize, bytes: usize) -> io::Result<Self> {
        let mapped_bytes = header.checked_add(bytes).ok_or(io::ErrorKind::InvalidInput)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping wherever the kernel likes; nothing of ours is touched.
        let mapping =
            unsafe { mmap(std::ptr::null_mut(), mapped_bytes, access, MapFlags::SHARED, file.as_fd(), 0)? };
        let mapping = NonNull::new(mapping.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: inside the mapping, which is longer than the header.
        let start = unsafe { mapping.add(header) };
        Ok(Self { mapping, mapped_bytes, start, bytes, backing: None })
    }
}

impl Memory {
    /// Makes every page writable now, so that no recording thread waits for one.
    fn populate(&self) {
        // Where the kernel does not know this (before Linux 5.14), pages come when they are written.
        // SAFETY: the mapping made by this memory; the advice changes nothing of its contents.
        let _ =
            unsafe { madvise(self.mapping.as_ptr().cast(), self.mapped_bytes, Advice::LinuxPopulateWrite) };
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: mapped with this size when this was made, and unmapped once; nobody refers to it any more.
        let _ = unsafe { munmap(self.mapping.as_ptr().cast(), self.mapped_bytes) };
    }
}

/// The shared side: what readers hold.
pub(crate) struct AppendRegion {
    memory: Memory,
    committed: AtomicUsize,
    /// What of it is on the disk, header included.
    synced: AtomicUsize,
}

impl AppendRegion {
    /// What is committed. These bytes do not change while the returned slice lives.
    pub(crate) fn committed(&self) -> &[u8] {
        let length = self.committed.load(Ordering::Acquire);
        // The writer never touches what is committed again while a reader can exist: `reset` demands that it holds the only
        // reference.
        // SAFETY: `length` is within the allocation (checked by `commit`), and what is before it was written before.
        unsafe { std::slice::from_raw_parts(self.memory.start.as_ptr(), length) }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.memory.bytes
    }

    /// Whether what is committed outlives the process.
    #[inline]
    pub(crate) fn is_durable(&self) -> bool {
        self.memory.backing.is_some()
    }

    /// Brings what is committed to the disk. Of a mapped file no more than that: pages that are still to be written stay
    /// writable, and nobody who records waits for one.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let Some(backing) = &self.memory.backing else { return Ok(()) };
        let committed = self.committed.load(Ordering::Acquire);
        if backing.write_through {
            rustix::io::retry_on_intr(|| rustix::fs::fdatasync(&backing.file))?;
        } else {
            let header = self.memory.mapped_bytes - self.memory.bytes;
            let page = rustix::param::page_size();
            let from = match self.synced.load(Ordering::Relaxed) {
                0 => 0,
                synced => (header + synced) / page * page,
            };
            // With the length word behind the last frame, which ends the frames.
            let end = (header + committed + LENGTH_BYTES).min(self.memory.mapped_bytes);
            // SAFETY: a part of the mapping, from a page's start; its contents stay what they are.
            rustix::io::retry_on_intr(|| unsafe {
                msync(self.memory.mapping.as_ptr().add(from).cast(), end - from, MsyncFlags::SYNC)
            })?;
        }
        self.synced.store(committed, Ordering::Relaxed);
        Ok(())
    }
}

/// The writing side; there is one per region.
pub(crate) struct RegionWriter {
    region: Arc<AppendRegion>,
    committed: usize,
    /// Where the room ends: at the region's end, or where its file took no more.
    limit: usize,
    failure: Option<io::Error>,
    /// Whatever the owner wants to know it by.
    pub(crate) label: u64,
}

impl RegionWriter {
    /// A region of `bytes` zero bytes; `None` when memory is not to be had.
    pub(crate) fn new(bytes: usize) -> Option<Self> {
        Some(Self::with(Memory::zeroed(0, bytes)?))
    }

    /// The same, with its memory there and not only promised.
    pub(crate) fn populated(bytes: usize) -> Option<Self> {
        let memory = Memory::zeroed(0, bytes)?;
        memory.populate();
        Some(Self::with(memory))
    }

    /// A region of `bytes` bytes behind `header` bytes of a file, which has as many, all of them allocated. With
    /// `write_through` the file is not mapped: every commit is written to it.
    pub(crate) fn in_file(
        file: OwnedFd,
        header: usize,
        bytes: usize,
        write_through: bool,
    ) -> io::Result<Self> {
        let mut memory = if write_through {
            Memory::zeroed(header, bytes).ok_or(io::ErrorKind::OutOfMemory)?
        } else {
            // Pages that are written take less than half of what pages take that are brought in one fault each, whoever
            // writes first would wait for them, and they go in larger pieces, in the end too.
            write_zeros(&file, header + bytes)?;
            let memory = Memory::of_file(&file, header, bytes)?;
            memory.populate();
            memory
        };
        memory.backing = Some(Backing { file, write_through });
        Ok(Self::with(memory))
    }

    fn with(memory: Memory) -> Self {
        Self {
            limit: memory.bytes,
            region: Arc::new(AppendRegion {
                memory,
                committed: AtomicUsize::new(0),
                synced: AtomicUsize::new(0),
            }),
            committed: 0,
            failure: None,
            label: 0,
        }
    }

    /// Replaces the header; nothing is committed behind it then. Bytes that `header` does not fill are zero.
    pub(crate) fn set_header(&mut self, header: &[u8]) -> io::Result<()> {
        let memory = &self.region.memory;
        let header_bytes = memory.mapped_bytes - memory.bytes;
        if self.committed != 0 || header.len() > header_bytes {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: nothing is committed, so no reader looks at the first bytes of the region; the header in front is never seen
        // by readers; all of it is inside the mapping, and this value is the only writer.
        let place = unsafe {
            let bytes = (header_bytes + LENGTH_BYTES).min(memory.mapped_bytes);
            std::slice::from_raw_parts_mut(memory.mapping.as_ptr(), bytes)
        };
        let (front, first_length) = place.split_at_mut_checked(header_bytes).unwrap_or_default();
        // The old frames end before the new header makes sense of them.
        first_length.fill(0);
        std::sync::atomic::fence(Ordering::SeqCst);
        // The header's first bytes come last: without them it is none.
        let (first, others) = front.split_at_mut_checked(FIRST_BYTES).unwrap_or_default();
        first.fill(0);
        std::sync::atomic::fence(Ordering::SeqCst);
        super::failpoint::pass("header");
        let (new_first, new_others) = header.split_at_checked(FIRST_BYTES).unwrap_or_default();
        let (filled, rest) = others.split_at_mut_checked(new_others.len()).unwrap_or_default();
        filled.copy_from_slice(new_others);
        rest.fill(0);
        std::sync::atomic::fence(Ordering::SeqCst);
        super::failpoint::pass("header");
        if first.len() == new_first.len() {
            first.copy_from_slice(new_first);
        }
        match &memory.backing {
            Some(Backing { file, write_through: true }) => write_all_at(file, place, 0),
            _ => Ok(()),
        }
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
        self.limit - self.committed
    }

    /// The bytes behind the committed ones, to be written freely.
    #[inline]
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        // SAFETY: `committed <= limit <= capacity`; no reader looks behind the committed length, and this value is the only
        // writer, borrowed mutably.
        unsafe {
            let start = self.region.memory.start.as_ptr().add(self.committed);
            std::slice::from_raw_parts_mut(start, self.room())
        }
    }

    /// Publishes the next `bytes` bytes, whose first four become `head` last of all, with release order: whoever reads
    /// the memory by other means than `committed` (a recovery after a kill) sees either no head or a whole frame. False, and
    /// nothing is committed, when the numbers do not fit or are not aligned to 4, or the file does not take
    /// them: `take_failure` tells, and there is no room any more then.
    #[inline]
    pub(crate) fn commit(&mut self, bytes: usize, head: u32) -> bool {
        if bytes < 4 || bytes > self.room() || !self.committed.is_multiple_of(4) {
            return false;
        }
        // SAFETY: the four bytes are inside the allocation and aligned (the start is, the offset is a multiple of 4);
        // nobody else writes them.
        unsafe {
            let word = self.region.memory.start.as_ptr().add(self.committed).cast::<u32>();
            AtomicU32::from_ptr(word).store(head.to_le(), Ordering::Release);
        }
        if let Some(Backing { file, write_through: true }) = &self.region.memory.backing
            && let Err(error) = self.write_committed(file, bytes)
        {
            self.limit = self.committed;
            self.failure = Some(error);
            return false;
        }
        self.committed += bytes;
        self.region.committed.store(self.committed, Ordering::Release);
        true
    }

    /// Why the file did not take the last commit.
    #[cold]
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// What stands behind the committed bytes, up to `bytes` of it.
    pub(crate) fn uncommitted(&self, bytes: usize) -> Vec<u8> {
        let memory = &self.region.memory;
        let length = bytes.min(memory.bytes - self.committed);
        // SAFETY: inside the mapping; no reader looks behind the committed length, and this value is the only writer.
        unsafe { std::slice::from_raw_parts(memory.start.as_ptr().add(self.committed), length) }.to_vec()
    }

    /// Writes the next `bytes` bytes to the file, with the length word behind them that ends the frames. When the file does
    /// not take all of them, their own length word is taken back, so that no part of them passes for a whole.
    #[cold]
    fn write_committed(&self, file: &OwnedFd, bytes: usize) -> io::Result<()> {
        let memory = &self.region.memory;
        let end = (self.committed + bytes + 4).min(memory.bytes);
        let at = memory.mapped_bytes - memory.bytes + self.committed;
        // SAFETY: inside the mapping; no reader looks behind the committed length, and this value is the only writer.
        let written = unsafe {
            let from = memory.start.as_ptr().add(self.committed);
            std::slice::from_raw_parts(from, end - self.committed)
        };
        write_all_at(file, written, at).inspect_err(|_| {
            let _ = write_all_at(file, &[0; LENGTH_BYTES], at);
        })
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
                *region.synced.get_mut() = 0;
                self.committed = 0;
                self.limit = region.capacity();
                true
            }
            None => false,
        }
    }
}

/// Writes all of `bytes` at an offset of a file.
fn write_all_at(file: &OwnedFd, mut bytes: &[u8], at: usize) -> io::Result<()> {
    let mut at = at as u64;
    while !bytes.is_empty() {
        match rustix::io::pwrite(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                at += written as u64;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
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
        assert!(writer.commit(8, 7));
        assert_eq!(reader.committed(), [7, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(writer.room(), 8184);
    }

    #[test]
    fn a_region_is_not_reset_under_its_readers() {
        let mut writer = RegionWriter::new(4096).unwrap();
        assert!(writer.commit(4, 1));
        let reader = Arc::clone(writer.region());
        assert!(!writer.reset());
        drop(reader);
        assert!(writer.reset());
        assert_eq!(writer.committed(), 0);
        assert_eq!(writer.room(), 4096);
    }

    #[test]
    fn a_file_that_takes_no_more_ends_the_room_and_keeps_what_was_to_be_written() {
        let named = tempfile::NamedTempFile::new().unwrap();
        named.as_file().set_len(8192).unwrap();
        let file = std::fs::File::open(named.path()).unwrap();
        let mut writer = RegionWriter::in_file(file.into(), 4096, 4096, true).unwrap();
        writer.spare()[..8].copy_from_slice(&[0, 0, 0, 0, 1, 2, 3, 4]);
        assert!(!writer.commit(8, 7));
        assert!(writer.take_failure().is_some() && writer.take_failure().is_none());
        assert_eq!((writer.committed(), writer.room()), (0, 0));
        assert!(writer.region().committed().is_empty());
        assert_eq!(writer.uncommitted(8)[4..], [1, 2, 3, 4]);
        assert!(writer.reset());
        assert_eq!(writer.room(), 4096);
    }

    #[test]
    fn a_commit_beyond_the_end_changes_nothing() {
        let mut writer = RegionWriter::new(4096).unwrap();
        assert!(!writer.commit(8192, 1));
        assert_eq!(writer.committed(), 0);
    }
}
