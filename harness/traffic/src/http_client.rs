//! An HTTP client.

use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, StatusCode, Uri, Version, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crosscut_messages::Protocol;

use crate::dial::{Dial, connector};
use crate::error::{CallError, CallErrorKind, TlsError};
use crate::tls::Tls;

/// The limits of a call.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest time from the start of the connection to the end of the response.
    pub deadline: Duration,
    /// The largest size of a response, in bytes.
    pub bytes: usize,
}

/// An HTTP request. A header `host` replaces the URL's host in the request, but not in the connection.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// The method.
    pub method: Method,
    /// The URL, with scheme and authority.
    pub url: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A complete response.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: StatusCode,
    /// The protocol's version.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The trailers after the body.
    pub trailers: HeaderMap,
}

/// A client with reusable connections to one host and port.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpsConnector<Dial>, Full<Bytes>>,
}

impl HttpClient {
    /// Creates a client for `authority` (host and port), without connecting.
    ///
    /// # Errors
    /// [`TlsError`] for unusable certificates or keys.
    pub fn new(authority: &Uri, protocol: Protocol, tls: &Tls) -> Result<HttpClient, TlsError> {
        let connector = connector(authority.clone(), protocol, tls)?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .http2_only(protocol == Protocol::Http2)
            .build(connector);
        Ok(HttpClient { client })
    }

    /// Sends a request and reads the response.
    ///
    /// # Errors
    /// [`CallError`] if the response is missing or incomplete within the bounds.
    pub async fn send(&self, call: &HttpCall, bounds: Bounds) -> Result<HttpAnswer, CallError> {
        let request = request(call)?;
        let Ok(answer) =
            tokio::time::timeout(bounds.deadline, self.exchange(request, bounds)).await
        else {
            let message = format!("no whole answer came within {:?}", bounds.deadline);
            return Err(CallError::new(CallErrorKind::Deadline, message));
        };
        answer
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        bounds: Bounds,
    ) -> Result<HttpAnswer, CallError> {
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| CallError::of_connection(&error, bounds.bytes))?;
        let (head, body) = answer.into_parts();
        let collected = Limited::new(body, bounds.bytes).collect().await;
        let collected =
            collected.map_err(|error| CallError::of_connection(&*error, bounds.bytes))?;
        Ok(HttpAnswer {
            status: head.status,
            version: head.version,
            headers: head.headers,
            trailers: collected.trailers().cloned().unwrap_or_default(),
            body: collected.to_bytes(),
        })
    }
}

fn request(call: &HttpCall) -> Result<Request<Full<Bytes>>, CallError> {
    let mut headers = call.headers.clone();
    let url = match headers.remove(header::HOST) {
        None => call.url.clone(),
        Some(host) => with_host(&call.url, host.as_bytes()).map_err(|error| unsendable(&error))?,
    };
    let mut request = Request::new(Full::new(call.body.clone()));
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = url;
    *request.headers_mut() = headers;
    Ok(request)
}

fn unsendable(error: &http::Error) -> CallError {
    CallError::new(CallErrorKind::Broken, crosscut_errors::chain(error))
}

/// Returns the URL with the virtual host as its host.
fn with_host(url: &Uri, host: &[u8]) -> Result<Uri, http::Error> {
    let path = url.path_and_query().cloned();
    Uri::builder()
        .scheme(url.scheme().cloned().unwrap_or(Scheme::HTTP))
        .authority(Authority::try_from(host)?)
        .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
}
