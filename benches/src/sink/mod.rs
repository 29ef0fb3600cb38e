//! A receiver of OTLP in a process of its own, over HTTP and gRPC: takes what it gets, answers with an empty message, and
//! says afterwards what came. It does as little as it can, since it shares the machine with what is measured.

pub mod client;
mod grpc;
mod received;
mod server;
mod spans;

use std::fmt;

use crate::Fallible;

pub use self::server::serve;

/// Where the receiver listens. `failing` takes the same as `http`, but can be taken down and brought up again.
pub struct Ports {
    pub http: u16,
    pub grpc: u16,
    pub failing: u16,
}

impl Ports {
    fn parse(line: &str) -> Fallible<Self> {
        let mut words = line.split_whitespace();
        let mut port = || words.next().ok_or("a port is missing")?.parse().map_err(crate::Failure::from);
        Ok(Self { http: port()?, grpc: port()?, failing: port()? })
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.http, self.grpc, self.failing)
    }
}
