//! The objects that the selectors of a usage select; the choice is stored in the usage
//! (protection/usage/selector.go).

use serde_json::{Value, json};

use crate::error::{Error, Wrap};
use crate::object;
use crosscut_client::Api;

/// Replaces selectors by references in `spec.of` and `spec.by`, each stored at once.
pub(super) async fn resolve(api: &Api, mut usage: Value) -> Result<Value, Error> {
    for (side, path) in [
        ("of", "\"spec.of.resourceSelector\""),
        ("by", "\"spec.by.resourceSelector\""),
    ] {
        let Some(resource) = object::at(&usage, &["spec", side]) else {
            continue;
        };
        if !object::text(resource, &["resourceRef", "name"]).is_empty() {
            continue;
        }
        let reference = select(api, &usage, resource).await;
        let reference = reference.with_context(|| format!("cannot resolve selector at {path}"))?;
        object::set(&mut usage, &["spec", side, "resourceRef"], reference);
        let updated = api
            .update(&usage)
            .await
            .context("cannot update usage after resolving selector")?;
        usage = std::sync::Arc::unwrap_or_clone(updated);
    }
    Ok(usage)
}

async fn select(api: &Api, usage: &Value, resource: &Value) -> Result<Value, Error> {
    let selector = resource
        .get("resourceSelector")
        .ok_or_else(|| Error::new("no selector defined for resolving"))?;
    let namespace = match object::text(selector, &["namespace"]) {
        "" => object::namespace(usage),
        namespace => namespace,
    };
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let labels = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    let (api_version, kind) = (object::api_version(resource), object::kind(resource));
    let found = api
        .list(api_version, kind, namespace, &labels)
        .await
        .context("cannot list resources matching labels")?;
    if found.is_empty() {
        return Err(Error::new(format!(
            "no {kind:?} found matching labels: {labels:?}"
        )));
    }
    let same_controller = selector.get("matchControllerRef") == Some(&Value::Bool(true));
    let chosen = found
        .iter()
        .find(|one| !same_controller || have_same_controller(one, usage))
        .ok_or_else(|| {
            Error::new(format!(
                "no {kind:?} found matching labels: {labels:?} and with same controller reference"
            ))
        })?;
    let mut reference = json!({"name": object::name(chosen)});
    if object::namespace(chosen) != object::namespace(usage) {
        reference["namespace"] = json!(object::namespace(chosen));
    }
    Ok(reference)
}

fn have_same_controller(one: &Value, other: &Value) -> bool {
    match (object::controller_of(one), object::controller_of(other)) {
        (Some(one), Some(other)) => object::text(one, &["uid"]) == object::text(other, &["uid"]),
        _ => false,
    }
}
