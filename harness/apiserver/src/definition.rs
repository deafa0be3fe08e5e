//! CustomResourceDefinitions, compiled to be served: each served version with its schema and its merge rules.
//!
//! A controller accepts the names and establishes the definition by its status; the routes follow the conditions there.

use std::sync::Arc;

use crosscut_merge::Type;
use crosscut_schema::Structural;
use serde_json::{Value, json};

use crate::meta;
use crate::served::{Custom, Names, Origin, Served, Versions};
use crate::{keys, value};
use crosscut_objects::Resource;

/// Returns the versions that a definition serves, or `None` if its names are not accepted.
///
/// Takes the versions in `known` over if they have the definition's generation.
pub(crate) fn compile(
    definition: &Value,
    known: Option<&[Arc<Served>]>,
    revision: u64,
) -> Option<Versions> {
    let established = condition(definition, "Established");
    if !established && !condition(definition, "NamesAccepted") {
        return None;
    }
    let terminating = condition(definition, "Terminating");
    let fresh = known
        .and_then(<[_]>::first)
        .and_then(|served| served.custom());
    let same = fresh.is_some_and(|custom| custom.generation == meta::generation(definition));
    if let (Some(known), true) = (known, same) {
        let versions = known
            .iter()
            .map(|served| with_conditions(served, established, terminating));
        return Some(versions.collect());
    }
    let custom = Custom {
        since: revision,
        generation: meta::generation(definition),
        established,
        terminating,
        selectable: Vec::new(),
        scale: false,
        schema: Arc::default(),
        columns: Arc::default(),
        several: definition["spec"]["versions"]
            .as_array()
            .is_some_and(|versions| versions.len() > 1),
    };
    Some(versions(definition, &custom))
}

/// Returns true if a condition of the status is True.
pub(crate) fn condition(definition: &Value, kind: &str) -> bool {
    let conditions = definition["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn with_conditions(served: &Arc<Served>, established: bool, terminating: bool) -> Arc<Served> {
    let Origin::Custom(custom) = &served.origin else {
        return Arc::clone(served);
    };
    if custom.established == established && custom.terminating == terminating {
        return Arc::clone(served);
    }
    let origin = Origin::Custom(Custom {
        established,
        terminating,
        ..custom.clone()
    });
    Arc::new(Served {
        origin,
        ..(**served).clone()
    })
}

fn versions(definition: &Value, custom: &Custom) -> Versions {
    let spec = &definition["spec"];
    let listed = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let storage = listed
        .iter()
        .find(|version| version["storage"] == true)
        .map_or("", |version| text(version, "name"));
    let storage = Arc::new(resource(spec, storage));
    let mut versions: Vec<Arc<Served>> = listed
        .iter()
        .filter(|version| version["served"] == true)
        .map(|version| Arc::new(served(spec, version, &storage, custom)))
        .collect();
    versions.sort_by_key(|one| std::cmp::Reverse(priority(one)));
    versions.into()
}

fn served(spec: &Value, version: &Value, storage: &Arc<Resource>, custom: &Custom) -> Served {
    let schema = &version["schema"]["openAPIV3Schema"];
    let custom = Custom {
        selectable: selectable(version),
        scale: version["subresources"]["scale"].is_object(),
        schema: Arc::new(schema.clone()),
        columns: crosscut_columns::columns(version).into(),
        ..custom.clone()
    };
    Served {
        resource: resource(spec, text(version, "name")),
        storage: Arc::clone(storage),
        storage_key: keys::storage_key(&storage.group, &storage.plural).into(),
        names: names(&spec["names"]),
        status: version["subresources"]["status"].is_object(),
        // The server rejects a definition whose schema does not compile, so there is always a schema.
        structural: Structural::compile(schema).ok().map(Arc::new),
        merge: Type::from_openapi(schema),
        origin: Origin::Custom(custom),
    }
}

/// Returns a warning for each CEL rule of a definition that cannot be evaluated. The server accepts objects of the kind
/// without such a rule, and lists the rule as a [lack](crate::Lack) from then on.
pub(crate) fn warnings(definition: &Value) -> Vec<String> {
    crosscut_schema::crd::unevaluated(definition)
        .into_iter()
        .map(|rule| format!("the embedded control plane does not have {rule}"))
        .collect()
}

fn resource(spec: &Value, version: &str) -> Resource {
    Resource {
        group: text(spec, "group").to_owned(),
        version: version.to_owned(),
        plural: text(&spec["names"], "plural").to_owned(),
        kind: text(&spec["names"], "kind").to_owned(),
        namespaced: spec["scope"] == "Namespaced",
    }
}

fn names(names: &Value) -> Names {
    let kind = text(names, "kind");
    let or = |field: &str, default: String| match text(names, field) {
        "" => default,
        given => given.to_owned(),
    };
    Names {
        singular: or("singular", kind.to_lowercase()),
        list_kind: or("listKind", format!("{kind}List")),
        short: strings(&names["shortNames"]),
        categories: strings(&names["categories"]),
    }
}

fn selectable(version: &Value) -> Vec<String> {
    let fields = version["selectableFields"].as_array();
    let paths = fields.into_iter().flatten();
    paths
        .map(|field| text(field, "jsonPath").trim_start_matches('.').to_owned())
        .collect()
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(ToOwned::to_owned))
        .collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Returns the key of Kubernetes' order of versions: stable, beta, alpha, then higher numbers first, then other names.
fn priority(served: &Arc<Served>) -> (Stability, u64, u64, std::cmp::Reverse<String>) {
    let name = &served.resource.version;
    let (stability, major, minor) = parse(name).unwrap_or((Stability::Unknown, 0, 0));
    (stability, major, minor, std::cmp::Reverse(name.clone()))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Stability {
    Unknown,
    Alpha,
    Beta,
    Stable,
}

fn parse(version: &str) -> Option<(Stability, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    if let Some((major, minor)) = rest.split_once("alpha") {
        return Some((Stability::Alpha, major.parse().ok()?, number(minor)?));
    }
    if let Some((major, minor)) = rest.split_once("beta") {
        return Some((Stability::Beta, major.parse().ok()?, number(minor)?));
    }
    Some((Stability::Stable, rest.parse().ok()?, 0))
}

fn number(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    text.parse().ok()
}

/// The finalizer that keeps a definition until its objects are deleted.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Sets the condition that kube-apiserver writes when a definition is marked for deletion.
pub(crate) fn mark_terminating(definition: &mut Value, now: &str) {
    let condition = json!({
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": now,
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    });
    let Some(conditions) =
        value::entry(definition, "status").and_then(|status| value::entry(status, "conditions"))
    else {
        return;
    };
    match conditions.as_array_mut() {
        Some(list) => {
            list.retain(|known| known["type"] != "Terminating");
            list.push(condition);
        }
        None => *conditions = json!([condition]),
    }
}
