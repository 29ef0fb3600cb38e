//! Places at which a test lets the process be killed: between two stores that a recovery must be able to tell apart. With
//! the feature `test-failpoints` the variable `AGENTOTEL_TEST_KILL_AT` names one, and how often it is passed before
//! (`roll:3`), and `AGENTOTEL_TEST_FATAL_STEPS` how many processes may die in one step of a recovery; without it nothing of
//! this is built.

/// Passes a place.
#[cfg(not(feature = "test-failpoints"))]
#[inline(always)]
pub(crate) fn pass(_name: &str) {}

/// Passes a place, or is killed there.
#[cfg(feature = "test-failpoints")]
pub(crate) fn pass(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    static WANTED: OnceLock<Option<(String, AtomicI64)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let wanted = std::env::var("AGENTOTEL_TEST_KILL_AT").ok()?;
        let (name, times) = wanted.split_once(':')?;
        Some((name.to_owned(), AtomicI64::new(times.parse().ok()?)))
    });
    if let Some((wanted, left)) = wanted
        && wanted == name
        && left.fetch_sub(1, Ordering::Relaxed) == 0
    {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Processes that may die in one step of a recovery.
#[cfg(not(feature = "test-failpoints"))]
#[inline(always)]
pub(crate) fn most_fatal_steps(most: u64) -> u64 {
    most
}

/// The same, or as many as a test wants that kills at random: on a busy machine a step takes so long that kill after kill
/// falls into it.
#[cfg(feature = "test-failpoints")]
pub(crate) fn most_fatal_steps(most: u64) -> u64 {
    let wanted = std::env::var("AGENTOTEL_TEST_FATAL_STEPS").ok();
    wanted.and_then(|wanted| wanted.parse().ok()).unwrap_or(most)
}
