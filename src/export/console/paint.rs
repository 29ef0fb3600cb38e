//! How the console's text looks: colours, column widths, and figures as people read them.

use crate::export::calendar::civil;

/// Colours on or off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) colored: bool,
}

/// What a piece of text is, from which its colour follows (ECMA-48 SGR; the terminal's own
/// palette).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Faint,
    Bold,
    Session,
    Llm,
    Tool,
    Action,
    Tokens,
    Good,
    Bad,
}

impl Style {
    /// Appends `text` in its colour.
    pub(super) fn paint(self, out: &mut String, paint: Paint, text: &str) {
        let code = match paint {
            Paint::Plain => "",
            Paint::Faint => "2",
            Paint::Bold => "1",
            Paint::Session => "1;34",
            Paint::Llm => "35",
            Paint::Tool => "33",
            Paint::Action => "36",
            Paint::Tokens | Paint::Good => "32",
            Paint::Bad => "31",
        };
        if !self.colored || code.is_empty() || text.is_empty() {
            out.push_str(text);
            return;
        }
        out.push_str("\u{1b}[");
        out.push_str(code);
        out.push('m');
        out.push_str(text);
        out.push_str("\u{1b}[0m");
    }
}

/// The columns that a text takes on a terminal, closely enough to align by: East Asian wide
/// characters and pictographs take two, combining marks none.
pub(super) fn width(text: &str) -> usize {
    text.chars()
        .map(|character| match u32::from(character) {
            0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
            0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

/// A duration in three digits or so: `850µs`, `105ms`, `1.24s`, `1m 32s`, `2h 05m`, `3d 04h`.
pub(super) fn duration(nanoseconds: u64) -> String {
    let micros = nanoseconds / 1_000;
    let millis = micros / 1_000;
    let seconds = millis / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match nanoseconds {
        0..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => format!("{micros}µs"),
        _ if millis < 1_000 => format!("{millis}ms"),
        _ if seconds < 60 => format!("{seconds}.{:02}s", millis % 1_000 / 10),
        _ if minutes < 60 => format!("{minutes}m {:02}s", seconds % 60),
        _ if hours < 24 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {:02}h", hours % 24),
    }
}

/// A number with its thousands apart.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 tool`, `2 tools`.
pub(super) fn counted(number: i64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A moment in UTC, to the second: `2023-11-14 22:13:20Z`.
pub(super) fn moment(unix_nanoseconds: u64) -> String {
    let seconds = unix_nanoseconds / 1_000_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_unit_that_fits() {
        let cases = [
            (0, "0ns"),
            (999, "999ns"),
            (850_000, "850µs"),
            (105_000_000, "105ms"),
            (1_249_999_999, "1.24s"),
            (59_990_000_000, "59.99s"),
            (92_000_000_000, "1m 32s"),
            (7_500_000_000_000, "2h 05m"),
            (273_600_000_000_000, "3d 04h"),
        ];
        for (nanoseconds, text) in cases {
            assert_eq!(duration(nanoseconds), text);
        }
    }

    #[test]
    fn moments_are_dates_leap_years_included() {
        assert_eq!(moment(0), "1970-01-01 00:00:00Z");
        assert_eq!(moment(951_782_400_000_000_000), "2000-02-29 00:00:00Z");
        assert_eq!(moment(1_700_000_000_000_000_000), "2023-11-14 22:13:20Z");
        assert_eq!(moment(u64::MAX), "2554-07-21 23:34:33Z");
    }

    #[test]
    fn figures_are_grouped_and_counted() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
        assert_eq!(counted(1, "tool"), "1 tool");
        assert_eq!(counted(0, "error"), "0 errors");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("naïve"), 5);
        assert_eq!(width("東京🚀e\u{301}"), 7);
    }
}
