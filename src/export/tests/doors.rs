//! Receivers that do not let an exporter in, do not know a signal, or take small requests only: what is tried, what is kept
//! and what is counted.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::event::data::{ErrorDetail, Target};
use crate::export::health::FailureClass;
use crate::export::scripted_server::Received;

/// Waits until a lane's stats are as wanted.
fn wait_for(manager: &OtelManager, signal: Signal, what: impl Fn(&ExporterStats) -> bool) -> ExporterStats {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let stats = manager.exporter_stats(b"a", signal).unwrap();
        if what(&stats) {
            return stats;
        }
        assert!(Instant::now() < deadline, "{:?} {:?}", stats.counters, stats.health);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn judging(judge: fn(&Received) -> u16) -> ScriptedServer {
    ScriptedServer::start(vec![Step::Judge(judge)])
}

fn failures(stats: &ExporterStats, class: FailureClass) -> u64 {
    stats.health.failures[class as usize]
}

#[test]
fn a_wrong_key_does_not_use_up_what_there_is() {
    // The key is wrong for the first batch and three that try it, and is right then.
    let mut script = vec![reply(401, &[], b"who are you?"); 4];
    script.push(reply(200, &[], b""));
    let server = ScriptedServer::start(script);
    let exporter =
        otlp("a", &server.url(), "").replace(r#""delay_ms":20"#, r#""delay_ms":20,"max_count":10"#);
    let manager = start(&exporter);
    record(&manager, 200);
    let stats = wait_for(&manager, Signal::Traces, |stats| stats.counters.pending == 0);
    let counters = stats.counters;
    // Two batches may be under way when the first is refused; after that it is one item at a time.
    let items: Vec<_> = server.received().iter().map(|request| names(&request.body).len()).collect();
    let refused: usize = items[..4].iter().sum();
    assert!(items[0] == 10 && items[3] == 1 && refused <= 10 + 10 + 1 + 1, "{items:?}");
    assert_eq!((counters.rejected, counters.exported), (refused as u64, 200 - refused as u64));
    assert_eq!(failures(&stats, FailureClass::Access), 4);
    assert_eq!((stats.health.state, stats.health.retried), (LaneState::Ready, 0));
    let said = manager.diagnostics_text();
    assert_eq!(said.matches("paused until the receiver lets it in").count(), 1, "{said}");
    assert_eq!(manager.exporter_error(b"a", Signal::Traces).unwrap(), "");
}

#[test]
fn a_door_that_stays_shut_is_not_hammered_and_keeps_the_backlog_pending() {
    let server = ScriptedServer::start(vec![reply(403, &[], b"")]);
    let exporter = otlp("a", &server.url(), "").replace(r#""max_ms":50"#, r#""max_ms":3600000"#);
    let manager = start(&exporter.replace(r#""initial_ms":10"#, r#""initial_ms":3600000"#));
    record(&manager, 10);
    wait_for(&manager, Signal::Traces, |stats| stats.health.state == LaneState::Paused);
    record(&manager, 90);
    for _ in 0..20 {
        // Nobody's impatience opens it.
        assert!(manager.flush(Duration::from_millis(10)).is_err());
    }
    let stats = manager.exporter_stats(b"a", Signal::Traces).unwrap();
    assert_eq!(stats.health.attempts, 1, "an hour has not passed");
    assert_eq!(stats.counters.rejected + stats.counters.pending, 100);
    assert!(manager.exporter_error(b"a", Signal::Traces).unwrap().contains("HTTP status 403"));
    assert!(stats.counters.lag_bytes > 0 && stats.health.last_failure > 0 && stats.health.last_success == 0);
}

#[test]
fn a_signal_that_is_not_served_is_dropped_and_said_once_while_others_go_on() {
    let server = judging(|request| if request.line.ends_with("/v1/logs") { 404 } else { 200 });
    let manager = start(&otlp("a", &server.url(), ""));
    record(&manager, 5);
    manager.flush(PATIENCE).unwrap();
    let (mut caller, arena) = (Caller::new(), Bump::new());
    let session = manager.start_session(&mut caller, &arena, &SessionOptions::default()).unwrap();
    let fail = |caller: &mut Caller| {
        let error = ErrorDetail { kind: b"E", message: b"no", ..ErrorDetail::default() };
        manager.record_error(caller, &arena, session, Target::Root, &error).unwrap();
    };
    fail(&mut caller);
    wait_for(&manager, Signal::Logs, |stats| stats.health.state == LaneState::NotServed);
    for _ in 0..30 {
        fail(&mut caller);
    }
    manager.flush(PATIENCE).unwrap();
    let stats = manager.exporter_stats(b"a", Signal::Logs).unwrap();
    let dropped = stats.counters.dropped[Drop::NotServed as usize];
    assert_eq!((stats.counters.rejected, dropped, stats.counters.pending), (1, 30, 0));
    assert_eq!(stats.health.attempts, 1);
    assert_eq!(traces(&manager, "a").counters.exported, 5);
    assert_eq!(manager.diagnostics_text().matches("does not take this signal").count(), 1);
}

#[test]
fn a_signal_that_is_served_again_is_taken_up_after_a_while() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let server = judging(|request| {
        let is_refused = request.line.ends_with("/v1/logs") && ASKED.fetch_add(1, Ordering::Relaxed) == 0;
        if is_refused { 404 } else { 200 }
    });
    let manager = start(&otlp("a", &server.url(), ""));
    // That traces are taken says that the 404 is about logs.
    record(&manager, 1);
    manager.flush(PATIENCE).unwrap();
    let (mut caller, arena) = (Caller::new(), Bump::new());
    let session = manager.start_session(&mut caller, &arena, &SessionOptions::default()).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut failed = 0;
    let stats = loop {
        let error = ErrorDetail { kind: b"E", message: b"no", ..ErrorDetail::default() };
        manager.record_error(&mut caller, &arena, session, Target::Root, &error).unwrap();
        failed += 1;
        let stats = manager.exporter_stats(b"a", Signal::Logs).unwrap();
        if stats.counters.exported > 0 {
            break stats;
        }
        assert!(Instant::now() < deadline, "{}", manager.diagnostics_text());
        std::thread::sleep(Duration::from_millis(50));
    };
    let dropped = stats.counters.dropped[Drop::NotServed as usize];
    assert!(dropped > 0 && stats.counters.rejected + dropped + stats.counters.exported <= failed);
    assert_eq!(stats.health.state, LaneState::Ready);
}

#[test]
fn what_waits_before_a_shut_door_grows_old_too() {
    let server = ScriptedServer::start(vec![reply(401, &[], b"")]);
    // A hundred at a time: more than are tried one by one within a second.
    let exporter = otlp("a", &server.url(), r#","max_age_s":1"#);
    let manager = start(&exporter.replace(r#""delay_ms":20"#, r#""delay_ms":20,"max_count":100"#));
    record(&manager, 300);
    let dropped = |stats: &ExporterStats| stats.counters.dropped[Drop::Age as usize];
    let stats = wait_for(&manager, Signal::Traces, |stats| dropped(stats) > 0);
    // Some were refused when the door was tried.
    let counters = stats.counters;
    assert_eq!(counters.rejected + dropped(&stats) + counters.pending, 300);
    assert_eq!(stats.health.state, LaneState::Paused);
}

#[test]
fn a_receiver_of_small_requests_gets_them_and_is_not_asked_again_for_more() {
    let server = judging(|request| if request.body.len() > 2500 { 413 } else { 200 });
    let manager = start(&otlp("a", &server.url(), ""));
    record(&manager, 60);
    manager.flush(PATIENCE).unwrap();
    let first = traces(&manager, "a");
    assert!(failures(&first, FailureClass::TooLarge) > 0);
    record(&manager, 60);
    manager.flush(PATIENCE).unwrap();
    let second = traces(&manager, "a");
    assert_eq!((second.counters.exported, second.counters.pending), (120, 0));
    assert_eq!(failures(&second, FailureClass::TooLarge), failures(&first, FailureClass::TooLarge));
    let sizes = second.health.items.iter().sum::<u64>();
    assert_eq!((sizes, second.health.attempts), (second.health.attempts, second.health.attempts));
}

#[test]
fn what_no_halving_makes_small_enough_is_given_up_and_counted() {
    let server = judging(|_| 413);
    let manager = start(&otlp("a", &server.url(), ""));
    record(&manager, 16);
    manager.flush(PATIENCE).unwrap();
    let counters = traces(&manager, "a").counters;
    assert_eq!((counters.dropped[Drop::TooLarge as usize], counters.exported), (16, 0));
}
