//! What an assertion is about.

use std::collections::BTreeMap;

use crosscut_expr::Scope;
use crosscut_yaml::Node;

use crate::problem::Problem;
use crate::template::template;

/// The objects to hold against an assertion: one by its name, or all that the labels select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The apiVersion.
    pub api_version: Option<String>,
    /// The kind.
    pub kind: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The labels that select objects, where there is no name.
    pub labels: BTreeMap<String, String>,
}

/// Reads the fields that identify objects. What is no text, or no template of one, is left to the check.
pub(crate) fn subject(document: &Node, scope: &Scope) -> Result<Subject, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut text = |node: Option<&Node>| -> Option<String> {
        let node = node?;
        node.as_str()?;
        match template(node, scope) {
            Ok(value) => value.as_str().map(str::to_owned),
            Err(found) => {
                problems.extend(found);
                None
            }
        }
    };
    let metadata = document.get("metadata");
    let labels = metadata
        .and_then(|metadata| metadata.get("labels"))
        .and_then(Node::entries)
        .unwrap_or_default();
    let special = |key: &str| key.starts_with(['(', '~', '\\']) || key.contains("->");
    let subject = Subject {
        api_version: text(document.get("apiVersion")),
        kind: text(document.get("kind")),
        name: text(metadata.and_then(|metadata| metadata.get("name"))),
        namespace: text(metadata.and_then(|metadata| metadata.get("namespace"))),
        labels: labels
            .iter()
            .filter(|entry| !special(&entry.key.text))
            .filter_map(|entry| Some((entry.key.text.clone(), text(Some(&entry.value))?)))
            .collect(),
    };
    if problems.is_empty() {
        Ok(subject)
    } else {
        Err(problems)
    }
}
