//! `traceparent` of W3C Trace Context, level 2 (sections 3.2 and 4.3): which span of which trace calls, and whether it is
//! sampled. Written here and not taken from the SDK, whose propagator clears the random flag and takes fields of any length.

use std::fmt::Write as _;

use crate::event::data::SpanContext;
use crate::session::{FLAG_RANDOM, FLAG_SAMPLED};

/// The name under which carriers have it.
pub(crate) const NAME: &str = "traceparent";
/// The flags that level 2 defines; others are not passed on.
const KNOWN_FLAGS: u8 = FLAG_SAMPLED | FLAG_RANDOM;
/// A version that is never valid.
const FORBIDDEN_VERSION: u8 = 0xff;

/// The value for a span.
pub(crate) fn text(context: &SpanContext) -> String {
    let mut text = String::with_capacity(55);
    text.push_str("00-");
    push_hex(&mut text, &context.trace_id);
    text.push('-');
    push_hex(&mut text, &context.span_id);
    text.push('-');
    push_hex(&mut text, &[context.trace_flags & KNOWN_FLAGS]);
    text
}

/// The span that a value names. A later version is read as far as this one is known (section 4.3).
pub(crate) fn parse(text: &str) -> Option<SpanContext> {
    let text = super::trimmed(text);
    let mut fields = text.splitn(5, '-');
    let [version] = hex(fields.next()?)?;
    let context = SpanContext {
        trace_id: hex(fields.next()?)?,
        span_id: hex(fields.next()?)?,
        trace_flags: hex::<1>(fields.next()?)?[0] & KNOWN_FLAGS,
        is_remote: true,
    };
    let has_more = fields.next().is_some();
    let is_sound = context.is_valid() && version != FORBIDDEN_VERSION && (version > 0 || !has_more);
    is_sound.then_some(context)
}

/// Appends bytes as lower-case hexadecimal digits.
pub(super) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
}

/// So many bytes from exactly as many lower-case hexadecimal digits as they take.
pub(crate) fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}
