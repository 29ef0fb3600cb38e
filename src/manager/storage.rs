//! The storage of a running library: opens this process's directory, keeps segments ready, brings them to the disk, and
//! takes over what dead processes have left, on a thread of its own, since a disk may be slow. Says once when files
//! cannot be had, and tries again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::recovery::Recovery;
use crate::config::{Config, Level, OnFailure, Queue, Storage as StorageConfig, Sync};
use crate::diagnostics::Diagnostics;
use crate::event::processor::EventProcessor;
use crate::export::ExportManager;
use crate::journal::budget::FileBudget;
use crate::journal::cursor_file::CursorFile;
use crate::journal::files::{SegmentFiles, SlotFiles};
use crate::journal::incarnation::{Incarnation, open_namespace};
use crate::journal::store::{SegmentStore, Substitute};
use crate::journal::{Journal, JournalSettings, Wake};
use crate::otlp::request::RequestHeader;
use crate::sys::clock;
use crate::sys::directory::Directory;
use crate::sys::thread;

/// A directory that could not be opened is tried again after this.
const OPEN_AGAIN: Duration = Duration::from_secs(5);
/// While a recovery goes on it is looked after this often.
const RECOVERY_STEP: Duration = Duration::from_millis(10);

/// What files may take, as the configuration wants it.
pub(super) fn budget(config: &Config) -> Arc<FileBudget> {
    Arc::new(FileBudget::new(config.storage.as_ref().map_or(0, |storage| storage.max_bytes)))
}

/// A journal as the configuration wants it; its files come later.
pub(super) fn journal(
    config: &Config,
    settings: JournalSettings,
    budget: &Arc<FileBudget>,
    wake: Wake,
    alarm: &Arc<Alarm>,
) -> Journal {
    let Some(storage) = &config.storage else { return Journal::new(settings, wake) };
    let alarm = Arc::clone(alarm);
    // Whenever a segment is taken, the storage thread sees to the next one.
    let wake = Box::new(move || {
        wake();
        alarm.ring();
    });
    let Queue { segment_bytes, max_bytes, .. } = config.queue;
    let substitute = match storage.on_failure {
        OnFailure::Memory => Substitute::Memory,
        OnFailure::Reject => Substitute::Nothing,
    };
    let store = SegmentStore::in_files(substitute, segment_bytes, max_bytes, Arc::clone(budget));
    Journal::in_store(settings, store, storage.sync == Sync::Always, wake)
}

/// What has become of dead processes' journals so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecoveryCounters {
    /// Directories taken over, finished, given up for their age, and put aside by now.
    pub(crate) adopted: u64,
    pub(crate) finished: u64,
    pub(crate) expired: u64,
    pub(crate) quarantined: u64,
    /// Frames handed to exporters, each counted once an exporter and signal.
    pub(crate) frames: u64,
    /// Frames that are missing between others.
    pub(crate) missing: u64,
    /// Segments with a damaged header, with another format, and those that are not files of ours.
    pub(crate) corrupt_segments: u64,
    pub(crate) foreign_segments: u64,
    pub(crate) refused_files: u64,
    /// Slots of events and sessions in which something was that cannot be read any more.
    pub(crate) corrupt_slots: u64,
    /// Bytes that directories of dead processes take.
    pub(crate) waiting_bytes: u64,
}

/// Counters that the storage thread raises and others read.
pub(super) type SharedCounters = Arc<Mutex<RecoveryCounters>>;

/// What a recorded event outlives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Durability {
    #[default]
    None,
    Process,
    Power,
}

/// How the storage fares.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StorageStats {
    pub(crate) durability: Durability,
    pub(crate) failures: u64,
    pub(crate) recovery: RecoveryCounters,
}

/// The directories of a running process.
pub(super) struct Open {
    pub(super) namespace: Directory,
    pub(super) incarnation: Incarnation,
}

/// Wakes the storage thread.
#[derive(Default)]
pub(super) struct Alarm {
    state: Mutex<AlarmState>,
    rung: Condvar,
}

