//! What the library costs while it does nothing: the time that its start takes, the memory that it adds to a process,
//! and how often its threads wake up.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Arguments, Figures, Protocol, Side, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::sdk::Sdk;
use crate::system::{anonymous_memory, memory, sleeps_of_other_threads};
use crate::workload::attributes;

const SETTLE: Duration = Duration::from_secs(3);
const FLUSH_MS: u32 = 20_000;
/// Recorded before the measurement by a process that has been busy once.
const ONCE_BUSY: u64 = 1000;

/// Wall time of one start.
pub fn init(arguments: &Arguments) -> Fallible<Figures> {
    let agent = Agent::load(arguments.text("library")?)?;
    let config = arguments.text("config")?;
    let start = Instant::now();
    agent.init(config)?;
    let spent = start.elapsed();
    agent.shutdown(FLUSH_MS)?;
    let mut figures = Figures::default();
    figures.set("ms", spent.as_secs_f64() * 1e3);
    Ok(figures)
}

/// Memory and wake-ups of an idle process; `busy_once=1`: after it has exported something.
pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let seconds: u64 = arguments.number("seconds")?;
    let busy_once = arguments.number::<u8>("busy_once")? > 0;
    let source = attributes(10);
    let (before, anonymous_before) = (memory("VmRSS")?, anonymous_memory()?);
    let finish: Box<dyn FnOnce() -> Fallible<()>> = match arguments.number("side")? {
        Side::Ours => {
            let agent = Agent::load(arguments.text("library")?)?;
            agent.init(arguments.text("config")?)?;
            if busy_once {
                let session = agent.start_session()?;
                agent.record(session, &Borrowed::new(&source), ONCE_BUSY);
                agent.end_session(session)?;
                agent.flush(FLUSH_MS)?;
            }
            Box::new(move || agent.shutdown(FLUSH_MS))
        }
        Side::Sdk => {
            let sdk = Sdk::with_otlp(Protocol::HttpProtobuf, arguments.text("endpoint")?, None)?;
            if busy_once {
                let session = sdk.start_session();
                sdk.record(&session, &source, ONCE_BUSY);
                sdk.end_session(&session);
                sdk.flush()?;
            }
            Box::new(move || sdk.shutdown())
        }
    };
    sleep(SETTLE);
    let (after, anonymous_after) = (memory("VmRSS")?, anonymous_memory()?);
    let sleeps = sleeps_of_other_threads()?;
    sleep(Duration::from_secs(seconds));
    let sleeps = sleeps_of_other_threads()?.saturating_sub(sleeps);
    finish()?;
    let mut figures = Figures::default();
    figures.set("memory_bytes", float(after.saturating_sub(before)));
    figures.set("anonymous_bytes", float(anonymous_after.saturating_sub(anonymous_before)));
    figures.set("wakeups_per_s", float(sleeps) / float(seconds));
    Ok(figures)
}
