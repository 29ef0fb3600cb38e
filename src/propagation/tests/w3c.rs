//! The validation cases of W3C Trace Context, `test/test.py` of its repository, under their own names: headers of a request
//! and what becomes of them. A case that expects a new trace id expects that no span is named here.

use super::*;

const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";
const UNSAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-00";

/// Headers, whether they name the span, and the `tracestate` that is inherited.
type Case<'a> = (&'a [(&'a str, &'a str)], bool, &'a str);

fn hold(cases: &[Case<'_>]) {
    let trace_id = 0x1234_5678_9012_3456_7890_1234_5678_9012_u128.to_be_bytes();
    for (headers, is_named, trace_state) in cases {
        let found = extract(&W3C, &Headers::of(headers)).unwrap();
        assert_eq!(found.span.map(|span| span.trace_id), is_named.then_some(trace_id), "{headers:?}");
        assert_eq!(found.span.map(|span| span.span_id[0]), is_named.then_some(0x12), "{headers:?}");
        assert_eq!(found.trace_state, *trace_state, "{headers:?}");
    }
}

fn parents(texts: &[&str], are_valid: bool) {
    for text in texts {
        hold(&[(&[("traceparent", text)], are_valid, "")]);
    }
}

/// `tracestate` headers of a request with a good `traceparent`, and what is inherited of them.
fn states(cases: &[(&[&str], &str)]) {
    for (states, expected) in cases {
        let mut headers = vec![("traceparent", UNSAMPLED)];
        headers.extend(states.iter().map(|state| ("tracestate", *state)));
        hold(&[(&headers, true, expected)]);
    }
}

#[test]
fn both_traceparent_and_tracestate_missing() {
    hold(&[(&[], false, "")]);
}

#[test]
fn traceparent_included_tracestate_missing() {
    parents(&[PARENT], true);
}

#[test]
fn traceparent_duplicated() {
    let other = "00-12345678901234567890123456789011-1234567890123456-01";
    hold(&[
        (&[("traceparent", other), ("traceparent", PARENT)], false, ""),
        (&[("traceparent", PARENT), ("traceparent", PARENT)], false, ""),
    ]);
    parents(&[&format!("{PARENT},{PARENT}"), &format!("{PARENT}, {other}")], false);
}

#[test]
fn traceparent_header_name() {
    hold(&[(&[("trace-parent", PARENT)], false, ""), (&[("trace.parent", PARENT)], false, "")]);
}

#[test]
fn traceparent_header_name_valid_casing() {
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        hold(&[(&[(name, PARENT)], true, "")]);
    }
}

#[test]
fn traceparent_version_0x00() {
    parents(
        &[
            "00-12345678901234567890123456789012-1234567890123456-01.",
            "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
            "00-12345678901234567890123456789012-1234567890123456-01-",
        ],
        false,
    );
}

