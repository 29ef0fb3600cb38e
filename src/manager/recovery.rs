//! Takes over what dead processes of this namespace have left: one directory after the other, oldest first, each drained
//! through the exporters that run now, at a bounded rate, and removed when all of them are done with it. Runs on the storage
//! thread, a step at a time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::storage::{Open, RecoveryCounters, SharedCounters};
use crate::config::{Level, Storage};
use crate::diagnostics::Diagnostics;
use crate::event::processor::EventProcessor;
use crate::export::{ExportManager, LaneEntry};
use crate::journal::budget::FileBudget;
use crate::journal::files::{EVENTS_SUFFIX, SESSIONS_SUFFIX, read_slots};
use crate::journal::incarnation::{self, Incarnation};
use crate::journal::recovery::{DeadJournal, Extra, LaneRecovery};
use crate::live::unfinished::{LeftBehind, unfinished};
use crate::otlp::request::RequestHeader;
use crate::sys::directory::is_disk_failure;
use crate::sys::{clock, failpoint};

/// After a directory could not be taken over so often in a row, what the disk does not give back of it is given up.
const MOST_ATTEMPTS: u32 = 5;
/// After something could not be read it is read again no sooner than this.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Between two looks for dead processes.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// The most that one step copies.
const MOST_STEP_BYTES: usize = 4 << 20;
/// The most that the first step copies; each one may take twice as much as the one before. A process that is killed again and
/// again comes a little further each time, and is told by that from one that dies of what it reads.
const FIRST_STEP_BYTES: usize = 64 << 10;
/// What a rate lets one make up for after a pause.
const BURST: Duration = Duration::from_millis(200);

/// A directory that is being drained.
struct Draining {
    incarnation: Incarnation,
    dead: DeadJournal,
    extras: Vec<Extra>,
    lanes: Vec<LaneRecovery>,
    /// What the lanes have missed so far, as it was counted.
    missing: u64,
    /// The most that the next step copies.
    step_bytes: usize,
    /// What its files take.
    bytes: u64,
}

pub(super) struct Recovery {
    max_age: Duration,
    /// Bytes a second; 0 = as fast as it goes.
    rate: u64,
    export: Arc<ExportManager>,
    budget: Arc<FileBudget>,
    counters: SharedCounters,
    /// Names that have been listed and not been looked at; the next one is the last.
    candidates: Vec<String>,
    /// Names of directories in which something is not ours to judge: they are looked at once.
    passed_over: BTreeSet<String>,
    /// How often in a row a directory could not be taken over.
    attempts: BTreeMap<String, u32>,
    next_look: Instant,
    paused_until: Instant,
    draining: Option<Draining>,
    /// Bytes that others have in the directory.
    waiting: u64,
    credit: u64,
    credited: Instant,
}

impl Recovery {
    pub(super) fn new(
        config: &Storage,
        export: Arc<ExportManager>,
        budget: Arc<FileBudget>,
        counters: SharedCounters,
    ) -> Self {
        Self {
            max_age: Duration::from_secs(config.max_age_s),
            rate: config.recovery_bytes_per_s,
            export,
            budget,
            counters,
            candidates: Vec::new(),
            passed_over: BTreeSet::new(),
            attempts: BTreeMap::new(),
            next_look: Instant::now(),
            paused_until: Instant::now(),
            draining: None,
            waiting: 0,
            credit: 0,
            credited: Instant::now(),
        }
    }

