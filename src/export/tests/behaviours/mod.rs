//! Every behaviour of a receiver over every transport: it misbehaves once and then takes everything. Whatever it did, the
//! counters add up, what was taken is what was counted, shutdown keeps its deadline, and no secret is said.

mod cases;

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use self::cases::{Case, Fate, TRANSPORTS, Transport, cases};
use super::receiver::certificates::{CERTIFICATES, Identity};
use super::receiver::{Behaviour, Receiver, Request, Secured, Speaks};
use super::{PATIENCE, record, start, traces};
use crate::journal::accounting::Drop;

/// Events of a case; the session's root span follows at the end, in a batch of its own.
const EVENTS: usize = 5;
/// What a request may take where the receiver makes it wait for ever, and where it does not: a machine that is busy with
/// other tests is no fault of a receiver.
const SHORT_MS: u64 = 800;
const LONG_MS: u64 = 15_000;
const SECRET: &str = "hunter2";
/// The promise is a quarter of a second; the machine that tests gets more.
const GRACE: Duration = Duration::from_secs(5);
/// Cases at the same time: most of their time is spent waiting.
const AT_ONCE: usize = 10;

/// A file with the authority that the receivers' certificates are from.
fn authority() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &CERTIFICATES.authority).unwrap();
    file
}

fn exporter(transport: Transport, url: &str, authority: &std::path::Path, timeout_ms: u64) -> String {
    format!(
        r#"{{"type":"otlp","name":"a","protocol":"{}","endpoint":"{url}","headers":{{"x-key":"{SECRET}"}},
            "api_key":"{SECRET}","timeout_ms":{timeout_ms},"retry":{{"initial_ms":10,"max_ms":50}},
            "batch":{{"delay_ms":3600000}},"signals":["traces"],"tls":{{"ca_file":{authority:?}}},"proxy":"none"}}"#,
        transport.protocol
    )
}

fn secured(identity: &Identity) -> Secured {
    Secured { identity: identity.clone(), asks_for_client: false }
}

/// The ids of the spans in a request.
fn spans_of(request: &Request, transport: Transport) -> Vec<String> {
    if transport.protocol == "http/json" {
        let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        return spans.iter().map(|span| span["spanId"].as_str().unwrap().to_owned()).collect();
    }
    let body = if transport.speaks == Speaks::Grpc { &request.body[5..] } else { &request.body[..] };
    let spans = crate::otlp::decode_traces(body).unwrap().resource_spans.into_iter();
    let spans = spans.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
    spans.map(|span| span.span_id.iter().map(|byte| format!("{byte:02x}")).collect()).collect()
}

/// The spans of the requests that the receiver has taken.
fn taken_spans(receiver: &Receiver, transport: Transport) -> Vec<String> {
    let received = receiver.received();
    let taken = received.iter().filter(|request| matches!(request.answered, Behaviour::Take));
    taken.flat_map(|request| spans_of(request, transport)).collect()
}

/// Whether only a deadline ends what comes of it.
fn makes_wait(behaviour: &Behaviour) -> bool {
    const LATE: Duration = Duration::from_millis(SHORT_MS);
    match behaviour {
        Behaviour::AcceptAndHang | Behaviour::ReadSlowly | Behaviour::Hang | Behaviour::Drip(_) => true,
        Behaviour::SlowHandshake(pause) => *pause > LATE,
        _ => false,
    }
}

