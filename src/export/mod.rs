//! The ExportManager: one worker thread that takes frames out of the journal and brings them where they belong. Every
//! exporter and signal is a lane (`lane`) with cursors, batch (`batch`), retry (`backoff`) and health of its own; the
//! worker (`worker`) wakes them. Transports (`otlp`, `file`, `console`) get a finished request and say what became
//! of it (`outcome`); they know neither journal nor counters.

mod backoff;
mod batch;
mod calendar;
mod console;
mod duty;
mod file;
pub(crate) mod health;
mod lane;
mod otlp;
mod outcome;
mod printable;
#[cfg(test)]
mod scripted_server;
mod sent;
mod settings;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::config::Config;
use crate::diagnostics::Diagnostics;
use crate::journal::Journal;
use crate::journal::accounting::LaneCounters;
use crate::journal::cursor::{LaneId, Position};
use crate::otlp::Signal;
use crate::otlp::request::RequestHeader;
use crate::sys::thread;

pub(crate) use self::duty::Duty;
use self::health::LaneHealth;
pub(crate) use self::otlp::headers::{HeaderProvider, HeaderProviders};
#[cfg(feature = "fuzzing")]
pub(crate) use self::otlp::read_all_ways as read_reply;

/// Why the worker could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("exporter `{name}`: {why}")]
    Settings { name: String, why: String },
    #[error("the export worker could not be started: {0}")]
    Worker(#[from] std::io::Error),
}

/// A lane as the outside sees it.
pub(crate) struct LaneEntry {
    pub(crate) id: LaneId,
    pub(crate) exporter: String,
    pub(crate) signal: Signal,
    pub(crate) health: Arc<LaneHealth>,
}

/// What a dead process had left for one exporter and signal: it goes out through that one's transport, under a
/// resource of its own.
#[derive(Clone)]
pub(crate) struct Adopted {
    pub(crate) lane: LaneId,
    pub(crate) header: RequestHeader,
    pub(crate) journal: Arc<Journal>,
}

/// What other threads tell the worker.
#[derive(Default)]
pub(crate) struct Control {
    /// Journals of dead processes that lanes are wanted for.
    adopted: Mutex<Vec<Adopted>>,
    pub(crate) notify: Notify,
    /// Raised by every flush.
    pub(crate) flushes: AtomicU64,
    /// Set once, by shutdown: when to stop at the latest, and whether end points that are down are waited for.
    pub(crate) stop: Mutex<Option<Stop>>,
    finished: Mutex<bool>,
    finishing: Condvar,
}

/// How to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    pub(crate) deadline: Instant,
    /// Give a lane up as soon as its end point is known to be down.
    pub(crate) leave_down: bool,
}

