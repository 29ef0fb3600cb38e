//! Where OTLP goes. For HTTP, a base URL (JSON `endpoint`, `OTEL_EXPORTER_OTLP_ENDPOINT`) has `/v1/<signal>`
//! appended, and a URL for one signal (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) is used as it is. For gRPC only
//! scheme, host and port count, and the variables may leave the scheme out (`host:port`). URLs are read by one
//! parser everywhere, so that what is accepted here is what is sent to. Refusals never quote the URL: it may
//! carry a password.

use super::http_url::HttpUrl;
use crate::otlp::Signal;

/// The base that OpenTelemetry gives OTLP over HTTP.
pub(super) const DEFAULT_HTTP: &str = "http://localhost:4318";
/// And over gRPC.
pub(super) const DEFAULT_GRPC: &str = "http://localhost:4317";

/// Longest URL, in bytes.
const MAX_URL_BYTES: usize = 2_048;

/// Why a URL is not accepted, and what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndpointError {
    #[error(
        "the URL, which is not shown, is not accepted; accepted: http:// or https:// with a host, in ASCII"
    )]
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

/// An end point as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Has the signal's path appended for HTTP.
    Base(HttpUrl),
    /// Used as it is.
    Exact(HttpUrl),
    /// `host:port`, for gRPC alone.
    Target(String),
}

impl Endpoint {
    /// Reads a base URL. A query or fragment is refused, as nothing can be appended behind it.
    pub(super) fn base(text: &str) -> Result<Self, EndpointError> {
        let url = parse(text)?;
        if url.query().is_some() {
            return Err(EndpointError::Query);
        }
        Ok(Self::Base(url))
    }

    /// Reads a base URL or a target.
    pub(super) fn base_or_target(text: &str) -> Result<Self, EndpointError> {
        if is_target(text) { Ok(Self::Target(text.to_owned())) } else { Self::base(text) }
    }

    /// Reads the URL of one signal, which may have a query, or a target.
    pub(super) fn exact_or_target(text: &str) -> Result<Self, EndpointError> {
        if is_target(text) { Ok(Self::Target(text.to_owned())) } else { parse(text).map(Self::Exact) }
    }

    /// The URL for a signal over HTTP; a target has none.
    pub(super) fn http(&self, signal: Signal) -> Option<String> {
        match self {
            Self::Base(url) => Some(format!("{}{}", url.shown().trim_end_matches('/'), signal.path())),
            Self::Exact(url) => Some(url.to_string()),
            Self::Target(_) => None,
        }
    }

    /// Scheme, host and port for gRPC; `insecure` is about a target, which says neither.
    pub(super) fn grpc(&self, insecure: bool) -> String {
        match self {
            Self::Base(url) | Self::Exact(url) => url.origin(),
            Self::Target(target) => format!("{}://{target}", if insecure { "http" } else { "https" }),
        }
    }
}

/// Whether text is `host:port`.
fn is_target(text: &str) -> bool {
    let port = text.rsplit_once(':').map_or("", |(_, port)| port);
    !text.contains(['/', '?', '#', '@'])
        && port.parse::<u16>().is_ok()
        && parse(&format!("http://{text}")).is_ok()
}

fn parse(text: &str) -> Result<HttpUrl, EndpointError> {
    if text.len() > MAX_URL_BYTES {
        return Err(EndpointError::TooLong);
    }
    if authority(text).contains('@') {
        return Err(EndpointError::Credentials);
    }
    // The parser would drop a fragment.
    if text.contains('#') {
        return Err(EndpointError::Query);
    }
    HttpUrl::parse(text).ok_or(EndpointError::NotHttp)
}

/// What stands between `://` and the path.
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
            (DEFAULT_HTTP, "http://localhost:4318/v1/traces"),
            ("http://h:1/", "http://h:1/v1/traces"),
            ("https://h/otlp", "https://h/otlp/v1/traces"),
            ("https://h/otlp//", "https://h/otlp/v1/traces"),
            ("HTTPS://H:443", "https://h/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ] {
            let base = Endpoint::base(base).unwrap();
            assert_eq!(base.http(Signal::Traces).as_deref(), Some(traces));
            assert_eq!(base.http(Signal::Metrics), Some(traces.replace("traces", "metrics")));
        }
    }

    #[test]
    fn the_url_of_one_signal_is_used_as_it_is() {
        let exact = |text| Endpoint::exact_or_target(text).unwrap().http(Signal::Logs).unwrap();
        assert_eq!(exact("http://h:1/x/?a=b"), "http://h:1/x/?a=b");
        assert_eq!(exact("http://h:1"), "http://h:1/");
    }

    #[test]
    fn grpc_goes_by_scheme_host_and_port() {
        let grpc = |text, insecure| Endpoint::exact_or_target(text).unwrap().grpc(insecure);
        assert_eq!(grpc("http://h:4317/v1/traces?a=b", false), "http://h:4317");
        assert_eq!(grpc("https://[::1]:4317/", true), "https://[::1]:4317");
        assert_eq!(grpc("h:4317", true), "http://h:4317");
        assert_eq!(grpc("[::1]:4317", false), "https://[::1]:4317");
        assert_eq!(Endpoint::base_or_target("h:4317").unwrap().http(Signal::Traces), None);
        for text in ["h", "h:", "h:99999", "h:4317/x", "u:p@h:1", ":1", "h h:1"] {
            assert!(Endpoint::base_or_target(text).is_err(), "{text}");
        }
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
            assert_eq!(Endpoint::base(text), Err(error), "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert_eq!(Endpoint::base(&format!("http://h/{}", "x".repeat(3_000))), Err(EndpointError::TooLong));
    }
}
