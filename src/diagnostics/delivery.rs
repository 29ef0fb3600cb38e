//! Passes lines on to a handler of the host's, on a thread of their own, which starts with the first line: whoever says
//! something waits for nobody, and may hold locks. Lines come at a bounded rate; those that are too many, and those that
//! repeat the one before, are counted. What that thread says itself, out of the handler, is passed on to nobody.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Line;
use crate::sys::thread;

/// The thread's name.
const THREAD: &str = "agentotel-diag";
/// Lines that may come at once.
const MOST_AT_ONCE: u32 = 20;
/// One more after each of these.
const PAUSE: Duration = Duration::from_millis(500);

/// Who is told.
pub(crate) trait Listener: Send + Sync {
    /// Whether there is anybody.
    fn is_there(&self) -> bool;
    /// Tells a line; `left_out` came before it and were not told.
    fn tell(&self, line: &Line, left_out: u64);
}

thread_local! {
    /// Whether this thread is the one that tells.
    static IS_TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Lines that may come now, as time goes by.
struct Allowance {
    lines: u32,
    since: Instant,
}

impl Allowance {
    fn take(&mut self, now: Instant) -> bool {
        while self.lines < MOST_AT_ONCE && now.duration_since(self.since) >= PAUSE {
            self.lines += 1;
            self.since += PAUSE;
        }
        if self.lines == MOST_AT_ONCE {
            self.since = now;
        }
        let is_allowed = self.lines > 0;
        self.lines -= u32::from(is_allowed);
        is_allowed
    }
}

struct State {
    waiting: VecDeque<(Line, u64)>,
    /// Since the last one that waits.
    left_out: u64,
    allowance: Allowance,
    /// The thread is there.
    runs: bool,
    /// No more lines are taken; the thread ends when none waits.
    is_closing: bool,
}

/// What the speakers and the thread share.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_all(&self, listener: &dyn Listener) {
        IS_TELLING.set(true);
        let mut state = self.lock();
        loop {
            match state.waiting.pop_front() {
                Some((line, left_out)) => {
                    drop(state);
                    listener.tell(&line, left_out);
                    state = self.lock();
                }
                None if state.is_closing => break,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
        state.runs = false;
        drop(state);
        self.changed.notify_all();
    }
}

pub(super) struct Delivery {
    listener: Arc<dyn Listener>,
    shared: Arc<Shared>,
}

impl Delivery {
    pub(super) fn new(listener: Arc<dyn Listener>) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            left_out: 0,
            allowance: Allowance { lines: MOST_AT_ONCE, since: Instant::now() },
            runs: false,
            is_closing: false,
        };
        Self { listener, shared: Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }) }
    }

    /// Passes a line on, when somebody wants it.
    pub(super) fn pass_on(&self, line: Line, is_repeated: bool) {
        if IS_TELLING.try_with(Cell::get).unwrap_or(true) || !self.listener.is_there() {
            return;
        }
        let mut state = self.shared.lock();
        if state.is_closing {
            return;
        }
        if is_repeated || !state.allowance.take(Instant::now()) {
            state.left_out += 1;
            return;
        }
        let left_out = std::mem::take(&mut state.left_out);
        state.waiting.push_back((line, left_out));
        if state.runs {
            self.shared.changed.notify_all();
            return;
        }
        let (shared, listener) = (Arc::clone(&self.shared), Arc::clone(&self.listener));
        state.runs = thread::spawn(THREAD, move || shared.tell_all(&*listener)).is_ok();
        if !state.runs {
            // Without a thread there is nobody to tell it; the ring has it.
            state.waiting.clear();
            state.left_out += left_out + 1;
        }
    }

    /// Takes no more lines, and waits until those that came were told; false when that takes longer than allowed: then
    /// none but the one under way will be.
    pub(super) fn close(&self, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.shared.lock();
        state.is_closing = true;
        self.shared.changed.notify_all();
        while state.runs {
            let left =
                deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                state.waiting.clear();
                return false;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.shared.lock().is_closing = true;
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::config::Level;
    use crate::diagnostics::Diagnostics;

    const LONG: Duration = Duration::from_secs(20);

    /// Sends what it is told, and says something itself each time.
    struct Echo {
        told: Mutex<Sender<(String, u64)>>,
        own: OnceLock<std::sync::Weak<Diagnostics>>,
    }

    impl Listener for Echo {
        fn is_there(&self) -> bool {
            true
        }

        fn tell(&self, line: &Line, left_out: u64) {
            if let Some(own) = self.own.get().and_then(std::sync::Weak::upgrade) {
                own.say(Level::Error, &format!("because of {}", line.text));
            }
            self.told.lock().unwrap().send((line.text.clone(), left_out)).unwrap();
        }
    }

    fn echoed() -> (Arc<Diagnostics>, Receiver<(String, u64)>) {
        let (told, tells) = channel();
        let echo = Arc::new(Echo { told: Mutex::new(told), own: OnceLock::new() });
        let diagnostics =
            Arc::new(Diagnostics::with_listener(Level::Warn, Arc::clone(&echo) as Arc<dyn Listener>));
        echo.own.set(Arc::downgrade(&diagnostics)).unwrap();
        (diagnostics, tells)
    }

    #[test]
    fn what_the_handler_causes_is_in_the_ring_alone() {
        let (diagnostics, tells) = echoed();
        diagnostics.say(Level::Warn, "first");
        diagnostics.say(Level::Info, "below the level");
        assert!(diagnostics.close(LONG));
        assert_eq!(tells.try_iter().collect::<Vec<_>>(), [("first".to_owned(), 0)]);
        assert!(diagnostics.text().contains("error: because of first"));
        diagnostics.say(Level::Warn, "after the end");
        assert!(tells.try_recv().is_err());
        assert!(diagnostics.text().contains("after the end"));
    }

    #[test]
    fn lines_that_repeat_or_are_too_many_are_counted() {
        let (diagnostics, tells) = echoed();
        for _ in 0..5 {
            diagnostics.say(Level::Warn, "again");
        }
        for number in 0..1000 {
            diagnostics.say(Level::Warn, &format!("line {number}"));
        }
        assert!(diagnostics.close(LONG));
        let told: Vec<_> = tells.try_iter().collect();
        assert_eq!(told[0], ("again".to_owned(), 0));
        // What the handler says comes in between, so that the last repetitions may be lines of their own.
        let lines = told.len() as u64 + told.iter().map(|(_, left_out)| left_out).sum::<u64>();
        assert!((20..100).contains(&told.len()) && lines <= 1005, "{} lines", told.len());
    }

    #[test]
    fn the_allowance_grows_with_time_up_to_its_bound() {
        let start = Instant::now();
        let mut allowance = Allowance { lines: MOST_AT_ONCE, since: start };
        let mut taken = |at: Duration| (0..100).filter(|_| allowance.take(start + at)).count();
        assert_eq!(taken(Duration::ZERO), 20);
        assert_eq!(taken(PAUSE / 2), 0);
        assert_eq!(taken(PAUSE * 3), 3);
        assert_eq!(taken(PAUSE * 1000), 20);
        assert_eq!(taken(PAUSE * 1001), 1);
    }

    #[test]
    fn a_handler_that_does_not_return_is_not_waited_for_longer_than_allowed() {
        struct Stuck(Mutex<Receiver<()>>, Sender<()>);
        impl Listener for Stuck {
            fn is_there(&self) -> bool {
                true
            }
            fn tell(&self, _: &Line, _: u64) {
                self.1.send(()).unwrap();
                let _ = self.0.lock().unwrap().recv();
            }
        }
        let (leave, may_leave) = channel();
        let (inside, is_inside) = channel();
        let diagnostics =
            Diagnostics::with_listener(Level::Warn, Arc::new(Stuck(Mutex::new(may_leave), inside)));
        diagnostics.say(Level::Warn, "first");
        is_inside.recv_timeout(LONG).unwrap();
        diagnostics.say(Level::Warn, "second");
        assert!(!diagnostics.close(Duration::from_millis(10)));
        drop(leave);
        assert!(diagnostics.close(LONG));
        assert!(is_inside.try_recv().is_err(), "it was called after the end");
    }
}
