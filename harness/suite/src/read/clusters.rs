//! `spec.clusters` of a suite.

use camino::Utf8Path;
use crosscut_yaml::{Kind, Node};
use globset::Glob;
use serde_json::Value;

use super::Reader;
use super::fields::{Fields, wrong_type};
use super::resources::{FIELDS, PATTERN_HELP, normalized, resources};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Chart, Clusters, KindCluster, KindConfiguration, KindCrossplane, KubeconfigCluster, Place,
};

/// Reads what the suite says of control planes; `folder` is the folder of its file.
pub(crate) fn clusters(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Option<Clusters> {
    let fields = Fields::of(reader, node, place, "clusters", &["kubeconfig", "kind"])?;
    let mut clusters = Clusters::default();
    if let Some(node) = fields.get("kubeconfig") {
        clusters.kubeconfig = kubeconfig(reader, node, fields.place())?;
    }
    if let Some(node) = fields.get("kind") {
        clusters.kind = kind(reader, node, fields.place(), folder)?;
    }
    Some(clusters)
}

fn kubeconfig(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<KubeconfigCluster> {
    let known = ["contexts", "standIns"];
    let fields = Fields::of(reader, node, place, "kubeconfig", &known)?;
    let contexts = fields.strings(reader, "contexts");
    for (item, pattern) in fields.list(reader, "contexts").iter().zip(&contexts) {
        if let Err(error) = Glob::new(pattern) {
            let message = format!("\"{pattern}\" is no pattern: {}", error.kind());
            let place = fields.place().with_span(item.span);
            let problem = Diagnostic::error("suite::pattern", message, place);
            reader.problem(problem.with_help(PATTERN_HELP));
        }
    }
    Some(KubeconfigCluster {
        contexts,
        stand_ins: fields.boolean(reader, "standIns").unwrap_or(false),
    })
}

fn kind(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Option<KindCluster> {
    let known = [
        "image",
        "config",
        "load",
        "crossplane",
        "packages",
        "standIns",
    ];
    let fields = Fields::of(reader, node, place, "kind", &known)?;
    let mut packages = Vec::new();
    for item in fields.list(reader, "packages") {
        if let Some(fields) = Fields::of(reader, item, fields.place(), "a package", &FIELDS) {
            packages.extend(resources(reader, &fields, folder));
        }
    }
    Some(KindCluster {
        image: fields.string(reader, "image"),
        config: configuration(reader, &fields, folder),
        load: fields.strings(reader, "load"),
        crossplane: crossplane(reader, &fields).unwrap_or(KindCrossplane::Core),
        packages,
        stand_ins: fields.boolean(reader, "standIns").unwrap_or(true),
    })
}

/// kind reads the file itself; it is read here so that a missing one is told before anything starts.
fn configuration(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    folder: &Utf8Path,
) -> Option<KindConfiguration> {
    let name = fields.string(reader, "config")?;
    let path = normalized(&folder.join(name));
    reader.used.insert(path.clone());
    match reader.files().read(&path) {
        Ok(text) => Some(KindConfiguration { path, text }),
        Err(error) => {
            let message = format!("{} cannot be read: {error}", reader.shown(&path));
            let place = fields.get("config").map_or(fields.place().clone(), |node| {
                fields.place().with_span(node.span)
            });
            let problem = Diagnostic::error("suite::missing_file", message, place);
            reader.problem(problem.with_help("give the path of a file with kind: Cluster"));
            None
        }
    }
}

/// `core`, `present`, or a mapping with a chart.
fn crossplane(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<KindCrossplane> {
    const WAYS: &str = "core, present or {chart: …}";
    let node = fields.get("crossplane")?;
    match &node.kind {
        Kind::Mapping(_) => chart(reader, node, fields.place()).map(KindCrossplane::Chart),
        Kind::String(word) => match word.as_str() {
            "core" => Some(KindCrossplane::Core),
            "present" => Some(KindCrossplane::Present),
            other => {
                let message = format!("\"{other}\" is no way in which Crossplane gets there");
                let place = fields.place().with_span(node.span);
                let problem = Diagnostic::error("suite::unknown_word", message, place);
                reader.problem(problem.with_help(format!("write {WAYS}")));
                None
            }
        },
        _ => {
            reader.problem(wrong_type(node, fields.place(), "crossplane", WAYS));
            None
        }
    }
}

fn chart(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Chart> {
    let known = ["chart", "repository", "version", "values"];
    let fields = Fields::of(reader, node, place, "crossplane", &known)?;
    Some(Chart {
        chart: fields.required_string(reader, "chart")?,
        repository: fields.string(reader, "repository"),
        version: fields.string(reader, "version"),
        values: fields.get("values").map_or(Value::Null, Node::to_value),
    })
}
