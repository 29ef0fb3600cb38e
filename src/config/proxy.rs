//! Which proxy requests go through: what an exporter's `proxy` says, and what the usual variables do. A proxy's URL may
//! hold a password, so that neither is ever quoted.

use serde::de::{self, Deserialize, Deserializer};

use super::http_url::HttpUrl;
use super::otlp::Proxy;
use super::secret::Secret;

/// Longest URL of a proxy, in bytes.
const MAX_URL_BYTES: usize = 2_048;

/// What is accepted as a proxy.
pub(super) const ACCEPTED: &str = "an http:// URL with a host";

/// The key `proxy` of an exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProxyKey {
    Environment,
    None,
    Url(Secret),
}

impl<'de> Deserialize<'de> for ProxyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Secret::deserialize(deserializer)?;
        match text.expose() {
            "environment" => Ok(Self::Environment),
            "none" => Ok(Self::None),
            url => parse(url).map(Self::Url).ok_or_else(|| {
                de::Error::custom(format_args!(
                    "the value, which is not shown, is not accepted; accepted: \"environment\", \"none\", or {ACCEPTED}"
                ))
            }),
        }
    }
}

/// What the variables say.
#[derive(Default)]
pub(super) struct ProxyVariables {
    pub(super) http: Option<Secret>,
    pub(super) https: Option<Secret>,
    pub(super) all: Option<Secret>,
    pub(super) no: Option<String>,
}

/// Reads the URL of a proxy; one without a scheme is HTTP's, as usual in the variables.
pub(super) fn parse(text: &str) -> Option<Secret> {
    if text.len() > MAX_URL_BYTES
        || text.contains(|character: char| character.is_control() || character == ' ')
    {
        return None;
    }
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = HttpUrl::parse(&text)?;
    (!url.is_secure()).then(|| Secret::new(text))
}

/// The proxies of an exporter.
pub(super) fn settle(key: Option<&ProxyKey>, variables: &ProxyVariables) -> Proxy {
    match key {
        Some(ProxyKey::None) => Proxy::default(),
        Some(ProxyKey::Url(url)) => {
            Proxy { http: Some(url.clone()), https: Some(url.clone()), no: String::new() }
        }
        Some(ProxyKey::Environment) | None => {
            let own_or_all = |own: &Option<Secret>| own.clone().or_else(|| variables.all.clone());
            let (http, https) = (own_or_all(&variables.http), own_or_all(&variables.https));
            let no = if http.is_some() || https.is_some() { variables.no.clone() } else { None };
            Proxy { http, https, no: no.unwrap_or_default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ProxyKey, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_proxy_is_a_word_or_an_http_url_and_its_password_is_never_shown() {
        assert_eq!(read(r#""environment""#), Ok(ProxyKey::Environment));
        assert_eq!(read(r#""none""#), Ok(ProxyKey::None));
        let Ok(ProxyKey::Url(url)) = read(r#""http://u:hunter2@proxy:3128""#) else { panic!("a URL") };
        assert_eq!(url.expose(), "http://u:hunter2@proxy:3128");
        for refused in
            [r#""socks5://u:hunter2@h""#, r#""https://hunter2""#, r#""""#, "7", r#""http://hunter2 /""#]
        {
            let error = read(refused).unwrap_err();
            assert!(error.contains("accepted: ") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_variable_of_a_scheme_goes_before_the_one_for_all() {
        let secret = |text: &str| Some(Secret::new(text));
        let variables = ProxyVariables {
            http: None,
            https: secret("http://s"),
            all: secret("http://a"),
            no: Some("local".to_owned()),
        };
        let settled = settle(None, &variables);
        assert_eq!((settled.http, settled.https), (secret("http://a"), secret("http://s")));
        assert_eq!(settled.no, "local");
        assert_eq!(settle(Some(&ProxyKey::None), &variables), Proxy::default());
        let own = settle(Some(&ProxyKey::Url(Secret::new("http://own"))), &variables);
        assert_eq!((own.http, own.no), (secret("http://own"), String::new()));
    }
}
