//! An OTLP exporter, settled signal by signal. What its entry in the document sets holds for every signal; what it
//! leaves out is the environment's: the variable of the signal, else the common one, else the default.

use std::path::PathBuf;

use super::endpoint::{DEFAULT_GRPC, DEFAULT_HTTP, Endpoint, EndpointError};
use super::error::ConfigError;
use super::exporter::{OtlpKeys, TlsKeys};
use super::proxy;
use super::secret::{Headers, Secret};
use super::settle_exporters::error;
use super::value::{NonEmpty, Whole};
use super::variables::{OtlpSet, OtlpVariables};
use super::{Compression, Otlp, OtlpSignal, Protocol, Tls};
use crate::otlp::Signal;

const AUTHORIZATION: &str = "authorization";

/// Settles an exporter's entry at `path`.
pub(super) fn settle(
    keys: &OtlpKeys,
    path: &str,
    variables: &OtlpVariables,
    warnings: &mut Vec<String>,
) -> Result<Otlp, ConfigError> {
    let endpoint = keys.endpoint.as_deref().map(Endpoint::base).transpose();
    let endpoint = endpoint.map_err(|reason| error(format!("{path}.endpoint"), reason.to_string()))?;
    if keys.api_key.is_some() && keys.headers.as_ref().is_some_and(|own| own.get(AUTHORIZATION).is_some()) {
        let reason = "`headers` has `authorization` too; accepted: one of the two";
        return Err(error(format!("{path}.api_key"), reason));
    }
    let headers_file =
        keys.headers_file.as_ref().map(|file| file_path(file, path, "headers_file")).transpose()?;
    let tls = keys.tls.as_ref().map(|tls| own_tls(tls, path)).transpose()?;
    let proxy = proxy::settle(keys.proxy.as_ref(), &variables.proxy);
    let mut given = endpoint.is_some();
    let mut signal = |signal: Signal| -> Result<OtlpSignal, ConfigError> {
        let (own, common) = (variables.own(signal), &variables.common);
        let protocol = keys.protocol.or(own.protocol).or(common.protocol).unwrap_or(Protocol::HttpProtobuf);
        let insecure = own.insecure.or(common.insecure).unwrap_or(false);
        let url = match &endpoint {
            Some(endpoint) => url(endpoint, protocol, signal, insecure),
            None => url_of_environment(own, common, protocol, signal, warnings),
        };
        given |= url.is_some();
        let of_environment = || own.headers.as_ref().or(common.headers.as_ref());
        let mut headers = keys.headers.as_ref().or_else(of_environment).cloned().unwrap_or_default();
        if let Some(api_key) = &keys.api_key {
            authorize(&mut headers, api_key).map_err(|reason| error(format!("{path}.api_key"), reason))?;
        }
        Ok(OtlpSignal {
            protocol,
            endpoint: url.map_or_else(|| default_url(protocol, signal, path), Ok)?,
            headers,
            headers_file: headers_file.clone(),
            compression: keys
                .compression
                .or(own.compression)
                .or(common.compression)
                .unwrap_or(Compression::None),
            timeout_ms: own.timeout_ms.filter(|_| keys.timeout_ms.is_none()).map(Whole::get),
            tls: tls.clone().unwrap_or_else(|| tls_of_environment(own, common, signal, warnings)),
            proxy: proxy.clone(),
        })
    };
    let (traces, logs, metrics) = (signal(Signal::Traces)?, signal(Signal::Logs)?, signal(Signal::Metrics)?);
    Ok(Otlp { traces, logs, metrics, endpoint_given: given })
}

/// The URL that an end point stands for, if it can with this protocol.
fn url(endpoint: &Endpoint, protocol: Protocol, signal: Signal, insecure: bool) -> Option<String> {
    match protocol {
        Protocol::Grpc => Some(endpoint.grpc(insecure)),
        Protocol::HttpProtobuf | Protocol::HttpJson => endpoint.http(signal),
    }
}

fn default_url(protocol: Protocol, signal: Signal, path: &str) -> Result<String, ConfigError> {
    let base = if protocol == Protocol::Grpc { DEFAULT_GRPC } else { DEFAULT_HTTP };
    let base = Endpoint::base(base).map_err(|reason| error(path, reason.to_string()))?;
    url(&base, protocol, signal, true).ok_or_else(|| error(path, EndpointError::NotHttp.to_string()))
}

