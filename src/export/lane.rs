//! A lane: one exporter and one signal. Reads its frames from every shard into batches, sends them in order with a few
//! under way at once, and settles each when its end is known. After a failure that may pass it holds the line: the
//! oldest batch is tried again, alone, before anything new is sent. No lane waits for another.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::backoff::Backoff;
use super::batch::BatchInMaking;
use super::outcome::{Batch, Outcome};
use super::settings::Plan;
use super::{Control, LaneHealth};
use crate::config::Level;
use crate::diagnostics::Diagnostics;
use crate::journal::Journal;
use crate::journal::accounting::Drop;
use crate::journal::cursor::{LaneId, Settlement};
use crate::journal::frame::Frames;
use crate::otlp::request::RequestHeader;

/// How the worker wakes a lane.
#[derive(Default)]
pub(super) struct Wakeup {
    notify: Notify,
    due: Cell<bool>,
    hurried: Cell<bool>,
}

impl Wakeup {
    /// There may be full batches; when `due`, batches that are not full are sent too.
    pub(super) fn wake(&self, due: bool) {
        self.due.set(self.due.get() || due);
        self.notify.notify_one();
    }

    /// Somebody waits: send everything now, a failed batch too.
    pub(super) fn wake_hurried(&self) {
        self.hurried.set(true);
        self.wake(true);
    }
}

/// A batch that has been sent at least once, or is about to be.
struct Sent {
    batch: Batch,
    id: u64,
    /// Frames by shard.
    parts: Vec<u64>,
    begun: Instant,
    attempts: u32,
}

pub(super) struct Lane {
    id: LaneId,
    plan: Plan,
    health: Arc<LaneHealth>,
    wakeup: Rc<Wakeup>,
    header: Rc<RequestHeader>,
    journal: Arc<Journal>,
    control: Arc<Control>,
    diagnostics: Arc<Diagnostics>,
    backoff: Backoff,
    next_batch: u64,
    next_shard: usize,
    in_making: Option<BatchInMaking>,
    /// Whether a batch that is not full may go.
    due: bool,
    sends: JoinSet<(Sent, Outcome)>,
    /// Failed batches by age; while there are any, only the oldest is sent.
    failed: BTreeMap<u64, Sent>,
    retry_at: Instant,
    /// The lane ends when its journal is closed and empty: the journal holds what a dead process had left.
    ends_with_journal: bool,
}

impl Lane {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn new(
        id: LaneId,
        mut plan: Plan,
        health: Arc<LaneHealth>,
        wakeup: Rc<Wakeup>,
        header: Rc<RequestHeader>,
        journal: Arc<Journal>,
        control: Arc<Control>,
        diagnostics: Arc<Diagnostics>,
    ) -> Self {
        // What no receiver would take is not built.
        let most = plan.transport.most_batch_bytes().saturating_sub(header.max_size());
        plan.batch.max_bytes = plan.batch.max_bytes.min(most);
        let initial = Duration::from_millis(plan.retry.initial_ms);
        let most = Duration::from_millis(plan.retry.max_ms);
        let random = SmallRng::seed_from_u64(crate::sys::clock::wall().cast_unsigned() ^ u64::from(id.0));
        Self {
            id,
            plan,
            health,
            wakeup,
            header,
            journal,
            control,
            diagnostics,
            backoff: Backoff::new(initial, most, random),
            next_batch: 0,
            next_shard: 0,
            in_making: None,
            due: false,
            sends: JoinSet::new(),
            failed: BTreeMap::new(),
            retry_at: Instant::now(),
            ends_with_journal: false,
        }
    }

    /// The same for a journal that is closed some day before the library stops.
    pub(super) fn ending_with_journal(self) -> Self {
        Self { ends_with_journal: true, ..self }
    }

    /// Runs until the library stops and the lane has nothing left to do, or no hope to do it.
    pub(super) async fn run(mut self) {
        loop {
            self.due |= self.wakeup.due.take();
            if self.wakeup.hurried.take() {
                self.retry_at = Instant::now();
            }
            self.launch_what_may_go();
            if self.ends_with_journal && self.journal.is_closed() && self.is_done(false) {
                return;
            }
            let stop = self.control.stop();
            if stop.is_some_and(|stop| self.is_done(stop.leave_down)) {
                return;
            }
            let retry = (!self.failed.is_empty() && self.sends.is_empty()).then_some(self.retry_at);
            tokio::select! {
                () = self.wakeup.notify.notified() => {}
                Some(done) = self.sends.join_next(), if !self.sends.is_empty() => {
                    if let Ok((sent, outcome)) = done {
                        self.conclude(sent, outcome);
                    }
                }
                () = tokio::time::sleep_until(retry.unwrap_or_else(Instant::now).into()), if retry.is_some() => {}
            }
        }
    }