/// Has one case happen, and says what is wrong with what came of it.
fn run(case: &Case, transport: Transport) -> Result<(), String> {
    let authority = authority();
    let security = transport.is_secure.then(|| secured(&CERTIFICATES.valid));
    let receiver = Receiver::start(transport.speaks, security, [case.behaviour.clone()]);
    let waits = makes_wait(&case.behaviour);
    let timeout_ms = if waits { SHORT_MS } else { LONG_MS };
    let manager = start(&exporter(transport, &receiver.url(), authority.path(), timeout_ms));
    record(&manager, EVENTS);
    // A wait that the receiver asks for is cut short by whoever flushes.
    let begun = Instant::now();
    while manager.flush(Duration::from_millis(300)).is_err() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("never settled: {}", manager.diagnostics_text()));
        }
    }
    let first = traces(&manager, "a");
    let begun = Instant::now();
    let deadline = Duration::from_secs(3);
    let shut_down = manager.shutdown(deadline);
    let took = begun.elapsed();
    let (stats, said) = (traces(&manager, "a"), manager.diagnostics_text());
    let counters = &stats.counters;
    let check =
        |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {counters:?}\n{said}")) };

    check(shut_down.is_ok(), "shutdown")?;
    check(took < deadline + GRACE, "shutdown's deadline")?;
    check(counters.accepted == EVENTS as u64 + 1, "accepted")?;
    let events = EVENTS as u64;
    let (rejected, not_served, failures) = match case.fate {
        Fate::Taken => (0, 0, 0),
        Fate::Retried | Fate::TooLarge => (0, 0, 1),
        Fate::Rejected => (events, 0, 1),
        Fate::Partial(rejected) => (rejected.min(events), 0, 0),
        Fate::NotServed => (events, 1, 1),
    };
    check(counters.pending == 0, "pending")?;
    check(counters.rejected == rejected, "rejected")?;
    check(counters.dropped[Drop::NotServed as usize] == not_served, "not served")?;
    check(counters.exported == events + 1 - rejected - not_served, "exported")?;
    check(
        first.health.failed() == failures || (case.fate == Fate::Retried && first.health.failed() >= 1),
        "failures",
    )?;
    check(
        !said.contains(SECRET) && !said.contains('\u{1b}') && said.lines().all(|line| line.len() < 1_200),
        "words",
    )?;
    let ids = taken_spans(&receiver, transport);
    let unique: HashSet<&String> = ids.iter().collect();
    // What a deadline has cut off may have arrived.
    check(unique.len() == ids.len() || waits, "a span was taken twice")?;
    // What a reply says about a batch that was not `Take`n is the reply's word.
    let expected = match (case.fate, &case.behaviour) {
        (Fate::Retried | Fate::TooLarge, _) | (_, Behaviour::Take | Behaviour::SlowHandshake(_)) => {
            EVENTS + 1
        }
        (Fate::NotServed, _) => 0,
        _ => 1,
    };
    check(unique.len() == expected, "spans that arrived")?;
    let requests = receiver.received();
    check(requests.iter().all(|request| request.header("x-key") == Some(SECRET)), "headers")?;
    let path = super::super::otlp::tests_path(transport.protocol == "grpc");
    check(requests.iter().all(|request| request.target == path), "nothing goes elsewhere")
}

/// Runs all of a list, some at a time, and fails with all that failed.
fn run_all<T: Send>(cases: Vec<T>, run: impl Fn(T) -> Result<(), String> + Sync) {
    let (queue, failures) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = queue.lock().unwrap().next() else { return };
                    if let Err(failure) = run(case) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn whatever_a_receiver_does_everything_is_accounted_for() {
    let cases = cases();
    let names: HashSet<&String> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "each behaviour has a name of its own");
    let of_all: Vec<(&Case, Transport)> = cases
        .iter()
        .flat_map(|case| {
            TRANSPORTS.into_iter().filter(|transport| (case.on)(*transport)).map(move |on| (case, on))
        })
        .collect();
    assert!(cases.len() >= 40 && of_all.len() > 300, "{} behaviours, {} cases", cases.len(), of_all.len());
    run_all(of_all, |(case, transport)| {
        run(case, transport).map_err(|why| format!("{} over {transport:?}: {why}", case.name))
    });
}

#[test]
fn nobody_there_is_waited_for() {
    for transport in TRANSPORTS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let scheme = if transport.is_secure { "https" } else { "http" };
        let authority = authority();
        let manager =
            start(&exporter(transport, &format!("{scheme}://{address}"), authority.path(), LONG_MS));
        record(&manager, EVENTS);
        assert!(manager.flush(Duration::from_millis(200)).is_err());
        assert!(traces(&manager, "a").health.failed() > 0);
        let Ok(listener) = TcpListener::bind(address) else { continue };
        let security = transport.is_secure.then(|| secured(&CERTIFICATES.valid));
        let receiver = Receiver::start_on(listener, transport.speaks, security, []);
        manager.flush(PATIENCE).unwrap();
        manager.shutdown(PATIENCE).unwrap();
        assert_eq!(taken_spans(&receiver, transport).len(), EVENTS + 1, "{transport:?}");
        assert_eq!(traces(&manager, "a").counters.exported, EVENTS as u64 + 1);
    }
}

#[test]
fn a_receiver_that_proves_nothing_gets_nothing() {
    let good = &CERTIFICATES.valid;
    let cases: Vec<(&str, Secured)> = vec![
        ("expired", secured(&CERTIFICATES.expired)),
        ("self-signed", secured(&CERTIFICATES.self_signed)),
        ("for another host", secured(&CERTIFICATES.wrong_host)),
        ("wants a client's", Secured { identity: good.clone(), asks_for_client: true }),
    ];
    let on = |case: &(&'static str, Secured)| {
        let secure = TRANSPORTS.into_iter().filter(|transport| transport.is_secure);
        secure.map(|transport| (case.clone(), transport)).collect::<Vec<_>>()
    };
    run_all(cases.iter().flat_map(on).collect(), |((name, security), transport)| {
        let authority = authority();
        let receiver = Receiver::start(transport.speaks, Some(security.clone()), []);
        let manager = start(&exporter(transport, &receiver.url(), authority.path(), LONG_MS));
        record(&manager, EVENTS);
        let flushed = manager.flush(Duration::from_millis(500));
        let begun = Instant::now();
        let shut_down = manager.shutdown(Duration::from_millis(300));
        let took = begun.elapsed();
        let (stats, said) = (traces(&manager, "a"), manager.diagnostics_text());
        let holds = flushed.is_err()
            && shut_down.is_err()
            && took < Duration::from_millis(300) + GRACE
            && stats.counters.pending == EVENTS as u64 + 1
            && stats.health.failed() > 0
            && receiver.received().is_empty()
            && !said.contains(SECRET)
            // A client whose certificate is missed may see no more than a closed connection (RFC 8446, 4.4.2.4).
            && (security.asks_for_client || said.to_lowercase().contains("certificate"));
        if holds { Ok(()) } else { Err(format!("{name} over {transport:?}: {:?}\n{said}", stats.counters)) }
    });
}

