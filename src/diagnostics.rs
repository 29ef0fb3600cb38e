//! The library's word about itself: a bounded ring of lines, read through the C interface. Nothing is ever printed. What
//! is written here has been cleared of secrets by whoever writes it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::config::Level;
use crate::sys::clock;

/// Lines that are kept.
const MOST_LINES: usize = 64;
/// Bytes of one line.
const MOST_LINE_BYTES: usize = 1024;

struct Line {
    at: i64,
    level: Level,
    text: String,
    /// How often it was said again right after.
    repeated: u32,
}

pub(crate) struct Diagnostics {
    level: Level,
    lines: Mutex<VecDeque<Line>>,
}

impl Diagnostics {
    /// Keeps lines at least as severe as `level`.
    pub(crate) fn new(level: Level) -> Self {
        Self { level, lines: Mutex::default() }
    }

    /// Says one line; the same line said again right after is counted, not kept.
    pub(crate) fn say(&self, level: Level, text: &str) {
        if level > self.level || level == Level::Off {
            return;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = lines.back_mut().filter(|last| last.level == level && last.text == text) {
            last.repeated = last.repeated.saturating_add(1);
            return;
        }
        if lines.len() == MOST_LINES {
            lines.pop_front();
        }
        let end = text.floor_char_boundary(MOST_LINE_BYTES);
        let text = text.get(..end).unwrap_or_default().replace(['\n', '\r'], " ");
        lines.push_back(Line { at: clock::wall(), level, text, repeated: 0 });
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
