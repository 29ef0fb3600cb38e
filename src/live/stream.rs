//! What the chunks of a stream have said so far, joined, of an event whose output is recorded. It is kept in memory alone: a
//! secret of which a piece has arrived cannot be told from other text, so nothing of it goes into a slot before its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all streams of a process keep together.
const MOST_BYTES: usize = 32 << 20;

/// The bytes that streams may still keep.
#[derive(Clone)]
pub(crate) struct StreamMemory(Arc<AtomicUsize>);

impl StreamMemory {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(MOST_BYTES)))
    }

    /// Takes so many bytes, or fewer when there are not as many.
    fn take(&self, bytes: usize) -> usize {
        let taken = |left: usize| Some(left.saturating_sub(bytes));
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).unwrap_or(0);
        before.min(bytes)
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The joined text of one stream.
pub(crate) struct Stream {
    text: Vec<u8>,
    is_cut: bool,
    is_told: bool,
    memory: StreamMemory,
}

impl Stream {
    pub(crate) fn new(memory: &StreamMemory) -> Self {
        Self { text: Vec::new(), is_cut: false, is_told: false, memory: memory.clone() }
    }

    /// Adds a chunk, as far as the text stays within `most` bytes.
    pub(crate) fn add(&mut self, chunk: &[u8], most: usize) {
        if self.is_told || self.is_cut {
            return;
        }
        let room = most.saturating_sub(self.text.len()).min(chunk.len());
        let kept = chunk.get(..self.memory.take(room)).unwrap_or_default();
        self.text.extend_from_slice(kept);
        self.is_cut = kept.len() < chunk.len();
    }

    /// Notes that the event says itself what its output is: the chunks say nothing more.
    pub(crate) fn is_told_otherwise(&mut self) {
        self.is_told = true;
        self.memory.give_back(self.text.len());
        self.text = Vec::new();
    }

    /// The text, and whether it is not all of it; nothing when the event has said itself what it is.
    pub(crate) fn text(&self) -> Option<(&[u8], bool)> {
        (!self.is_told).then_some((&self.text, self.is_cut))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.memory.give_back(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(memory: &StreamMemory) -> usize {
        memory.0.load(Ordering::Relaxed)
    }

    #[test]
    fn chunks_are_joined_up_to_the_limit() {
        let memory = StreamMemory::new();
        let mut stream = Stream::new(&memory);
        stream.add(b"ab", 5);
        stream.add(b"", 5);
        assert_eq!(stream.text(), Some((&b"ab"[..], false)));
        stream.add(b"cdef", 5);
        assert_eq!(stream.text(), Some((&b"abcde"[..], true)));
        // What has a gap is no text.
        stream.add(b"g", 100);
        assert_eq!(stream.text(), Some((&b"abcde"[..], true)));
        assert_eq!(left(&memory), MOST_BYTES - 5);
        stream.is_told_otherwise();
        stream.add(b"h", 100);
        assert_eq!((stream.text(), left(&memory)), (None, MOST_BYTES));
    }

    #[test]
    fn all_streams_together_have_a_limit() {
        let memory = StreamMemory::new();
        let chunk = vec![b'x'; MOST_BYTES / 2 + 1];
        let (mut one, mut other) = (Stream::new(&memory), Stream::new(&memory));
        one.add(&chunk, usize::MAX);
        other.add(&chunk, usize::MAX);
        assert_eq!(other.text().map(|(text, is_cut)| (text.len(), is_cut)), Some((MOST_BYTES / 2 - 1, true)));
        assert_eq!(left(&memory), 0);
        drop(one);
        drop(other);
        assert_eq!(left(&memory), MOST_BYTES);
    }
}
