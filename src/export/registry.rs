//! The host's functions by the names under which they are registered: exporters, formatters, providers of headers, samplers. They
//! come and go while others use them: one that is removed is not called any more, and is let go of once, when the last call
//! of it has ended. A thread that is inside of one is known, since some of the library's own functions would wait for it.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;

use super::host::ExportCallback;
use super::injector::AttributeInjector;
use super::lines::FormatCallback;
use super::otlp::headers::HeaderProvider;
use crate::diagnostics::{DiagnosticHandler, Line, Listener};
use crate::otlp::value::Attribute;
use crate::sys::fork;

/// What a sampler of the host's is asked: about a session that is to start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SamplingQuestion<'a> {
    pub(crate) trace_id: [u8; 16],
    /// The parent's span id and W3C trace flags.
    pub(crate) parent: Option<([u8; 8], u8)>,
    /// The parent's `tracestate`, or empty.
    pub(crate) trace_state: &'a str,
    pub(crate) name: &'a str,
    pub(crate) attributes: &'a [Attribute<'a>],
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SamplingAnswer {
    pub(crate) is_kept: bool,
    /// A `tracestate` in place of the parent's.
    pub(crate) trace_state: Option<String>,
}

/// A sampler of the host's.
pub(crate) trait SamplerCallback: Send + Sync {
    fn decide(&self, question: &SamplingQuestion<'_>) -> SamplingAnswer;
}

/// What a function of the host's has observed: a value and its attributes.
pub(crate) type Observation = (f64, Vec<KeyValue>);

/// An observable gauge of the host's.
pub(crate) trait ObservableCallback: Send + Sync {
    fn unit(&self) -> &str;
    fn description(&self) -> &str;
    fn observe(&self) -> Vec<Observation>;
}

thread_local! {
    /// In how many of the host's functions this thread is, and at which number of forks.
    static INSIDE: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// Whether the host's code that runs now was called by the library in this process.
pub(crate) fn is_in_callback() -> bool {
    let (depth, forks) = INSIDE.try_with(Cell::get).unwrap_or_default();
    depth > 0 && forks == fork::generation()
}

/// Marks the thread as being in a function of the host's until it is dropped.
struct Inside {
    before: (u32, u32),
}

impl Inside {
    fn enter() -> Self {
        let before = INSIDE.try_with(Cell::get).unwrap_or_default();
        let depth = if is_in_callback() { before.0 } else { 0 };
        let _ = INSIDE.try_with(|inside| inside.set((depth + 1, fork::generation())));
        Self { before }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.set(self.before));
    }
}

/// Tells the host that its function is not used any more.
pub(crate) type LetGo = Arc<dyn Fn() + Send + Sync>;

/// One function of the host's, and who is in it.
pub(crate) struct Registered<T: ?Sized> {
    callback: Arc<T>,
    let_go: LetGo,
    state: Mutex<State>,
    /// Signalled when a call has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    callers: Vec<ThreadId>,
    removed: bool,
    /// Some thread tells the host, or has told it.
    going: bool,
    gone: bool,
}

impl<T: ?Sized> Registered<T> {
    fn new(callback: Arc<T>, let_go: LetGo) -> Arc<Self> {
        Arc::new(Self { callback, let_go, state: Mutex::default(), ended: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls it, unless it was removed.
    pub(crate) fn call<R>(&self, run: impl FnOnce(&T) -> R) -> Option<R> {
        /// The end of a call, however it comes.
        struct Call<'r, T: ?Sized>(&'r Registered<T>);
        impl<T: ?Sized> Drop for Call<'_, T> {
            fn drop(&mut self) {
                let own = std::thread::current().id();
                let mut state = self.0.lock();
                if let Some(place) = state.callers.iter().position(|caller| *caller == own) {
                    state.callers.swap_remove(place);
                }
                self.0.finish(state);
            }
        }

        {
            let mut state = self.lock();
            if state.removed {
                return None;
            }
            state.callers.push(std::thread::current().id());
        }
        let _call = Call(self);
        let _inside = Inside::enter();
        Some(run(&self.callback))
    }

    /// Has no call begin any more.
    fn remove(&self) {
        let mut state = self.lock();
        state.removed = true;
        self.finish(state);
    }

    /// Tells the host once nobody is in it and nobody will be.
    fn finish(&self, mut state: MutexGuard<'_, State>) {
        let is_over = state.removed && state.callers.is_empty() && !state.going;
        state.going |= is_over;
        drop(state);
        if is_over {
            let inside = Inside::enter();
            (self.let_go)();
            drop(inside);
            self.lock().gone = true;
        }
        self.ended.notify_all();
    }

    /// Waits until no other thread is in it, once it was removed; false when that takes longer than allowed.
    fn wait_ended(&self, timeout: Duration) -> bool {
        let own = std::thread::current().id();
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock();
        while state.callers.iter().any(|caller| *caller != own) || state.callers.is_empty() && !state.gone {
            let left =
                deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// How a removal went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// Nobody is in it, but for the caller.
    Done,
    /// There was none.
    NotFound,
    /// A call of it is still under way.
    UnderWay,
}

type Functions<T> = HashMap<String, Arc<Registered<T>>>;

/// Functions of one kind by their names. Whoever looks one up does not keep a fork from copying them.
pub(crate) struct Registry<T: ?Sized>(RwLock<Functions<T>>);

impl<T: ?Sized> Default for Registry<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: ?Sized> fmt::Debug for Registry<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Registry")
    }
}

impl<T: ?Sized> Registry<T> {
    fn write(&self) -> RwLockWriteGuard<'_, Functions<T>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a function in place of the one before, which is let go of when calls of it that are under way have ended.
    pub(crate) fn set(&self, name: &str, callback: Arc<T>, let_go: LetGo) {
        let before = self.write().insert(name.to_owned(), Registered::new(callback, let_go));
        // Without the lock: letting go calls the host, which may register another one.
        if let Some(before) = before {
            before.remove();
        }
    }

