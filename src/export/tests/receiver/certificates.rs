//! Certificates for receivers and clients, made once for each run of the tests.

use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub(in crate::export) struct Identity {
    pub(in crate::export) certificate: String,
    pub(in crate::export) key: String,
}

/// Everything that the tests need.
pub(in crate::export) struct Certificates {
    /// The authority that clients are told to trust.
    pub(in crate::export) authority: String,
    /// For 127.0.0.1 and localhost, from the authority.
    pub(in crate::export) valid: Identity,
    /// The same, but over since 2021.
    pub(in crate::export) expired: Identity,
    /// From the authority, for another host.
    pub(in crate::export) wrong_host: Identity,
    /// Signed by nobody but itself.
    pub(in crate::export) self_signed: Identity,
    /// A client's, from the authority.
    pub(in crate::export) client: Identity,
}

pub(in crate::export) static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(make);

fn params(hosts: &[&str], name: &str) -> CertificateParams {
    let mut params =
        CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params
}

fn make() -> Certificates {
    let mut authority = params(&[], "authority of the tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let signed = |params: CertificateParams| {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    };
    let here = ["127.0.0.1", "localhost"];
    let mut expired = params(&here, "receiver");
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut client = params(&[], "client");
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let own_key = KeyPair::generate().unwrap();
    let self_signed = Identity {
        certificate: params(&here, "receiver").self_signed(&own_key).unwrap().pem(),
        key: own_key.serialize_pem(),
    };
    Certificates {
        authority: authority_pem,
        valid: signed(params(&here, "receiver")),
        expired: signed(expired),
        wrong_host: signed(params(&["elsewhere.example"], "receiver")),
        self_signed,
        client: signed(client),
    }
}
