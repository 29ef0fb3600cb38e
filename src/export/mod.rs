//! The ExportManager: one worker thread that takes frames out of the journal and brings them where they belong. Every
//! exporter and signal is a lane (`lane`) with cursors, batch (`batch`), retry (`backoff`) and health of its own; the
//! worker (`worker`) wakes them; they come and go (`attached`). Transports (`otlp`, `file`, `console`, `host`) get a
//! finished request and say what became of it (`outcome`); they know neither journal nor counters. What the host has
//! registered for them is in `registry`.

mod attached;
mod backoff;
mod batch;
mod calendar;
mod console;
mod duty;
mod file;
mod gate;
pub(crate) mod health;
pub(crate) mod host;
pub(crate) mod injector;
mod lane;
pub(crate) mod lines;
mod measures;
mod otlp;
mod outcome;
mod printable;
pub(crate) mod registry;
#[cfg(test)]
mod scripted_server;
mod sent;
mod settings;
mod tail;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::config::{Config, ExporterConfig};
use crate::diagnostics::Diagnostics;
use crate::journal::Journal;
use crate::journal::accounting::{Drop, LaneCounters};
use crate::journal::cursor::{LaneId, Position};
use crate::otlp::Signal;
use crate::otlp::request::RequestHeader;
use crate::sys::thread;

pub(crate) use self::attached::LaneEntry;
use self::attached::{Gate, Lanes};
pub(crate) use self::duty::Duty;
pub(crate) use self::measures::Measuring;
pub(crate) use self::otlp::files::read as read_secret_file;
pub(crate) use self::otlp::headers::HeaderProvider;
#[cfg(feature = "fuzzing")]
pub(crate) use self::otlp::read_all_ways as read_reply;
use self::outcome::Exporter;
pub(crate) use self::registry::Callbacks;
pub(crate) use self::tail::{RootSpan, TailRules};
use self::worker::{NewLane, Worker};

/// Why the worker could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("exporter `{name}`: {why}")]
    Settings { name: String, why: String },
    #[error("the export worker could not be started: {0}")]
    Worker(#[from] std::io::Error),
    #[error("the library is being shut down")]
    Stopped,
}

/// What a dead process had left for one exporter and signal: it goes out through that one's transport, under a
/// resource of its own.
pub(super) struct Adopted {
    lane: LaneId,
    header: RequestHeader,
    journal: Arc<Journal>,
}

/// What the worker is asked to do.
enum Request {
    Adopt(Adopted),
    Add(Vec<NewLane>),
    Remove(Vec<LaneId>),
}

/// What other threads tell the worker.
#[derive(Default)]
pub(crate) struct Control {
    requests: Mutex<Vec<Request>>,
    pub(crate) notify: Notify,
    /// Raised by every flush.
    pub(crate) flushes: AtomicU64,
    /// Raised by whoever waits until everything is settled: what is open is decided on then.
    settlements: AtomicU64,
    /// Raised by whoever wants a collection of metrics, and what it was when the last one that ended had begun.
    collections: AtomicU64,
    collected: AtomicU64,
    /// What was measured is in the journal for the last time: lanes that have nothing left may end.
    lanes_may_end: AtomicBool,
    /// Set once, by shutdown: when to stop at the latest, and whether end points that are down are waited for.
    pub(crate) stop: Mutex<Option<Stop>>,
    /// The worker has ended.
    finished: Gate,
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

    fn ask(&self, request: Request) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        self.notify.notify_one();
    }

    fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What shutdown's own bookkeeping may take beyond its deadline; the promise is a quarter of a second.
const STOP_GRACE: Duration = Duration::from_millis(150);

/// What the worker does beside running lanes.
#[derive(Default)]
pub(crate) struct BesideLanes {
    pub(crate) duty: Option<Duty>,
    /// Which sessions are exported; absent: all are.
    pub(crate) tail: Option<TailRules>,
    /// Who measures, and leaves what was measured in the journal.
    pub(crate) measuring: Option<Arc<dyn Measuring>>,
}

/// What is known of the worker.
enum WorkerState {
    /// It is not needed yet: there has been no exporter.
    Dormant {
        header: RequestHeader,
        beside: BesideLanes,
    },
    Running(JoinHandle<()>),
    Gone,
}

pub(crate) struct ExportManager {
    journal: Arc<Journal>,
    control: Arc<Control>,
    diagnostics: Arc<Diagnostics>,
    callbacks: Arc<Callbacks>,
    metrics: settings::MetricsPlan,
    measuring: Option<Arc<dyn Measuring>>,
    lanes: Lanes,
    worker: Mutex<WorkerState>,
    /// Functions of the host that have not returned when they should have.
    stuck: Mutex<Vec<String>>,
}