impl Control {
    pub(crate) fn stop(&self) -> Option<Stop> {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_finished(&self) {
        *self.finished.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.finishing.notify_all();
    }

    fn wait_finished(&self, deadline: Instant) -> bool {
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        while !*finished {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return false;
            };
            finished = self.finishing.wait_timeout(finished, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Counters of an adopted journal: nobody has offered what is in it, it was recovered.
fn as_recovered(counters: LaneCounters) -> LaneCounters {
    LaneCounters { accepted: 0, recovered: counters.accepted, ..counters }
}

/// What shutdown's own bookkeeping may take beyond its deadline; the promise is a quarter of a second.
const STOP_GRACE: Duration = Duration::from_millis(150);

/// What dead processes had left, as far as it has been taken up.
#[derive(Default)]
struct Recovered {
    running: Vec<(LaneId, Arc<Journal>)>,
    /// The counters of what is finished.
    finished: Vec<(LaneId, LaneCounters)>,
}

pub(crate) struct ExportManager {
    journal: Arc<Journal>,
    control: Arc<Control>,
    lanes: Vec<LaneEntry>,
    recovered: Mutex<Recovered>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl ExportManager {
    /// Attaches the configured exporters to the journal and starts the worker, which does `duty` beside. `providers` may
    /// come and go. Without exporters there is no worker, and the duty is not done.
    pub(crate) fn start(
        config: &Config,
        header: RequestHeader,
        journal: Arc<Journal>,
        control: Arc<Control>,
        diagnostics: Arc<Diagnostics>,
        duty: Option<Duty>,
        providers: &Arc<HeaderProviders>,
    ) -> Result<Self, StartError> {
        let mut lanes = Vec::new();
        let mut plans = Vec::new();
        for exporter in &config.exporters {
            let exporter_plans = settings::plans(exporter, providers, &diagnostics)
                .map_err(|why| StartError::Settings { name: exporter.name.clone(), why })?;
            for plan in exporter_plans {
                let id = LaneId(u32::try_from(lanes.len()).unwrap_or(u32::MAX));
                let health = Arc::new(LaneHealth::default());
                journal.attach_named(id, &exporter.name, plan.signal);
                lanes.push(LaneEntry {
                    id,
                    exporter: exporter.name.clone(),
                    signal: plan.signal,
                    health: Arc::clone(&health),
                });
                plans.push((id, plan, health));
            }
        }
        let thread = if plans.is_empty() {
            control.set_finished();
            None
        } else {
            let (journal, control) = (Arc::clone(&journal), Arc::clone(&control));
            let (worker, runtime) = worker::Worker::new(plans, header, journal, control, diagnostics, duty)?;
            Some(thread::spawn("agentotel-io", move || worker.run(runtime))?)
        };
        Ok(Self { journal, control, lanes, recovered: Mutex::default(), thread: Mutex::new(thread) })
    }

    /// The lane of an exporter and signal.
    pub(crate) fn lane(&self, exporter: &str, signal: Signal) -> Option<&LaneEntry> {
        self.lanes.iter().find(|lane| lane.signal == signal && lane.exporter == exporter)
    }

    /// All of them.
    pub(crate) fn lanes(&self) -> &[LaneEntry] {
        &self.lanes
    }

    /// What a lane has come to, with what dead processes had left for it.
    pub(crate) fn counters(&self, lane: &LaneEntry) -> LaneCounters {
        let mut sum = self.journal.lane_counters(lane.id);
        let recovered = self.recovered.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, journal) in recovered.running.iter().filter(|(id, _)| *id == lane.id) {
            sum += &as_recovered(journal.lane_counters(lane.id));
        }
        for (_, counters) in recovered.finished.iter().filter(|(id, _)| *id == lane.id) {
            sum += counters;
        }
        sum
    }

    /// Sends what a dead process had left, beside everything else.
    pub(crate) fn adopt(&self, adopted: Adopted) {
        let running = (adopted.lane, Arc::clone(&adopted.journal));
        self.recovered.lock().unwrap_or_else(PoisonError::into_inner).running.push(running);
        self.control.adopted.lock().unwrap_or_else(PoisonError::into_inner).push(adopted);
        self.control.notify.notify_one();
    }

    /// Tells the lane of an adopted journal that there is something new in it.
    pub(crate) fn announce_adopted(&self) {
        self.control.notify.notify_one();
    }

    /// Lets an adopted journal go; its counters stay.
    pub(crate) fn dismiss(&self, lane: LaneId, journal: &Arc<Journal>) {
        journal.close();
        let mut recovered = self.recovered.lock().unwrap_or_else(PoisonError::into_inner);
        recovered.running.retain(|(_, running)| !Arc::ptr_eq(running, journal));
        let counters = as_recovered(journal.lane_counters(lane));
        match recovered.finished.iter_mut().find(|(id, _)| *id == lane) {
            Some((_, sum)) => *sum += &counters,
            None => recovered.finished.push((lane, counters)),
        }
        drop(recovered);
        self.control.notify.notify_one();
    }

    fn settled(&self, heads: &[Position]) -> bool {
        self.lanes.iter().all(|lane| self.journal.has_settled(lane.id, heads))
    }

    /// Delivers what is in the journal now; false when that took longer than allowed.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        self.journal.release_settled();
        let heads = self.journal.heads();
        self.control.flushes.fetch_add(1, Ordering::AcqRel);
        self.control.notify.notify_one();
        self.journal.wait_progress(Instant::now() + timeout, || self.settled(&heads))
    }

    /// Delivers what is left and stops the worker; the journal takes nothing new by now. False when something stayed
    /// pending.
    pub(crate) fn stop(&self, timeout: Duration, leave_down: bool) -> bool {
        let deadline = Instant::now() + timeout;
        *self.control.stop.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Stop { deadline, leave_down });
        self.control.notify.notify_one();
        let finished = self.control.wait_finished(deadline + STOP_GRACE);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|_| finished) {
            // It has said that it is done: there is nothing left in it that could wait.
            let _ = thread.join();
        }
        self.settled(&self.journal.heads())
    }

    /// What is pending, in words, and the last errors of those who have it.
    pub(crate) fn pending_words(&self) -> String {
        let words = self.lanes.iter().filter_map(|lane| {
            let pending = self.counters(lane).pending;
            let error = lane.health.last_error();
            let why = if error.is_empty() { String::new() } else { format!(" ({error})") };
            (pending > 0)
                .then(|| format!("{pending} {} for exporter `{}`{why}", lane.signal.name(), lane.exporter))
        });
        words.collect::<Vec<_>>().join("; ")
    }
}
