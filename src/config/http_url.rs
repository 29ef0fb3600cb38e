//! URLs of HTTP as far as receivers and proxies need them, read by the parser that the requests are made with. Names of hosts
//! are ASCII: what has other letters is written in its `xn--` form.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

/// An `http://` or `https://` URL with a host, in its usual form: the host in lower case, no port that is the scheme's own, no
/// user and no fragment, a path that begins with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    is_secure: bool,
    host: String,
    port: Option<u16>,
    path: String,
    query: Option<String>,
}

impl HttpUrl {
    /// Reads a URL; `None` for what is none, or of another scheme.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (is_secure, own_port) = match uri.scheme_str()? {
            "http" => (false, 80),
            "https" => (true, 443),
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host().to_ascii_lowercase();
        let is_host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
            None => !host.is_empty() && !host.contains([':', '%']),
        };
        let server = authority.as_str().rsplit('@').next()?;
        // Behind the host stands nothing, or a colon and perhaps a number.
        let port = match server.get(host.len()..)?.strip_prefix(':') {
            None | Some("") => None,
            Some(digits) => Some(digits.parse().ok()?),
        };
        is_host.then(|| Self {
            is_secure,
            host,
            port: port.filter(|port| *port != own_port),
            path: if uri.path().is_empty() { "/".to_owned() } else { uri.path().to_owned() },
            query: uri.query().map(str::to_owned),
        })
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        match self.port {
            Some(port) => format!("{scheme}://{}:{port}", self.host),
            None => format!("{scheme}://{}", self.host),
        }
    }

    /// The URL as a message may name it: a query can hold credentials.
    pub(crate) fn shown(&self) -> String {
        self.origin() + &self.path
    }

    /// The same with another path and no query.
    pub(crate) fn with_path(self, path: &str) -> Self {
        Self { path: path.to_owned(), query: None, ..self }
    }

    /// Whether what is sent there stays on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        if let Some(address) = self.host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
        }
        let name = self.host.trim_end_matches('.');
        name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || name == "localhost"
            || name.ends_with(".localhost")
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.shown())?;
        self.query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_comes_in_its_usual_form() {
        for (text, usual) in [
            ("http://h", "http://h/"),
            ("HTTPS://Host.Example:443/V1?A=b", "https://host.example/V1?A=b"),
            ("http://h:", "http://h/"),
            ("http://h:443", "http://h:443/"),
            ("http://user:p%40ss@h:1/x", "http://h:1/x"),
            ("https://[::1]:4318/a#fragment", "https://[::1]:4318/a"),
            ("http://xn--bcher-kva.example", "http://xn--bcher-kva.example/"),
        ] {
            assert_eq!(HttpUrl::parse(text).map(|url| url.to_string()).as_deref(), Some(usual), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_http_is_none() {
        for text in [
            "",
            "h",
            "h:80",
            "/path",
            "ftp://h",
            "http:",
            "http://",
            "http:///path",
            "http://:80",
            "http://h:x",
            "http://h:65536",
            "http://h:-1",
            "http://[::1",
            "http://[::g]",
            "http://::1",
            "http://b\u{fc}cher.example",
            "http://h h",
        ] {
            assert_eq!(HttpUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn loopback_is_told_by_name_and_address() {
        for (text, is_loopback) in [
            ("http://localhost", true),
            ("http://LOCALHOST.:1", true),
            ("http://a.localhost", true),
            ("http://127.8.0.1", true),
            ("http://[::1]", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
            ("http://[::2]", false),
        ] {
            assert_eq!(HttpUrl::parse(text).unwrap().is_loopback(), is_loopback, "{text}");
        }
    }
}
