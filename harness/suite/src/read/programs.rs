//! `programs` and `ports` of suites and scenarios, and the action `program`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use crosscut_assertion::template_fields;
use crosscut_yaml::{Kind, Node, Span};

use super::Reader;
use super::fields::{Fields, place_of, string, wrong_type};
use super::readiness::readiness;
use super::resources::{in_files, normalized};
use crate::diagnostic::Diagnostic;
use crate::model::{ActionKind, Place, Program, ProgramFile, ProgramVerb, Side, StopSignal};
use crate::nearest::suggestion;
use crate::offered::Offered;
use crate::variables::{Names, of_template};

/// The time that a program may take until it is ready, unless it is said.
const WITHIN: Duration = Duration::from_secs(30);
/// The time that it may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// The file that crosscut itself puts into a program's folder.
const KUBECONFIG: &str = "kubeconfig";
const NAME_HELP: &str = "begin with a letter, and use lower-case letters, digits and -";

/// The names of `ports`.
pub(super) fn ports(reader: &mut Reader<'_>, spec: &Fields<'_>) -> Vec<String> {
    let mut ports = Vec::new();
    for node in spec.list(reader, "ports") {
        let place = spec.place().with_span(node.span);
        let Some(name) = string(reader, node, spec.place(), "a port's name") else {
            continue;
        };
        if !is_name(&name) {
            let message = format!("\"{name}\" is no name of a port");
            let problem = Diagnostic::error("suite::name", message, place);
            reader.problem(problem.with_help(NAME_HELP));
        } else if ports.contains(&name) {
            let message = format!("the port {name} is there twice");
            let problem = Diagnostic::error("suite::duplicate_name", message, place);
            reader.problem(problem.with_help("keep one of them"));
        } else {
            ports.push(name);
        }
    }
    ports
}

/// The programs of `programs`, which are declared there or in files that it names.
pub(super) fn programs(
    reader: &mut Reader<'_>,
    spec: &Fields<'_>,
    folder: &Utf8Path,
) -> Vec<Arc<Program>> {
    let mut found = Vec::new();
    for node in spec.list(reader, "programs") {
        if node.get("file").is_some() {
            let Some(fields) = Fields::of(reader, node, spec.place(), "a program", &["file"])
            else {
                continue;
            };
            let Some(file) = fields.get("file") else {
                continue;
            };
            for resource in in_files(reader, file, fields.place(), folder) {
                let file = reader.absolute(&resource.place.source.name);
                let folder = file.parent().unwrap_or(folder).to_owned();
                found.extend(program(reader, &resource.node, &resource.place, &folder));
            }
        } else {
            found.extend(program(reader, node, spec.place(), folder));
        }
    }
    found.into_iter().map(Arc::new).collect()
}

/// Reports what programs name that nothing gives them. Those that a step starts see what it sees.
pub(super) fn check(reader: &mut Reader<'_>, programs: &[Arc<Program>], names: &Names) {
    let before_steps = names.without_upstreams();
    for program in programs {
        let known = match program.is_manual {
            true => &before_steps,
            false => names,
        };
        for node in program.templates() {
            known.check_fields(template_fields(node), &program.place, &mut reader.problems);
        }
        if !program.is_manual {
            names.check(
                program.variables.clone(),
                &program.place,
                &mut reader.problems,
            );
        }
    }
}

/// Reports programs that have the name of another.
pub(super) fn unique(reader: &mut Reader<'_>, programs: &[Arc<Program>], others: &Offered) {
    let mut seen = BTreeSet::new();
    for program in programs {
        let name = program.name.as_str();
        if !seen.insert(name) || others.program(name).is_some() {
            let message = format!("there is another program called {name}");
            let problem =
                Diagnostic::error("suite::duplicate_name", message, program.place.clone());
            reader.problem(
                problem
                    .with_help("steps name programs, the suite's and the scenario's: rename one"),
            );
        }
    }
}

