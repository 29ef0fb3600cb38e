//! Baggage: what a caller passes on to all that it calls, as W3C Baggage has it. Keys are tokens, values any text, properties
//! are kept as they stand. Bounded: so many entries, so many bytes as a header. Written here and not taken from the SDK, whose
//! propagator does not encode `%`, cuts values at `=`, and passes entries on in random order.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The name under which carriers have it.
pub(crate) const NAME: &str = "baggage";
/// Most entries (W3C Baggage, "Limits").
pub(crate) const MOST_ENTRIES: usize = 64;
/// Most bytes of all of them as one header (ibidem).
pub(crate) const MOST_BYTES: usize = 8192;
/// What is not a `baggage-octet` is percent-encoded, and the sign of the encoding itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%');

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: String,
    /// Its properties, such as `ttl=30;public`, as they stand in a header.
    pub(crate) metadata: String,
}

impl Entry {
    /// As a member of a header.
    fn text(&self) -> String {
        let mut text = format!("{}={}", self.key, utf8_percent_encode(&self.value, ENCODED));
        if !self.metadata.is_empty() {
            text.push(';');
            text.push_str(&self.metadata);
        }
        text
    }
}

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Key,
    Metadata,
    Entries,
    Bytes { needed: usize },
}

/// Entries with different keys, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Baggage {
    entries: Vec<Entry>,
    /// Bytes of the members as a header, each with a separator.
    bytes: usize,
}

impl Baggage {
    /// Adds an entry, in place of the one with that key.
    pub(crate) fn set(&mut self, key: &str, value: &str, metadata: &str) -> Result<(), Refused> {
        if !is_token(key) {
            return Err(Refused::Key);
        }
        let properties: Vec<_> = properties(metadata).collect();
        if properties.iter().any(|property| !is_property(property)) {
            return Err(Refused::Metadata);
        }
        let entry = Entry { key: key.to_owned(), value: value.to_owned(), metadata: properties.join(";") };
        let place = self.entries.iter().position(|entry| entry.key == key);
        let before =
            place.and_then(|place| self.entries.get(place)).map_or(0, |entry| entry.text().len() + 1);
        let bytes = self.bytes - before + entry.text().len() + 1;
        if bytes > MOST_BYTES + 1 {
            return Err(Refused::Bytes { needed: bytes - 1 });
        }
        let is_full = self.entries.len() == MOST_ENTRIES;
        match place.and_then(|place| self.entries.get_mut(place)) {
            Some(place) => *place = entry,
            None if is_full => return Err(Refused::Entries),
            None => self.entries.push(entry),
        }
        self.bytes = bytes;
        Ok(())
    }

    /// The entry with a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Takes an entry away; false when there was none.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let Some(place) = self.entries.iter().position(|entry| entry.key == key) else { return false };
        self.bytes -= self.entries.remove(place).text().len() + 1;
        true
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a header; empty without entries.
    pub(crate) fn text(&self) -> String {
        self.entries.iter().map(Entry::text).collect::<Vec<_>>().join(",")
    }

    /// Reads the value of a header. Members and properties that are not valid are left out alone, and those that do not fit;
    /// of two with one key the last counts.
    pub(crate) fn parse(text: &str) -> Self {
        let mut baggage = Self::default();
        for member in text.split(',') {
            let (pair, metadata) = member.split_once(';').unwrap_or((member, ""));
            let Some((key, value)) = pair.split_once('=') else { continue };
            let (key, value) = (super::trimmed(key), super::trimmed(value));
            if !value.bytes().all(is_octet) {
                continue;
            }
            let value = percent_decode_str(value).decode_utf8_lossy();
            let metadata: Vec<_> = properties(metadata).filter(|property| is_property(property)).collect();
            // What does not fit is left out; what comes after it may fit.
            let _ = baggage.set(key, &value, &metadata.join(";"));
        }
        baggage
    }
}

fn properties(metadata: &str) -> impl Iterator<Item = &str> {
    metadata.split(';').map(super::trimmed).filter(|property| !property.is_empty())
}

fn is_property(property: &str) -> bool {
    match property.split_once('=') {
        None => is_token(property),
        Some((key, value)) => is_token(super::trimmed(key)) && super::trimmed(value).bytes().all(is_octet),
    }
}

/// A `token` of HTTP (RFC 9110, 5.6.2).
fn is_token(text: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_character)
}

/// A `baggage-octet` (W3C Baggage, "value").
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}
