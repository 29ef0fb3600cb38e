//! What the live view costs a process that has events in flight and does nothing else: the CPU time of all its threads,
//! export included.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::system::process_cpu;
use crate::workload::attributes;

const ATTRIBUTES: usize = 10;
const SHUTDOWN_MS: u32 = 20_000;
/// Until the events have been seen once, and the connection is there.
const SETTLE: Duration = Duration::from_secs(6);

pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let events: u64 = arguments.number("events")?;
    let seconds: u64 = arguments.number("seconds")?;
    let source = attributes(ATTRIBUTES);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let session = agent.start_session()?;
    let failed = agent.start_many(session, &Borrowed::new(&source), events);
    sleep(SETTLE);
    let (wall, cpu, derived) = (Instant::now(), process_cpu(), agent.derived()?);
    sleep(Duration::from_secs(seconds));
    let (wall, cpu, derived) = (wall.elapsed(), process_cpu() - cpu, agent.derived()? - derived);
    agent.end_session(session)?;
    agent.shutdown(SHUTDOWN_MS)?;
    if failed > 0 {
        return Err(format!("{failed} events were refused").into());
    }
    let mut figures = Figures::default();
    figures.set("cpu_percent", cpu.as_secs_f64() / wall.as_secs_f64() * 100.0);
    figures.set("records", float(derived));
    Ok(figures)
}
