//! HTTP requests.

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

/// What one call may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest time from the begin of connecting to the end of the answer.
    pub deadline: Duration,
    /// The most bytes of an answer.
    pub bytes: usize,
}

/// One request. A header `host` takes the place of the URL's host in the request; what is connected to stays.
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

/// An answer, all of it.
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
    /// What came after the body.
    pub trailers: HeaderMap,
}

/// Connections to one host and port; they are kept and used again.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpsConnector<Dial>, Full<Bytes>>,
}

impl HttpClient {
    /// A client for what `authority` (host and port) leads to. Nothing is connected to yet.
    ///
    /// # Errors
    /// [`TlsError`] where certificates or keys cannot be used.
    pub fn new(authority: &Uri, protocol: Protocol, tls: &Tls) -> Result<HttpClient, TlsError> {
        let connector = connector(authority.clone(), protocol, tls)?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .http2_only(protocol == Protocol::Http2)
            .build(connector);
        Ok(HttpClient { client })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, or not all of it comes within the bounds.
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

/// The URL as the virtual host is asked for it.
fn with_host(url: &Uri, host: &[u8]) -> Result<Uri, http::Error> {
    let path = url.path_and_query().cloned();
    Uri::builder()
        .scheme(url.scheme().cloned().unwrap_or(Scheme::HTTP))
        .authority(Authority::try_from(host)?)
        .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
        .build()
}
