//! What every call goes through: this thread's state (the library instance it last saw, its random generator, its arena,
//! its last error), a barrier that no panic crosses, and the one place where an error becomes a status. Nothing is
//! printed: the panic hook stays silent for panics inside a guard and passes all others on.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use bumpalo::Bump;

use super::global;
use super::status::{self, agentotel_status};
use crate::event::data::SpanContext;
use crate::manager::{Caller, Error, OtelManager};
use crate::otlp::Signal;
use crate::sys::{fork, thread};

/// An arena larger than this is not kept for the thread's next call.
const MOST_KEPT_ARENA_BYTES: usize = 65_536;
/// The same for a list of so many events.
const MOST_KEPT_BATCH: usize = 4096;
/// An arena starts with this much, enough for an ordinary event.
const ARENA_BYTES: usize = 8192;

/// What an event may take to be encoded without more ado.
const SCRATCH_BYTES: usize = 4096;

/// What a thread keeps between calls.
pub(crate) struct ThreadState {
    instance: Option<(u64, Arc<OtelManager>)>,
    forks: u32,
    pub(crate) caller: Caller,
    pub(crate) arena: Bump,
    scratch: Box<[u8]>,
    /// What was recorded of an array so far.
    batch: Vec<SpanContext>,
    last_error: String,
}

impl ThreadState {
    /// The state of a thread that calls for the first time.
    #[cold]
    fn first() -> Box<Self> {
        install_quiet_hook();
        Self::new()
    }

    fn new() -> Box<Self> {
        Box::new(Self {
            instance: None,
            forks: fork::generation(),
            caller: Caller::new(),
            arena: Bump::with_capacity(ARENA_BYTES),
            scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
            batch: Vec::new(),
            last_error: String::new(),
        })
    }

    /// The running instance, or why there is none, with what else a call needs.
    #[inline]
    pub(crate) fn parts(&mut self) -> Result<Parts<'_>, Error> {
        if self.forks != fork::generation() {
            self.forget_parent();
        }
        let version = global::version();
        if !matches!(&self.instance, Some((seen, _)) if *seen == version) {
            self.instance = Some((version, global::instance()?));
        }
        match &self.instance {
            Some((_, manager)) => Ok(Parts {
                manager,
                caller: &mut self.caller,
                arena: &self.arena,
                scratch: &mut self.scratch,
            }),
            None => Err(Error::NotInitialized),
        }
    }

    /// The same when the thread has seen the instance before, and nothing else has to be done.
    #[inline(always)]
    pub(crate) fn parts_at_hand(&mut self) -> Option<(&OtelManager, &mut Caller)> {
        match &self.instance {
            Some((seen, manager)) if *seen == global::version() && self.forks == fork::generation() => {
                Some((manager, &mut self.caller))
            }
            _ => None,
        }
    }

    /// An empty list for the contexts of an array's events, with the room of the last one.
    pub(crate) fn take_batch(&mut self) -> Vec<SpanContext> {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        batch
    }

    /// Keeps the room of such a list for the next.
    pub(crate) fn keep_batch(&mut self, batch: Vec<SpanContext>) {
        if batch.capacity() <= MOST_KEPT_BATCH {
            self.batch = batch;
        }
    }

    /// In a forked child, what came from the parent is left alone, not even dropped: its locks may be held by threads
    /// that do not exist here.
    #[cold]
    fn forget_parent(&mut self) {
        std::mem::forget(self.instance.take());
        std::mem::forget(std::mem::replace(&mut self.caller, Caller::new()));
        self.forks = fork::generation();
    }
}

/// What a call works with.
pub(crate) struct Parts<'t> {
    pub(crate) manager: &'t OtelManager,
    pub(crate) caller: &'t mut Caller,
    pub(crate) arena: &'t Bump,
    /// Where a plain event is encoded.
    pub(crate) scratch: &'t mut [u8],
}

impl Parts<'_> {
    /// The shard that the thread keeps to.
    pub(crate) fn shard(&mut self) -> usize {
        self.manager.shard_of(self.caller)
    }

    /// Counts a call whose arguments are wrong, and passes the error on.
    #[cold]
    pub(crate) fn refused(mut self, signal: Signal, error: Error) -> Error {
        let shard = self.shard();
        self.manager.refused(shard, signal, error)
    }
}

