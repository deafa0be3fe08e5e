//! `kind: Suite`.

use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_yaml::Node;

use super::clusters::clusters;
use super::fields::{Fields, string};
use super::resources::{FIELDS, normalized, resources};
use super::{Reader, header, programs};
use crate::diagnostic::Diagnostic;
use crate::model::{BuiltIn, Clusters, Function, FunctionRuntime, Place, Program, Resource};
use crate::offered::Offered;
use crate::variables::Names;

/// Functions answer in milliseconds; the first call of a cold one may take longer.
const DEADLINE: Duration = Duration::from_secs(20);
/// The time that a function may take until it answers, unless it says otherwise. On a busy machine a program in Python
/// takes more than ten seconds.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// A suite before its scenarios and providers are read.
pub(crate) struct RawSuite {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) scenarios: Vec<Folder>,
    pub(crate) providers: Vec<Folder>,
    pub(crate) install: Vec<Resource>,
    pub(crate) functions: Vec<Function>,
    pub(crate) clusters: Clusters,
    pub(crate) env: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) ports: Vec<String>,
    pub(crate) programs: Vec<Arc<Program>>,
    /// `None` if there is no suite to speak of, which was reported.
    pub(crate) place: Option<Place>,
}

/// A folder to search.
pub(crate) struct Folder {
    pub(crate) path: Utf8PathBuf,
    /// The place where the suite names it; `None` if it is the default.
    pub(crate) place: Option<Place>,
}

impl RawSuite {
    /// Returns what is assumed of a suite that could not be read, so that the rest can be.
    pub(crate) fn empty(folder: &Utf8Path) -> RawSuite {
        RawSuite {
            name: String::new(),
            namespace: "default".to_owned(),
            scenarios: vec![Folder::assumed(folder.join("scenarios"))],
            providers: vec![Folder::assumed(folder.join("providers"))],
            install: Vec::new(),
            functions: Vec::new(),
            clusters: Clusters::default(),
            env: Vec::new(),
            timeout: None,
            ports: Vec::new(),
            programs: Vec::new(),
            place: None,
        }
    }
}

impl RawSuite {
    /// Returns what it hands out to every scenario.
    pub(crate) fn offered(&self) -> Offered {
        match self.place {
            Some(_) => Offered::new(&self.ports, &self.programs),
            None => Offered::unknown(),
        }
    }
}

impl Folder {
    fn assumed(path: Utf8PathBuf) -> Folder {
        Folder { path, place: None }
    }
}

/// Reads a suite document; `folder` is the folder of its file.
pub(crate) fn suite(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
) -> Option<RawSuite> {
    let header = header(reader, node, place, "Suite")?;
    let mut suite = RawSuite {
        name: header.name,
        place: Some(header.place.clone()),
        ..RawSuite::empty(folder)
    };
    let Some(spec) = header.spec else {
        return Some(suite);
    };
    let known = [
        "scenarios",
        "providers",
        "namespace",
        "install",
        "functions",
        "clusters",
        "env",
        "timeout",
        "ports",
        "programs",
        "template",
    ];
    let spec = Fields::of(reader, spec, &header.place, "the suite's spec", &known)?;
    if let Some(template) = spec.boolean(reader, "template") {
        reader.template = template;
    }
    if let Some(namespace) = spec.string(reader, "namespace") {
        suite.namespace = namespace;
    }
    for (field, folders) in [
        ("scenarios", &mut suite.scenarios),
        ("providers", &mut suite.providers),
    ] {
        if spec.get(field).is_some() {
            *folders = searched(reader, &spec, field, folder);
        }
    }
    for item in spec.list(reader, "install") {
        if let Some(fields) = Fields::of(reader, item, spec.place(), "an install", &FIELDS) {
            suite.install.extend(resources(reader, &fields, folder));
        }
    }
    for item in spec.list(reader, "functions") {
        suite.functions.extend(function(reader, item, spec.place()));
    }
    unique(reader, &suite.functions);
    if let Some(node) = spec.get("clusters") {
        suite.clusters = clusters(reader, node, spec.place(), folder).unwrap_or_default();
    }
    suite.env = variables(reader, &spec);
    suite.timeout = spec.timeout(reader);
    suite.ports = programs::ports(reader, &spec);
    suite.programs = programs::programs(reader, &spec, folder);
    programs::unique(reader, &suite.programs, &Offered::default());
    programs::check(reader, &suite.programs, &Names::new(suite.offered()));
    Some(suite)
}

/// Reads the names of environment variables.
fn variables(reader: &mut Reader<'_>, spec: &Fields<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for item in spec.list(reader, "env") {
        let Some(name) = string(reader, item, spec.place(), "env") else {
            continue;
        };
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!("{name:?} is no name of an environment variable");
            let place = spec.place().with_span(item.span);
            reader.problem(Diagnostic::error("suite::variable", message, place));
        } else {
            names.push(name);
        }
    }
    names
}

