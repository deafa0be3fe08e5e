//! `kind: Provider`.

use camino::Utf8Path;
use crosscut_yaml::Node;
use globset::Glob;
use serde_json::{Value, json};

use super::fields::Fields;
use super::resources::{FIELDS, PATTERN_HELP, in_folder, resources};
use super::{Reader, header};
use crate::diagnostic::Diagnostic;
use crate::model::{ConnectionSecret, ExternalName, ManagedRule, Place, Provider, Resource};

/// Reads a provider document; `folder` is the folder of its file.
pub(crate) fn provider(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Option<Provider> {
    let header = header(reader, node, place, "Provider")?;
    let mut provider = Provider {
        name: header.name,
        ..Provider::by_default(header.place.clone())
    };
    let Some(spec) = header.spec else {
        return Some(provider);
    };
    let known = [
        "description",
        "values",
        "crds",
        "target",
        "install",
        "standIns",
    ];
    let spec = Fields::of(reader, spec, &header.place, "the provider's spec", &known)?;
    spec.string(reader, "description");
    provider.values = spec.get("values").map_or_else(|| json!({}), Node::to_value);
    provider.crds = crds(reader, &spec, folder);
    if let Some(target) = spec.get("target") {
        let target = Fields::of(reader, target, spec.place(), "target", &["crds"])?;
        provider.target_crds = crds(reader, &target, folder);
    }
    for item in spec.list(reader, "install") {
        if let Some(fields) = Fields::of(reader, item, spec.place(), "an install", &FIELDS) {
            provider.install.extend(resources(reader, &fields, folder));
        }
    }
    if let Some(stand_ins) = spec.get("standIns") {
        let stand_ins = Fields::of(reader, stand_ins, spec.place(), "standIns", &["managed"])?;
        for item in stand_ins.list(reader, "managed") {
            provider
                .managed
                .extend(rule(reader, item, stand_ins.place()));
        }
    }
    Some(provider)
}

/// The CRDs in the folders and files that `crds` names.
fn crds(reader: &mut Reader<'_>, fields: &Fields<'_>, folder: &Utf8Path) -> Vec<Resource> {
    let mut found: Vec<Resource> = Vec::new();
    for item in fields.list(reader, "crds") {
        let resources = in_folder(reader, item, fields.place(), folder);
        if resources.is_empty() && reader.problems.is_empty() {
            warn_of_no_crd(reader, item, fields.place());
        }
        for resource in resources {
            let kind = resource
                .node
                .get("kind")
                .and_then(Node::as_str)
                .unwrap_or("nothing");
            if kind == "CustomResourceDefinition" {
                warn_of_another(reader, &resource, &found);
                found.push(resource);
            } else {
                let message = format!("crds must hold CustomResourceDefinitions only, not {kind}");
                let problem = Diagnostic::error("suite::not_a_crd", message, resource.place)
                    .with_help("other objects belong to install");
                reader.problem(problem);
            }
        }
    }
    found
}

fn warn_of_no_crd(reader: &mut Reader<'_>, item: &Node, place: &Place) {
    let message = format!("{} holds no CRD", item.as_str().unwrap_or_default());
    let warning = Diagnostic::warning("lint::no_crd", message, place.with_span(item.span));
    reader.warnings.push(
        warning.with_help("files of CRDs end with .yaml or .yml: write one, or leave the path out"),
    );
}

/// Warns of a CRD that has the name of one before it, which it is merged into.
fn warn_of_another(reader: &mut Reader<'_>, crd: &Resource, others: &[Resource]) {
    let Some(name) = name_of(crd) else { return };
    let Some(other) = others.iter().find(|other| name_of(other) == Some(name)) else {
        return;
    };
    let line = other.place.position().line;
    let message = format!("the CRD {name} is there twice");
    let help = format!(
        "the other is in {}:{line}: keep one of them",
        other.place.source.shown
    );
    let warning = Diagnostic::warning("lint::duplicate_crd", message, crd.place.clone());
    reader.warnings.push(warning.with_help(help));
}

fn name_of(crd: &Resource) -> Option<&str> {
    crd.node.get("metadata")?.get("name")?.as_str()
}

fn rule(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<ManagedRule> {
    let known = [
        "match",
        "ready",
        "externalName",
        "status",
        "connectionSecret",
    ];
    let fields = Fields::of(reader, node, place, "a rule for managed resources", &known)?;
    let (group, kind) = patterns(reader, &fields);
    let names = [
        ("name", ExternalName::Name),
        ("provider", ExternalName::Provider),
    ];
    Some(ManagedRule {
        group,
        kind,
        ready: fields.boolean(reader, "ready").unwrap_or(true),
        external_name: fields
            .word(reader, "externalName", &names)
            .unwrap_or(ExternalName::Name),
        status: fields.get("status").map_or(Value::Null, Node::to_value),
        connection_secret: connection_secret(reader, &fields),
    })
}

/// The glob patterns of a rule; everything where it has none.
fn patterns(reader: &mut Reader<'_>, fields: &Fields<'_>) -> (String, String) {
    let everything = || "*".to_owned();
    let Some(node) = fields.get("match") else {
        return (everything(), everything());
    };
    let Some(fields) = Fields::of(reader, node, fields.place(), "match", &["group", "kind"]) else {
        return (everything(), everything());
    };
    let mut pattern = |field| {
        let text = fields.string(reader, field).unwrap_or_else(everything);
        if let Err(error) = Glob::new(&text) {
            let message = format!("\"{text}\" is no pattern: {}", error.kind());
            let problem = Diagnostic::error("suite::pattern", message, fields.place().clone());
            reader.problem(problem.with_help(PATTERN_HELP));
        }
        text
    };
    (pattern("group"), pattern("kind"))
}

fn connection_secret(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<ConnectionSecret> {
    let node = fields.get("connectionSecret")?;
    let fields = Fields::of(
        reader,
        node,
        fields.place(),
        "connectionSecret",
        &["kubeconfig"],
    )?;
    fields.word(
        reader,
        "kubeconfig",
        &[("target", ConnectionSecret::TargetKubeconfig)],
    )
}
