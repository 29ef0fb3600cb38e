//! Values that must never be seen: header values and keys. A `Secret` prints as `<redacted>`, has no other
//! way out than `expose`, and the errors about it never quote it. `Headers` are the names (lower case, valid)
//! and secrets that go with a request; both sources of them, JSON and `OTEL_EXPORTER_OTLP_HEADERS`, pass
//! through the same checks.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};

use super::percent;

/// Most headers for one exporter.
const MAX_HEADERS: usize = 64;
/// Longest name of a header, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// Longest value of a header or key, in bytes: most servers refuse a request whose headers are longer
/// together.
const MAX_VALUE_BYTES: usize = 16_384;
/// Headers that describe the body or the connection. The exporter sets them, and a second opinion breaks the
/// request.
const RESERVED: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Text that is not shown: its `Debug` form is `<redacted>`, and it has no other.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<redacted>")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By way of a JSON value, since the usual error would quote what was given in place of a string.
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            _ => Err(de::Error::custom("the value, which is not shown, is not accepted; accepted: a string")),
        }
    }
}

/// Header names, lower case and unique, and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Secret)>);

/// Why a header is not accepted. No variant carries the value, nor a name that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderError {
    #[error(
        "a header's name, which is not shown, is not accepted; accepted: 1 to {MAX_NAME_BYTES} letters, \
         digits and any of !#$%&'*+-.^_`|~"
    )]
    Name,
    #[error("header {name:?} is set by the exporter; accepted: any name but {}", RESERVED.join(", "))]
    Reserved { name: String },
    #[error(
        "header {0:?}: the value, which is not shown, is not accepted; accepted: 1 to {MAX_VALUE_BYTES} \
         visible ASCII characters, spaces and tabs"
    )]
    Value(String),
    #[error("header {0:?}: the value, which is not shown, is not accepted; accepted: a string")]
    Type(String),
    #[error("header {0:?} is given twice; accepted: each name once, whatever its case")]
    Twice(String),
    #[error("{0} headers; accepted: at most {MAX_HEADERS}")]
    TooMany(usize),
}

impl Headers {
    /// Adds a header, or says why it cannot be sent.
    pub(super) fn add(&mut self, name: &str, value: Secret) -> Result<(), HeaderError> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_token) {
            return Err(HeaderError::Name);
        }
        let name = name.to_ascii_lowercase();
        if RESERVED.contains(&name.as_str()) {
            return Err(HeaderError::Reserved { name });
        }
        if !is_field_value(value.expose()) {
            return Err(HeaderError::Value(name));
        }
        if self.get(&name).is_some() {
            return Err(HeaderError::Twice(name));
        }
        if self.0.len() >= MAX_HEADERS {
            return Err(HeaderError::TooMany(self.0.len() + 1));
        }
        self.0.push((name, value));
        Ok(())
    }

    /// Sets a header in place of one of the same name.
    pub(super) fn replace(&mut self, name: &str, value: Secret) -> Result<(), HeaderError> {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.add(name, value)
    }

    /// Adds a header for a test.
    #[cfg(test)]
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.replace(name, Secret::new(value)).map_err(|error| error.to_string())
    }

    /// Reads `name=value,name=value`, percent-decoded as OpenTelemetry asks for. What is not accepted is left
    /// out and said, by its place in the list and, when that is a name, by its name.
    pub(super) fn from_list(list: &str) -> (Self, Vec<String>) {
        let mut headers = Self::default();
        let mut refused = Vec::new();
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for (index, entry) in entries.enumerate() {
            let number = index + 1;
            let Some((name, value)) = entry.split_once('=') else {
                refused.push(format!("entry {number} is not accepted; accepted: name=value"));
                continue;
            };
            // A value that was never percent-encoded is taken as it is, like the OpenTelemetry exporters do.
            let value = value.trim();
            let value = percent::decode(value).unwrap_or_else(|| value.to_owned());
            if let Err(error) = headers.replace(name.trim(), Secret::new(value)) {
                refused.push(format!("entry {number}: {error}"));
            }
        }
        (headers, refused)
    }

    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Names and values, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let serde_json::Value::Object(given) = serde_json::Value::deserialize(deserializer)? else {
            let refusal = "the value, which is not shown, is not accepted; \
                accepted: an object of names and strings";
            return Err(de::Error::custom(refusal));
        };
        let mut headers = Self::default();
        for (name, value) in given {
            let outcome = match value {
                serde_json::Value::String(text) => headers.add(&name, Secret::new(text)),
                _ if name.is_empty() || !name.bytes().all(is_token) => Err(HeaderError::Name),
                _ => Err(HeaderError::Type(name)),
            };
            outcome.map_err(de::Error::custom)?;
        }
        Ok(headers)
    }
}

/// A character of a header's name: `tchar` of RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether text can be the value of a header: no line end, no control character, nothing beyond ASCII (RFC
/// 9110, 5.5, without the obsolete part).
fn is_field_value(text: &str) -> bool {
    let visible = |byte: u8| (0x20..=0x7e).contains(&byte) || byte == b'\t';
    !text.trim().is_empty() && text.len() <= MAX_VALUE_BYTES && text.bytes().all(visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_redacted() {
        let mut headers = Headers::default();
        headers.add("X-Api-Key", Secret::new("hunter2")).unwrap();
        assert_eq!(format!("{headers:?}"), r#"Headers([("x-api-key", <redacted>)])"#);
        assert_eq!(headers.get("x-API-key").map(Secret::expose), Some("hunter2"));
        assert_eq!((headers.len(), headers.is_empty()), (1, false));
    }

    #[test]
    fn a_header_that_would_split_the_request_is_refused_without_its_value() {
        let mut headers = Headers::default();
        for (name, value) in [
            ("x", "hunter2\r\nhost: evil"),
            ("x", "hunter2\n"),
            ("x", "hunter2\0"),
            ("x", "hunter2é"),
            ("x", ""),
            ("x", "  "),
            ("hunter2 name", "value"),
            ("hunter2\r\n", "value"),
            ("", "hunter2"),
            ("Content-Length", "hunter2"),
        ] {
            let error = headers.add(name, Secret::new(value)).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.contains("accepted: "), "{error}");
        }
        assert!(headers.is_empty());
    }

    #[test]
    fn a_list_is_percent_decoded_and_its_bad_entries_are_left_out() {
        let (headers, refused) = Headers::from_list(
            " api-key = a%20b%3D , ,raw=100%,hunter2, bad name=hunter2,q=x=y,Api-Key=last",
        );
        let seen: Vec<_> = headers.iter().map(|(name, value)| (name, value.expose())).collect();
        assert_eq!(seen, [("raw", "100%"), ("q", "x=y"), ("api-key", "last")]);
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(refused.iter().all(|warning| !warning.contains("hunter2")), "{refused:?}");
        assert!(refused[0].contains("entry 3") && refused[1].contains("entry 4"), "{refused:?}");
    }

    #[test]
    fn too_many_headers_are_refused() {
        let list: Vec<String> = (0..70).map(|number| format!("h{number}=v")).collect();
        let (headers, refused) = Headers::from_list(&list.join(","));
        assert_eq!((headers.len(), refused.len()), (MAX_HEADERS, 6));
    }
}
