//! Propagation: the validation cases of W3C Trace Context (`w3c`), and here the other formats, baggage, and what is true of
//! all of them: what is injected is what is extracted, and no carrier does harm.

mod w3c;

use proptest::prelude::*;

use super::baggage::{Baggage, MOST_BYTES, MOST_ENTRIES, Refused};
use super::meta::Meta;
use super::*;
use crate::session::{FLAG_RANDOM, FLAG_SAMPLED};

const TRACE: [u8; 16] = [0x12; 16];
const SPAN: [u8; 8] = [0x34; 8];

/// Headers of a request.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Headers(pub(super) Vec<(String, String)>);

impl Headers {
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }
}

impl Carrier for Headers {
    fn values(&self, key: &str) -> Result<Vec<String>, CarrierError> {
        let named = self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        Ok(named.map(|(_, value)| value.clone()).collect())
    }

    fn keys(&self) -> Result<Vec<String>, CarrierError> {
        Ok(self.0.iter().map(|(key, _)| key.clone()).collect())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), CarrierError> {
        self.0.retain(|(name, _)| !name.eq_ignore_ascii_case(key));
        self.0.push((key.to_owned(), value.to_owned()));
        Ok(())
    }
}

fn context(trace_flags: u8) -> SpanContext {
    SpanContext { trace_id: TRACE, span_id: SPAN, trace_flags, is_remote: true }
}

fn extracted(propagators: &[Propagator], headers: &[(&str, &str)]) -> Propagated {
    extract(propagators, &Headers::of(headers)).unwrap()
}

fn injected(propagators: &[Propagator], what: &Propagated) -> Headers {
    let mut headers = Headers::default();
    inject(propagators, what, &mut headers).unwrap();
    headers
}

#[test]
fn b3_is_written_in_the_form_that_was_chosen_and_read_in_both() {
    let trace = "12".repeat(16);
    let span = "34".repeat(8);
    let what = Propagated { span: Some(context(FLAG_SAMPLED | FLAG_RANDOM)), ..Propagated::default() };
    let single = injected(&[Propagator::B3], &what);
    assert_eq!(single, Headers::of(&[("b3", &format!("{trace}-{span}-1"))]));
    let multi = injected(&[Propagator::B3Multi], &what);
    let parts = [("x-b3-traceid", trace.as_str()), ("x-b3-spanid", &span), ("x-b3-sampled", "1")];
    assert_eq!(multi, Headers::of(&parts));
    for propagator in [Propagator::B3, Propagator::B3Multi] {
        for headers in [&single, &multi] {
            assert_eq!(extract(&[propagator], headers).unwrap().span, Some(context(FLAG_SAMPLED)));
        }
    }
}

#[test]
fn b3_takes_what_its_specification_allows_and_nothing_else() {
    let span = |text: &str| extracted(&[Propagator::B3], &[("b3", text)]).span;
    let short = SpanContext { trace_id: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], ..context(0) };
    let ids = format!("{}-{}", "12".repeat(16), "34".repeat(8));
    for (text, expected) in [
        (ids.clone(), Some(context(0))),
        (format!("{ids}-0"), Some(context(0))),
        (format!("{ids}-1"), Some(context(FLAG_SAMPLED))),
        (format!("{ids}-d"), Some(context(FLAG_SAMPLED))),
        (format!("{ids}-1-{}", "56".repeat(8)), Some(context(FLAG_SAMPLED))),
        (format!("{}-{}", "01".repeat(8), "34".repeat(8)), Some(short)),
        ("0".to_owned(), None),
        (format!("{ids}-2"), None),
        (format!("{ids}-1-56"), None),
        (format!("{ids}-1-{}-", "56".repeat(8)), None),
        (ids.to_uppercase().replace("12", "AB"), None),
        (format!("{}-{}", "0".repeat(32), "34".repeat(8)), None),
        (format!("{}-{}", "12".repeat(16), "0".repeat(16)), None),
    ] {
        assert_eq!(span(&text), expected, "{text}");
    }
    let trace = "12".repeat(16);
    let parent = "34".repeat(8);
    let debug = [("X-B3-TraceId", trace.as_str()), ("X-B3-SpanId", &parent), ("X-B3-Flags", "1")];
    assert_eq!(extracted(&[Propagator::B3Multi], &debug).span, Some(context(FLAG_SAMPLED)));
    assert_eq!(extracted(&[Propagator::B3Multi], &debug[..1]).span, None);
}