fn program(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Option<Program> {
    let known = [
        "name",
        "command",
        "env",
        "files",
        "kubeconfig",
        "ready",
        "stop",
        "start",
    ];
    let fields = Fields::of(reader, node, place, "a program", &known)?;
    let name = name(reader, &fields);
    let command = command(reader, &fields);
    let sides = [("control", Side::Control), ("target", Side::Target)];
    let kubeconfig = fields.word(reader, "kubeconfig", &sides);
    let starts = [("automatic", false), ("manual", true)];
    let is_manual = fields.word(reader, "start", &starts).unwrap_or_default();
    let (ready, within) = readiness(reader, &fields, kubeconfig, folder);
    let (stop, grace) = stop(reader, &fields);
    let mut program = Program {
        env: env(reader, &fields),
        files: files(reader, &fields, kubeconfig.is_some()),
        name: name?,
        command: command?,
        folder: folder.to_owned(),
        kubeconfig,
        ready,
        within: within.unwrap_or(WITHIN),
        stop: stop.unwrap_or_default(),
        grace: grace.unwrap_or(GRACE),
        is_manual,
        variables: Vec::new(),
        place: fields.place().clone(),
    };
    if let Some(path) = program.command.first().and_then(Node::as_str) {
        reader.used.insert(normalized(&folder.join(path)));
    }
    program.variables = variables(reader, &program);
    Some(program)
}

/// Returns what the program's templates and its assertion take from their surroundings.
fn variables(reader: &mut Reader<'_>, program: &Program) -> Vec<(String, Span)> {
    let mut used = Vec::new();
    for node in program.templates() {
        used.extend(of_template(node, &program.place, &mut reader.problems));
    }
    for expectation in program.expectations() {
        used.extend(expectation.assertion.free_variables());
    }
    used
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-'))
        && name.len() <= 63
}

fn name(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    let name = fields.required_string(reader, "name")?;
    if is_name(&name) {
        return Some(name);
    }
    let place = place_of(fields, "name");
    let problem = Diagnostic::error(
        "suite::name",
        format!("\"{name}\" is no name of a program"),
        place,
    );
    reader.problem(problem.with_help(NAME_HELP));
    None
}

fn command(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vec<Node>> {
    fields.required(reader, "command")?;
    let words = fields.list(reader, "command");
    let is_empty = words.first().is_none_or(|word| word.as_str() == Some(""));
    if is_empty
        && fields
            .get("command")
            .is_some_and(|node| node.items().is_some())
    {
        let place = place_of(fields, "command");
        let problem = Diagnostic::error("suite::program", "the command has no program", place);
        reader.problem(
            problem.with_help("write the program and its arguments as a list: [./manager, -v]"),
        );
        return None;
    }
    for word in words {
        is_text(reader, word, fields.place(), "a word of the command");
    }
    Some(words.to_vec())
}

fn env(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<(String, Node)> {
    let entries = entries(reader, fields, "env");
    for (_, value) in &entries {
        is_text(reader, value, fields.place(), "a variable's value");
    }
    entries
}

/// Files below the program's folder.
fn files(reader: &mut Reader<'_>, fields: &Fields<'_>, has_kubeconfig: bool) -> Vec<ProgramFile> {
    let mut files = Vec::new();
    for (path, content) in entries(reader, fields, "files") {
        let path = Utf8PathBuf::from(path);
        let plain = |part| matches!(part, Utf8Component::Normal(_));
        let problem = if path.as_str().is_empty() || !path.components().all(plain) {
            Some((
                format!("{path} is no path below the program's folder"),
                "leave out a / at the beginning, and ..: the program runs in its folder",
            ))
        } else if has_kubeconfig && path == KUBECONFIG {
            Some((
                format!("{path} is the file that crosscut writes"),
                "call yours otherwise, or leave kubeconfig: out",
            ))
        } else {
            None
        };
        if let Some((message, help)) = problem {
            let place = fields.place().with_span(content.span);
            reader.problem(Diagnostic::error("suite::program", message, place).with_help(help));
        }
        files.push(ProgramFile { path, content });
    }
    files
}

fn entries(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
) -> Vec<(String, Node)> {
    let Some(node) = fields.get(field) else {
        return Vec::new();
    };
    let Some(entries) = node.entries() else {
        reader.problem(wrong_type(node, fields.place(), field, "a mapping"));
        return Vec::new();
    };
    entries
        .iter()
        .map(|entry| (entry.key.text.clone(), entry.value.clone()))
        .collect()
}

fn is_text(reader: &mut Reader<'_>, node: &Node, place: &Place, what: &str) {
    if !matches!(node.kind, Kind::String(_) | Kind::Number(_)) {
        reader.problem(wrong_type(node, place, what, "a text or a number"));
    }
}

fn stop(reader: &mut Reader<'_>, fields: &Fields<'_>) -> (Option<StopSignal>, Option<Duration>) {
    let Some(node) = fields.get("stop") else {
        return (None, None);
    };
    let Some(fields) = Fields::of(reader, node, fields.place(), "stop", &["signal", "grace"])
    else {
        return (None, None);
    };
    let signals = [
        ("SIGTERM", StopSignal::Terminate),
        ("SIGINT", StopSignal::Interrupt),
        ("SIGQUIT", StopSignal::Quit),
        ("SIGHUP", StopSignal::HangUp),
        ("SIGKILL", StopSignal::Kill),
    ];
    (
        fields.word(reader, "signal", &signals),
        fields.duration(reader, "grace"),
    )
}

/// The action `program`: exactly one verb, with one name or a list of them.
pub(super) fn action(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    names: &Names,
) -> Option<ActionKind> {
    const VERBS: [(&str, ProgramVerb); 4] = [
        ("start", ProgramVerb::Start),
        ("stop", ProgramVerb::Stop),
        ("restart", ProgramVerb::Restart),
        ("kill", ProgramVerb::Kill),
    ];
    let fields = Fields::of(reader, node, place, "program", &VERBS.map(|(word, _)| word))?;
    let given: Vec<_> = VERBS
        .into_iter()
        .filter_map(|(word, verb)| Some((word, verb, fields.get(word)?)))
        .collect();
    let [(word, verb, node)] = given[..] else {
        if !fields.has_unknown() {
            let problem = Diagnostic::error(
                "suite::program",
                "nothing, or not one thing, is done to programs here",
                fields.place().clone(),
            );
            let help = "give exactly one of start, stop, restart and kill, with a program's name";
            reader.problem(problem.with_help(help));
        }
        return None;
    };
    let items = node.items().unwrap_or(std::slice::from_ref(node));
    let programs: Vec<Arc<Program>> = items
        .iter()
        .filter_map(|item| named(reader, item, fields.place(), word, names))
        .collect();
    if matches!(verb, ProgramVerb::Start | ProgramVerb::Restart) {
        for program in &programs {
            sees_what_it_uses(reader, program, names, fields.place());
        }
    }
    Some(ActionKind::Program { verb, programs })
}

fn named(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    word: &'static str,
    names: &Names,
) -> Option<Arc<Program>> {
    let name = string(reader, node, place, word)?;
    if let Some(program) = names.offered().program(&name) {
        return Some(Arc::clone(program));
    }
    if names.offered().is_complete() {
        let message = format!("there is no program called {name}");
        let place = place.with_span(node.span);
        let problem = Diagnostic::error("suite::unknown_program", message, place);
        let known = names.offered().programs();
        reader.problem(problem.with_help(suggestion(&name, known)));
    }
    None
}

/// What a step starts sees the bindings that are there then, and the scenario's upstreams.
fn sees_what_it_uses(reader: &mut Reader<'_>, program: &Program, names: &Names, place: &Place) {
    for (name, _) in &program.variables {
        if !names.use_name(name) {
            let message = format!(
                "the program {} uses ${name}, which nothing binds where it is started here",
                program.name
            );
            let problem = Diagnostic::error("suite::unknown_binding", message, place.clone());
            reader.problem(problem.with_help(
                "bind it before: in the scenario, the step or this action, or by outputs of an expect",
            ));
        }
    }
    let known = names.offered().upstreams();
    let missing = known.map(|known| &upstreams_of(program) - known);
    for name in missing.filter(|_| program.is_manual).into_iter().flatten() {
        let message = format!("the program {} uses the upstream {name}", program.name);
        let problem = Diagnostic::error("suite::unknown_upstream", message, place.clone());
        reader.problem(problem.with_help(format!(
            "list it under upstreams: of the scenario: {{name: {name}}}"
        )));
    }
}

/// The upstreams that a program's templates name.
fn upstreams_of(program: &Program) -> BTreeSet<String> {
    let fields = program.templates().into_iter().flat_map(template_fields);
    fields
        .filter(|(name, ..)| name == "upstreams")
        .map(|(_, field, _)| field)
        .collect()
}

impl Reader<'_> {
    /// The path of a file that is shown relative to the suite's folder.
    fn absolute(&self, shown: &str) -> Utf8PathBuf {
        normalized(&self.folder.join(shown))
    }
}
