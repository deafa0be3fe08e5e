//! The desired objects of the pipeline, with their names, namespaces, labels and owner (composition_render.go).

use std::collections::BTreeMap;

use bytes::Bytes;
use function_sdk_rust::proto::v1::Ready;
use serde_json::{Value, json};

use super::Session;
use super::observe::{ANNOTATION_NAME, Observed};
use super::xr::{LABEL_COMPOSITE, Xr};
use crate::error::{Error, Wrap};
use crate::{names, object};
use crosscut_functions::from_bytes;
use crosscut_functions::wire::Resource;

const LABEL_CLAIM_NAME: &str = "crossplane.io/claim-name";
const LABEL_CLAIM_NAMESPACE: &str = "crossplane.io/claim-namespace";

/// A composed resource in its desired state.
#[derive(Clone, Debug)]
pub(super) struct Desired {
    pub(super) object: Value,
    pub(super) ready: bool,
}

/// Converts the pipeline's desired resources to objects to apply.
pub(super) async fn composed(
    session: &Session<'_>,
    xr: &Xr,
    resources: BTreeMap<String, Resource>,
    observed: &BTreeMap<String, Observed>,
) -> Result<BTreeMap<String, Desired>, Error> {
    let mut desired = BTreeMap::new();
    for (name, resource) in resources {
        let ready = resource.ready == Ready::True as i32;
        let mut object = decoded(resource.resource.unwrap_or_default())
            .with_context(|| format!("cannot read the desired composed resource {name:?}"))?;
        if let Some(existing) = observed.get(&name) {
            keep_identity(&mut object, &existing.object);
        }
        check_scope(session, xr, &name, &object).await?;
        render(&mut object, &xr.object, &name)
            .with_context(|| format!("cannot render metadata for composed resource {name:?}"))?;
        if !names::is_valid(
            object::name(&object),
            object::group_of(object::api_version(&object)),
            object::kind(&object),
        ) {
            return Err(Error::new(format!(
                "cannot apply composed resource {name:?} because it has an invalid name {:?}. Must be a valid RFC 1123 subdomain name.",
                object::name(&object)
            )));
        }
        desired.insert(name, Desired { object, ready });
    }
    Ok(desired)
}

/// Returns the object of an encoded Struct.
pub(super) fn decoded(bytes: Bytes) -> Result<Value, Error> {
    from_bytes(&bytes).map_err(|error| Error::new(error.to_string()))
}

/// Keeps the name and namespace of an existing resource, whatever the functions return.
fn keep_identity(object: &mut Value, existing: &Value) {
    for field in ["namespace", "name", "generateName"] {
        let path = ["metadata", field];
        match object::text(existing, &path) {
            "" => drop(object::remove(object, &path)),
            value => object::set(object, &path, json!(value)),
        }
    }
}

/// Checks the namespace of a composed resource: a namespaced composite composes only in its own, so no cluster-scoped
/// object.
async fn check_scope(
    session: &Session<'_>,
    xr: &Xr,
    name: &str,
    object: &Value,
) -> Result<(), Error> {
    if object::namespace(&xr.object).is_empty() || !object::namespace(object).is_empty() {
        return Ok(());
    }
    let (kind, own) = (object::kind(object), object::name(object));
    let namespaced = session
        .work
        .api
        .is_namespaced(object::api_version(object), kind)
        .await;
    let namespaced = namespaced
        .context("failed to get restmapping")
        .with_context(|| {
            format!(
                "cannot check if composed resource {name:?} is namespaced (a {kind} named {own})"
            )
        })?;
    if namespaced {
        return Ok(());
    }
    Err(Error::new(format!(
        "cannot apply cluster scoped composed resource {name:?} (a {kind} named {own}) for a namespaced composite resource."
    )))
}

