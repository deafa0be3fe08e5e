//! The catalogue of mutants: parsed, validated against the files that mutants change, and filtered.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crosscut_yaml::{Limits, Node, parse};
use serde::Deserialize;

use crate::TaskError;

/// The folder of the system under test. Mutants change files in it.
pub(crate) const FOLDER: &str = "fixtures/dot-kubernetes";
const FILE: &str = "mutants.yaml";
/// The kind of control plane for which a mutant may name another trial.
const ENVTEST: &str = "envtest";

/// One mistake: a textual change of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutant {
    /// The name, unique in the catalogue.
    pub(crate) name: String,
    /// The mistake in one sentence.
    pub(crate) what: String,
    /// The trial that should notice the mistake and is judged first: `SCENARIO::PROVIDER`.
    pub(crate) trial: String,
    /// The trial that should notice the mistake on envtest, if it is another one.
    #[serde(default)]
    pub(crate) envtest: Option<String>,
    /// The file, relative to the folder of the catalogue.
    pub(crate) file: String,
    /// The original text, which must occur exactly once.
    pub(crate) find: String,
    /// The text of the mistake.
    pub(crate) replace: String,
}

impl Mutant {
    /// Returns the text of the file with the mistake in it.
    pub(crate) fn applied_to(&self, text: &str) -> String {
        text.replacen(&self.find, &self.replace, 1)
    }

    /// Returns the scenario and the provider of the mutant's trial.
    pub(crate) fn scenario_and_provider(&self) -> (&str, &str) {
        self.trial.split_once("::").unwrap_or((&self.trial, ""))
    }

    /// Returns the mutant with the trial for this kind of control plane.
    fn on(mut self, cluster: &str) -> Mutant {
        if let (ENVTEST, Some(trial)) = (cluster, self.envtest.take()) {
            self.trial = trial;
        }
        self
    }

    /// Returns the mistake in the mutant's own entry, given the text of its file.
    fn problem(&self, text: Option<&str>) -> Option<String> {
        let Some(text) = text else {
            return Some("there is no such file".to_owned());
        };
        if self.what.is_empty() {
            return Some("it does not say what the mistake is".to_owned());
        }
        if self.find == self.replace {
            return Some("it changes nothing".to_owned());
        }
        match self.find.is_empty() {
            true => Some("it finds nothing".to_owned()),
            false => match text.matches(&self.find).count() {
                1 => None,
                found => Some(format!("what it replaces is there {found} times, not once")),
            },
        }
    }
}

/// All mutants, in the order of the file.
#[derive(Debug)]
pub(crate) struct Catalogue {
    mutants: Vec<Mutant>,
}

impl Catalogue {
    /// Reads the project's catalogue for this kind of control plane, and validates every mutant against its file.
    ///
    /// # Errors
    /// Fails if the catalogue cannot be read, or if any mutants cannot be applied. The error has all of these.
    pub(crate) fn read(root: &Path, cluster: &str) -> Result<Catalogue, TaskError> {
        let folder = root.join(FOLDER);
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path)
            .map_err(TaskError::io(format!("read {FOLDER}/{FILE}")))?;
        let mutants = from_yaml(&text)?;
        let trials = trials(root)?;
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
        let problems = problems(&mutants, &trials, read);
        if !problems.is_empty() {
            return Err(TaskError::Catalogue(problems));
        }
        let mutants = mutants.into_iter().map(|mutant| mutant.on(cluster));
        Ok(Catalogue {
            mutants: mutants.collect(),
        })
    }

    /// Returns the mutants with these names, in the order of the catalogue. Returns all if no name is given.
    ///
    /// # Errors
    /// Fails if there are unknown names. The error has all of these.
    pub(crate) fn select(&self, names: &[String]) -> Result<Vec<&Mutant>, TaskError> {
        let unknown: Vec<String> = names
            .iter()
            .filter(|name| !self.mutants.iter().any(|mutant| mutant.name == **name))
            .map(|name| format!("there is no mutant {name}; --list names them all"))
            .collect();
        if !unknown.is_empty() {
            return Err(TaskError::Catalogue(unknown));
        }
        let wanted = |mutant: &&Mutant| names.is_empty() || names.contains(&mutant.name);
        Ok(self.mutants.iter().filter(wanted).collect())
    }
}

fn from_yaml(text: &str) -> Result<Vec<Mutant>, TaskError> {
    let documents = parse(text, &Limits::default())
        .map_err(|errors| TaskError::Catalogue(errors.iter().map(ToString::to_string).collect()))?;
    let value = documents.first().map(Node::to_value).unwrap_or_default();
    serde_json::from_value(value).map_err(|source| TaskError::Output {
        what: format!("read the mutants of {FOLDER}/{FILE}"),
        source,
    })
}

/// Returns the project's trials, from the names of the folders of scenarios and `providers/PROVIDER`.
fn trials(root: &Path) -> Result<BTreeSet<String>, TaskError> {
    let mut names = BTreeSet::new();
    let providers = folders(&root.join("providers"))?;
    for scenario in scenarios(&root.join("scenarios"))? {
        let (scenario, providers) = (name(&scenario), providers.iter().map(|path| name(path)));
        names.extend(providers.map(|provider| format!("{scenario}::{provider}")));
    }
    Ok(names)
}

