//! Fields of assertions that no object of the kind can have.

use crosscut_yaml::{Entry, Kind, Node, Span};

use super::schemas::{Definitions, Schema};
use crate::diagnostic::Diagnostic;
use crate::model::{ActionKind, Expectation, Scenario, Side, Suite};
use crate::nearest::suggestion;

/// Returns a mistake for each field of `expect` and `absent` that the schemas of the kind do not have.
///
/// The API server drops such fields, so `expect` never holds and `absent` always does. A field is known if one of the
/// schemas has it that the providers of the scenario bring.
pub(crate) fn unknown(suite: &Suite) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for side in [Side::Control, Side::Target] {
        let definitions = Definitions::of(suite, side);
        for scenario in &suite.scenarios {
            for expectation in expectations(scenario, side) {
                check(expectation, scenario, &definitions, &mut problems);
            }
        }
    }
    Diagnostic::keep_first(&mut problems);
    problems
}

fn expectations(scenario: &Scenario, side: Side) -> impl Iterator<Item = &Expectation> {
    let actions = scenario.steps.iter().flat_map(|step| &step.actions);
    actions
        .filter(move |action| action.side == side)
        .flat_map(|action| match &action.kind {
            ActionKind::Expect(expectations) | ActionKind::Absent(expectations) => {
                expectations.as_slice()
            }
            _ => &[],
        })
}

fn check(
    expectation: &Expectation,
    scenario: &Scenario,
    definitions: &Definitions<'_>,
    problems: &mut Vec<Diagnostic>,
) {
    let text = |field| expectation.node.get(field).and_then(Node::as_str);
    let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return;
    };
    let only = scenario.only.as_ref();
    let is_meant =
        |provider: &str| only.is_none_or(|only| only.names.iter().any(|name| name == provider));
    let schemas = definitions.schemas(api_version, kind, &is_meant);
    let Some(entries) = expectation.node.entries().filter(|_| !schemas.is_empty()) else {
        return;
    };
    let mut found = Found {
        path: Vec::new(),
        unknown: Vec::new(),
    };
    let own = ["apiVersion", "kind", "metadata"];
    for entry in entries {
        if !own.contains(&entry.key.text.as_str()) {
            found.entry(entry, &schemas);
        }
    }
    for (path, span, near) in found.unknown {
        let message = format!("the kind {kind} of {api_version} has no field {path}");
        let place = expectation.place.with_span(span);
        let problem = Diagnostic::error("suite::no_such_field", message, place);
        problems.push(problem.with_help(near).with_label("unknown field"));
    }
}

/// What was found below an assertion document.
struct Found {
    path: Vec<String>,
    /// Paths, where they are written, and what was meant.
    unknown: Vec<(String, Span, String)>,
}

impl Found {
    fn entry(&mut self, entry: &Entry, schemas: &[Schema<'_>]) {
        let Some((fields, is_each)) = fields(&entry.key.text) else {
            return;
        };
        let depth = self.path.len();
        let mut below = schemas.to_vec();
        for field in &fields {
            self.path.push((*field).to_owned());
            let next: Vec<Schema<'_>> = below.iter().filter_map(|one| one.field(field)).collect();
            if next.is_empty() {
                self.report(field, entry.key.span, &below);
                self.path.truncate(depth);
                return;
            }
            below = next;
        }
        if is_each {
            below = below.iter().map(|one| one.element()).collect();
        }
        self.value(&entry.value, &below);
        self.path.truncate(depth);
    }

    fn value(&mut self, node: &Node, schemas: &[Schema<'_>]) {
        match &node.kind {
            // A list's own fields are no fields of its elements.
            Kind::Mapping(entries) if schemas.iter().all(|one| one.has_fields()) => {
                entries.iter().for_each(|entry| self.entry(entry, schemas));
            }
            Kind::Sequence(items) => {
                let element: Vec<Schema<'_>> = schemas.iter().map(|one| one.element()).collect();
                items.iter().for_each(|item| self.value(item, &element));
            }
            _ => {}
        }
    }

    fn report(&mut self, field: &str, span: Span, schemas: &[Schema<'_>]) {
        let names = schemas.iter().flat_map(|schema| schema.names());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        let near = suggestion(field, names);
        self.unknown.push((self.path.join("."), span, near));
    }
}

/// Returns the fields that a key names, and whether its value is for every element; nothing for other expressions.
///
/// The grammar is that of `crosscut_assertion`: `~.field`, `field->name`, `\field\`, `(field)`, `(field.field)`.
fn fields(key: &str) -> Option<(Vec<&str>, bool)> {
    let is_word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if key.contains('\n') {
        return None;
    }
    let each = key.strip_prefix('~').and_then(|rest| rest.split_once('.'));
    let rest = each.map_or(key, |(_, rest)| rest);
    let rest = match rest.rsplit_once("->") {
        Some((before, name)) if is_word(name.trim_start()) => before.trim_end(),
        _ => rest,
    };
    let between = |before, after| rest.strip_prefix(before)?.strip_suffix(after);
    if let Some(field) = between('\\', '\\') {
        return Some((vec![field], each.is_some()));
    }
    let Some(inner) = between('(', ')') else {
        // The beginning of an expression is warned of elsewhere.
        if rest.starts_with('(') {
            return None;
        }
        return Some((vec![rest], each.is_some()));
    };
    let parts: Vec<&str> = inner.trim().split('.').collect();
    parts
        .iter()
        .all(|part| is_word(part))
        .then_some((parts, each.is_some()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::fields;

    #[rstest]
    #[case::plain("size", Some((vec!["size"], false)))]
    #[case::with_dashes("a-b", Some((vec!["a-b"], false)))]
    #[case::every_element("~.items", Some((vec!["items"], true)))]
    #[case::every_element_with_its_index("~i.items", Some((vec!["items"], true)))]
    #[case::bound("size->s", Some((vec!["size"], false)))]
    #[case::escaped("\\(a)\\", Some((vec!["(a)"], false)))]
    #[case::one_word("(size)", Some((vec!["size"], false)))]
    #[case::a_path("(a.b)->x", Some((vec!["a", "b"], false)))]
    #[case::half_an_expression("(length(items)", None)]
    #[case::half_an_expression_and_no_more("(size", None)]
    #[case::a_call("(length(items))", None)]
    #[case::a_filter("(items[?a == 'b'])", None)]
    #[case::the_value_itself("(@)", None)]
    fn what_a_key_names(#[case] key: &str, #[case] expected: Option<(Vec<&str>, bool)>) {
        assert_eq!(fields(key), expected);
    }
}
