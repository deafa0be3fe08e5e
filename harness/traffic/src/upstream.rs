//! Echo servers on loopback: their responses have their name and describe the request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crosscut_messages::{UpstreamTls, values_of};

use crate::error::UpstreamError;
use crate::generate::hexadecimal;
use crate::server::{Server, ServerTls};
use crate::upstream_tls::{self, Credentials};

/// The host name of upstreams. A name is needed because Envoy Gateway refuses loopback addresses. The name is
/// `localhost` because the C library's resolver does not resolve names below it everywhere.
const HOST: &str = "localhost";
/// The header of every response with the upstream's name.
pub const NAME_HEADER: &str = "crosscut-upstream";

/// The settings of an upstream.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// The name.
    pub name: String,
    /// The use of TLS.
    pub tls: UpstreamTls,
    /// The status of the responses.
    pub status: StatusCode,
    /// The delay of the response after the whole request was received.
    pub delay: Duration,
}

impl UpstreamSettings {
    /// Returns the settings of an upstream that responds at once with 200, without TLS.
    #[must_use]
    pub fn new(name: impl Into<String>) -> UpstreamSettings {
        UpstreamSettings {
            name: name.into(),
            tls: UpstreamTls::None,
            status: StatusCode::OK,
            delay: Duration::ZERO,
        }
    }
}

/// A running echo server, with HTTP/1.1 and HTTP/2 on one port. Dropping the value ends the server and its
/// connections.
#[derive(Debug)]
pub struct Upstream {
    server: Server,
    credentials: Option<Credentials>,
}

impl Upstream {
    /// Starts an upstream on a free port.
    ///
    /// # Errors
    /// [`UpstreamError`] if no port is available, or if no certificate can be generated.
    pub async fn start(settings: UpstreamSettings) -> Result<Upstream, UpstreamError> {
        let (tls, credentials) = match settings.tls {
            UpstreamTls::None => (None, None),
            with => {
                let (tls, credentials) = with_tls(with)?;
                (Some(tls), Some(credentials))
            }
        };
        let settings = Arc::new(settings);
        let echo = move |request| echo(request, Arc::clone(&settings));
        let server = Server::start(tls.as_ref(), echo).await?;
        Ok(Upstream {
            server,
            credentials,
        })
    }

    /// Returns the host name for clients.
    #[must_use]
    pub fn host(&self) -> &'static str {
        HOST
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Returns `http://localhost:port` or `https://localhost:port`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.credentials.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{HOST}:{}", self.port())
    }

    /// Returns the credentials for clients, if the upstream uses TLS.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

fn with_tls(kind: UpstreamTls) -> Result<(ServerTls, Credentials), UpstreamError> {
    let (credentials, identity) = upstream_tls::make(HOST).map_err(UpstreamError::Certificates)?;
    let clients = (kind == UpstreamTls::Mutual).then(|| credentials.authority.clone());
    Ok((ServerTls { identity, clients }, credentials))
}

async fn echo(
    request: Request<Incoming>,
    settings: Arc<UpstreamSettings>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let received = receive(body).await?;
    // Even a sleep of zero takes until the clock's next tick.
    if !settings.delay.is_zero() {
        tokio::time::sleep(settings.delay).await;
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = head.uri.authority().map(|authority| authority.as_str());
    let host = head.headers.get(header::HOST).map(|host| host.to_str());
    let told = json!({
        "upstream": settings.name,
        "method": head.method.as_str(),
        "path": path,
        "host": authority.or(host.and_then(Result::ok)),
        "protocol": format!("{:?}", head.version),
        "headers": values_of(&head.headers),
        "trailers": values_of(&received.trailers),
        "bytes": received.bytes,
        "sha256": received.digest,
    });
    Ok(answer(&settings, &told))
}

fn answer(settings: &UpstreamSettings, told: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(told.to_string())));
    *response.status_mut() = settings.status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    if let Ok(name) = HeaderValue::from_str(&settings.name) {
        headers.insert(NAME_HEADER, name);
    }
    response
}

struct Received {
    bytes: u64,
    digest: String,
    trailers: HeaderMap,
}

/// Reads a body to its end, without keeping it.
async fn receive(mut body: Incoming) -> Result<Received, hyper::Error> {
    let (mut bytes, mut digest, mut trailers) = (0, Sha256::new(), HeaderMap::new());
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => {
                bytes += data.len() as u64;
                digest.update(&data);
            }
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    Ok(Received {
        bytes,
        digest: hexadecimal(&digest.finalize()),
        trailers,
    })
}
