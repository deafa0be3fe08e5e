//! Pruning: removes the fields that a schema does not declare (apiextensions-apiserver's `pruning`).

use serde_json::{Map, Value};

use crate::node::{Additional, Node};

/// The fields that every resource has beside its schema.
const IMPLICIT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Prunes a whole object. Returns the paths of the removed fields, sorted.
pub(crate) fn prune(root: &Node, object: &mut Value) -> Vec<String> {
    let mut pruning = Pruning::default();
    if let Value::Object(map) = object {
        pruning.fields(root, map, true);
    }
    pruning.gone.sort();
    pruning.gone
}

/// Prunes a value that is no resource. Returns the paths of the removed fields.
pub(crate) fn prune_value(node: &Node, value: &mut Value) -> Vec<String> {
    let mut pruning = Pruning::default();
    pruning.value(node, value);
    pruning.gone
}

#[derive(Default)]
struct Pruning {
    path: String,
    gone: Vec<String>,
}

impl Pruning {
    fn value(&mut self, node: &Node, value: &mut Value) {
        match value {
            Value::Object(map) => self.fields(node, map, node.embedded),
            Value::Array(items) => {
                if let Some(below) = &node.items {
                    self.items(below, items);
                } else if !node.preserve_unknown {
                    self.items(&Node::default(), items);
                }
            }
            _ => {}
        }
    }

    fn items(&mut self, node: &Node, items: &mut [Value]) {
        for (index, item) in items.iter_mut().enumerate() {
            self.at(&format!("[{index}]"), |pruning| pruning.value(node, item));
        }
    }

    fn fields(&mut self, node: &Node, map: &mut Map<String, Value>, resource: bool) {
        let names: Vec<String> = map.keys().cloned().collect();
        for name in names {
            if resource && IMPLICIT.contains(&name.as_str()) {
                continue;
            }
            let step = if self.path.is_empty() {
                name.clone()
            } else {
                format!(".{name}")
            };
            if !node.allows(&name) {
                map.remove(&name);
                self.gone.push(format!("{}{step}", self.path));
                continue;
            }
            // `additionalProperties: true` allows any field, but has no schema for the fields below it.
            let nothing = Node::default();
            let unspoken = matches!(node.additional, Additional::Any).then_some(&nothing);
            if let (Some(below), Some(value)) = (node.field(&name).or(unspoken), map.get_mut(&name))
            {
                self.at(&step, |pruning| pruning.value(below, value));
            }
        }
    }

    fn at(&mut self, step: &str, run: impl FnOnce(&mut Pruning)) {
        let length = self.path.len();
        self.path.push_str(step);
        run(self);
        self.path.truncate(length);
    }
}
