//! A lane: one exporter and one signal. Reads its frames from every shard into batches, sends them in order with a few
//! under way at once, and settles each when its end is known. After a failure that may pass it holds the line: the
//! oldest batch is tried again, alone, before anything new is sent. A receiver that refuses for want of a key is tried
//! with one item at a time, so that a wrong key does not use up what there is. No lane waits for another.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Control;
use super::backoff::Backoff;
use super::batch::BatchInMaking;
use super::gate::{Bounds, Gate};
use super::health::{LaneHealth, LaneState};
use super::outcome::{Cause, Outcome};
use super::sent::Sent;
use super::settings::Plan;
use super::tail::TailSampler;
use crate::config::Level;
use crate::diagnostics::Diagnostics;
use crate::journal::Journal;
use crate::journal::accounting::Drop;
use crate::journal::cursor::LaneId;
use crate::journal::frame::Frames;
use crate::otlp::Signal;
use crate::otlp::request::RequestHeader;

/// What a receiver is tried with that has let nobody in: it may refuse it.
const PROBE_ITEMS: u64 = 1;
/// A signal that was not served may be some day. (Tests do not wait that long.)
const NOT_SERVED_AGAIN: Duration = Duration::from_secs(if cfg!(test) { 10 } else { 300 });

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
    /// Batches that were held up, by age; while there are any, only the oldest is sent.
    held: BTreeMap<u64, Sent>,
    /// When to try again: what is held up, or a signal that was not served.
    retry_at: Instant,
    /// The lane ends when its journal is closed and empty: the journal holds what a dead process had left.
    ends_with_journal: bool,
    /// Where not every session is exported.
    gate: Option<Gate>,
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
            held: BTreeMap::new(),
            retry_at: Instant::now(),
            ends_with_journal: false,
            gate: None,
        }
    }

    /// The same for a journal that is closed some day before the library stops.
    pub(super) fn ending_with_journal(self) -> Self {
        Self { ends_with_journal: true, ..self }
    }

    /// The same with a say of tail sampling in what it sends.
    pub(super) fn behind(self, tail: &Rc<TailSampler>) -> Self {
        let gate = Gate::new(tail, self.id, self.plan.signal);
        Self { gate: Some(gate), ..self }
    }

    /// Runs until the library stops and the lane has nothing left to do, or no hope to do it.
    pub(super) async fn run(mut self) {
        loop {
            self.due |= self.wakeup.due.take();
            // Whoever waits does not make a receiver that lets nobody in change its mind.
            if self.wakeup.hurried.take() && self.health.state() == LaneState::Retrying {
                self.retry_at = Instant::now();
            }
            self.launch_what_may_go();
            if self.ends_with_journal && self.journal.is_closed() && self.is_done(false) {
                return;
            }
            let stop = self.control.stop().filter(|_| self.control.lanes_may_end.load(Ordering::Acquire));
            if stop.is_some_and(|stop| self.is_done(stop.leave_down)) {
                return;
            }
            let retry = (self.is_waiting() && self.sends.is_empty()).then_some(self.retry_at);
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

    /// Whether there is something that is tried again at its time.
    fn is_waiting(&self) -> bool {
        let has_kept = || self.gate.as_ref().is_some_and(Gate::has_kept);
        let has_more = || self.in_making.is_some() || self.journal.unread(self.id) > 0 || has_kept();
        !self.held.is_empty() || self.health.state() == LaneState::Paused && has_more()
    }

    /// Whether there is nothing left to do, or, with `leave_down`, no hope to do it.
    fn is_done(&self, leave_down: bool) -> bool {
        let nothing_left = self.held.is_empty()
            && self.in_making.is_none()
            && self.journal.unread(self.id) == 0
            && !self.gate.as_ref().is_some_and(Gate::holds);
        self.sends.is_empty() && (nothing_left || leave_down && self.health.is_down())
    }

    /// Starts as many sends as order and limits allow.
    fn launch_what_may_go(&mut self) {
        let state = self.health.state();
        let is_time = Instant::now() >= self.retry_at;
        if !self.held.is_empty() {
            if self.sends.is_empty()
                && is_time
                && let Some((_, oldest)) = self.held.pop_first()
            {
                self.launch(oldest);
            }
            return;
        }
        if state == LaneState::NotServed && !is_time {
            self.pass_over();
            return;
        }
        if state == LaneState::Paused && !is_time {
            return;
        }
        // Of log records the order counts, and two requests may overtake each other.
        let is_concurrent = self.plan.transport.is_concurrent() && self.plan.signal != Signal::Logs;
        let most = if is_concurrent { self.plan.batch.in_flight.max(1) } else { 1 };
        // Until the end point is known to work again, one batch at a time finds out.
        let most = if state == LaneState::Ready { most } else { 1 };
        while self.sends.len() < most {
            let full = self.fill();
            if !full && !self.due {
                return;
            }
            if !full {
                self.due = false;
            }
            let Some(sent) = self.take_batch() else {
                self.due = false;
                return;
            };
            self.launch(sent);
        }
    }

    /// The batch in the making, ready to be sent.
    fn take_batch(&mut self) -> Option<Sent> {
        let batch = self.in_making.take().filter(|batch| batch.frames > 0)?;
        let what = (batch.id, self.plan.signal, batch.begun);
        let (request, parts) = batch.into_request(&self.header);
        Some(Sent::new(what, request, parts))
    }

    /// Drops what the receiver does not take.
    fn pass_over(&mut self) {
        loop {
            self.fill();
            let Some(batch) = self.take_batch() else { break };
            self.settle(&batch, Some(Drop::NotServed));
        }
        self.due = false;
        self.journal.announce_progress();
    }

    fn launch(&mut self, mut sent: Sent) {
        if matches!(self.health.state(), LaneState::Paused | LaneState::NotServed) {
            sent.lead_with(PROBE_ITEMS, &self.header);
        }
        let Some(batch) = sent.request() else {
            self.settle(&sent, None);
            return;
        };
        let is_retry = sent.is_retry();
        if is_retry {
            for (shard, frames) in sent.resent() {
                self.journal.resent(shard, self.id, frames);
            }
        }
        sent.attempts += 1;
        self.health.began(batch.items, is_retry);
        let transport = Arc::clone(&self.plan.transport);
        let health = Arc::clone(&self.health);
        let timeout = self.plan.timeout;
        self.sends.spawn_local(async move {
            let begun = Instant::now();
            let outcome = transport.send(&batch, timeout).await;
            health.ended(&outcome, begun.elapsed());
            (sent, outcome)
        });
    }

    /// Reads frames into the batch in the making; true when it is full.
    fn fill(&mut self) -> bool {
        let shards = self.journal.shard_count();
        if let Some(gate) = &mut self.gate {
            gate.look_on(&self.journal);
        }
        let unread = self.journal.unread(self.id);
        if unread == 0 && !self.gate.as_ref().is_some_and(Gate::has_kept) {
            return false;
        }
        let (id, max_bytes) = (self.next_batch, self.plan.batch.max_bytes);
        /// What a frame is expected to take, to size the batch's memory.
        const EXPECTED_FRAME_BYTES: u64 = 512;
        let mut batch = self.in_making.take().unwrap_or_else(|| {
            let expected = usize::try_from(unread.saturating_mul(EXPECTED_FRAME_BYTES)).unwrap_or(max_bytes);
            BatchInMaking::new(id, &self.header, shards, expected.min(max_bytes), self.plan.temporality())
        });
        self.next_batch = batch.id + 1;
        let bounds = Bounds { bytes: max_bytes, count: self.plan.batch.max_count as u64 };
        let gate = self.gate.as_mut();
        let mut full = gate.is_some_and(|gate| gate.read_kept(&self.journal, &mut batch, bounds));
        for step in 0..shards {
            if full {
                break;
            }
            let shard = (self.next_shard + step) % shards;
            full = match &mut self.gate {
                Some(gate) => gate.read_shard(&self.journal, shard, &mut batch, bounds),
                None => self.read_shard(shard, &mut batch),
            };
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
                if frame.header.is_of(self.plan.signal) {
                    let count = batch.frames + frames;
                    // An event larger than a whole batch goes alone.
                    let too_many_bytes = batch.payload_bytes() + frame.payload.len() > max_bytes && count > 0;
                    if too_many_bytes || count >= max_count {
                        full = true;
                        break;
                    }
                    batch.push(&frame);
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
    fn conclude(&mut self, mut sent: Sent, outcome: Outcome) {
        let items = sent.items();
        match outcome {
            Outcome::Accepted => {
                self.succeeded();
                sent.taken(0);
            }
            Outcome::Partial { rejected, message } => {
                self.succeeded();
                self.note(Level::Warn, &format!("{rejected} of {items} rejected: {message}"));
                sent.taken(rejected);
            }
            Outcome::Rejected { cause, message } => {
                self.note(Level::Error, &format!("{items} rejected: {cause}: {message}"));
                sent.refused();
                self.refused_because(cause);
            }
            Outcome::TooLarge { message } => {
                self.answers();
                let bytes = sent.request().map_or(0, |batch| batch.body.len());
                if sent.too_large(&self.header) {
                    // The next ones need not be refused first.
                    self.plan.batch.max_bytes = self.plan.batch.max_bytes.min(bytes / 2);
                    self.note(Level::Warn, &format!("a request of {bytes} bytes is halved: {message}"));
                } else {
                    let why = format!("{items} dropped, the request is too large: {message}");
                    self.note(Level::Error, &why);
                }
            }
            Outcome::Retry { after, cause, message } => {
                let wait = self.backoff.next(after);
                self.failed_for_now(&format!("{cause}: {message}"));
                self.retry_at = Instant::now() + wait;
                if let Some(reason) = self.has_had_enough(&sent) {
                    self.settle(&sent, Some(reason));
                } else {
                    sent.is_held_up();
                    self.held.insert(sent.id, sent);
                }
                self.journal.announce_progress();
                return;
            }
        }
        self.go_on(sent);
        self.journal.announce_progress();
    }

    /// What comes after a piece of a batch: the next one, if there is one and it may go now.
    fn go_on(&mut self, sent: Sent) {
        if sent.items() == 0 {
            self.settle(&sent, None);
            return;
        }
        match self.health.state() {
            LaneState::Ready if self.held.is_empty() => self.launch(sent),
            LaneState::NotServed => self.settle(&sent, Some(Drop::NotServed)),
            _ if self.is_too_old(&sent) => self.settle(&sent, Some(Drop::Age)),
            _ => {
                self.held.insert(sent.id, sent);
            }
        }
    }

    /// The receiver has refused a request for this reason: what it says of the next ones.
    fn refused_because(&mut self, cause: Cause) {
        // A signal is not served where others are; where none is, this is not the receiver that was meant.
        let is_known = matches!(cause, Cause::Grpc(_)) || self.plan.served.but(self.plan.signal);
        if cause.says_not_served() && is_known {
            self.retry_at = Instant::now() + NOT_SERVED_AGAIN;
            if self.health.set_state(LaneState::NotServed) != LaneState::NotServed {
                let again = NOT_SERVED_AGAIN.as_secs();
                let why = format!("the receiver does not take this signal: dropped, tried every {again} s");
                self.note(Level::Warn, &why);
            }
        } else if cause.is_about_access() {
            self.retry_at = Instant::now() + self.backoff.next(None);
            if self.health.set_state(LaneState::Paused) != LaneState::Paused {
                self.note(Level::Warn, "paused until the receiver lets it in; what there is stays pending");
            }
        } else {
            self.answers();
        }
    }

    /// Whether a batch has used up its attempts or its time.
    fn has_had_enough(&self, sent: &Sent) -> Option<Drop> {
        let retry = &self.plan.retry;
        if retry.max_attempts.is_some_and(|most| sent.attempts >= most) {
            Some(Drop::Attempts)
        } else {
            self.is_too_old(sent).then_some(Drop::Age)
        }
    }

    fn is_too_old(&self, sent: &Sent) -> bool {
        self.plan.retry.max_age_s.is_some_and(|most| sent.begun.elapsed() >= Duration::from_secs(most))
    }

    /// A batch has ended; what is left of it is dropped for this reason.
    fn settle(&self, sent: &Sent, dropped: Option<Drop>) {
        for (shard, settlement) in sent.settlements(dropped) {
            self.journal.settle(shard, self.id, sent.id, settlement);
        }
    }

    /// The end point is there: it has answered.
    fn answers(&self) {
        if self.health.state() == LaneState::Retrying {
            self.health.set_state(LaneState::Ready);
        }
    }

    fn succeeded(&mut self) {
        self.backoff.reset();
        self.plan.served.add(self.plan.signal);
        if self.health.set_state(LaneState::Ready) != LaneState::Ready {
            self.note(Level::Info, "works again");
            self.health.set_last_error("");
        }
    }

    /// Says what is wrong when it begins, not at every attempt.
    fn failed_for_now(&self, why: &str) {
        self.health.set_last_error(why);
        // One that is not let in, or not served, stays so until it is.
        if self.health.state() == LaneState::Ready {
            self.health.set_state(LaneState::Retrying);
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
            self.health.set_last_error(what);
        }
        self.diagnostics
            .say(level, &format!("exporter `{}`, {}: {what}", self.plan.exporter, self.plan.signal.name()));
    }
}
