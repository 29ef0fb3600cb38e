//! Finds the spans in an OTLP trace request without decoding them: lengths are followed, span ids are picked up.

/// The bytes' first varint, and what is behind it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

/// The first field: its number, its content when it has a length, and what is behind it.
fn field(bytes: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let (content, rest): (&[u8], &[u8]) = match tag & 7 {
        0 => (&[], varint(rest)?.1),
        1 => (&[], rest.get(8..)?),
        2 => {
            let (length, rest) = varint(rest)?;
            rest.split_at_checked(usize::try_from(length).ok()?)?
        }
        5 => (&[], rest.get(4..)?),
        _ => return None,
    };
    Some((tag >> 3, content, rest))
}

/// Calls `visit` with each field of that number; `None` when the bytes are no message.
fn each(mut bytes: &[u8], number: u64, mut visit: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
    while !bytes.is_empty() {
        let (found, content, rest) = field(bytes)?;
        if found == number {
            visit(content)?;
        }
        bytes = rest;
    }
    Some(())
}

/// The ids of all spans of an `ExportTraceServiceRequest`, appended to `ids`; `None` when it is none.
pub fn collect_ids(request: &[u8], ids: &mut Vec<u64>) -> Option<()> {
    each(request, 1, |resource_spans| {
        each(resource_spans, 2, |scope_spans| {
            each(scope_spans, 2, |span| {
                ids.push(span_id(span)?);
                Some(())
            })
        })
    })
}

/// `Span.span_id`, field 2.
fn span_id(mut span: &[u8]) -> Option<u64> {
    while !span.is_empty() {
        let (number, content, rest) = field(span)?;
        if number == 2 {
            return Some(u64::from_be_bytes(content.try_into().ok()?));
        }
        span = rest;
    }
    None
}

/// The ids of all spans of the same in JSON, pretty-printed or not: they are picked up by the member's name, which
/// nothing but a link has as well, and nothing here links. `None` when it is no JSON object or an id is none.
pub fn collect_json_ids(request: &[u8], ids: &mut Vec<u64>) -> Option<()> {
    const MEMBER: &[u8] = b"\"spanId\":";
    const DIGITS: usize = 16;
    let (b'{', b'}') = (request.first()?, request.trim_ascii_end().last()?) else {
        return None;
    };
    for at in memchr::memmem::find_iter(request, MEMBER) {
        let value = request.get(at + MEMBER.len()..)?.trim_ascii_start().strip_prefix(b"\"")?;
        let digits = std::str::from_utf8(value.get(..DIGITS)?).ok()?;
        ids.push(u64::from_str_radix(digits, 16).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend_from_slice(content);
        bytes
    }

    #[test]
    fn the_ids_of_all_spans_are_found() {
        let span = |id: u8| [message(1, &[7; 16]), message(2, &[id; 8])].concat();
        let scope = [message(1, b"scope"), message(2, &span(1)), message(2, &span(2))].concat();
        let request = message(1, &[message(1, b"resource"), message(2, &scope)].concat());
        let mut ids = Vec::new();
        assert_eq!(collect_ids(&request, &mut ids), Some(()));
        assert_eq!(ids, [0x0101_0101_0101_0101, 0x0202_0202_0202_0202]);
    }

    #[test]
    fn a_torn_request_is_no_request() {
        assert_eq!(collect_ids(&[0x0a, 9, 1], &mut Vec::new()), None);
    }

    #[test]
    fn the_ids_of_spans_in_json_are_found_however_it_is_spaced() {
        let request = br#"{"spans":[{"spanId":"0101010101010101","parentSpanId":"0303030303030303"},
            {"spanId": "0202020202020202"}]}"#;
        let mut ids = Vec::new();
        assert_eq!(collect_json_ids(request, &mut ids), Some(()));
        assert_eq!(ids, [0x0101_0101_0101_0101, 0x0202_0202_0202_0202]);
        assert_eq!(collect_json_ids(br#"{"spanId":"01"}"#, &mut ids), None);
        assert_eq!(collect_json_ids(b"no JSON", &mut ids), None);
    }
}
