//! Calls of the C interface in any order: handles that there are, were, and never were, structs of any size within their
//! memory, texts and numbers that are anything. Nothing may crash, every call answers with a status that has a name, and what
//! was offered is accounted for.
#![no_main]

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use agentotel::abi::callback::*;
use agentotel::abi::event::*;
use agentotel::abi::event_json::*;
use agentotel::abi::lifecycle::*;
use agentotel::abi::log::*;
use agentotel::abi::session::*;
use agentotel::abi::stats::*;
use agentotel::abi::status::*;
use agentotel::abi::types::*;

const CONFIGS: [&str; 6] = [
    r#"{"exporters":[],"flush_at_exit_ms":0}"#,
    r#"{"exporters":[],"queue":{"max_bytes":4194304,"segment_bytes":65536,"overflow":"drop_oldest"},"flush_at_exit_ms":0}"#,
    r#"{"exporters":[{"type":"host","callback":"fuzz"}],"content":{"default":"full","max_bytes":64},"redact":{"detectors":["email","api_keys"]},"flush_at_exit_ms":0}"#,
    r#"{"exporters":[],"sampler":"always_off","flush_at_exit_ms":0}"#,
    r#"{"exporters":[],"live":{"export":"logs","interval_ms":10,"min_age_ms":0,"max_events":8},"content":{"default":"length"},"flush_at_exit_ms":0}"#,
    r#"{"exporters":[],"limits":{"attributes":4,"value_bytes":9,"events":1,"links":1,"event_bytes":4096},"event_filter":[{"name":"noise"},{"kind":"tool"}],"inject":{"attributes":{"injected":"yes"}},"flush_at_exit_ms":0}"#,
];

/// Bytes behind each struct that belong to it as well.
const BEYOND: usize = 24;

/// What is left of the input.
struct Input<'d> {
    rest: &'d [u8],
}

impl<'d> Input<'d> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// Mostly small, so that enums are hit.
    fn word(&mut self) -> u32 {
        let byte = u32::from(self.byte());
        if byte == 255 { self.number() as u32 } else { byte % 32 }
    }

    fn bytes(&mut self) -> &'d [u8] {
        let length = self.below(48).min(self.rest.len());
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        text
    }

    /// A text; sometimes absent, wrong, or one that is known.
    fn text(&mut self) -> agentotel_str {
        const KNOWN: [&str; 8] = [
            "",
            "session.id",
            "gen_ai.input.messages",
            "gen_ai.tool.call.result",
            "noise",
            "canary@example.com",
            "[{\"role\":\"user\"}]",
            "é\u{0}",
        ];
        match self.byte() {
            0..=40 => agentotel_str { data: null(), len: 0 },
            41 => agentotel_str { data: null(), len: 3 },
            42 => agentotel_str { data: c"x".as_ptr(), len: usize::MAX },
            43..=120 => {
                let known = KNOWN[self.below(KNOWN.len())];
                agentotel_str { data: known.as_ptr().cast(), len: known.len() }
            }
            _ => {
                let text = self.bytes();
                agentotel_str { data: text.as_ptr().cast(), len: text.len() }
            }
        }
    }

    fn i64(&mut self) -> agentotel_i64 {
        agentotel_i64 { value: self.number().cast_signed(), present: self.byte() & 1, ..zeroed() }
    }

    fn context(&mut self) -> agentotel_span_context {
        let mut context: agentotel_span_context = zeroed();
        context.trace_id = [self.byte(); 16];
        context.span_id = [self.byte(); 8];
        context.trace_flags = self.byte();
        context.is_remote = self.byte() & 1;
        context
    }
}

fn zeroed<T: Copy>() -> T {
    // SAFETY: used for structs of the C interface, of which all-zero bytes are a value.
    unsafe { std::mem::zeroed() }
}

/// A struct with memory behind it that belongs to it, too. Its size stands first.
#[repr(C)]
#[derive(Clone, Copy)]
struct Roomy<T: Copy> {
    inner: T,
    beyond: [u8; BEYOND],
}

impl<T: Copy> Roomy<T> {
    fn new(input: &mut Input<'_>, inner: T) -> Self {
        let mut roomy = Self { inner, beyond: [0; BEYOND] };
        let size = match input.byte() {
            0..=200 => size_of::<T>(),
            201..=230 => size_of::<T>() + input.below(BEYOND + 1),
            _ => input.number() as usize % (size_of::<T>() + BEYOND + 1),
        };
        if input.byte() > 250 {
            roomy.beyond[input.below(BEYOND)] = 1;
        }
        // SAFETY: every struct that is put here begins with its size.
        unsafe { (&raw mut roomy).cast::<usize>().write(size) };
        roomy
    }