    /// Whether there is nothing left to do, or, with `leave_down`, no hope to do it.
    fn is_done(&self, leave_down: bool) -> bool {
        let nothing_left =
            self.failed.is_empty() && self.in_making.is_none() && self.journal.unread(self.id) == 0;
        let hopeless = leave_down && self.health.is_down.load(Ordering::Relaxed);
        self.sends.is_empty() && (nothing_left || hopeless)
    }

    /// Starts as many sends as order and limits allow.
    fn launch_what_may_go(&mut self) {
        if !self.failed.is_empty() {
            if self.sends.is_empty()
                && Instant::now() >= self.retry_at
                && let Some((_, oldest)) = self.failed.pop_first()
            {
                for (shard, frames) in oldest.parts.iter().enumerate().filter(|(_, frames)| **frames > 0) {
                    self.journal.resent(shard, self.id, *frames);
                }
                self.launch(oldest);
            }
            return;
        }
        let most = if self.plan.transport.is_concurrent() { self.plan.batch.in_flight.max(1) } else { 1 };
        // While the end point is known to be down, one batch at a time finds out whether it still is.
        let most = if self.health.is_down.load(Ordering::Relaxed) { 1 } else { most };
        while self.sends.len() < most {
            let full = self.fill();
            if !full && !self.due {
                return;
            }
            let Some(batch) = self.in_making.take().filter(|batch| batch.frames > 0) else {
                self.due = false;
                return;
            };
            if !full {
                self.due = false;
            }
            let (id, begun, frames) = (batch.id, batch.begun, batch.frames);
            let (body, parts) = batch.into_request(&self.header);
            let batch = Batch { signal: self.plan.signal, items: frames, body };
            self.launch(Sent { batch, id, parts, begun, attempts: 0 });
        }
    }

    fn launch(&mut self, mut sent: Sent) {
        sent.attempts += 1;
        self.health.attempts.fetch_add(1, Ordering::Relaxed);
        let transport = Arc::clone(&self.plan.transport);
        let timeout = self.plan.timeout;
        self.sends.spawn_local(async move {
            let outcome = transport.send(&sent.batch, timeout).await;
            (sent, outcome)
        });
    }

    /// Reads frames into the batch in the making; true when it is full.
    fn fill(&mut self) -> bool {
        let shards = self.journal.shard_count();
        let unread = self.journal.unread(self.id);
        if unread == 0 {
            return false;
        }
        let (id, max_bytes) = (self.next_batch, self.plan.batch.max_bytes);
        /// What a frame is expected to take, to size the batch's memory.
        const EXPECTED_FRAME_BYTES: u64 = 512;
        let mut batch = self.in_making.take().unwrap_or_else(|| {
            let expected = usize::try_from(unread.saturating_mul(EXPECTED_FRAME_BYTES)).unwrap_or(max_bytes);
            BatchInMaking::new(id, &self.header, shards, expected.min(max_bytes))
        });
        self.next_batch = batch.id + 1;
        let mut full = false;
        for step in 0..shards {
            let shard = (self.next_shard + step) % shards;
            full = self.read_shard(shard, &mut batch);
            if full {
                // The next batch begins where this one had to stop: no shard is read less than another.
                self.next_shard = (shard + 1) % shards;
                break;
            }
        }
        self.in_making = Some(batch);
        full
    }

    /// Reads what is unread of a shard; true when the batch is full.
    fn read_shard(&self, shard: usize, batch: &mut BatchInMaking) -> bool {
        let (max_bytes, max_count) = (self.plan.batch.max_bytes, self.plan.batch.max_count as u64);
        while let Some(unread) = self.journal.next_unread(shard, self.id) {
            let before = batch.payload_bytes();
            let mut end = unread.from;
            let mut frames = 0;
            let mut full = false;
            let committed = unread.region.committed().get(unread.from.offset..).unwrap_or_default();
            for frame in Frames::new(committed) {
                if frame.header.signal == self.plan.signal {
                    let count = batch.frames + frames;
                    // An event larger than a whole batch goes alone.
                    let too_many_bytes = batch.payload_bytes() + frame.payload.len() > max_bytes && count > 0;
                    if too_many_bytes || count >= max_count {
                        full = true;
                        break;
                    }
                    batch.push(frame.payload);
                    frames += 1;
                }
                end.offset += frame.size;
            }
            drop(unread.region);
            if self.journal.take(shard, self.id, unread.from, end, batch.id, frames) {
                batch.taken(shard, frames);
            } else {
                // Given up for lack of room while it was read: it is counted there.
                batch.forget(before);
            }
            if full {
                return true;
            }
            if end == unread.from {
                // What is committed cannot be read as frames: it stays pending, and the lane goes on elsewhere.
                return false;
            }
        }
        false
    }

