//! What is to be judged: scenarios times providers, less what is not selected.

use std::sync::Arc;

use camino::Utf8PathBuf;
use globset::{Glob, GlobMatcher};

use crate::diagnostic::{Diagnostic, Report};
use crate::model::{Provider, Scenario, Suite, Trial};
use crate::nearest::suggestion;

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
    /// What is suspicious, but no mistake.
    pub warnings: Vec<Diagnostic>,
}

/// Selects the trials.
pub(crate) fn plan(
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
    if scenarios.is_empty() && problems.is_empty() {
        problems.push(nothing_selected(&suite, selection));
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
        .filter(|only| !only.providers.contains(&provider.name))
        .map(|only| only.reason.clone());
    Trial {
        suite: Arc::clone(suite),
        scenario: Arc::clone(scenario),
        provider: Arc::clone(provider),
        skip,
    }
}

fn patterns(selection: &Selection, problems: &mut Vec<Diagnostic>) -> Vec<GlobMatcher> {
    let mut patterns = Vec::new();
    for text in &selection.scenarios {
        match Glob::new(text) {
            Ok(glob) => patterns.push(glob.compile_matcher()),
            Err(error) => {
                let message = format!("--scenario \"{text}\" is no pattern: {}", error.kind());
                problems.push(Diagnostic::nowhere("suite::pattern", message));
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
        let help = "write one, for example as providers/local/provider.yaml; the least is apiVersion, kind and metadata.name";
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
        for name in scenario.only.iter().flat_map(|only| &only.providers) {
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
                    Diagnostic::error("suite::unknown_provider", message, scenario.place.clone());
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

fn is_below(suite: &Suite, scenario: &Scenario, paths: &[Utf8PathBuf]) -> bool {
    let file = suite.folder.join(&scenario.place.source.name);
    paths.is_empty() || paths.iter().any(|path| file.starts_with(path))
}

fn nothing_selected(suite: &Suite, selection: &Selection) -> Diagnostic {
    if suite.scenarios.is_empty() {
        let help = "write one, for example as scenarios/first/scenario.yaml";
        return Diagnostic::error(
            "suite::no_scenario",
            "the suite has no scenario",
            suite.place.clone(),
        )
        .with_help(help);
    }
    let names = || {
        suite
            .scenarios
            .iter()
            .map(|scenario| scenario.name.as_str())
    };
    let help = match selection.scenarios.first() {
        Some(pattern) => suggestion(pattern, names()),
        None => "the paths hold no scenario.yaml of this suite".to_owned(),
    };
    Diagnostic::nowhere("suite::nothing_selected", "no scenario is selected").with_help(help)
}
