//! The errors of the server: the Status of Kubernetes, with the texts of kube-apiserver 1.34.

use crosscut_schema::FieldError;
use serde_json::{Value, json};

use crosscut_objects::Lack;
use crosscut_objects::Refusal;
use crosscut_objects::Resource;

/// A failure. Its body is the same as that of kube-apiserver 1.34.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    /// The details. `None`: the field is left out. kube-apiserver leaves it out or writes it empty, depending on the
    /// error.
    details: Option<Value>,
}

impl Status {
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            body["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            body["details"] = details.clone();
        }
        body
    }

    /// Returns the lack that caused this error, if one did.
    pub(crate) fn lack(&self) -> Option<Lack> {
        let what = self.message.strip_prefix(NOT_SUPPORTED)?;
        (self.code == 501).then(|| Lack::of(what))
    }

    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    fn with(self, details: Value) -> Self {
        Self {
            details: Some(details),
            ..self
        }
    }
}

/// Returns a resource's name in messages, such as `widgets.test.io`.
pub(crate) fn qualified(group: &str, name: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}

/// Returns the details that name an object. Empty fields are left out, as Go's omitempty does.
fn details(group: &str, kind: &str, name: &str) -> Value {
    let mut details = serde_json::Map::new();
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            details.insert(key.to_owned(), value.into());
        }
    }
    Value::Object(details)
}

/// Returns the error of a path without a route.
pub(crate) fn no_route() -> Status {
    Status::new(
        404,
        "NotFound",
        "the server could not find the requested resource",
    )
    .with(json!({}))
}

pub(crate) fn method_not_allowed() -> Status {
    Status::new(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
    )
    .with(json!({}))
}

pub(crate) fn not_found(resource: &Resource, name: &str) -> Status {
    let qualified = qualified(&resource.group, &resource.plural);
    Status::new(404, "NotFound", format!("{qualified} \"{name}\" not found")).with(details(
        &resource.group,
        &resource.plural,
        name,
    ))
}

pub(crate) fn namespace_not_found(name: &str) -> Status {
    Status::new(404, "NotFound", format!("namespaces \"{name}\" not found")).with(details(
        "",
        "namespaces",
        name,
    ))
}

pub(crate) fn already_exists(resource: &Resource, name: &str) -> Status {
    let qualified = qualified(&resource.group, &resource.plural);
    Status::new(
        409,
        "AlreadyExists",
        format!("{qualified} \"{name}\" already exists"),
    )
    .with(details(&resource.group, &resource.plural, name))
}

/// Returns the error of a generateName for which no free name was found.
pub(crate) fn generate_name_exhausted(resource: &Resource, name: &str) -> Status {
    let mut status = already_exists(resource, name);
    status.message = format!(
        "{}, the server was not able to generate a unique name for the object",
        status.message
    );
    if let Some(details) = &mut status.details {
        details["retryAfterSeconds"] = 1.into();
    }
    status
}

pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Status {
    let qualified = qualified(&resource.group, &resource.plural);
    Status::new(
        409,
        "Conflict",
        format!("Operation cannot be fulfilled on {qualified} \"{name}\": {why}"),
    )
    .with(details(&resource.group, &resource.plural, name))
}

/// Returns the conflict of a write whose resourceVersion is not the current one.
pub(crate) fn modified(resource: &Resource, name: &str) -> Status {
    conflict(
        resource,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )
}

pub(crate) fn forbidden(resource: &Resource, name: &str, why: &str) -> Status {
    let qualified = qualified(&resource.group, &resource.plural);
    Status::new(
        403,
        "Forbidden",
        format!("{qualified} \"{name}\" is forbidden: {why}"),
    )
    .with(details(&resource.group, &resource.plural, name))
}

/// Returns the error of a creation in a namespace that is terminating.
pub(crate) fn namespace_terminating(resource: &Resource, name: &str, namespace: &str) -> Status {
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let mut status = forbidden(resource, name, &why);
    if let Some(details) = &mut status.details {
        details["causes"] = json!([{
            "reason": "NamespaceTerminating",
            "message": format!("namespace {namespace} is being terminated"),
            "field": "metadata.namespace",
        }]);
    }
    status
}

