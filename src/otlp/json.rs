//! OTLP/JSON, written straight from the protobuf bytes of a request: each message is looked through once, its members are
//! written in the order of the proto files, and nothing is built in between. `shape` says which members there are, `text`
//! writes the values. The form is the Collector's: default-valued fields left out, ids in hexadecimal, 64-bit integers as
//! strings, enums as integers, a resource, scope and status always there.
//!
//! What is not a request is an error, as it is for a decoder: a length beyond the end, a field of another type, text that
//! is not UTF-8, more than 100 levels. Fields that are not known are passed over; of a single message that comes twice
//! the last counts.

mod shape;
mod text;

use self::shape::{Kind, Member, Shape};
use super::Signal;
use super::decoded::DecodeError;

/// The limit of prost, and of most readers.
const MOST_LEVELS: u32 = 100;

/// One more than the highest number of a field that is known.
const MOST_FIELDS: usize = 17;

/// Why bytes are not a request.
type Malformed = &'static str;

/// The request as one line of OTLP/JSON, newline included: what the Collector's file exporter writes and its otlpjsonfile
/// receiver reads.
pub(crate) fn json_line(signal: Signal, request: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let shape = match signal {
        Signal::Traces => shape::TRACES,
        Signal::Logs => shape::LOGS,
        Signal::Metrics => shape::METRICS,
    };
    // JSON repeats the field names, so it is two to three times the protobuf form.
    let mut line = Vec::with_capacity(request.len().saturating_mul(3));
    message(&mut line, request, shape, 0)
        .map_err(|reason| DecodeError::Malformed { signal, reason: reason.to_owned() })?;
    line.push(b'\n');
    Ok(line)
}

/// Each span, log record or metric of a request as one OTLP/JSON object, in their order.
pub(crate) fn json_records(signal: Signal, request: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
    let shape = match signal {
        Signal::Traces => shape::SPAN,
        Signal::Logs => shape::LOG_RECORD,
        Signal::Metrics => shape::METRIC,
    };
    let mut records = Vec::new();
    each_record(request, |record| {
        let mut object = Vec::with_capacity(record.len().saturating_mul(3));
        message(&mut object, record, shape, 0)?;
        records.push(object);
        Ok(())
    })
    .map_err(|reason| DecodeError::Malformed { signal, reason: reason.to_owned() })?;
    Ok(records)
}

/// Passes every span, log record or metric of a request on: the numbers of the fields on the way are the same for all.
fn each_record<'b>(
    request: &'b [u8],
    mut found: impl FnMut(&'b [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    const RESOURCES: usize = 1;
    const SCOPES: usize = 2;
    const RECORDS: usize = 2;
    let mut resources = Fields { rest: request };
    while let Some((number, resource)) = resources.next()? {
        if number != RESOURCES {
            continue;
        }
        let mut scopes = Fields { rest: resource.bytes()? };
        while let Some((number, scope)) = scopes.next()? {
            if number != SCOPES {
                continue;
            }
            let mut records = Fields { rest: scope.bytes()? };
            while let Some((number, record)) = records.next()? {
                if number == RECORDS {
                    found(record.bytes()?)?;
                }
            }
        }
    }
    Ok(())
}

/// The value of a field as it stands.
#[derive(Clone, Copy)]
pub(super) enum Wire<'b> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'b [u8]),
}

impl<'b> Wire<'b> {
    fn bytes(self) -> Result<&'b [u8], Malformed> {
        if let Wire::Bytes(bytes) = self { Ok(bytes) } else { Err(OTHER_TYPE) }
    }

    fn varint(self) -> Result<u64, Malformed> {
        if let Wire::Varint(value) = self { Ok(value) } else { Err(OTHER_TYPE) }
    }

    fn fixed64(self) -> Result<u64, Malformed> {
        if let Wire::Fixed64(value) = self { Ok(value) } else { Err(OTHER_TYPE) }
    }

    /// A 32-bit value is what is left when the upper bits go.
    fn low(self) -> Result<u32, Malformed> {
        let [a, b, c, d, ..] = self.varint()?.to_le_bytes();
        Ok(u32::from_le_bytes([a, b, c, d]))
    }
}

const OTHER_TYPE: Malformed = "a field is of another type";
const TOO_SHORT: Malformed = "it ends within a field";

/// Reads a message's fields, front to back.
#[derive(Clone, Copy)]
pub(super) struct Fields<'b> {
    pub(super) rest: &'b [u8],
}

