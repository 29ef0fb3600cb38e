//! Observable gauges: functions of the host's that are asked for values at every collection, once each, however many readers
//! there are. They run before the SDK collects, so that they may use whatever instruments they like; what they have said is
//! given to the SDK when it asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::metrics::Meter;

use crate::export::registry::{ObservableCallback, Observation, Registry};

/// What one of them has said last.
type Said = Arc<Mutex<Vec<Observation>>>;

pub(super) struct Observed {
    meter: Meter,
    callbacks: Arc<Registry<dyn ObservableCallback>>,
    /// Those that the SDK knows; it forgets none.
    known: Mutex<HashMap<String, Said>>,
}

impl Observed {
    pub(super) fn new(meter: Meter, callbacks: Arc<Registry<dyn ObservableCallback>>) -> Self {
        Self { meter, callbacks, known: Mutex::default() }
    }

    /// Asks all of them.
    pub(super) fn observe(&self) {
        let mut said = HashMap::new();
        for (name, callback) in self.callbacks.all() {
            let described = callback
                .call(|gauge| (gauge.unit().to_owned(), gauge.description().to_owned(), gauge.observe()));
            if let Some(described) = described {
                said.insert(name, described);
            }
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, place) in known.iter() {
            // One that has gone says nothing any more.
            let observations = said.remove(name).map(|(_, _, observations)| observations);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = observations.unwrap_or_default();
        }
        for (name, (unit, description, observations)) in said {
            let place: Said = Arc::new(Mutex::new(observations));
            let replayed = Arc::clone(&place);
            let gauge =
                self.meter.f64_observable_gauge(name.clone()).with_unit(unit).with_description(description);
            // The SDK keeps the function; what is built here is no more than a name for it.
            let _ = gauge
                .with_callback(move |observer| {
                    for (value, attributes) in &*replayed.lock().unwrap_or_else(PoisonError::into_inner) {
                        observer.observe(*value, attributes);
                    }
                })
                .build();
            known.insert(name, place);
        }
    }
}
