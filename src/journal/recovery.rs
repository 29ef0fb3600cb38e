//! Reading what a dead process has left. Its segments are read with `pread` and never mapped; every frame is believed by
//! its checksum alone, and what is damaged is passed over to the next frame that is whole (`dead`). Each exporter that runs
//! now goes on where it had come by the dead process's cursors (`lane`).

mod dead;
mod lane;
#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::dead::Scan;
pub(crate) use self::dead::{DeadJournal, Looked};
pub(crate) use self::lane::{Extra, LaneRecovery};
