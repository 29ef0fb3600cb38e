//! Figures that are counted and not timed: allocations, system calls and instructions per event.

use std::fs;
use std::process::{Command, Stdio};

use super::process::{child, run, shelter};
use super::{Bench, NO_EXPORTERS};
use crate::Fallible;
use crate::child::float;
use crate::syscalls;

const EVENTS: &str = "1000000";
const EVENTS_NUMBER: f64 = 1e6;
/// Two runs under callgrind; the difference has neither start nor end in it.
const FEW: u64 = 20_000;
const MANY: u64 = 40_000;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    allocations(bench)?;
    system_calls(bench)?;
    for attributes in ["0", "4", "10"] {
        let ours = instructions(bench, "ours", attributes)?;
        let sdk = instructions(bench, "sdk", attributes)?;
        let name = format!("instructions_per_event_{attributes}_attrs");
        bench.summary.add_beside(name.clone(), ours, format!("sdk_{name}"), sdk);
    }
    Ok(())
}

fn allocations(bench: &mut Bench) -> Fallible<()> {
    for (calls, name) in [("events", "event"), ("llm_events", "llm_event"), ("logs", "log")] {
        let config = bench.exporting("");
        let arguments =
            [("library", bench.library.as_str()), ("config", &config), ("events", EVENTS), ("calls", calls)];
        let mut command = child("allocations", &arguments)?;
        let figures = run(command.env("LD_PRELOAD", env!("ALLOCATION_COUNTER")))?;
        let events = figures.get("events")?;
        let summary = &mut bench.summary;
        summary.add(format!("allocations_per_{name}"), figures.get("calling_thread")? / events);
        if calls == "events" {
            summary.add("allocations_per_event_process", figures.get("process")? / events);
        }
    }
    Ok(())
}

fn system_calls(bench: &mut Bench) -> Fallible<()> {
    let config = bench.exporting("");
    let arguments =
        [("library", bench.library.as_str()), ("config", &config), ("events", EVENTS), ("calls", "events")];
    let mut command = child("marked", &arguments)?;
    let counted = syscalls::count(command.stdout(Stdio::null()))?;
    let caller: u64 = counted.main_thread.values().sum();
    eprintln!("system calls of the calling thread, by number: {:?}", counted.main_thread);
    let summary = &mut bench.summary;
    summary.add("syscalls_per_event", float(caller) / EVENTS_NUMBER);
    summary.add("syscalls_per_event_process", float(caller + counted.others) / EVENTS_NUMBER);
    Ok(())
}

/// Instructions that the recording thread executes per event.
fn instructions(bench: &Bench, side: &str, attributes: &str) -> Fallible<f64> {
    let few = under_callgrind(bench, side, attributes, FEW)?;
    let many = under_callgrind(bench, side, attributes, MANY)?;
    Ok((many - few) / float(MANY - FEW))
}

fn under_callgrind(bench: &Bench, side: &str, attributes: &str, events: u64) -> Fallible<f64> {
    let out = bench.ran(&format!("callgrind.{side}.{attributes}.{events}"));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--separate-threads=yes", "-q"])
        .arg(format!("--callgrind-out-file={out}"))
        .arg(std::env::current_exe()?)
        .arg("plain")
        .args([
            format!("side={side}"),
            format!("library={}", bench.library),
            format!("config={NO_EXPORTERS}"),
            format!("attributes={attributes}"),
            format!("events={events}"),
        ]);
    shelter(&mut command);
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("valgrind: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    // The first thread's file is the main thread's.
    let report = fs::read_to_string(format!("{out}-01"))?;
    let total = report
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))
        .ok_or("callgrind's report has no totals")?;
    Ok(total.trim().parse()?)
}
