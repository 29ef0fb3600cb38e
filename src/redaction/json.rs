//! JSON documents as texts: their strings one by one, changed where they stand, and documents made shorter. Everything else in
//! them stays as it was written. Only what a JSON library has found valid is taken apart here.

use std::borrow::Cow;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::IgnoredAny;

/// The text when it is a JSON document; a copy, which the caller's thread alone can change.
pub(crate) fn valid<'a>(arena: &'a Bump, text: &[u8]) -> Option<&'a str> {
    let copy: &'a [u8] = arena.alloc_slice_copy(text);
    let text = std::str::from_utf8(copy).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    Some(text)
}

/// A piece of a valid document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    /// What stands between the quotes.
    String(&'t str),
    /// A number or a word.
    Scalar(&'t str),
    /// One of `{}[],:`.
    Mark(u8),
}

/// The tokens of a valid document, each with where it begins.
struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = (usize, Token<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        let start = self.at;
        let token = match *bytes.get(start)? {
            b'"' => {
                let mut end = start + 1;
                loop {
                    end += memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
                    if bytes.get(end) == Some(&b'"') {
                        break;
                    }
                    end += 2;
                }
                self.at = end + 1;
                Token::String(self.text.get(start + 1..end)?)
            }
            mark @ (b'{' | b'}' | b'[' | b']' | b',' | b':') => {
                self.at = start + 1;
                Token::Mark(mark)
            }
            _ => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                let length = bytes.get(start..)?.iter().take_while(|byte| is_part(byte)).count();
                self.at = start + length.max(1);
                Token::Scalar(self.text.get(start..self.at)?)
            }
        };
        Some((start, token))
    }
}

/// The character that four hexadecimal digits behind `\u` say, or half of it.
fn unit(text: &str) -> Option<u32> {
    text.get(2..6).filter(|_| text.starts_with("\\u")).and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

const HIGH_SURROGATES: std::ops::RangeInclusive<u32> = 0xd800..=0xdbff;
const LOW_SURROGATES: std::ops::RangeInclusive<u32> = 0xdc00..=0xdfff;

/// The first character of a string, as it stands there and as it is meant: how many bytes, and what they say.
fn first(text: &str) -> Option<(usize, char)> {
    /// An escape for a character of the basic plane, and for one beyond it.
    const SHORT: usize = 6;
    const LONG: usize = 12;
    let character = text.chars().next()?;
    if character != '\\' {
        return Some((character.len_utf8(), character));
    }
    let simple = |meant| Some((2, meant));
    match text.as_bytes().get(1) {
        Some(b'n') => simple('\n'),
        Some(b't') => simple('\t'),
        Some(b'r') => simple('\r'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(same @ (b'"' | b'\\' | b'/')) => simple(char::from(*same)),
        Some(b'u') => {
            let Some(high) = unit(text) else { return Some((1, '\\')) };
            let low = text.get(SHORT..).and_then(unit).filter(|low| LOW_SURROGATES.contains(low));
            match low.filter(|_| HIGH_SURROGATES.contains(&high)) {
                Some(low) => {
                    let code = 0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
                    Some((LONG, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)))
                }
                None => Some((SHORT, char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))),
            }
        }
        _ => Some((1, '\\')),
    }
}

/// What a string says. What is no escape stays as it is.
pub(crate) fn unescaped<'a>(arena: &'a Bump, text: &str) -> &'a [u8] {
    let mut said = ArenaVec::with_capacity_in(text.len(), arena);
    let mut rest = text;
    while !rest.is_empty() {
        // Up to the next escape everything says itself.
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        let (before, escape) = rest.split_at(plain);
        said.extend_from_slice(before.as_bytes());
        let Some((length, character)) = first(escape) else { break };
        said.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(length..).unwrap_or_default();
    }
    said.into_bump_slice()
}

