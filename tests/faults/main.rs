//! Every call that the store makes of the C library fails once, each at its own turn: disk full, disk broken, interrupted,
//! short, no descriptors, read-only. A preloaded shim (`shim.c`) counts the calls that touch the storage directory and lets
//! one of them fail; a run that only counts says which there are. Whatever fails: the process lives and does not hang, its
//! counters hold, and what it had acknowledged while its files were said to hold is delivered by a process after it.

#[path = "../agent/mod.rs"]
mod agent;
#[allow(dead_code, reason = "not every test needs all of it")]
#[path = "../processes/role.rs"]
mod role;
mod roles;
mod shim;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent::{private_directory, size_of_run};
use shim::{ERRNOS, FUNCTIONS, Fault};

/// The process that plays a role; nothing in a run of the tests themselves.
#[test]
fn role_process() {
    role::play(&[
        ("leaving", roles::leave_something),
        ("under-fault", roles::live_under_fault),
        ("recovering", roles::recover),
    ]);
}

/// How the process that meets the fault is set up.
#[derive(Clone, Copy, Debug)]
struct Setting {
    /// `storage.on_failure`.
    on_failure: &'static str,
    /// `storage.sync`.
    sync: &'static str,
    /// The file system is said to lose space that was allocated: files are written, not mapped.
    write_through: bool,
    /// Ends by a shutdown; else at once, with something pending and something in flight.
    shuts_down: bool,
}

const USUAL: [Setting; 2] = [
    Setting { on_failure: "memory", sync: "interval", write_through: false, shuts_down: false },
    Setting { on_failure: "reject", sync: "interval", write_through: true, shuts_down: true },
];
const OTHERS: [Setting; 4] = [
    Setting { on_failure: "reject", sync: "always", write_through: false, shuts_down: true },
    Setting { on_failure: "memory", sync: "always", write_through: true, shuts_down: false },
    Setting { on_failure: "reject", sync: "none", write_through: false, shuts_down: false },
    Setting { on_failure: "memory", sync: "none", write_through: true, shuts_down: true },
];

impl Setting {
    fn options(self) -> Vec<(&'static str, &'static str)> {
        let mut options = vec![
            ("ON_FAILURE", self.on_failure),
            ("SYNC", self.sync),
            ("END", if self.shuts_down { "shutdown" } else { "at once" }),
        ];
        if self.write_through {
            options.push(("AGENTOTEL_FAULT_FILE_SYSTEM", "other"));
        }
        options
    }
}

