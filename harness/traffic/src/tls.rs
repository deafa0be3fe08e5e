//! The TLS settings of clients and servers.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};

use crate::error::TlsError;

/// The TLS settings of a client.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The trusted servers.
    pub trust: Trust,
    /// The client's certificate and key, if the server asks for them.
    pub identity: Option<Identity>,
    /// The expected name of the server, if it differs from the URL's host.
    pub server_name: Option<String>,
}

/// The trusted servers.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// No server: no authority is known.
    #[default]
    Nobody,
    /// The servers with a certificate of one of these authorities (PEM) for their name.
    Authorities(String),
    /// Every server, whatever its certificate.
    Anybody,
}

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    /// The certificate chain (PEM).
    pub certificate: String,
    /// The private key (PEM).
    pub key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity(..)")
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Returns a client's configuration, without application protocols.
pub(crate) fn client(settings: &Tls) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?;
    let builder = match &settings.trust {
        Trust::Nobody => builder.with_root_certificates(RootCertStore::empty()),
        Trust::Authorities(pem) => builder.with_root_certificates(roots(pem)?),
        Trust::Anybody => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified(provider))),
    };
    let Some(identity) = &settings.identity else {
        return Ok(builder.with_no_client_auth());
    };
    builder
        .with_client_auth_cert(
            certificates(&identity.certificate, "the client's certificate")?,
            key(&identity.key)?,
        )
        .map_err(TlsError::Identity)
}

/// Returns a server's configuration; with `clients`, every client needs a certificate of that authority
/// (PEM).
pub(crate) fn server(identity: &Identity, clients: Option<&str>) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let roots = Arc::new(roots(pem)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                .build()
                .map_err(|error| TlsError::Certificate {
                    what: "the authority",
                    reason: error.to_string(),
                })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = certificates(&identity.certificate, "the server's certificate")?;
    let mut config = builder
        .with_single_cert(chain, key(&identity.key)?)
        .map_err(TlsError::Identity)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Returns the expected name in the server's certificate, if the settings have one.
pub(crate) fn server_name(settings: &Tls) -> Result<Option<ServerName<'static>>, TlsError> {
    let Some(name) = &settings.server_name else {
        return Ok(None);
    };
    let parsed = ServerName::try_from(name.clone());
    let parsed = parsed.map_err(|_| TlsError::ServerName { name: name.clone() })?;
    Ok(Some(parsed))
}

fn roots(pem: &str) -> Result<RootCertStore, TlsError> {
    let what = "the authority";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, what)? {
        roots
            .add(certificate)
            .map_err(|error| TlsError::Certificate {
                what,
                reason: error.to_string(),
            })?;
    }
    Ok(roots)
}

fn certificates(pem: &str, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(TlsError::Certificate {
            what,
            reason: String::new(),
        }),
        Err(error) => Err(TlsError::Certificate {
            what,
            reason: error.to_string(),
        }),
    }
}

fn key(pem: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| TlsError::Key {
        reason: error.to_string(),
    })
}

/// A verifier that accepts any certificate, for servers with generated ones. The server must still have the
/// key.
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
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