/// Writes a string of a document.
fn write_string(out: &mut Vec<u8>, text: &str) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// A valid document in which strings and numbers are changed: `change` is given what each of them says, and gives what it says
/// instead. Nothing when all stay.
pub(super) fn rewritten<'a>(
    arena: &'a Bump,
    text: &str,
    mut change: impl FnMut(&str) -> Option<Cow<'a, str>>,
) -> Option<&'a [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let mut copied = 0;
    for (start, token) in (Tokens { text, at: 0 }) {
        let (changed, length) = match token {
            Token::String(raw) if raw.contains('\\') => {
                let said = std::str::from_utf8(unescaped(arena, raw)).unwrap_or_default();
                (change(said), raw.len() + 2)
            }
            Token::String(raw) => (change(raw), raw.len() + 2),
            Token::Scalar(scalar) => (change(scalar), scalar.len()),
            Token::Mark(_) => continue,
        };
        if let Some(changed) = changed {
            let out = out.get_or_insert_default();
            out.extend_from_slice(text.as_bytes().get(copied..start).unwrap_or_default());
            write_string(out, &changed);
            copied = start + length;
        }
    }
    let mut out = out?;
    out.extend_from_slice(text.as_bytes().get(copied..).unwrap_or_default());
    Some(arena.alloc_slice_copy(&out))
}

/// The longest start of a string of at most `room` bytes that ends between characters.
fn start_of(text: &str, room: usize) -> &str {
    let mut end = 0;
    while let Some((length, _)) = text.get(end..).and_then(first) {
        if end + length > room {
            break;
        }
        end += length;
    }
    text.get(..end).unwrap_or_default()
}

/// A document that becomes shorter.
struct Shorter<'a> {
    out: ArenaVec<'a, u8>,
    limit: usize,
    /// What closes the objects and arrays that are open.
    closers: Vec<u8>,
    /// Up to here, with the closers behind it, it is a document.
    whole: usize,
}

impl Shorter<'_> {
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.out.len() + self.closers.len())
    }

    /// Puts bytes behind what there is; false when they do not fit.
    fn put(&mut self, pieces: [&str; 3]) -> bool {
        let fits = pieces.iter().map(|piece| piece.len()).sum::<usize>() <= self.room();
        if fits {
            pieces.iter().for_each(|piece| self.out.extend_from_slice(piece.as_bytes()));
        }
        fits
    }

    /// Takes a token in; false when that is the end.
    fn add(&mut self, token: Token<'_>, is_key: bool) -> bool {
        let is_whole = match token {
            Token::Mark(mark @ (b'{' | b'[')) => {
                if self.room() < 2 {
                    return false;
                }
                self.out.push(mark);
                self.closers.push(if mark == b'{' { b'}' } else { b']' });
                true
            }
            Token::Mark(mark @ (b'}' | b']')) => {
                // The room for it was kept.
                self.closers.pop();
                self.out.push(mark);
                true
            }
            Token::Mark(b',') => return self.put([",", "", ""]),
            Token::Mark(_) => return self.put([":", "", ""]),
            Token::String(text) if is_key => return self.put(["\"", text, "\""]),
            Token::String(text) => {
                if !self.put(["\"", text, "\""]) {
                    if let Some(room) = self.room().checked_sub(2).filter(|room| *room > 0) {
                        self.put(["\"", start_of(text, room), "\""]);
                        self.whole = self.out.len();
                    }
                    return false;
                }
                true
            }
            Token::Scalar(scalar) => {
                if !self.put([scalar, "", ""]) {
                    return false;
                }
                true
            }
        };
        if is_whole {
            self.whole = self.out.len();
        }
        true
    }
}

/// A valid document of at most `limit` bytes: strings lose their ends, objects and arrays their last elements. Nothing when
/// there is none so short.
pub(crate) fn shortened<'a>(arena: &'a Bump, text: &str, limit: usize) -> Option<&'a [u8]> {
    if text.len() <= limit {
        return Some(arena.alloc_str(text).as_bytes());
    }
    let out = ArenaVec::with_capacity_in(limit, arena);
    let mut shorter = Shorter { out, limit, closers: Vec::new(), whole: 0 };
    let mut is_key = false;
    for (_, token) in (Tokens { text, at: 0 }) {
        if !shorter.add(token, is_key) {
            break;
        }
        is_key = matches!(token, Token::Mark(b'{' | b',')) && shorter.closers.last() == Some(&b'}');
    }
    let Shorter { mut out, closers, whole, .. } = shorter;
    if whole == 0 {
        return None;
    }
    out.truncate(whole);
    out.extend(closers.into_iter().rev());
    Some(out.into_bump_slice())
}
