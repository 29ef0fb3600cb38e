//! What this process has used: processor time and memory, as the kernel counts them (proc(5), `stat` and `statm`).

use std::fs;

/// What the process has used by now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Seconds of processor time in user mode and in the kernel.
    pub(crate) user_s: f64,
    pub(crate) system_s: f64,
    /// Bytes of physical memory.
    pub(crate) memory: u64,
}

/// Positions behind the name of the program, which may have spaces in it: `utime` and `stime` (14 and 15 from the first).
const USER: usize = 11;
const SYSTEM: usize = 12;
/// `resident`, in pages.
const RESIDENT: usize = 1;

/// Nothing where the kernel does not say.
pub(crate) fn of_process() -> Option<Usage> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let number = |text: &str, at: usize| text.split_ascii_whitespace().nth(at)?.parse::<u64>().ok();
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let seconds = |at| Some(number(fields, at)? as f64 / ticks);
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let memory = number(&statm, RESIDENT)?.saturating_mul(rustix::param::page_size() as u64);
    Some(Usage { user_s: seconds(USER)?, system_s: seconds(SYSTEM)?, memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_something() {
        let used = of_process().unwrap();
        assert!(used.memory > 1 << 20 && used.user_s >= 0.0 && used.system_s >= 0.0, "{used:?}");
    }
}