/// Whether a behaviour is over soon, and has the next request come soon.
fn is_quick(behaviour: &Behaviour) -> bool {
    let asks_to_wait = |names: &[(String, String)]| {
        names.iter().any(|(name, _)| ["retry-after", "grpc-status-details-bin"].contains(&name.as_str()))
    };
    match behaviour {
        Behaviour::Reply(reply) => !asks_to_wait(&reply.headers) && !asks_to_wait(&reply.trailers),
        Behaviour::Hang | Behaviour::Drip(_) | Behaviour::Endless(_) => false,
        other => !other.is_of_connection(),
    }
}

/// Batches of one run at a rate, and what is drawn for them.
const BATCHES: usize = 20;

/// Runs a receiver that misbehaves at some of its requests, and adds up from outside what has to be counted inside.
fn run_at(percent: u32, transport: Transport) -> Result<(), String> {
    let mut random = SmallRng::seed_from_u64(u64::from(percent) << 8 | transport.protocol.len() as u64);
    // Behind a receiver that does not know the signal there is nothing more to be seen.
    let is_wanted = |case: &Case| case.fate != Fate::NotServed && is_quick(&case.behaviour);
    let quick = cases().into_iter().filter(|case| (case.on)(transport) && is_wanted(case));
    let quick: Vec<Case> = quick.collect();
    let drawn: Vec<(Behaviour, Fate)> = (0..BATCHES * 3)
        .map(|_| {
            let case = &quick[random.random_range(0..quick.len())];
            let is_bad = random.random_range(0..100) < percent;
            if is_bad { (case.behaviour.clone(), case.fate) } else { (Behaviour::Take, Fate::Taken) }
        })
        .collect();
    let authority = authority();
    let security = transport.is_secure.then(|| secured(&CERTIFICATES.valid));
    let script = drawn.iter().map(|(behaviour, _)| behaviour.clone());
    let receiver = Receiver::start(transport.speaks, security, script);
    let manager = start(&exporter(transport, &receiver.url(), authority.path(), LONG_MS));
    let begun = Instant::now();
    for _ in 0..BATCHES {
        record(&manager, EVENTS);
        while manager.flush(Duration::from_millis(300)).is_err() {
            if begun.elapsed() > PATIENCE {
                return Err(format!("never settled: {}", manager.diagnostics_text()));
            }
        }
    }
    let shut_down = manager.shutdown(PATIENCE);
    let counters = traces(&manager, "a").counters;
    let (mut exported, mut rejected, mut too_large) = (0, 0, HashSet::new());
    for request in receiver.received() {
        let ids = spans_of(&request, transport);
        let spans = ids.len() as u64;
        // What was too large counts as that when no half of it came again.
        too_large.retain(|id| !ids.contains(id));
        match request.place.and_then(|place| drawn.get(place)).map_or(Fate::Taken, |(_, fate)| *fate) {
            Fate::Taken => exported += spans,
            Fate::Retried => {}
            Fate::Rejected | Fate::NotServed => rejected += spans,
            Fate::Partial(refused) => {
                rejected += refused.min(spans);
                exported += spans - refused.min(spans);
            }
            Fate::TooLarge => too_large.extend(ids),
        }
    }
    let too_large = too_large.len() as u64;
    let inside = (counters.exported, counters.rejected, counters.dropped[Drop::TooLarge as usize]);
    let all = (BATCHES * (EVENTS + 1)) as u64;
    let holds = shut_down.is_ok() && inside == (exported, rejected, too_large) && counters.accepted == all;
    let outside = (exported, rejected, too_large);
    if holds { Ok(()) } else { Err(format!("outside {outside:?}, inside {counters:?}, {shut_down:?}")) }
}

#[test]
fn at_any_rate_of_faults_the_counters_are_what_was_seen_from_outside() {
    let runs = TRANSPORTS.into_iter().flat_map(|transport| [10, 70, 100].map(|percent| (percent, transport)));
    run_all(runs.collect(), |(percent, transport)| {
        run_at(percent, transport).map_err(|why| format!("{percent} % over {transport:?}: {why}"))
    });
}
