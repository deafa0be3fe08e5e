//! Warnings: what is allowed but probably not meant.

mod halves;
mod kinds;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use crate::diagnostic::{Diagnostic, whole};
use crate::model::{Source, Suite};
use crate::read::{Reader, is_yaml};

/// Everything suspicious about a suite that was read without mistakes.
pub(crate) fn lint(suite: &Suite, reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut warnings = kinds::undefined(suite);
    warnings.extend(halves::unclosed(suite));
    warnings.extend(unused_files(suite, reader));
    warnings
}

/// YAML files beside scenarios that no document names.
fn unused_files(suite: &Suite, reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut folders = BTreeSet::new();
    for scenario in &suite.scenarios {
        let file = suite.folder.join(&scenario.place.source.name);
        folders.extend(file.parent().map(Utf8PathBuf::from));
    }
    let mut files = BTreeSet::new();
    for folder in folders {
        files.extend(reader.files().list(&folder).unwrap_or_default());
    }
    files
        .into_iter()
        .filter(|file| is_yaml(file) && !reader.used.contains(file))
        .filter(|file| !matches!(file.file_stem(), Some("scenario" | "provider" | "crosscut")))
        .map(|file| unused(reader, &file))
        .collect()
}

fn unused(reader: &Reader<'_>, file: &Utf8PathBuf) -> Diagnostic {
    let name = reader.shown(file);
    let message = format!("no document names the file {name}");
    let place = whole(
        &Source {
            name,
            text: reader.files().read(file).unwrap_or_default(),
        }
        .into(),
    );
    Diagnostic::warning("lint::unused_file", message, place)
        .with_help("name it in an action, or remove it")
}
