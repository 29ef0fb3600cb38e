//! Text from elsewhere (a receiver's message, a span's name) made fit for a terminal and for one
//! line of a diagnostic: control characters, line separators and direction overrides are shown as
//! escapes, and the length is capped.

use std::fmt::Write as _;

/// What a receiver's message may take, in bytes.
pub const MESSAGE_BYTES: usize = 1024;

/// `text` in at most `cap` bytes: escaped, and cut at a character with `…` at its end when it is
/// longer.
pub fn printable(text: &str, cap: usize) -> String {
    const CUT: &str = "…";
    let mut shown = String::with_capacity(text.len().min(cap));
    // Where the text may be cut so that the mark of the cut still fits.
    let mut cut_at = 0;
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if character.is_control() || alters_the_line(character) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
            }
            _ => shown.push(character),
        }
        if shown.len() > cap {
            shown.truncate(cut_at);
            if cap >= CUT.len() {
                shown.push_str(CUT);
            }
            return shown;
        }
        if shown.len() + CUT.len() <= cap {
            cut_at = shown.len();
        }
    }
    shown
}

/// Line and paragraph separators, and the characters that reorder what follows them (Unicode TR 36,
/// 2.10.1).
fn alters_the_line(character: char) -> bool {
    matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        assert_eq!(
            printable("a\u{1b}[31m\nb\r\t\0\u{9b}\u{202e}c", 100),
            r"a\u{1b}[31m\nb\r\t\u{0}\u{9b}\u{202e}c"
        );
        assert_eq!(printable("naïve 東京 ok", 100), "naïve 東京 ok");
    }

    #[test]
    fn the_cap_holds_at_every_length_and_cuts_at_a_character() {
        let text = "é\u{1b}東\nx".repeat(50);
        let whole = printable(&text, usize::MAX);
        for cap in 0..=whole.len() {
            let shown = printable(&text, cap);
            assert!(shown.len() <= cap, "{cap}: {shown}");
            match shown.strip_suffix('…') {
                Some(kept) => assert!(whole.starts_with(kept), "{cap}: {shown}"),
                None => assert!(cap < 3 || cap == whole.len(), "{cap}: {shown}"),
            }
        }
    }
}