/// Copies a directory with all that is in it, for its owner alone.
fn copy(from: &Path, to: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// How often each span was delivered.
fn delivered(directory: &Path) -> HashMap<String, usize> {
    let mut spans = HashMap::new();
    for name in ["out-fault.jsonl", "out-recovered.jsonl"] {
        for line in lines(&directory.join(name)) {
            let Ok(batch) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
            for resource in batch["resourceSpans"].as_array().into_iter().flatten() {
                for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
                    *spans.entry(span["spanId"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
        }
    }
    spans
}

/// What was found in one run.
struct Run {
    calls: Vec<u64>,
    hits: u64,
    durable: usize,
    acknowledged: usize,
}

/// One life under a fault, and one after it.
fn run(template: &Path, setting: Setting, fault: Option<Fault>) -> Run {
    let place = private_directory();
    let directory = place.path();
    let what = format!("{fault:?} in {setting:?}");
    copy(&template.join("storage"), &directory.join("storage"));
    let counts = shim::counts_file(directory);
    let preload = shim::library().to_str().unwrap();
    let storage = directory.join("storage");
    let mut options = setting.options();
    let told = fault.map(Fault::told).unwrap_or_default();
    options.extend([
        ("LD_PRELOAD", preload),
        ("AGENTOTEL_FAULT_DIRECTORY", storage.to_str().unwrap()),
        ("AGENTOTEL_FAULT_COUNTS", counts.to_str().unwrap()),
    ]);
    if fault.is_some() {
        options.push(("AGENTOTEL_FAULT", &told));
    }
    let status = role::run("under-fault", directory, &options);
    assert!(status.success(), "{what}: {status}");
    let status = role::run("recovering", directory, &[]);
    assert!(status.success(), "after {what}: {status}");

    let spans = delivered(directory);
    let count_lost = |ids: &[String]| ids.iter().filter(|id| !spans.contains_key(*id)).count();
    let left = lines(&template.join("left"));
    assert!(!left.is_empty());
    assert_eq!(count_lost(&left), 0, "{what}: of {} that were there before", left.len());
    let (durable, others) = (lines(&directory.join("durable")), lines(&directory.join("not-durable")));
    assert_eq!(count_lost(&durable), 0, "{what}: of {} acknowledged in files", durable.len());
    // Nothing was delivered that nobody recorded.
    let unsaid = lines(&directory.join("unsaid"));
    let known: HashSet<&String> = left.iter().chain(&durable).chain(&others).chain(&unsaid).collect();
    let forged = spans.keys().filter(|id| !known.contains(id)).count();
    assert_eq!(forged, 0, "{what}");
    let (calls, hits) = shim::read_counts(&counts);
    Run { calls, hits, durable: durable.len(), acknowledged: durable.len() + others.len() }
}

/// What a dead process has left, which those under fault take over.
fn template() -> tempfile::TempDir {
    let template = private_directory();
    role::run_well("leaving", template.path());
    template
}

/// Calls that no run reaches as surely as others: how many there are depends on how the threads meet.
const ATTEMPTS: usize = 12;

/// Many calls of one function do the same (a `pwrite` for each event): of those the usual run takes a part.
fn is_site(call: u64) -> bool {
    const ALL_UP_TO: u64 = 40;
    const THEN_EVERY: u64 = 41;
    call <= ALL_UP_TO || size_of_run(call.is_multiple_of(THEN_EVERY), true)
}

/// Lets every call fail, as often in a row as `times` says, with the errors that `errnos` gives for it.
fn let_every_call_fail(
    settings: &[Setting],
    times: impl Fn(i32) -> u64,
    errnos: impl Fn(usize, u64) -> Vec<i32> + Sync,
) -> usize {
    let template = template();
    let mut sites: Vec<(Setting, Fault)> = Vec::new();
    for setting in settings {
        let counts: Vec<Run> = (0..3).map(|_| run(template.path(), *setting, None)).collect();
        for (function, name) in FUNCTIONS.iter().enumerate() {
            let calls = counts.iter().map(|run| run.calls[function]).min().unwrap();
            println!("{setting:?}: {name}: {calls} calls");
            for call in (1..=calls).filter(|call| is_site(*call)) {
                for errno in errnos(function, call) {
                    sites.push((*setting, Fault { function, call, errno, times: times(errno) }));
                }
            }
        }
        for run in counts {
            // Where slots are not mapped, the event in flight is not.
            assert!(run.durable + 1 >= run.acknowledged, "without a fault all is in files");
        }
    }
    let next = AtomicUsize::new(0);
    let missed = Mutex::new(Vec::new());
    let durable = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..16 {
            threads.spawn(|| {
                while let Some((setting, fault)) = sites.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut was_hit = false;
                    for _ in 0..ATTEMPTS {
                        let run = run(template.path(), *setting, Some(*fault));
                        durable.fetch_add(run.durable, Ordering::Relaxed);
                        was_hit = run.hits > 0;
                        if was_hit {
                            break;
                        }
                    }
                    if !was_hit {
                        missed.lock().unwrap().push(*fault);
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "never hit: {missed:?}");
    println!("{} sites, each hit; {} events acknowledged in files", sites.len(), durable.into_inner());
    sites.len()
}

/// A call that is interrupted for ever would be repeated for ever.
fn from_then_on(errno: i32) -> u64 {
    if errno == libc::EINTR { 1000 } else { u64::from(u32::MAX) }
}

/// The errors that a function is given in turn.
fn errors_of(function: usize) -> &'static [i32] {
    // What transfers bytes can also be short.
    if shim::transfers(function) { &ERRNOS } else { &ERRNOS[1..] }
}

#[test]
fn every_call_of_the_store_may_fail_once() {
    let settings: Vec<Setting> = size_of_run(USUAL.to_vec(), USUAL.iter().chain(&OTHERS).copied().collect());
    // Each call with one error, the errors in turn; all of them in the long run.
    let sites = let_every_call_fail(
        &settings,
        |_| 1,
        |function, call| {
            let errors = errors_of(function);
            let one = errors[(call as usize + function) % errors.len()];
            size_of_run(vec![one], errors.to_vec())
        },
    );
    assert!(sites >= 150, "only {sites} sites");
}

#[test]
fn a_function_of_the_store_may_fail_from_some_call_on() {
    // The first, and one in the middle; from every call on in the long run.
    let settings: Vec<Setting> = size_of_run(USUAL.to_vec(), USUAL.iter().chain(&OTHERS).copied().collect());
    let is_chosen = |call| size_of_run(call == 1 || call == 7, true);
    let sites = let_every_call_fail(&settings, from_then_on, |function, call| {
        let errors = errors_of(function);
        let one = errors[(call as usize + function) % errors.len()];
        if is_chosen(call) { size_of_run(vec![one], errors.to_vec()) } else { Vec::new() }
    });
    assert!(sites >= 30, "only {sites} sites");
}

/// Files that are written: from some event on none takes any more.
fn files_that_take_no_more(on_failure: &'static str) -> Run {
    let setting = Setting { on_failure, sync: "interval", write_through: true, shuts_down: false };
    let function = FUNCTIONS.iter().position(|name| *name == "pwrite").unwrap();
    let fault = Fault { function, call: 500, errno: libc::ENOSPC, times: from_then_on(libc::ENOSPC) };
    let run = run(template().path(), setting, Some(fault));
    assert!(run.hits > 0);
    run
}

#[test]
fn when_a_written_file_takes_no_more_recording_goes_on_in_memory() {
    let run = files_that_take_no_more("memory");
    // All of them, and the one in flight.
    assert_eq!(run.acknowledged, roles::ROUNDS * roles::EVENTS + 1);
    assert!(run.durable < run.acknowledged && run.durable > 400, "{}", run.durable);
}

#[test]
fn when_a_written_file_takes_no_more_recording_is_refused_when_so_configured() {
    let run = files_that_take_no_more("reject");
    // Those before, and the one in flight, whose slot is in memory.
    assert_eq!(run.acknowledged, run.durable + 1);
    assert!(run.acknowledged < roles::EVENTS && run.durable > 400, "{}", run.durable);
}
