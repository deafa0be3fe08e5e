//! The settings of a program's start: command, files, environment and kubeconfig, with templates
//! evaluated.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crosscut_cluster::{ProgramPlace, Side};
use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_programs::{GrpcCheck, HttpCheck, Inherited, ProgramSettings, Ready, StateError};
use crosscut_suite::model::{Program as Declared, Readiness, Side as DocumentSide};
use crosscut_yaml::Node;
use serde_json::Value;

use super::{KUBECONFIG, folder_of, folder_of_trial, log_of};
use crate::scope::evaluate;
use crate::stop::{Stop, location};

/// The largest log of a program, in bytes: a flood must fill neither memory nor disk.
const LOG: u64 = 1024 * 1024;
/// The environment variables that programs inherit from crosscut.
const INHERITED: [&str; 3] = ["PATH", "LANG", "TZ"];

/// Returns the settings of a program's start, and writes the program's files.
///
/// # Errors
/// [`Stop`] for a template that cannot be evaluated, or a file that cannot be written.
pub(crate) fn settings(
    place: &ProgramPlace,
    declared: &Declared,
    scope: &Scope,
) -> Result<ProgramSettings, Stop> {
    let words = words(declared, scope)?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(unusable(
            declared,
            &declared.command[..],
            "there is no word",
        ));
    };
    let folder = write_files(place, declared, scope)?;
    let mut settings = ProgramSettings::new(
        &declared.name,
        found(declared, program),
        arguments.iter().cloned(),
    );
    settings.environment = environment(declared, scope, &folder)?;
    settings.inherited = Inherited::Only(INHERITED.map(str::to_owned).to_vec());
    settings.path.clone_from(&place.path);
    settings.directory = Some(folder);
    settings.ready = ready(declared, scope)?;
    settings.deadline = declared.within;
    settings.log = Some(log_of(place, &declared.name));
    settings.log_limit = LOG;
    Ok(settings)
}

/// Returns the program's path: with a slash, relative to the folder of the declaring file; otherwise found
/// in `PATH`.
fn found(declared: &Declared, program: &str) -> PathBuf {
    if program.contains('/') {
        declared.folder.join(program).into()
    } else {
        program.into()
    }
}

fn environment(
    declared: &Declared,
    scope: &Scope,
    folder: &std::path::Path,
) -> Result<BTreeMap<String, String>, Stop> {
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    // Without its own home, the program might use the user's kubeconfig, and change the user's cluster.
    let mut environment = BTreeMap::from([("HOME".to_owned(), path(folder))]);
    if declared.kubeconfig.is_some() {
        let kubeconfig = path(&folder.join(KUBECONFIG));
        environment.insert("KUBECONFIG".to_owned(), kubeconfig);
    }
    for (name, value) in &declared.env {
        environment.insert(name.clone(), text(declared, value, scope)?);
    }
    Ok(environment)
}

/// Writes the initial files into the program's folder, readable by their owner only.
fn write_files(place: &ProgramPlace, declared: &Declared, scope: &Scope) -> Result<PathBuf, Stop> {
    let in_state = |error: StateError| unwritten(declared, &error);
    let folder = folder_of(place, &declared.name);
    place
        .state
        .folder(&folder_of_trial(place))
        .map_err(in_state)?;
    let path = place.state.folder(&folder).map_err(in_state)?;
    if let Some(side) = declared.kubeconfig {
        let side = match side {
            DocumentSide::Control => Side::Control,
            DocumentSide::Target => Side::Target,
        };
        let file = format!("{folder}/{KUBECONFIG}");
        let written = place.state.replace(&file, place.kubeconfig(side));
        written.map_err(in_state)?;
    }
    for file in &declared.files {
        let at = declared.place.with_span(file.content.span);
        let content = match evaluate(&file.content, &at, scope)? {
            Value::String(text) => text,
            Value::Null => return Err(unusable(declared, [&file.content], "it is null")),
            other => format!("{other:#}\n"),
        };
        if let Some(parent) = file
            .path
            .parent()
            .filter(|parent| !parent.as_str().is_empty())
        {
            let parent = format!("{folder}/{parent}");
            place.state.folder(&parent).map_err(in_state)?;
        }
        let written = place
            .state
            .replace(&format!("{folder}/{}", file.path), &content);
        written.map_err(in_state)?;
    }
    Ok(path)
}

