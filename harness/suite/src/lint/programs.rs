//! Functions that nothing declares, and programs that are not there.

use camino::Utf8Path;
use crosscut_yaml::Node;

use crate::diagnostic::Diagnostic;
use crate::model::{ActionKind, FunctionRuntime, Place, Program, Resource, Suite};
use crate::nearest::suggestion;
use crate::read::{Reader, normalized};

/// Returns a warning for each function that a composition calls and nothing declares, and for each program of a path
/// that is not there or cannot be run.
pub(super) fn missing(suite: &Suite, reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut warnings = functions(suite);
    for function in &suite.functions {
        if let FunctionRuntime::Command { program, .. } = &function.runtime {
            warnings.extend(program_file(
                reader,
                program,
                &suite.folder,
                &function.place,
            ));
        }
    }
    let of_scenarios = suite.scenarios.iter().flat_map(|one| &one.programs);
    for program in suite.programs.iter().chain(of_scenarios) {
        if let Some(word) = first_word(program) {
            warnings.extend(program_file(reader, word, &program.folder, &program.place));
        }
    }
    warnings
}

fn first_word(program: &Program) -> Option<&str> {
    let word = program.command.first()?.as_str()?;
    (!word.starts_with('(')).then_some(word)
}

/// Returns a warning if the program is a path, and no file there can be run.
fn program_file(
    reader: &Reader<'_>,
    program: &str,
    folder: &Utf8Path,
    place: &Place,
) -> Option<Diagnostic> {
    if !program.contains('/') {
        return None;
    }
    let file = normalized(&folder.join(program));
    let (message, help) = if !reader.files().is_file(&file) {
        (
            format!("there is no program {}", reader.shown(&file)),
            format!("build it, or correct the path: it is relative to {folder}"),
        )
    } else if !reader.files().is_executable(&file) {
        (
            format!("the program {} cannot be run", reader.shown(&file)),
            format!("give it the permission to be run: chmod +x {file}"),
        )
    } else {
        return None;
    };
    Some(Diagnostic::warning("lint::no_program", message, place.clone()).with_help(help))
}

fn functions(suite: &Suite) -> Vec<Diagnostic> {
    let declared = suite.functions.iter().map(|one| one.name.as_str());
    let documents: Vec<&Resource> = documents(suite).collect();
    let installed = documents
        .iter()
        .filter_map(|document| function(&document.node));
    let packages = suite.clusters.kind.packages.iter();
    let packages = packages.filter_map(|package| function(&package.node));
    let known: Vec<&str> = declared.chain(installed).chain(packages).collect();
    let mut warnings = Vec::new();
    for document in &documents {
        for name in called(&document.node) {
            let text = name.as_str().unwrap_or_default();
            if !text.starts_with('(') && !known.contains(&text) {
                let message = format!("nothing declares the function {text}");
                let help = match known.is_empty() {
                    true => "declare it under functions: of the suite".to_owned(),
                    false => suggestion(text, known.iter().copied()),
                };
                let place = document.place.with_span(name.span);
                let warning = Diagnostic::warning("lint::unknown_function", message, place);
                warnings.push(warning.with_help(help));
            }
        }
    }
    warnings
}

/// Returns what is installed, and what scenarios apply.
fn documents(suite: &Suite) -> impl Iterator<Item = &Resource> {
    let of_providers = suite.providers.iter().flat_map(|one| &one.install);
    let steps = suite.scenarios.iter().flat_map(|one| &one.steps);
    let actions = steps.flat_map(|step| &step.actions);
    let applied = actions.flat_map(|action| match &action.kind {
        ActionKind::Apply(write) => write.resources.as_slice(),
        _ => &[],
    });
    suite.install.iter().chain(of_providers).chain(applied)
}

/// Returns the name of a Function package.
fn function(node: &Node) -> Option<&str> {
    (node.get("kind")?.as_str()? == "Function").then_some(())?;
    node.get("metadata")?.get("name")?.as_str()
}

/// Returns the names of the functions that a Composition calls.
fn called(node: &Node) -> impl Iterator<Item = &Node> {
    let is_composition = node.get("kind").and_then(Node::as_str) == Some("Composition");
    let pipeline = node.get("spec").and_then(|spec| spec.get("pipeline"));
    let steps = pipeline.filter(|_| is_composition).and_then(Node::items);
    steps
        .unwrap_or_default()
        .iter()
        .filter_map(|step| step.get("functionRef")?.get("name"))
}
