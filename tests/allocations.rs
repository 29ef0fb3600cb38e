//! What calls cost in memory: once a thread has recorded a few times, recording allocates nothing, whatever is recorded.

mod agent;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use agent::*;
use agentotel::abi::event::*;
use agentotel::abi::log::*;
use agentotel::abi::metric::*;
use agentotel::abi::types::*;

/// Counts what each thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends has no counter any more, and nobody asks for it.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const KEYS: [&str; 4] = ["agent.name", "agent.step", "agent.state", "agent.note"];

fn attributes() -> Vec<agentotel_attribute> {
    let attribute = |(position, key): (usize, &&'static str)| {
        let mut attribute: agentotel_attribute = zeroed();
        attribute.key = text(key);
        if position == 1 {
            attribute.r#type = AGENTOTEL_TYPE_INT64;
            attribute.value = agentotel_value { int64: -7 };
        } else {
            attribute.r#type = AGENTOTEL_TYPE_STRING;
            attribute.value = agentotel_value { string: text("something that is said in some words") };
        }
        attribute
    };
    KEYS.iter().enumerate().map(attribute).collect()
}

/// Allocations of this thread in many calls, after some that are not counted.
fn allocations(mut call: impl FnMut() -> i32) -> u64 {
    const FIRST: u64 = 20;
    const COUNTED: u64 = 200;
    let mut before = 0;
    for position in 0..FIRST + COUNTED {
        if position == FIRST {
            before = ALLOCATIONS.get();
        }
        assert_eq!(call(), 0);
    }
    ALLOCATIONS.get() - before
}

#[test]
fn recording_allocates_nothing() {
    let _alone = Alone::take();
    init(&serde_json::json!({
        "exporters": [],
        "queue": { "segment_bytes": 4 << 20, "max_bytes": 16 << 20, "shards": 1 },
        "flush_at_exit_ms": 0
    }));
    let session = start_session();
    let attributes = attributes();
    let mut data: agentotel_event_data = zeroed();
    data.struct_size = size_of::<agentotel_event_data>();
    data.name = text("step");
    data.attributes = attributes.as_ptr();
    data.attribute_count = attributes.len();
    // SAFETY: all that is pointed to outlives the calls.
    let record =
        |data: &agentotel_event_data| unsafe { agentotel_record_event(session, data, std::ptr::null_mut()) };
    assert_eq!(allocations(|| record(&data)), 0, "an event");

    let reasons = [text("stop")];
    let mut llm: agentotel_llm = zeroed();
    llm.struct_size = size_of::<agentotel_llm>();
    llm.provider = text("openai");
    llm.request_model = text("gpt-4.1-mini");
    llm.finish_reasons = agentotel_string_array { items: reasons.as_ptr(), count: reasons.len() };
    llm.input_tokens = agentotel_i64 { value: 1834, present: 1, reserved: [0; 7] };
    llm.temperature = agentotel_f64 { value: 0.2, present: 1, reserved: [0; 7] };
    let mut typed = data;
    typed.kind = AGENTOTEL_KIND_LLM;
    typed.llm = &raw const llm;
    typed.name = text("");
    assert_eq!(allocations(|| record(&typed)), 0, "an llm event");

    let mut log: agentotel_log_record = zeroed();
    log.struct_size = size_of::<agentotel_log_record>();
    log.severity_number = 9;
    log.body = agentotel_value { string: text("the agent has taken a step") };
    log.attributes = attributes.as_ptr();
    log.attribute_count = attributes.len();
    // SAFETY: as above.
    let plain = || unsafe { agentotel_log(session, zeroed(), &raw const log) };
    assert_eq!(allocations(plain), 0, "a log record");
    // One that is not plain.
    let mut bytes = log;
    bytes.body_type = AGENTOTEL_TYPE_BYTES;
    // SAFETY: as above.
    let with_care = || unsafe { agentotel_log(session, zeroed(), &raw const bytes) };
    assert_eq!(allocations(with_care), 0, "a log record that is read with care");
}

#[test]
fn measuring_with_known_attributes_allocates_nothing() {
    let _alone = Alone::take();
    let directory = private_directory();
    init(&serde_json::json!({
        "exporters": [{ "type": "file", "path": directory.path().join("out.jsonl"), "signals": ["metrics"] }],
        "flush_at_exit_ms": 0
    }));
    let attributes = attributes();
    let (given, count) = (attributes.as_ptr(), attributes.len());
    let mut instrument: agentotel_instrument = zeroed();
    instrument.struct_size = size_of::<agentotel_instrument>();
    instrument.name = text("steps");
    let (mut counter, mut bound) = (0, 0);
    // SAFETY: all that is pointed to outlives the calls.
    unsafe {
        assert_eq!(agentotel_create_counter(&raw const instrument, &raw mut counter), 0);
        assert_eq!(agentotel_bind_counter(counter, given, count, &raw mut bound), 0);
        let add = || agentotel_counter_add(counter, 1.0, given, count);
        assert_eq!(allocations(add), 0, "a counter");
    }
    assert_eq!(allocations(|| agentotel_bound_counter_add(bound, 1.0)), 0, "a bound counter");
}
