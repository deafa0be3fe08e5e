//! Connections to one address, whatever host the requests name: a virtual host is reached at the user's
//! address.

use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use tower::Service;

use crate::error::TlsError;
use crate::tls::{self, Tls};
use crosscut_messages::Protocol;

/// A connector of TCP connections to one host and port.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    http: HttpConnector,
    target: Uri,
}

impl Service<Uri> for Dial {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = <HttpConnector as Service<Uri>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(context)
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        self.http.call(self.target.clone())
    }
}

/// Returns a connector to `target`, with TLS if the requests' scheme is `https`.
pub(crate) fn connector(
    target: Uri,
    protocol: Protocol,
    settings: &Tls,
) -> Result<HttpsConnector<Dial>, TlsError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    let dial = Dial { http, target };
    let config = tls::client(settings)?;
    let builder = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http();
    let builder = match tls::server_name(settings)? {
        Some(name) => builder.with_server_name_resolver(FixedServerNameResolver::new(name)),
        None => builder,
    };
    Ok(match protocol {
        Protocol::Http1 => builder.enable_http1().wrap_connector(dial),
        Protocol::Http2 => builder.enable_http2().wrap_connector(dial),
    })
}
