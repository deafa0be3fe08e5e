//! A copy of the project outside the checkout, in which mutants are applied.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::catalogue::{FOLDER, Mutant};
use crate::TaskError;

/// A copy of the project's files, which is removed when this value is dropped.
pub(crate) struct Copy {
    folder: TempDir,
}

impl Copy {
    /// Copies all files that git tracks or would track, so that a scenario counts before it is committed.
    ///
    /// The packages of each numbered copy get their own version. With it cargo distinguishes them from those of
    /// the checkout and of other copies, so that all can share one build folder.
    ///
    /// # Errors
    /// Fails if git or a file cannot be used.
    pub(crate) fn of(root: &Path, number: usize) -> Result<Copy, TaskError> {
        let folder = TempDir::new().map_err(TaskError::io("create a temporary folder"))?;
        let copy = Copy { folder };
        for file in files(root)? {
            // git still lists a file that was removed without git.
            if root.join(&file).exists() {
                copy.take(root, &file)?;
            }
        }
        copy.set_version(number)?;
        Ok(copy)
    }

    /// Returns the copy's folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Calls the action while the copy has the mutant's mistake.
    ///
    /// # Errors
    /// Fails if the mutant's file cannot be read or written, or if the action fails.
    pub(crate) fn with<T>(
        &self,
        mutant: &Mutant,
        action: impl FnOnce() -> Result<T, TaskError>,
    ) -> Result<T, TaskError> {
        let file = self.path().join(FOLDER).join(&mutant.file);
        let failed = || TaskError::io(format!("change {}", file.display()));
        let original = std::fs::read_to_string(&file).map_err(failed())?;
        std::fs::write(&file, mutant.applied_to(&original)).map_err(failed())?;
        let result = action();
        std::fs::write(&file, original).map_err(failed())?;
        result
    }

    fn set_version(&self, number: usize) -> Result<(), TaskError> {
        let manifest = self.path().join("Cargo.toml");
        let failed = || TaskError::io("change the version in Cargo.toml");
        let text = std::fs::read_to_string(&manifest).map_err(failed())?;
        let version =
            |suffix: &str| format!("\nversion = \"{}{suffix}\"\n", env!("CARGO_PKG_VERSION"));
        if text.matches(&version("")).count() != 1 {
            return Err(TaskError::Version(env!("CARGO_PKG_VERSION")));
        }
        let text = text.replace(&version(""), &version(&format!("-mutants.{number}")));
        std::fs::write(&manifest, text).map_err(failed())
    }

    /// Copies a file with the current time, so that it is newer to cargo than earlier builds.
    fn take(&self, root: &Path, file: &Path) -> Result<(), TaskError> {
        let to = self.path().join(file);
        let failed = || TaskError::io(format!("copy {}", file.display()));
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(failed())?;
        }
        std::fs::copy(root.join(file), to).map_err(failed())?;
        Ok(())
    }
}

fn files(root: &Path) -> Result<Vec<PathBuf>, TaskError> {
    const WHAT: &str = "git ls-files";
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .map_err(TaskError::io(format!("run {WHAT}")))?;
    if !output.status.success() {
        let last_words = String::from_utf8_lossy(&output.stderr);
        return Err(TaskError::Command {
            command: WHAT.to_owned(),
            status: format!("{}: {}", output.status, last_words.trim()),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.split('\0').filter(|name| !name.is_empty());
    Ok(names.map(PathBuf::from).collect())
}

#[cfg(test)]
mod tests {
    use super::Copy;
    use crate::cargo::project_root;
    use crate::mutants::catalogue::{FOLDER, Mutant};

    #[test]
    fn a_mistake_is_in_the_copy_only_and_only_meanwhile() {
        let root = project_root();
        let copy = Copy::of(&root, 0).unwrap();
        let mutant = Mutant {
            name: "renamed".to_owned(),
            what: "the definition has another name".to_owned(),
            trial: "any::any".to_owned(),
            file: "package/definition.yaml".to_owned(),
            find: "name: clusters.devopstoolkit.ai".to_owned(),
            replace: "name: others.devopstoolkit.ai".to_owned(),
            ..Mutant::default()
        };
        let file = format!("{FOLDER}/{}", mutant.file);
        let read = |folder: &std::path::Path| std::fs::read_to_string(folder.join(&file)).unwrap();
        let before = read(&root);
        copy.with(&mutant, || {
            assert_eq!(read(copy.path()), mutant.applied_to(&before));
            assert_eq!(read(&root), before);
            Ok(())
        })
        .unwrap();
        assert_eq!(read(copy.path()), before);
    }

    #[test]
    fn the_copy_is_a_project_without_build_products() {
        let copy = Copy::of(&project_root(), 7).unwrap();
        for file in ["Cargo.lock", "crosscut.yaml", "harness/xtask/Cargo.toml"] {
            assert!(copy.path().join(file).is_file(), "{file}");
        }
        let manifest = std::fs::read_to_string(copy.path().join("Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("-mutants.7\"").count(), 1);
        assert!(!copy.path().join("target").exists());
        assert!(!copy.path().join(".git").exists());
    }
}
