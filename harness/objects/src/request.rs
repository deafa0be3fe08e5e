//! A request for objects and its response, as values: the form in which an API server in this process takes them.
//!
//! A client writes the same values as a path and a query for HTTP, so a request means the same either way.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde_json::Value;

/// A request for objects.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method.
    pub method: &'a Method,
    /// The objects that the request is about.
    pub place: Place<'a>,
    /// The parameters.
    pub options: Options<'a>,
    /// The object, the patch or the options of a deletion.
    pub body: Option<Body<'a>>,
}

/// The place of one or more objects in an API. An empty text stands for a part that a path would not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// The apiVersion: `v1` or `apps/v1`.
    pub api_version: &'a str,
    /// The name of the resource: `configmaps`.
    pub plural: &'a str,
    /// The namespace.
    pub namespace: &'a str,
    /// The name of one object.
    pub name: &'a str,
    /// The subresource, such as `status`.
    pub subresource: &'a str,
}

/// The parameters of a request that crosscut uses. The default is a request without any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The name under which fields are owned; empty for the server's default.
    pub field_manager: &'a str,
    /// The treatment of fields that the kind's schema does not know.
    pub field_validation: FieldValidation,
    /// True if a server-side apply takes over fields that others own.
    pub force: bool,
    /// True if nothing is to be stored.
    pub dry_run: bool,
    /// The labels that listed objects must have; `None` for all objects.
    pub labels: Option<&'a BTreeMap<String, String>>,
}

/// The treatment of fields that the kind's schema does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// The write is refused.
    Strict,
    /// The fields are dropped, with a warning: the default of API servers.
    #[default]
    Warn,
    /// The fields are dropped.
    Ignore,
}

/// The body of a request.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// The Content-Type: `application/json`.
    pub media_type: &'a str,
    /// The content.
    pub value: &'a Value,
}

/// The response to a request for objects.
#[derive(Clone, Debug)]
pub struct Response {
    /// The object or the objects.
    pub content: Content,
    /// The texts of the warnings that the API server sent, in order.
    pub warnings: Vec<String>,
}

/// The content of a response.
#[derive(Clone, Debug)]
pub enum Content {
    /// One object.
    Object(Arc<Value>),
    /// The items of a list, each with its apiVersion and kind.
    List(Vec<Arc<Value>>),
}
