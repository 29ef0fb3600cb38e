//! Claims about redaction: what is found, what is left alone, and that documents stay documents.

use std::sync::LazyLock;

use bumpalo::Bump;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::json::{shortened, valid};
use super::*;

fn redaction(finders: &[Finder], rules: &[(&str, &str)]) -> Redaction {
    let rules: Vec<RuleText> = rules
        .iter()
        .map(|(pattern, replace)| RuleText { pattern: (*pattern).into(), replace: (*replace).into() })
        .collect();
    Redaction::new(finders, &rules).unwrap().unwrap()
}

/// Everything that can be found.
fn all() -> &'static Redaction {
    static ALL: LazyLock<Redaction> = LazyLock::new(|| redaction(&Finder::ALL, &[]));
    &ALL
}

/// The text as it is after redaction.
fn redacted(redaction: &Redaction, text: &str) -> String {
    redaction.owned(text).unwrap_or_else(|| text.to_owned())
}

#[test]
fn what_the_detectors_are_for_is_found() {
    let redaction = all();
    let secret = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8";
    let keys = [
        format!("sk-{secret}"),
        format!("sk-proj-{secret}"),
        format!("sk-ant-api03-{secret}"),
        format!("AKIA{}", "ABCDEFGHIJ234567"),
        format!("ASIA{}", "ABCDEFGHIJ234567"),
        format!("aws_secret_access_key = {secret}"),
        format!("AIza{secret}"),
        format!("ya29.{secret}"),
        format!("ghp_{secret}"),
        format!("gho_{secret}"),
        format!("github_pat_{secret}"),
        format!("glpat-{secret}"),
        "xoxb-123456789012-abcdefghijkl".to_owned(),
        format!("sk_live_{secret}"),
        format!("hf_{secret}"),
        format!("gsk_{secret}"),
        format!("SG.{secret}.{secret}"),
        format!("Bearer {secret}"),
        format!("authorization: bearer {secret}=="),
        "Basic dXNlcjpwYXNzd29yZA==".to_owned(),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{secret}"),
        format!("postgres://bob:{secret}@db/x"),
        format!("https://x/?a=1&sig={secret}"),
        format!("-----BEGIN RSA PRIVATE KEY-----\n{secret}\n{secret}==\n-----END RSA PRIVATE KEY-----"),
        format!("-----BEGIN PRIVATE KEY-----\n{secret}\n{secret}"),
    ];
    for key in keys {
        for text in [key.clone(), format!("é {key}, and more"), format!("\"{key}\""), format!("({key})")] {
            let done = redacted(redaction, &text);
            assert!(done.contains("[redacted:"), "{text}");
            for piece in [secret, "dXNlcjpwYXNz", "abcdefghijkl", "ABCDEFGHIJ234567"] {
                assert!(!done.contains(piece), "{text} became {done}");
            }
        }
    }
    let found = [
        ("mail bob@example.com.", "mail [redacted:email]."),
        ("<BOB.smith+x@mail.example.co.uk>", "<[redacted:email]>"),
        ("josé@exämple.com", "[redacted:email]"),
        ("?to=bob%40example.com&x", "?to=[redacted:email]&x".replace("to=", "").as_str()),
        ("4111 1111 1111 1111", "[redacted:card]"),
        ("card:4111-1111-1111-1111 123", "card:[redacted:card] 123"),
        ("n=378282246310005;", "n=[redacted:card];"),
        ("6011000990139424 5555555555554444", "[redacted:card] [redacted:card]"),
        ("12 4111111111111111", "12 [redacted:card]"),
        ("from 10.0.0.1:80, 192.168.1.254.", "from [redacted:ip]:80, [redacted:ip]."),
        (
            "at 2001:db8::8a2e:370:7334, ::1 and fe80::1%eth0",
            "at [redacted:ip], [redacted:ip] and [redacted:ip]%eth0",
        ),
        ("::ffff:10.1.2.3", "[redacted:ip]"),
    ]
    .map(|(text, expected)| (text.to_owned(), expected.to_owned()));
    for (text, expected) in found {
        let done = redacted(redaction, &text);
        if text.starts_with("?to") {
            assert!(!done.contains("bob") && done.ends_with("&x"), "{done}");
        } else {
            assert_eq!(done, expected);
        }
    }
}

