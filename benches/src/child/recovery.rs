//! One process records into files and is gone; another one takes over what it has left and sends it to the sink.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::system::memory;
use crate::workload::attributes;

const ATTRIBUTES: usize = 10;
const LOOK_EVERY: Duration = Duration::from_millis(5);
const MOST_WAIT: Duration = Duration::from_secs(120);
const SHUTDOWN_MS: u32 = 20_000;

/// Records and ends without a word, as a killed process does.
pub fn leave(arguments: &Arguments) -> Fallible<Figures> {
    let spans = arguments.number("spans")?;
    let source = attributes(ATTRIBUTES);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let session = agent.start_session()?;
    let refused = agent.record(session, &Borrowed::new(&source), spans);
    if refused > 0 {
        return Err(format!("{refused} events were refused").into());
    }
    let mut figures = Figures::default();
    figures.set("recorded", float(spans));
    figures.print()?;
    // SAFETY: ends the process; nothing comes after it.
    unsafe { libc::_exit(0) }
}

/// Takes over what another process has left.
pub fn recover(arguments: &Arguments) -> Fallible<Figures> {
    let agent = Agent::load(arguments.text("library")?)?;
    let start = Instant::now();
    agent.init(arguments.text("config")?)?;
    while agent.recovered()? == 0 {
        if start.elapsed() > MOST_WAIT {
            return Err("the recovery has not ended".into());
        }
        sleep(LOOK_EVERY);
    }
    let elapsed = start.elapsed();
    let mut figures = Figures::default();
    figures.set("recovery_s", elapsed.as_secs_f64());
    figures.set("peak_memory_bytes", float(memory("VmHWM")?));
    agent.shutdown(SHUTDOWN_MS)?;
    Ok(figures)
}
