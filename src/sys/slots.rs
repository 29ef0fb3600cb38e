//! Memory of slots: page-aligned blocks, anonymous or mapped from a file, cut into slots of one size with one owner each.
//! The interface is safe by construction: a block is used up by cutting it, the pieces do not overlap, and each of them
//! keeps the whole mapping alive. A slot has a head of words that are stored and loaded whole, and a body of bytes
//! that only its owner changes; a slot may have lines of counters at its end, which are owned apart.
//!
//! A process that is killed leaves a mapped block as it was at some instruction: `SlotMemory::publish` is what orders its
//! stores. Nobody else may write or shorten the file meanwhile; whoever gives it sees to that.

use std::io;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, compiler_fence};

use rustix::fs::fstat;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

/// Words of a slot's head.
pub(crate) const HEAD_WORDS: usize = 8;
/// Bytes of a slot's head: a cache line.
pub(crate) const HEAD_BYTES: usize = HEAD_WORDS * size_of::<u64>();
/// What blocks and the sizes of slots are multiples of, in bytes.
pub(crate) const PAGE_BYTES: usize = 4096;
/// Counters of a line.
pub(crate) const LINE_COUNTERS: usize = 16;
/// Bytes of a line: two cache lines, since processors fetch them in pairs.
pub(crate) const LINE_BYTES: usize = size_of::<Line>();

/// Gives a block of so many bytes in which slots outlive the process, or nothing: then memory of the process does, and
/// what is in it is lost with the process. Asked when slots are first needed, on the thread that needs them.
pub(crate) type BlockSource = Box<dyn Fn(usize) -> Option<SlotBlock> + Send + Sync>;

/// Counters that one writer at a time adds to.
#[repr(C, align(128))]
#[derive(Default)]
pub(crate) struct Line(pub(crate) [AtomicI64; LINE_COUNTERS]);

struct Mapping {
    start: NonNull<u8>,
    bytes: usize,
    is_durable: bool,
}

// SAFETY: the memory has no affinity to a thread, and `Mapping` itself gives no access to it.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped with this size, and unmapped once; every piece keeps the mapping alive, so none is left.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

/// A block that is not cut yet.
pub(crate) struct SlotBlock(Mapping);

impl SlotBlock {
    /// Zeroed memory of `bytes`, a multiple of a page; `None` when it is not to be had.
    pub(crate) fn anonymous(bytes: usize) -> Option<Self> {
        if bytes == 0 || !bytes.is_multiple_of(PAGE_BYTES) {
            return None;
        }
        // SAFETY: a fresh anonymous mapping wherever the kernel likes; nothing of ours is touched.
        let start = unsafe {
            mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        };
        Some(Self(Mapping { start: NonNull::new(start.ok()?.cast())?, bytes, is_durable: false }))
    }

    /// `bytes` of a file from `offset` on, both multiples of a page, shared with it: what is stored there outlives the
    /// process. The file must have been given that much space before (a page without a place on disk cannot be stored
    /// to), and nobody else may write or shorten it while the block lives.
    pub(crate) fn mapped(file: BorrowedFd<'_>, offset: u64, bytes: usize) -> io::Result<Self> {
        let size = u64::try_from(fstat(file)?.st_size).unwrap_or(0);
        let is_aligned =
            bytes > 0 && bytes.is_multiple_of(PAGE_BYTES) && offset.is_multiple_of(PAGE_BYTES as u64);
        if !is_aligned || offset.checked_add(bytes as u64).is_none_or(|end| end > size) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: a fresh mapping wherever the kernel likes, inside the file; nothing of ours is touched.
        let start = unsafe {
            let access = ProtFlags::READ | ProtFlags::WRITE;
            mmap(std::ptr::null_mut(), bytes, access, MapFlags::SHARED, file, offset)?
        };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self(Mapping { start, bytes, is_durable: true }))
    }

    /// The block as slots of `slot_bytes`, a multiple of a page, each with `lines` lines of counters at its end. No slots
    /// when they have no room for these.
    pub(crate) fn cut(self, slot_bytes: usize, lines: usize) -> impl Iterator<Item = (SlotMemory, Lines)> {
        let mapping = Arc::new(self.0);
        let own_bytes = lines.checked_mul(LINE_BYTES).and_then(|lines| slot_bytes.checked_sub(lines));
        let fits =
            slot_bytes.is_multiple_of(PAGE_BYTES) && own_bytes.is_some_and(|bytes| bytes >= HEAD_BYTES);
        let own_bytes = own_bytes.unwrap_or(0);
        let count = if fits { mapping.bytes / slot_bytes } else { 0 };
        (0..count).map(move |position| {
            // SAFETY: `position` is below the number of slots that the mapping has, and `own_bytes` at most a slot's.
            let (start, end) = unsafe {
                let start = mapping.start.add(position * slot_bytes);
                (start, start.add(own_bytes))
            };
            let slot = SlotMemory { start, bytes: own_bytes, mapping: Arc::clone(&mapping) };
            // Aligned: slots start at pages, and what is behind `end` is a whole number of lines.
            (slot, Lines { start: end.cast(), count: lines, _owner: Owner::Mapping(Arc::clone(&mapping)) })
        })
    }
}

