//! Where OTLP goes. A base URL (JSON `endpoint`, `OTEL_EXPORTER_OTLP_ENDPOINT`) has `/v1/<signal>` appended;
//! a URL for one signal (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) is used as it is. URLs are read by the HTTP
//! client's own parser, so that what is accepted here is what is sent to. Refusals never quote the URL: it
//! may carry a password.

use reqwest::Url;

/// The base that OpenTelemetry gives OTLP over HTTP.
pub(super) const DEFAULT_BASE: &str = "http://localhost:4318";

/// Longest URL, in bytes.
const MAX_URL_BYTES: usize = 2_048;

/// Why a URL is not accepted, and what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndpointError {
    #[error("the URL, which is not shown, is not accepted; accepted: http:// or https:// with a host")]
    NotHttp,
    #[error(
        "the URL, which is not shown, carries credentials; accepted: a URL without them, and \
         `headers` or `api_key`"
    )]
    Credentials,
    #[error("the URL, which is not shown, has a query or a fragment; accepted: scheme, host, port and path")]
    Query,
    #[error("the URL is longer than is accepted; accepted: at most {MAX_URL_BYTES} bytes")]
    TooLong,
}

/// The URLs of both signals under a base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base(String);

impl Base {
    /// Reads a base URL. A query or fragment is refused, as nothing can be appended behind it.
    pub(super) fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = parse(text)?;
        if url.query().is_some() {
            return Err(EndpointError::Query);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    pub(super) fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }

    pub(super) fn logs(&self) -> String {
        format!("{}/v1/logs", self.0)
    }
}

/// Reads the URL of one signal, which may have a query.
pub(super) fn parse_exact(text: &str) -> Result<String, EndpointError> {
    parse(text).map(String::from)
}

fn parse(text: &str) -> Result<Url, EndpointError> {
    if text.len() > MAX_URL_BYTES {
        return Err(EndpointError::TooLong);
    }
    // The parser would drop tabs and line ends, and take `http:host` and backslashes for what was meant.
    let lower = text.to_ascii_lowercase();
    let scheme = lower.starts_with("http://") || lower.starts_with("https://");
    if !scheme || text.contains(|character: char| character.is_control() || " \\".contains(character)) {
        return Err(EndpointError::NotHttp);
    }
    let url = Url::parse(text).map_err(|_| EndpointError::NotHttp)?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(EndpointError::Credentials);
    }
    if url.fragment().is_some() {
        return Err(EndpointError::Query);
    }
    match url.host_str() {
        Some(host) if !host.is_empty() && !authority(text).is_empty() => Ok(url),
        _ => Err(EndpointError::NotHttp),
    }
}

/// What stands between `://` and the path. The parser forgives an empty one (`http:///host`); this does not.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_has_the_signal_appended() {
        for (base, traces) in [
            (DEFAULT_BASE, "http://localhost:4318/v1/traces"),
            ("http://h:1/", "http://h:1/v1/traces"),
            ("https://h/otlp", "https://h/otlp/v1/traces"),
            ("https://h/otlp//", "https://h/otlp/v1/traces"),
            ("HTTPS://H:443", "https://h/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ] {
            let base = Base::parse(base).unwrap();
            assert_eq!(base.traces(), traces);
            assert_eq!(base.logs(), traces.replace("traces", "logs"));
        }
    }

    #[test]
    fn the_url_of_one_signal_is_used_as_it_is() {
        assert_eq!(parse_exact("http://h:1/x/?a=b").unwrap(), "http://h:1/x/?a=b");
        assert_eq!(parse_exact("http://h:1").unwrap(), "http://h:1/");
    }

    #[test]
    fn what_is_not_a_usable_url_is_refused_without_being_quoted() {
        for (text, error) in [
            ("", EndpointError::NotHttp),
            ("localhost:4318", EndpointError::NotHttp),
            ("//localhost", EndpointError::NotHttp),
            ("ftp://host", EndpointError::NotHttp),
            ("unix:///run/otlp", EndpointError::NotHttp),
            ("http://", EndpointError::NotHttp),
            ("http:///path", EndpointError::NotHttp),
            ("http://h:99999", EndpointError::NotHttp),
            ("http://h\r\nx: y", EndpointError::NotHttp),
            ("http://h /", EndpointError::NotHttp),
            ("http:\\\\h", EndpointError::NotHttp),
            ("http://user@h", EndpointError::Credentials),
            ("http://user:hunter2@h", EndpointError::Credentials),
            ("http://:hunter2@h", EndpointError::Credentials),
            ("http://@h", EndpointError::Credentials),
            ("http://h?key=hunter2", EndpointError::Query),
            ("http://h#hunter2", EndpointError::Query),
        ] {
            assert_eq!(Base::parse(text), Err(error), "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert_eq!(Base::parse(&format!("http://h/{}", "x".repeat(3_000))), Err(EndpointError::TooLong));
    }
}