    fn count(&self, change: impl FnOnce(&mut RecoveryCounters)) {
        change(&mut self.counters.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Does a piece of the work; true when there is more to do soon.
    pub(super) fn step(
        &mut self,
        open: &Open,
        processor: &EventProcessor,
        diagnostics: &Diagnostics,
    ) -> bool {
        if self.export.lanes().is_empty() || Instant::now() < self.paused_until {
            // Nobody would take it, or nothing can be read: it stays where it is.
            return false;
        }
        if self.draining.is_none() && !self.begin_next(open, processor, diagnostics) {
            return !self.candidates.is_empty();
        }
        self.drain(open, diagnostics);
        true
    }

    /// Ends in good order: what is not done is somebody else's, or the next start's.
    pub(super) fn stop(&mut self) {
        if let Some(draining) = self.draining.take() {
            for lane in &draining.lanes {
                lane.persist();
                self.export.dismiss(lane.lane, &lane.journal);
            }
        }
    }

    /// What others have in the directory counts against what files may take.
    fn set_waiting(&mut self, bytes: u64) {
        self.count(|counters| counters.waiting_bytes = bytes);
        self.budget.set_others(bytes);
        self.waiting = bytes;
    }

    /// Takes the next directory over; false when there is none, or this one was not to be had.
    fn begin_next(&mut self, open: &Open, processor: &EventProcessor, diagnostics: &Diagnostics) -> bool {
        if self.candidates.is_empty() && Instant::now() >= self.next_look {
            self.next_look = Instant::now() + LOOK_AGAIN;
            self.candidates =
                incarnation::candidates(&open.namespace, &open.incarnation.name).unwrap_or_default();
            self.candidates.retain(|name| !self.passed_over.contains(name));
            let weigh = |name: &String| incarnation::bytes(&open.namespace, name);
            self.set_waiting(self.candidates.iter().map(weigh).sum());
            // Oldest first, taken from the end.
            self.candidates.reverse();
        }
        let Some(name) = self.candidates.pop() else { return false };
        match self.begin(open, &name, processor, diagnostics) {
            Ok(draining) => {
                self.attempts.remove(&name);
                self.draining = draining;
                self.draining.is_some()
            }
            Err(error) => {
                *self.attempts.entry(name.clone()).or_default() += 1;
                let words = format!("what a dead process has left in {name} cannot be taken over: {error}");
                diagnostics.say(Level::Warn, &words);
                false
            }
        }
    }

    fn begin(
        &mut self,
        open: &Open,
        name: &str,
        processor: &EventProcessor,
        diagnostics: &Diagnostics,
    ) -> std::io::Result<Option<Draining>> {
        let Some(incarnation) = incarnation::adopt(&open.namespace, name)? else { return Ok(None) };
        let insist = self.attempts.get(name).is_some_and(|attempts| *attempts >= MOST_ATTEMPTS);
        let dead = DeadJournal::open(&incarnation, insist)?;
        if self.is_too_old(name, dead.last_seen()) {
            incarnation.remove(&open.namespace)?;
            self.count(|counters| counters.expired += 1);
            diagnostics
                .say(Level::Warn, &format!("what a dead process has left in {name} is too old: given up"));
            return Ok(None);
        }
        let Some(extras) = self.unfinished(&incarnation, &dead, processor, insist)? else {
            self.quarantine(open, &incarnation, diagnostics);
            return Ok(None);
        };
        self.count(|counters| {
            counters.adopted += 1;
            counters.corrupt_segments += dead.findings.corrupt;
            counters.foreign_segments += dead.findings.foreign;
            counters.refused_files += dead.findings.refused;
        });
        let Some((resource, scope)) = dead.parts() else {
            // There is nothing to send; what is not ours to judge stays.
            if dead.findings.foreign == 0 && dead.findings.refused == 0 {
                incarnation.remove(&open.namespace)?;
            } else {
                self.passed_over.insert(name.to_owned());
            }
            self.count(|counters| counters.finished += 1);
            return Ok(None);
        };
        let header = RequestHeader::from_parts(resource.to_vec(), scope.to_vec());
        let recovery = |entry: &Arc<LaneEntry>| {
            let lane = LaneRecovery::new(&dead, entry.id, &entry.exporter, entry.signal);
            self.export.adopt(entry, &header, &lane.journal);
            lane
        };
        let lanes: Vec<LaneRecovery> = self.export.lanes().iter().map(recovery).collect();
        let (missing, step_bytes) = (0, FIRST_STEP_BYTES);
        let bytes = incarnation::bytes(&open.namespace, name);
        Ok(Some(Draining { incarnation, dead, extras, lanes, missing, step_bytes, bytes }))
    }

    /// What was in flight when the process died, as spans; `None` when whoever reads it dies.
    fn unfinished(
        &self,
        incarnation: &Incarnation,
        dead: &DeadJournal,
        processor: &EventProcessor,
        insist: bool,
    ) -> std::io::Result<Option<Vec<Extra>>> {
        let left = LeftBehind {
            events: &read_slots(&incarnation.directory, EVENTS_SUFFIX)?,
            sessions: &read_slots(&incarnation.directory, SESSIONS_SUFFIX)?,
            shards: dead.shards(),
            last_seen: dead.last_seen(),
        };
        // Only what makes sense of bytes is marked: a process that is killed at random is rarely killed in there.
        let make_sense = |is_committed: &dyn Fn(u32, u64) -> bool| {
            let may_begin = dead.begin_slots();
            let found = may_begin.then(|| {
                failpoint::pass("slots");
                unfinished(processor, &left, is_committed)
            });
            if may_begin {
                dead.end_slots();
            }
            found
        };
        let asked = RefCell::new(BTreeMap::new());
        let ask = |shard, _| asked.borrow_mut().insert(shard, 0).is_some();
        if make_sense(&ask).is_none() {
            return Ok(None);
        }
        let mut last = asked.into_inner();
        for (shard, last) in &mut last {
            *last = match dead.last_sequence(*shard) {
                // What was finishing then may come twice, and is not lost.
                Err(error) if insist && is_disk_failure(&error) => 0,
                read => read?,
            };
        }
        let is_committed = |shard, sequence| last.get(&shard).is_some_and(|last| sequence <= *last);
        let Some(found) = make_sense(&is_committed) else { return Ok(None) };
        self.count(|counters| counters.corrupt_slots += found.corrupt);
        Ok(Some(found.records))
    }

    /// Whether what a process has left is older than may be: by when it was last seen, not by when it began.
    fn is_too_old(&self, name: &str, last_seen: i64) -> bool {
        let seen = Some(last_seen).filter(|seen| *seen > 0).or_else(|| incarnation::born(name));
        let age = seen.map(|seen| clock::wall().saturating_sub(seen));
        let max_age = i64::try_from(self.max_age.as_nanos()).unwrap_or(i64::MAX);
        age.is_some_and(|age| age > max_age)
    }

    /// How many bytes may be copied now.
    fn budget(&mut self) -> usize {
        if self.rate == 0 {
            return MOST_STEP_BYTES;
        }
        let elapsed = self.credited.elapsed().min(BURST);
        self.credited = Instant::now();
        let earned = u128::from(self.rate) * elapsed.as_micros() / 1_000_000;
        self.credit = self.credit.saturating_add(u64::try_from(earned).unwrap_or(u64::MAX));
        self.credit = self.credit.min(self.rate);
        usize::try_from(self.credit).unwrap_or(MOST_STEP_BYTES).min(MOST_STEP_BYTES)
    }

    /// Copies what may be copied now, notes what was settled, and finishes when all of it was.
    fn drain(&mut self, open: &Open, diagnostics: &Diagnostics) {
        let budget = self.budget();
        let Some(draining) = &mut self.draining else { return };
        if draining.lanes.iter().all(LaneRecovery::is_abandoned) {
            // All exporters were taken away: what is left is for whoever comes next.
            self.stop();
            return;
        }
        // Files are read before the step begins: a process that is killed at random is rarely killed in there.
        let lanes = draining.lanes.iter_mut();
        let prepared: Vec<_> = lanes.map(|lane| lane.prepare(&draining.dead)).collect();
        if !draining.dead.begin_step(&draining.lanes) {
            self.put_aside(open, diagnostics);
            return;
        }
        let mut budget = budget.min(draining.step_bytes);
        draining.step_bytes = draining.step_bytes.saturating_mul(2).min(MOST_STEP_BYTES);
        let (mut frames, mut fed, mut given_up) = (0, 0, 0);
        for (lane, prepared) in draining.lanes.iter_mut().zip(prepared) {
            match prepared.and_then(|()| lane.step(&draining.dead, &draining.extras, budget)) {
                Ok(step) => {
                    frames += step.frames;
                    fed += step.bytes;
                    budget = budget.saturating_sub(step.bytes);
                }
                Err(error) => {
                    diagnostics.say(Level::Warn, &format!("recovery: {error}"));
                    given_up += u64::from(lane.give_up_segment());
                    self.paused_until = Instant::now() + AFTER_FAILURE;
                }
            }
            lane.persist();
        }
        failpoint::pass("recovery");
        draining.dead.end_step();
        self.credit = self.credit.saturating_sub(fed as u64);
        let missing = draining.lanes.iter().map(|lane| lane.missing).max().unwrap_or(0);
        let newly_missing = missing.saturating_sub(draining.missing);
        draining.missing = missing;
        let is_done = draining.lanes.iter().all(LaneRecovery::is_done)
            && !draining.lanes.iter().all(LaneRecovery::is_abandoned);
        if frames > 0 {
            self.export.announce_adopted();
        }
        self.count(|counters| {
            counters.missing += newly_missing;
            counters.frames += frames;
            counters.corrupt_segments += given_up;
        });
        if is_done {
            self.finish(open, diagnostics);
        }
    }

    /// Gives up on a directory: whoever reads it dies.
    fn put_aside(&mut self, open: &Open, diagnostics: &Diagnostics) {
        let Some(draining) = self.draining.take() else { return };
        for lane in &draining.lanes {
            self.export.dismiss(lane.lane, &lane.journal);
        }
        self.quarantine(open, &draining.incarnation, diagnostics);
    }

    fn quarantine(&self, open: &Open, incarnation: &Incarnation, diagnostics: &Diagnostics) {
        let name = &incarnation.name;
        let words = format!("what a dead process has left in {name} is put aside: whoever reads it dies");
        diagnostics.say(Level::Error, &words);
        let _ = incarnation.quarantine(&open.namespace);
        self.count(|counters| counters.quarantined += 1);
    }

    fn finish(&mut self, open: &Open, diagnostics: &Diagnostics) {
        let Some(draining) = self.draining.take() else { return };
        for lane in &draining.lanes {
            self.export.dismiss(lane.lane, &lane.journal);
        }
        let damaged = draining.dead.damaged(&draining.lanes);
        let name = draining.incarnation.name.clone();
        if draining.dead.findings.foreign > 0 || draining.dead.findings.refused > 0 {
            // Something in it is not ours to remove.
            self.passed_over.insert(name);
        } else if let Err(error) = draining.incarnation.remove_but(&open.namespace, &damaged) {
            diagnostics.say(Level::Warn, &format!("{name} was sent and cannot be removed: {error}"));
        }
        self.set_waiting(self.waiting.saturating_sub(draining.bytes));
        self.count(|counters| counters.finished += 1);
    }
}
