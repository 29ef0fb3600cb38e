//! TLS by rustls with ring: whom to trust (the system's roots, or the authorities of a file) and as whom to appear. The
//! provider is handed over here; the process's default provider is the host's to choose and is neither read nor set.
//! Errors name the file and what is wrong with it, never what is in it.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::files;
use crate::config::Tls;

/// Reads the files and makes of them what a client needs.
pub(super) fn client_config(tls: &Tls) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if tls.insecure_skip_verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
    } else {
        let roots = match &tls.ca_file {
            Some(file) => roots_of(file)?,
            None => platform_roots()?,
        };
        builder.with_root_certificates(roots)
    };
    let (Some(cert_file), Some(key_file)) = (&tls.cert_file, &tls.key_file) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("tls.cert_file", cert_file)?;
    let key = private_key(key_file)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        format!("tls.cert_file {cert_file:?} and tls.key_file {key_file:?} do not go together: {error}")
    })
}

/// A configuration for connections that are never secure: no file is read.
pub(super) fn unused_config() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// The operating system's trusted roots. One unreadable file among them is no reason to trust none
/// of the others.
fn platform_roots() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let first = found.errors.first().map(|error| format!(", first error: {error}")).unwrap_or_default();
        return Err(format!("no usable root certificate on this system ({ignored} unusable{first})"));
    }
    Ok(roots)
}

fn roots_of(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (index, certificate) in certificates("tls.ca_file", file)?.into_iter().enumerate() {
        let number = index + 1;
        roots
            .add(certificate)
            .map_err(|_| format!("tls.ca_file {file:?}: certificate {number} in it is not valid X.509"))?;
    }
    Ok(roots)
}

/// The certificates of a PEM file, at least one.
fn certificates(key: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = files::read(file).map_err(|error| format!("{key} {file:?}: {error}"))?;
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    // The parser's own error may quote a line.
    let certificates = parsed.map_err(|_| format!("{key} {file:?}: not valid PEM"))?;
    if certificates.is_empty() {
        return Err(format!("{key} {file:?}: no certificate in PEM in it"));
    }
    Ok(certificates)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = files::read(file).map_err(|error| format!("tls.key_file {file:?}: {error}"))?;
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| format!("tls.key_file {file:?}: no unencrypted private key in PEM in it"))
}

/// Takes any certificate; whoever has it must still have its key.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