/// What a thread's storage holds.
struct Slot {
    /// Taken out for the length of a call: a call from inside a call (out of a callback) finds none and makes its own.
    state: Cell<Option<Box<ThreadState>>>,
    /// How many guards the thread is in.
    guards: Cell<u32>,
}

thread_local! {
    static SLOT: Slot = const { Slot { state: Cell::new(None), guards: Cell::new(0) } };
}

/// Installs the quiet hook, once: panics inside a guard are reported by status, all others go where they went before.
fn install_quiet_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let is_ours = SLOT.try_with(|slot| slot.guards.get() > 0).unwrap_or(true) || thread::is_ours();
            if !is_ours {
                before(panic);
            }
        }));
    });
}

/// The words of a panic.
fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").to_owned()
}

/// Runs one call of the C interface. What all calls have in common is there once, not in each of them.
pub(crate) fn call(body: impl FnOnce(&mut ThreadState) -> Result<(), Error>) -> agentotel_status {
    let mut body = Some(body);
    call_by_reference(&mut |state| match body.take() {
        Some(body) => body(state),
        None => Ok(()),
    })
}

#[inline(never)]
fn call_by_reference(body: &mut dyn FnMut(&mut ThreadState) -> Result<(), Error>) -> agentotel_status {
    call_unless(|_| false, body)
}

/// The same for a call that is to cost least, unless `shortcut` does all that there is to do, and says so. That runs outside
/// the barrier: it must not panic.
#[inline]
pub(crate) fn call_unless(
    shortcut: impl FnOnce(&mut ThreadState) -> bool,
    body: impl FnOnce(&mut ThreadState) -> Result<(), Error>,
) -> agentotel_status {
    let ending;
    let slot = match SLOT.try_with(std::ptr::from_ref) {
        // SAFETY: the thread's storage is there until the thread ends, which it does not do before this call returns.
        Ok(slot) => unsafe { &*slot },
        // The thread is ending and its storage is gone: this call brings its own.
        Err(_) => {
            ending = Slot { state: Cell::new(None), guards: Cell::new(0) };
            &ending
        }
    };
    let mut state = slot.state.take().unwrap_or_else(ThreadState::first);
    if shortcut(&mut state) {
        slot.state.set(Some(state));
        return status::AGENTOTEL_OK;
    }
    guarded(slot, state, body)
}

#[inline]
fn guarded(
    slot: &Slot,
    mut state: Box<ThreadState>,
    body: impl FnOnce(&mut ThreadState) -> Result<(), Error>,
) -> agentotel_status {
    slot.guards.set(slot.guards.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(feature = "test-panic")]
        super::panic_test::fire();
        body(&mut state)
    }));
    slot.guards.set(slot.guards.get() - 1);
    let status = match result {
        Ok(Ok(())) => status::AGENTOTEL_OK,
        Ok(Err(error)) => failed(&mut state, &error),
        Err(panic) => {
            // Whatever the panic left half done goes with the old state.
            state = ThreadState::new();
            failed(&mut state, &Error::Internal(panic_message(&*panic)))
        }
    };
    if state.arena.allocated_bytes() > MOST_KEPT_ARENA_BYTES {
        state.arena = Bump::with_capacity(ARENA_BYTES);
    } else {
        state.arena.reset();
    }
    slot.state.set(Some(state));
    status
}

#[cold]
fn failed(state: &mut ThreadState, error: &Error) -> agentotel_status {
    use std::fmt::Write;
    state.last_error.clear();
    let _ = write!(state.last_error, "{error}");
    status::of(error)
}

/// Runs `read` on this thread's last error (an empty text when there was none), which it leaves as it is.
pub(crate) fn with_last_error(read: impl FnOnce(&str) -> Result<(), Error>) -> agentotel_status {
    let message = SLOT.try_with(|slot| {
        let state = slot.state.take();
        let message = state.as_ref().map(|state| state.last_error.clone());
        slot.state.set(state);
        message
    });
    let message = message.ok().flatten().unwrap_or_default();
    let mut answer = status::AGENTOTEL_OK;
    let guarded = call(|state| {
        let read = read(&message);
        answer = read.as_ref().map_or_else(status::of, |()| status::AGENTOTEL_OK);
        state.last_error.clone_from(&message);
        Ok(())
    });
    if guarded == status::AGENTOTEL_OK { answer } else { guarded }
}
