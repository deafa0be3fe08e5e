//! Requests for functions.

use crosscut_functions::convert;
use crosscut_functions::v1::RunFunctionRequest;
use function_sdk_rust::proto::v1::{Resource, State};
use serde_json::json;

/// Returns a request for a composite resource of this name, with one desired resource that contains
/// the text.
pub(crate) fn request(text: &str) -> RunFunctionRequest {
    let resource = Resource {
        resource: Some(convert::to_struct(&json!({"spec": {"text": text}}))),
        ..Resource::default()
    };
    let composite = Resource {
        resource: Some(convert::to_struct(&json!({"metadata": {"name": text}}))),
        ..Resource::default()
    };
    RunFunctionRequest {
        observed: Some(State {
            composite: Some(composite),
            ..State::default()
        }),
        desired: Some(State {
            composite: None,
            resources: std::iter::once(("a".to_owned(), resource)).collect(),
        }),
        ..RunFunctionRequest::default()
    }
}
