//! Percent-decoding of what comes in `OTEL_*` lists (RFC 3986, 2.1). Strict: a `%` that is not followed by
//! two hexadecimal digits, or bytes that are not UTF-8 in the end, give nothing.

/// The decoded text, or `None` when the encoding is broken.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = hexadecimal(bytes.next()?)?;
            let low = hexadecimal(bytes.next()?)?;
            decoded.push(high << 4 | low);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_become_bytes_and_the_rest_stays() {
        assert_eq!(decode("a%2Cb%3dc+d e").as_deref(), Some("a,b=c+d e"));
        assert_eq!(decode("%C3%A9é").as_deref(), Some("éé"));
    }

    #[test]
    fn a_broken_escape_gives_nothing() {
        for broken in ["%", "%4", "%zz", "%-1", "%+1", "100% sure", "%ff", "%é"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