/// One slot: a head of atomic words, and a body of bytes.
pub(crate) struct SlotMemory {
    start: NonNull<u8>,
    /// Head and body.
    bytes: usize,
    mapping: Arc<Mapping>,
}

// SAFETY: the slot's memory is this value's alone and has no affinity to a thread.
unsafe impl Send for SlotMemory {}
// SAFETY: shared access reads the body, which changes through exclusive access only, or uses the head's atomics.
unsafe impl Sync for SlotMemory {}

impl SlotMemory {
    /// Whether what is stored outlives the process.
    #[inline(always)]
    pub(crate) fn is_durable(&self) -> bool {
        self.mapping.is_durable
    }

    /// The head.
    #[inline(always)]
    pub(crate) fn head(&self) -> &[AtomicU64; HEAD_WORDS] {
        // SAFETY: the slot begins at a page with at least a head's bytes, which are only ever reached as these atomics.
        unsafe { self.start.cast().as_ref() }
    }

    /// The bytes behind the head.
    #[inline(always)]
    pub(crate) fn body(&self) -> &[u8] {
        // SAFETY: `bytes` of memory start here, of which the head takes the first; they change through `body_mut` only.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(HEAD_BYTES), self.bytes - HEAD_BYTES) }
    }

    /// The bytes behind the head, to be changed.
    #[inline(always)]
    pub(crate) fn body_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; this value is their only owner, borrowed mutably.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.as_ptr().add(HEAD_BYTES), self.bytes - HEAD_BYTES)
        }
    }

    /// Stores the first word of the head: after all stores before this call, and before all stores after it. A kill leaves
    /// the stores of a thread up to some instruction, so it is the compiler's order that counts.
    #[inline(always)]
    pub(crate) fn publish(&self, word: u64) {
        #[cfg(test)]
        tests::note(self);
        compiler_fence(Ordering::SeqCst);
        super::failpoint::pass("slot");
        let [first, ..] = self.head();
        first.store(word, Ordering::Release);
        compiler_fence(Ordering::SeqCst);
        #[cfg(test)]
        tests::note(self);
    }
}