    fn pointer(&self) -> *const T {
        (&raw const self.inner).cast()
    }
}

unsafe extern "C" fn export(
    _user_data: *mut std::ffi::c_void,
    batch: *const agentotel_export_batch,
    _answer: *mut agentotel_export_answer,
) -> u32 {
    // SAFETY: valid through the call.
    unsafe { (*batch).payload_len as u32 % 3 }
}

/// Handles of what was started, and what the rest of the input says.
struct Run<'d> {
    input: Input<'d>,
    sessions: [u64; 4],
    events: [u64; 6],
    contexts: [agentotel_span_context; 2],
}

impl<'d> Run<'d> {
    fn handle(&mut self, of_events: bool) -> u64 {
        let known: &[u64] = if of_events { &self.events } else { &self.sessions };
        let count = known.len();
        let known = known[self.input.below(count)];
        match self.input.byte() {
            0..=215 => known,
            216..=235 => known ^ 1 << self.input.below(64),
            236..=245 => self.events[0] ^ self.sessions[0],
            _ => self.input.number(),
        }
    }

    /// A target; its context is in memory that outlives the call.
    fn target(&mut self) -> agentotel_target {
        let mut target: agentotel_target = zeroed();
        let which = self.input.byte();
        if which & 1 != 0 {
            target.event = self.handle(true);
        }
        if which & 6 == 2 {
            self.contexts[0] = self.input.context();
            target.context = &raw const self.contexts[0];
        }
        if which & 6 == 4 {
            target.context = &raw const self.contexts[1];
        }
        target
    }

