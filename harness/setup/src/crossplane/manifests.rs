//! The CustomResourceDefinitions that lie beside the programs.

use std::path::{Path, PathBuf};

use crosscut_objects::object;
use crosscut_yaml::{Limits, Node};
use serde_json::Value;

use super::CrossplaneError;

const KIND: &str = "CustomResourceDefinition";

/// The folder with the definitions of a program's kinds: `crds/PROGRAM` beside it or beside its folder.
///
/// # Errors
/// If there is none.
pub fn definitions_of(program: &Path) -> Result<PathBuf, CrossplaneError> {
    let name = program.file_name().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new("."));
    let places = [folder, &folder.join("..")].map(|place| place.join("crds").join(name));
    let found = places.iter().find(|place| place.is_dir());
    found.cloned().ok_or_else(|| {
        let [beside, above] = &places;
        failed(
            beside,
            format!("it is not there, nor is {}", above.display()),
        )
    })
}

/// Every definition in the YAML files of a folder, in the order of the files' names. Conversion webhooks are taken out:
/// they lead to Services, which do not exist here, and all versions of these kinds have the same shape in storage.
///
/// # Errors
/// If the folder has none, or a file cannot be read or holds something else.
pub(super) fn definitions(folder: &Path) -> Result<Vec<Value>, CrossplaneError> {
    let mut definitions = Vec::new();
    for path in files(folder)? {
        definitions.extend(documents(&path)?);
    }
    if definitions.is_empty() {
        return Err(failed(folder, "there are none"));
    }
    definitions.iter_mut().for_each(without_conversion);
    Ok(definitions)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, CrossplaneError> {
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let is_yaml = |extension: &std::ffi::OsStr| extension == "yaml" || extension == "yml";
        if path.extension().is_some_and(is_yaml) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn documents(path: &Path) -> Result<Vec<Value>, CrossplaneError> {
    let text = std::fs::read_to_string(path).map_err(|error| failed(path, error))?;
    let nodes = crosscut_yaml::parse(&text, &Limits::default()).map_err(|errors| {
        let first = errors.into_iter().next();
        failed(path, first.map(|error| error.message).unwrap_or_default())
    })?;
    let documents: Vec<Value> = nodes.iter().map(Node::to_value).collect();
    match documents
        .iter()
        .find(|document| object::kind(document) != KIND)
    {
        Some(other) => Err(failed(
            path,
            format!("a document of kind {:?} is none", object::kind(other)),
        )),
        None => Ok(documents),
    }
}

fn without_conversion(definition: &mut Value) {
    object::remove(definition, &["spec", "conversion"]);
}

fn failed(path: &Path, reason: impl std::fmt::Display) -> CrossplaneError {
    CrossplaneError::Definitions {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    const CONVERTED: &str = "kind: CustomResourceDefinition\nmetadata: {name: b}\n\
                             spec: {group: g, conversion: {strategy: Webhook, webhook: {clientConfig: {}}}}\n";

    #[test]
    fn definitions_are_read_in_order_and_without_conversion() {
        let folder = folder(&[
            ("b.yaml", CONVERTED),
            (
                "a.yml",
                "---\nkind: CustomResourceDefinition\nmetadata: {name: a}\n",
            ),
            ("README.md", "not yaml: ["),
        ]);
        let definitions = definitions(folder.path()).unwrap();
        let names: Vec<&str> = definitions.iter().map(object::name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(definitions[1]["spec"], serde_json::json!({"group": "g"}));
    }

    #[rstest]
    #[case::nothing(&[], "there are none")]
    #[case::something_else(&[("a.yaml", "kind: Secret\n")], "a document of kind \"Secret\" is none")]
    #[case::no_yaml(&[("a.yaml", "a: [\n")], "cannot read custom resource definitions from")]
    fn what_is_no_definition_is_an_error(#[case] files: &[(&str, &str)], #[case] says: &str) {
        let error = definitions(folder(files).path()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[rstest]
    #[case::beside_the_program("crossplane", "crds/crossplane")]
    #[case::beside_its_folder("bin/crossplane", "crds/crossplane")]
    fn definitions_lie_near_their_program(#[case] program: &str, #[case] folder: &str) {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join(program);
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        definitions_of(&program).unwrap_err();
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
        let found = definitions_of(&program).unwrap().canonicalize().unwrap();
        assert_eq!(found, root.path().join(folder).canonicalize().unwrap());
    }

    #[test]
    fn a_folder_that_is_missing_is_an_error() {
        let error = definitions(Path::new("/does/not/exist")).unwrap_err();
        assert!(error.to_string().contains("/does/not/exist"), "{error}");
    }
}
