//! What the library takes by being there: start, idle memory, wake-ups, size.

use std::fs;
use std::process::Command;

use super::Bench;
use super::process::{child, run};
use crate::Fallible;
use crate::child::{Figures, Protocol, float};
use crate::statistics::median;

const ROUNDS: usize = 15;
const IDLE_SECONDS: &str = "10";
const MIB: f64 = 1_048_576.0;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    size(bench)?;
    init(bench)?;
    idle(bench)
}

fn size(bench: &mut Bench) -> Fallible<()> {
    let stripped = bench.ran("libagentotel.stripped.so");
    let status =
        Command::new("strip").args(["--strip-unneeded", "-o", &stripped, &bench.library]).status()?;
    if !status.success() {
        return Err("strip has failed".into());
    }
    let bytes = fs::metadata(stripped)?.len();
    bench.summary.add("so_size_mib", float(bytes) / MIB);
    Ok(())
}

fn init(bench: &mut Bench) -> Fallible<()> {
    let mut starts = Vec::new();
    for _ in 0..ROUNDS {
        let arguments = [("library", bench.library.as_str()), ("config", "{}")];
        starts.push(run(&mut child("init", &arguments)?)?.get("ms")?);
    }
    bench.summary.add("init_ms", median(&starts).ok_or("no rounds")?);
    Ok(())
}

/// Three processes sleep side by side: ours never used, ours after it exported something, the SDK likewise.
fn idle(bench: &mut Bench) -> Fallible<()> {
    let endpoint = bench.sink.endpoint(Protocol::HttpProtobuf);
    let exporting = bench.exporting("");
    let idle = |side: &str, config: &str, busy_once: &str| {
        let arguments = [
            ("side", side),
            ("library", &bench.library),
            ("config", config),
            ("endpoint", &endpoint),
            ("busy_once", busy_once),
            ("seconds", IDLE_SECONDS),
        ];
        let figures = child("idle", &arguments).and_then(|mut child| run(&mut child));
        figures.map_err(|error| error.to_string())
    };
    let results: Vec<Result<Figures, String>> = std::thread::scope(|scope| {
        let idle = &idle;
        let start = |side: &'static str, config, busy_once: &'static str| {
            scope.spawn(move || idle(side, config, busy_once))
        };
        let children =
            [start("ours", "{}", "0"), start("ours", exporting.as_str(), "1"), start("sdk", "", "1")];
        let end = |child: std::thread::ScopedJoinHandle<'_, _>| child.join();
        let died = |_| Err("the thread that waits for a child has died".to_owned());
        children.into_iter().map(|child| end(child).unwrap_or_else(died)).collect()
    });
    let figures = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    let [unused, used, sdk] = figures.as_slice() else {
        return Err("three idle processes were expected".into());
    };
    let summary = &mut bench.summary;
    let mib = |figures: &Figures, name: &str| Ok::<_, crate::Failure>(figures.get(name)? / MIB);
    summary.add("idle_memory_mib", mib(unused, "memory_bytes")?);
    summary.add("idle_anonymous_memory_mib", mib(unused, "anonymous_bytes")?);
    summary.add_beside(
        "idle_memory_mib_after_export",
        mib(used, "memory_bytes")?,
        "sdk_idle_memory_mib_after_export",
        mib(sdk, "memory_bytes")?,
    );
    summary.add("idle_wakeups_per_s", unused.get("wakeups_per_s")?);
    summary.add_beside(
        "idle_wakeups_per_s_after_export",
        used.get("wakeups_per_s")?,
        "sdk_idle_wakeups_per_s_after_export",
        sdk.get("wakeups_per_s")?,
    );
    Ok(())
}
