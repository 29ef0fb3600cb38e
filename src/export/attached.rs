//! The lanes that there are, and those that there were: an exporter may come and go while others run. What one has come to
//! stays readable after it is gone, until one of the same name comes. A lane's number is its place in the file of cursors,
//! so that numbers are given again, first of all to the exporter that had them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::time::Instant;

use super::health::LaneHealth;
use super::outcome::Exporter;
use super::settings::Plan;
use crate::journal::Journal;
use crate::journal::accounting::{Drop, LaneCounters};
use crate::journal::cursor::LaneId;
use crate::journal::cursor_file::MOST_LANES;
use crate::otlp::Signal;

/// Something that happens once and is waited for.
#[derive(Debug, Default)]
pub(super) struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(super) fn open(&self) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    pub(super) fn is_open(&self) -> bool {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is open; false at the deadline.
    pub(super) fn wait(&self, deadline: Instant) -> bool {
        let mut is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_open {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            is_open = self.opened.wait_timeout(is_open, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// A lane as the outside sees it.
pub(crate) struct LaneEntry {
    pub(crate) id: LaneId,
    pub(crate) exporter: String,
    pub(crate) signal: Signal,
    pub(crate) health: Arc<LaneHealth>,
    transport: Mutex<Option<Arc<Exporter>>>,
    /// Somebody is taking it away.
    is_leaving: AtomicBool,
    /// Open when nothing runs for it any more.
    pub(super) ended: Arc<Gate>,
    /// What it had come to when it was taken away.
    left_with: OnceLock<LaneCounters>,
}

impl LaneEntry {
    /// Gives its transport up: it is used no more.
    pub(super) fn take_transport(&self) -> Option<Arc<Exporter>> {
        self.transport.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_attached(&self) -> bool {
        self.left_with.get().is_none()
    }
}

/// What dead processes had left, as far as it has been taken up.
#[derive(Default)]
struct Recovered {
    running: Vec<(LaneId, Arc<Journal>)>,
    /// The counters of what is finished.
    finished: Vec<(LaneId, LaneCounters)>,
}

/// Counters of an adopted journal: nobody has offered what is in it, it was recovered.
fn as_recovered(counters: LaneCounters) -> LaneCounters {
    LaneCounters { accepted: 0, recovered: counters.accepted, ..counters }
}

/// All lanes, those that are gone too.
#[derive(Default)]
pub(super) struct Lanes {
    entries: RwLock<Vec<Arc<LaneEntry>>>,
    recovered: Mutex<Recovered>,
}

impl Lanes {
    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<LaneEntry>>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<LaneEntry>>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn recovered(&self) -> MutexGuard<'_, Recovered> {
        self.recovered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are there.
    pub(super) fn attached(&self) -> Vec<Arc<LaneEntry>> {
        self.read().iter().filter(|lane| lane.is_attached()).cloned().collect()
    }

    /// The lane of an exporter and signal; the last one that was.
    pub(super) fn find(&self, exporter: &str, signal: Signal) -> Option<Arc<LaneEntry>> {
        self.read().iter().rfind(|lane| lane.signal == signal && lane.exporter == exporter).cloned()
    }

    /// Adds a lane that gets what is recorded from now on, in place of one that had its name and is gone.
    pub(super) fn attach(&self, journal: &Journal, plan: &Plan) -> Arc<LaneEntry> {
        let mut entries = self.write();
        let entry = Arc::new(LaneEntry {
            id: free_id(&entries, plan),
            exporter: plan.exporter.clone(),
            signal: plan.signal,
            health: Arc::default(),
            transport: Mutex::new(Some(Arc::clone(&plan.transport))),
            is_leaving: AtomicBool::new(false),
            ended: Arc::default(),
            left_with: OnceLock::new(),
        });
        // While something runs for one that is gone, its number is not free.
        let is_replaced = |known: &Arc<LaneEntry>| {
            known.signal == plan.signal && known.exporter == plan.exporter && known.ended.is_open()
        };
        entries.retain(|known| !is_replaced(known));
        journal.attach_named(entry.id, &entry.exporter, entry.signal);
        entries.push(Arc::clone(&entry));
        entry
    }

    /// The lanes of an exporter that is to be taken away by whoever asks first.
    pub(super) fn begin_leaving(&self, exporter: &str) -> Vec<Arc<LaneEntry>> {
        let of_exporter = |lane: &Arc<LaneEntry>| lane.is_attached() && lane.exporter == exporter;
        let mut lanes: Vec<_> = self.read().iter().filter(|lane| of_exporter(lane)).cloned().collect();
        lanes.retain(|lane| !lane.is_leaving.swap(true, Ordering::AcqRel));
        lanes
    }

    /// Takes a lane away: what it has not settled is given up, what dead processes had left for it included. Gives what
    /// it has come to.
    pub(super) fn detach(&self, journal: &Journal, lane: &LaneEntry) -> LaneCounters {
        // Whoever reads counters sees them before or after this.
        let _entries = self.write();
        let mut recovered = self.recovered();
        let mut sum = journal.detach(lane.id, Drop::Removed);
        for (_, running) in recovered.running.extract_if(.., |(id, _)| *id == lane.id) {
            running.close();
            sum += &as_recovered(running.detach(lane.id, Drop::Removed));
        }
        for (_, finished) in recovered.finished.extract_if(.., |(id, _)| *id == lane.id) {
            sum += &finished;
        }
        lane.health.remove();
        *lane.left_with.get_or_init(|| sum)
    }

    /// What a lane has come to, with what dead processes had left for it.
    pub(super) fn counters(&self, journal: &Journal, lane: &LaneEntry) -> LaneCounters {
        let _entries = self.read();
        if let Some(counters) = lane.left_with.get() {
            return *counters;
        }
        let mut sum = journal.lane_counters(lane.id);
        let recovered = self.recovered();
        for (_, journal) in recovered.running.iter().filter(|(id, _)| *id == lane.id) {
            sum += &as_recovered(journal.lane_counters(lane.id));
        }
        for (_, counters) in recovered.finished.iter().filter(|(id, _)| *id == lane.id) {
            sum += counters;
        }
        sum
    }

    /// Takes a dead process's journal up; false, and it is closed, when the lane is gone.
    pub(super) fn adopt(&self, lane: &LaneEntry, journal: &Arc<Journal>) -> bool {
        let mut recovered = self.recovered();
        if !lane.is_attached() {
            journal.close();
            return false;
        }
        recovered.running.push((lane.id, Arc::clone(journal)));
        true
    }

    /// Lets an adopted journal go; its counters stay.
    pub(super) fn dismiss(&self, lane: LaneId, journal: &Arc<Journal>) {
        let mut recovered = self.recovered();
        let before = recovered.running.len();
        recovered.running.retain(|(_, running)| !Arc::ptr_eq(running, journal));
        if recovered.running.len() == before {
            // The lane has gone, and taken its counters with it.
            return;
        }
        let counters = as_recovered(journal.lane_counters(lane));
        match recovered.finished.iter_mut().find(|(id, _)| *id == lane) {
            Some((_, sum)) => *sum += &counters,
            None => recovered.finished.push((lane, counters)),
        }
    }
}

/// A number for a lane: the one that its exporter had, one that nobody had, or one that nobody has.
fn free_id(entries: &[Arc<LaneEntry>], plan: &Plan) -> LaneId {
    let is_free = |id: LaneId| {
        let has_ended = |lane: &Arc<LaneEntry>| !lane.is_attached() && lane.ended.is_open();
        entries.iter().filter(|lane| lane.id == id).all(has_ended)
    };
    let had_it = |lane: &&Arc<LaneEntry>| lane.signal == plan.signal && lane.exporter == plan.exporter;
    let own = entries.iter().filter(had_it).map(|lane| lane.id).find(|id| is_free(*id));
    let ids = || (0..).map(LaneId);
    let is_new = |id: &LaneId| entries.iter().all(|lane| lane.id != *id);
    let has_place = |id: &LaneId| (id.0 as usize) < MOST_LANES;
    let new = || ids().find(is_new).filter(has_place);
    own.or_else(new).or_else(|| ids().find(|id| is_free(*id))).unwrap_or(LaneId(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::registry::Callbacks;
    use super::super::settings::{MetricsPlan, plans};
    use super::*;
    use crate::config::{Config, Environment, Level, Temporality};
    use crate::diagnostics::Diagnostics;
    use crate::journal::{JournalSettings, OverflowPolicy};

    fn journal() -> Journal {
        let settings = JournalSettings {
            shards: 2,
            segment_bytes: 65_536,
            max_bytes: 1 << 20,
            overflow: OverflowPolicy::DropNewest,
        };
        Journal::new(settings, Box::new(|| {}))
    }

    fn plan(name: &str) -> Plan {
        let json = format!(r#"{{"type":"console","name":"{name}","signals":["traces"]}}"#);
        let exporter = Config::resolve_exporter(json.as_bytes(), &Environment::default(), &[]).unwrap();
        let diagnostics = Arc::new(Diagnostics::new(Level::Off));
        let metrics = MetricsPlan { enabled: false, temporality: Temporality::Cumulative };
        plans(&exporter, metrics, &Callbacks::default(), &diagnostics).unwrap().remove(0)
    }

    #[test]
    fn a_number_goes_first_to_whoever_had_it_and_to_nobody_while_it_is_used() {
        let (lanes, journal) = (Lanes::default(), journal());
        let attach = |name: &str| lanes.attach(&journal, &plan(name));
        let leave = |lane: &LaneEntry| {
            lanes.detach(&journal, lane);
            lane.ended.open();
        };
        let (a, b) = (attach("a"), attach("b"));
        assert_eq!((a.id, b.id), (LaneId(0), LaneId(1)));
        lanes.detach(&journal, &a);
        // Something may run for it still.
        let again = attach("a");
        assert_eq!(again.id, LaneId(2));
        leave(&again);
        // 2 is kept for who had it.
        assert_eq!(attach("c").id, LaneId(3));
        assert_eq!(attach("d").id, LaneId(4));
        assert_eq!(attach("a").id, LaneId(2));
        assert!(lanes.find("a", Signal::Traces).unwrap().is_attached());
        assert_eq!(lanes.attached().len(), 4);
        assert!(lanes.find("a", Signal::Logs).is_none());
        // With all places given, those of whoever is gone are given again.
        leave(&b);
        let more: Vec<_> = (5..MOST_LANES).map(|number| attach(&format!("n{number}"))).collect();
        assert_eq!(more.last().unwrap().id, LaneId(63));
        assert_eq!(attach("one-more").id, LaneId(1));
        assert_eq!(attach("and-another").id, LaneId(64));
        a.ended.open();
        assert_eq!(attach("the-last").id, LaneId(0));
        let mut ids: Vec<_> = lanes.attached().iter().map(|lane| lane.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), lanes.attached().len());
    }

    #[test]
    fn whoever_asks_first_takes_an_exporter_away() {
        let (lanes, journal) = (Lanes::default(), journal());
        let lane = lanes.attach(&journal, &plan("a"));
        assert_eq!(lanes.begin_leaving("a").len(), 1);
        assert!(lanes.begin_leaving("a").is_empty());
        lanes.detach(&journal, &lane);
        assert!(lanes.begin_leaving("a").is_empty());
        assert_eq!(lanes.counters(&journal, &lane), LaneCounters::default());
        assert_eq!(lane.health.state(), crate::export::health::LaneState::Removed);
        let late = Arc::new(super::tests::journal());
        assert!(!lanes.adopt(&lane, &late));
        assert!(late.is_closed());
    }
}
