//! Echo servers on loopback: they answer with their name and with what reached them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::error::UpstreamError;
use crate::generate::hexadecimal;
use crate::headers::values_of;
use crate::tls;
use crate::upstream_tls::{self, Credentials};

/// The host name that upstreams are reached by. It is a name because Envoy Gateway refuses addresses of loopback, and
/// this one because the C library's resolver finds no name below it everywhere.
const HOST: &str = "localhost";
/// The header that every answer carries, with the upstream's name.
pub const NAME_HEADER: &str = "crosscut-upstream";
/// How often a port is looked for that is free on both loopback addresses.
const ATTEMPTS: usize = 16;

/// How an upstream answers.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// Its name.
    pub name: String,
    /// Whether it does TLS.
    pub tls: UpstreamTls,
    /// The status of its answers.
    pub status: StatusCode,
    /// How long it takes before it answers, once all of a request is there.
    pub delay: Duration,
}

/// Whether an upstream does TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpstreamTls {
    /// No.
    #[default]
    None,
    /// Yes; clients need no certificate.
    Server,
    /// Yes; clients need a certificate of its authority.
    Mutual,
}

impl UpstreamSettings {
    /// An upstream that answers at once with 200, without TLS.
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

/// A running echo server, with HTTP/1.1 and HTTP/2 on one port. It ends, with its connections, when it is dropped.
#[derive(Debug)]
pub struct Upstream {
    port: u16,
    credentials: Option<Credentials>,
    tasks: Vec<JoinHandle<()>>,
}

impl Upstream {
    /// Starts one on a port that is free.
    ///
    /// # Errors
    /// [`UpstreamError`] where there is no port, or no certificate can be made.
    pub async fn start(settings: UpstreamSettings) -> Result<Upstream, UpstreamError> {
        let (acceptor, credentials) = match settings.tls {
            UpstreamTls::None => (None, None),
            with => {
                let (acceptor, credentials) = acceptor(with)?;
                (Some(acceptor), Some(credentials))
            }
        };
        let listeners = listen().await.map_err(UpstreamError::Listen)?;
        let address = listeners.first().map(TcpListener::local_addr);
        let address = address.transpose().map_err(UpstreamError::Listen)?;
        let echo = Arc::new(settings);
        let serve = |listener| tokio::spawn(accept(listener, acceptor.clone(), Arc::clone(&echo)));
        Ok(Upstream {
            port: address.map_or(0, |address| address.port()),
            credentials,
            tasks: listeners.into_iter().map(serve).collect(),
        })
    }

    /// The name that it is reached by.
    #[must_use]
    pub fn host(&self) -> &'static str {
        HOST
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://localhost:port` or `https://localhost:port`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.credentials.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{HOST}:{}", self.port)
    }

    /// What clients need, where it does TLS.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn acceptor(kind: UpstreamTls) -> Result<(TlsAcceptor, Credentials), UpstreamError> {
    let (credentials, identity) = upstream_tls::make(HOST).map_err(UpstreamError::Certificates)?;
    let clients = (kind == UpstreamTls::Mutual).then_some(credentials.authority.as_str());
    let config = tls::server(&identity, clients)?;
    Ok((TlsAcceptor::from(Arc::new(config)), credentials))
}

/// Listens on the same port of both loopback addresses, since a name may lead to either. Where the machine has no
/// IPv6, the one of IPv4 is enough.
async fn listen() -> io::Result<Vec<TcpListener>> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..ATTEMPTS {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = first.local_addr()?.port();
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
            Err(_) => return Ok(vec![first]),
        }
    }
    Err(last)
}

/// Serves every connection; all of them end with this.
async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    settings: Arc<UpstreamSettings>,
) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, acceptor.clone(), Arc::clone(&settings)));
            }
            // Too many open files, or a client that is gone already: the next one may be luckier.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, acceptor: Option<TlsAcceptor>, settings: Arc<UpstreamSettings>) {
    // What goes wrong with a connection is for the client to say.
    let _ = stream.set_nodelay(true);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new());
    server.http2().timer(TokioTimer::new());
    let service = service_fn(|request| echo(request, Arc::clone(&settings)));
    match acceptor {
        None => {
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        }
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            }
        }
    }
}

async fn echo(
    request: Request<Incoming>,
    settings: Arc<UpstreamSettings>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let received = receive(body).await?;
    tokio::time::sleep(settings.delay).await;
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

/// Reads a body to its end; nothing of it is kept.
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
