//! The suite's other documents: what is there already must be what they say.

use crosscut_client::{Address, Api, ApiError, object};
use crosscut_suite::model::Resource;
use serde_json::Value;

use super::Finding;
use crate::install::FIELD_MANAGER;
use crate::remote::ledger::without_label;

/// What an API server keeps of itself in any object.
const KEPT: [&[&str]; 6] = [
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
    &["metadata", "generation"],
    &["metadata", "uid"],
    &["metadata", "creationTimestamp"],
    &["status"],
];

/// The document where it is to be made. One that is there and would be changed by it is found fault with: it is not
/// crosscut's.
///
/// # Errors
/// Where the API server does not answer.
pub(super) async fn look(
    api: &Api,
    namespace: &str,
    document: &Resource,
    findings: &mut Vec<Finding>,
) -> Result<Option<Resource>, ApiError> {
    let is_missing = |error: &ApiError| error.is_no_match() || error.is_not_found();
    let wanted = match api.placed(&document.node.to_value(), namespace).await {
        Err(error) if is_missing(&error) => return Ok(Some(document.clone())),
        wanted => wanted?,
    };
    let there = match api.get(Address::of(&wanted)).await {
        Err(error) if is_missing(&error) => return Ok(Some(document.clone())),
        there => there?,
    };
    let would_be = api.try_apply(&wanted, FIELD_MANAGER).await;
    let what = match would_be {
        Ok(would_be) if content(&would_be) == content(&there) => return Ok(None),
        Ok(_) => "is there and says something else".to_owned(),
        Err(error) => format!("is there and does not take what the suite says: {error}"),
    };
    let (kind, name) = (object::kind(&wanted), object::name(&wanted));
    let position = document.place.position();
    let file = &document.place.source.name;
    findings.push(Finding::new(
        format!("{kind} {name} {what}"),
        format!(
            "it is not crosscut's to change: bring it to what {file}:{} says, or delete it",
            position.line
        ),
    ));
    Ok(None)
}

/// What somebody said, without what the API server keeps, and without the label of a run that was killed.
fn content(object: &Value) -> Value {
    let mut content = object.clone();
    without_label(&mut content);
    for path in KEPT {
        object::remove(&mut content, path);
    }
    content
}
