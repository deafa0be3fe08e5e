//! A request for objects of a kind, before it is known which resource serves them; and how it is written for HTTP.

use http::{Method, Request, header};
use serde_json::Value;

use crate::error::ApiError;
use crate::mapper::Resource;
use crate::query;
use crosscut_objects::ObjectRef;

/// A request for objects of a kind.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) method: &'a Method,
    pub(crate) address: ObjectRef<'a>,
    /// With its slash; may be empty.
    pub(crate) subresource: &'a str,
    /// Without its question mark; may be empty.
    pub(crate) query: &'a str,
    /// With its type.
    pub(crate) body: Option<(&'a str, &'a Value)>,
}

impl Question<'_> {
    /// The path, where this resource serves the kind.
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

    /// The request for HTTP with this path.
    ///
    /// # Errors
    /// [`ApiError::Transport`] where it cannot be written.
    pub(crate) fn over_http(&self, mut path: String) -> Result<Request<Vec<u8>>, ApiError> {
        if !self.query.is_empty() {
            path.push('?');
            path.push_str(self.query);
        }
        request(self.method, &path, self.body)
    }
}

/// Returns the place where discovery says what an API version has.
pub(crate) fn base(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// A request with a body and its type, or without.
///
/// # Errors
/// [`ApiError::Transport`] where it cannot be written.
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
