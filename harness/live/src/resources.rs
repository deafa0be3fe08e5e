//! The resources of an API server that are watched: from discovery, and from definitions that come later.

use crosscut_objects::Resource;
use crosscut_objects::object;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::discovery::{Discovery, Scope, verbs};
use serde_json::Value;

/// Kinds that are not watched, as `group/kind`, because they change without effect, or are large and never judged.
const UNWATCHED: [&str; 8] = [
    "/Event",
    "events.k8s.io/Event",
    "coordination.k8s.io/Lease",
    "/Endpoints",
    "discovery.k8s.io/EndpointSlice",
    "/Node",
    "/ComponentStatus",
    "metrics.k8s.io/PodMetrics",
];

/// Returns every watched resource, in the version that the server prefers.
///
/// # Errors
/// The error of kube if discovery fails.
pub(super) async fn discover(client: &kube::Client) -> Result<Vec<Resource>, kube::Error> {
    let discovery = Discovery::new(client.clone()).run_aggregated().await?;
    let mut resources: Vec<Resource> = discovery
        .groups()
        .flat_map(|group| group.recommended_resources())
        .filter(|(_, capabilities)| {
            capabilities.supports_operation(verbs::WATCH)
                && capabilities.supports_operation(verbs::LIST)
        })
        .map(|(resource, capabilities)| Resource {
            group: resource.group,
            version: resource.version,
            plural: resource.plural,
            kind: resource.kind,
            namespaced: capabilities.scope == Scope::Namespaced,
        })
        .filter(is_watched)
        .collect();
    resources.sort();
    Ok(resources)
}

fn is_watched(resource: &Resource) -> bool {
    is_in_view(&resource.group, &resource.kind)
}

/// Returns true if objects of a kind are ever in view.
pub(super) fn is_in_view(group: &str, kind: &str) -> bool {
    let name = format!("{group}/{kind}");
    !UNWATCHED.contains(&name.as_str())
}

/// Returns the resource of an established definition, in its storage version if that is served.
pub(super) fn defined(definition: &Value) -> Option<Resource> {
    let spec = &definition["spec"];
    let established = definition["status"]["conditions"]
        .as_array()?
        .iter()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
    let versions = spec["versions"].as_array()?;
    let version = versions
        .iter()
        .find(|version| version["served"] == true && version["storage"] == true)
        .or_else(|| versions.iter().find(|version| version["served"] == true))?;
    established.then(|| Resource {
        group: object::text(spec, &["group"]).to_owned(),
        version: object::text(version, &["name"]).to_owned(),
        plural: object::text(spec, &["names", "plural"]).to_owned(),
        kind: object::text(spec, &["names", "kind"]).to_owned(),
        namespaced: spec["scope"] == "Namespaced",
    })
}

/// Returns kube's description of a resource.
pub(super) fn api_resource(resource: &Resource) -> ApiResource {
    let kind = GroupVersionKind::gvk(&resource.group, &resource.version, &resource.kind);
    ApiResource::from_gvk_with_plural(&kind, &resource.plural)
}

/// Returns the object as JSON, with `apiVersion` and `kind`, which lists omit.
pub(super) fn json(resource: &Resource, object: &DynamicObject) -> Option<Value> {
    let mut value = serde_json::to_value(object).ok()?;
    value["apiVersion"] = Value::String(resource.api_version());
    value["kind"] = Value::String(resource.kind.clone());
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::defined;

    fn definition(established: &str) -> serde_json::Value {
        json!({
            "spec": {
                "group": "example.org", "scope": "Namespaced",
                "names": {"plural": "things", "kind": "Thing"},
                "versions": [{"name": "v1", "served": true, "storage": false}, {"name": "v2", "served": true, "storage": true}],
            },
            "status": {"conditions": [{"type": "Established", "status": established}]},
        })
    }

    #[test]
    fn an_established_definition_serves_what_it_stores() {
        let resource = defined(&definition("True")).unwrap();
        assert_eq!(
            (
                resource.api_version().as_str(),
                resource.plural.as_str(),
                resource.namespaced
            ),
            ("example.org/v2", "things", true)
        );
    }

    #[test]
    fn before_that_it_serves_nothing() {
        assert_eq!(defined(&definition("False")), None);
        assert_eq!(defined(&json!({"spec": {}})), None);
    }
}
