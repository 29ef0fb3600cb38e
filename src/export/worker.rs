//! The worker thread: a current-thread runtime on which every lane is a task. It sleeps until a segment is full, a delay
//! has passed, or somebody flushes or stops, and wakes the lanes; when they are done it lets the transports finish.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, LocalSet};

use super::attached::LaneEntry;
use super::duty::{Duty, Failed};
use super::lane::{Lane, Wakeup};
use super::measures::Measures;
use super::outcome::Exporter;
use super::settings::Plan;
use super::tail::{TailRules, TailSampler};
use super::{Adopted, BesideLanes, Control, Request};
use crate::diagnostics::Diagnostics;
use crate::journal::cursor::LaneId;
use crate::journal::{Journal, Scanner};
use crate::otlp::request::RequestHeader;
use crate::sys::timer::Timer;

/// After this many ticks without a new record, memory that is not needed goes back to the system.
const IDLE_TICKS: u32 = 5;
/// Threads on which names are looked up and hosts asked for headers, and the most there are of them: some that hang leave
/// others for the rest.
const BLOCKING_THREAD: &str = "agentotel-block";
const MOST_BLOCKING_THREADS: usize = 32;
/// A transport gets at least this long to finish, even when the deadline has passed: the console has lines to print.
const LEAST_CLOSE: Duration = Duration::from_millis(50);

/// A lane before it runs.
pub(super) type NewLane = (Arc<LaneEntry>, Plan);

/// How long the worker sleeps while all exporters are gone.
const NOTHING_TO_DO: Duration = Duration::from_secs(60);

pub(super) struct Worker {
    plans: Vec<NewLane>,
    header: RequestHeader,
    journal: Arc<Journal>,
    control: Arc<Control>,
    diagnostics: Arc<Diagnostics>,
    duty: Option<Duty>,
    tail: Option<TailRules>,
    measures: Option<Measures>,
    timer: Timer,
}

/// When a lane's delay has passed next.
struct Schedule {
    wakeup: Rc<Wakeup>,
    delay: Duration,
    due: Instant,
    id: LaneId,
    journal: Arc<Journal>,
    task: JoinHandle<()>,
    is_adopted: bool,
}

/// The transports of these lanes, each once.
fn transports(lanes: &[NewLane]) -> Vec<Arc<Exporter>> {
    let mut transports: Vec<Arc<Exporter>> = Vec::new();
    for (_, plan) in lanes {
        if !transports.iter().any(|known| Arc::ptr_eq(known, &plan.transport)) {
            transports.push(Arc::clone(&plan.transport));
        }
    }
    transports
}

