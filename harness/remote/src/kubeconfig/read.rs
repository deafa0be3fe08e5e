//! The kubeconfigs of the user, read and merged.

use std::io::ErrorKind;
use std::path::PathBuf;

use kube::config::{Kubeconfig, KubeconfigError};

use crosscut_cluster::ClusterError;

/// The source of kubeconfigs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// A file that must exist.
    Named(PathBuf),
    /// The files that the variable KUBECONFIG lists. Missing files are skipped, and the first value of a field wins.
    Listed(Vec<PathBuf>),
    /// The file in the user's home folder.
    Default(PathBuf),
}

impl Files {
    /// Chooses files as kubectl does: a named file, the list of KUBECONFIG, or `.kube/config` in the home folder.
    #[must_use]
    pub fn from_variables(
        named: Option<PathBuf>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Files {
        if let Some(file) = named {
            return Files::Named(file);
        }
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        match set("KUBECONFIG") {
            Some(list) => {
                let files = std::env::split_paths(&list);
                Files::Listed(files.filter(|file| !file.as_os_str().is_empty()).collect())
            }
            None => {
                Files::Default(PathBuf::from(set("HOME").unwrap_or_default()).join(".kube/config"))
            }
        }
    }

    /// Returns the source as text for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Files::Named(file) | Files::Default(file) => file.display().to_string(),
            Files::Listed(files) => {
                let files: Vec<String> = files
                    .iter()
                    .map(|file| file.display().to_string())
                    .collect();
                format!("KUBECONFIG ({})", files.join(", "))
            }
        }
    }

    fn paths(&self) -> &[PathBuf] {
        match self {
            Files::Named(file) | Files::Default(file) => std::slice::from_ref(file),
            Files::Listed(files) => files,
        }
    }
}

/// Reads and merges the kubeconfigs of `files`.
///
/// # Errors
/// [`ClusterError::Start`] if no file exists, or one cannot be read.
pub fn read(files: &Files) -> Result<Kubeconfig, ClusterError> {
    let mut merged: Option<Kubeconfig> = None;
    for path in files.paths() {
        let next = match Kubeconfig::read_from(path) {
            Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == ErrorKind::NotFound => {
                continue;
            }
            next => next.map_err(|error| unreadable(&path.display().to_string(), &error))?,
        };
        merged = Some(match merged {
            None => next,
            Some(merged) => merged
                .merge(next)
                .map_err(|error| unreadable(&files.describe(), &error))?,
        });
    }
    merged.ok_or_else(|| ClusterError::Start {
        what: format!("there is no kubeconfig: {} is not there", files.describe()),
        help: Some("name one by --kubeconfig FILE, or set KUBECONFIG".to_owned()),
        source: None,
    })
}

fn unreadable(place: &str, error: &KubeconfigError) -> ClusterError {
    let reason = match error {
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        KubeconfigError::Parse(error) => error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
        error => error.to_string(),
    };
    ClusterError::Start {
        what: format!("cannot read the kubeconfig {place}: {reason}"),
        help: Some("kubectl config view shows what is wrong with it".to_owned()),
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use rstest::rstest;

    use super::{Files, read};

    fn chosen(named: Option<&str>, variables: &[(&str, &str)]) -> Files {
        Files::from_variables(named.map(PathBuf::from), |name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[rstest]
    #[case::named(Some("a"), &[("KUBECONFIG", "b"), ("HOME", "/h")], Files::Named("a".into()))]
    #[case::listed(None, &[("KUBECONFIG", "b:/c:"), ("HOME", "/h")], Files::Listed(vec!["b".into(), "/c".into()]))]
    #[case::empty(None, &[("KUBECONFIG", ""), ("HOME", "/h")], Files::Default("/h/.kube/config".into()))]
    #[case::default(None, &[("HOME", "/h")], Files::Default("/h/.kube/config".into()))]
    fn files_are_chosen_as_kubectl_does(
        #[case] named: Option<&str>,
        #[case] variables: &[(&str, &str)],
        #[case] expected: Files,
    ) {
        assert_eq!(chosen(named, variables), expected);
    }

    fn write(folder: &Path, name: &str, current: &str) -> PathBuf {
        let path = folder.join(name);
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {current}\n\
             clusters: [{{name: {name}, cluster: {{server: 'https://{name}'}}}}]\n\
             users: []\ncontexts: [{{name: {name}, context: {{cluster: {name}, user: u}}}}]\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn listed_files_are_merged_and_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::Listed(vec![
            folder.path().join("missing"),
            write(folder.path(), "a", "a"),
            write(folder.path(), "b", "b"),
        ]);
        let merged = read(&files).unwrap();
        let names: Vec<&str> = merged
            .contexts
            .iter()
            .map(|named| named.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(merged.current_context.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_no_kubeconfig_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "a: [\n").unwrap();
        let error = read(&Files::Named(path.clone())).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot read the kubeconfig {}: ", path.display())),
            "{error}"
        );
    }
}
