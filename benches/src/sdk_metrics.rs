//! The peer for metrics: the SDK's own counter, with attributes that are made once, and the same bound to them. A reader that
//! nobody asks keeps it from being a counter that does nothing.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, Counter, MeterProvider};
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};

use crate::workload::Attribute;

pub struct SdkCounter {
    _provider: SdkMeterProvider,
    counter: Counter<u64>,
    bound: BoundCounter<u64>,
    attributes: Vec<KeyValue>,
}

impl SdkCounter {
    pub fn new(attributes: &[Attribute]) -> Self {
        let provider = SdkMeterProvider::builder().with_reader(ManualReader::builder().build()).build();
        let counter = provider.meter("agentotel-benches").u64_counter("agent.steps").build();
        let attributes: Vec<KeyValue> =
            attributes.iter().map(|one| KeyValue::new(one.key, one.value.clone())).collect();
        let bound = counter.bind(&attributes);
        Self { _provider: provider, counter, bound, attributes }
    }

    pub fn count(&self, times: u64) {
        for _ in 0..times {
            self.counter.add(std::hint::black_box(1), &self.attributes);
        }
    }

    pub fn count_bound(&self, times: u64) {
        for _ in 0..times {
            self.bound.add(std::hint::black_box(1));
        }
    }
}