/// What the variables say; a target is said to be passed over where HTTP is spoken.
fn url_of_environment(
    own: &OtlpSet,
    common: &OtlpSet,
    protocol: Protocol,
    signal: Signal,
    warnings: &mut Vec<String>,
) -> Option<String> {
    let insecure = own.insecure.or(common.insecure).unwrap_or(false);
    let own_name = variable(signal, "ENDPOINT");
    let candidates = [(own, own_name.as_str()), (common, "OTEL_EXPORTER_OTLP_ENDPOINT")];
    candidates.into_iter().find_map(|(set, name)| {
        let endpoint = set.endpoint.as_ref()?;
        let url = url(endpoint, protocol, signal, insecure);
        if url.is_none() {
            warn(warnings, format!("{name}: {}; passed over", EndpointError::NotHttp));
        }
        url
    })
}

/// The name of a signal's own variable.
fn variable(signal: Signal, what: &str) -> String {
    format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name().to_ascii_uppercase())
}

/// Says something once, though it is found for every signal and exporter.
fn warn(warnings: &mut Vec<String>, warning: String) {
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
}

fn own_tls(keys: &TlsKeys, path: &str) -> Result<Tls, ConfigError> {
    let path = format!("{path}.tls");
    let file =
        |file: &Option<NonEmpty>, key| file.as_ref().map(|file| file_path(file, &path, key)).transpose();
    let tls = Tls {
        ca_file: file(&keys.ca_file, "ca_file")?,
        cert_file: file(&keys.cert_file, "cert_file")?,
        key_file: file(&keys.key_file, "key_file")?,
        insecure_skip_verify: keys.insecure_skip_verify,
    };
    match (&tls.cert_file, &tls.key_file) {
        (Some(_), None) => {
            Err(error(format!("{path}.key_file"), "not given; accepted: the key of `cert_file`"))
        }
        (None, Some(_)) => {
            Err(error(format!("{path}.cert_file"), "not given; accepted: the certificate of `key_file`"))
        }
        _ => Ok(tls),
    }
}

fn file_path(file: &NonEmpty, path: &str, key: &str) -> Result<PathBuf, ConfigError> {
    let file = file.text();
    if file.contains('\0') {
        let reason = format!("{file:?} is not accepted; accepted: a path without a NUL character");
        return Err(error(format!("{path}.{key}"), reason));
    }
    Ok(PathBuf::from(file))
}

fn tls_of_environment(own: &OtlpSet, common: &OtlpSet, signal: Signal, warnings: &mut Vec<String>) -> Tls {
    let either = |own: &Option<PathBuf>, common: &Option<PathBuf>| own.clone().or_else(|| common.clone());
    let cert_file = either(&own.cert_file, &common.cert_file);
    let key_file = either(&own.key_file, &common.key_file);
    let (cert_file, key_file) = match (cert_file, key_file) {
        (Some(cert), Some(key)) => (Some(cert), Some(key)),
        (None, None) => (None, None),
        (cert, _) => {
            let (there, missing) = match cert {
                Some(_) => ("CLIENT_CERTIFICATE", "CLIENT_KEY"),
                None => ("CLIENT_KEY", "CLIENT_CERTIFICATE"),
            };
            let is_own = own.cert_file.is_some() || own.key_file.is_some();
            let name =
                |what| if is_own { variable(signal, what) } else { format!("OTEL_EXPORTER_OTLP_{what}") };
            warn(
                warnings,
                format!(
                    "{} is not accepted alone; accepted: with {}; passed over",
                    name(there),
                    name(missing)
                ),
            );
            (None, None)
        }
    };
    let ca_file = either(&own.ca_file, &common.ca_file);
    Tls { ca_file, cert_file, key_file, insecure_skip_verify: false }
}

/// Sets the header that carries the key.
fn authorize(headers: &mut Headers, api_key: &Secret) -> Result<(), String> {
    let key = api_key.expose();
    if key.trim().is_empty() {
        return Err("the value is empty; accepted: a string that is not empty".to_owned());
    }
    headers.replace(AUTHORIZATION, Secret::new(format!("Bearer {key}"))).map_err(|reason| reason.to_string())
}