/// Returns the error of a creation of a kind whose definition is terminating.
pub(crate) fn definition_terminating(resource: &Resource, name: &str) -> Status {
    let why = "create not allowed while custom resource definition is terminating";
    let mut status = forbidden(resource, name, why);
    if name.is_empty() {
        status.message = format!(
            "{} is forbidden: {why}",
            qualified(&resource.group, &resource.plural)
        );
    }
    status
}

/// Returns the error of an invalid object, with all errors of its fields.
pub(crate) fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Status {
    let listed: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let text = match listed.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let mut details = details(group, kind, name);
    details["causes"] = errors.iter().map(FieldError::cause).collect();
    Status::new(
        422,
        "Invalid",
        format!("{} \"{name}\" is invalid: {text}", qualified(group, kind)),
    )
    .with(details)
}

/// Returns the error of a patch that does not apply, such as a JSON patch whose test fails.
pub(crate) fn unprocessable(resource: &Resource, name: &str, why: &str) -> Status {
    let mut details = details(&resource.group, &resource.plural, name);
    details["causes"] = json!([{ "reason": "UnexpectedServerResponse", "message": why }]);
    Status::new(
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
    )
    .with(details)
}

pub(crate) fn bad_request(message: impl Into<String>) -> Status {
    Status::new(400, "BadRequest", message)
}

/// Returns a failure for which kube-apiserver gives no reason.
pub(crate) fn internal(message: impl Into<String>) -> Status {
    Status::new(500, "", message)
}

pub(crate) fn unsupported_media_type(accepted: &[&str]) -> Status {
    Status::new(
        415,
        "UnsupportedMediaType",
        format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        ),
    )
}

pub(crate) fn too_large(limit: usize) -> Status {
    Status::new(
        413,
        "RequestEntityTooLarge",
        format!("Request entity too large: limit is {limit}"),
    )
}

/// Returns the error of a revision that is older than the history.
pub(crate) fn expired(asked: u64, oldest: u64) -> Status {
    Status::new(
        410,
        "Expired",
        format!("too old resource version: {asked} ({oldest})"),
    )
}

/// Returns the error of a continue token whose list is no longer stored.
pub(crate) fn continue_expired() -> Status {
    Status::new(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    )
}

/// Returns the error of a revision that the server has not reached.
pub(crate) fn too_large_version(asked: u64, current: u64) -> Status {
    Status::new(
        504,
        "Timeout",
        format!("Too large resource version: {asked}, current: {current}"),
    )
    .with(json!({
        "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
        "retryAfterSeconds": 1,
    }))
}

/// The start of the message of each failure that is due to a lack of this server.
const NOT_SUPPORTED: &str = "the embedded API server does not support ";

/// Returns the failure of a part that the embedded server does not implement.
pub(crate) fn not_implemented(what: &str) -> Status {
    Status::new(501, "NotImplemented", format!("{NOT_SUPPORTED}{what}"))
}

/// Returns the conflict of fields that other managers own. `causes` are those of the Status.
pub(crate) fn apply_conflict(message: String, causes: Value) -> Status {
    Status::new(409, "Conflict", message).with(json!({ "causes": causes }))
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.reason, refusal.message).with(json!({}))
    }
}

/// Returns the response to a deletion after which the object no longer exists.
pub(crate) fn deleted(resource: &Resource, name: &str, uid: &str) -> Value {
    let mut details = details(&resource.group, &resource.plural, name);
    details["uid"] = uid.into();
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    })
}

/// Returns the error of a JSON patch with too many operations.
pub(crate) fn too_many_operations(limit: usize, found: usize) -> Status {
    Status::new(
        413,
        "RequestEntityTooLarge",
        format!("The allowed maximum operations in a JSON patch is {limit}, got {found}"),
    )
}

/// Returns a conflict whose message names the kind in place of the resource, as in kube-apiserver.
pub(crate) fn conflict_of_kind(resource: &Resource, name: &str, why: &str) -> Status {
    let told = Resource {
        plural: resource.kind.clone(),
        ..resource.clone()
    };
    conflict(&told, name, why)
}
