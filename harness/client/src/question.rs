//! A request for objects of a kind whose resource is not known yet, and its form over HTTP.

use http::{Method, Request, header};
use serde_json::Value;

use crate::error::ApiError;
use crate::mapper::Resource;
use crate::query;
use crosscut_objects::Address;

/// A request for objects of a kind.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) method: &'a Method,
    pub(crate) address: Address<'a>,
    /// The subresource with its slash; may be empty.
    pub(crate) subresource: &'a str,
    /// The query without its question mark; may be empty.
    pub(crate) query: &'a str,
    /// The media type and the body.
    pub(crate) body: Option<(&'a str, &'a Value)>,
}

impl Question<'_> {
    /// Returns the path if this resource serves the kind.
    pub(crate) fn path(&self, resource: &Resource) -> String {
        let address = self.address;
        let mut path = base(address.api_version);
        if resource.namespaced && !address.namespace.is_empty() {
            path.push_str("/namespaces/");
            path.push_str(&query::segment(address.namespace));
        }
        path.push('/');
        path.push_str(&resource.plural);
        if !address.name.is_empty() {
            path.push('/');
            path.push_str(&query::segment(address.name));
        }
        path.push_str(self.subresource);
        path
    }

    /// Returns the HTTP request with this path.
    ///
    /// # Errors
    /// Returns [`ApiError::Transport`] if the request cannot be built.
    pub(crate) fn over_http(&self, mut path: String) -> Result<Request<Vec<u8>>, ApiError> {
        if !self.query.is_empty() {
            path.push('?');
            path.push_str(self.query);
        }
        request(self.method, &path, self.body)
    }
}

/// Returns the path of an API version's discovery document.
pub(crate) fn base(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// Returns a request, with a body and its media type if there is one.
///
/// # Errors
/// Returns [`ApiError::Transport`] if the request cannot be built.
pub(crate) fn request(
    method: &Method,
    path: &str,
    body: Option<(&str, &Value)>,
) -> Result<Request<Vec<u8>>, ApiError> {
    let builder = Request::builder().method(method).uri(path);
    let built = match body {
        Some((content_type, value)) => {
            let bytes =
                serde_json::to_vec(value).map_err(|error| ApiError::Transport(Box::new(error)))?;
            builder
                .header(header::CONTENT_TYPE, content_type)
                .body(bytes)
        }
        None => builder.body(Vec::new()),
    };
    built.map_err(|error| ApiError::Transport(Box::new(error)))
}
