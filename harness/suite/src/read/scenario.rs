//! `kind: Scenario`.

use camino::Utf8Path;
use crosscut_yaml::Node;

use super::action::action;
use super::bindings::bindings;
use super::fields::Fields;
use super::{Reader, header, programs, traffic};
use crate::diagnostic::Diagnostic;
use crate::model::{ActionKind, Binding, Only, Place, Scenario, Step};
use crate::nearest::suggestion;
use crate::offered::Offered;
use crate::variables::Names;

/// The kinds of control planes.
const CLUSTERS: [&str; 4] = ["embedded", "envtest", "kind", "kubeconfig"];

/// Reads a scenario document; `folder` is the folder of its file, `offered` what the suite hands out.
pub(crate) fn scenario(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
    offered: &Offered,
) -> Option<Scenario> {
    let header = header(reader, node, place, "Scenario")?;
    let Some(spec) = header.spec else {
        let problem = Diagnostic::error(
            "suite::missing_field",
            "the scenario has no spec",
            header.place,
        );
        reader.problem(problem.with_help("add spec: with steps: to the scenario"));
        return None;
    };
    let known = [
        "description",
        "providers",
        "clusters",
        "timeout",
        "bindings",
        "ports",
        "programs",
        "upstreams",
        "steps",
    ];
    let spec = Fields::of(reader, spec, &header.place, "the scenario's spec", &known)?;
    let ports = programs::ports(reader, &spec);
    let programs = programs::programs(reader, &spec, folder);
    programs::unique(reader, &programs, offered);
    let upstreams = traffic::upstreams(reader, &spec);
    let mut offered = offered.with(&ports, &programs);
    if spec.get("upstreams").is_some() {
        offered = offered.with_upstreams(upstreams.iter().map(|one| one.name.clone()).collect());
    }
    let description = spec.string(reader, "description").unwrap_or_default();
    let only_clusters = only(reader, &spec, "clusters");
    known_clusters(reader, only_clusters.as_ref());
    let only = only(reader, &spec, "providers");
    if let Some(only) = &only {
        offered = offered.for_providers(&only.names);
    }
    let mut names = Names::new(offered);
    let timeout = spec.timeout(reader);
    let bindings = bindings(reader, &spec, "bindings", &mut names);
    programs::check(reader, &programs, &names);
    spec.required(reader, "steps");
    let steps: Vec<Step> = spec
        .some(reader, "steps", "step")
        .iter()
        .enumerate()
        .filter_map(|(index, node)| step(reader, node, spec.place(), folder, index, &mut names))
        .collect();
    warn_of_unused(reader, &bindings, &steps, &names);
    // What was misread may judge something.
    if names.offered().programs().next().is_none() && reader.problems.is_empty() {
        judges_something(reader, &steps, spec.place());
    }
    Some(Scenario {
        name: header.name,
        description,
        only,
        only_clusters,
        timeout,
        ports,
        programs,
        upstreams,
        bindings,
        steps,
        place: header.place,
    })
}

/// Reports a scenario that does nothing but sleep. Steps without actions are reported one by one.
fn judges_something(reader: &mut Reader<'_>, steps: &[Step], place: &Place) {
    let mut actions = steps.iter().flat_map(|step| &step.actions).peekable();
    if actions.peek().is_some() && actions.all(|one| matches!(one.kind, ActionKind::Sleep(_))) {
        let message = "the scenario does nothing but sleep, and so judges nothing";
        let problem = Diagnostic::error("suite::empty", message, place.clone());
        reader.problem(problem.with_help("expect something after the sleep"));
    }
}

fn warn_of_unused(reader: &mut Reader<'_>, bindings: &[Binding], steps: &[Step], names: &Names) {
    let of_actions = steps
        .iter()
        .flat_map(|step| &step.actions)
        .flat_map(|action| action.bindings.iter().chain(&action.outputs));
    let of_steps = steps.iter().flat_map(|step| &step.bindings);
    for binding in bindings.iter().chain(of_steps).chain(of_actions) {
        if !names.is_used(&binding.name) {
            let message = format!("no expression uses ${}", binding.name);
            let warning =
                Diagnostic::warning("lint::unused_binding", message, binding.place.clone());
            reader
                .warnings
                .push(warning.with_help("use it in an expression, or remove it"));
        }
    }
}

/// `providers` or `clusters`: what the scenario is meant for, and why not for the others.
fn only(reader: &mut Reader<'_>, spec: &Fields<'_>, field: &'static str) -> Option<Only> {
    let node = spec.get(field)?;
    if node.items().is_some() {
        let place = spec.place().with_span(node.span);
        let message = format!("{field} must be a mapping");
        let problem = Diagnostic::error("suite::wrong_type", message, place)
            .with_help("write {only: [NAME], reason: \"why the others are left out\"}");
        reader.problem(problem);
        return None;
    }
    let fields = Fields::of(reader, node, spec.place(), field, &["only", "reason"])?;
    let node = fields.required(reader, "only")?;
    let place = fields.place().with_span(node.span);
    let names = fields.strings(reader, "only");
    let reason = fields.required_string(reader, "reason")?;
    Some(Only {
        names,
        reason,
        place,
    })
}

fn known_clusters(reader: &mut Reader<'_>, only: Option<&Only>) {
    let Some(only) = only else { return };
    for name in &only.names {
        if !CLUSTERS.contains(&name.as_str()) {
            let message = format!("there is no kind of control plane called {name}");
            let problem = Diagnostic::error("suite::unknown_cluster", message, only.place.clone());
            reader.problem(problem.with_help(suggestion(name, CLUSTERS)));
        }
    }
}

fn step(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
    index: usize,
    of_scenario: &mut Names,
) -> Option<Step> {
    let fields = Fields::of(
        reader,
        node,
        place,
        "a step",
        &["name", "bindings", "actions"],
    )?;
    let mut names = of_scenario.clone();
    let name = fields
        .string(reader, "name")
        .unwrap_or_else(|| format!("step {}", index + 1));
    let bindings = bindings(reader, &fields, "bindings", &mut names);
    fields.required(reader, "actions");
    let mut actions = Vec::new();
    for node in fields.some(reader, "actions", "action") {
        let Some(action) = action(reader, node, fields.place(), folder, &names) else {
            continue;
        };
        for output in &action.outputs {
            names.bind(&output.name);
            of_scenario.bind(&output.name);
        }
        actions.push(action);
    }
    Some(Step {
        name,
        bindings,
        actions,
        place: fields.place().clone(),
    })
}
