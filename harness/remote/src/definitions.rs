//! Custom resource definitions on a cluster: those that the run may install, and those of others.

use std::collections::BTreeSet;
use std::sync::Arc;

use crosscut_client::{Api, ApiError};

use crosscut_objects::{ObjectRef, object};
use crosscut_suite::model::Resource;
use serde_json::Value;

use super::ledger::LABEL;

/// Returns the definitions that are missing on the cluster or have this run's label. All others belong to other users
/// and stay as they are.
pub(super) async fn ours(
    api: &Api,
    definitions: &[Resource],
    run: &str,
) -> Result<Vec<Resource>, ApiError> {
    let mut ours = Vec::new();
    for definition in definitions {
        let value = definition.node.to_value();
        match api.get(ObjectRef::of(&value)).await {
            Ok(there) if object::label(&there, LABEL) != run => {}
            Err(error) if !error.is_not_found() => return Err(error),
            _ => ours.push(definition.clone()),
        }
    }
    Ok(ours)
}

/// Returns the name of a definition.
pub(crate) fn name_of(resource: &Resource) -> String {
    object::name(&resource.node.to_value()).to_owned()
}

/// Returns the API groups of definitions without crosscut's label. Real controllers serve these groups, so no stand-in
/// does.
pub(super) async fn real_groups(api: &Api) -> Result<Vec<String>, ApiError> {
    let kind = "CustomResourceDefinition";
    let definitions = api
        .list("apiextensions.k8s.io/v1", kind, "", &Default::default())
        .await?;
    let is_real = |definition: &&Arc<Value>| object::label(definition, LABEL).is_empty();
    let groups: BTreeSet<String> = definitions
        .iter()
        .filter(is_real)
        .map(|definition| object::text(definition, &["spec", "group"]).to_owned())
        .collect();
    Ok(groups.into_iter().collect())
}