fn ready(declared: &Declared, scope: &Scope) -> Result<Ready, Stop> {
    Ok(match &declared.ready {
        Readiness::AtOnce | Readiness::Expect { .. } | Readiness::Exit(_) => Ready::AtOnce,
        Readiness::Tcp(node) => Ready::Tcp(([127, 0, 0, 1], port(declared, node, scope)?).into()),
        Readiness::Http { port: node, path } => {
            let (port, path) = (port(declared, node, scope)?, text(declared, path, scope)?);
            Ready::Http(HttpCheck {
                url: format!("http://127.0.0.1:{port}{path}"),
                authority: None,
                identity: None,
            })
        }
        Readiness::Grpc {
            port: node,
            service,
        } => Ready::Grpc(GrpcCheck {
            address: format!("127.0.0.1:{}", port(declared, node, scope)?),
            service: text(declared, service, scope)?,
        }),
    })
}

fn port(declared: &Declared, node: &Node, scope: &Scope) -> Result<u16, Stop> {
    let port = evaluated(declared, node, scope)?;
    let port = match &port {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64().and_then(|port| u16::try_from(port).ok()),
    };
    port.filter(|port| *port > 0)
        .ok_or_else(|| unusable(declared, [node], "it is no port"))
}

/// Returns the words of a command; an expression that returns a list stands for its items.
fn words(declared: &Declared, scope: &Scope) -> Result<Vec<String>, Stop> {
    let mut words = Vec::new();
    for node in &declared.command {
        match evaluated(declared, node, scope)? {
            Value::Array(items) => {
                for item in items {
                    words.push(as_text(declared, node, item)?);
                }
            }
            value => words.push(as_text(declared, node, value)?),
        }
    }
    Ok(words)
}

/// Returns the value of a template, as one text.
fn text(declared: &Declared, node: &Node, scope: &Scope) -> Result<String, Stop> {
    as_text(declared, node, evaluated(declared, node, scope)?)
}

fn as_text(declared: &Declared, node: &Node, value: Value) -> Result<String, Stop> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(unusable(declared, [node], "there is a zero byte in it"))
        }
        Value::String(text) => Ok(text),
        value @ (Value::Number(_) | Value::Bool(_)) => Ok(value.to_string()),
        Value::Null => Err(unusable(declared, [node], "it is null")),
        _ => Err(unusable(declared, [node], "it is no text")),
    }
}

fn evaluated(declared: &Declared, node: &Node, scope: &Scope) -> Result<Value, Stop> {
    let place = declared.place.with_span(node.span);
    Ok(evaluate(node, &place, scope)?)
}

/// Returns the failure of a template whose value cannot be used to start a program.
fn unusable<'a>(declared: &Declared, nodes: impl IntoIterator<Item = &'a Node>, why: &str) -> Stop {
    let message = format!(
        "the program {} cannot be started with this: {why}",
        declared.name
    );
    let mut failure = Failure::new("program::value", message);
    let node = nodes.into_iter().next();
    let place = node.map(|node| declared.place.with_span(node.span));
    failure.location = Some(location(&place.unwrap_or_else(|| declared.place.clone())));
    failure.help = Some(
        "an expression must give what is to stand here; look at what it is evaluated on".to_owned(),
    );
    Stop::failed(failure)
}

fn unwritten(declared: &Declared, error: &StateError) -> Stop {
    let message = format!(
        "the files of program {} cannot be written: {error}: {}",
        declared.name, error.source
    );
    let mut failure = Failure::new("program::files", message);
    failure.location = Some(location(&declared.place));
    Stop::errored(failure)
}
