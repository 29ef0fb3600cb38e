//! The worker against a real HTTP server that says what the script wants, through the manager: what is retried, what is
//! counted, what waits for what.

mod behaviours;
mod doors;
pub(in crate::export) mod receiver;
mod tail;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bumpalo::Bump;

use super::health::LaneState;
use super::scripted_server::{ScriptedServer, Step, reply};
use crate::config::{Config, Environment};
use crate::event::data::{EventData, SessionOptions};
use crate::journal::accounting::Drop;
use crate::manager::{Caller, Error, ExporterStats, OtelManager};
use crate::otlp::Signal;

const PATIENCE: Duration = Duration::from_secs(20);

/// A library with these exporters.
fn start(exporters: &str) -> Arc<OtelManager> {
    let json = format!(
        r#"{{"exporters":[{exporters}],"queue":{{"segment_bytes":65536,"max_bytes":1048576}},
            "metrics":{{"enabled":false}}}}"#
    );
    let resolved =
        Config::resolve(Some(json.as_bytes()), &Environment::from_pairs::<&str, &str>([], false)).unwrap();
    OtelManager::start(Arc::new(resolved.config), &resolved.warnings, 1, &Arc::default()).unwrap()
}

/// Records `events` events in a new session, which stays open.
fn record(manager: &OtelManager, events: usize) {
    let (mut caller, mut arena) = (Caller::new(), Bump::new());
    let session = manager.start_session(&mut caller, &arena, &SessionOptions::default()).unwrap();
    for _ in 0..events {
        let data = EventData { name: b"an event", ..EventData::default() };
        manager.record_event(&mut caller, &arena, session, &data, &[]).unwrap();
        arena.reset();
    }
}

fn traces(manager: &OtelManager, exporter: &str) -> ExporterStats {
    let stats = manager.exporter_stats(exporter.as_bytes(), Signal::Traces).unwrap();
    let counters = stats.counters;
    assert_eq!(counters.accepted, counters.settled() + counters.pending, "{counters:?}");
    stats
}

fn otlp(name: &str, url: &str, more: &str) -> String {
    format!(
        r#"{{"type":"otlp","name":"{name}","endpoint":"{url}","retry":{{"initial_ms":10,"max_ms":50{more}}},
            "batch":{{"delay_ms":20}}}}"#
    )
}

/// The names of a request's spans.
fn names(body: &[u8]) -> Vec<String> {
    let request = super::super::otlp::decode_traces(body).unwrap();
    let spans = request.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans);
    spans.map(|span| span.name).collect()
}

/// An address where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn what_fails_for_now_is_sent_again_and_counted_once() {
    let server = ScriptedServer::start(vec![
        reply(503, &[], b""),
        reply(429, &[("retry-after", "0")], b""),
        reply(200, &[], b""),
    ]);
    let manager = start(&otlp("a", &server.url(), ""));
    record(&manager, 5);
    manager.flush(PATIENCE).unwrap();
    let stats = traces(&manager, "a");
    assert_eq!((stats.counters.exported, stats.counters.resent), (5, 10));
    assert_eq!((stats.health.attempts, stats.health.failed()), (3, 2));
    let bodies: Vec<_> = server.received().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same bytes go again");
}

#[test]
fn what_is_refused_is_counted_and_the_line_goes_on() {
    let partial = [0x0a, 2, 0x08, 2];
    let server = ScriptedServer::start(vec![
        reply(400, &[], b"no"),
        reply(200, &[("content-type", "application/x-protobuf")], &partial),
        reply(413, &[], b""),
        reply(200, &[], b""),
    ]);
    let manager = start(&otlp("a", &server.url(), ""));
    for _ in 0..4 {
        record(&manager, 3);
        manager.flush(PATIENCE).unwrap();
    }
    let counters = traces(&manager, "a").counters;
    // What was too large has gone in two halves.
    assert_eq!((counters.rejected, counters.exported), (3 + 2, 1 + 3 + 3));
    let items: Vec<_> = server.received().iter().map(|request| names(&request.body).len()).collect();
    assert_eq!(items, [3, 3, 3, 1, 2, 3]);
    assert!(
        manager.diagnostics_text().contains("3 rejected: HTTP status 400"),
        "{}",
        manager.diagnostics_text()
    );
}

