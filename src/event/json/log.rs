//! A log record as JSON. Its body is any value; its severity a word or its number.

use serde::de::MapAccess;

use super::given::fields;
use super::reader::{Item, Reader};
use crate::event::log::LogData;
use crate::otlp::log::Severity;
use crate::otlp::value::{Attributes, Value};

/// The severities, each at the position of its number.
pub(super) const SEVERITIES: [&str; 25] = [
    "unspecified",
    "trace",
    "trace2",
    "trace3",
    "trace4",
    "debug",
    "debug2",
    "debug3",
    "debug4",
    "info",
    "info2",
    "info3",
    "info4",
    "warn",
    "warn2",
    "warn3",
    "warn4",
    "error",
    "error2",
    "error3",
    "error4",
    "fatal",
    "fatal2",
    "fatal3",
    "fatal4",
];

pub(super) struct GivenLog<'a>(LogData<'a>);

impl Default for GivenLog<'_> {
    fn default() -> Self {
        Self(LogData {
            severity: Severity::UNSPECIFIED,
            severity_text: &[],
            event_name: &[],
            body: Value::Empty,
            time: 0,
            attributes: Attributes { unique: true, ..Attributes::default() },
        })
    }
}

impl<'a> GivenLog<'a> {
    pub(super) fn made(self) -> LogData<'a> {
        self.0
    }
}

fn severity<'a, A: MapAccess<'a>>(reader: &Reader<'a>, access: &mut A) -> Result<Severity, A::Error> {
    let number = reader.position(access, &SEVERITIES)?.unwrap_or(0);
    Ok(u32::try_from(number).ok().and_then(Severity::from_number).unwrap_or(Severity::UNSPECIFIED))
}

fields! {
    GivenLog<'a>, |given, reader, access| {
        "severity_number" => given.0.severity = severity(reader, access)?,
        "severity_text" => given.0.severity_text = reader.text(access)?,
        "event_name" => given.0.event_name = reader.text(access)?,
        "body" => given.0.body = reader.value(access)?,
        "time_unix_nano" => given.0.time = reader.nanoseconds(access)?,
        "attributes" => given.0.attributes = reader.attributes(access)?,
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde_json::json;

    use super::super::{Refused, log_record};
    use super::*;
    use crate::otlp::value::Attribute;

    fn why(text: &str) -> String {
        match log_record(&Bump::new(), text.as_bytes()) {
            Err(Refused::Wrong(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_words_are_the_severities() {
        for (number, word) in (0..).zip(SEVERITIES) {
            let severity = Severity::from_number(number).unwrap();
            assert_eq!(severity.text().to_lowercase(), if number == 0 { "" } else { word });
            for given in [json!(word), json!(number), json!(f64::from(number))] {
                let text = json!({ "severity_number": given }).to_string();
                let arena = Bump::new();
                assert_eq!(log_record(&arena, text.as_bytes()).unwrap().data.severity, severity, "{text}");
            }
        }
        assert_eq!(Severity::from_number(25), None);
    }

    #[test]
    fn a_record_is_read() {
        let arena = Bump::new();
        let text = json!({
            "severity_number": "warn2", "severity_text": "NOTICE", "event_name": "disk.full", "time_unix_nano": "17",
            "body": { "free": 0, "of": ["/var", null, [true, 0.5]] }, "attributes": { "k": [1, 2], "none": null },
        });
        let log = log_record(&arena, text.to_string().as_bytes()).unwrap().data;
        assert_eq!((log.severity.number(), log.time), (14, 17));
        assert_eq!((log.severity_text, log.event_name), (&b"NOTICE"[..], &b"disk.full"[..]));
        let inner = [Value::Bool(true), Value::Double(0.5)];
        let list = [Value::Text(b"/var"), Value::Empty, Value::List(&inner)];
        let body = [Attribute::new("free", Value::Int(0)), Attribute::new("of", Value::List(&list))];
        assert_eq!(log.body, Value::Map(&body));
        assert_eq!(log.attributes.list, [Attribute::new("k", Value::Ints(&[1, 2]))]);
        let body = |text: &str| log_record(&arena, text.as_bytes()).unwrap().data.body;
        assert_eq!(body(r#"{"body":"said"}"#), Value::Text(b"said"));
        assert_eq!(body(r#"{"body":-7}"#), Value::Int(-7));
        assert_eq!(body(r#"{"body":null}"#), Value::Empty);
        assert_eq!(body("{}"), Value::Empty);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(
            why(r#"{"severity_number":"WARN"}"#).starts_with(
                "severity_number: a whole number from 0 to 24, or one of \"unspecified\", \"trace\","
            ),
            "{}",
            why(r#"{"severity_number":"WARN"}"#)
        );
        assert!(why(r#"{"severity_number":25}"#).ends_with("is expected, got 25"));
        assert!(why(r#"{"severity_number":-1}"#).ends_with("is expected, got -1"));
        assert!(
            why(r#"{"severity":"warn"}"#)
                .starts_with("severity: there is no such field; there are severity_number,")
        );
        assert_eq!(why(r#"{"event_name":1}"#), "event_name: a text is expected, got 1");
        let deep = format!(r#"{{"body":{}1{}}}"#, "[".repeat(65), "]".repeat(65));
        assert!(why(&deep).starts_with("body[0]") && why(&deep).ends_with("nested deeper than 64"));
        assert!(why("").starts_with("json: not valid JSON"));
    }
}
