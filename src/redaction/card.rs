//! Numbers of payment cards: 13 to 19 digits, alone or in groups, whose last one checks the others. Source: ISO/IEC 7812-1.

use std::ops::Range;

/// Digits of a card's number.
const LEAST: usize = 13;
const MOST: usize = 19;
/// Groups of a text that are looked at as parts of one number.
const MOST_GROUPS: usize = 64;

/// Whether the check digit is right: the formula of Luhn (ISO/IEC 7812-1, annex B).
fn luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let sum = digits.rev().enumerate().fold(0u32, |sum, (position, digit)| {
        let digit = u32::from(digit);
        let doubled = if position % 2 == 1 { digit * 2 } else { digit };
        sum + if doubled > 9 { doubled - 9 } else { doubled }
    });
    sum % 10 == 0
}

fn digits(text: &[u8]) -> impl DoubleEndedIterator<Item = u8> {
    text.iter().filter(|byte| byte.is_ascii_digit()).map(|digit| digit - b'0')
}

/// Whether these groups are a card's number. Those of payment cards begin with 2 to 6 (ISO/IEC 7812-1, annex A); times and
/// counters, which begin with 1, are none.
fn is_number(text: &[u8]) -> bool {
    let first = digits(text).next();
    (LEAST..=MOST).contains(&digits(text).count())
        && first.is_some_and(|first| (2..=6).contains(&first))
        && luhn(digits(text))
}

/// The first card's number in groups of digits with single separators, as a range of the text.
pub(super) fn find(text: &[u8], candidate: Range<usize>) -> Option<Range<usize>> {
    let is_letter =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let run = text.get(candidate.clone())?;
    let starts = run.iter().enumerate().filter(|(at, byte)| {
        byte.is_ascii_digit()
            && at
                .checked_sub(1)
                .and_then(|before| run.get(before))
                .is_none_or(|before| !before.is_ascii_digit())
    });
    for (start, _) in starts.take(MOST_GROUPS) {
        let at = candidate.start + start;
        if start == 0 && is_letter(at.checked_sub(1)) {
            continue;
        }
        // The longest first, so that no digit of a number is left behind.
        let mut count = 0;
        let ends = run.iter().enumerate().skip(start).map_while(|(end, byte)| {
            count += usize::from(byte.is_ascii_digit());
            (count <= MOST).then_some((end, byte))
        });
        let mut found = None;
        for (end, byte) in ends {
            let ends_group = run.get(end + 1).is_none_or(|next| !next.is_ascii_digit());
            let is_last = end + 1 == run.len();
            if byte.is_ascii_digit()
                && ends_group
                && !(is_last && is_letter(Some(candidate.end)))
                && run.get(start..=end).is_some_and(is_number)
            {
                found = Some(at..candidate.start + end + 1);
            }
        }
        if found.is_some() {
            return found;
        }
    }
    None
}