#[test]
fn jaegers_headers_are_written_and_read_with_their_baggage() {
    let mut what = Propagated { span: Some(context(FLAG_SAMPLED)), ..Propagated::default() };
    what.baggage.set("user", "J. Doe, é", "").unwrap();
    let headers = injected(&[Propagator::Jaeger], &what);
    let trace = "12".repeat(16);
    let ids = format!("{trace}:{}:0:1", "34".repeat(8));
    assert_eq!(headers, Headers::of(&[("uber-trace-id", &ids), ("uberctx-user", "J%2E%20Doe%2C%20%C3%A9")]));
    assert_eq!(extract(&[Propagator::Jaeger], &headers).unwrap(), what);

    let span = |text: &str| extracted(&[Propagator::Jaeger], &[("uber-trace-id", text)]).span;
    let short =
        SpanContext { trace_id: 0xabc_u128.to_be_bytes(), span_id: 0xd_u64.to_be_bytes(), ..context(0) };
    for (text, expected) in [
        ("abc:d:0:0", Some(short)),
        ("ABC:D:0:2", Some(short)),
        ("abc%3Ad%3A0%3A3", Some(SpanContext { trace_flags: FLAG_SAMPLED, ..short })),
        ("abc:d:0", None),
        ("abc:d:0:1:1", None),
        ("abc:d:0:", None),
        ("0:d:0:1", None),
        ("abc:0:0:1", None),
        (&format!("{}:d:0:1", "1".repeat(33)), None),
        ("xyz:d:0:1", None),
    ] {
        assert_eq!(span(text), expected, "{text}");
    }
}

#[test]
fn of_several_formats_the_last_that_names_a_span_counts_and_keeps_no_other_traces_state() {
    let traceparent = format!("00-{}-{}-01", "12".repeat(16), "34".repeat(8));
    let headers =
        [("traceparent", traceparent.as_str()), ("tracestate", "a=1"), ("uber-trace-id", "abc:d:0:1")];
    let both = [Propagator::TraceContext, Propagator::Jaeger];
    let found = extracted(&both, &headers);
    assert_eq!(found.span.map(|span| span.trace_id), Some(0xabc_u128.to_be_bytes()));
    assert_eq!(found.trace_state, "");
    let found = extracted(&[Propagator::Jaeger, Propagator::TraceContext], &headers);
    assert_eq!((found.span.map(|span| span.trace_id), found.trace_state.as_str()), (Some(TRACE), "a=1"));
    assert_eq!(extracted(&both, &headers[..2]).trace_state, "a=1");
    assert_eq!(extracted(&[], &headers), Propagated::default());
}

