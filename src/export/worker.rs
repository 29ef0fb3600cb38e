//! The worker thread: a current-thread runtime on which every lane is a task. It sleeps until a segment is full, a delay
//! has passed, or somebody flushes or stops, and wakes the lanes; when they are done it lets the transports finish.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, LocalSet};

use super::lane::{Lane, Wakeup};
use super::outcome::Exporter;
use super::settings::Plan;
use super::{Adopted, Control, LaneHealth};
use crate::diagnostics::Diagnostics;
use crate::journal::Journal;
use crate::journal::cursor::LaneId;
use crate::otlp::request::RequestHeader;
use crate::sys::timer::Timer;

/// After this many ticks without a new record, memory that is not needed goes back to the system.
const IDLE_TICKS: u32 = 5;
/// A transport gets at least this long to finish, even when the deadline has passed: the console has lines to print.
const LEAST_CLOSE: Duration = Duration::from_millis(50);

pub(super) struct Worker {
    plans: Vec<(LaneId, Plan, Arc<LaneHealth>)>,
    header: RequestHeader,
    journal: Arc<Journal>,
    control: Arc<Control>,
    diagnostics: Arc<Diagnostics>,
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

impl Worker {
    pub(super) fn new(
        plans: Vec<(LaneId, Plan, Arc<LaneHealth>)>,
        header: RequestHeader,
        journal: Arc<Journal>,
        control: Arc<Control>,
        diagnostics: Arc<Diagnostics>,
    ) -> Self {
        Self { plans, header, journal, control, diagnostics }
    }

    /// Runs until it is told to stop. A panic in here ends the worker, not the process; what is pending stays counted.
    pub(super) fn run(self) {
        let control = Arc::clone(&self.control);
        let diagnostics = Arc::clone(&self.diagnostics);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
            match runtime {
                Ok(runtime) => {
                    LocalSet::new().block_on(&runtime, self.work());
                    // A name look-up that hangs is not waited for.
                    runtime.shutdown_background();
                }
                Err(error) => self.diagnostics.say(
                    crate::config::Level::Error,
                    &format!("nothing can be exported: the worker has no runtime: {error}"),
                ),
            }
        }));
        if ended.is_err() {
            diagnostics.say(
                crate::config::Level::Error,
                "the export worker has failed; nothing is exported any more",
            );
        }
        control.set_finished();
    }

    /// Starts a lane.
    fn start(
        &self,
        (id, plan, health): &(LaneId, Plan, Arc<LaneHealth>),
        header: &Rc<RequestHeader>,
        journal: &Arc<Journal>,
        is_adopted: bool,
    ) -> Schedule {
        let wakeup = Rc::new(Wakeup::default());
        let delay = Duration::from_millis(plan.batch.delay_ms.max(1));
        let lane = Lane::new(
            *id,
            plan.clone(),
            Arc::clone(health),
            Rc::clone(&wakeup),
            Rc::clone(header),
            Arc::clone(journal),
            Arc::clone(&self.control),
            Arc::clone(&self.diagnostics),
        );
        let lane = if is_adopted { lane.ending_with_journal() } else { lane };
        let task = tokio::task::spawn_local(lane.run());
        let due = Instant::now() + delay;
        Schedule { wakeup, delay, due, id: *id, journal: Arc::clone(journal), task, is_adopted }
    }

    async fn work(self) {
        let header = Rc::new(self.header.clone());
        let mut schedules: Vec<Schedule> =
            self.plans.iter().map(|plan| self.start(plan, &header, &self.journal, false)).collect();
        if let Err(error) = self.keep_waking(&mut schedules).await {
            let words = format!("nothing is exported any more: the worker has no timer: {error}");
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
        let mut transports: Vec<&Arc<Exporter>> = Vec::new();
        for (_, plan, _) in &self.plans {
            if !transports.iter().any(|known| Arc::ptr_eq(known, &plan.transport)) {
                transports.push(&plan.transport);
            }
        }
        for transport in transports {
            let left = stop.deadline.saturating_duration_since(Instant::now()).max(LEAST_CLOSE);
            let _ = tokio::time::timeout(left, transport.close(left)).await;
        }
    }

    /// Starts lanes for what was adopted meanwhile, and forgets those that have ended.
    fn take_up_adopted(&self, schedules: &mut Vec<Schedule>) {
        schedules.retain(|schedule| !schedule.is_adopted || !schedule.task.is_finished());
        let adopted = std::mem::take(
            &mut *self.control.adopted.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        for Adopted { lane, header, journal } in adopted {
            if let Some(plan) = self.plans.iter().find(|(id, _, _)| *id == lane) {
                schedules.push(self.start(plan, &Rc::new(header), &journal, true));
            }
        }
    }

    /// Wakes lanes until it is time to stop.
    async fn keep_waking(&self, schedules: &mut Vec<Schedule>) -> io::Result<()> {
        let timer = Timer::new()?;
        let mut flushes = 0;
        let mut idle_ticks = 0u32;
        loop {
            let next = schedules.iter().map(|schedule| schedule.due).min().unwrap_or_else(Instant::now);
            let ticked = tokio::select! {
                () = self.control.notify.notified() => false,
                fired = timer.wait_until(next) => { fired?; true }
            };
            self.take_up_adopted(schedules);
            let now = Instant::now();
            let flushed = self.control.flushes.load(std::sync::atomic::Ordering::Acquire);
            let (flush, stop) = (flushed != flushes, self.control.stop().is_some());
            flushes = flushed;
            for schedule in schedules.iter_mut() {
                let due = now >= schedule.due;
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
            idle_ticks = if ticked && !unread { idle_ticks.saturating_add(1) } else { 0 };
            if ticked {
                self.journal.release_settled();
            }
            if idle_ticks == IDLE_TICKS {
                self.journal.trim(1);
            }
        }
    }
}