    fn attributes(&mut self, keep: &mut Keep) -> (*const agentotel_attribute, usize) {
        let count = self.input.below(14);
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            let input = &mut self.input;
            let key = input.text();
            let kind = input.word() % 12;
            let value = match kind {
                AGENTOTEL_TYPE_STRING | AGENTOTEL_TYPE_BYTES | AGENTOTEL_TYPE_JSON => {
                    agentotel_value { string: input.text() }
                }
                AGENTOTEL_TYPE_BOOL => agentotel_value { boolean: input.byte() },
                AGENTOTEL_TYPE_INT64 | AGENTOTEL_TYPE_DOUBLE => {
                    agentotel_value { int64: input.number().cast_signed() }
                }
                AGENTOTEL_TYPE_STRING_ARRAY => {
                    let items: Vec<_> = (0..input.below(4)).map(|_| input.text()).collect();
                    let array = agentotel_string_array { items: items.as_ptr(), count: items.len() };
                    keep.texts.push(items);
                    agentotel_value { strings: array }
                }
                _ => {
                    let items: Vec<_> = (0..input.below(4)).map(|_| input.number().cast_signed()).collect();
                    let array = agentotel_int64_array { items: items.as_ptr(), count: items.len() };
                    keep.numbers.push(items);
                    agentotel_value { int64s: array }
                }
            };
            list.push(agentotel_attribute { key, r#type: kind, value, ..zeroed() });
        }
        let (data, count) = (list.as_ptr(), list.len());
        keep.attributes.push(list);
        match self.input.byte() {
            255 => (null(), 3),
            254 => (data, usize::MAX),
            _ => (data, count),
        }
    }

    /// An event's data; what it points to is kept.
    fn data(&mut self, keep: &mut Keep) -> Roomy<agentotel_event_data> {
        let mut data: agentotel_event_data = zeroed();
        let which = self.input.byte();
        data.kind = if which & 1 != 0 { self.input.word() } else { 0 };
        data.name = self.input.text();
        if which & 2 != 0 {
            data.parent = self.target();
        }
        if which & 4 != 0 {
            data.start_time_unix_nano = self.input.number().cast_signed();
            data.end_time_unix_nano = self.input.number().cast_signed();
            data.duration_nano = self.input.number().cast_signed();
        }
        if which & 8 != 0 {
            data.span_kind = self.input.word();
            data.status_code = self.input.word();
            data.status_message = self.input.text();
            data.event_id = self.input.text();
            data.parent_index = self.input.i64();
        }
        if which & 16 != 0 {
            (data.attributes, data.attribute_count) = self.attributes(keep);
        }
        if which & 32 != 0 {
            self.details(&mut data, keep);
        }
        if which & 64 != 0 {
            let (attributes, attribute_count) = self.attributes(keep);
            let link = agentotel_link {
                context: self.input.context(),
                trace_state: self.input.text(),
                attributes,
                attribute_count,
                ..zeroed()
            };
            let moment =
                agentotel_span_event { name: self.input.text(), attributes, attribute_count, ..zeroed() };
            let (link, moment) =
                (Box::new(Roomy::new(&mut self.input, link)), Box::new(Roomy::new(&mut self.input, moment)));
            (data.links, data.link_count) = (link.pointer(), 1);
            (data.span_events, data.span_event_count) = (moment.pointer(), 1);
            keep.others.push(link);
            keep.others.push(moment);
        }
        Roomy::new(&mut self.input, data)
    }

    fn details(&mut self, data: &mut agentotel_event_data, keep: &mut Keep) {
        let input = &mut self.input;
        macro_rules! given {
            ($field:ident, $($inner:tt)+) => {{
                let inner = $($inner)+;
                let boxed = Box::new(Roomy::new(input, inner));
                data.$field = boxed.pointer();
                keep.others.push(boxed);
            }};
        }
        let which = input.word() % 8;
        match which {
            0 | 1 => {
                let llm = agentotel_llm {
                    operation: input.word() % 5,
                    provider: input.text(),
                    request_model: input.text(),
                    input_tokens: input.i64(),
                    output_tokens: input.i64(),
                    cache_read_input_tokens: input.i64(),
                    cost_micro_units: input.i64(),
                    counting: input.word() % 5,
                    input_messages: input.text(),
                    output_messages: input.text(),
                    ..zeroed()
                };
                given!(llm, llm);
            }
            2 => given!(tool, agentotel_tool { name: input.text(), result: input.text(), ..zeroed() }),
            3 => given!(
                mcp_client,
                agentotel_mcp {
                    method: input.text(),
                    tool_name: input.text(),
                    result: input.text(),
                    ..zeroed()
                }
            ),
            4 => given!(
                evaluation,
                agentotel_evaluation { name: input.text(), explanation: input.text(), ..zeroed() }
            ),
            5 => given!(
                agent,
                agentotel_agent { name: input.text(), output_messages: input.text(), ..zeroed() }
            ),
            6 => {
                given!(memory, agentotel_memory { operation: input.word(), query: input.text(), ..zeroed() })
            }
            _ => given!(error, agentotel_error { r#type: input.text(), message: input.text(), ..zeroed() }),
        }
        // Mostly of the kind that it is.
        if input.byte() < 200 {
            data.kind = match which {
                0 | 1 => AGENTOTEL_KIND_LLM,
                2 => AGENTOTEL_KIND_TOOL,
                3 => AGENTOTEL_KIND_MCP_CLIENT,
                4 => AGENTOTEL_KIND_EVALUATION,
                5 => AGENTOTEL_KIND_AGENT,
                6 => AGENTOTEL_KIND_MEMORY,
                _ => data.kind,
            };
        }
    }

    /// A JSON text: one that is right, perhaps with a byte of it changed, or anything.
    fn json(&mut self, keep: &mut Keep) -> agentotel_str {
        const TEXTS: [&str; 8] = [
            r#"{"name":"step","attributes":{"a":[1,2.5],"gen_ai.prompt":"x"}}"#,
            r#"{"llm":{"request_model":"m","input_tokens":3,"output_messages":[{"parts":[]}]},"duration_nano":5}"#,
            r#"{"tool":{"name":"t","result":{"a":1}},"error":{"type":"e"}}"#,
            r#"{"evaluation":{"name":"n"},"parent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#,
            r#"{"severity_number":"warn","body":{"a":[null]},"attributes":{"k":"v"}}"#,
            r#"{"session_id":"s","tags":["a"],"baggage":"k=v"}"#,
            r#"{"end_state":"fail","reason":"r"}"#,
            r#"{"type":"t","message":"m"}"#,
        ];
        if self.input.byte() > 200 {
            return self.input.text();
        }
        let mut text = TEXTS[self.input.below(TEXTS.len())].as_bytes().to_vec();
        if self.input.byte() > 128 {
            let at = self.input.below(text.len());
            text[at] = self.input.byte();
        }
        let given = agentotel_str { data: text.as_ptr().cast(), len: text.len() };
        keep.bytes.push(text);
        given
    }

    fn call(&mut self) -> agentotel_status {
        let mut keep = Keep::default();
        let keep = &mut keep;
        let (mut session, mut event) = (0, 0);
        let place = self.input.byte();
        let out = if place & 1 != 0 { &raw mut self.contexts[1] } else { null_mut() };
        // SAFETY: everything that is pointed to is kept through the call.
        let status = unsafe {
            match self.input.byte() % 27 {
                // These take a thousand times what the others take.
                0 if self.input.byte() > 250 => {
                    let config = CString::new(CONFIGS[self.input.below(CONFIGS.len())]).unwrap();
                    agentotel_init(u32::from(self.input.byte() < 250), config.as_ptr())
                }
                1 if self.input.byte() > 240 => match self.input.byte() {
                    200.. => agentotel_shutdown(u32::from(self.input.byte() & 3)),
                    _ => agentotel_flush(u32::from(self.input.byte() & 1)),
                },
                2 | 3 => {
                    let (attributes, attribute_count) = self.attributes(keep);
                    let parent = Box::new(self.input.context());
                    let options = agentotel_session_options {
                        session_id: self.input.text(),
                        name: self.input.text(),
                        agent_name: self.input.text(),
                        provider: self.input.text(),
                        trace_state: self.input.text(),
                        baggage: self.input.text(),
                        parent: if place & 2 != 0 { &raw const *parent } else { null() },
                        attributes,
                        attribute_count,
                        ..zeroed()
                    };
                    let options = Roomy::new(&mut self.input, options);
                    let options = if place & 4 != 0 { options.pointer() } else { null() };
                    agentotel_start_session(options, &raw mut session)
                }
                4 => {
                    let (attributes, count) = self.attributes(keep);
                    agentotel_session_set_attributes(self.handle(false), attributes, count)
                }
                5 => agentotel_session_context(self.handle(false), out),
                6 => {
                    let end = agentotel_session_end {
                        end_state: self.input.word() % 4,
                        reason: self.input.text(),
                        ..zeroed()
                    };
                    let end = Roomy::new(&mut self.input, end);
                    let end = if place & 2 != 0 { end.pointer() } else { null() };
                    agentotel_end_session(self.handle(false), end)
                }
                7..=9 => {
                    let data = self.data(keep);
                    agentotel_record_event(self.handle(false), data.pointer(), out)
                }
                10 => {
                    // Two of the same size, one behind the other.
                    let data = [self.data(keep), self.data(keep)];
                    let events: [agentotel_event_data; 2] = data.map(|data| agentotel_event_data {
                        struct_size: size_of::<agentotel_event_data>(),
                        ..data.inner
                    });
                    let mut contexts = [zeroed(), zeroed()];
                    let mut recorded = 7;
                    let count = self.input.below(3);
                    let status = agentotel_record_events(
                        self.handle(false),
                        events.as_ptr(),
                        count,
                        contexts.as_mut_ptr(),
                        &raw mut recorded,
                    );
                    assert!(recorded <= count);
                    status
                }
                11 | 12 => {
                    let data = self.data(keep);
                    agentotel_start_event(self.handle(false), data.pointer(), &raw mut event)
                }
                13 => {
                    let data = self.data(keep);
                    agentotel_update_event(self.handle(true), data.pointer())
                }
                14 => agentotel_event_first_token(self.handle(true)),
                15 => agentotel_event_chunk(self.handle(true), self.input.text()),
                16 | 17 => {
                    let data = self.data(keep);
                    let data = if place & 2 != 0 { data.pointer() } else { null() };
                    agentotel_end_event(self.handle(true), data)
                }
                18 => agentotel_event_context(self.handle(true), out),
                19 => {
                    let mut listed: [agentotel_live_event; 2] = [zeroed(), zeroed()];
                    listed[0].struct_size = match place {
                        255 => 8,
                        _ => size_of::<agentotel_live_event>(),
                    };
                    let mut needed = 0;
                    agentotel_list_live(listed.as_mut_ptr(), self.input.below(3), &raw mut needed)
                }
                20 => {
                    let error = agentotel_error {
                        r#type: self.input.text(),
                        message: self.input.text(),
                        stack: self.input.text(),
                        kind: self.input.word(),
                        ..zeroed()
                    };
                    let error = Roomy::new(&mut self.input, error);
                    let target = self.target();
                    agentotel_record_error(self.handle(false), target, error.pointer())
                }
                21 => {
                    let (attributes, attribute_count) = self.attributes(keep);
                    let kinds = [0, AGENTOTEL_TYPE_STRING, AGENTOTEL_TYPE_JSON, AGENTOTEL_TYPE_INT64, 99];
                    let record = agentotel_log_record {
                        severity_number: self.input.word(),
                        body_type: kinds[self.input.below(kinds.len())],
                        body: agentotel_value { string: self.input.text() },
                        event_name: self.input.text(),
                        attributes,
                        attribute_count,
                        ..zeroed()
                    };
                    let record = Roomy::new(&mut self.input, record);
                    let target = self.target();
                    let session = if place & 2 != 0 { 0 } else { self.handle(false) };
                    agentotel_log(session, target, record.pointer())
                }
                22 => {
                    let json = self.json(keep);
                    agentotel_record_event_json(self.handle(false), json, out)
                }
                23 => {
                    let json = self.json(keep);
                    match place & 6 {
                        0 => agentotel_start_event_json(self.handle(false), json, &raw mut event),
                        2 => agentotel_update_event_json(self.handle(true), json),
                        _ => agentotel_end_event_json(self.handle(true), json),
                    }
                }
                24 => {
                    let json = self.json(keep);
                    match place & 6 {
                        0 => agentotel_start_session_json(json, &raw mut session),
                        _ => agentotel_end_session_json(self.handle(false), json),
                    }
                }
                25 => {
                    let json = self.json(keep);
                    let target = self.target();
                    match place & 2 {
                        0 => agentotel_record_error_json(self.handle(false), target, json),
                        _ => agentotel_log_json(self.handle(false), target, json),
                    }
                }
                _ => {
                    let mut words: [c_char; 64] = [0; 64];
                    let mut needed = 0;
                    agentotel_last_error(words.as_mut_ptr(), self.input.below(65), &raw mut needed)
                }
            }
        };
        if session != 0 {
            let before = std::mem::replace(&mut self.sessions[usize::from(place) % 4], session);
            // SAFETY: no data.
            unsafe { agentotel_end_session(before, null()) };
        }
        if event != 0 {
            self.events[usize::from(place) % 6] = event;
        }
        status
    }
}

/// What calls point to.
#[derive(Default)]
struct Keep {
    attributes: Vec<Vec<agentotel_attribute>>,
    texts: Vec<Vec<agentotel_str>>,
    numbers: Vec<Vec<i64>>,
    bytes: Vec<Vec<u8>>,
    others: Vec<Box<dyn std::any::Any>>,
}

/// What was offered is accounted for, to the last one.
fn check_stats(signal: u32) {
    let mut stats = agentotel_stats { struct_size: size_of::<agentotel_stats>(), ..zeroed() };
    // SAFETY: valid through the call.
    if unsafe { agentotel_get_stats(signal, &raw mut stats) } != 0 {
        return;
    }
    let refused: u64 = stats.refused.iter().sum();
    let sum = stats.accepted_caller + refused + stats.duplicate + stats.head_unsampled + stats.filtered;
    assert_eq!(stats.offered, sum, "signal {signal}");
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let name = "fuzz";
    let callbacks = agentotel_exporter_callbacks {
        struct_size: size_of::<agentotel_exporter_callbacks>(),
        export_batch: Some(export),
        ..zeroed()
    };
    let mut input = Input { rest: data };
    // To start and to stop takes most of the time: what runs is kept, unless the input asks for another one.
    let wanted = input.byte();
    // SAFETY: all are valid through the calls.
    unsafe {
        let name = agentotel_str { data: name.as_ptr().cast(), len: name.len() };
        assert_eq!(agentotel_register_exporter(name, &raw const callbacks), 0);
        if wanted > 250 {
            agentotel_shutdown(0);
        }
        let mut stats = agentotel_stats { struct_size: size_of::<agentotel_stats>(), ..zeroed() };
        if wanted > 250
            || agentotel_get_stats(1, &raw mut stats) != 0
            || agentotel_flush(0) == AGENTOTEL_ERR_SHUT_DOWN
        {
            let config = CString::new(CONFIGS[usize::from(wanted) % CONFIGS.len()]).unwrap();
            assert_eq!(agentotel_init(AGENTOTEL_ABI_VERSION, config.as_ptr()), AGENTOTEL_OK);
        }
    }
    let mut run = Run { input, sessions: [0; 4], events: [0; 6], contexts: [zeroed(), zeroed()] };
    while !run.input.rest.is_empty() {
        let status = run.call();
        assert!(status <= 0);
        // SAFETY: static text.
        let name = unsafe { CStr::from_ptr(agentotel_status_name(status)) };
        assert!(name.to_bytes().starts_with(b"AGENTOTEL_"), "{status}");
        // A panic that was caught, say.
        assert_ne!(status, AGENTOTEL_ERR_INTERNAL);
    }
    (1..=2).for_each(check_stats);
    for session in run.sessions {
        // SAFETY: no data.
        unsafe { agentotel_end_session(session, null()) };
    }
});
