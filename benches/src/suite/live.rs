//! What it costs to show a thousand events in flight at the default interval, as log records and as spans.

use super::Bench;
use super::process::{child, run};
use crate::Fallible;
use crate::child::Figures;

const EVENTS: &str = "1000";
/// Four intervals of five seconds.
const SECONDS: &str = "20";
const LEAST_RECORDS: f64 = 4.0 * 1000.0;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    for (export, figure) in [("logs", "live_1000_cpu_percent"), ("spans", "live_1000_cpu_percent_as_spans")] {
        let figures = show(bench, export)?;
        let records = figures.get("records")?;
        if records < LEAST_RECORDS {
            return Err(format!("{records} records were made, expected {LEAST_RECORDS}").into());
        }
        bench.summary.add(figure, figures.get("cpu_percent")?);
    }
    Ok(())
}

fn show(bench: &Bench, export: &str) -> Fallible<Figures> {
    let config = bench.exporting(&format!(r#","live":{{"export":"{export}"}}"#));
    let arguments =
        [("library", bench.library.as_str()), ("config", &config), ("events", EVENTS), ("seconds", SECONDS)];
    run(&mut child("live", &arguments)?)
}