/// The folders that a field names.
fn searched(
    reader: &mut Reader<'_>,
    spec: &Fields<'_>,
    field: &'static str,
    folder: &Utf8Path,
) -> Vec<Folder> {
    let mut folders = Vec::new();
    for item in spec.list(reader, field) {
        if let Some(path) = string(reader, item, spec.place(), field) {
            folders.push(Folder {
                path: normalized(&folder.join(path)),
                place: Some(spec.place().with_span(item.span)),
            });
        }
    }
    folders
}

fn unique(reader: &mut Reader<'_>, functions: &[Function]) {
    for (index, function) in functions.iter().enumerate() {
        if functions[..index]
            .iter()
            .any(|other| other.name == function.name)
        {
            let message = format!("the function {} is there twice", function.name);
            let problem =
                Diagnostic::error("suite::duplicate_name", message, function.place.clone());
            reader.problem(problem.with_help("compositions name functions: keep one of them"));
        }
    }
}

fn function(reader: &mut Reader<'_>, node: &Node, place: &Place) -> Option<Function> {
    let known = [
        "name",
        "cargo",
        "command",
        "address",
        "builtin",
        "deadline",
        "startDeadline",
    ];
    let fields = Fields::of(reader, node, place, "a function", &known)?;
    let name = fields.required_string(reader, "name")?;
    let deadline = fields.duration(reader, "deadline").unwrap_or(DEADLINE);
    let start_deadline = fields
        .duration(reader, "startDeadline")
        .unwrap_or(START_DEADLINE);
    let runtime = runtime(reader, &fields)?;
    Some(Function {
        name,
        runtime,
        deadline,
        start_deadline,
        place: fields.place().clone(),
    })
}

/// Exactly one of the ways to run a function.
fn runtime(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<FunctionRuntime> {
    const WAYS: [&str; 4] = ["cargo", "command", "address", "builtin"];
    let given: Vec<&str> = WAYS
        .into_iter()
        .filter(|way| fields.get(way).is_some())
        .collect();
    match given[..] {
        ["cargo"] => cargo(reader, fields),
        ["command"] => command(reader, fields),
        ["address"] => address(reader, fields).map(FunctionRuntime::Address),
        ["builtin"] => fields
            .word(reader, "builtin", &[("auto-ready", BuiltIn::AutoReady)])
            .map(FunctionRuntime::BuiltIn),
        _ => {
            let message = if given.is_empty() {
                "nothing says how the function is run".to_owned()
            } else {
                format!("{} stand here together", given.join(" and "))
            };
            let problem = Diagnostic::error("suite::function", message, fields.place().clone())
                .with_help("give exactly one of cargo, command, address and builtin");
            reader.problem(problem);
            None
        }
    }
}

/// A host and a port.
fn address(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    let address = fields.required_string(reader, "address")?;
    let parts = address.rsplit_once(':');
    if parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
        return Some(address);
    }
    let place = fields
        .get("address")
        .map_or(fields.place().clone(), |node| {
            fields.place().with_span(node.span)
        });
    let message = format!("\"{address}\" is no address of a function");
    let problem = Diagnostic::error("suite::function", message, place);
    reader.problem(problem.with_help("write host:port, for example 127.0.0.1:9443"));
    None
}

fn cargo(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<FunctionRuntime> {
    let node = fields.get("cargo")?;
    let cargo = Fields::of(
        reader,
        node,
        fields.place(),
        "cargo",
        &["package", "arguments"],
    )?;
    let package = cargo.required_string(reader, "package")?;
    let arguments = cargo.strings(reader, "arguments");
    has_address(reader, &arguments, cargo.place());
    Some(FunctionRuntime::Cargo { package, arguments })
}

fn command(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<FunctionRuntime> {
    let mut words = fields.strings(reader, "command").into_iter();
    let place = fields
        .get("command")
        .map_or(fields.place().clone(), |node| {
            fields.place().with_span(node.span)
        });
    let Some(program) = words.next() else {
        let problem = Diagnostic::error("suite::function", "the command has no program", place);
        reader.problem(problem.with_help(
            "write the program and its arguments as a list: [./function, --address, \"{address}\"]",
        ));
        return None;
    };
    let arguments: Vec<String> = words.collect();
    has_address(reader, &arguments, &place);
    Some(FunctionRuntime::Command { program, arguments })
}

/// A program that is not told where to listen cannot be called.
fn has_address(reader: &mut Reader<'_>, arguments: &[String], place: &Place) {
    if !arguments
        .iter()
        .any(|argument| argument.contains("{address}") || argument.contains("{port}"))
    {
        let message = "no argument tells the function where to listen";
        let problem = Diagnostic::error("suite::function", message, place.clone())
            .with_help("write {address} or {port} where the loopback address goes, for example [--address, \"{address}\"]");
        reader.problem(problem);
    }
}
