//! `kind: Scenario`.

use camino::Utf8Path;
use crosscut_yaml::Node;

use super::action::action;
use super::fields::Fields;
use super::{Reader, header};
use crate::diagnostic::Diagnostic;
use crate::model::{Binding, Only, Place, Scenario, Step};
use crate::variables::{Names, of_template};

/// Reads a scenario document; `folder` is the folder of its file.
pub(crate) fn scenario(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
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
    let known = ["description", "providers", "bindings", "steps"];
    let spec = Fields::of(reader, spec, &header.place, "the scenario's spec", &known)?;
    let mut names = Names::new();
    let description = spec.string(reader, "description").unwrap_or_default();
    let only = only(reader, &spec);
    let bindings = bindings(reader, &spec, &mut names);
    spec.required(reader, "steps");
    let steps: Vec<Step> = spec
        .list(reader, "steps")
        .iter()
        .enumerate()
        .filter_map(|(index, node)| step(reader, node, spec.place(), folder, index, &names))
        .collect();
    warn_of_unused(reader, &bindings, &steps, &names);
    Some(Scenario {
        name: header.name,
        description,
        only,
        bindings,
        steps,
        place: header.place,
    })
}

fn warn_of_unused(reader: &mut Reader<'_>, bindings: &[Binding], steps: &[Step], names: &Names) {
    let of_actions = steps
        .iter()
        .flat_map(|step| &step.actions)
        .flat_map(|action| &action.bindings);
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

fn only(reader: &mut Reader<'_>, spec: &Fields<'_>) -> Option<Only> {
    let node = spec.get("providers")?;
    if node.items().is_some() {
        let place = spec.place().with_span(node.span);
        let problem = Diagnostic::error("suite::wrong_type", "providers must be a mapping", place)
            .with_help("write {only: [aws], reason: \"why the others are left out\"}");
        reader.problem(problem);
        return None;
    }
    let fields = Fields::of(reader, node, spec.place(), "providers", &["only", "reason"])?;
    let node = fields.required(reader, "only")?;
    let place = fields.place().with_span(node.span);
    let providers = fields.strings(reader, "only");
    let reason = fields.required_string(reader, "reason")?;
    Some(Only {
        providers,
        reason,
        place,
    })
}

fn step(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    folder: &Utf8Path,
    index: usize,
    names: &Names,
) -> Option<Step> {
    let fields = Fields::of(
        reader,
        node,
        place,
        "a step",
        &["name", "bindings", "actions"],
    )?;
    let mut names = names.clone();
    let name = fields
        .string(reader, "name")
        .unwrap_or_else(|| format!("step {}", index + 1));
    let bindings = bindings(reader, &fields, &mut names);
    fields.required(reader, "actions");
    let actions = fields
        .list(reader, "actions")
        .iter()
        .filter_map(|node| action(reader, node, fields.place(), folder, &names))
        .collect();
    Some(Step {
        name,
        bindings,
        actions,
        place: fields.place().clone(),
    })
}

/// The bindings of a scenario, a step or an action; each sees the ones before it.
pub(super) fn bindings(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    names: &mut Names,
) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for node in fields.list(reader, "bindings") {
        if let Some(binding) = binding(reader, node, fields.place(), names) {
            names.bind(&binding.name);
            bindings.push(binding);
        }
    }
    bindings
}

fn binding(reader: &mut Reader<'_>, node: &Node, place: &Place, names: &Names) -> Option<Binding> {
    let fields = Fields::of(reader, node, place, "a binding", &["name", "value"])?;
    let name = fields.required_string(reader, "name")?;
    let value = fields.required(reader, "value")?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !name.chars().all(plain) || name.starts_with(|first: char| first.is_ascii_digit()) {
        let message = format!("\"{name}\" is no name of a binding");
        let problem = Diagnostic::error("suite::name", message, fields.place().clone())
            .with_help("use letters, digits and _, so that expressions can write $name");
        reader.problem(problem);
    }
    let place = fields.place().with_span(value.span);
    let used = of_template(value, &place, &mut reader.problems);
    names.check(used, &place, &mut reader.problems);
    Some(Binding {
        name,
        value: value.clone(),
        place,
    })
}
