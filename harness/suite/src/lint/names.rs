//! Expectations that cannot fail, or that some other object fulfils.

use crosscut_yaml::Node;

use crate::diagnostic::Diagnostic;
use crate::model::{Action, ActionKind, Expectation, Resource, Side, Suite};

/// Returns a warning for each expectation that says nothing but a kind, and for each that says nothing but the name of an
/// object that the scenario has just applied.
///
/// A name alone is a fair expectation of what is composed, or of what must survive a later write.
pub(super) fn only(suite: &Suite) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for scenario in &suite.scenarios {
        let mut applied = Vec::new();
        for action in scenario.steps.iter().flat_map(|step| &step.actions) {
            match &action.kind {
                ActionKind::Expect(expectations) => {
                    warnings.extend(
                        expectations
                            .iter()
                            .filter_map(|one| check(one, action, &applied)),
                    );
                }
                ActionKind::Absent(_) | ActionKind::Events(_) => {}
                ActionKind::Apply(write) => applied = of_side(&write.resources, action.side),
                _ => applied.clear(),
            }
        }
    }
    warnings
}

fn of_side(resources: &[Resource], side: Side) -> Vec<(Side, &Node)> {
    resources.iter().map(|one| (side, &one.node)).collect()
}

fn check(
    expectation: &Expectation,
    action: &Action,
    applied: &[(Side, &Node)],
) -> Option<Diagnostic> {
    let document = &expectation.node;
    // Outputs are of the object, and may be what the expectation is for.
    if !action.outputs.is_empty() || !has_only(document, &["apiVersion", "kind", "metadata"]) {
        return None;
    }
    let metadata = document.get("metadata");
    if !metadata.is_none_or(|metadata| has_only(metadata, &["name", "namespace"])) {
        return None;
    }
    let is_it = |(side, other): &(Side, &Node)| *side == action.side && is_same(document, other);
    let (message, help) = if metadata.and_then(|metadata| metadata.get("name")).is_none() {
        (
            "any object of the kind will do, whatever it is called",
            "name the object, or say what it must look like",
        )
    } else if applied.iter().any(is_it) {
        (
            "the object was just applied, and nothing but its name is looked at",
            "say what is to be seen in it, such as a default or a condition",
        )
    } else {
        return None;
    };
    let warning = Diagnostic::warning("lint::only_a_name", message, expectation.place.clone());
    Some(warning.with_help(help))
}

fn has_only(node: &Node, known: &[&str]) -> bool {
    node.entries().is_some_and(|entries| {
        entries
            .iter()
            .all(|one| known.contains(&one.key.text.as_str()))
    })
}

/// Returns whether two documents name one object.
fn is_same(one: &Node, other: &Node) -> bool {
    let text = |node: &Node, field: &str| node.get(field).and_then(Node::as_str).map(str::to_owned);
    let named = |node: &Node| {
        let metadata = node.get("metadata");
        let of_metadata = |field| metadata.and_then(|metadata| text(metadata, field));
        (
            text(node, "apiVersion"),
            text(node, "kind"),
            of_metadata("name"),
            of_metadata("namespace"),
        )
    };
    named(one) == named(other)
}
