//! The library's word about itself: a bounded ring of lines, read through the C interface, and passed on (`delivery`) to a
//! handler of the host's. Nothing is ever printed. What is written here has been cleared of secrets by whoever writes it.

mod delivery;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use self::delivery::Delivery;
pub(crate) use self::delivery::Listener;
use crate::config::Level;
use crate::sys::clock;

/// Lines that are kept.
const MOST_LINES: usize = 64;
/// Bytes of one line.
const MOST_LINE_BYTES: usize = 1024;

/// One line.
#[derive(Clone)]
pub(crate) struct Line {
    /// Nanoseconds since 1970.
    pub(crate) at: i64,
    pub(crate) level: Level,
    pub(crate) text: String,
    /// How often it was said again right after.
    repeated: u32,
}

/// A function of the host's that is told lines. `left_out` came before this one and were not told.
pub(crate) trait DiagnosticHandler: Send + Sync {
    fn handle(&self, line: &Line, left_out: u64);
}

pub(crate) struct Diagnostics {
    level: Level,
    lines: Mutex<VecDeque<Line>>,
    delivery: Option<Delivery>,
}

impl Diagnostics {
    /// Keeps lines at least as severe as `level`.
    pub(crate) fn new(level: Level) -> Self {
        Self { level, lines: Mutex::default(), delivery: None }
    }

    /// The same, and passes them on.
    pub(crate) fn with_listener(level: Level, listener: Arc<dyn Listener>) -> Self {
        Self { delivery: Some(Delivery::new(listener)), ..Self::new(level) }
    }

    /// Passes no more lines on; false when those that came could not be within `timeout`.
    pub(crate) fn close(&self, timeout: Duration) -> bool {
        self.delivery.as_ref().is_none_or(|delivery| delivery.close(timeout))
    }

    /// Says one line; the same line said again right after is counted, not kept.
    pub(crate) fn say(&self, level: Level, text: &str) {
        if level > self.level || level == Level::Off {
            return;
        }
        let (line, is_repeated) = self.keep(level, text);
        if let Some(delivery) = &self.delivery {
            delivery.pass_on(line, is_repeated);
        }
    }

    /// Keeps a line in the ring; whether it only repeats the one before.
    fn keep(&self, level: Level, text: &str) -> (Line, bool) {
        let end = text.floor_char_boundary(MOST_LINE_BYTES);
        let text = text.get(..end).unwrap_or_default().replace(['\n', '\r'], " ");
        let line = Line { at: clock::wall(), level, text, repeated: 0 };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = lines.back_mut().filter(|last| last.level == level && last.text == line.text) {
            last.repeated = last.repeated.saturating_add(1);
            return (line, true);
        }
        if lines.len() == MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(line.clone());
        (line, false)
    }

    /// All lines, oldest first, each with its time in seconds since 1970.
    pub(crate) fn text(&self) -> String {
        use std::fmt::Write;
        const NANOS_PER_SECOND: i64 = 1_000_000_000;
        const NANOS_PER_MILLI: i64 = 1_000_000;
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for line in lines.iter() {
            let level = match line.level {
                Level::Off | Level::Error => "error",
                Level::Warn => "warn",
                Level::Info => "info",
                Level::Debug => "debug",
            };
            let (seconds, millis) =
                (line.at / NANOS_PER_SECOND, line.at % NANOS_PER_SECOND / NANOS_PER_MILLI);
            let _ = write!(text, "{seconds}.{millis:03} {level}: {}", line.text);
            if line.repeated > 0 {
                let _ = write!(text, " (and {} times more)", line.repeated);
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_repetitions_counted() {
        let diagnostics = Diagnostics::new(Level::Warn);
        for number in 0..100 {
            diagnostics.say(Level::Warn, &format!("line {number}"));
        }
        diagnostics.say(Level::Warn, "line 99");
        diagnostics.say(Level::Debug, "not kept");
        let text = diagnostics.text();
        assert_eq!(text.lines().count(), MOST_LINES);
        assert!(text.ends_with("warn: line 99 (and 1 times more)\n"), "{text}");
        assert!(!text.contains("not kept"));
    }
}