#[test]
fn baggage_is_read_as_the_specification_has_it() {
    let read = |text: &str| {
        let baggage = Baggage::parse(text);
        let entry = |e: &baggage::Entry| format!("{}|{}|{}", e.key, e.value, e.metadata);
        baggage.entries().iter().map(entry).collect::<Vec<_>>()
    };
    for (text, expected) in [
        ("a=1,b=2", vec!["a|1|", "b|2|"]),
        (" a = 1 \t,\tb=2 ", vec!["a|1|", "b|2|"]),
        ("a=1;p1;p2=x ; p3 = y,b=2", vec!["a|1|p1;p2=x;p3 = y", "b|2|"]),
        ("a=x=y", vec!["a|x=y|"]),
        ("a=", vec!["a||"]),
        ("a=%C3%A9%20%25,b=%zz", vec!["a|é %|", "b|%zz|"]),
        ("a=%ff", vec!["a|\u{fffd}|"]),
        ("a=1,a=2", vec!["a|2|"]),
        ("A=1,a=2", vec!["A|1|", "a|2|"]),
        // One that is broken is left out alone.
        ("=1,b=2", vec!["b|2|"]),
        ("a b=1,b=2", vec!["b|2|"]),
        ("a,b=2", vec!["b|2|"]),
        ("a=1 2,b=2", vec!["b|2|"]),
        ("a=é,b=2", vec!["b|2|"]),
        ("a=\"1\",b=2", vec!["b|2|"]),
        ("a=1;p q;ok,b=2", vec!["a|1|ok", "b|2|"]),
        (",,,", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn baggage_has_its_limits() {
    let many: Vec<_> = (0..MOST_ENTRIES + 10).map(|n| format!("key{n}=v")).collect();
    assert_eq!(Baggage::parse(&many.join(",")).entries().len(), MOST_ENTRIES);
    let mut baggage = Baggage::default();
    for n in 0..MOST_ENTRIES {
        baggage.set(&format!("key{n}"), "v", "").unwrap();
    }
    assert_eq!(baggage.set("more", "v", ""), Err(Refused::Entries));
    assert_eq!(baggage.set("key0", "other", ""), Ok(()));
    assert!(baggage.remove("key1") && !baggage.remove("key1"));
    assert_eq!(baggage.set("more", "v", ""), Ok(()));

    let mut baggage = Baggage::default();
    assert_eq!(baggage.set("k", &"v".repeat(MOST_BYTES - 2), ""), Ok(()));
    assert_eq!(baggage.text().len(), MOST_BYTES);
    assert_eq!(baggage.set("l", "", ""), Err(Refused::Bytes { needed: MOST_BYTES + 3 }));
    assert_eq!(baggage.set("k", "short", ""), Ok(()));
    // What counts is what goes on the wire.
    assert!(matches!(baggage.set("l", &"é".repeat(MOST_BYTES / 6), ""), Err(Refused::Bytes { .. })));
    assert_eq!(baggage.set("l", &"e".repeat(MOST_BYTES / 6), ""), Ok(()));
    // One that does not fit does not keep those behind it out.
    let text = format!("a=1,b={},c=3", "x".repeat(MOST_BYTES));
    assert_eq!(Baggage::parse(&text).text(), "a=1,c=3");
}

#[test]
fn an_entry_that_cannot_be_written_is_refused() {
    let mut baggage = Baggage::default();
    for key in ["", "a b", "a,b", "a=b", "é", "a\n"] {
        assert_eq!(baggage.set(key, "v", ""), Err(Refused::Key), "{key:?}");
    }
    for metadata in ["a b", "p=x y", "=x", "p=é", "p,q"] {
        assert_eq!(baggage.set("k", "v", metadata), Err(Refused::Metadata), "{metadata:?}");
    }
    assert_eq!(baggage.set("k", "v", " ;p ; q=1; "), Ok(()));
    assert_eq!(baggage.text(), "k=v;p;q=1");
}

#[test]
fn meta_has_three_members_and_passes_over_all_others() {
    let traceparent = format!("00-{}-{}-03", "12".repeat(16), "34".repeat(8));
    let json = format!(
        r#"{{"progressToken": [1, {{"traceparent": "no"}}], "traceparent": "{traceparent}", "tracestate": "a=1",
            "baggage": "k=v", "other": null}}"#
    );
    let meta = Meta::parse(json.as_bytes()).unwrap();
    let found = extract(&W3C, &meta).unwrap();
    assert_eq!(found.span, Some(context(FLAG_SAMPLED | FLAG_RANDOM)));
    assert_eq!((found.trace_state.as_str(), found.baggage.text().as_str()), ("a=1", "k=v"));
    let mut again = Meta::default();
    inject(&W3C, &found, &mut again).unwrap();
    assert_eq!(
        again.text(),
        format!(r#"{{"baggage":"k=v","traceparent":"{traceparent}","tracestate":"a=1"}}"#)
    );
    assert_eq!(
        extract(&W3C, &Meta::parse(br#"{"traceparent": 1}"#).unwrap()).unwrap(),
        Propagated::default()
    );
    for broken in ["", "[]", "null", "{", "{\"a\":", "\u{1}", &"[".repeat(10_000)] {
        assert!(Meta::parse(broken.as_bytes()).is_err(), "{broken:.20}");
    }
}

#[test]
fn a_carrier_that_fails_is_said_and_one_that_is_too_large_is_empty() {
    struct Broken;
    impl Carrier for Broken {
        fn values(&self, key: &str) -> Result<Vec<String>, CarrierError> {
            Err(format!("no {key}"))
        }
        fn keys(&self) -> Result<Vec<String>, CarrierError> {
            Err("no keys".to_owned())
        }
        fn set(&mut self, key: &str, _: &str) -> Result<(), CarrierError> {
            Err(format!("no {key}"))
        }
    }
    let what = Propagated { span: Some(context(0)), ..Propagated::default() };
    for propagator in [Propagator::TraceContext, Propagator::B3, Propagator::B3Multi, Propagator::Jaeger] {
        assert!(extract(&[propagator], &Broken).unwrap_err().starts_with("no "));
        assert!(inject(&[propagator], &what, &mut Broken).unwrap_err().starts_with("no "));
    }
    let huge = "a=1,".repeat(MOST_VALUE_BYTES);
    let all = [Propagator::TraceContext, Propagator::Baggage, Propagator::B3, Propagator::Jaeger];
    for key in ["traceparent", "tracestate", "baggage", "b3", "uber-trace-id", "uberctx-a"] {
        assert_eq!(extracted(&all, &[(key, &huge)]), Propagated::default(), "{key}");
    }
}

fn any_baggage() -> impl Strategy<Value = Baggage> {
    let entry = ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}", any::<String>(), "(p[a-z]{0,5}(=[a-z%0-9]{0,5})?)?");
    prop::collection::vec(entry, 0..20).prop_map(|entries| {
        let mut baggage = Baggage::default();
        for (key, value, metadata) in entries {
            // What does not fit is no part of the case.
            let _ = baggage.set(&key, &value, &metadata);
        }
        baggage
    })
}

fn any_context() -> impl Strategy<Value = SpanContext> {
    let ids = (any::<[u8; 16]>(), any::<[u8; 8]>(), 0_u8..4);
    let context = ids.prop_map(|(trace_id, span_id, trace_flags)| SpanContext {
        trace_id,
        span_id,
        trace_flags,
        is_remote: true,
    });
    context.prop_filter("ids that are not zero", SpanContext::is_valid)
}

proptest! {
    #[test]
    fn what_is_injected_is_what_is_extracted(
        span in any_context(),
        baggage in any_baggage(),
        members in prop::collection::hash_map("[a-z][a-z0-9_*/-]{0,10}", "[!-+--<>-~]{1,20}", 0..8),
    ) {
        let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let what = Propagated { span: Some(span), trace_state: members.join(","), baggage };
        prop_assert_eq!(&extract(&W3C, &injected(&W3C, &what)).unwrap(), &what);
        let mut texts = Texts::default();
        inject(&W3C, &what, &mut texts).unwrap();
        prop_assert_eq!(&extract(&W3C, &texts).unwrap(), &what);
        let mut meta = Meta::default();
        inject(&W3C, &what, &mut meta).unwrap();
        let read = Meta::parse(meta.text().as_bytes()).unwrap();
        prop_assert_eq!(&extract(&W3C, &read).unwrap(), &what);
        let sampled = SpanContext { trace_flags: span.trace_flags & FLAG_SAMPLED, ..span };
        for propagator in [Propagator::B3, Propagator::B3Multi, Propagator::Jaeger] {
            let found = extract(&[propagator], &injected(&[propagator], &what)).unwrap();
            prop_assert_eq!(found.span, Some(sampled));
        }
    }

    #[test]
    fn a_header_of_any_baggage_is_plain_ascii_within_its_bounds(baggage in any_baggage()) {
        let text = baggage.text();
        prop_assert!(text.len() <= MOST_BYTES && text.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
        prop_assert_eq!(Baggage::parse(&text), baggage);
    }

    #[test]
    fn nothing_that_a_carrier_holds_does_harm(
        values in prop::collection::vec((0_usize..8, any::<String>()), 0..12),
    ) {
        const KEYS: [&str; 8] = [
            "traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid", "uber-trace-id", "uberctx-é",
        ];
        let headers = Headers(values.into_iter().map(|(key, value)| (KEYS[key].to_owned(), value)).collect());
        let all = [Propagator::TraceContext, Propagator::Baggage, Propagator::B3, Propagator::B3Multi, Propagator::Jaeger];
        let found = extract(&all, &headers).unwrap();
        prop_assert!(found.span.is_none_or(|span| span.is_valid() && span.is_remote));
        prop_assert!(found.trace_state.len() <= trace_state::MOST_CHARACTERS);
        prop_assert!(found.baggage.text().len() <= MOST_BYTES);
    }

    #[test]
    fn any_text_is_a_traceparent_or_none(text in "[0-9a-f]{2}-[0-9a-f]{30,34}-[0-9a-f]{15,17}-[0-9a-f]{1,3}(-.*)?") {
        if let Some(span) = trace_parent::parse(&text) {
            let again = trace_parent::text(&span);
            prop_assert_eq!(&again[2..52], &text[2..52]);
        }
    }
}
