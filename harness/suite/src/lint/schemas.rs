//! The schemas of kinds, as CRDs and composite resource definitions of a suite say them.

use std::collections::BTreeSet;

use crosscut_expr::Scope;
use crosscut_yaml::{Kind, Node};

use crate::model::{ActionKind, Expectation, Provider, Resource, Side, Suite};

/// Fields of `spec` and `status` that Crossplane 2.2 adds to composite resources, whatever their definition says.
const OF_COMPOSITES: [&str; 17] = [
    "claimConditionTypes",
    "claimRef",
    "compositeDeletePolicy",
    "compositionRef",
    "compositionRevisionRef",
    "compositionRevisionSelector",
    "compositionSelector",
    "compositionUpdatePolicy",
    "conditions",
    "connectionDetails",
    "crossplane",
    "environmentConfigRefs",
    "publishConnectionDetailsTo",
    "resourceRef",
    "resourceRefs",
    "writeConnectionSecretToRef",
    "lastReconciledAt",
];

/// A schema of a kind, or of a part of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Schema<'s> {
    /// Any field may be there.
    Open,
    /// What the schema says.
    Node(&'s Node),
    /// The same, of the `spec` or `status` of a composite resource.
    OfComposite(&'s Node),
    /// The same, of a composite resource as a whole.
    Composite(&'s Node),
}

impl<'s> Schema<'s> {
    /// Returns the schema of a field; nothing if no object can have it.
    pub(super) fn field(self, name: &str) -> Option<Schema<'s>> {
        let node = match self {
            Schema::Open => return Some(Schema::Open),
            Schema::OfComposite(_) if OF_COMPOSITES.contains(&name) => return Some(Schema::Open),
            Schema::Node(node) | Schema::OfComposite(node) | Schema::Composite(node) => node,
        };
        let is_part = matches!(self, Schema::Composite(_)) && matches!(name, "spec" | "status");
        let property = node.get("properties").and_then(|known| known.get(name));
        match (property, is_part) {
            (Some(property), true) => Some(Schema::OfComposite(property)),
            (Some(property), false) => Some(Schema::Node(property)),
            // Crossplane adds both.
            (None, true) => Some(Schema::Open),
            (None, false) => open_or_additional(node),
        }
    }

    /// Returns the schema of the elements of a list, or of the values of a mapping.
    pub(super) fn element(self) -> Schema<'s> {
        let node = match self {
            Schema::Open => return Schema::Open,
            Schema::Node(node) | Schema::OfComposite(node) | Schema::Composite(node) => node,
        };
        if is_set(node, "x-kubernetes-preserve-unknown-fields") {
            return Schema::Open;
        }
        match node
            .get("items")
            .or_else(|| node.get("additionalProperties"))
        {
            Some(items) if items.entries().is_some() => Schema::Node(items),
            _ => Schema::Open,
        }
    }

    /// Returns whether values are mappings with known fields, as far as the schema says.
    pub(super) fn has_fields(self) -> bool {
        match self {
            Schema::Open => false,
            Schema::Node(node) | Schema::OfComposite(node) | Schema::Composite(node) => {
                node.get("type").and_then(Node::as_str) == Some("object")
            }
        }
    }

    /// Returns the names of the fields that it lists.
    pub(super) fn names(self) -> Vec<&'s str> {
        let (Schema::Node(node) | Schema::OfComposite(node) | Schema::Composite(node)) = self
        else {
            return Vec::new();
        };
        let properties = node.get("properties").and_then(Node::entries);
        let names = properties.unwrap_or_default().iter();
        names.map(|entry| entry.key.text.as_str()).collect()
    }
}

fn is_set(node: &Node, field: &str) -> bool {
    matches!(
        node.get(field).map(|node| &node.kind),
        Some(Kind::Bool(true))
    )
}

fn open_or_additional(node: &Node) -> Option<Schema<'_>> {
    let opens = [
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "additionalProperties",
    ];
    if opens.into_iter().any(|field| is_set(node, field)) || node.get("$ref").is_some() {
        return Some(Schema::Open);
    }
    let additional = node.get("additionalProperties")?;
    additional.entries().map(|_| Schema::Node(additional))
}

/// The definitions that a side's cluster has before any scenario.
pub(super) struct Definitions<'s> {
    /// With the provider that brings it; the suite's have none.
    found: Vec<(Option<&'s str>, &'s Node)>,
    /// Names of CRDs that a scenario writes or expects: what they define is known at run time alone.
    later: BTreeSet<String>,
}

