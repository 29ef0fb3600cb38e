//! Agents beside a real OpenTelemetry Collector for a while: one under load whose Collector is killed again and again, two
//! of different services in one storage directory of which one is killed again and again, and one whose threads log. A run whose load or number of
//! faults falls below its floor fails.
//!
//! `AGENTOTEL_TEST_COLLECTOR` names the Collector's program, as `make` builds it.

#[path = "../agent/mod.rs"]
mod agent;
mod collector;
mod order;
#[allow(dead_code, reason = "not every test needs all of it")]
#[path = "../processes/role.rs"]
mod role;
mod steady;
mod two;

/// The process that plays a role; nothing in a run of the tests themselves.
#[test]
fn role_process() {
    role::play(&[("steady", steady::record), ("one-of-two", two::record), ("last-of-two", two::deliver)]);
}
