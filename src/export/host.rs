//! The host exporter: hands batches to a function of the host, on a thread of its own, so that one that takes its time
//! delays nobody else. The worker puts a batch in and waits for the answer as for a receiver's; an answer always comes but
//! from a function that does not return: then what it was given stays pending, and at the end its thread is left to it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::otlp::notes::Notes;
use super::outcome::{Batch, Cause, Outcome};
use super::registry::Registry;
use crate::config::Payload;
use crate::otlp::{Signal, json_line};
use crate::sys::thread;

/// The name of each such thread.
const THREAD: &str = "agentotel-host";
/// The most that an exporter may ask to wait.
const MOST_WAIT: Duration = Duration::from_secs(300);
/// A function that is about to return when its time is over may.
const STOP_GRACE: Duration = Duration::from_millis(20);

/// What a function of the host is handed.
pub(crate) struct HandedOver<'b> {
    pub(crate) signal: Signal,
    pub(crate) payload: Payload,
    pub(crate) bytes: &'b [u8],
    pub(crate) items: u64,
    pub(crate) timeout: Duration,
}

/// What it says of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was taken, but for so many of its items.
    Ok { rejected: u64, message: String },
    /// It is to be handed over again, not before this.
    Retry { after: Duration, message: String },
    /// It was refused for good.
    Reject { message: String },
    /// The function has answered with something that is no answer.
    Unknown { number: i64 },
}

/// A function of the host that takes batches. Called on a thread of the exporter's own, one call at a time.
pub(crate) trait ExportCallback: Send + Sync {
    fn export(&self, batch: &HandedOver<'_>) -> Answer;
}

impl<F: Fn(&HandedOver<'_>) -> Answer + Send + Sync> ExportCallback for F {
    fn export(&self, batch: &HandedOver<'_>) -> Answer {
        self(batch)
    }
}

/// A batch on its way to the thread, and where the answer goes.
struct Job {
    batch: Batch,
    timeout: Duration,
    answer: oneshot::Sender<Outcome>,
}

/// What the thread and its owner share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// A batch is being handed over.
    is_busy: bool,
    /// Nothing is handed over any more.
    is_stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The exporter. Its thread starts with the first batch.
#[derive(Debug)]
pub struct HostExporter {
    target: Target,
    shared: Arc<Shared>,
    thread: Mutex<Option<(Sender<Job>, JoinHandle<()>)>>,
    notes: Notes,
}

/// What batches are handed to.
#[derive(Clone, Debug)]
struct Target {
    callback: String,
    payload: Payload,
    callbacks: Arc<Registry<dyn ExportCallback>>,
}

impl HostExporter {
    pub(super) fn new(
        callback: &str,
        payload: Payload,
        callbacks: &Arc<Registry<dyn ExportCallback>>,
        notes: Notes,
    ) -> Self {
        let target = Target { callback: callback.to_owned(), payload, callbacks: Arc::clone(callbacks) };
        Self { target, shared: Arc::default(), thread: Mutex::default(), notes }
    }

    /// Hands one batch over and waits for the answer, however long that takes: `timeout` is what the function is told.
    /// Nobody knows what became of a batch before its function has returned, so that it is not handed over twice.
    pub async fn send(&self, batch: &Batch, timeout: Duration) -> Outcome {
        if self.target.callbacks.get(&self.target.callback).is_none() {
            return self.target.not_registered();
        }
        let (answer, mut answered) = oneshot::channel();
        if let Err(error) = self.hand_over(Job { batch: batch.clone(), timeout, answer }) {
            return Outcome::retry(
                Cause::Io(error.kind()),
                format!("no thread for a host exporter: {error}"),
            );
        }
        let in_time = tokio::time::timeout(timeout, &mut answered).await;
        let answer = match in_time {
            Ok(answer) => answer,
            Err(_) => {
                let (callback, most) = (&self.target.callback, timeout.as_millis());
                self.notes.say_once(&format!("callback `{callback}` has not returned after {most} ms"));
                let answer = answered.await;
                self.notes.settled();
                answer
            }
        };
        answer.unwrap_or_else(|_| Outcome::retry(Cause::Timeout, "the exporter has been stopped"))
    }

    /// Gives the thread a batch; starts it when there is none.
    fn hand_over(&self, job: Job) -> std::io::Result<()> {
        let mut running = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.lock().is_stopped {
            // Whoever waits for the answer learns that there will be none.
            return Ok(());
        }
        let (jobs, _) = match &mut *running {
            Some(running) => running,
            none => {
                let (jobs, given) = channel();
                let (target, shared) = (self.target.clone(), Arc::clone(&self.shared));
                let thread = thread::spawn(THREAD, move || work(&target, &shared, &given))?;
                none.insert((jobs, thread))
            }
        };
        // It ends only when it is told to.
        let _ = jobs.send(job);
        Ok(())
    }

