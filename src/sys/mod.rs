//! What only an operating system can answer: clocks, thread starts with signals masked, fork detection, random seeds,
//! exit hooks, directories and files of our own, and raw memory (`AppendRegion`, the memory of slots). Imports nothing
//! from above; `unsafe` that is not about C callers lives here.

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64",
    target_endian = "little"
)))]
compile_error!(
    "agentotel supports 64-bit little-endian Linux (x86_64, aarch64); a new platform is added in src/sys/"
);

pub(crate) mod append;
pub(crate) mod cells;
pub(crate) mod checksum;
pub(crate) mod clock;
pub(crate) mod directory;
pub(crate) mod exit;
pub(crate) mod failpoint;
pub(crate) mod fork;
pub(crate) mod memory;
pub(crate) mod slots;
pub(crate) mod thread;
pub(crate) mod timer;
pub(crate) mod usage;

/// True when the process runs with privileges that its caller does not have (setuid, file capabilities): environment
/// variables are then the caller's word, not the owner's. Source: getauxval(3), AT_SECURE.
pub(crate) fn is_privileged() -> bool {
    // SAFETY: getauxval takes a number, returns a number, and touches nothing of ours.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}
