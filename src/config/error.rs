//! What can be wrong with a configuration, and how it is said: a message names the document, the path of the
//! key, the value, and what is accepted in its place. Values of secrets never get here (their types refuse
//! without quoting), long values are cut, and control characters are escaped, since a message may end in a
//! terminal or a log.

use std::fmt;
use std::path::PathBuf;

/// The longest reason that a message carries, in characters; longer ones lose their middle, where the value
/// is.
const REASON_CHARS: usize = 640;
/// What is kept of the end of a long reason: the list of what is accepted stands there.
const REASON_TAIL_CHARS: usize = 480;

/// Which document an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The document given to the call that starts the library, or what all sources make together.
    Argument,
    /// The file named by `AGENTOTEL_CONFIG_FILE`.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Argument => formatter.write_str("configuration"),
            Origin::File(path) => write!(formatter, "configuration file {path:?}"),
        }
    }
}

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The document is longer than is read.
    #[error("{origin}: {bytes} bytes or more; accepted: at most {limit} bytes")]
    TooLarge { origin: Origin, bytes: usize, limit: usize },
    /// The document is not text.
    #[error("{origin}: byte {offset} is not valid UTF-8; accepted: a JSON object in UTF-8")]
    NotUtf8 { origin: Origin, offset: usize },
    /// The document is not one JSON value, or repeats a key.
    #[error("{origin}: not accepted as JSON: {reason}")]
    Syntax { origin: Origin, reason: String },
    /// A key is unknown, or its value is not accepted.
    #[error("{origin}: `{path}`: {reason}")]
    Key { origin: Origin, path: String, reason: String },
    /// The file named by `AGENTOTEL_CONFIG_FILE` cannot be read.
    #[error("AGENTOTEL_CONFIG_FILE: {path:?} cannot be read: {reason}; accepted: a readable regular file")]
    File { path: PathBuf, reason: String },
}

impl ConfigError {
    /// An error about one key. `reason` says what is wrong with the value and what is accepted.
    pub(super) fn key(origin: &Origin, path: impl Into<String>, reason: impl AsRef<str>) -> Self {
        let path = shorten(&path.into());
        ConfigError::Key { origin: origin.clone(), path, reason: shorten(reason.as_ref()) }
    }
}

/// Makes text fit for a message: without control characters, and without the middle of what is too long.
pub(super) fn shorten(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    let length = safe.chars().count();
    if length <= REASON_CHARS {
        return safe;
    }
    let head: String = safe.chars().take(REASON_CHARS - REASON_TAIL_CHARS).collect();
    let tail: String = safe.chars().skip(length - REASON_TAIL_CHARS).collect();
    format!("{head} … {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_keeps_its_beginning_and_its_end() {
        let short = shorten(&format!("begin {} end", "x".repeat(1_000_000)));
        assert!(short.starts_with("begin x") && short.ends_with("x end"), "{short}");
        assert!(short.chars().count() <= REASON_CHARS + 3);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(shorten("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
    }
}