    /// Has no call begin any more, and waits until `deadline` for one that is under way; false when it has not returned:
    /// its thread is left to it.
    pub(super) fn stop(&self, deadline: Instant) -> bool {
        let deadline = deadline.max(Instant::now() + STOP_GRACE);
        let running = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut state = self.shared.lock();
        state.is_stopped = true;
        while state.is_busy {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.idle.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        if let Some((jobs, thread)) = running {
            drop(jobs);
            // Nothing in it can wait any more.
            let _ = thread.join();
        }
        true
    }

    /// The name of the function.
    pub(super) fn callback(&self) -> &str {
        &self.target.callback
    }
}

/// The thread: one batch after the other, until nobody gives any more.
fn work(target: &Target, shared: &Shared, jobs: &Receiver<Job>) {
    for job in jobs {
        {
            let mut state = shared.lock();
            if state.is_stopped {
                return;
            }
            state.is_busy = true;
        }
        let outcome = target.take(&job.batch, job.timeout);
        let _ = job.answer.send(outcome);
        shared.lock().is_busy = false;
        shared.idle.notify_all();
    }
}

impl Target {
    fn not_registered(&self) -> Outcome {
        Outcome::retry(Cause::NotRegistered, format!("no callback `{}` is registered", self.callback))
    }

    /// Hands a batch over.
    fn take(&self, batch: &Batch, timeout: Duration) -> Outcome {
        let json = match self.payload {
            Payload::OtlpProto => None,
            Payload::OtlpJson => match json_line(batch.signal, &batch.body) {
                Ok(json) => Some(json),
                Err(error) => return Outcome::rejected(Cause::Protocol, error.to_string()),
            },
        };
        let bytes = json.as_deref().map_or(&*batch.body, |json| json.strip_suffix(b"\n").unwrap_or(json));
        let (signal, payload, items) = (batch.signal, self.payload, batch.items);
        let handed = HandedOver { signal, payload, bytes, items, timeout };
        let callback = self.callbacks.get(&self.callback);
        match callback.and_then(|callback| callback.call(|callback| callback.export(&handed))) {
            Some(answer) => outcome(answer, items),
            None => self.not_registered(),
        }
    }
}

/// What an answer means for the batch.
fn outcome(answer: Answer, items: u64) -> Outcome {
    let said = |message: String| {
        if message.is_empty() { "the callback has said so".to_owned() } else { message }
    };
    match answer {
        Answer::Ok { rejected: 0, .. } => Outcome::Accepted,
        Answer::Ok { rejected, message } => Outcome::partial(rejected.min(items), said(message)),
        Answer::Retry { after, message } => match Outcome::retry(Cause::Host, said(message)) {
            Outcome::Retry { cause, message, .. } => {
                let after = Some(after.min(MOST_WAIT)).filter(|after| !after.is_zero());
                Outcome::Retry { after, cause, message }
            }
            other => other,
        },
        Answer::Reject { message } => Outcome::rejected(Cause::Host, said(message)),
        Answer::Unknown { number } => {
            let words = format!("the callback has returned {number}, which is none of AGENTOTEL_EXPORT_…");
            Outcome::retry(Cause::Protocol, words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_an_outcome_within_its_bounds() {
        let ok = |rejected| Answer::Ok { rejected, message: String::new() };
        assert_eq!(outcome(ok(0), 3), Outcome::Accepted);
        assert!(matches!(outcome(ok(2), 3), Outcome::Partial { rejected: 2, .. }));
        assert!(matches!(outcome(ok(u64::MAX), 3), Outcome::Partial { rejected: 3, .. }));
        let retry = |after| outcome(Answer::Retry { after, message: "a\nb".to_owned() }, 1);
        for (asked, after) in [
            (Duration::ZERO, None),
            (Duration::from_millis(7), Some(Duration::from_millis(7))),
            (Duration::from_millis(u64::MAX), Some(Duration::from_secs(300))),
        ] {
            let message = "a\\nb".to_owned();
            assert_eq!(retry(asked), Outcome::Retry { after, cause: Cause::Host, message });
        }
        let rejected = outcome(Answer::Reject { message: "x".repeat(5000) }, 1);
        let Outcome::Rejected { cause: Cause::Host, message } = rejected else { panic!("{rejected:?}") };
        assert!(message.len() <= 1024);
        assert!(matches!(
            outcome(Answer::Unknown { number: 7 }, 1),
            Outcome::Retry { cause: Cause::Protocol, message, .. } if message.contains('7')
        ));
    }
}
