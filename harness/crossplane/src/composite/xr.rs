//! A composite resource in memory: the object, and the place of Crossplane's own fields in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::definition::Scope;
use crate::object;

/// The label with the composite resource's name, on the composite and on all its composed resources.
pub(crate) const LABEL_COMPOSITE: &str = "crossplane.io/composite";

/// The place of Crossplane's own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Under `spec.crossplane`.
    Modern,
    /// Directly in `spec`, for the scope `LegacyCluster`.
    Legacy,
}

impl Layout {
    pub(crate) fn of(scope: Scope) -> Self {
        if scope == Scope::LegacyCluster {
            Self::Legacy
        } else {
            Self::Modern
        }
    }

    fn path(self, field: &str) -> Vec<&str> {
        match self {
            Self::Modern => vec!["spec", "crossplane", field],
            Self::Legacy => vec!["spec", field],
        }
    }

    /// Returns one of Crossplane's own fields of an object with this layout.
    pub(crate) fn get<'a>(self, object: &'a Value, field: &str) -> Option<&'a Value> {
        object::at(object, &self.path(field))
    }
}

/// A composite resource during a reconcile.
#[derive(Clone, Debug)]
pub(crate) struct Xr {
    pub(crate) object: Value,
    pub(crate) layout: Layout,
}

impl Xr {
    /// Returns the name of the connection Secret of a composite resource with the legacy layout.
    pub(super) fn connection_secret(&self) -> Option<&str> {
        if self.layout != Layout::Legacy {
            return None;
        }
        let name = object::at(
            &self.object,
            &["spec", "writeConnectionSecretToRef", "name"],
        )?;
        name.as_str()
    }

    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.layout.get(&self.object, field)
    }

    pub(crate) fn set(&mut self, field: &str, value: Value) {
        object::set(&mut self.object, &self.layout.path(field), value);
    }

    /// Returns the name in `compositionRef` or `compositionRevisionRef`.
    pub(crate) fn reference(&self, field: &str) -> Option<String> {
        self.get(field)
            .map(|reference| object::text(reference, &["name"]).to_owned())
    }

    pub(crate) fn set_reference(&mut self, field: &str, name: &str) {
        self.set(field, json!({"name": name}));
    }

    /// Returns the labels of `compositionSelector` or `compositionRevisionSelector`.
    pub(crate) fn selector(&self, field: &str) -> Option<BTreeMap<String, String>> {
        let labels = self
            .get(field)?
            .get("matchLabels")
            .and_then(Value::as_object);
        Some(
            labels
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.clone(), text(value)))
                .collect(),
        )
    }

    pub(crate) fn update_policy(&self) -> Option<&str> {
        self.get("compositionUpdatePolicy").and_then(Value::as_str)
    }

    /// Returns an object with only the identity of this one, to apply parts of it.
    pub(crate) fn identity(&self) -> Value {
        let mut identity = json!({
            "apiVersion": object::api_version(&self.object),
            "kind": object::kind(&self.object),
            "metadata": {"name": object::name(&self.object)},
        });
        if !object::namespace(&self.object).is_empty() {
            object::set(
                &mut identity,
                &["metadata", "namespace"],
                json!(object::namespace(&self.object)),
            );
        }
        identity
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The fields of a reference to a composed resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceReference {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// Returns the references of an object with this layout to its composed resources. A namespaced object refers to its
/// own namespace.
pub(crate) fn resource_references(layout: Layout, object: &Value) -> Vec<ResourceReference> {
    let own = object::namespace(object);
    let references = layout.get(object, "resourceRefs").and_then(Value::as_array);
    let read = |reference: &Value| ResourceReference {
        api_version: object::api_version(reference).to_owned(),
        kind: object::kind(reference).to_owned(),
        namespace: if own.is_empty() {
            object::text(reference, &["namespace"])
        } else {
            own
        }
        .to_owned(),
        name: object::text(reference, &["name"]).to_owned(),
    };
    references.into_iter().flatten().map(read).collect()
}

/// Returns `resourceRefs` for these objects, sorted by the concatenation of apiVersion, kind and name, without a
/// separator. So `…v1beta1RouteTableAssociation…` precedes `…v1beta1RouteTablea…`.
pub(crate) fn references_to<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    namespaced: bool,
) -> Value {
    let mut keyed: Vec<(String, Value)> = objects
        .into_iter()
        .map(|object| reference_to(object, namespaced))
        .collect();
    keyed.sort_by(|(one, first), (other, second)| {
        one.cmp(other).then_with(|| {
            object::text(first, &["namespace"]).cmp(object::text(second, &["namespace"]))
        })
    });
    Value::Array(keyed.into_iter().map(|(_, reference)| reference).collect())
}

fn reference_to(object: &Value, namespaced: bool) -> (String, Value) {
    let (api_version, kind, name) = (
        object::api_version(object),
        object::kind(object),
        object::name(object),
    );
    let mut reference = json!({"apiVersion": api_version, "kind": kind, "name": name});
    if !namespaced && !object::namespace(object).is_empty() {
        reference["namespace"] = json!(object::namespace(object));
    }
    (format!("{api_version}{kind}{name}"), reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(api_version: &str, kind: &str, name: &str, namespace: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}})
    }

    // Source: the recorded order of dot-kubernetes' AWS resources under Crossplane 2.2.0.
    #[test]
    fn references_are_sorted_without_separators() {
        let ec2 = "ec2.aws.m.upbound.io/v1beta1";
        let objects = [
            composed(ec2, "Route", "a-team", "n"),
            composed(ec2, "RouteTable", "a-team", "n"),
            composed(ec2, "RouteTableAssociation", "a-team-1a", "n"),
            composed(ec2, "MainRouteTableAssociation", "a-team", "n"),
        ];
        let references = references_to(&objects, true);
        let kinds: Vec<&str> = references
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(object::kind)
            .collect();
        assert_eq!(
            kinds,
            [
                "MainRouteTableAssociation",
                "RouteTableAssociation",
                "RouteTable",
                "Route"
            ]
        );
        assert_eq!(
            references[0],
            json!({"apiVersion": ec2, "kind": "MainRouteTableAssociation", "name": "a-team"})
        );
    }

    #[test]
    fn a_cluster_scoped_composite_names_namespaces() {
        let objects = [
            composed("v1", "ConfigMap", "c", "b"),
            composed("v1", "ConfigMap", "c", "a"),
            composed("v1", "Namespace", "n", ""),
        ];
        assert_eq!(
            references_to(&objects, false),
            json!([
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": "a"},
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": "b"},
                {"apiVersion": "v1", "kind": "Namespace", "name": "n"},
            ])
        );
    }

    #[test]
    fn the_two_layouts() {
        let object = json!({"spec": {"compositionRef": {"name": "old"}, "crossplane": {"compositionRef": {"name": "new"}}}});
        let xr = |layout| Xr {
            object: object.clone(),
            layout,
        };
        assert_eq!(
            xr(Layout::Modern).reference("compositionRef").as_deref(),
            Some("new")
        );
        assert_eq!(
            xr(Layout::Legacy).reference("compositionRef").as_deref(),
            Some("old")
        );
        assert_eq!(xr(Layout::Modern).selector("compositionSelector"), None);
    }

    #[test]
    fn references_of_a_namespaced_composite_are_in_its_namespace() {
        let object = json!({
            "metadata": {"namespace": "n"},
            "spec": {"crossplane": {"resourceRefs": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": "other"}]}},
        });
        assert_eq!(
            resource_references(Layout::Modern, &object)[0].namespace,
            "n"
        );
    }
}