impl<'b> Fields<'b> {
    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(TOO_SHORT)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number has more than ten bytes")
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(TOO_SHORT)?;
        self.rest = rest;
        Ok(*array)
    }

    /// The next field: its number and value.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(usize, Wire<'b>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = usize::try_from(tag >> 3).map_err(|_| "a field has no such number")?;
        let wire = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| TOO_SHORT)?;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(TOO_SHORT)?;
                self.rest = rest;
                Wire::Bytes(bytes)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err("a field has no such type"),
        };
        if number == 0 { Err("a field has the number 0") } else { Ok(Some((number, wire))) }
    }
}

/// A field that has been seen.
#[derive(Clone, Copy)]
struct Seen<'b> {
    last: Wire<'b>,
    /// The message from the first time on.
    from: Fields<'b>,
    /// What was left behind the last time.
    left: usize,
}

fn message(out: &mut Vec<u8>, bytes: &[u8], shape: Shape, level: u32) -> Result<(), Malformed> {
    if level > MOST_LEVELS {
        return Err("it has more than 100 levels");
    }
    let mut seen: [Option<Seen<'_>>; MOST_FIELDS] = [None; MOST_FIELDS];
    let mut fields = Fields { rest: bytes };
    loop {
        let from = fields;
        let Some((number, last)) = fields.next()? else { break };
        if let Some(place) = seen.get_mut(number) {
            let from = place.map_or(from, |seen| seen.from);
            *place = Some(Seen { last, from, left: fields.rest.len() });
        }
    }
    let start = out.len();
    for member in shape {
        match seen.get(member.field).copied().flatten() {
            Some(seen) => write_member(out, member, seen, level)?,
            None if matches!(member.kind, Kind::One(_)) => {
                out.extend_from_slice(member.name);
                out.extend_from_slice(b"{}");
            }
            None => {}
        }
    }
    close(out, start);
    Ok(())
}

/// Ends an object that began at `start`: every member's name begins with a comma, of which the first is the brace.
fn close(out: &mut Vec<u8>, start: usize) {
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

fn write_member(out: &mut Vec<u8>, member: &Member, seen: Seen<'_>, level: u32) -> Result<(), Malformed> {
    let last = seen.last;
    let name = member.name;
    match member.kind {
        Kind::Hex => {
            let id = last.bytes()?;
            if !id.is_empty() {
                out.extend_from_slice(name);
                text::hex(out, id);
            }
        }
        Kind::Text => {
            let value = last.bytes()?;
            if !value.is_empty() {
                out.extend_from_slice(name);
                text::string(out, value)?;
            }
        }
        Kind::Fixed64 => {
            let value = last.fixed64()?;
            if value != 0 {
                out.extend_from_slice(name);
                text::quoted(out, value);
            }
        }
        Kind::Fixed32 => {
            let Wire::Fixed32(value) = last else { return Err(OTHER_TYPE) };
            if value != 0 {
                out.extend_from_slice(name);
                text::number(out, value);
            }
        }
        Kind::Sint32 => {
            let value = last.low()?;
            if value != 0 {
                out.extend_from_slice(name);
                // The zigzag encoding of protobuf.
                text::number(out, (value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Kind::Bool => {
            if last.varint()? != 0 {
                out.extend_from_slice(name);
                out.extend_from_slice(b"true");
            }
        }
        Kind::Double => {
            out.extend_from_slice(name);
            text::double(out, f64::from_bits(last.fixed64()?));
        }
        Kind::Sfixed64 => {
            out.extend_from_slice(name);
            text::quoted(out, last.fixed64()?.cast_signed());
        }
        Kind::Fixed64s | Kind::Doubles | Kind::Varints => {
            out.extend_from_slice(name);
            packed(out, last.bytes()?, member.kind)?;
        }
        Kind::Unsigned => {
            let value = last.low()?;
            if value != 0 {
                out.extend_from_slice(name);
                text::number(out, value);
            }
        }
        Kind::Enum => {
            let value = last.low()?.cast_signed();
            if value != 0 {
                out.extend_from_slice(name);
                text::number(out, value);
            }
        }
        Kind::One(shape) | Kind::Maybe(shape) => {
            out.extend_from_slice(name);
            message(out, last.bytes()?, shape, level + 1)?;
        }
        Kind::Value => {
            out.extend_from_slice(name);
            any_value(out, last.bytes()?, level + 1)?;
        }
        Kind::Each(shape) => {
            out.extend_from_slice(name);
            list(out, member.field, seen, |out, bytes| message(out, bytes, shape, level + 1))?;
        }
        Kind::KeyValues => {
            out.extend_from_slice(name);
            list(out, member.field, seen, |out, bytes| key_value(out, bytes, level + 1))?;
        }
        Kind::Texts => {
            out.extend_from_slice(name);
            list(out, member.field, seen, text::string)?;
        }
    }
    Ok(())
}

/// Numbers one behind the other.
fn packed(out: &mut Vec<u8>, bytes: &[u8], kind: Kind) -> Result<(), Malformed> {
    let mut numbers = Fields { rest: bytes };
    let mut separator = b'[';
    if bytes.is_empty() {
        out.push(separator);
    }
    while !numbers.rest.is_empty() {
        out.push(separator);
        separator = b',';
        match kind {
            Kind::Doubles => text::double(out, f64::from_bits(u64::from_le_bytes(numbers.array()?))),
            Kind::Varints => text::quoted(out, numbers.varint()?),
            _ => text::quoted(out, u64::from_le_bytes(numbers.array()?)),
        }
    }
    out.push(b']');
    Ok(())
}

/// All fields of one number, which other fields may stand between.
fn list(
    out: &mut Vec<u8>,
    field: usize,
    seen: Seen<'_>,
    mut item: impl FnMut(&mut Vec<u8>, &[u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut fields = seen.from;
    let mut separator = b'[';
    while fields.rest.len() > seen.left {
        let Some((number, wire)) = fields.next()? else { break };
        if number == field {
            out.push(separator);
            separator = b',';
            item(out, wire.bytes()?)?;
        }
    }
    out.push(b']');
    Ok(())
}

/// Key and value are said even when they are empty: an attribute without them is still an attribute.
fn key_value(out: &mut Vec<u8>, bytes: &[u8], level: u32) -> Result<(), Malformed> {
    let mut fields = Fields { rest: bytes };
    let (mut key, mut value): (&[u8], &[u8]) = (b"", b"");
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => key = wire.bytes()?,
            2 => value = wire.bytes()?,
            _ => {}
        }
    }
    out.extend_from_slice(b"{\"key\":");
    text::string(out, key)?;
    out.extend_from_slice(b",\"value\":");
    any_value(out, value, level + 1)?;
    out.push(b'}');
    Ok(())
}

/// One member of a `oneof` is always written, its default too: `{"stringValue":""}` is not `{}`.
fn any_value(out: &mut Vec<u8>, bytes: &[u8], level: u32) -> Result<(), Malformed> {
    if level > MOST_LEVELS {
        return Err("it has more than 100 levels");
    }
    let mut fields = Fields { rest: bytes };
    let mut member = None;
    while let Some((number, wire)) = fields.next()? {
        // An index into a string table (8) is what only profiles carry; it names nothing in the other signals.
        if (1..=8).contains(&number) {
            member = Some((number, wire));
        }
    }
    match member {
        Some((1, wire)) => {
            out.extend_from_slice(b"{\"stringValue\":");
            text::string(out, wire.bytes()?)?;
        }
        Some((2, wire)) => {
            out.extend_from_slice(b"{\"boolValue\":");
            out.extend_from_slice(if wire.varint()? == 0 { b"false" } else { b"true" });
        }
        Some((3, wire)) => {
            out.extend_from_slice(b"{\"intValue\":");
            text::quoted(out, wire.varint()?.cast_signed());
        }
        Some((4, wire)) => {
            let Wire::Fixed64(bits) = wire else { return Err(OTHER_TYPE) };
            out.extend_from_slice(b"{\"doubleValue\":");
            text::double(out, f64::from_bits(bits));
        }
        Some((5, wire)) => {
            out.extend_from_slice(b"{\"arrayValue\":");
            values(out, wire.bytes()?, |out, bytes| any_value(out, bytes, level + 2))?;
        }
        Some((6, wire)) => {
            out.extend_from_slice(b"{\"kvlistValue\":");
            values(out, wire.bytes()?, |out, bytes| key_value(out, bytes, level + 2))?;
        }
        Some((7, wire)) => {
            out.extend_from_slice(b"{\"bytesValue\":");
            text::base64(out, wire.bytes()?);
        }
        _ => out.push(b'{'),
    }
    out.push(b'}');
    Ok(())
}

/// `ArrayValue` and `KeyValueList`: their one field is 1, and it is said even when it is empty.
fn values(
    out: &mut Vec<u8>,
    bytes: &[u8],
    item: impl FnMut(&mut Vec<u8>, &[u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    out.extend_from_slice(b"{\"values\":");
    if bytes.is_empty() {
        out.push(b'[');
        out.push(b']');
    } else {
        let all = Seen { last: Wire::Bytes(bytes), from: Fields { rest: bytes }, left: 0 };
        list(out, 1, all, item)?;
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests;
