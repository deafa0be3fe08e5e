//! The names that an expression takes from its surroundings.

use std::collections::BTreeSet;

use crate::ast::Node;

/// Names that are used where no `let` of the expression binds them.
pub(crate) fn variables(node: &Node) -> BTreeSet<String> {
    let mut free = BTreeSet::new();
    collect(node, &mut Vec::new(), &mut free);
    free
}

fn collect<'a>(node: &'a Node, bound: &mut Vec<&'a str>, free: &mut BTreeSet<String>) {
    match node {
        Node::Variable(name) => {
            if !bound.contains(&name.as_str()) {
                free.insert(name.clone());
            }
        }
        Node::Let { bindings, body } => {
            bindings
                .iter()
                .for_each(|(_, value)| collect(value, bound, free));
            let before = bound.len();
            bound.extend(bindings.iter().map(|(name, _)| name.as_str()));
            collect(body, bound, free);
            bound.truncate(before);
        }
        Node::Sub(left, right)
        | Node::Pipe(left, right)
        | Node::Or(left, right)
        | Node::And(left, right)
        | Node::Compare(_, left, right)
        | Node::Calculate(_, left, right)
        | Node::Project(left, right)
        | Node::ProjectValues(left, right) => {
            collect(left, bound, free);
            collect(right, bound, free);
        }
        Node::Not(inner)
        | Node::Negate(inner)
        | Node::Positive(inner)
        | Node::Flatten(inner)
        | Node::Reference(inner) => collect(inner, bound, free),
        Node::Filter {
            list,
            condition,
            then,
        } => {
            [list, condition, then]
                .into_iter()
                .for_each(|part| collect(part, bound, free));
        }
        Node::List(items) => items.iter().for_each(|item| collect(item, bound, free)),
        Node::Map(entries) => entries
            .iter()
            .for_each(|(_, item)| collect(item, bound, free)),
        Node::Call { arguments, .. } => {
            arguments.iter().for_each(|item| collect(item, bound, free));
        }
        Node::Current
        | Node::Root
        | Node::Literal(_)
        | Node::Field(_)
        | Node::Index(_)
        | Node::Slice { .. } => {}
    }
}
