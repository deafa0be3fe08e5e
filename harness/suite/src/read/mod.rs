//! Readers: nodes into the types of [`crate::model`], collecting every mistake on the way.
//!
//! Written by hand instead of derived: a message must say what was expected, where, and which name
//! was probably meant.

mod action;
mod bindings;
mod clusters;
mod count;
mod expectation;
mod fields;
mod foreign;
mod header;
mod programs;
mod provider;
mod readiness;
mod resources;
mod scenario;
mod suite;
mod table;
mod traffic;
mod written;

pub use fields::parse_duration;
pub(crate) use header::header;
pub(crate) use provider::provider;
pub(crate) use resources::{PATTERN_HELP, normalized};
pub(crate) use scenario::scenario;
pub(crate) use suite::{Folder, RawSuite, suite};

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_yaml::{Limits, Node, Span, SyntaxError, parse_documents};

use crate::diagnostic::{Diagnostic, whole};
use crate::files::Files;
use crate::model::{Place, Source};
use crate::relative::relative;

/// What reading shares: the files, the suite's folder, and what was found to be wrong.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    folder: Utf8PathBuf,
    /// The folder from which users see the files.
    here: Utf8PathBuf,
    /// Files that were read or that documents name, so that the others can be pointed out.
    pub(crate) used: BTreeSet<Utf8PathBuf>,
    /// True if the suite's documents to write are templates unless they say otherwise.
    pub(crate) template: bool,
    /// The folders that were searched for scenarios and providers.
    pub(crate) searched: Vec<Utf8PathBuf>,
    /// Every mistake so far.
    pub(crate) problems: Vec<Diagnostic>,
    /// What is suspicious so far.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Files that could not be read or parsed, which was reported.
    broken: BTreeSet<Utf8PathBuf>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, folder: &Utf8Path, here: &Utf8Path) -> Reader<'a> {
        Reader {
            files,
            folder: folder.to_owned(),
            here: normalized(here),
            used: BTreeSet::new(),
            template: true,
            searched: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
            broken: BTreeSet::new(),
        }
    }

    pub(crate) fn files(&self) -> &'a dyn Files {
        self.files
    }

    pub(crate) fn problem(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// The documents of a file with their places. What cannot be read or parsed is reported.
    pub(crate) fn documents(&mut self, file: &Utf8Path) -> Vec<(Node, Place)> {
        self.used.insert(file.to_owned());
        let text = match self.files.read(file) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("{} cannot be read: {error}", self.shown(file));
                let problem = Diagnostic::nowhere("suite::unreadable", message);
                self.problem(problem.with_help(readable(&error)));
                self.broken.insert(file.to_owned());
                return Vec::new();
            }
        };
        let source = self.source(file, text);
        match parse_documents(&source.text, &Limits::default()) {
            Ok(documents) => {
                self.warn_of_empty(&documents.nodes, &documents.empty, &source);
                let placed = documents.nodes.into_iter().map(|node| {
                    let place = whole(&source).with_span(node.span);
                    (node, place)
                });
                placed.collect()
            }
            Err(errors) => {
                self.broken.insert(file.to_owned());
                self.problems
                    .extend(errors.into_iter().map(|error| syntax(error, &source)));
                Vec::new()
            }
        }
    }

    /// Warns of a file in which there is nothing, and of documents that are commented out.
    fn warn_of_empty(&mut self, nodes: &[Node], empty: &[Span], source: &Arc<Source>) {
        let beginning = whole(source);
        if nodes.is_empty() {
            let message = format!("{} holds no document", source.shown);
            let warning = Diagnostic::warning("lint::empty_file", message, beginning);
            self.warnings
                .push(warning.with_help("write a document into it, or remove the file"));
        } else if let Some(first) = empty.first() {
            let message = match empty.len() {
                1 => "this document is empty".to_owned(),
                count => format!(
                    "this document is empty, as are {} more of the file",
                    count - 1
                ),
            };
            let place = beginning.with_span(*first);
            let warning = Diagnostic::warning("lint::empty_document", message, place);
            self.warnings
                .push(warning.with_help("write what it should hold, or remove it with its ---"));
        }
    }

    /// The beginning of a file that can be read.
    pub(crate) fn beginning(&self, file: &Utf8Path) -> Place {
        let text = self.files.read(file).unwrap_or_default();
        whole(&self.source(file, text))
    }

    fn source(&self, file: &Utf8Path, text: String) -> Arc<Source> {
        let name = file.strip_prefix(&self.folder).unwrap_or(file).to_string();
        let shown = self.shown(file);
        Arc::new(Source { name, shown, text })
    }

    /// Returns true if what is wrong with a file as a whole was reported already.
    pub(crate) fn is_broken(&self, file: &Utf8Path) -> bool {
        self.broken.contains(file)
    }

    /// Returns the path as users see it: relative to the folder in which crosscut was started.
    pub(crate) fn shown(&self, file: &Utf8Path) -> String {
        match relative(&normalized(file), &self.here) {
            path if path.as_str().is_empty() => ".".to_owned(),
            path => path.into_string(),
        }
    }

    /// Returns whether a folder is the suite's.
    pub(crate) fn is_suite(&self, folder: &Utf8Path) -> bool {
        normalized(folder) == normalized(&self.folder)
    }
}

/// Returns what makes a file readable that is not.
fn readable(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidData => "documents are text in UTF-8: save it as such, or leave it out",
        ErrorKind::PermissionDenied => "give yourself the permission to read it",
        ErrorKind::FileTooLarge => "documents have at most 16 MiB: split it",
        _ => "documents are regular files that can be read",
    }
}

fn syntax(error: SyntaxError, source: &Arc<Source>) -> Diagnostic {
    let place = whole(source).with_span(error.span);
    Diagnostic::error(error.code, error.message, place)
        .with_help("documents are YAML as Kubernetes reads it")
        .with_optional_help(error.help)
}
