//! What is to be judged: scenarios times providers, less what is not selected.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobMatcher};

use crate::diagnostic::{Diagnostic, Report};
use crate::files::Files;
use crate::model::{Provider, Scenario, Suite, Trial};
use crate::nearest::suggestion;
use crate::read::PATTERN_HELP;

/// What is asked for. The default is everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Folders or files; scenarios in them are selected. Empty: all.
    pub paths: Vec<Utf8PathBuf>,
    /// Names of providers. Empty: all.
    pub providers: Vec<String>,
    /// Glob patterns on scenarios' names. Empty: all.
    pub scenarios: Vec<String>,
}

/// A project that was read, and its trials in the order of scenario and provider.
#[derive(Debug)]
pub struct Plan {
    /// The project.
    pub suite: Arc<Suite>,
    /// What is to be judged; trials to be skipped are among them.
    pub trials: Vec<Trial>,
    /// What is suspicious. Mistakes among them keep `crosscut lint` from passing, but not trials from running.
    pub warnings: Vec<Diagnostic>,
}

/// Selects the trials.
pub(crate) fn plan(
    files: &dyn Files,
    suite: Arc<Suite>,
    selection: &Selection,
    warnings: Vec<Diagnostic>,
) -> Result<Plan, Report> {
    let mut problems = Vec::new();
    let patterns = patterns(selection, &mut problems);
    let providers = providers(&suite, selection, &mut problems);
    only_known(&suite, &mut problems);
    let scenarios: Vec<&Arc<Scenario>> = suite
        .scenarios
        .iter()
        .filter(|scenario| is_below(&suite, scenario, &selection.paths))
        .filter(|scenario| {
            patterns.is_empty() || patterns.iter().any(|one| one.is_match(&scenario.name))
        })
        .collect();
    if suite.scenarios.is_empty() {
        problems.push(no_scenario(&suite));
    } else {
        problems.extend(useless_paths(files, &suite, selection));
        problems.extend(useless_patterns(&suite, &patterns));
    }
    if scenarios.is_empty() && problems.is_empty() {
        problems.push(nothing_in_common());
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let mut trials = Vec::new();
    for scenario in scenarios {
        trials.extend(
            providers
                .iter()
                .map(|provider| trial(&suite, scenario, provider)),
        );
    }
    Ok(Plan {
        suite,
        trials,
        warnings,
    })
}

fn trial(suite: &Arc<Suite>, scenario: &Arc<Scenario>, provider: &Arc<Provider>) -> Trial {
    let skip = scenario
        .only
        .as_ref()
        .filter(|only| !only.names.contains(&provider.name))
        .map(|only| only.reason.clone());
    Trial {
        suite: Arc::clone(suite),
        scenario: Arc::clone(scenario),
        provider: Arc::clone(provider),
        skip,
    }
}

/// The patterns on scenarios' names.
fn patterns(selection: &Selection, problems: &mut Vec<Diagnostic>) -> Vec<GlobMatcher> {
    let mut patterns = Vec::new();
    for text in &selection.scenarios {
        match Glob::new(text) {
            Ok(glob) => patterns.push(glob.compile_matcher()),
            Err(error) => {
                let message = format!("--scenario \"{text}\" is no pattern: {}", error.kind());
                let problem = Diagnostic::nowhere("suite::pattern", message);
                problems.push(problem.with_help(PATTERN_HELP));
            }
        }
    }
    patterns
}

fn providers(
    suite: &Suite,
    selection: &Selection,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Arc<Provider>> {
    if suite.providers.is_empty() {
        let message = "the suite has no provider";
        let help = "write one into a folder that providers: of the suite names, or leave providers: out for one called default";
        problems.push(
            Diagnostic::error("suite::no_provider", message, suite.place.clone()).with_help(help),
        );
    }
    for name in &selection.providers {
        if !suite
            .providers
            .iter()
            .any(|provider| provider.name == *name)
        {
            let message = format!("there is no provider called {name}");
            problems.push(
                Diagnostic::nowhere("suite::unknown_provider", message)
                    .with_help(known(suite, name)),
            );
        }
    }
    let wanted = |provider: &&Arc<Provider>| {
        selection.providers.is_empty() || selection.providers.contains(&provider.name)
    };
    suite.providers.iter().filter(wanted).cloned().collect()
}

/// Scenarios must not name providers that do not exist.
fn only_known(suite: &Suite, problems: &mut Vec<Diagnostic>) {
    for scenario in &suite.scenarios {
        let Some(only) = &scenario.only else { continue };
        for name in &only.names {
            if !suite
                .providers
                .iter()
                .any(|provider| provider.name == *name)
            {
                let message = format!(
                    "the scenario {} is for the provider {name}, which does not exist",
                    scenario.name
                );
                let problem =
                    Diagnostic::error("suite::unknown_provider", message, only.place.clone());
                problems.push(problem.with_help(known(suite, name)));
            }
        }
    }
}

fn known(suite: &Suite, name: &str) -> String {
    suggestion(
        name,
        suite
            .providers
            .iter()
            .map(|provider| provider.name.as_str()),
    )
}

/// Returns true if one of the paths selects the scenario. The project's folder selects all, wherever they lie.
fn is_below(suite: &Suite, scenario: &Scenario, paths: &[Utf8PathBuf]) -> bool {
    let file = suite.folder.join(&scenario.place.source.name);
    let is_project = |path: &Utf8PathBuf| {
        *path == suite.folder || *path == suite.folder.join(&suite.place.source.name)
    };
    paths.is_empty()
        || paths
            .iter()
            .any(|path| file.starts_with(path) || is_project(path))
}

fn no_scenario(suite: &Suite) -> Diagnostic {
    let message = "the suite has no scenario";
    let help = "write one, for example as scenarios/first/scenario.yaml";
    Diagnostic::error("suite::no_scenario", message, suite.place.clone()).with_help(help)
}

/// A path that selects nothing is a mistake even where others select something: what the user asked
/// for would not be judged, and nobody would notice.
fn useless_paths(files: &dyn Files, suite: &Suite, selection: &Selection) -> Vec<Diagnostic> {
    let selects = |path: &Utf8PathBuf| {
        suite
            .scenarios
            .iter()
            .any(|scenario| is_below(suite, scenario, std::slice::from_ref(path)))
    };
    selection
        .paths
        .iter()
        .filter(|path| !selects(path))
        .map(|path| useless_path(files, suite, path))
        .collect()
}

fn useless_path(files: &dyn Files, suite: &Suite, path: &Utf8PathBuf) -> Diagnostic {
    let shown = path.strip_prefix(&suite.folder).unwrap_or(path);
    if files.list(path).is_err() {
        let message = format!("there is no file or folder {shown}");
        let known: Vec<&str> = scenario_folders(suite).collect();
        return Diagnostic::nowhere("suite::missing_path", message)
            .with_help(suggestion(shown.as_str(), known));
    }
    let message = format!("{shown} holds no scenario of the suite in {}", suite.folder);
    Diagnostic::nowhere("suite::nothing_selected", message)
        .with_help("give a scenario.yaml, a folder that one is in, or the project's folder")
}

/// The folders of scenarios and those above them, as a user would write them.
fn scenario_folders(suite: &Suite) -> impl Iterator<Item = &str> {
    let folders: BTreeSet<&str> = suite
        .scenarios
        .iter()
        .flat_map(|scenario| {
            Utf8Path::new(&scenario.place.source.name)
                .ancestors()
                .skip(1)
        })
        .map(Utf8Path::as_str)
        .filter(|folder| !folder.is_empty())
        .collect();
    folders.into_iter()
}

/// The same for patterns on names.
fn useless_patterns(suite: &Suite, patterns: &[GlobMatcher]) -> Vec<Diagnostic> {
    let names: Vec<&str> = suite
        .scenarios
        .iter()
        .map(|scenario| scenario.name.as_str())
        .collect();
    patterns
        .iter()
        .filter(|pattern| !names.iter().any(|name| pattern.is_match(name)))
        .map(|pattern| {
            let text = pattern.glob().glob();
            let message = format!("no scenario is called {text}");
            let problem = Diagnostic::nowhere("suite::unknown_scenario", message);
            problem.with_help(pattern_help(text, &names))
        })
        .collect()
}

/// Patterns are about whole names, which is easily forgotten.
fn pattern_help(text: &str, names: &[&str]) -> String {
    if names.iter().any(|name| name.contains(text)) {
        return format!("a pattern is about the whole name: did you mean \"*{text}*\"?");
    }
    suggestion(text, names.iter().copied())
}

/// Each path and each pattern selects something, but not the same.
fn nothing_in_common() -> Diagnostic {
    let message = "no scenario is below the paths and matches --scenario";
    Diagnostic::nowhere("suite::nothing_selected", message)
        .with_help("leave one of them out; --list shows what is selected")
}