impl ExportManager {
    /// Attaches the configured exporters to the journal and starts the worker with what it does `beside`. `callbacks` may
    /// come and go. The worker starts with the first exporter; without one there is none, and the duty is not done.
    pub(crate) fn start(
        config: &Config,
        header: RequestHeader,
        journal: Arc<Journal>,
        control: Arc<Control>,
        diagnostics: Arc<Diagnostics>,
        beside: BesideLanes,
        callbacks: &Arc<Callbacks>,
    ) -> Result<Self, StartError> {
        let manager = Self {
            journal,
            control,
            diagnostics,
            callbacks: Arc::clone(callbacks),
            metrics: settings::MetricsPlan::new(&config.metrics),
            measuring: beside.measuring.clone(),
            lanes: Lanes::default(),
            worker: Mutex::new(WorkerState::Dormant { header, beside }),
            stuck: Mutex::default(),
        };
        let plans: Result<Vec<_>, StartError> =
            config.exporters.iter().map(|exporter| manager.plans(exporter)).collect();
        manager.run(plans?.into_iter().flatten().collect())?;
        Ok(manager)
    }

    fn plans(&self, exporter: &ExporterConfig) -> Result<Vec<settings::Plan>, StartError> {
        let refused = |why| StartError::Settings { name: exporter.name.clone(), why };
        let plans =
            settings::plans(exporter, self.metrics, &self.callbacks, &self.diagnostics).map_err(refused)?;
        let collects = |temporality| self.measuring.as_ref().is_none_or(|them| them.collects(temporality));
        if plans.iter().filter_map(settings::Plan::temporality).all(collects) {
            return Ok(plans);
        }
        let why = "temporality: not one that metrics are collected with since the start; accepted: that of \
                   `metrics`, or of an exporter that was there then";
        Err(refused(why.to_owned()))
    }

