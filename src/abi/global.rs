//! The one library instance of the process. Threads cache it and compare a version number; the lock is taken only to
//! start, to stop, and to fill a cache. In a forked child a fresh cell is made, since the parent's lock may be held by a
//! thread that does not exist there, and the instance is built anew from the parent's configuration.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use once_cell::sync::OnceCell;

use crate::config::Config;
use crate::manager::{Callbacks, Error, OtelManager};
use crate::sys::{exit, fork};

/// Raised whenever a cached instance may no longer be the one.
static VERSION: AtomicU64 = AtomicU64::new(1);
static CELL: AtomicPtr<Cell> = AtomicPtr::new(std::ptr::null_mut());
/// The least severity number of log records that the running instance keeps; 0 when none runs.
static LEAST_SEVERITY: AtomicU32 = AtomicU32::new(0);

struct Cell {
    forks: u32,
    /// What the parent process ran with, when it ran at the time of the fork.
    inherited: Option<Arc<Config>>,
    /// What this process runs with; readable without the lock, for a child.
    running: Mutex<Option<Arc<OtelManager>>>,
    config: Mutex<Option<Arc<Config>>>,
    /// What the host has registered, for every start.
    callbacks: Arc<Callbacks>,
    /// The instance that a child builds on its first call.
    reborn: OnceCell<()>,
    /// This process has started the library itself.
    was_asked: AtomicBool,
}

/// The cell of this process. Cells are made once per process and per fork on the way to it, and never freed.
fn cell() -> &'static Cell {
    loop {
        let current = CELL.load(Ordering::Acquire);
        // SAFETY: a non-null pointer comes from the leaked box below and stays valid for good.
        let known = unsafe { current.as_ref() };
        if let Some(known) = known.filter(|known| known.forks == fork::generation()) {
            return known;
        }
        let inherited = known.and_then(|parent| {
            // A lock that is held across the fork stays held for ever here: then there is nothing to inherit.
            parent.config.try_lock().ok().and_then(|config| config.clone())
        });
        let fresh = Box::into_raw(Box::new(Cell {
            forks: fork::generation(),
            inherited,
            running: Mutex::new(None),
            config: Mutex::new(None),
            callbacks: Arc::new(known.map(|parent| parent.callbacks.copy_for_child()).unwrap_or_default()),
            reborn: OnceCell::new(),
            was_asked: AtomicBool::new(false),
        }));
        if CELL.compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: made above and shown to nobody.
            drop(unsafe { Box::from_raw(fresh) });
        }
    }
}

impl Cell {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<OtelManager>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_config(&self, config: Option<Arc<Config>>) {
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = config;
    }
}

/// A number that changes with every start and stop.
#[inline]
pub(crate) fn version() -> u64 {
    VERSION.load(Ordering::Acquire)
}

/// Whether the running instance leaves log records of this severity number out.
#[inline]
pub(crate) fn is_log_left_out(severity_number: u32) -> bool {
    severity_number != 0 && severity_number < LEAST_SEVERITY.load(Ordering::Acquire)
}

/// Whether an instance runs that keeps them.
#[inline]
pub(crate) fn is_log_enabled(severity_number: u32) -> bool {
    let least = LEAST_SEVERITY.load(Ordering::Acquire);
    least != 0 && (severity_number == 0 || severity_number >= least)
}

/// What the host has registered in this process.
pub(crate) fn callbacks() -> &'static Callbacks {
    &cell().callbacks
}

/// Something was registered that exporters may wait for.
pub(crate) fn hurry() {
    // An instance that is being started, or none, waits for nothing yet.
    let manager = cell().running.try_lock().ok().and_then(|running| running.clone());
    if let Some(manager) = manager.filter(|manager| !manager.is_shut_down()) {
        manager.hurry();
    }
}

/// The exporters of an instance have changed: forked children have them as they are now.
pub(crate) fn set_config_of(manager: &OtelManager) {
    let mut config = cell().config.lock().unwrap_or_else(PoisonError::into_inner);
    if config.is_some() && !manager.is_shut_down() {
        *config = Some(Arc::new(manager.config_now()));
    }
}

/// The instance, running or shut down.
pub(crate) fn instance() -> Result<Arc<OtelManager>, Error> {
    let cell = cell();
    if let Some(config) = &cell.inherited {
        cell.reborn.get_or_try_init(|| {
            let mut running = cell.lock();
            if running.is_none() {
                *running = Some(start(cell, Arc::clone(config), Vec::new())?);
            }
            Ok::<(), Error>(())
        })?;
    }
    cell.lock().clone().ok_or(Error::NotInitialized)
}

fn start(cell: &Cell, config: Arc<Config>, warnings: Vec<String>) -> Result<Arc<OtelManager>, Error> {
    let manager = OtelManager::start(Arc::clone(&config), &warnings, version(), &cell.callbacks)?;
    LEAST_SEVERITY.store(config.logs.min_severity.number().into(), Ordering::Release);
    cell.set_config(Some(config));
    VERSION.fetch_add(1, Ordering::AcqRel);
    Ok(manager)
}

/// Starts the library.
pub(crate) fn init(config: Config, warnings: Vec<String>) -> Result<(), Error> {
    fork::watch();
    let cell = cell();
    // A child that is asked to start anew does not build its parent's instance first.
    let _ = cell.reborn.set(());
    let mut running = cell.lock();
    if running.as_ref().is_some_and(|manager| !manager.is_shut_down()) {
        return Err(Error::AlreadyInitialized);
    }
    *running = Some(start(cell, Arc::new(config), warnings)?);
    drop(running);
    cell.was_asked.store(true, Ordering::Release);
    exit::on_exit(flush_at_exit);
    Ok(())
}

/// Stops the library; its counters stay readable until the next start.
pub(crate) fn shutdown(timeout: Duration) -> Result<(), Error> {
    let manager = instance()?;
    manager.check_may_shut_down()?;
    cell().set_config(None);
    LEAST_SEVERITY.store(0, Ordering::Release);
    manager.shutdown(timeout)
}

/// What happens when the host exits without a shutdown: one bounded attempt to deliver, unless the process is a fork
/// that goes on with what its parent has started.
fn flush_at_exit() {
    let current = CELL.load(Ordering::Acquire);
    // SAFETY: as in `cell`.
    let Some(cell) = (unsafe { current.as_ref() }) else { return };
    if cell.forks != fork::generation() || !cell.was_asked.load(Ordering::Acquire) {
        return;
    }
    // A lock that is held now is held by a thread that `exit` has overtaken.
    let manager = cell.running.try_lock().ok().and_then(|running| running.clone());
    if let Some(manager) = manager.filter(|manager| !manager.is_shut_down()) {
        LEAST_SEVERITY.store(0, Ordering::Release);
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| manager.shut_down_at_exit()));
    }
}