    /// Takes a function away, and waits for calls of it on other threads.
    pub(crate) fn remove(&self, name: &str, timeout: Duration) -> Removal {
        let Some(found) = self.take(name) else { return Removal::NotFound };
        found.remove();
        if found.wait_ended(timeout) { Removal::Done } else { Removal::UnderWay }
    }

    /// The same without waiting.
    pub(crate) fn forget(&self, name: &str) {
        if let Some(found) = self.take(name) {
            found.remove();
        }
    }

    fn take(&self, name: &str) -> Option<Arc<Registered<T>>> {
        self.write().remove(name)
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(String, Arc<Registered<T>>)> {
        let functions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        functions.iter().map(|(name, function)| (name.clone(), Arc::clone(function))).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Registered<T>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Takes away what somebody is in, so that nobody else comes into it; gives the names.
    fn forget_those_under_way(&self) -> Vec<String> {
        let mut functions = self.write();
        let is_under_way = |function: &Registered<T>| !function.lock().callers.is_empty();
        let stuck: Vec<_> = functions.extract_if(|_, function| is_under_way(function)).collect();
        drop(functions);
        let forget = |(name, function): (String, Arc<Registered<T>>)| {
            function.remove();
            name
        };
        stuck.into_iter().map(forget).collect()
    }

    /// The same functions for a forked child, with nobody in them; `None`: another thread was changing them at the time of
    /// the fork, and its lock stays held.
    fn try_copy(&self) -> Option<Self> {
        let functions = self.0.try_read().ok()?;
        let copy = |(name, function): (&String, &Arc<Registered<T>>)| {
            (name.clone(), Registered::new(Arc::clone(&function.callback), Arc::clone(&function.let_go)))
        };
        Some(Self(RwLock::new(functions.iter().map(copy).collect())))
    }
}

/// The name of the one diagnostic handler.
pub(crate) const DIAGNOSTIC_HANDLER: &str = "diagnostics";

impl Listener for Registry<dyn DiagnosticHandler> {
    fn is_there(&self) -> bool {
        self.get(DIAGNOSTIC_HANDLER).is_some()
    }

    fn tell(&self, line: &Line, left_out: u64) {
        if let Some(handler) = self.get(DIAGNOSTIC_HANDLER) {
            handler.call(|handler| handler.handle(line, left_out));
        }
    }
}

/// Everything that the host has registered.
#[derive(Debug, Default)]
pub(crate) struct Callbacks {
    pub(crate) exporters: Arc<Registry<dyn ExportCallback>>,
    pub(crate) formatters: Arc<Registry<dyn FormatCallback>>,
    /// By the exporter's name.
    pub(crate) header_providers: Arc<Registry<dyn HeaderProvider>>,
    pub(crate) samplers: Arc<Registry<dyn SamplerCallback>>,
    pub(crate) injectors: Arc<Registry<dyn AttributeInjector>>,
    /// By the instrument's name.
    pub(crate) observables: Arc<Registry<dyn ObservableCallback>>,
    /// One at most, under `DIAGNOSTIC_HANDLER`.
    pub(crate) diagnostic_handlers: Arc<Registry<dyn DiagnosticHandler>>,
}

impl Callbacks {
    /// The same for a forked child, as far as it can be had.
    pub(crate) fn copy_for_child(&self) -> Self {
        Self {
            exporters: Arc::new(self.exporters.try_copy().unwrap_or_default()),
            formatters: Arc::new(self.formatters.try_copy().unwrap_or_default()),
            header_providers: Arc::new(self.header_providers.try_copy().unwrap_or_default()),
            samplers: Arc::new(self.samplers.try_copy().unwrap_or_default()),
            injectors: Arc::new(self.injectors.try_copy().unwrap_or_default()),
            observables: Arc::new(self.observables.try_copy().unwrap_or_default()),
            diagnostic_handlers: Arc::new(self.diagnostic_handlers.try_copy().unwrap_or_default()),
        }
    }

    /// Takes away exporters, formatters and observable gauges that do not return, since a later start of the library must not call them a
    /// second time meanwhile; gives what they are, in words.
    pub(super) fn forget_those_under_way(&self) -> Vec<String> {
        let exporters = self.exporters.forget_those_under_way();
        let formatters = self.formatters.forget_those_under_way();
        let observables = self.observables.forget_those_under_way();
        let observables =
            observables.iter().map(|name| format!("observable gauge `{name}` has not returned"));
        let exporters = exporters.iter().map(|name| format!("callback `{name}` has not returned"));
        exporters
            .chain(formatters.iter().map(|name| format!("formatter `{name}` has not returned")))
            .chain(observables)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    type Function = dyn Fn() + Send + Sync;

    fn counted() -> (Arc<AtomicU32>, LetGo) {
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        (
            count,
            Arc::new(move || {
                counted.fetch_add(1, Ordering::Relaxed);
            }),
        )
    }

    fn nothing() -> Arc<Function> {
        Arc::new(|| {})
    }

    #[test]
    fn what_is_replaced_or_removed_is_let_go_of_once_and_called_no_more() {
        let registry = Registry::<Function>::default();
        let (first, let_first_go) = counted();
        let (second, let_second_go) = counted();
        registry.set("a", nothing(), let_first_go);
        let held = registry.get("a").unwrap();
        assert_eq!(held.call(|function| function()), Some(()));
        registry.set("a", nothing(), let_second_go);
        assert_eq!(first.load(Ordering::Relaxed), 1);
        assert_eq!(held.call(|function| function()), None);
        assert_eq!(registry.remove("a", Duration::ZERO), Removal::Done);
        assert_eq!(registry.remove("a", Duration::ZERO), Removal::NotFound);
        drop(held);
        assert_eq!((first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)), (1, 1));
    }

    #[test]
    fn a_removal_waits_for_a_call_under_way_and_lets_go_after_it() {
        let registry = Arc::new(Registry::<Function>::default());
        let (gone, let_go) = counted();
        let (inside, is_inside) = channel();
        let (leave, may_leave) = channel::<()>();
        let may_leave = Mutex::new(may_leave);
        let function: Arc<Function> = Arc::new(move || {
            inside.send(()).unwrap();
            may_leave.lock().unwrap().recv().unwrap();
        });
        registry.set("a", function, let_go);
        let held = registry.get("a").unwrap();
        let caller = std::thread::spawn(move || held.call(|function| function()));
        is_inside.recv().unwrap();
        assert_eq!(registry.remove("a", Duration::from_millis(1)), Removal::UnderWay);
        assert_eq!(gone.load(Ordering::Relaxed), 0);
        leave.send(()).unwrap();
        assert_eq!(caller.join().unwrap(), Some(()));
        assert_eq!(gone.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn one_that_removes_itself_does_not_wait_for_itself() {
        let registry = Arc::new(Registry::<Function>::default());
        let (gone, let_go) = counted();
        let own = Arc::downgrade(&registry);
        let seen = Arc::clone(&gone);
        let function: Arc<Function> = Arc::new(move || {
            assert!(is_in_callback());
            assert_eq!(own.upgrade().unwrap().remove("a", Duration::MAX), Removal::Done);
            assert_eq!(seen.load(Ordering::Relaxed), 0);
        });
        registry.set("a", function, let_go);
        let held = registry.get("a").unwrap();
        assert_eq!(held.call(|function| function()), Some(()));
        assert_eq!(gone.load(Ordering::Relaxed), 1);
        assert!(!is_in_callback());
        assert_eq!(held.call(|function| function()), None);
    }

    #[test]
    fn what_does_not_return_is_taken_away_and_all_else_stays() {
        let registry = Registry::<Function>::default();
        let (gone, let_go) = counted();
        let (kept, let_kept_go) = counted();
        registry.set("stuck", nothing(), let_go);
        registry.set("kept", nothing(), let_kept_go);
        let held = registry.get("stuck").unwrap();
        held.call(|_| {
            assert_eq!(registry.forget_those_under_way(), ["stuck"]);
            assert!(registry.get("stuck").is_none() && registry.get("kept").is_some());
            assert_eq!(gone.load(Ordering::Relaxed), 0);
        });
        assert_eq!((gone.load(Ordering::Relaxed), kept.load(Ordering::Relaxed)), (1, 0));
    }

    #[test]
    fn a_childs_copy_is_let_go_of_for_itself() {
        let registry = Registry::<Function>::default();
        let (gone, let_go) = counted();
        registry.set("a", nothing(), let_go);
        let copy = registry.get("a").unwrap().call(|_| registry.try_copy().unwrap()).unwrap();
        assert_eq!(copy.remove("a", Duration::ZERO), Removal::Done);
        assert_eq!(gone.load(Ordering::Relaxed), 1);
        assert!(registry.get("a").is_some());
    }
}