/// Returns the folders with a scenario below a folder.
fn scenarios(below: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let mut found = Vec::new();
    for folder in folders(below)? {
        found.extend(scenarios(&folder)?);
        if folder.join("scenario.yaml").is_file() {
            found.push(folder);
        }
    }
    Ok(found)
}

fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let failed = || TaskError::io(format!("read {}", of.display()));
    let mut folders = Vec::new();
    for entry in of.read_dir().map_err(failed())? {
        folders.push(entry.map_err(failed())?.path());
    }
    folders.retain(|path| path.is_dir());
    Ok(folders)
}

/// Returns every problem of the catalogue, with the file and the name of the mutant.
fn problems(
    mutants: &[Mutant],
    trials: &BTreeSet<String>,
    read: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for mutant in mutants {
        let at = format!("{}: {}", mutant.file, mutant.name);
        if !names.insert(&mutant.name) {
            all.push(format!("{at}: another mutant has this name"));
        }
        let own = std::iter::once(&mutant.trial).chain(&mutant.envtest);
        let unknown = own.filter(|trial| !trials.contains(*trial));
        all.extend(unknown.map(|trial| format!("{at}: there is no trial {trial}")));
        let text = read(&mutant.file);
        all.extend(
            mutant
                .problem(text.as_deref())
                .map(|problem| format!("{at}: {problem}")),
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Catalogue, Mutant, from_yaml, problems};
    use crate::cargo::project_root;

    fn mutant(name: &str, find: &str) -> Mutant {
        Mutant {
            name: name.to_owned(),
            what: "a mistake".to_owned(),
            trial: "s::p".to_owned(),
            file: "a.rs".to_owned(),
            find: find.to_owned(),
            replace: "wrong".to_owned(),
            ..Mutant::default()
        }
    }

    fn trials() -> BTreeSet<String> {
        BTreeSet::from(["s::p".to_owned()])
    }

    fn file(name: &str) -> Option<String> {
        (name == "a.rs").then(|| "once, twice, twice".to_owned())
    }

    #[test]
    fn a_mutant_changes_the_one_place_that_it_finds() {
        assert_eq!(problems(&[mutant("m", "once")], &trials(), file), [""; 0]);
        assert_eq!(
            mutant("m", "once").applied_to("once, twice, twice"),
            "wrong, twice, twice"
        );
    }

    #[test]
    fn every_mutant_that_cannot_be_applied_is_named_with_its_file() {
        let elsewhere = Mutant {
            file: "b.rs".to_owned(),
            ..mutant("elsewhere", "once")
        };
        let mutants = [
            mutant("twice", "twice"),
            mutant("never", "never"),
            mutant("nothing", ""),
            mutant("same", "wrong"),
            Mutant {
                what: String::new(),
                ..mutant("untold", "once")
            },
            elsewhere,
            Mutant {
                trial: "s".to_owned(),
                ..mutant("unnoticed", "once")
            },
            Mutant {
                envtest: Some("t::p".to_owned()),
                ..mutant("unnoticed-there", "once")
            },
            mutant("twice", "once"),
        ];
        let expected = [
            "a.rs: twice: what it replaces is there 2 times, not once",
            "a.rs: never: what it replaces is there 0 times, not once",
            "a.rs: nothing: it finds nothing",
            "a.rs: same: it changes nothing",
            "a.rs: untold: it does not say what the mistake is",
            "b.rs: elsewhere: there is no such file",
            "a.rs: unnoticed: there is no trial s",
            "a.rs: unnoticed-there: there is no trial t::p",
            "a.rs: twice: another mutant has this name",
        ];
        assert_eq!(problems(&mutants, &trials(), file), expected);
    }

    #[test]
    fn on_envtest_another_trial_may_be_the_one_that_should_notice() {
        let with = Mutant {
            envtest: Some("t::p".to_owned()),
            ..mutant("m", "once")
        };
        let trial = |mutant: &Mutant, cluster| mutant.clone().on(cluster).trial;
        assert_eq!(trial(&with, "embedded"), "s::p");
        assert_eq!(trial(&with, "envtest"), "t::p");
        assert_eq!(trial(&mutant("n", "once"), "envtest"), "s::p");
    }

    #[test]
    fn unknown_fields_are_no_mutants() {
        let text = "- {name: a, what: b, trial: s, file: c, find: d, replace: e, with: f}";
        assert!(from_yaml(text).is_err());
        assert_eq!(from_yaml(&text.replace(", with: f", "")).unwrap().len(), 1);
    }

    #[test]
    fn mutants_are_selected_by_name_in_the_order_of_the_catalogue() {
        let catalogue = Catalogue {
            mutants: ["a", "b", "c"].map(|name| mutant(name, "once")).to_vec(),
        };
        let names = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            let chosen = catalogue.select(&wanted);
            chosen.map(|all| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap(), ["a", "b", "c"]);
        assert_eq!(names(&["c", "a"]).unwrap(), ["a", "c"]);
        let error = names(&["a", "x"]).unwrap_err().to_string();
        assert!(error.contains("there is no mutant x"), "{error}");
    }

    /// Changes of the system under test fail this test if a mutant no longer applies.
    #[test]
    fn the_projects_mutants_can_all_be_applied() {
        let catalogue = Catalogue::read(&project_root(), "envtest").unwrap();
        assert!(catalogue.mutants.len() >= 40, "{}", catalogue.mutants.len());
    }
}
