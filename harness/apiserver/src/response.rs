//! Responses over HTTP.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::body::Body;
use crate::status::{self, Status};

pub(crate) fn failure(status: &Status) -> Response<Body> {
    json(status.code, status.body().to_string())
}

pub(crate) fn json(code: u16, bytes: impl Into<Bytes>) -> Response<Body> {
    with_headers(code, "application/json", Body::whole(bytes))
}

pub(crate) fn text(code: u16, text: &'static str) -> Response<Body> {
    with_headers(code, "text/plain; charset=utf-8", Body::whole(text))
}

pub(crate) fn not_found() -> Response<Body> {
    failure(&status::no_route())
}

pub(crate) fn method_not_allowed() -> Response<Body> {
    failure(&status::method_not_allowed())
}

pub(crate) fn with_headers(code: u16, media_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, private"),
    );
    response
}
