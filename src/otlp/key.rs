//! Keys that are known beforehand: each with the bytes that an attribute of a span begins with, so that writing it is a copy
//! of a few registers.

use super::span::ATTRIBUTES;
use super::value::{KEY, fingerprint};

/// Bytes of a start: as many as the longest key takes, and a multiple of what a register holds.
pub(crate) const START_BYTES: usize = 56;
/// Tags and lengths in front of the key: the attribute's and the key's.
const FRAME: usize = 4;
/// Where the attribute's length stands.
pub(crate) const LENGTH_AT: usize = 1;
/// Where the key's length stands.
const KEY_LENGTH_AT: usize = 3;

/// A key, encoded. The attribute's length, which the value decides, is left open.
pub(crate) struct Key {
    start: [u8; START_BYTES],
    fingerprint: u16,
}

impl Key {
    /// Stands where there is none.
    pub(crate) const NONE: Self = Self { start: [0; START_BYTES], fingerprint: 0 };

    /// Encodes a key.
    #[cfg_attr(
        not(test),
        expect(
            clippy::indexing_slicing,
            reason = "runs in the compiler, which does not accept a wrong index"
        )
    )]
    pub(crate) const fn new(text: &'static str) -> Self {
        let key = text.as_bytes();
        assert!(!key.is_empty() && key.len() <= START_BYTES - FRAME, "a key of another length");
        let mut start = [0; START_BYTES];
        start[0] = ATTRIBUTES as u8;
        start[2] = KEY as u8;
        start[KEY_LENGTH_AT] = key.len() as u8;
        let mut at = 0;
        while at < key.len() {
            assert!(key[at].is_ascii(), "a key that is not ASCII");
            start[FRAME + at] = key[at];
            at += 1;
        }
        Self { start, fingerprint: fingerprint(key) as u16 }
    }

    /// Whether it stands for none.
    #[inline(always)]
    pub(crate) const fn is_none(&self) -> bool {
        self.bytes() == 0
    }

    /// Bytes of the key.
    #[inline(always)]
    pub(crate) const fn bytes(&self) -> usize {
        self.start[KEY_LENGTH_AT] as usize
    }

    /// The key.
    pub(crate) fn text(&'static self) -> &'static [u8] {
        self.start.get(FRAME..FRAME + self.bytes()).unwrap_or_default()
    }

    /// What an attribute begins with; behind so many bytes of it there is nothing.
    #[inline(always)]
    pub(super) fn start(&self) -> (&[u8; START_BYTES], usize) {
        (&self.start, FRAME + self.bytes())
    }

    /// What `fingerprint` gives for it.
    #[inline(always)]
    pub(super) fn fingerprint(&self) -> u16 {
        self.fingerprint
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.start.get(FRAME..FRAME + self.bytes()).unwrap_or_default();
        write!(formatter, "{:?}", String::from_utf8_lossy(key))
    }
}

/// A key that is known where this is compiled.
macro_rules! key {
    ($text:expr) => {
        const { &$crate::otlp::key::Key::new($text) }
    };
}
pub(crate) use key;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_an_attribute_of_a_span_begins_with() {
        let key = key!("agent.name");
        assert_eq!((key.text(), key.bytes(), key.is_none()), (&b"agent.name"[..], 10, false));
        let (start, length) = key.start();
        assert_eq!(&start[..length], b"\x4a\0\x0a\x0aagent.name");
        assert_eq!(u64::from(key.fingerprint()), fingerprint(b"agent.name"));
        assert_eq!(format!("{key:?}"), "\"agent.name\"");
        assert!(Key::NONE.is_none());
    }
}
