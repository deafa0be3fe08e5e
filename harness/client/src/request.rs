//! A request for objects of a kind, before discovery names the resource that serves them; and its form for HTTP.

use crosscut_objects::{Body, ObjectRef, Options, Place, Request};
use http::{Method, header};
use serde_json::Value;

use crate::error::ApiError;
use crate::mapper::Resource;
use crate::query;

/// A request for objects of a kind.
#[derive(Clone, Copy)]
pub(crate) struct KindRequest<'a> {
    pub(crate) method: &'a Method,
    pub(crate) address: ObjectRef<'a>,
    /// Empty for none.
    pub(crate) subresource: &'a str,
    pub(crate) options: Options<'a>,
    pub(crate) body: Option<Body<'a>>,
}

impl<'a> KindRequest<'a> {
    /// Returns the request to the resource that serves the kind.
    pub(crate) fn to(self, resource: &'a Resource) -> Request<'a> {
        let ObjectRef {
            api_version,
            namespace,
            name,
            ..
        } = self.address;
        let namespace = if resource.namespaced { namespace } else { "" };
        Request {
            method: self.method,
            place: Place {
                api_version,
                plural: &resource.plural,
                namespace,
                name,
                subresource: self.subresource,
            },
            options: self.options,
            body: self.body,
        }
    }
}

/// Returns a request as HTTP has it.
///
/// # Errors
/// [`ApiError::Transport`] if the body cannot be written, or the path is no URI.
pub(crate) fn over_http(request: &Request<'_>) -> Result<http::Request<Vec<u8>>, ApiError> {
    let mut path = path(&request.place);
    let query = query::text(&request.options);
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query);
    }
    let body = request.body.map(|body| (body.media_type, body.value));
    http_request(request.method, &path, body)
}

fn path(place: &Place<'_>) -> String {
    let mut path = base(place.api_version);
    let mut add = |part: &str| {
        path.push('/');
        path.push_str(&query::segment(part));
    };
    if !place.namespace.is_empty() {
        add("namespaces");
        add(place.namespace);
    }
    add(place.plural);
    for part in [place.name, place.subresource] {
        if !part.is_empty() {
            add(part);
        }
    }
    path
}

/// Returns the path of the discovery document of an API version.
pub(crate) fn base(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// Returns an HTTP request, with a body and its type if there is one.
///
/// # Errors
/// [`ApiError::Transport`] if the body cannot be written, or the path is no URI.
pub(crate) fn http_request(
    method: &Method,
    path: &str,
    body: Option<(&str, &Value)>,
) -> Result<http::Request<Vec<u8>>, ApiError> {
    let builder = http::Request::builder().method(method).uri(path);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crosscut_objects::FieldValidation;

    use super::*;

    #[test]
    fn a_request_is_a_path_and_a_query_over_http() {
        let resource = Resource {
            plural: "things".to_owned(),
            namespaced: true,
        };
        let labels = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let asked = KindRequest {
            method: &Method::PATCH,
            address: ObjectRef {
                api_version: "example.org/v1",
                kind: "Thing",
                namespace: "team",
                name: "a/b",
            },
            subresource: "status",
            options: Options {
                field_manager: "me & you",
                field_validation: FieldValidation::Strict,
                force: true,
                dry_run: true,
                labels: Some(&labels),
            },
            body: None,
        };
        let written = over_http(&asked.to(&resource)).unwrap();
        assert_eq!(
            written.uri(),
            "/apis/example.org/v1/namespaces/team/things/a%2Fb/status?fieldManager=me%20%26%20you\
             &fieldValidation=Strict&force=true&dryRun=All&labelSelector=a%3Db"
        );
        let resource = Resource {
            namespaced: false,
            ..resource
        };
        let plain = KindRequest {
            subresource: "",
            options: Options::default(),
            ..asked
        };
        let written = over_http(&plain.to(&resource)).unwrap();
        assert_eq!(written.uri(), "/apis/example.org/v1/things/a%2Fb");
    }
}
