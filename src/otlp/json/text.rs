//! Values as JSON text. Most text is ASCII without anything to escape, and is copied as it is.

use std::io::Write as _;

use super::Malformed;

/// The same byte eight times.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// A bit for each byte of eight that is zero (and perhaps more for those above one; none when there is none).
/// Source: "Bit Twiddling Hacks" (S. E. Anderson), "Determine if a word has a zero byte".
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(eight(1)) & !word & eight(0x80)
}

/// Whether there is nothing to escape and nothing but ASCII.
fn is_plain(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let strange = words.iter().fold(0, |strange, word| {
        let word = u64::from_ne_bytes(*word);
        let control = word.wrapping_sub(eight(0x20)) & !word;
        strange | ((control | word) & eight(0x80)) | zeros(word ^ eight(b'"')) | zeros(word ^ eight(b'\\'))
    });
    strange == 0 && rest.iter().all(|byte| (0x20..0x80).contains(byte) && *byte != b'"' && *byte != b'\\')
}

pub(super) fn string(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Malformed> {
    out.push(b'"');
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        std::str::from_utf8(text).map_err(|_| "a text is not UTF-8")?;
        escaped(out, text);
    }
    out.push(b'"');
    Ok(())
}

fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut plain = 0;
    for (index, &byte) in text.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(text.get(plain..index).unwrap_or_default());
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => write_infallibly(out, format_args!("\\u{byte:04x}")),
        }
        plain = index + 1;
    }
    out.extend_from_slice(text.get(plain..).unwrap_or_default());
}

pub(super) fn hex(out: &mut Vec<u8>, id: &[u8]) {
    let digit = |bits: u8| b"0123456789abcdef".get(usize::from(bits & 15)).copied().unwrap_or(b'0');
    out.push(b'"');
    out.extend(id.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
    out.push(b'"');
}

pub(super) fn number(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

pub(super) fn quoted(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.push(b'"');
    number(out, value);
    out.push(b'"');
}

/// The proto3 JSON mapping: a non-finite number is a string.
pub(super) fn double(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    } else {
        // The shortest digits that read back as the same number; `1.0` and `1e300` are JSON as they are.
        write_infallibly(out, format_args!("{value:?}"));
    }
}

/// RFC 4648 section 4, with padding, as the proto3 JSON mapping asks for bytes.
pub(super) fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    use base64::Engine as _;
    out.push(b'"');
    out.extend_from_slice(base64::engine::general_purpose::STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// Writing to a `Vec` cannot fail.
fn write_infallibly(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}