#[test]
fn attempts_have_an_end_when_they_are_given_one() {
    let manager = start(&otlp("a", &nobody(), r#","max_attempts":3"#));
    record(&manager, 7);
    manager.flush(PATIENCE).unwrap();
    let stats = traces(&manager, "a");
    assert_eq!(stats.counters.dropped[Drop::Attempts as usize], 7);
    assert_eq!(stats.health.attempts, 3);
}

#[test]
fn a_dead_exporter_delays_nobody_and_its_backlog_stays_pending() {
    let server = ScriptedServer::start(vec![reply(200, &[], b""); 50]);
    let manager = start(&format!("{},{}", otlp("alive", &server.url(), ""), otlp("dead", &nobody(), "")));
    record(&manager, 11);
    let error = manager.flush(Duration::from_millis(300)).unwrap_err();
    assert!(
        matches!(&error, Error::Timeout(words) if words.contains("11 traces for exporter `dead`")),
        "{error}"
    );
    assert_eq!(traces(&manager, "alive").counters.exported, 11);
    let dead = traces(&manager, "dead");
    assert_eq!(dead.counters.pending, 11);
    assert!(dead.health.failed() > 0);
    assert_eq!(dead.health.state, LaneState::Retrying);
}

#[test]
fn many_events_arrive_in_batches_once_each() {
    let server = ScriptedServer::start(vec![reply(200, &[], b""); 200]);
    let manager = start(
        &otlp("a", &server.url(), "")
            .replace(r#""delay_ms":20"#, r#""delay_ms":20,"max_count":100,"in_flight":3"#),
    );
    record(&manager, 2500);
    manager.shutdown(PATIENCE).unwrap();
    let counters = traces(&manager, "a").counters;
    // The session was open: its root span is recorded by the shutdown.
    assert_eq!((counters.exported, counters.pending, counters.resent), (2501, 0, 0));
    let mut ids = std::collections::HashSet::new();
    for request in server.received() {
        let spans = super::super::otlp::decode_traces(&request.body).unwrap();
        let spans: Vec<_> =
            spans.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans).collect();
        assert!(spans.len() <= 100);
        assert!(spans.into_iter().all(|span| ids.insert(span.span_id)), "a span came twice");
    }
    assert_eq!(ids.len(), 2501);
}

#[test]
fn shutdown_keeps_its_deadline_and_says_what_is_pending() {
    let server = ScriptedServer::start(vec![Step::Hang; 4]);
    let manager = start(&otlp("a", &server.url(), ""));
    record(&manager, 3);
    let begun = Instant::now();
    let error = manager.shutdown(Duration::from_millis(300)).unwrap_err();
    // The promise is a quarter of a second; the machine that tests gets more.
    assert!(begun.elapsed() < Duration::from_millis(300 + 250 + 1000), "{:?}", begun.elapsed());
    assert!(matches!(&error, Error::Timeout(words) if words.contains("4 traces")), "{error}");
    assert_eq!(traces(&manager, "a").counters.pending, 4);
    assert!(matches!(manager.shutdown(PATIENCE), Err(Error::ShutDown)));
}

#[test]
fn an_exit_does_not_wait_for_an_end_point_that_is_down() {
    let manager = start(&otlp("a", &nobody(), ""));
    record(&manager, 3);
    let begun = Instant::now();
    manager.shut_down_at_exit();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn an_event_larger_than_a_batch_goes_alone() {
    let server = ScriptedServer::start(vec![reply(200, &[], b""); 50]);
    let exporter =
        otlp("a", &server.url(), "").replace(r#""delay_ms":20"#, r#""delay_ms":20,"max_bytes":4096"#);
    let manager = start(&exporter);
    let (mut caller, arena) = (Caller::new(), Bump::new());
    let session = manager.start_session(&mut caller, &arena, &SessionOptions::default()).unwrap();
    let name = vec![b'n'; 5000];
    for _ in 0..3 {
        let data = EventData { name: &name, ..EventData::default() };
        manager.record_event(&mut caller, &arena, session, &data, &[]).unwrap();
    }
    manager.flush(PATIENCE).unwrap();
    assert_eq!(traces(&manager, "a").counters.exported, 3);
    assert_eq!(server.received().len(), 3);
}