#[test]
fn what_only_looks_like_it_is_left_alone() {
    let redaction = all();
    for text in [
        "",
        "hello",
        "user@host",
        "@decorator",
        "4111 1111 1111 1112",
        "1234567890123",
        "1763845200000000000",
        "411111111111111111111111111",
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "v1.2.3.4",
        "12:34:56",
        "std::vec::Vec a::b",
        "aa:bb:cc:dd:ee:ff",
        "risk_assessment_of_something",
        "task-force-of-the-year-2026",
        "sk-short",
        "Bearer of news",
        "AKIAnot",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "{\"a\":[1,2,{\"b\":\"c\\n\"}]}",
    ] {
        assert_eq!(redaction.owned(text), None, "{text}");
    }
}

#[test]
fn rules_go_in_order_and_know_groups() {
    let rules =
        redaction(&[Finder::Email], &[(r"user=(\w+)\b", "user=<$1>"), ("(?i)SECRET", "x"), ("xx", "y$$")]);
    assert_eq!(redacted(&rules, "user=bob secretsecret a@b.cd"), "user=<bob> y$ [redacted:email]");
    assert_eq!(rules.owned("nothing"), None);
    let anchored = redaction(&[], &[("^begin$", "B")]);
    assert_eq!(redacted(&anchored, r#"["begin","no begin"]"#), r#"["B","no begin"]"#);
    assert_eq!(anchored.owned("a begin"), None);
}

#[test]
fn a_wrong_rule_is_said_without_its_pattern() {
    let wrong = |pattern: &str, replace: &str| {
        let rules =
            ["fine", pattern].map(|pattern| RuleText { pattern: pattern.into(), replace: replace.into() });
        Redaction::new(&[], &rules).unwrap_err()
    };
    for (pattern, expected) in [
        ("hunter2(", "unclosed group"),
        ("hunter2\nx(?=y)", "look-around, including look-ahead and look-behind, is not supported"),
        ("(hunter2)?", "it matches the empty text"),
        (r"hunter2\w{5000}{50}", "bytes when compiled"),
    ] {
        let RuleError::Pattern { rule: 1, reason } = wrong(pattern, "") else { panic!("{pattern}") };
        assert!(reason.contains(expected) && !reason.contains("hunter2"), "{pattern}: {reason}");
    }
    assert_eq!(wrong("(?P<a>x)", "$a $1 ${b}"), RuleError::Replace { rule: 1, group: "b".to_owned() }.on(0));
    assert!(Redaction::new(&[], &[]).unwrap().is_none());
}

impl RuleError {
    /// The first rule is the one that is wrong, when both have the same replacement.
    fn on(self, rule: usize) -> Self {
        let Self::Replace { group, .. } = self else { return self };
        // `fine` has no groups at all.
        let group = if rule == 0 { "a".to_owned() } else { group };
        Self::Replace { rule, group }
    }
}

#[test]
fn a_replacement_that_grows_without_bound_drops_the_text() {
    let rules = redaction(&[], &[("a", &"b".repeat(1000))]);
    let arena = Bump::new();
    assert_eq!(rules.text(&arena, "a".repeat(1000).as_bytes()), Redacted::Failed);
    let document = format!("[\"{}\"]", "a".repeat(1000));
    assert_eq!(rules.text(&arena, document.as_bytes()), Redacted::Failed);
}

#[test]
fn a_document_is_redacted_in_what_it_says() {
    let redaction = all();
    for (text, expected) in [
        (r#"{"to": "bob@example.com", "n": [1, "x"]}"#, r#"{"to": "[redacted:email]", "n": [1, "x"]}"#),
        (r#"{"\u0062ob\u0040example.com":1}"#, r#"{"[redacted:email]":1}"#),
        (r#"["\u0062ob@example.com\n"]"#, r#"["[redacted:email]\n"]"#),
        (r#"{"card": 4111111111111111}"#, r#"{"card": "[redacted:card]"}"#),
        (r#"{"a":"{\"b\":\"\\u0062ob\\u0040example.com\"}"}"#, r#"{"a":"{\"b\":\"[redacted:email]\"}"}"#),
        (r#""\u0062ob@example.com""#, r#""[redacted:email]""#),
        (r#"["\ud83e\udd80 10.0.0.1"]"#, r#"["🦀 [redacted:ip]"]"#),
    ] {
        assert_eq!(redacted(redaction, text), expected);
    }
    // A piece of a document that was cut.
    let cut = redacted(redaction, r#"{"to": "\u0062ob\u0040example.com", "n": [1"#);
    assert!(!cut.contains("example") && cut.contains("[redacted:email]"), "{cut}");
    let lone = redacted(redaction, r#"["\ud800 bob@example.com"]"#);
    assert_eq!(lone, "[\"\u{fffd} [redacted:email]\"]");
    let unchanged = redaction.owned(r#"["\ud800"]"#);
    assert_eq!(unchanged, None);
}

#[test]
fn bytes_that_are_no_text_are_looked_at_too() {
    let arena = Bump::new();
    let Redacted::Changed(done) = all().text(&arena, b"\xff\xfe bob@example.com \xff") else { panic!() };
    assert!(!done.windows(3).any(|part| part == b"bob"));
}

#[test]
fn a_shorter_document_keeps_what_fits() {
    let arena = Bump::new();
    let text =
        r#"[{"role":"user","parts":[{"type":"text","content":"hello \u00e9 world"}]},{"role":"tool"}]"#;
    let short = |limit| shortened(&arena, text, limit).map(|text| std::str::from_utf8(text).unwrap());
    assert_eq!(short(text.len()), Some(text));
    assert_eq!(
        short(text.len() - 1).unwrap(),
        r#"[{"role":"user","parts":[{"type":"text","content":"hello \u00e9 world"}]},{"role":"too"}]"#
    );
    assert_eq!(short(30).unwrap(), r#"[{"role":"user","parts":[{}]}]"#);
    assert_eq!(short(65).unwrap(), r#"[{"role":"user","parts":[{"type":"text","content":"hello "}]}]"#);
    assert_eq!((short(2), short(1), short(0)), (Some("[]"), None, None));
    assert_eq!(shortened(&arena, "123456", 3), None);
    assert_eq!(shortened(&arena, r#""abcdef""#, 5), Some(&br#""abc""#[..]));
}

fn document() -> impl Strategy<Value = Value> {
    let secret =
        prop::sample::select(vec!["bob@example.com", "4111 1111 1111 1111", "sk-A1b2C3d4E5f6G7h8I9j0"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        (".{0,4} ", secret, " \\PC{0,4}").prop_map(|(a, b, c)| json!(format!("{a}{b}{c}"))),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// All strings of a document, keys among them.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(entries) => {
            entries.iter().flat_map(|(key, value)| [vec![key.clone()], strings(value)].concat()).collect()
        }
        _ => Vec::new(),
    }
}

/// The document with every character of its strings beyond a letter escaped.
fn escaped(value: &Value) -> String {
    let text = value.to_string();
    let mut units = [0; 2];
    let is_kept = |c: char| c.is_ascii() && c != '@';
    text.chars()
        .map(|c| {
            if is_kept(c) {
                c.to_string()
            } else {
                c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn documents_stay_documents_and_keep_no_secret(value in document(), limit in 0usize..200) {
        let arena = Bump::new();
        let redaction = all();
        // A number alone is a text like any other.
        let value = json!([value]);
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap(), escaped(&value)] {
            let done = redacted(redaction, &text);
            let read = serde_json::from_str::<Value>(&done);
            prop_assert!(read.is_ok(), "{text} became {done}");
            // As they read, not as they are written: an escape may end in a letter.
            for said in strings(&read.unwrap()) {
                for secret in ["bob", "4111 1111", "A1b2C3d4"] {
                    prop_assert!(!said.contains(secret), "{text} became {done}");
                }
            }
            let Some(checked) = valid(&arena, done.as_bytes()) else { return Err(TestCaseError::fail(done)) };
            if let Some(short) = shortened(&arena, checked, limit) {
                prop_assert!(short.len() <= limit.max(done.len().min(limit)));
                prop_assert!(serde_json::from_slice::<Value>(short).is_ok(), "{:?}", String::from_utf8_lossy(short));
            }
        }
    }

    #[test]
    fn any_text_stays_text(text in "(\\PC|[{\\[\"\\\\u0-9a-f@.]){0,60}") {
        let done = redacted(all(), &text);
        prop_assert!(done.len() <= text.len() * 4 + (1 << 16));
        let arena = Bump::new();
        if let Some(document) = valid(&arena, text.as_bytes()) {
            prop_assert!(valid(&arena, done.as_bytes()).is_some(), "{document} became {done}");
        }
    }
}