/// Sets the fields that a composed resource gets from its composite.
fn render(object: &mut Value, composite: &Value, name: &str) -> Result<(), Error> {
    let prefix = object::label(composite, LABEL_COMPOSITE).to_owned();
    if prefix.is_empty() {
        return Err(Error::new(format!(
            "cannot find top-level composite resource name label {LABEL_COMPOSITE:?} in composite resource metadata"
        )));
    }
    if object::name(object).is_empty()
        && object::text(object, &["metadata", "generateName"]).is_empty()
    {
        object::set(
            object,
            &["metadata", "generateName"],
            json!(format!("{prefix}-")),
        );
    }
    if !object::namespace(composite).is_empty() {
        object::set(
            object,
            &["metadata", "namespace"],
            json!(object::namespace(composite)),
        );
    }
    object::set(
        object,
        &["metadata", "annotations", ANNOTATION_NAME],
        json!(name),
    );
    object::set(
        object,
        &["metadata", "labels", LABEL_COMPOSITE],
        json!(prefix),
    );
    copy_claim_labels(object, composite);
    own(object, composite)?;
    if object::name(object).is_empty() {
        let prefix = object::text(object, &["metadata", "generateName"]);
        let child = names::child_name(prefix, object::uid(composite), name);
        object::set(object, &["metadata", "name"], json!(child));
    }
    Ok(())
}

fn copy_claim_labels(object: &mut Value, composite: &Value) {
    let labels = [LABEL_CLAIM_NAME, LABEL_CLAIM_NAMESPACE]
        .map(|label| (label, object::label(composite, label)));
    if labels.iter().all(|(_, value)| !value.is_empty()) {
        for (label, value) in labels {
            object::set(object, &["metadata", "labels", label], json!(value));
        }
    }
}

fn own(object: &mut Value, composite: &Value) -> Result<(), Error> {
    if let Some(other) = object::controller_of(object)
        && object::text(other, &["uid"]) != object::uid(composite)
    {
        return Err(Error::new(format!(
            "cannot set controller reference: {} is already controlled by {} {} (UID {})",
            object::name(object),
            object::kind(other),
            object::text(other, &["name"]),
            object::text(other, &["uid"]),
        )));
    }
    object::add_owner(object, object::controller_reference(composite));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composite() -> Value {
        json!({
            "apiVersion": "example.org/v1", "kind": "XR",
            "metadata": {"name": "x", "namespace": "n", "uid": "1", "labels": {LABEL_COMPOSITE: "x"}},
        })
    }

    #[test]
    fn a_new_resource_without_a_name_gets_everything_from_its_composite() {
        let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap"});
        assert!(render(&mut object, &composite(), "config").is_ok());
        assert_eq!(
            object["metadata"],
            json!({
                "name": names::child_name("x-", "1", "config"),
                "generateName": "x-",
                "namespace": "n",
                "annotations": {ANNOTATION_NAME: "config"},
                "labels": {LABEL_COMPOSITE: "x"},
                "ownerReferences": [{
                    "apiVersion": "example.org/v1", "kind": "XR", "name": "x", "uid": "1", "controller": true, "blockOwnerDeletion": true,
                }],
            })
        );
    }

    #[test]
    fn a_name_is_kept_and_another_namespace_is_not() {
        let mut object = json!({"metadata": {"name": "own", "namespace": "other"}});
        assert!(render(&mut object, &composite(), "config").is_ok());
        assert_eq!(
            (object::name(&object), object::namespace(&object)),
            ("own", "n")
        );
        assert!(object::at(&object, &["metadata", "generateName"]).is_none());
    }

    #[test]
    fn what_exists_keeps_its_identity() {
        let mut object = json!({"metadata": {"name": "new", "generateName": "g-"}});
        keep_identity(
            &mut object,
            &json!({"metadata": {"name": "old", "namespace": "n"}}),
        );
        assert_eq!(
            object,
            json!({"metadata": {"name": "old", "namespace": "n"}})
        );
    }

    #[test]
    fn a_resource_of_another_controller_is_refused_and_so_is_a_composite_without_label() {
        let mut object = json!({"metadata": {"name": "a", "ownerReferences": [{"kind": "K", "name": "o", "uid": "2", "controller": true}]}});
        let error = render(&mut object, &composite(), "config")
            .err()
            .map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("cannot set controller reference: a is already controlled by K o (UID 2)")
        );
        assert!(render(&mut json!({}), &json!({}), "config").is_err());
    }
}
