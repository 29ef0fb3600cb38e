//! Escapes of JSON that name half a character (a lone surrogate): some writers make them of texts that were cut. They become
//! U+FFFD, as bytes do that are not UTF-8.

use bumpalo::Bump;

const REPLACEMENT: &[u8] = b"\\ufffd";

/// The code unit that an escape at the start of `text` names.
fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// A copy without lone surrogates; nothing when there are none.
pub(super) fn mended<'a>(arena: &'a Bump, text: &str) -> Option<&'a str> {
    const LEADING: std::ops::Range<u32> = 0xd800..0xdc00;
    const TRAILING: std::ops::Range<u32> = 0xdc00..0xe000;
    let is = |range: &std::ops::Range<u32>, unit: Option<u32>| unit.is_some_and(|unit| range.contains(&unit));
    let copy = arena.alloc_slice_copy(text.as_bytes());
    let (mut at, mut replaced) = (0, false);
    while let Some(rest) = copy.get_mut(at..).filter(|rest| !rest.is_empty()) {
        if rest.first() != Some(&b'\\') {
            at += 1;
            continue;
        }
        let first = unit(rest);
        if is(&LEADING, first) && is(&TRAILING, rest.get(REPLACEMENT.len()..).and_then(unit)) {
            at += 2 * REPLACEMENT.len();
        } else if is(&LEADING, first) || is(&TRAILING, first) {
            if let Some(escape) = rest.get_mut(..REPLACEMENT.len()) {
                escape.copy_from_slice(REPLACEMENT);
            }
            replaced = true;
            at += REPLACEMENT.len();
        } else {
            // The escape and what it escapes: a backslash may be that.
            at += 2;
        }
    }
    std::str::from_utf8(copy).ok().filter(|_| replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_pairs_are_not() {
        let arena = Bump::new();
        for (text, expected) in [
            (r#""\ud800""#, Some(r#""\ufffd""#)),
            (r#""\uDE00 x""#, Some(r#""\ufffd x""#)),
            (r#""\ud83d\ude00\ud83d""#, Some(r#""\ud83d\ude00\ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud800""#, None),
            (r#""\\\ud800é""#, Some(r#""\\\ufffdé""#)),
            (r#""\ud8"#, None),
            ("\"\\", None),
            ("", None),
        ] {
            assert_eq!(mended(&arena, text), expected, "{text}");
        }
    }
}
