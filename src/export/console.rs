//! The console exporter: a session as a tree, printed when its root span arrives. Batches come in,
//! become [`node`]s that are [`held`] by trace until they can be shown, are drawn by [`tree`], and
//! leave through [`outlet`], which never blocks on a terminal or pipe that nobody reads. It writes
//! to one of the host's own streams and changes nothing about it.

use std::io;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use self::held::Held;
use self::outlet::{Outlet, Written};
use self::paint::Style;
use super::lines::{LeftOut, Lines};
use super::outcome::{Batch, Cause, Outcome};
use crate::otlp::Signal;
use crate::otlp::{DecodeError, decode_logs, decode_traces, json_records};

mod held;
mod metrics;
mod node;
mod outlet;
mod paint;
mod text;
mod tree;

/// Which of the host's streams is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleStream {
    Stdout,
    Stderr,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// When the stream is a terminal that shows colours and `NO_COLOR` is not set
    /// (<https://no-color.org>).
    Auto,
    Always,
    Never,
}

/// The exporter. An accepted span is shown in the tree of its session, at the latest when the
/// exporter is closed.
#[derive(Debug)]
pub struct ConsoleExporter {
    color: Color,
    shown: Shown,
    state: Mutex<State>,
}

/// What is printed of a batch.
#[derive(Debug)]
enum Shown {
    /// The trees that it completes.
    Trees,
    Lines(Lines),
    /// A line for people for each log record, and nothing for spans.
    LogText,
}

#[derive(Debug)]
struct State {
    held: Held,
    outlet: Outlet,
}

impl ConsoleExporter {
    pub fn new(stream: ConsoleStream, color: Color) -> ConsoleExporter {
        ConsoleExporter::with_outlet(Outlet::new(stream), color)
    }

    fn with_outlet(outlet: Outlet, color: Color) -> ConsoleExporter {
        ConsoleExporter {
            color,
            shown: Shown::Trees,
            state: Mutex::new(State { held: Held::default(), outlet }),
        }
    }

    /// The same with lines in place of trees.
    pub(super) fn with_lines(self, lines: Lines) -> ConsoleExporter {
        ConsoleExporter { shown: Shown::Lines(lines), ..self }
    }

    /// The same with log records alone, a line each.
    pub(super) fn with_log_text(self) -> ConsoleExporter {
        ConsoleExporter { shown: Shown::LogText, ..self }
    }

    /// Takes a batch in and prints the trees that it completes. While the stream does not take
    /// earlier output, the batch is not taken either: what waits to be printed stays within one
    /// batch's worth.
    pub async fn send(&self, batch: &Batch, timeout: Duration) -> Outcome {
        let deadline = deadline(timeout);
        let Ok(mut state) = tokio::time::timeout_at(deadline, self.state.lock()).await else {
            return Outcome::retry(Cause::Timeout, "console: an earlier batch is being printed");
        };
        match state.outlet.drain(deadline).await {
            Ok(Written::All) => {}
            Ok(Written::Some) => {
                return Outcome::retry(Cause::Timeout, "console: the stream takes no output");
            }
            Err(error) => return closed(&error),
        }
        let style = self.style(&state.outlet);
        let left_out = match &self.shown {
            Shown::Lines(lines) => match lines.of(batch) {
                Ok((text, left_out)) => {
                    state.outlet.text().push_str(&String::from_utf8_lossy(&text));
                    left_out
                }
                Err(outcome) => return outcome,
            },
            shown => match state.absorb(batch, shown, style) {
                Ok(()) => LeftOut::default(),
                Err(error) => return Outcome::rejected(Cause::Protocol, error.to_string()),
            },
        };
        match state.outlet.drain(deadline).await {
            Ok(Written::All | Written::Some) => left_out.outcome(),
            Err(error) => closed(&error),
        }
    }

    /// Prints all that is held, as far as the stream takes it within `timeout`.
    pub async fn close(&self, timeout: Duration) -> Outcome {
        let deadline = deadline(timeout);
        let Ok(mut state) = tokio::time::timeout_at(deadline, self.state.lock()).await else {
            return Outcome::retry(Cause::Timeout, "console: a batch is being printed");
        };
        let style = self.style(&state.outlet);
        let State { held, outlet } = &mut *state;
        held.release_all(style, outlet.text());
        match outlet.drain(deadline).await {
            Ok(Written::All) => Outcome::Accepted,
            Ok(Written::Some) => Outcome::retry(Cause::Timeout, "console: the stream takes no output"),
            Err(error) => closed(&error),
        }
    }

    fn style(&self, outlet: &Outlet) -> Style {
        let colored = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                !set("NO_COLOR") && !dumb && outlet.is_terminal()
            }
        };
        Style { colored }
    }
}

impl State {
    fn absorb(&mut self, batch: &Batch, shown: &Shown, style: Style) -> Result<(), DecodeError> {
        let State { held, outlet } = self;
        match batch.signal {
            Signal::Logs if matches!(shown, Shown::LogText) => {
                text::lines(&decode_logs(&batch.body)?, style, outlet.text());
            }
            Signal::Traces | Signal::Metrics if matches!(shown, Shown::LogText) => {}
            Signal::Traces => held.take_spans(decode_traces(&batch.body)?, style, outlet.text()),
            Signal::Logs => held.take_logs(decode_logs(&batch.body)?, style, outlet.text()),
            Signal::Metrics => {
                metrics::lines(&json_records(batch.signal, &batch.body)?, style, outlet.text())
            }
        }
        Ok(())
    }
}

fn closed(error: &io::Error) -> Outcome {
    Outcome::rejected(Cause::Io(error.kind()), format!("console: {error}"))
}

/// A timeout too long for the clock is the longest that it can tell.
fn deadline(timeout: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 86_400);
    Instant::now() + timeout.min(FAR)
}

#[cfg(test)]
mod tests;
