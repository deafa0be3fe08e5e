//! The cases of a folder.

use std::path::{Path, PathBuf};

use crate::TaskError;

/// The file that makes a folder a case.
const SUITE: &str = "crosscut.yaml";

/// A case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) name: String,
    /// The folder.
    pub(crate) folder: PathBuf,
}

/// Returns the case in `folder`, or the cases directly below it, sorted by name.
///
/// # Errors
/// Fails if the folder cannot be read or has no case.
pub(crate) fn cases(folder: &Path) -> Result<Vec<Case>, TaskError> {
    let what = format!("read {}", folder.display());
    if is_case(folder) {
        return Ok(vec![case(folder)]);
    }
    let entries = std::fs::read_dir(folder).map_err(TaskError::io(&what))?;
    let mut cases = Vec::new();
    for entry in entries {
        let path = entry.map_err(TaskError::io(&what))?.path();
        if is_case(&path) {
            cases.push(case(&path));
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    if cases.is_empty() {
        return Err(TaskError::NoCases(folder.display().to_string()));
    }
    Ok(cases)
}

fn is_case(folder: &Path) -> bool {
    folder.join(SUITE).is_file()
}

fn case(folder: &Path) -> Case {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    Case {
        name: name.to_string_lossy().into_owned(),
        folder: folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_cases_is_sorted_and_other_folders_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b", "a", "common"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        for name in ["a", "b"] {
            std::fs::write(root.path().join(name).join(SUITE), "").unwrap();
        }
        let names = |folder: &Path| -> Vec<String> {
            let cases = cases(folder).unwrap();
            cases.into_iter().map(|case| case.name).collect()
        };
        assert_eq!(names(root.path()), ["a", "b"]);
        assert_eq!(names(&root.path().join("b")), ["b"]);
        let none = cases(&root.path().join("common")).unwrap_err();
        assert!(none.to_string().contains("no case"), "{none}");
    }
}
