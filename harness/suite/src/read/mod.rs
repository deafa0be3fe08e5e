//! Readers: nodes into the types of [`crate::model`], collecting every mistake on the way.
//!
//! Written by hand instead of derived: a message must say what was expected, where, and which name
//! was probably meant.

mod action;
mod clusters;
mod count;
mod fields;
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

pub(crate) use header::header;
pub(crate) use provider::provider;
pub(crate) use resources::{PATTERN_HELP, is_yaml, normalized};
pub(crate) use scenario::scenario;
pub(crate) use suite::{Folder, RawSuite, suite};

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_yaml::{Limits, Node, SyntaxError, parse};

use crate::diagnostic::{Diagnostic, whole};
use crate::files::Files;
use crate::model::{Place, Source};

/// What reading shares: the files, the suite's folder, and what was found to be wrong.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    folder: Utf8PathBuf,
    /// Data files that documents named, so that the others can be pointed out.
    pub(crate) used: BTreeSet<Utf8PathBuf>,
    /// Whether the suite's documents to write are templates unless they say otherwise.
    pub(crate) template: bool,
    /// Every mistake so far.
    pub(crate) problems: Vec<Diagnostic>,
    /// What is suspicious so far.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Files that could not be read or parsed, which was reported.
    broken: BTreeSet<Utf8PathBuf>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, folder: &Utf8Path) -> Reader<'a> {
        Reader {
            files,
            folder: folder.to_owned(),
            used: BTreeSet::new(),
            template: true,
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
        let source = Arc::new(Source {
            name: self.shown(file),
            text,
        });
        match parse(&source.text, &Limits::default()) {
            Ok(nodes) => nodes
                .into_iter()
                .map(|node| {
                    let span = node.span;
                    (
                        node,
                        Place {
                            source: Arc::clone(&source),
                            span,
                        },
                    )
                })
                .collect(),
            Err(errors) => {
                self.broken.insert(file.to_owned());
                self.problems
                    .extend(errors.into_iter().map(|error| syntax(error, &source)));
                Vec::new()
            }
        }
    }

    /// The beginning of a file that can be read.
    pub(crate) fn beginning(&self, file: &Utf8Path) -> Place {
        let text = self.files.read(file).unwrap_or_default();
        let name = self.shown(file);
        whole(&Arc::new(Source { name, text }))
    }

    /// Whether what is wrong with a file as a whole was reported already.
    pub(crate) fn is_broken(&self, file: &Utf8Path) -> bool {
        self.broken.contains(file)
    }

    /// The path as reports show it: relative to the suite's folder where it lies below it.
    pub(crate) fn shown(&self, file: &Utf8Path) -> String {
        file.strip_prefix(&self.folder).unwrap_or(file).to_string()
    }
}

/// What makes a file readable that is not.
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
