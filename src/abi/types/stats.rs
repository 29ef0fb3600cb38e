//! Counters: of a signal, of an exporter, of the storage.

pub const AGENTOTEL_SIGNAL_TRACES: u32 = 1;
pub const AGENTOTEL_SIGNAL_LOGS: u32 = 2;
pub const AGENTOTEL_SIGNAL_METRICS: u32 = 3;

/// Index into `agentotel_stats.refused`: an argument was wrong.
pub const AGENTOTEL_REFUSED_ARGUMENT: u32 = 0;
/// The handle was stale or none.
pub const AGENTOTEL_REFUSED_HANDLE: u32 = 1;
/// The queue was full.
pub const AGENTOTEL_REFUSED_QUEUE_FULL: u32 = 2;
/// The library was shut down.
pub const AGENTOTEL_REFUSED_SHUT_DOWN: u32 = 3;
/// Too many sessions or events were open.
pub const AGENTOTEL_REFUSED_LIMIT: u32 = 4;
/// A fault inside the library was contained.
pub const AGENTOTEL_REFUSED_INTERNAL: u32 = 5;
/// Length of `agentotel_stats.refused`; unnamed slots are zero.
pub const AGENTOTEL_REFUSED_SLOTS: usize = 16;

/// Index into `agentotel_exporter_stats.dropped`: the queue was full and its policy is `drop_oldest`.
pub const AGENTOTEL_DROPPED_OVERFLOW: u32 = 0;
/// The queue was full and this exporter lagged behind another.
pub const AGENTOTEL_DROPPED_LAG: u32 = 1;
/// Older than the exporter's `retry.max_age_s`.
pub const AGENTOTEL_DROPPED_AGE: u32 = 2;
/// More attempts than the exporter's `retry.max_attempts`.
pub const AGENTOTEL_DROPPED_ATTEMPTS: u32 = 3;
/// The receiver found the request too large.
pub const AGENTOTEL_DROPPED_TOO_LARGE: u32 = 4;
/// The receiver does not take this signal.
pub const AGENTOTEL_DROPPED_NOT_SERVED: u32 = 5;
/// The exporter was removed (`agentotel_remove_exporter`).
pub const AGENTOTEL_DROPPED_REMOVED: u32 = 6;
/// Length of `agentotel_exporter_stats.dropped`; unnamed slots are zero.
pub const AGENTOTEL_DROPPED_SLOTS: usize = 32;

/// Counters of one signal, read under one cut, since `agentotel_init`. At every moment
/// `offered = accepted_caller + refused[…] + duplicate + head_unsampled + filtered`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_stats {
    /// Set by the caller: `sizeof(agentotel_stats)`; `AGENTOTEL_STATS_INIT` sets it.
    pub struct_size: usize,
    /// Calls that asked to record, a started event counting when it ends.
    pub offered: u64,
    /// Committed to the queue because a call asked for it.
    pub accepted_caller: u64,
    /// Committed to the queue on the library's own account: the log record of an event's error, what the live view shows.
    pub accepted_derived: u64,
    /// Refused with a status, by `AGENTOTEL_REFUSED_…`.
    pub refused: [u64; AGENTOTEL_REFUSED_SLOTS],
    /// Answered OK and known to be there already.
    pub duplicate: u64,
    /// Answered OK and not kept: the session is not sampled.
    pub head_unsampled: u64,
    /// Answered OK and not kept: an event filter said so.
    pub filtered: u64,
    /// Events in flight now (traces; 0 for other signals).
    pub in_flight_events: u64,
    /// Sessions open now (traces; 0 for other signals).
    pub open_sessions: u64,
    /// Texts in which invalid UTF-8 was replaced.
    pub repaired_utf8: u64,
    /// Events whose end was before their start, or whose time was out of range, and was set right.
    pub repaired_time: u64,
    /// Values cut to fit `limits.value_bytes` or `limits.event_bytes`.
    pub truncated_values: u64,
    /// Attributes left out: over `limits.attributes`, over `limits.event_bytes`, or with an empty key.
    pub dropped_attributes: u64,
    /// Bytes of queue memory in use now, in whole segments, all signals together.
    pub queue_bytes: u64,
    /// `queue.max_bytes`
    pub queue_capacity_bytes: u64,
    /// Texts in which `redact` has replaced something, and those left out since it could not.
    pub redacted_values: u64,
}

/// What a recorded event outlives: nothing of the process.
pub const AGENTOTEL_DURABILITY_NONE: u32 = 0;
/// The end of the process, by whatever means.
pub const AGENTOTEL_DURABILITY_PROCESS: u32 = 1;
/// A loss of power too: `storage.sync` is `always`.
pub const AGENTOTEL_DURABILITY_POWER: u32 = 2;

/// How the storage fares, and what has become of what dead processes had left, since `agentotel_init`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_storage_stats {
    /// Set by the caller: `sizeof(agentotel_storage_stats)`; `AGENTOTEL_STORAGE_STATS_INIT` sets it.
    pub struct_size: usize,
    /// What an event recorded now outlives: one of `AGENTOTEL_DURABILITY_…`.
    pub durability: u32,
    /// Zero.
    pub reserved: u32,
    /// Files that could not be had or written; why, the diagnostics say.
    pub failures: u64,
    /// Directories of dead processes taken over.
    pub adopted: u64,
    /// Those of them that were sent and removed.
    pub finished: u64,
    /// Those that were older than `storage.max_age_s` and given up.
    pub expired: u64,
    /// Those that were put aside since whoever read them died.
    pub quarantined: u64,
    /// Frames taken from them, each counted once for every exporter of its signal.
    pub recovered: u64,
    /// Frames that are missing between others: damaged beyond reading.
    pub missing: u64,
    /// Segments whose header is damaged.
    pub corrupt_segments: u64,
    /// Segments of another format, left alone.
    pub foreign_segments: u64,
    /// Files that were not opened: links, files with two names or of another owner.
    pub refused_files: u64,
    /// Bytes that the directories of other processes of this namespace took at the last look, within seconds.
    pub waiting_bytes: u64,
}

