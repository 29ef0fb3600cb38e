//! The EventProcessor: turns what a caller says into one span (and, for an error, one log record) and commits it to the
//! journal. `data` holds the caller's words, `semconv` the names they get, `attributes` makes keys unique and keeps the
//! limits, `inject` adds what the configuration and the host want added, `text` repairs and cuts, `record` is what the journal takes, `processor` puts them together.

mod attributes;
pub(crate) mod data;
pub(crate) mod filter;
pub(crate) mod inject;
pub(crate) mod processor;
mod record;
pub(crate) mod semconv;
#[cfg(test)]
mod tests;
pub(crate) mod text;
