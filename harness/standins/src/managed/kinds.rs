//! The kinds of managed resources, and the fields that refer to other kinds, as CRDs define them.
//!
//! Providers say it in their CRDs' descriptions: `Selector for a Role in iam to populate roleArn.`

use std::collections::BTreeMap;

use crosscut_objects::object;
use serde_json::Value;

/// The greatest depth of schemas.
const DEEPEST: usize = 32;

/// All that definitions have told.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    /// The served version of each kind, by group and kind.
    versions: BTreeMap<(String, String), String>,
    /// The references of each kind, by group and kind.
    references: BTreeMap<(String, String), Vec<Reference>>,
}

/// A field that is filled in from other resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reference {
    /// The field.
    pub(super) target: String,
    /// The kind that it is about, and the first word of its group.
    kind: String,
    group: String,
    /// True if it takes several.
    pub(super) many: bool,
    /// The field that names what is referred to; `…Ref` or `…Refs`.
    pub(super) by_name: String,
    /// The field that selects it.
    pub(super) by_labels: String,
}

impl Kinds {
    /// Takes up a definition whose objects have `spec.forProvider`.
    pub(super) fn learn(&mut self, definition: &Value) {
        let versions = definition["spec"]["versions"]
            .as_array()
            .into_iter()
            .flatten();
        let Some(version) = versions
            .into_iter()
            .find(|version| version["served"] == true)
        else {
            return;
        };
        let path = "/schema/openAPIV3Schema/properties/spec/properties/forProvider";
        let Some(parameters) = version.pointer(path) else {
            return;
        };
        let group = object::text(definition, &["spec", "group"]).to_owned();
        let kind = object::text(definition, &["spec", "names", "kind"]).to_owned();
        let mut references = Vec::new();
        collect(parameters, 0, &mut references);
        let api_version = format!("{group}/{}", object::text(version, &["name"]));
        self.versions
            .insert((group.clone(), kind.clone()), api_version);
        self.references.insert((group, kind), references);
    }

    /// The references of a resource's kind.
    pub(super) fn references(&self, managed: &Value) -> &[Reference] {
        let group = object::group_of(object::api_version(managed)).to_owned();
        let key = (group, object::kind(managed).to_owned());
        self.references
            .get(&key)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The version and kind that a reference means, where it is installed.
    pub(super) fn meant(&self, reference: &Reference, managed: &Value) -> Option<(&str, &str)> {
        let own = object::group_of(object::api_version(managed));
        let provider = own.split_once('.').map_or(own, |(_, provider)| provider);
        let fits = |(group, kind): &(String, String)| {
            let first = group.split('.').next().unwrap_or_default();
            *kind == reference.kind
                && first == reference.group
                && (group.ends_with(provider) || own.ends_with(group.as_str()))
        };
        let found = self.versions.iter().find(|(key, _)| fits(key));
        found.map(|((_, kind), api_version)| (api_version.as_str(), kind.as_str()))
    }
}

/// Every reference that a schema describes.
fn collect(schema: &Value, depth: usize, references: &mut Vec<Reference>) {
    if depth > DEEPEST {
        return;
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        match property["description"].as_str().and_then(said) {
            Some(said) => add(references, said, name),
            None => collect(property, depth + 1, references),
        }
    }
    if schema["items"].is_object() {
        collect(&schema["items"], depth + 1, references);
    }
}

fn add(references: &mut Vec<Reference>, said: Reference, property: &str) {
    let known = references.iter_mut().find(|one| one.target == said.target);
    let reference = match known {
        Some(known) => known,
        None => {
            references.push(said.clone());
            let last = references.len() - 1;
            &mut references[last]
        }
    };
    reference.many |= said.many;
    if property.ends_with("Selector") {
        reference.by_labels = property.to_owned();
    } else {
        reference.by_name = property.to_owned();
    }
}

/// Reads `Reference to a VPC in ec2 to populate vpcId.` and its like.
fn said(description: &str) -> Option<Reference> {
    let starts = [
        ("Reference to a ", false),
        ("Reference to an ", false),
        ("References to ", true),
        ("Selector for a list of ", true),
        ("Selector for a ", false),
        ("Selector for an ", false),
    ];
    let (rest, many) = starts
        .iter()
        .find_map(|(start, many)| Some((description.strip_prefix(start)?, *many)))?;
    let (kind, rest) = rest.split_once(" in ")?;
    let (group, target) = rest.split_once(" to populate ")?;
    Some(Reference {
        target: target.trim_end_matches('.').to_owned(),
        kind: kind.to_owned(),
        group: group.to_owned(),
        many,
        ..Reference::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Kinds;

    fn definition(group: &str, kind: &str, parameters: &Value) -> Value {
        json!({ "spec": {
            "group": group, "names": { "kind": kind },
            "versions": [{ "name": "v1beta1", "served": true, "schema": { "openAPIV3Schema": { "properties": {
                "spec": { "properties": { "forProvider": { "properties": parameters } } },
            } } } }],
        } })
    }

    /// Source: the CRDs of provider-upjet-aws 2.
    #[test]
    fn descriptions_say_what_is_meant() {
        let mut kinds = Kinds::default();
        let nested = json!({ "vpcConfig": { "properties": {
            "subnetIds": {}, "subnetIdRefs": { "description": "References to Subnet in ec2 to populate subnetIds." },
            "subnetIdSelector": { "description": "Selector for a list of Subnet in ec2 to populate subnetIds." },
        } } });
        kinds.learn(&definition("eks.aws.m.upbound.io", "Cluster", &nested));
        kinds.learn(&definition("ec2.aws.m.upbound.io", "Subnet", &json!({})));
        kinds.learn(&definition("ec2.other.m.upbound.io", "Subnet", &json!({})));
        let managed = json!({ "apiVersion": "eks.aws.m.upbound.io/v1beta1", "kind": "Cluster" });
        let references = kinds.references(&managed);
        assert_eq!(references.len(), 1);
        let one = &references[0];
        assert_eq!((one.target.as_str(), one.many), ("subnetIds", true));
        assert_eq!(
            (one.by_name.as_str(), one.by_labels.as_str()),
            ("subnetIdRefs", "subnetIdSelector")
        );
        assert_eq!(
            kinds.meant(one, &managed),
            Some(("ec2.aws.m.upbound.io/v1beta1", "Subnet"))
        );
    }

    #[test]
    fn a_group_may_be_the_providers_own() {
        let mut kinds = Kinds::default();
        let parameters = json!({ "resourceGroupNameRef": { "description": "Reference to a ResourceGroup in azure to populate resourceGroupName." } });
        kinds.learn(&definition(
            "containerservice.azure.m.upbound.io",
            "KubernetesCluster",
            &parameters,
        ));
        kinds.learn(&definition(
            "azure.m.upbound.io",
            "ResourceGroup",
            &json!({}),
        ));
        let managed = json!({ "apiVersion": "containerservice.azure.m.upbound.io/v1beta1", "kind": "KubernetesCluster" });
        let one = &kinds.references(&managed)[0];
        assert_eq!(
            kinds.meant(one, &managed),
            Some(("azure.m.upbound.io/v1beta1", "ResourceGroup"))
        );
    }
}
