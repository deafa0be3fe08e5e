//! Bindings of scenarios, steps and actions.

use crosscut_yaml::Node;

use super::Reader;
use super::fields::Fields;
use crate::diagnostic::Diagnostic;
use crate::model::{Binding, Place};
use crate::variables::Names;

/// The bindings of a scenario, a step or an action, in a field; each sees the ones before it.
pub(super) fn bindings(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    field: &'static str,
    names: &mut Names,
) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for node in fields.list(reader, field) {
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
    names.check_template(value, &place, &mut reader.problems);
    Some(Binding {
        name,
        value: value.clone(),
        place,
    })
}
