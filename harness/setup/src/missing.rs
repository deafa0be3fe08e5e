//! Programs that a run needs and that are not there: found before its first trial, all at once.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use crosscut_programs::find;
use crosscut_suite::Trial;
use crosscut_suite::model::{FunctionRuntime, Place, Program, Readiness};

use crosscut_cluster::ClusterError;

/// What a kind of control plane starts, and where it looks.
#[derive(Clone, Debug)]
pub struct Needed {
    /// The kind, as documents name it.
    pub kind: &'static str,
    /// True if it starts the suite's functions.
    pub functions: bool,
    /// True if it starts the programs under test.
    pub programs: bool,
    /// The folders that programs under test are looked for in, before those of `PATH`.
    pub folders: Vec<PathBuf>,
    /// The folders of `PATH`.
    pub path: Vec<PathBuf>,
}

/// Looks for every program that the trials start, as far as their documents name it.
///
/// # Errors
/// [`ClusterError::Start`] with all that are missing or cannot be executed, each with the place that names it.
pub fn check_programs(trials: &[Trial], needed: &Needed) -> Result<(), ClusterError> {
    let judged: Vec<&Trial> = trials
        .iter()
        .filter(|trial| trial.skip.is_none() && is_meant_for(trial, needed.kind))
        .collect();
    let mut missing = BTreeMap::new();
    for trial in judged {
        if needed.functions {
            missing.extend(functions(trial, needed));
        }
        if needed.programs {
            missing.extend(programs(trial, needed));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let lines = missing.values().map(|line| format!("\n  {line}"));
    let (programs, them) = match missing.len() {
        1 => ("a program", "it"),
        _ => ("programs", "them"),
    };
    Err(ClusterError::Start {
        what: format!("{programs} cannot be run:{}", lines.collect::<String>()),
        help: Some(format!(
            "build or install {them}: a path is relative to the file that names it, and a name is looked for in PATH and, \
             for programs under test, in --assets and the test bed"
        )),
        source: None,
    })
}

/// What is missing by where it is named.
type Missing = BTreeMap<(String, usize, usize), String>;

fn is_meant_for(trial: &Trial, kind: &str) -> bool {
    let only = trial.scenario.only_clusters.as_ref();
    only.is_none_or(|only| only.names.iter().any(|name| name == kind))
}

fn functions(trial: &Trial, needed: &Needed) -> Missing {
    let mut missing = Missing::new();
    for function in &trial.suite.functions {
        let FunctionRuntime::Command { program, .. } = &function.runtime else {
            continue;
        };
        let what = format!("function {}", function.name);
        let folder = &trial.suite.folder;
        missing.extend(look(&what, program, folder, &needed.path, &function.place));
    }
    missing
}

fn programs(trial: &Trial, needed: &Needed) -> Missing {
    let mut missing = Missing::new();
    let folders: Vec<PathBuf> = needed.folders.iter().chain(&needed.path).cloned().collect();
    // One that does its work and ends may make those after it.
    let mut may_be_made = false;
    for program in trial.programs() {
        let is_made = may_be_made;
        may_be_made |= matches!(program.ready, Readiness::Exit(_));
        let Some(name) = fixed_name(program).filter(|name| !(is_made && name.contains('/'))) else {
            continue;
        };
        let what = format!("program {}", program.name);
        missing.extend(look(
            &what,
            &name,
            &program.folder,
            &folders,
            &program.place,
        ));
    }
    missing
}

/// The program's name or path, if it is known before it is started: an expression is not, nor a name in folders of the
/// program's own.
fn fixed_name(program: &Program) -> Option<String> {
    let word = program.command.first()?.to_value();
    let word = word.as_str()?;
    let is_expression = word.starts_with('(') && word.ends_with(')');
    let has_own_path = program.env.iter().any(|(name, _)| name == "PATH") && !word.contains('/');
    (!is_expression && !has_own_path).then(|| word.to_owned())
}

fn look(
    what: &str,
    name: &str,
    folder: &Utf8Path,
    folders: &[PathBuf],
    place: &Place,
) -> Option<((String, usize, usize), String)> {
    let path = match name.contains('/') {
        true => folder.join(name).into_std_path_buf(),
        false => PathBuf::from(name),
    };
    let why = match find(&path, folders.iter().cloned()) {
        Ok(_) => return None,
        Err(error) => reason(&path, &error),
    };
    let position = place.position();
    let file = place.source.name.clone();
    let line = format!(
        "{file}:{}:{}: {what}: {why}",
        position.line, position.column
    );
    Some(((file, position.line, position.column), line))
}

fn reason(path: &Path, error: &std::io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => format!("there is no {path}"),
        ErrorKind::PermissionDenied => format!("{path} is nothing that can be executed"),
        _ => format!("{path}: {error}"),
    }
}
