//! `extern "C"` and nothing else: one file per object of the C header (`lifecycle`, `session`, `event`, `event_json`, `log`,
//! `metric`, `stats`, `exporter`, `provider`, `callback`, `diagnostics`, `sampler`, `propagation`, `baggage`, `injector`) over what they
//! share: `types` (the structs), `status` (the numbers), `snapshot` (reading a caller's structs once), `json` (and its texts),
//! `guard` (panics, thread state, last error) and `global` (the one library instance). No logic: each function reads its
//! arguments, calls the manager, writes its outputs. The header is generated from these files.

// The names here are the header's.
#![allow(non_camel_case_types)]

pub mod baggage;
pub mod callback;
pub mod diagnostics;
pub mod event;
pub mod event_json;
pub mod exporter;
mod global;
mod guard;
pub mod injector;
mod json;
pub mod lifecycle;
pub mod log;
pub mod metric;
#[cfg(feature = "test-panic")]
pub mod panic_test;
pub mod propagation;
pub mod provider;
pub mod sampler;
pub mod session;
mod snapshot;
pub mod stats;
pub mod status;
pub mod types;
mod write;
