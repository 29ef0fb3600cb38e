//! What came: requests, bytes, span ids. Shared by all connections.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::spans;

#[derive(Default)]
struct Counts {
    requests: u64,
    bytes: u64,
    malformed: u64,
    ids: Vec<u64>,
}

/// What came since the last reset.
#[derive(Default)]
pub struct Received(Mutex<Counts>);

impl Received {
    /// Takes an `ExportTraceServiceRequest` in protobuf.
    pub fn take_protobuf(&self, body: &[u8]) {
        self.take(body, spans::collect_ids);
    }

    /// The same in JSON.
    pub fn take_json(&self, body: &[u8]) {
        self.take(body, spans::collect_json_ids);
    }

    fn take(&self, body: &[u8], collect: fn(&[u8], &mut Vec<u64>) -> Option<()>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.requests += 1;
        counts.bytes += body.len() as u64;
        if collect(body, &mut counts.ids).is_none() {
            counts.malformed += 1;
        }
    }

    pub fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
    }

    /// The counts as a JSON object.
    pub fn json(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let distinct: HashSet<&u64> = counts.ids.iter().collect();
        json!({
            "requests": counts.requests,
            "bytes": counts.bytes,
            "malformed": counts.malformed,
            "spans": counts.ids.len(),
            "distinct": distinct.len(),
        })
        .to_string()
    }
}
