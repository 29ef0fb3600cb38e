//! Measures libagentotel, as it is released, beside the raw OpenTelemetry SDK. `run` is the suite: it starts this
//! program again in its other modes, each in a process of its own, and writes the summary. The library is reached
//! through its C interface alone.

mod agent;
mod child;
mod said;
mod sdk;
mod sdk_logs;
mod sdk_metrics;
mod sink;
mod statistics;
mod suite;
mod syscalls;
mod system;
mod workload;

use std::process::ExitCode;

use child::{Arguments, Figures};

/// Any failure ends the process with its words.
pub type Failure = Box<dyn std::error::Error>;
pub type Fallible<T> = Result<T, Failure>;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Fallible<()> {
    let mut words = std::env::args().skip(1);
    let mode = words.next().unwrap_or_default();
    let arguments = Arguments::parse(words)?;
    let measure: fn(&Arguments) -> Fallible<Figures> = match mode.as_str() {
        "run" => return suite::run(&arguments),
        "sink" => return sink::serve(),
        "caller" => child::caller::run,
        "logs" => child::logs::run,
        "metrics" => child::metrics::run,
        "threads" => child::threads::run,
        "deliver" => child::deliver::run,
        "init" => child::idle::init,
        "idle" => child::idle::run,
        "live" => child::live::run,
        "redaction" => child::redaction::run,
        "outage" => child::outage::run,
        "leave" => child::recovery::leave,
        "recover" => child::recovery::recover,
        "allocations" => child::steady::allocations,
        "marked" => child::steady::marked,
        "plain" => child::steady::plain,
        _ => return Err(format!("{mode:?} is no mode; start with benches/run.sh").into()),
    };
    measure(&arguments)?.print()
}
