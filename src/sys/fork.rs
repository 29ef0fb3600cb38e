//! Fork detection. A handler that the C library runs in the child raises one number; whoever keeps state that must
//! not be shared with the parent (random generators, the running library) compares it. The handler stores
//! atomics, closes descriptors that a child must not keep, and does nothing else: in the child of a process with threads
//! little else is safe. A gate that forks and such descriptors pass one at a time keeps a fork out of the moment between
//! the opening of one and its entry.

use std::cell::Cell;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static INSTALLED: Once = Once::new();

/// Descriptors that a child must not keep, and `NONE`.
static CLOSED_IN_CHILD: [AtomicI32; 64] = [const { AtomicI32::new(NONE) }; 64];
const NONE: i32 = -1;

/// Held by a thread that forks, or that opens or closes a descriptor that children must not keep.
static GATE: AtomicBool = AtomicBool::new(false);
/// A fork waits no longer than this for the gate: one that a signal handler calls on top of its holder would wait for
/// ever. It goes on without; at worst its child keeps a descriptor until it ends.
const MOST_YIELDS: u32 = 100_000;

thread_local! {
    /// Whether a fork on this thread has the gate.
    static HAS_GATE: Cell<bool> = const { Cell::new(false) };
}

fn pass_gate(most_yields: u32) -> bool {
    for _ in 0..most_yields {
        if GATE.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Runs `work` while no thread forks.
fn without_forks<T>(work: impl FnOnce() -> T) -> T {
    let has_gate = pass_gate(MOST_YIELDS);
    let done = work();
    if has_gate {
        GATE.store(false, Ordering::Release);
    }
    done
}

extern "C" fn before() {
    HAS_GATE.set(pass_gate(MOST_YIELDS));
}

extern "C" fn in_parent() {
    if HAS_GATE.replace(false) {
        GATE.store(false, Ordering::Release);
    }
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Release);
    for place in &CLOSED_IN_CHILD {
        let descriptor = place.swap(NONE, Ordering::Relaxed);
        if descriptor != NONE {
            // SAFETY: close may be called from such a handler; the descriptor was entered by its owner, whose copy in this
            // process is leaked: nobody here uses or closes it.
            let _ = unsafe { libc::close(descriptor) };
        }
    }
    // Whoever had it does not exist here.
    HAS_GATE.set(false);
    GATE.store(false, Ordering::Release);
}

/// A descriptor that a forked child does not keep, not even one that never calls the library: a lock that it stands
/// for ends with the process that took it.
#[derive(Debug)]
pub(crate) struct CloseOnFork {
    descriptor: ManuallyDrop<OwnedFd>,
}

impl CloseOnFork {
    /// What `open` opens; no fork comes between that and the entry. The lock is taken afterwards.
    pub(crate) fn open(open: impl FnOnce() -> io::Result<OwnedFd>) -> io::Result<Self> {
        watch();
        without_forks(|| {
            let descriptor = open()?;
            let number = descriptor.as_raw_fd();
            // With more of them than places, a child holds some until it ends.
            let _ = CLOSED_IN_CHILD.iter().find(|place| {
                place.compare_exchange(NONE, number, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            });
            Ok(Self { descriptor: ManuallyDrop::new(descriptor) })
        })
    }
}

impl AsFd for CloseOnFork {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for CloseOnFork {
    fn drop(&mut self) {
        let number = self.descriptor.as_raw_fd();
        without_forks(|| {
            let _ = CLOSED_IN_CHILD.iter().find(|place| {
                place.compare_exchange(number, NONE, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            });
            // SAFETY: dropped here alone, and not used afterwards: the value that holds it is being dropped.
            unsafe { ManuallyDrop::drop(&mut self.descriptor) };
        });
    }
}

/// Installs the handlers, once per process. Call before the first state is made that must not survive a fork.
pub(crate) fn watch() {
    INSTALLED.call_once(|| {
        // SAFETY: plain functions that live as long as the library, which is never unloaded (linked with -z nodelete); they
        // store atomics and close descriptors of ours.
        let _ = unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}

/// How many forks lie between the process that loaded the library and this one.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Acquire)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `claim` holds in a forked child, where it may do no more than what is safe there.
    fn holds_in_child(claim: impl FnOnce() -> bool) -> bool {
        watch();
        // SAFETY: the child evaluates the claim and ends at once; the parent waits for it.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::_exit(i32::from(!claim()));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
        }
    }

    fn is_open(number: i32) -> bool {
        // SAFETY: asks about a number, whatever it is.
        unsafe { libc::fcntl(number, libc::F_GETFD) >= 0 }
    }

    fn null() -> io::Result<OwnedFd> {
        Ok(std::fs::File::open("/dev/null")?.into())
    }

    #[test]
    fn a_child_has_no_such_descriptor_and_keeps_all_others() {
        let closed = CloseOnFork::open(null).unwrap();
        let kept = null().unwrap();
        let (gone, there) = (closed.as_fd().as_raw_fd(), kept.as_raw_fd());
        assert!(holds_in_child(|| !is_open(gone) && is_open(there)));
        assert!(is_open(gone));
    }

    #[test]
    fn a_fork_in_the_middle_of_an_opening_goes_on_and_finds_the_gate_free() {
        let was_free = without_forks(|| holds_in_child(|| pass_gate(1)));
        assert!(was_free);
    }

    #[test]
    fn every_fork_is_a_generation() {
        let own = generation();
        assert!(holds_in_child(|| generation() == own + 1));
        assert_eq!(generation(), own);
    }
}
