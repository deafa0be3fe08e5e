//! Documents that actions and installs name: inline, or in files.

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_yaml::Node;
use globset::GlobBuilder;

use super::Reader;
use super::fields::{Fields, string, wrong_type};
use crate::diagnostic::Diagnostic;
use crate::model::{Place, Resource};
use crate::nearest::suggestion;

/// The fields that name documents.
pub(crate) const FIELDS: [&str; 3] = ["file", "resource", "resources"];

/// What a glob pattern may hold.
pub(crate) const PATTERN_HELP: &str = "a pattern has *, **, ?, [ab] and {a,b}; put [ before a sign that is meant as such, and ] after it";

/// The documents that `fields` names by `file`, `resource` or `resources`: exactly one of them.
pub(crate) fn resources(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    folder: &Utf8Path,
) -> Vec<Resource> {
    let given: Vec<&str> = FIELDS
        .into_iter()
        .filter(|field| fields.get(field).is_some())
        .collect();
    if given.len() != 1 {
        let message = if given.is_empty() {
            "there is no file, resource or resources here".to_owned()
        } else {
            format!("{} stand here together", given.join(" and "))
        };
        let problem = Diagnostic::error("suite::documents", message, fields.place().clone())
            .with_help("give exactly one of file, resource and resources");
        reader.problem(problem);
        return Vec::new();
    }
    let place = fields.place().clone();
    if let Some(node) = fields.get("file") {
        return in_files(reader, node, &place, folder);
    }
    let nodes: Vec<&Node> = match fields.get("resource") {
        Some(node) => vec![node],
        None => fields
            .some(reader, "resources", "document")
            .iter()
            .collect(),
    };
    nodes
        .into_iter()
        .filter_map(|node| inline(reader, node, &place))
        .collect()
}

fn inline(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Resource> {
    if node.entries().is_none() {
        reader.problem(wrong_type(node, place, "a resource", "a mapping"));
        return None;
    }
    Some(Resource {
        node: node.clone(),
        place: place.with_span(node.span),
        template: true,
    })
}

/// The documents of the files that a path or glob pattern names, relative to `folder`.
pub(crate) fn in_files(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Vec<Resource> {
    let Some(pattern) = string(reader, node, place, "file") else {
        return Vec::new();
    };
    let place = place.with_span(node.span);
    let files = matching(reader, &pattern, &place, folder);
    let mut resources = Vec::new();
    for file in &files {
        for (node, place) in reader.documents(file) {
            resources.extend(expand(reader, node, place));
        }
    }
    let is_readable = files.iter().all(|file| !reader.is_broken(file));
    if resources.is_empty() && !files.is_empty() && is_readable {
        let message = match files.len() {
            1 => format!("the file {pattern} holds no document"),
            count => format!("the {count} files that match {pattern} hold no document"),
        };
        let problem = Diagnostic::error("suite::empty", message, place);
        reader.problem(problem.with_help("write a document into it, or name another file"));
    }
    resources
}

/// Every YAML file in a folder, or one file.
pub(crate) fn in_folder(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Vec<Resource> {
    let Some(path) = string(reader, node, place, "a path") else {
        return Vec::new();
    };
    let Ok(files) = reader.files().list(&normalized(&folder.join(&path))) else {
        reader.problem(missing(reader, &path, &place.with_span(node.span), folder));
        return Vec::new();
    };
    let mut resources = Vec::new();
    for file in files.into_iter().filter(|file| is_yaml(file)) {
        for (node, place) in reader.documents(&file) {
            resources.extend(expand(reader, node, place));
        }
    }
    resources
}

/// A document that is a `List` stands for its items.
fn expand(reader: &mut Reader<'_>, node: Node, place: Place) -> Vec<Resource> {
    let is_list = node.get("kind").and_then(Node::as_str) == Some("List");
    match node.get("items").and_then(Node::items) {
        Some(items) if is_list => items
            .iter()
            .map(|item| Resource {
                node: item.clone(),
                place: place.with_span(item.span),
                template: true,
            })
            .collect(),
        _ => inline(reader, &node, &place).into_iter().collect(),
    }
}

fn matching(
    reader: &mut Reader<'_>,
    pattern: &str,
    place: &Place,
    folder: &Utf8Path,
) -> Vec<Utf8PathBuf> {
    if !pattern.contains(['*', '?', '[', '{']) {
        let file = normalized(&folder.join(pattern));
        if reader.files().is_file(&file) {
            return vec![file];
        }
        reader.problem(missing(reader, pattern, place, folder));
        return Vec::new();
    }
    let full = normalized(&folder.join(pattern));
    let glob = match GlobBuilder::new(full.as_str())
        .literal_separator(true)
        .build()
    {
        Ok(glob) => glob.compile_matcher(),
        Err(error) => {
            let message = format!("\"{pattern}\" is no pattern: {}", error.kind());
            let problem = Diagnostic::error("suite::pattern", message, place.clone());
            reader.problem(problem.with_help(PATTERN_HELP));
            return Vec::new();
        }
    };
    // The folder that the pattern begins with: it may lead out of the document's own.
    let fixed = pattern
        .split('/')
        .take_while(|part| !part.contains(['*', '?', '[', '{']));
    let base = fixed.fold(folder.to_owned(), |base, part| base.join(part));
    let files = reader.files().list(&normalized(&base)).unwrap_or_default();
    let found: Vec<Utf8PathBuf> = files
        .into_iter()
        .filter(|file| glob.is_match(file))
        .collect();
    if found.is_empty() {
        let message = format!("no file matches {pattern}");
        let problem = Diagnostic::error("suite::missing_file", message, place.clone()).with_help(
            format!("patterns are relative to {}", shown_folder(reader, folder)),
        );
        reader.problem(problem);
    }
    found
}

pub(super) fn missing(
    reader: &Reader<'_>,
    path: &str,
    place: &Place,
    folder: &Utf8Path,
) -> Diagnostic {
    let names: Vec<String> = reader
        .files()
        .list(folder)
        .unwrap_or_default()
        .iter()
        .filter_map(|file| Some(file.strip_prefix(folder).ok()?.to_string()))
        .collect();
    let message = format!(
        "there is no file {path} in {}",
        shown_folder(reader, folder)
    );
    Diagnostic::error("suite::missing_file", message, place.clone())
        .with_help(suggestion(path, names.iter().take(40).map(String::as_str)))
}

fn shown_folder(reader: &Reader<'_>, folder: &Utf8Path) -> String {
    match reader.is_suite(folder) {
        true => "the suite's folder".to_owned(),
        false => reader.shown(folder),
    }
}

pub(crate) fn is_yaml(file: &Utf8Path) -> bool {
    matches!(file.extension(), Some("yaml" | "yml"))
}

/// The path without `.` and `..`, so that paths of the same file are equal.
pub(crate) fn normalized(path: &Utf8Path) -> Utf8PathBuf {
    let mut result = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir => {
                if !result.pop() {
                    result.push("..");
                }
            }
            other => result.push(other),
        }
    }
    result
}