    /// A send has ended.
    fn conclude(&mut self, sent: Sent, outcome: Outcome) {
        match outcome {
            Outcome::Accepted => {
                self.succeeded();
                self.settle(&sent, 0, None);
            }
            Outcome::Partial { rejected, message } => {
                self.succeeded();
                self.note(Level::Warn, &format!("{rejected} of {} rejected: {message}", sent.batch.items));
                self.settle(&sent, rejected.min(sent.batch.items), None);
            }
            Outcome::Rejected { cause, message } => {
                // The end point is there: it has answered.
                self.health.is_down.store(false, Ordering::Relaxed);
                self.health.failures.fetch_add(1, Ordering::Relaxed);
                self.note(Level::Error, &format!("{} rejected: {cause}: {message}", sent.batch.items));
                self.settle(&sent, sent.batch.items, None);
            }
            Outcome::TooLarge { message } => {
                self.health.is_down.store(false, Ordering::Relaxed);
                self.health.failures.fetch_add(1, Ordering::Relaxed);
                self.note(
                    Level::Error,
                    &format!("{} dropped, the request is too large: {message}", sent.batch.items),
                );
                self.settle(&sent, 0, Some(Drop::TooLarge));
            }
            Outcome::Retry { after, cause, message } => {
                let wait = self.backoff.next(after);
                self.failed_for_now(&format!("{cause}: {message}"));
                if let Some(reason) = self.has_had_enough(&sent) {
                    self.settle(&sent, 0, Some(reason));
                } else {
                    self.failed.insert(sent.id, sent);
                }
                self.retry_at = Instant::now() + wait;
            }
        }
        self.journal.announce_progress();
    }

    /// Whether a batch has used up its attempts or its time.
    fn has_had_enough(&self, sent: &Sent) -> Option<Drop> {
        let retry = &self.plan.retry;
        if retry.max_attempts.is_some_and(|most| sent.attempts >= most) {
            Some(Drop::Attempts)
        } else if retry.max_age_s.is_some_and(|most| sent.begun.elapsed() >= Duration::from_secs(most)) {
            Some(Drop::Age)
        } else {
            None
        }
    }

    fn settle(&self, sent: &Sent, rejected: u64, dropped: Option<Drop>) {
        let mut rejected = rejected;
        for (shard, frames) in sent.parts.iter().copied().enumerate().filter(|(_, frames)| *frames > 0) {
            let settlement = match dropped {
                Some(reason) => Settlement { dropped: Some((reason, frames)), ..Settlement::default() },
                None => {
                    let refused = rejected.min(frames);
                    rejected -= refused;
                    Settlement { exported: frames - refused, rejected: refused, dropped: None }
                }
            };
            self.journal.settle(shard, self.id, sent.id, settlement);
        }
    }

    fn succeeded(&mut self) {
        self.backoff.reset();
        if self.health.is_down.swap(false, Ordering::Relaxed) {
            self.note(Level::Info, "works again");
            self.health.last_error.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Says what is wrong when it begins, not at every attempt.
    fn failed_for_now(&self, why: &str) {
        self.health.failures.fetch_add(1, Ordering::Relaxed);
        let mut last = self.health.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        why.clone_into(&mut last);
        drop(last);
        if !self.health.is_down.swap(true, Ordering::Relaxed) {
            let hint = if self.plan.is_configured {
                ""
            } else {
                " (no end point is configured; this is the default)"
            };
            self.note(Level::Warn, &format!("will be tried again: {why}{hint}"));
        }
    }

    fn note(&self, level: Level, what: &str) {
        if level == Level::Error {
            what.clone_into(&mut self.health.last_error.lock().unwrap_or_else(PoisonError::into_inner));
        }
        self.diagnostics
            .say(level, &format!("exporter `{}`, {}: {what}", self.plan.exporter, self.plan.signal.name()));
    }
}