/// `agentotel_exporter_stats.state`: requests go out as there is something to send.
pub const AGENTOTEL_EXPORTER_READY: u32 = 0;
/// The last request failed in a way that may pass: it is sent again after a while, and what came after it waits.
pub const AGENTOTEL_EXPORTER_RETRYING: u32 = 1;
/// The receiver does not let the exporter in (HTTP 401, 403, 404; gRPC PERMISSION_DENIED, UNAUTHENTICATED): what there is
/// stays pending, and one item at a time is tried.
pub const AGENTOTEL_EXPORTER_PAUSED: u32 = 2;
/// The receiver does not take this signal: it is dropped, and tried every five minutes.
pub const AGENTOTEL_EXPORTER_NOT_SERVED: u32 = 3;
/// It was removed (`agentotel_remove_exporter`).
pub const AGENTOTEL_EXPORTER_REMOVED: u32 = 4;

/// Index into `agentotel_exporter_stats.failures_by_class`: no connection (name look-up, refusal, TLS handshake).
pub const AGENTOTEL_FAILURE_CONNECT: u32 = 0;
/// No complete answer within `timeout_ms`.
pub const AGENTOTEL_FAILURE_TIMEOUT: u32 = 1;
/// Certificates, keys or headers could not be had.
pub const AGENTOTEL_FAILURE_CREDENTIALS: u32 = 2;
/// The receiver was sent too much for now (HTTP 429, gRPC RESOURCE_EXHAUSTED with a delay).
pub const AGENTOTEL_FAILURE_THROTTLED: u32 = 3;
/// The receiver cannot take it now (HTTP 502, 503, 504; gRPC UNAVAILABLE and its like).
pub const AGENTOTEL_FAILURE_UNAVAILABLE: u32 = 4;
/// The receiver does not let the exporter in.
pub const AGENTOTEL_FAILURE_ACCESS: u32 = 5;
/// The receiver does not take the signal.
pub const AGENTOTEL_FAILURE_NOT_SERVED: u32 = 6;
/// Refused for good with another status.
pub const AGENTOTEL_FAILURE_REJECTED: u32 = 7;
/// The receiver takes smaller requests only.
pub const AGENTOTEL_FAILURE_TOO_LARGE: u32 = 8;
/// What came back does not follow the protocol, or broke off.
pub const AGENTOTEL_FAILURE_PROTOCOL: u32 = 9;
/// The operating system refused something: a file, a descriptor, a connection that broke.
pub const AGENTOTEL_FAILURE_SYSTEM: u32 = 10;
/// Length of `agentotel_exporter_stats.failures_by_class`; unnamed slots are zero.
pub const AGENTOTEL_FAILURE_SLOTS: usize = 16;
/// Length of the histograms of `agentotel_exporter_stats`; slots behind the last bucket are zero.
pub const AGENTOTEL_HISTOGRAM_SLOTS: usize = 16;

/// Counters of one exporter and signal, read under one cut. At every moment
/// `accepted + recovered = exported + rejected + dropped[…] + tail_unsampled + pending`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_exporter_stats {
    /// Set by the caller: `sizeof(agentotel_exporter_stats)`; `AGENTOTEL_EXPORTER_STATS_INIT` sets it.
    pub struct_size: usize,
    /// Frames of the signal committed since the exporter was attached.
    pub accepted: u64,
    /// Frames taken over from processes that died.
    pub recovered: u64,
    /// Acknowledged by the receiver.
    pub exported: u64,
    /// Refused by the receiver for good.
    pub rejected: u64,
    /// Given up by us, by `AGENTOTEL_DROPPED_…`.
    pub dropped: [u64; AGENTOTEL_DROPPED_SLOTS],
    /// Left out by tail sampling.
    pub tail_unsampled: u64,
    /// Unread, being sent, or waiting for a retry; counted from the queue.
    pub pending: u64,
    /// Frames sent again; never part of the equation.
    pub resent: u64,
    /// Requests made.
    pub attempts: u64,
    /// Requests that failed in whatever way.
    pub failures: u64,
    /// What the exporter does with what it has: one of `AGENTOTEL_EXPORTER_…`.
    pub state: u32,
    /// Requests under way now.
    pub in_flight: u32,
    /// Bytes of the queue that are kept because this exporter has not settled them.
    pub lag_bytes: u64,
    /// Requests made again after a failure.
    pub retried: u64,
    /// When a request succeeded last, in nanoseconds since 1970; 0 = never.
    pub last_success_unix_nano: i64,
    /// When one failed last; 0 = never.
    pub last_failure_unix_nano: i64,
    /// Requests that failed, by `AGENTOTEL_FAILURE_…`.
    pub failures_by_class: [u64; AGENTOTEL_FAILURE_SLOTS],
    /// Requests by how long they took, up to 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000 and 30000 ms, and
    /// longer.
    pub latency_counts: [u64; AGENTOTEL_HISTOGRAM_SLOTS],
    /// Requests by how many items they had, up to 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536 and 262144, and more.
    pub item_counts: [u64; AGENTOTEL_HISTOGRAM_SLOTS],
}
