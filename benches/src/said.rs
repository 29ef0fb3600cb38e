//! The llm event of twelve typed fields as JSON, and what an agent would do with that text without a JSON twin: parse it into a
//! struct that borrows from it, and make the typed call.

use serde::Deserialize;

/// The same event as the typed one.
pub const TEXT: &str = r#"{"kind":"llm","llm":{"provider":"openai","request_model":"gpt-4.1-mini","response_model":"gpt-4.1-mini-2025-04-14","response_id":"chatcmpl-BQ7aXmT2cV9wLq0sRzY1","finish_reasons":["stop"],"output_type":"text","max_tokens":4096,"temperature":0.2,"top_p":0.95,"input_tokens":1834,"output_tokens":212,"server_address":"api.openai.com"},"duration_nano":840000000}"#;

#[derive(Deserialize)]
pub struct Event<'a> {
    pub kind: &'a str,
    #[serde(borrow)]
    pub llm: Llm<'a>,
    pub duration_nano: i64,
}

#[derive(Deserialize)]
pub struct Llm<'a> {
    pub provider: &'a str,
    pub request_model: &'a str,
    pub response_model: &'a str,
    pub response_id: &'a str,
    #[serde(borrow)]
    pub finish_reasons: Vec<&'a str>,
    pub output_type: &'a str,
    pub max_tokens: i64,
    pub temperature: f64,
    pub top_p: f64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub server_address: &'a str,
}

/// Parses the text, whose bytes may be anything: it comes from a host that knows no UTF-8 but its own.
pub fn parse(text: &[u8]) -> Result<Event<'_>, serde_json::Error> {
    serde_json::from_slice(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_it_says() {
        let event = parse(TEXT.as_bytes()).unwrap();
        assert_eq!(
            (event.kind, event.llm.finish_reasons[0], event.duration_nano),
            ("llm", "stop", 840_000_000)
        );
    }
}