impl Worker {
    /// Makes what it needs of the system, so that whoever starts it learns when that is not to be had.
    pub(super) fn new(
        plans: Vec<NewLane>,
        header: RequestHeader,
        journal: Arc<Journal>,
        control: Arc<Control>,
        diagnostics: Arc<Diagnostics>,
        beside: BesideLanes,
    ) -> io::Result<(Self, Runtime)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .thread_name(BLOCKING_THREAD)
            .max_blocking_threads(MOST_BLOCKING_THREADS)
            .build()?;
        let timer = {
            let _inside = runtime.enter();
            Timer::new()?
        };
        let BesideLanes { duty, tail, measuring } = beside;
        if tail.is_some() {
            // Whoever records meanwhile is waited for.
            journal.begin_scan(Scanner::Tail);
        }
        if measuring.is_some() {
            journal.begin_scan(Scanner::Measures);
        }
        let measures = measuring.map(Measures::new);
        Ok((Self { plans, header, journal, control, diagnostics, duty, tail, measures, timer }, runtime))
    }

    /// Runs until it is told to stop. A panic in here ends the worker, not the process; what is pending stays counted.
    pub(super) fn run(self, runtime: Runtime) {
        let control = Arc::clone(&self.control);
        let diagnostics = Arc::clone(&self.diagnostics);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            LocalSet::new().block_on(&runtime, self.work());
            // A name look-up that hangs is not waited for.
            runtime.shutdown_background();
        }));
        if ended.is_err() {
            diagnostics.say(
                crate::config::Level::Error,
                "the export worker has failed; nothing is exported any more",
            );
        }
        control.finished.open();
    }

    /// Starts a lane; `tail` has a say in what it sends.
    fn start(
        &self,
        (entry, plan): &NewLane,
        header: &Rc<RequestHeader>,
        journal: &Arc<Journal>,
        is_adopted: bool,
        tail: Option<&Rc<TailSampler>>,
    ) -> Schedule {
        if let Some(measures) = &self.measures {
            entry.health.tell_ends(measures.measuring(), &entry.exporter, entry.signal);
        }
        let wakeup = Rc::new(Wakeup::default());
        let delay = Duration::from_millis(plan.batch.delay_ms.max(1));
        let lane = Lane::new(
            entry.id,
            plan.clone(),
            Arc::clone(&entry.health),
            Rc::clone(&wakeup),
            Rc::clone(header),
            Arc::clone(journal),
            Arc::clone(&self.control),
            Arc::clone(&self.diagnostics),
        );
        let lane = match tail {
            // What a dead process has left was cut off: it is kept.
            _ if is_adopted => lane.ending_with_journal(),
            Some(tail) => lane.behind(tail),
            None => lane,
        };
        let task = tokio::task::spawn_local(lane.run());
        let due = Instant::now() + delay;
        Schedule { wakeup, delay, due, id: entry.id, journal: Arc::clone(journal), task, is_adopted }
    }

    async fn work(mut self) {
        let duty = self.duty.take().map(|mut duty| {
            duty.begin(Instant::now());
            duty
        });
        let header = Rc::new(self.header.clone());
        let journal = Arc::clone(&self.journal);
        let tail = self.tail.take().map(|rules| Rc::new(TailSampler::new(rules, journal)));
        let tail = tail.as_ref();
        let mut schedules: Vec<Schedule> =
            self.plans.iter().map(|plan| self.start(plan, &header, &self.journal, false, tail)).collect();
        if let Err(error) = self.keep_waking(&mut schedules, duty, &header, tail).await {
            let words = format!("nothing is exported any more: the worker's timer has failed: {error}");
            self.diagnostics.say(crate::config::Level::Error, &words);
            return;
        }
        let Some(stop) = self.control.stop() else { return };
        // What dead processes had left is not waited for: it stays where it is.
        for schedule in schedules.into_iter().filter(|schedule| !schedule.is_adopted) {
            if tokio::time::timeout_at(stop.deadline.into(), schedule.task).await.is_err() {
                break;
            }
        }
        for transport in transports(&self.plans) {
            let left = stop.deadline.saturating_duration_since(Instant::now()).max(LEAST_CLOSE);
            let _ = tokio::time::timeout(left, transport.close(left)).await;
        }
    }

    /// Does what others have asked for meanwhile, and forgets lanes of adopted journals that have ended.
    fn take_requests(
        &mut self,
        schedules: &mut Vec<Schedule>,
        header: &Rc<RequestHeader>,
        tail: Option<&Rc<TailSampler>>,
    ) {
        schedules.retain(|schedule| !schedule.is_adopted || !schedule.task.is_finished());
        for request in self.control.take_requests() {
            match request {
                Request::Adopt(Adopted { lane, header, journal }) => {
                    if let Some(plan) = self.plans.iter().find(|(entry, _)| entry.id == lane) {
                        schedules.push(self.start(plan, &Rc::new(header), &journal, true, None));
                    }
                }
                Request::Add(lanes) => {
                    for lane in lanes {
                        schedules.push(self.start(&lane, header, &self.journal, false, tail));
                        self.plans.push(lane);
                    }
                }
                Request::Remove(lanes) => self.end_lanes(schedules, &lanes),
            }
        }
    }

    /// Ends lanes as they are, and lets their transport finish beside the other lanes.
    fn end_lanes(&mut self, schedules: &mut Vec<Schedule>, lanes: &[LaneId]) {
        let ending: Vec<_> =
            schedules.extract_if(.., |schedule| lanes.contains(&schedule.id)).map(|s| s.task).collect();
        let gone: Vec<_> = self.plans.extract_if(.., |(entry, _)| lanes.contains(&entry.id)).collect();
        tokio::task::spawn_local(async move {
            for task in ending {
                task.abort();
                let _ = task.await;
            }
            for transport in transports(&gone) {
                let _ = tokio::time::timeout(LEAST_CLOSE, transport.close(LEAST_CLOSE)).await;
            }
            for (entry, _) in &gone {
                entry.ended.open();
            }
        });
    }

    /// Measures what is new, and leaves what was measured in the journal when it is time, or somebody waits for it.
    fn measure(&mut self, now: Instant, stop: bool) {
        let Some(measures) = &mut self.measures else { return };
        let asked = self.control.collections.load(Ordering::Acquire);
        let is_wanted = asked != self.control.collected.load(Ordering::Acquire);
        if measures.perform(now, is_wanted || stop).is_err() {
            let words = "metrics have failed and are not collected any more";
            self.diagnostics.say(crate::config::Level::Error, words);
        }
        if is_wanted {
            self.control.collected.store(asked, Ordering::Release);
            self.journal.announce_progress();
        }
    }

    /// Wakes lanes and does the duty until it is time to stop.
    async fn keep_waking(
        &mut self,
        schedules: &mut Vec<Schedule>,
        mut duty: Option<Duty>,
        header: &Rc<RequestHeader>,
        tail: Option<&Rc<TailSampler>>,
    ) -> io::Result<()> {
        let mut flushes = 0;
        let mut settlements = 0;
        let mut idle_ticks = 0u32;
        loop {
            let due = schedules.iter().map(|schedule| schedule.due).chain(duty.as_ref().map(Duty::due));
            let due = due.chain(self.measures.as_ref().and_then(Measures::due));
            let next = due.min().unwrap_or_else(|| Instant::now() + NOTHING_TO_DO);
            let ticked = tokio::select! {
                () = self.control.notify.notified() => false,
                fired = self.timer.wait_until(next) => { fired?; true }
            };
            self.take_requests(schedules, header, tail);
            let now = Instant::now();
            let flushed = self.control.flushes.load(Ordering::Acquire);
            let (flush, stop) = (flushed != flushes, self.control.stop().is_some());
            flushes = flushed;
            // Before the lanes are woken: what the duty leaves in the journal goes out with the rest.
            let outcome = duty.as_mut().filter(|_| !stop).map_or(Ok(false), |duty| duty.perform(now));
            let more = outcome == Ok(true);
            if outcome == Err(Failed) {
                duty = None;
                let words = "a periodic duty of the export worker has failed and is not done any more";
                self.diagnostics.say(crate::config::Level::Error, words);
            }
            self.measure(now, stop);
            self.control.lanes_may_end.store(stop, Ordering::Release);
            let asked = self.control.settlements.load(Ordering::Acquire);
            if let Some(tail) = tail {
                if stop || asked != settlements {
                    tail.keep_open();
                } else {
                    tail.scan();
                }
            }
            settlements = asked;
            if !ticked {
                self.journal.prepare_memory();
            }
            let mut lanes_due = false;
            for schedule in schedules.iter_mut() {
                let due = now >= schedule.due;
                lanes_due |= due;
                while schedule.due <= now {
                    // Counted from the plan, not from now: lanes of one delay wake together.
                    schedule.due += schedule.delay;
                }
                if flush || stop {
                    schedule.wakeup.wake_hurried();
                } else {
                    schedule.wakeup.wake(due);
                }
            }
            if stop {
                return Ok(());
            }
            let unread = schedules.iter().any(|schedule| schedule.journal.unread(schedule.id) > 0);
            if unread || !ticked {
                idle_ticks = 0;
            } else if lanes_due {
                idle_ticks = idle_ticks.saturating_add(1);
            }
            if ticked {
                self.journal.release_settled();
            }
            if idle_ticks == IDLE_TICKS && lanes_due {
                self.journal.trim(1);
            }
            if more {
                // The lanes come first: none waits for the whole of a duty.
                tokio::task::yield_now().await;
            }
        }
    }
}
