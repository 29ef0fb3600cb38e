//! The worker thread: a current-thread runtime on which every lane is a task. It sleeps until a segment is full, a delay
//! has passed, or somebody flushes or stops, and wakes the lanes; when they are done it lets the transports finish.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use super::duty::{Duty, Failed};
use super::lane::{Lane, Wakeup};
use super::outcome::Exporter;
use super::settings::Plan;
use super::{Control, LaneHealth};
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
    duty: Option<Duty>,
}

/// When a lane's delay has passed next.
struct Schedule {
    wakeup: Rc<Wakeup>,
    delay: Duration,
    due: Instant,
    id: LaneId,
}

impl Worker {
    pub(super) fn new(
        plans: Vec<(LaneId, Plan, Arc<LaneHealth>)>,
        header: RequestHeader,
        journal: Arc<Journal>,
        control: Arc<Control>,
        diagnostics: Arc<Diagnostics>,
        duty: Option<Duty>,
    ) -> Self {
        Self { plans, header, journal, control, diagnostics, duty }
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

    async fn work(mut self) {
        let header = Rc::new(self.header);
        let mut schedules = Vec::new();
        let mut transports: Vec<Arc<Exporter>> = Vec::new();
        let mut tasks = Vec::new();
        let start = Instant::now();
        for (id, plan, health) in self.plans {
            if !transports.iter().any(|known| Arc::ptr_eq(known, &plan.transport)) {
                transports.push(Arc::clone(&plan.transport));
            }
            let wakeup = Rc::new(Wakeup::default());
            let delay = Duration::from_millis(plan.batch.delay_ms.max(1));
            schedules.push(Schedule { wakeup: Rc::clone(&wakeup), delay, due: start + delay, id });
            let (journal, control) = (Arc::clone(&self.journal), Arc::clone(&self.control));
            let lane = Lane::new(
                id,
                plan,
                health,
                wakeup,
                Rc::clone(&header),
                journal,
                control,
                Arc::clone(&self.diagnostics),
            );
            tasks.push(tokio::task::spawn_local(lane.run()));
        }
        let duty = self.duty.take().map(|mut duty| {
            duty.begin(start);
            duty
        });
        let woken = keep_waking(&mut schedules, duty, &self.journal, &self.control, &self.diagnostics).await;
        if let Err(error) = woken {
            let words = format!("nothing is exported any more: the worker has no timer: {error}");
            self.diagnostics.say(crate::config::Level::Error, &words);
            return;
        }
        let Some(stop) = self.control.stop() else { return };
        for task in tasks {
            if tokio::time::timeout_at(stop.deadline.into(), task).await.is_err() {
                break;
            }
        }
        for transport in transports {
            let left = stop.deadline.saturating_duration_since(Instant::now()).max(LEAST_CLOSE);
            let _ = tokio::time::timeout(left, transport.close(left)).await;
        }
    }
}

/// Wakes lanes and does the duty until it is time to stop.
async fn keep_waking(
    schedules: &mut [Schedule],
    mut duty: Option<Duty>,
    journal: &Journal,
    control: &Control,
    diagnostics: &Diagnostics,
) -> io::Result<()> {
    let timer = Timer::new()?;
    let mut flushes = 0;
    let mut idle_ticks = 0u32;
    loop {
        let due = schedules.iter().map(|schedule| schedule.due).chain(duty.as_ref().map(Duty::due));
        let next = due.min().unwrap_or_else(Instant::now);
        let ticked = tokio::select! {
            () = control.notify.notified() => false,
            fired = timer.wait_until(next) => { fired?; true }
        };
        let now = Instant::now();
        let flushed = control.flushes.load(std::sync::atomic::Ordering::Acquire);
        let (flush, stop) = (flushed != flushes, control.stop().is_some());
        flushes = flushed;
        // Before the lanes are woken: what the duty leaves in the journal goes out with the rest.
        let outcome = duty.as_mut().filter(|_| !stop).map_or(Ok(false), |duty| duty.perform(now));
        let more = outcome == Ok(true);
        if outcome == Err(Failed) {
            duty = None;
            let words = "a periodic duty of the export worker has failed and is not done any more";
            diagnostics.say(crate::config::Level::Error, words);
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
        let unread = schedules.iter().any(|schedule| journal.unread(schedule.id) > 0);
        if unread || !ticked {
            idle_ticks = 0;
        } else if lanes_due {
            idle_ticks = idle_ticks.saturating_add(1);
        }
        if ticked {
            journal.release_settled();
        }
        if idle_ticks == IDLE_TICKS && lanes_due {
            journal.trim(1);
        }
        if more {
            // The lanes come first: none waits for the whole of a duty.
            tokio::task::yield_now().await;
        }
    }
}