/// What keeps lines alive.
enum Owner {
    Mapping(#[allow(dead_code, reason = "held for its drop")] Arc<Mapping>),
    Heap(#[allow(dead_code, reason = "held for its drop")] Arc<[Line]>),
}

/// Lines of counters, on the heap or at the end of a slot.
pub(crate) struct Lines {
    start: NonNull<Line>,
    count: usize,
    _owner: Owner,
}

// SAFETY: lines consist of atomics, and have no affinity to a thread.
unsafe impl Send for Lines {}
// SAFETY: as above.
unsafe impl Sync for Lines {}

impl Lines {
    /// Zeroed lines of the process's own.
    pub(crate) fn on_heap(count: usize) -> Self {
        let lines: Arc<[Line]> = std::iter::repeat_with(Line::default).take(count).collect();
        Self { start: NonNull::from(&*lines).cast(), count, _owner: Owner::Heap(lines) }
    }

    /// All lines.
    #[inline(always)]
    pub(crate) fn all(&self) -> &[Line] {
        // SAFETY: `count` aligned lines start here and live as long as the owner; all zero bytes are lines.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.count) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;
    use std::io::{Read, Seek, SeekFrom};
    use std::os::fd::AsFd;

    use super::*;

    thread_local! {
        static IMAGES: RefCell<Option<Vec<Vec<u8>>>> = const { RefCell::new(None) };
    }

    /// The bytes of a slot without its lines.
    pub(crate) fn image(slot: &SlotMemory) -> Vec<u8> {
        let head = slot.head().iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes());
        head.chain(slot.body().iter().copied()).collect()
    }

    pub(super) fn note(slot: &SlotMemory) {
        IMAGES.with_borrow_mut(|images| {
            if let Some(images) = images {
                images.push(image(slot));
            }
        });
    }

    /// What a slot is before and after each word that `run` publishes in this thread.
    pub(crate) fn images_around_words(run: impl FnOnce()) -> Vec<Vec<u8>> {
        IMAGES.set(Some(Vec::new()));
        run();
        IMAGES.take().unwrap_or_default()
    }

    #[test]
    fn slots_of_a_block_do_not_touch_each_other() {
        let block = SlotBlock::anonymous(4 * PAGE_BYTES).unwrap();
        let mut slots: Vec<_> = block.cut(2 * PAGE_BYTES, 3).collect();
        assert_eq!(slots.len(), 2);
        for (number, (slot, lines)) in slots.iter_mut().enumerate() {
            slot.body_mut().fill(number as u8 + 1);
            slot.publish(number as u64 + 10);
            for line in lines.all() {
                line.0[15].store(number as i64 + 20, Ordering::Relaxed);
            }
        }
        for (number, (slot, lines)) in slots.iter().enumerate() {
            assert_eq!(slot.body().len(), 2 * PAGE_BYTES - HEAD_BYTES - 3 * LINE_BYTES);
            assert!(slot.body().iter().all(|byte| *byte == number as u8 + 1));
            assert_eq!(slot.head()[0].load(Ordering::Relaxed), number as u64 + 10);
            assert_eq!(slot.head()[1].load(Ordering::Relaxed), 0);
            assert_eq!(lines.all().len(), 3);
            assert!(lines.all().iter().all(|line| line.0[15].load(Ordering::Relaxed) == number as i64 + 20));
            assert!(lines.all().iter().all(|line| line.0[0].load(Ordering::Relaxed) == 0));
        }
    }

    #[test]
    fn a_slot_outlives_the_block_it_was_cut_from() {
        let block = SlotBlock::anonymous(2 * PAGE_BYTES).unwrap();
        let (mut slot, lines) = block.cut(PAGE_BYTES, 1).last().unwrap();
        slot.body_mut().fill(7);
        drop(slot);
        assert_eq!(lines.all()[0].0[0].load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_stored_in_a_mapped_slot_stands_in_the_file() {
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(3 * PAGE_BYTES as u64).unwrap();
        let block = SlotBlock::mapped(file.as_fd(), PAGE_BYTES as u64, 2 * PAGE_BYTES).unwrap();
        let (mut slot, lines) = block.cut(PAGE_BYTES, 1).next().unwrap();
        assert!(slot.is_durable());
        slot.body_mut()[0] = 9;
        slot.publish(0x0102);
        lines.all()[0].0[0].store(5, Ordering::Relaxed);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(PAGE_BYTES as u64)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!((bytes[0], bytes[1], bytes[HEAD_BYTES]), (2, 1, 9));
        assert_eq!(bytes[PAGE_BYTES - LINE_BYTES], 5);
    }

    #[test]
    fn a_block_is_never_mapped_beyond_its_file() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(PAGE_BYTES as u64).unwrap();
        for (offset, bytes) in
            [(0, 2 * PAGE_BYTES), (PAGE_BYTES as u64, PAGE_BYTES), (u64::MAX - 4095, PAGE_BYTES)]
        {
            assert!(SlotBlock::mapped(file.as_fd(), offset, bytes).is_err());
        }
        assert!(SlotBlock::mapped(file.as_fd(), 1, PAGE_BYTES).is_err());
        assert!(SlotBlock::mapped(file.as_fd(), 0, 1).is_err());
        assert!(SlotBlock::mapped(file.as_fd(), 0, 0).is_err());
        assert!(SlotBlock::mapped(file.as_fd(), 0, PAGE_BYTES).is_ok());
    }

    #[test]
    fn slots_without_room_for_their_lines_are_not_cut() {
        for (bytes, lines) in [(PAGE_BYTES, 32), (PAGE_BYTES, usize::MAX), (PAGE_BYTES + 1, 0), (0, 0)] {
            assert_eq!(SlotBlock::anonymous(4 * PAGE_BYTES).unwrap().cut(bytes, lines).count(), 0);
        }
    }
}
