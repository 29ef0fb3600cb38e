//! The EventProcessor: turns what a caller says into one span (and, for an error, one log record) and commits it to the
//! journal. `data` holds the caller's words, `details` the typed ones of each kind, `fields` what all of these have in common,
//! `choice` what fields choose among, `semconv` the names they get, `content` what is recorded of content, `named_content` the
//! same of content in free attributes, `streamed` makes it of chunks, `costs` what calls cost, `attributes` makes keys
//! unique and keeps the limits, `log` makes the caller's log records, `inject` adds what the configuration and the host want added, `redact` takes out what the
//! rules say, `text` repairs and cuts, `times` puts start and end in order, `record` is what the journal takes, `processor`
//! puts them together, `typed` is the short way of most events with a detail, `filter` drops what nobody wants,
//! `json` reads events that come as text.

mod attributes;
mod choice;
pub(crate) mod content;
pub(crate) mod costs;
pub(crate) mod data;
pub(crate) mod details;
mod fields;
pub(crate) mod filter;
pub(crate) mod inject;
pub(crate) mod json;
pub(crate) mod log;
pub(crate) mod named_content;
pub(crate) mod processor;
mod record;
mod redact;
pub(crate) mod semconv;
pub(crate) mod streamed;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod times;
pub(crate) mod typed;