#[test]
fn traceparent_version_0xcc() {
    parents(
        &[
            "cc-12345678901234567890123456789012-1234567890123456-01",
            "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        ],
        true,
    );
    parents(&["cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like"], false);
}

#[test]
fn traceparent_version_0xff() {
    parents(&["ff-12345678901234567890123456789012-1234567890123456-01"], false);
}

#[test]
fn traceparent_version_illegal_characters() {
    parents(
        &[
            ".0-12345678901234567890123456789012-1234567890123456-01",
            "0.-12345678901234567890123456789012-1234567890123456-01",
            "+0-12345678901234567890123456789012-1234567890123456-01",
            "CC-12345678901234567890123456789012-1234567890123456-01",
        ],
        false,
    );
}

#[test]
fn traceparent_version_too_long() {
    parents(
        &[
            "000-12345678901234567890123456789012-1234567890123456-01",
            "0000-12345678901234567890123456789012-1234567890123456-01",
        ],
        false,
    );
}

#[test]
fn traceparent_version_too_short() {
    parents(&["0-12345678901234567890123456789012-1234567890123456-01"], false);
}

#[test]
fn traceparent_trace_id_all_zero() {
    parents(&["00-00000000000000000000000000000000-1234567890123456-01"], false);
}

#[test]
fn traceparent_trace_id_illegal_characters() {
    parents(
        &[
            "00-.2345678901234567890123456789012-1234567890123456-01",
            "00-1234567890123456789012345678901.-1234567890123456-01",
            "00-1234567890123456789012345678901A-1234567890123456-01",
        ],
        false,
    );
}

#[test]
fn traceparent_trace_id_too_long() {
    parents(&["00-123456789012345678901234567890123-1234567890123456-01"], false);
}

#[test]
fn traceparent_trace_id_too_short() {
    parents(&["00-1234567890123456789012345678901-1234567890123456-01"], false);
}

#[test]
fn traceparent_parent_id_all_zero() {
    parents(&["00-12345678901234567890123456789012-0000000000000000-01"], false);
}

#[test]
fn traceparent_parent_id_illegal_characters() {
    parents(
        &[
            "00-12345678901234567890123456789012-.234567890123456-01",
            "00-12345678901234567890123456789012-123456789012345.-01",
            "00-12345678901234567890123456789012-A234567890123456-01",
        ],
        false,
    );
}

#[test]
fn traceparent_parent_id_too_long() {
    parents(&["00-12345678901234567890123456789012-12345678901234567-01"], false);
}

#[test]
fn traceparent_parent_id_too_short() {
    parents(&["00-12345678901234567890123456789012-123456789012345-01"], false);
}

#[test]
fn traceparent_trace_flags_illegal_characters() {
    parents(
        &[
            "00-12345678901234567890123456789012-1234567890123456-.0",
            "00-12345678901234567890123456789012-1234567890123456-0.",
            "00-12345678901234567890123456789012-1234567890123456-0A",
        ],
        false,
    );
}

#[test]
fn traceparent_trace_flags_too_long() {
    parents(&["00-12345678901234567890123456789012-1234567890123456-001"], false);
}

#[test]
fn traceparent_trace_flags_too_short() {
    parents(&["00-12345678901234567890123456789012-1234567890123456-1"], false);
}

#[test]
fn traceparent_ows_handling() {
    for (before, behind) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        parents(&[&format!("{before}{PARENT}{behind}")], true);
    }
}

/// Level 2: the random flag is passed on, flags that nobody knows are not.
#[test]
fn traceparent_trace_flags() {
    for (flags, kept) in [("00", 0), ("01", 1), ("02", 2), ("03", 3), ("ff", 3), ("fc", 0)] {
        let text = format!("00-12345678901234567890123456789012-1234567890123456-{flags}");
        let span = trace_parent::parse(&text).unwrap();
        assert_eq!(span.trace_flags, kept);
        assert!(trace_parent::text(&span).ends_with(&format!("-0{kept}")));
    }
}

#[test]
fn tracestate_included_traceparent_missing() {
    hold(&[(&[("tracestate", "foo=1")], false, ""), (&[("tracestate", "foo=1,bar=2")], false, "")]);
}

#[test]
fn tracestate_included_traceparent_included() {
    states(&[(&["foo=1,bar=2"], "foo=1,bar=2")]);
}

#[test]
fn tracestate_header_name() {
    hold(&[
        (&[("traceparent", UNSAMPLED), ("trace-state", "foo=1")], true, ""),
        (&[("traceparent", UNSAMPLED), ("trace.state", "foo=1")], true, ""),
    ]);
}

#[test]
fn tracestate_header_name_valid_casing() {
    for name in ["TraceState", "TrAcEsTaTe", "TRACESTATE"] {
        hold(&[(&[("traceparent", UNSAMPLED), (name, "foo=1")], true, "foo=1")]);
    }
}

#[test]
fn tracestate_empty_header() {
    states(&[(&[""], ""), (&["foo=1", ""], "foo=1"), (&["", "foo=1"], "foo=1")]);
}