    /// Attaches lanes and has the worker run them.
    fn run(&self, plans: Vec<settings::Plan>) -> Result<(), StartError> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if self.control.stop().is_some() {
            return Err(StartError::Stopped);
        }
        let attach = |plan| (self.lanes.attach(&self.journal, &plan), plan);
        let lanes: Vec<NewLane> = plans.into_iter().map(attach).collect();
        if lanes.is_empty() {
            return Ok(());
        }
        match std::mem::replace(&mut *worker, WorkerState::Gone) {
            WorkerState::Dormant { header, beside } => {
                *worker = WorkerState::Running(self.start_worker(lanes, header, beside)?);
            }
            running => {
                *worker = running;
                self.control.ask(Request::Add(lanes));
            }
        }
        Ok(())
    }

    fn start_worker(
        &self,
        lanes: Vec<NewLane>,
        header: RequestHeader,
        beside: BesideLanes,
    ) -> std::io::Result<JoinHandle<()>> {
        let (journal, control) = (Arc::clone(&self.journal), Arc::clone(&self.control));
        let (worker, runtime) =
            Worker::new(lanes, header, journal, control, Arc::clone(&self.diagnostics), beside)?;
        thread::spawn("agentotel-io", move || worker.run(runtime))
    }

    /// Adds an exporter that gets what is recorded from now on.
    pub(crate) fn add(&self, exporter: &ExporterConfig) -> Result<(), StartError> {
        let plans = self.plans(exporter)?;
        self.run(plans).inspect_err(|_| {
            for lane in self.lanes.begin_leaving(&exporter.name) {
                self.lanes.detach(&self.journal, &lane);
            }
        })
    }

    /// Takes an exporter away, after what is recorded by now was delivered or the time is over. What is left is given up;
    /// says of what, in words, when that was not delivered in time. `None`: there is no such exporter.
    pub(crate) fn remove(&self, exporter: &str, timeout: Duration) -> Option<Result<(), String>> {
        let deadline = Instant::now() + timeout;
        let lanes = self.lanes.begin_leaving(exporter);
        if lanes.is_empty() {
            return None;
        }
        let heads = self.journal.heads();
        self.hurry_all();
        let has_settled = || lanes.iter().all(|lane| self.journal.has_settled(lane.id, &heads));
        let is_delivered = self.journal.wait_progress(deadline, has_settled);
        self.control.ask(Request::Remove(lanes.iter().map(|lane| lane.id).collect()));
        let mut left = Vec::new();
        let until = deadline.max(Instant::now()) + STOP_GRACE / 2;
        for lane in &lanes {
            // A worker that has ended or is held up does not come to it: then there is nothing to wait for.
            if !self.control.finished.is_open() {
                lane.ended.wait(until);
            }
            let counters = self.lanes.detach(&self.journal, lane);
            let dropped = counters.dropped.get(Drop::Removed as usize).copied().unwrap_or(0);
            if dropped > 0 {
                left.push(format!("{dropped} {} dropped", lane.signal.name()));
            }
        }
        left.extend(self.stop_hosts(&lanes, deadline));
        Some(if is_delivered { Ok(()) } else { Err(left.join("; ")) })
    }

    /// Lets go of lanes' transports; gives the functions of the host that have not returned, in words.
    fn stop_hosts(&self, lanes: &[Arc<LaneEntry>], deadline: Instant) -> Vec<String> {
        let mut transports = Vec::<Arc<Exporter>>::new();
        for transport in lanes.iter().filter_map(|lane| lane.take_transport()) {
            if !transports.iter().any(|known| Arc::ptr_eq(known, &transport)) {
                transports.push(transport);
            }
        }
        let stuck = transports.iter().filter_map(|transport| match &**transport {
            Exporter::Host(host) if !host.stop(deadline) => {
                Some(format!("callback `{}` has not returned", host.callback()))
            }
            _ => None,
        });
        stuck.collect()
    }

    /// The lane of an exporter and signal; the last one that was.
    pub(crate) fn lane(&self, exporter: &str, signal: Signal) -> Option<Arc<LaneEntry>> {
        self.lanes.find(exporter, signal)
    }

    /// All that are attached.
    pub(crate) fn lanes(&self) -> Vec<Arc<LaneEntry>> {
        self.lanes.attached()
    }

    /// What a lane has come to, with what dead processes had left for it.
    pub(crate) fn counters(&self, lane: &LaneEntry) -> LaneCounters {
        self.lanes.counters(&self.journal, lane)
    }

    /// Sends what a dead process had left, beside everything else.
    pub(crate) fn adopt(&self, lane: &LaneEntry, header: &RequestHeader, journal: &Arc<Journal>) {
        if self.lanes.adopt(lane, journal) {
            let (header, journal) = (header.clone(), Arc::clone(journal));
            self.control.ask(Request::Adopt(Adopted { lane: lane.id, header, journal }));
        }
    }

    /// Tells the lane of an adopted journal that there is something new in it.
    pub(crate) fn announce_adopted(&self) {
        self.control.notify.notify_one();
    }

    /// Lets an adopted journal go; its counters stay.
    pub(crate) fn dismiss(&self, lane: LaneId, journal: &Arc<Journal>) {
        journal.close();
        self.lanes.dismiss(lane, journal);
        self.control.notify.notify_one();
    }

    fn settled(&self, heads: &[Position]) -> bool {
        self.lanes().iter().all(|lane| self.journal.has_settled(lane.id, heads))
    }

    /// Has lanes send what they have, what failed before too.
    pub(crate) fn hurry(&self) {
        self.control.flushes.fetch_add(1, Ordering::AcqRel);
        self.control.notify.notify_one();
    }

    /// The same with what waits for a decision.
    fn hurry_all(&self) {
        self.control.settlements.fetch_add(1, Ordering::AcqRel);
        self.hurry();
    }

    /// Has what was measured by now left in the journal; false at the deadline.
    fn collect(&self, deadline: Instant) -> bool {
        let is_running =
            matches!(*self.worker.lock().unwrap_or_else(PoisonError::into_inner), WorkerState::Running(_));
        if self.measuring.is_none() || !is_running {
            return true;
        }
        let ticket = self.control.collections.fetch_add(1, Ordering::AcqRel) + 1;
        self.control.notify.notify_one();
        let control = &self.control;
        self.journal.wait_progress(deadline, || {
            control.collected.load(Ordering::Acquire) >= ticket || control.finished.is_open()
        })
    }

    /// Delivers what is in the journal now; false when that took longer than allowed.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        if !self.collect(deadline) {
            return false;
        }
        self.journal.release_settled();
        let heads = self.journal.heads();
        self.hurry_all();
        self.journal.wait_progress(deadline, || self.settled(&heads))
    }

    /// Delivers what is left and stops the worker; the journal takes nothing new by now. No function of the host is called
    /// any more when it returns; one that does not return is left to its thread. False when something stayed pending.
    pub(crate) fn stop(&self, timeout: Duration, leave_down: bool) -> bool {
        let deadline = Instant::now() + timeout;
        *self.control.stop.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Stop { deadline, leave_down });
        self.control.notify.notify_one();
        let worker = std::mem::replace(
            &mut *self.worker.lock().unwrap_or_else(PoisonError::into_inner),
            WorkerState::Gone,
        );
        if let WorkerState::Running(thread) = worker
            && self.control.finished.wait(deadline + STOP_GRACE)
        {
            // It has said that it is done: there is nothing left in it that could wait.
            let _ = thread.join();
        }
        self.stop_hosts(&self.lanes(), deadline);
        let stuck = self.callbacks.forget_those_under_way();
        let has_settled = stuck.is_empty() && self.settled(&self.journal.heads());
        *self.stuck.lock().unwrap_or_else(PoisonError::into_inner) = stuck;
        has_settled
    }

    /// What is pending, in words, and the last errors of those who have it.
    pub(crate) fn pending_words(&self) -> String {
        let lanes = self.lanes();
        let words = lanes.iter().filter_map(|lane| {
            let pending = self.counters(lane).pending;
            let error = lane.health.last_error();
            let why = if error.is_empty() { String::new() } else { format!(" ({error})") };
            (pending > 0)
                .then(|| format!("{pending} {} for exporter `{}`{why}", lane.signal.name(), lane.exporter))
        });
        let stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        words.chain(stuck.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}
