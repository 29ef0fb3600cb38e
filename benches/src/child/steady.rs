//! Recording in bursts, as others look on: the preloaded allocation counter, the system call tracer, callgrind. The
//! queue is drained between bursts, outside of what is counted.

use super::{Arguments, Figures, Side, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::sdk::{Batching, Sdk};
use crate::syscalls::{WINDOW_CLOSES, WINDOW_OPENS};
use crate::system::{mark, preloaded_counter};
use crate::workload::attributes;

const BURST: u64 = 20_000;
/// Bursts before the count: five times as long as those that are counted, so that the queue's memory is there.
const WARM_UP: u64 = 5 * BURST;
const FLUSH_MS: u32 = 20_000;
const ATTRIBUTES: usize = 10;

/// What is recorded.
type Call = fn(Agent, u64, &Borrowed<'_>, u64) -> u64;

/// INFO, as OpenTelemetry numbers it.
const SEVERITY: u32 = 9;

/// The calls, by what they record.
const CALLS: [(&str, Call); 3] = [
    ("events", |agent, session, attributes, count| agent.record(session, attributes, count)),
    ("llm_events", |agent, session, _, count| agent.record_llm(session, count)),
    ("logs", |agent, session, attributes, count| agent.log(session, SEVERITY, attributes, count)),
];

/// Records `events` events, or what else `calls` says, in bursts, `counted` running each of them; gives how many were recorded.
fn bursts(arguments: &Arguments, mut counted: impl FnMut(&mut dyn FnMut())) -> Fallible<u64> {
    let calls = arguments.text("calls")?;
    let (_, record) = CALLS.iter().find(|(name, _)| *name == calls).ok_or("calls: no such calls")?;
    let events: u64 = arguments.number("events")?;
    let source = attributes(ATTRIBUTES);
    let borrowed = Borrowed::new(&source);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let session = agent.start_session()?;
    let mut failed = 0;
    for _ in 0..3 {
        failed += record(agent, session, &borrowed, WARM_UP);
        agent.flush(FLUSH_MS)?;
    }
    let mut recorded = 0;
    while recorded < events {
        counted(&mut || failed += record(agent, session, &borrowed, BURST));
        recorded += BURST;
        agent.flush(FLUSH_MS)?;
    }
    agent.end_session(session)?;
    agent.shutdown(FLUSH_MS)?;
    if failed > 0 {
        return Err(format!("{failed} events were refused").into());
    }
    Ok(recorded)
}

/// Allocations, of the calling thread and of the process, while events are recorded.
pub fn allocations(arguments: &Arguments) -> Fallible<Figures> {
    let of_thread = preloaded_counter(c"allocations_of_this_thread")?;
    let of_process = preloaded_counter(c"allocations_of_the_process")?;
    let (mut thread, mut process) = (0, 0);
    let recorded = bursts(arguments, |burst| {
        let (thread_before, process_before) = (of_thread(), of_process());
        burst();
        thread += of_thread() - thread_before;
        process += of_process() - process_before;
    })?;
    let mut figures = Figures::default();
    figures.set("calling_thread", float(thread));
    figures.set("process", float(process));
    figures.set("events", float(recorded));
    Ok(figures)
}

/// Marks the bursts for the system call tracer.
pub fn marked(arguments: &Arguments) -> Fallible<Figures> {
    let recorded = bursts(arguments, |burst| {
        mark(WINDOW_OPENS);
        burst();
        mark(WINDOW_CLOSES);
    })?;
    let mut figures = Figures::default();
    figures.set("events", float(recorded));
    Ok(figures)
}

/// Records a number of events in one go, for callgrind, which counts all that the main thread does.
pub fn plain(arguments: &Arguments) -> Fallible<Figures> {
    let events: u64 = arguments.number("events")?;
    let source = attributes(arguments.number("attributes")?);
    match arguments.number("side")? {
        Side::Ours => {
            let agent = Agent::load(arguments.text("library")?)?;
            agent.init(arguments.text("config")?)?;
            let session = agent.start_session()?;
            let failed = agent.record(session, &Borrowed::new(&source), events);
            if failed > 0 {
                return Err(format!("{failed} events were refused").into());
            }
            agent.end_session(session)?;
            agent.shutdown(FLUSH_MS)?;
        }
        Side::Sdk => {
            let sdk = Sdk::without_export(Batching { queue: usize::try_from(events)? + 1024, batch: 512 });
            let session = sdk.start_session();
            sdk.record(&session, &source, events);
            sdk.end_session(&session);
            sdk.shutdown()?;
        }
    }
    Ok(Figures::default())
}
