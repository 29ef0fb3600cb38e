//! Spans at a steady rate, first with a collector, then without, then with it again. The caller's cost is the CPU time
//! of the recording calls alone; the worker's is what all other threads take while the collector is down.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::sink::client::ask;
use crate::system::{memory, process_cpu, thread_cpu};
use crate::workload::attributes;

const ATTRIBUTES: usize = 10;
const TICK: Duration = Duration::from_millis(5);
const TICKS_PER_SECOND: u64 = 200;
const FLUSH_MS: u32 = 120_000;
/// Until the queue's memory has come round, unmeasured.
const WARM_UP_SECONDS: u64 = 5;
const MIB: f64 = 1_048_576.0;

/// What recording for a while took.
struct Stretch {
    spans: u64,
    refused: u64,
    caller: Duration,
    others: Duration,
    wall: Duration,
}

impl Stretch {
    fn caller_ns(&self) -> f64 {
        self.caller.as_secs_f64() * 1e9 / float(self.spans)
    }
}

pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let control: u16 = arguments.number("control")?;
    let burst = arguments.number::<u64>("spans_per_second")? / TICKS_PER_SECOND;
    let source = attributes(ATTRIBUTES);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let session = agent.start_session()?;
    let record =
        |seconds: u64| stretch(seconds, burst, || agent.record(session, &Borrowed::new(&source), burst));
    let warm_up = record(WARM_UP_SECONDS);
    let before = record(arguments.number("before_seconds")?);
    ask(control, "POST /down")?;
    let during = record(arguments.number("outage_seconds")?);
    let pending = agent.counts(Some(c"otlp"))?.pending;
    ask(control, "POST /up")?;
    let back = Instant::now();
    agent.flush(FLUSH_MS)?;
    let drained = back.elapsed();
    // Not before: where the queue was full there was no room for the session's own span.
    agent.end_session(session)?;
    agent.flush(FLUSH_MS)?;
    let answered_refused = warm_up.refused + before.refused + during.refused;
    let counts = agent.counts(Some(c"otlp"))?;
    agent.shutdown(FLUSH_MS)?;
    if pending < burst * TICKS_PER_SECOND || counts.pending + counts.lost > 0 {
        return Err(
            format!("the collector was not down, or not back: {pending} pending, then {counts:?}").into()
        );
    }
    let mut figures = Figures::default();
    figures.set("before_ns", before.caller_ns());
    figures.set("during_ns", during.caller_ns());
    figures.set("caller_cost_ratio", during.caller_ns() / before.caller_ns());
    figures.set("worker_cpu_percent", 100.0 * during.others.as_secs_f64() / during.wall.as_secs_f64());
    figures.set("drained_s", drained.as_secs_f64());
    figures.set("peak_memory_mib", float(memory("VmHWM")?) / MIB);
    figures.set("offered", float(counts.offered));
    figures.set("accepted", float(counts.accepted));
    figures.set("refused", float(counts.refused));
    figures.set("exported", float(counts.exported));
    figures.set("answered_refused", float(answered_refused));
    Ok(figures)
}

/// Records a burst at each tick; a tick that comes late is made up for.
fn stretch(seconds: u64, burst: u64, record: impl Fn() -> u64) -> Stretch {
    let (start, process, own) = (Instant::now(), process_cpu(), thread_cpu());
    let mut stretch = Stretch {
        spans: 0,
        refused: 0,
        caller: Duration::ZERO,
        others: Duration::ZERO,
        wall: Duration::ZERO,
    };
    let mut next = start;
    for _ in 0..seconds * TICKS_PER_SECOND {
        next += TICK;
        sleep(next.saturating_duration_since(Instant::now()));
        let begin = thread_cpu();
        stretch.refused += record();
        stretch.caller += thread_cpu() - begin;
        stretch.spans += burst;
    }
    stretch.wall = start.elapsed();
    stretch.others = (process_cpu() - process).saturating_sub(thread_cpu() - own);
    stretch
}
