//! The certificates of an upstream: its own authority, a server and a client.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::tls::Identity;

/// The credentials of a client for an upstream with TLS.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The certificate (PEM) of the authority that signed the upstream's certificate.
    pub authority: String,
    /// The identity of a client that the upstream trusts.
    pub client: Identity,
}

/// Creates credentials for clients, and the identity of a server with the name `host`.
pub(crate) fn make(host: &str) -> Result<(Credentials, Identity), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut parameters = named("crosscut upstream authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = parameters.self_signed(&key)?.pem();
    let issuer = Issuer::new(parameters, key);
    let mut server = CertificateParams::new(vec![host.to_owned(), "127.0.0.1".to_owned()])?;
    server.distinguished_name.push(DnType::CommonName, host);
    let server = signed(server, ExtendedKeyUsagePurpose::ServerAuth, &issuer)?;
    let client = named("crosscut client");
    let client = signed(client, ExtendedKeyUsagePurpose::ClientAuth, &issuer)?;
    Ok((Credentials { authority, client }, server))
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn signed(
    mut parameters: CertificateParams,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<Identity, rcgen::Error> {
    parameters.extended_key_usages = vec![purpose];
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, issuer)?.pem();
    Ok(Identity {
        certificate,
        key: key.serialize_pem(),
    })
}
