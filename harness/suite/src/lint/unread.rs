//! Files, folders and links below the searched folders that nothing reads.

use camino::{Utf8Path, Utf8PathBuf};

use crate::diagnostic::Diagnostic;
use crate::files::Walk;
use crate::model::Suite;
use crate::read::Reader;

/// The files that are searched for, by their names without the extension.
const DOCUMENTS: [&str; 3] = ["scenario", "provider", "crosscut"];

/// Returns a warning for each link, each file that looks like a document, and each folder that is not read.
///
/// Other files, such as notes and scripts, are only named with their folder, if nothing in it is read.
pub(super) fn unread(suite: &Suite, reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for folder in &reader.searched {
        let Ok(walk) = reader.files().walk(folder) else {
            continue;
        };
        for unread in &walk.unread {
            if !reader.used.contains(&unread.path) {
                let name = reader.shown(&unread.path);
                let message = format!("{name} is not read: {}", unread.reason);
                let help = "remove it, or put a file or a folder in its place";
                warnings.push(warning(
                    suite,
                    reader,
                    &unread.path,
                    message,
                    help.to_owned(),
                ));
            }
        }
        for file in files(&walk, reader) {
            let message = format!("no document names the file {}", reader.shown(file));
            warnings.push(warning(suite, reader, file, message, file_help(file)));
        }
        for folder in folders(&walk, reader) {
            let message = format!("nothing in the folder {} is read", reader.shown(folder));
            let help = "write a document into it, name one of its files, or remove it";
            warnings.push(warning(suite, reader, folder, message, help.to_owned()));
        }
    }
    warnings
}

/// The files that look like documents and are not read.
fn files<'w>(walk: &'w Walk, reader: &Reader<'_>) -> impl Iterator<Item = &'w Utf8PathBuf> {
    let is_named = |file: &Utf8PathBuf| walk.unread.iter().any(|one| one.path == *file);
    walk.files
        .iter()
        .filter(move |file| looks_like_a_document(file) && !reader.used.contains(*file))
        .filter(move |file| !is_named(file))
}

/// Returns whether a name has the extension of a document, in any case and before other extensions: `A.YAML`, `a.yml.old`.
fn looks_like_a_document(file: &Utf8Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_lowercase();
    name.split('.')
        .skip(1)
        .any(|part| matches!(part.trim_end_matches('~'), "yaml" | "yml" | "json"))
}

/// The topmost folders in which nothing is read, unless something in them is named by itself.
fn folders<'w>(walk: &'w Walk, reader: &Reader<'_>) -> Vec<&'w Utf8PathBuf> {
    let mut unread: Vec<&Utf8PathBuf> = Vec::new();
    for folder in &walk.folders {
        let is_read = reader.used.iter().any(|file| file.starts_with(folder));
        let is_named = files(walk, reader).any(|file| file.starts_with(folder))
            || walk.unread.iter().any(|one| one.path.starts_with(folder))
            || unread.last().is_some_and(|above| folder.starts_with(above));
        if !is_read && !is_named {
            unread.push(folder);
        }
    }
    unread
}

fn file_help(file: &Utf8Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_lowercase();
    let is_yaml = matches!(file.extension(), Some("yaml" | "yml"));
    if stem == "chainsaw-test" {
        return "Chainsaw's tests are not read: write it as a Scenario into a scenario.yaml (docs/scenarios.md)"
            .to_owned();
    }
    let Some(document) = DOCUMENTS
        .iter()
        .find(|document| stem.trim_end_matches('s') == **document)
    else {
        return "name it in an action, or remove it".to_owned();
    };
    let is_exact = is_yaml && file.file_stem() == Some(*document);
    match (*document, is_exact) {
        ("crosscut", true) => {
            "it is the suite of a project of its own: give its folder to crosscut test".to_owned()
        }
        (document, true) => {
            format!(
                "{document}s are read from the folders that the suite names in {document}s: move it there"
            )
        }
        (document, false) => format!("did you mean {document}.yaml?"),
    }
}

/// A warning in the file, or in the suite for what has no text.
fn warning(
    suite: &Suite,
    reader: &Reader<'_>,
    path: &Utf8Path,
    message: String,
    help: String,
) -> Diagnostic {
    let place = match reader.files().read(path) {
        Ok(_) => reader.beginning(path),
        Err(_) => suite.place.clone(),
    };
    Diagnostic::warning("lint::unused_file", message, place).with_help(help)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{file_help, looks_like_a_document};

    #[rstest]
    #[case("a/objects.yaml", true)]
    #[case("a/Scenario.YAML", true)]
    #[case("a/scenario.yml.disabled", true)]
    #[case("a/scenario.yaml~", true)]
    #[case("a/values.json", true)]
    #[case("a/README.md", false)]
    #[case("a/yaml", false)]
    #[case("a/.gitkeep", false)]
    fn documents_by_their_names(#[case] file: &str, #[case] expected: bool) {
        assert_eq!(looks_like_a_document(file.into()), expected);
    }

    #[rstest]
    #[case("scenarios/scenarios.yaml", "did you mean scenario.yaml?")]
    #[case("scenarios/Scenario.yaml", "did you mean scenario.yaml?")]
    #[case("scenarios/scenario.yaml.old", "name it in an action")]
    #[case("providers/PROVIDER.yml", "did you mean provider.yaml?")]
    #[case("scenarios/provider.yaml", "move it there")]
    #[case("scenarios/inner/crosscut.yaml", "a project of its own")]
    #[case("scenarios/chainsaw-test.yaml", "Chainsaw's tests")]
    fn what_was_meant(#[case] file: &str, #[case] part: &str) {
        let help = file_help(file.into());
        assert!(help.contains(part), "{help}");
    }
}
