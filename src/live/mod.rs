//! Events in flight: started, perhaps updated, not ended yet. `slot` is the format in which one is kept (v1, the same in
//! memory and in a mapped file), `update` turns calls into contents of slots and those
//! into spans, `table` gives slots out and checks handles. `stream` keeps what chunks have said, `view` shows what is in flight while it is, and `watch` is
//! what it remembers of each event. `recovered` reads what a process has left behind, and `unfinished` makes spans of
//! it. Bounded; nothing is allocated once the slots in use have been used before.

pub(crate) mod recovered;
pub(crate) mod slot;
mod stream;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod unfinished;
pub(crate) mod update;
pub(crate) mod view;
mod watch;
