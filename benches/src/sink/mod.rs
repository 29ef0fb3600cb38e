//! A receiver of OTLP over HTTP in a process of its own: takes what it gets, answers 200 with an empty message, and says
//! afterwards what came. It does as little as it can, since it shares the machine with what is measured.

pub mod client;
mod server;
mod spans;

pub use self::server::serve;