impl<'s> Definitions<'s> {
    pub(super) fn of(suite: &'s Suite, side: Side) -> Definitions<'s> {
        let mut found: Vec<(Option<&str>, &Node)> = Vec::new();
        for provider in &suite.providers {
            let name = Some(provider.name.as_str());
            let documents = of_provider(provider, side).map(|document| (name, &document.node));
            found.extend(documents);
        }
        if side == Side::Control {
            found.extend(suite.install.iter().map(|document| (None, &document.node)));
        }
        found.retain(|(_, node)| is_definition(node));
        Definitions {
            found,
            later: later(suite, side),
        }
    }

    /// Returns the schemas of a kind for scenarios on these providers.
    pub(super) fn schemas(
        &self,
        api_version: &str,
        kind: &str,
        is_meant: &dyn Fn(&str) -> bool,
    ) -> Vec<Schema<'s>> {
        let Some((group, version)) = api_version.split_once('/') else {
            return Vec::new();
        };
        let meant = self
            .found
            .iter()
            .filter(|(provider, _)| provider.is_none_or(is_meant));
        let mut schemas = Vec::new();
        for (_, definition) in meant {
            let Some(spec) = definition.get("spec") else {
                continue;
            };
            if text(spec, "group") != Some(group) || !names_kind(spec, kind) {
                continue;
            }
            let name = definition.get("metadata").and_then(|one| text(one, "name"));
            if name.is_none_or(|name| self.later.contains(name)) {
                return Vec::new();
            }
            schemas.extend(of_version(definition, spec, version));
        }
        schemas
    }
}

fn of_provider(provider: &Provider, side: Side) -> Box<dyn Iterator<Item = &Resource> + '_> {
    match side {
        Side::Control => Box::new(provider.crds.iter().chain(&provider.install)),
        Side::Target => Box::new(provider.target_crds.iter()),
    }
}

fn text<'n>(node: &'n Node, field: &str) -> Option<&'n str> {
    node.get(field).and_then(Node::as_str)
}

fn is_definition(node: &Node) -> bool {
    matches!(
        text(node, "kind"),
        Some("CustomResourceDefinition" | "CompositeResourceDefinition")
    )
}

/// Claims are left out: their fields are neither the definition's nor the composite's alone.
fn names_kind(spec: &Node, kind: &str) -> bool {
    spec.get("names").and_then(|names| text(names, "kind")) == Some(kind)
}

fn of_version<'s>(definition: &'s Node, spec: &'s Node, version: &str) -> Option<Schema<'s>> {
    let keeps_all = is_set(spec, "preserveUnknownFields");
    let versions = spec.get("versions")?.items()?;
    let version = versions
        .iter()
        .find(|one| text(one, "name") == Some(version))?;
    let schema = version
        .get("schema")
        .and_then(|schema| schema.get("openAPIV3Schema"));
    Some(match schema {
        Some(_) if keeps_all => Schema::Open,
        Some(schema) if text(definition, "kind") == Some("CompositeResourceDefinition") => {
            Schema::Composite(schema)
        }
        Some(schema) => Schema::Node(schema),
        None => Schema::Open,
    })
}

fn later(suite: &Suite, side: Side) -> BTreeSet<String> {
    let steps = suite.scenarios.iter().flat_map(|scenario| &scenario.steps);
    let actions = steps.flat_map(|step| &step.actions);
    let mut names = BTreeSet::new();
    for action in actions.filter(|action| action.side == side) {
        match &action.kind {
            ActionKind::Apply(write) | ActionKind::Patch(write) => {
                let nodes = write.resources.iter().map(|resource| &resource.node);
                let definitions = nodes.filter(|node| is_definition(node));
                names.extend(definitions.filter_map(name_of));
            }
            ActionKind::Expect(expectations) => {
                names.extend(expectations.iter().filter_map(expected))
            }
            _ => {}
        }
    }
    names
}

fn name_of(node: &Node) -> Option<String> {
    text(node.get("metadata")?, "name").map(str::to_owned)
}

/// Returns the name of a CRD that an expectation is about.
fn expected(expectation: &Expectation) -> Option<String> {
    let subject = expectation.assertion.subject(&Scope::new()).ok()?;
    (subject.kind.as_deref() == Some("CustomResourceDefinition"))
        .then(|| subject.name.map(|name| name.to_string()))
        .flatten()
}
