//! Conversion of TLS settings from documents.

use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{Pem, Place, Tls as Declared};
use crosscut_traffic::{Identity, Tls, TlsError, Trust};

use super::request::text;
use crate::stop::{Stop, location};

/// Returns the settings, with their templates evaluated.
///
/// # Errors
/// [`Stop`] if a template cannot be evaluated.
pub(super) fn settings(
    declared: Option<&Declared>,
    place: &Place,
    scope: &Scope,
) -> Result<Tls, Stop> {
    let Some(declared) = declared else {
        return Ok(Tls::default());
    };
    let trust = match (&declared.ca, declared.verify) {
        (_, false) => Trust::Anybody,
        (Some(ca), true) => Trust::Authorities(pem(ca, place, scope)?),
        (None, true) => Trust::Nobody,
    };
    let identity = match &declared.identity {
        None => None,
        Some((certificate, key)) => Some(Identity {
            certificate: pem(certificate, place, scope)?,
            key: pem(key, place, scope)?,
        }),
    };
    let server_name = declared.server_name.as_ref();
    Ok(Tls {
        trust,
        identity,
        server_name: server_name
            .map(|node| text(node, place, scope))
            .transpose()?,
    })
}

fn pem(pem: &Pem, place: &Place, scope: &Scope) -> Result<String, Stop> {
    match pem {
        Pem::Text(node) => text(node, place, scope),
        Pem::File(text) => Ok(text.clone()),
    }
}

/// Returns the failure for unusable settings.
pub(super) fn unusable(error: &TlsError, place: &Place) -> Stop {
    let mut message = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        message = format!("{message}: {cause}");
    }
    let mut failure = Failure::new("traffic::tls", message);
    failure.location = Some(location(place));
    failure.help = Some("ca, certificate and key are PEM text, or {file: path}".to_owned());
    Stop::failed(failure)
}