#[derive(Default)]
struct AlarmState {
    rings: bool,
    stop: bool,
}

impl Alarm {
    fn ring(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rings = true;
        self.rung.notify_one();
    }

    fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.rung.notify_one();
    }

    /// Waits until it rings, or for so long; true when it is time to stop.
    fn wait(&self, most: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |state: &mut AlarmState| !state.rings && !state.stop;
        let mut state =
            self.rung.wait_timeout_while(state, most, waiting).unwrap_or_else(PoisonError::into_inner).0;
        state.rings = false;
        state.stop
    }
}

/// What the thread and its owner share.
struct Shared {
    alarm: Arc<Alarm>,
    open: Mutex<Option<Open>>,
    was_durable: AtomicBool,
    was_synced: AtomicBool,
}

pub(super) struct Storage {
    shared: Arc<Shared>,
    counters: SharedCounters,
    slots: Arc<SlotFiles>,
    sync: Sync,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Opens the directories and puts files under the journal.
fn open(
    config: &StorageConfig,
    shards: usize,
    header: &RequestHeader,
    journal: &Journal,
    slots: &SlotFiles,
    budget: &FileBudget,
) -> std::io::Result<Open> {
    let base = Directory::open_or_make_base(Path::new(&config.directory))?;
    let namespace = open_namespace(&base, &config.namespace)?;
    let incarnation = Incarnation::create(&namespace)?;
    // One place more than there are shards: for what is recovered from what was in flight.
    let cursors = CursorFile::create(&incarnation.directory, shards + 1)?;
    let slots_directory = incarnation.directory.again()?;
    let keeps_space = slots_directory.keeps_allocated_space()?;
    journal.set_files(SegmentFiles::new(incarnation.directory.again()?, header)?, cursors);
    // Last: slots in a directory whose making failed afterwards would be taken for those of a dead process.
    if keeps_space {
        slots.set_directory(slots_directory);
    }
    // It is there whatever else is.
    let _ = budget.take(CursorFile::bytes(shards + 1));
    Ok(Open { namespace, incarnation })
}

impl Storage {
    /// Opens the directory, or says why not, and starts the thread.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn start(
        config: &Config,
        storage: &StorageConfig,
        header: &RequestHeader,
        journal: &Arc<Journal>,
        slots: &Arc<SlotFiles>,
        export: &Arc<ExportManager>,
        diagnostics: &Arc<Diagnostics>,
        budget: &Arc<FileBudget>,
        processor: EventProcessor,
        alarm: &Arc<Alarm>,
    ) -> std::io::Result<Self> {
        let shards = config.queue.shards;
        let opened = match open(storage, shards, header, journal, slots, budget) {
            Ok(opened) => Some(opened),
            Err(error) if storage.on_failure == OnFailure::Memory => {
                let words = format!(
                    "storage.directory {}: {error}; recording goes on in memory",
                    storage.directory.display()
                );
                diagnostics.say(Level::Error, &words);
                None
            }
            Err(error) => return Err(error),
        };
        let shared = Arc::new(Shared {
            alarm: Arc::clone(alarm),
            was_durable: AtomicBool::new(opened.is_some()),
            was_synced: AtomicBool::new(true),
            open: Mutex::new(opened),
        });
        let counters = SharedCounters::default();
        let keeper = Keeper {
            config: storage.clone(),
            shards,
            header: header.clone(),
            journal: Arc::clone(journal),
            slots: Arc::clone(slots),
            budget: Arc::clone(budget),
            processor,
            export: Arc::clone(export),
            diagnostics: Arc::clone(diagnostics),
            shared: Arc::clone(&shared),
            counters: Arc::clone(&counters),
        };
        let thread = thread::spawn("agentotel-disk", move || keeper.run())?;
        Ok(Self {
            shared,
            counters,
            slots: Arc::clone(slots),
            sync: storage.sync,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// How it fares now.
    pub(super) fn stats(&self, journal: &Journal) -> StorageStats {
        let health = journal.store_health().unwrap_or_default();
        StorageStats {
            durability: match (health.is_durable, self.sync) {
                (false, _) => Durability::None,
                (true, Sync::Always) if health.is_synced => Durability::Power,
                (true, _) => Durability::Process,
            },
            failures: health.failures + self.slots.failures(),
            recovery: *self.counters.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Stops the thread. With `remove`, everything was delivered and the directory goes; without, what is left is there
    /// for whoever takes it over.
    pub(super) fn stop(&self, journal: &Journal, remove: bool) {
        self.shared.alarm.stop();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
        self.slots.let_go();
        journal.sync();
        let open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Open { namespace, incarnation }) = open.filter(|_| remove) {
            let _ = incarnation.remove(&namespace);
        }
    }
}

/// The thread.
struct Keeper {
    config: StorageConfig,
    shards: usize,
    header: RequestHeader,
    journal: Arc<Journal>,
    slots: Arc<SlotFiles>,
    budget: Arc<FileBudget>,
    processor: EventProcessor,
    export: Arc<ExportManager>,
    diagnostics: Arc<Diagnostics>,
    shared: Arc<Shared>,
    counters: SharedCounters,
}

impl Keeper {
    /// Runs until it is told to stop. A panic in here ends the thread, not the process.
    fn run(self) {
        let diagnostics = Arc::clone(&self.diagnostics);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.keep()));
        if ended.is_err() {
            diagnostics.say(Level::Error, "the storage thread has failed: files are not kept ready any more");
        }
    }

    fn keep(self) {
        let mut recovery = Recovery::new(
            &self.config,
            Arc::clone(&self.export),
            Arc::clone(&self.budget),
            Arc::clone(&self.counters),
        );
        let interval = Duration::from_millis(self.config.sync_interval_ms);
        let mut next_open = Instant::now() + OPEN_AGAIN;
        let mut next_sync = Instant::now() + interval;
        loop {
            let now = Instant::now();
            let is_open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).is_some();
            if !is_open && now >= next_open {
                self.open_again();
                next_open = now + OPEN_AGAIN;
            }
            self.journal.set_last_seen(clock::wall());
            self.journal.prepare_segments();
            if now >= next_sync {
                if self.config.sync != Sync::None {
                    self.journal.sync();
                }
                next_sync = now + interval;
            }
            self.say_how_it_fares();
            let mut wait = next_sync.saturating_duration_since(Instant::now());
            if let Some(open) = &*self.shared.open.lock().unwrap_or_else(PoisonError::into_inner)
                && recovery.step(open, &self.processor, &self.diagnostics)
            {
                wait = wait.min(RECOVERY_STEP);
            }
            if self.shared.alarm.wait(wait) {
                recovery.stop();
                return;
            }
        }
    }

    fn open_again(&self) {
        if let Ok(opened) =
            open(&self.config, self.shards, &self.header, &self.journal, &self.slots, &self.budget)
        {
            *self.shared.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        }
    }

    /// Says it when files begin to fail, and when they work again.
    fn say_how_it_fares(&self) {
        let Some(health) = self.journal.store_health() else { return };
        let before = self.shared.was_durable.swap(health.is_durable, Ordering::Relaxed);
        if before && !health.is_durable {
            let place = match self.config.on_failure {
                OnFailure::Memory => "recording goes on in memory",
                OnFailure::Reject => "recording is refused",
            };
            let directory = self.config.directory.display();
            let words = format!("storage.directory {directory}: {}; {place}", health.last_failure);
            self.diagnostics.say(Level::Error, &words);
        } else if !before && health.is_durable {
            let words = format!("storage.directory {}: works again", self.config.directory.display());
            self.diagnostics.say(Level::Info, &words);
        }
        let before = self.shared.was_synced.swap(health.is_synced, Ordering::Relaxed);
        if before != health.is_synced {
            let directory = self.config.directory.display();
            let (level, words) = match health.is_synced {
                true => (Level::Info, "is brought to the disk again".to_owned()),
                false => (Level::Error, format!("not brought to the disk: {}", health.last_failure)),
            };
            self.diagnostics.say(level, &format!("storage.directory {directory}: {words}"));
        }
    }
}
