//! CEL rules, node by node.

use serde_json::Value;

use super::{below, counterpart, extend};
use crate::node::Node;
use crate::structural::Validation;

/// Evaluates the rules of a node and of all nodes below it. Adds the errors, and the rules that were not evaluated.
pub(super) fn check(
    node: &Node,
    value: &Value,
    old: Option<&Value>,
    path: &str,
    found: &mut Validation,
) {
    if !node.has_rules || value.is_null() || old == Some(value) {
        return;
    }
    if let Some(rules) = &node.rules {
        rules.check(value, old, path, found);
    }
    for (step, node_below, value_below) in below(node, value) {
        let old_below = old.and_then(|old| match value {
            Value::Array(_) => counterpart(node, value_below, old),
            _ => old.get(step.trim_matches(['.', '[', ']'])),
        });
        check(
            node_below,
            value_below,
            old_below,
            &extend(path, &step),
            found,
        );
    }
}
