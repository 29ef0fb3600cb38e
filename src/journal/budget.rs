//! The bytes that files may take: those of this process, whatever stands in them, and those that others have left in the
//! directory. A file is made only when its bytes are had from here, and gives them back when it is removed.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct FileBudget {
    most: u64,
    own: AtomicU64,
    /// Bytes that others have, as of the last look.
    others: AtomicU64,
}

impl FileBudget {
    /// Room for `most` bytes, none of them taken.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, own: AtomicU64::new(0), others: AtomicU64::new(0) }
    }

    /// Takes `bytes`, when they are there.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let left = self.most.saturating_sub(self.others.load(Ordering::Relaxed));
        let taken = |own: u64| own.checked_add(bytes).filter(|sum| *sum <= left);
        self.own.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }

    /// All that there is to take.
    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// Gives `bytes` back that were taken.
    pub(crate) fn give_back(&self, bytes: u64) {
        self.own.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Says how many bytes others have.
    pub(crate) fn set_others(&self, bytes: u64) {
        self.others.store(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is_whoever_has_it() {
        let budget = FileBudget::new(100);
        assert!(budget.take(60) && !budget.take(41) && budget.take(40));
        budget.give_back(40);
        budget.set_others(30);
        assert!(!budget.take(11) && budget.take(10));
        budget.set_others(u64::MAX);
        assert!(!budget.take(1) && !budget.take(u64::MAX));
    }
}
