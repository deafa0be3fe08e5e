//! A server on loopback: HTTP/1.1 and HTTP/2 on one port, with or without TLS. The user's code makes the responses.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::error::ServerError;
use crate::tls::{self, Identity};

type BoxError = Box<dyn Error + Send + Sync>;

/// The number of attempts to find a port that is free on both loopback addresses.
const ATTEMPTS: usize = 16;

/// The TLS settings of a server.
#[derive(Clone, Debug)]
pub struct ServerTls {
    /// The server's certificate and key.
    pub identity: Identity,
    /// The authority (PEM) of required client certificates; `None` if clients need no certificate.
    pub clients: Option<String>,
}

/// A running server. Dropping the value ends the server and its connections.
#[derive(Debug)]
pub struct Server {
    port: u16,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on a free port and calls `answer` for every request. An error of `answer` closes the
    /// connection.
    ///
    /// # Errors
    /// [`ServerError`] if no port is available, or if TLS cannot be configured.
    pub async fn start<S, F, B, E>(
        tls: Option<&ServerTls>,
        answer: S,
    ) -> Result<Server, ServerError>
    where
        S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, E>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        let acceptor = tls.map(acceptor).transpose()?;
        let listeners = listen().await.map_err(ServerError::Listen)?;
        let address = listeners.first().map(TcpListener::local_addr);
        let address = address.transpose().map_err(ServerError::Listen)?;
        let connected = move |stream| connected(stream, acceptor.clone(), answer.clone());
        let serve = |listener| tokio::spawn(accept(listener, connected.clone()));
        Ok(Server {
            port: address.map_or(0, |address| address.port()),
            tasks: listeners.into_iter().map(serve).collect(),
        })
    }

    /// Returns the port on 127.0.0.1 and, if the machine has IPv6, on `::1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn acceptor(tls: &ServerTls) -> Result<TlsAcceptor, ServerError> {
    let config = tls::server(&tls.identity, tls.clients.as_deref())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Listens on the same port of both loopback addresses, since a name may resolve to either. On a machine without
/// IPv6, only on that of IPv4.
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

/// Serves every connection until the future is dropped.
async fn accept<C, F>(listener: TcpListener, connected: C)
where
    C: Fn(TcpStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connected(stream));
            }
            // Too many open files, or a client that has gone: accepting the next connection may work.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection. The client reports errors of the connection.
async fn connected<S, F, B, E>(stream: TcpStream, acceptor: Option<TlsAcceptor>, answer: S)
where
    S: Fn(Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    E: Into<BoxError> + 'static,
{
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => serve(stream, answer).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, answer).await;
            }
        }
    }
}

async fn serve<S, F, B, E>(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, answer: S)
where
    S: Fn(Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    E: Into<BoxError> + 'static,
{
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new());
    server.http2().timer(TokioTimer::new());
    let _ = server
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}
