//! Readiness checks over HTTP.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use crosscut_errors::chain;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::error::CheckError;

/// The greatest size of a quoted response, in bytes.
const QUOTE: usize = 4 * 1024;

/// A GET to which a ready program responds with a status of 200 to 299.
#[derive(Clone, Debug)]
pub struct HttpCheck {
    /// `http://…` or `https://…`, by address; no proxy is used.
    pub url: String,
    /// The certificates (PEM) of the authorities that the server is trusted by; for `https`.
    pub authority: Option<String>,
    /// The client certificate, for servers that require one.
    pub identity: Option<Identity>,
}

/// A client certificate and its key.
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

/// A client for one check; it keeps its connection.
pub(crate) struct Prober {
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Prober {
    /// # Errors
    /// Fails if the URL, a certificate or the key is not valid.
    pub(crate) fn new(check: &HttpCheck) -> Result<Self, CheckError> {
        let url = check.url.parse().map_err(|source| CheckError::Url {
            url: check.url.clone(),
            source,
        })?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(check)?)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { url, client })
    }

    /// # Errors
    /// Fails if the program does not respond, or responds with another status than 200 to 299.
    pub(crate) async fn look(&self) -> Result<(), String> {
        let request = Request::get(self.url.clone())
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| chain(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), QUOTE).collect().await;
        if status.is_success() {
            return Ok(());
        }
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        Err(format!("{} answers {status}: {}", self.url, body.trim()))
    }
}

fn tls(check: &HttpCheck) -> Result<ClientConfig, CheckError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(CheckError::Tls)?
        .with_root_certificates(roots(check.authority.as_deref().unwrap_or_default())?);
    let Some(identity) = &check.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(CheckError::Key)?;
    builder
        .with_client_auth_cert(certificates(&identity.certificate)?, key)
        .map_err(CheckError::Client)
}

fn roots(pem: &str) -> Result<RootCertStore, CheckError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(CheckError::Authority)?;
    }
    Ok(roots)
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, CheckError> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(CheckError::Certificate)
}