#[test]
fn tracestate_multiple_headers_different_keys() {
    states(&[(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3")]);
}

#[test]
fn tracestate_duplicated_keys() {
    states(&[
        (&["foo=1,foo=1"], ""),
        (&["foo=1,foo=2"], ""),
        (&["foo=1", "foo=1"], ""),
        (&["foo=1", "foo=2"], ""),
    ]);
}

#[test]
fn tracestate_all_allowed_characters() {
    let key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let value: String = (b' '..=b'~').filter(|byte| *byte != b',' && *byte != b'=').map(char::from).collect();
    for text in [format!("{key}={value}"), format!("{key}@a-z0-9_-*/={value}")] {
        states(&[(&[&text], &text)]);
    }
}

#[test]
fn tracestate_ows_handling() {
    states(&[
        (&["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (&["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
        (&[" foo=1"], "foo=1"),
        (&["\tfoo=1"], "foo=1"),
        (&["foo=1 "], "foo=1"),
        (&["foo=1\t"], "foo=1"),
        (&["\t foo=1 \t"], "foo=1"),
    ]);
}

#[test]
fn tracestate_key_illegal_characters() {
    states(&[(&["foo =1"], ""), (&["FOO=1"], ""), (&["foo.bar=1"], ""), (&["=1"], ""), (&["foo"], "")]);
}

#[test]
fn tracestate_key_illegal_vendor_format() {
    for text in ["foo@=1,bar=2", "@foo=1,bar=2", "foo@@bar=1,bar=2", "foo@bar@baz=1,bar=2", "foo@1=1,bar=2"] {
        states(&[(&[text], "")]);
    }
}

#[test]
fn tracestate_member_count_limit() {
    let members: Vec<_> = (1..=33).map(|n| format!("bar{n:02}={n:02}")).collect();
    let list = |range: std::ops::Range<usize>| members[range].join(",");
    let headers = [list(0..10), list(10..20), list(20..30)];
    let [first, second, third] = headers.each_ref().map(String::as_str);
    states(&[
        (&[first, second, third, &list(30..32)], &list(0..32)),
        (&[first, second, third, &list(30..33)], ""),
    ]);
}

#[test]
fn tracestate_key_length_limit() {
    let long = |count: usize| "z".repeat(count);
    let tenant = |tenant: usize, system: usize| format!("{}@{}=1", "t".repeat(tenant), "v".repeat(system));
    states(&[
        (&["foo=1", &format!("{}=1", long(256))], &format!("foo=1,{}=1", long(256))),
        (&["foo=1", &format!("{}=1", long(257))], ""),
        (&["foo=1", &tenant(241, 14)], &format!("foo=1,{}", tenant(241, 14))),
        (&["foo=1", &tenant(242, 1)], ""),
        (&["foo=1", &tenant(1, 15)], ""),
    ]);
}

#[test]
fn tracestate_value_illegal_characters() {
    states(&[(&["foo=bar=baz"], ""), (&["foo=,bar=3"], ""), (&["foo=a\u{7f}"], ""), (&["foo=é"], "")]);
    let value = "v".repeat(256);
    states(&[(&[&format!("foo={value}")], &format!("foo={value}")), (&[&format!("foo={value}v")], "")]);
}

/// Section 3.3.1.5: what is too long loses its large members first, and then from its end.
#[test]
fn tracestate_length() {
    let (large, small) = ("x".repeat(200), "y".repeat(100));
    let list = format!("a={large},b={small},c={large},d={small}");
    states(&[(&[&list], &format!("a={large},b={small},d={small}"))]);
    let many: Vec<_> = ["a", "b", "c", "d", "e", "f"].iter().map(|key| format!("{key}={small}")).collect();
    states(&[(&[&many.join(",")], &many[..4].join(","))]);
    let exact = format!("a={},b={},c={}", "x".repeat(201), "y".repeat(201), "z".repeat(102));
    assert_eq!(exact.len(), trace_state::MOST_CHARACTERS);
    states(&[(&[&exact], &exact)]);
}
