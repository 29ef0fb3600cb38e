//! agentotel records what agents do and delivers it as OpenTelemetry: sessions become traces; LLM calls, actions and
//! tools become spans; errors become log records too. It is a C library (`include/agentotel.h`) written in Rust.
//!
//! The rooms, from the top down; each knows only those below it:
//!
//! - [`abi`]: the C interface, and nothing else
//! - `manager`: what one start of the library is made of
//! - [`inspection`]: what stands in a storage directory, without a running library
//! - `metrics`: what is measured, of events, of the library itself and for the host
//! - `session`, `event`, `live`, [`sampling`], `propagation`: what is recorded, and whether; what goes along with calls
//! - `journal`, `otlp`, `export`: where it is kept, what it looks like, where it goes
//! - [`config`], `diagnostics`: what was asked for, and what went wrong
//! - `redaction`: what must not leave the process, found in texts
//! - `sys`: what only the operating system can answer

#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]
#![cfg_attr(not(any(test, feature = "test-panic")), deny(clippy::panic))]
// The C interface says in its own documentation what its callers must keep to.
#![allow(clippy::missing_safety_doc)]

pub mod abi;
pub mod config;
mod diagnostics;
mod event;
mod export;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handle;
pub mod inspection;
mod journal;
mod live;
mod manager;
mod metrics;
mod otlp;
mod propagation;
mod redaction;
pub mod sampling;
mod session;
mod sys;
