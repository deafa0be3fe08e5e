//! The names that an expression takes from its surroundings, and the fields of theirs that it names.

use std::collections::BTreeSet;

use crate::ast::Node;

/// Names that are used where no `let` of the expression binds them.
pub(crate) fn variables(node: &Node) -> BTreeSet<String> {
    let mut free = Free::default();
    collect(node, &mut Vec::new(), &mut free);
    free.variables
}

/// Names and fields of `$name.field`, where no `let` of the expression binds the name.
pub(crate) fn fields(node: &Node) -> BTreeSet<(String, String)> {
    let mut free = Free::default();
    collect(node, &mut Vec::new(), &mut free);
    free.fields
}

#[derive(Default)]
struct Free {
    variables: BTreeSet<String>,
    fields: BTreeSet<(String, String)>,
}

fn collect<'a>(node: &'a Node, bound: &mut Vec<&'a str>, free: &mut Free) {
    if let Node::Sub(left, right) = node
        && let (Node::Variable(name), Node::Field(field)) = (&**left, &**right)
        && !bound.contains(&name.as_str())
    {
        free.fields.insert((name.clone(), field.clone()));
    }
    match node {
        Node::Variable(name) => {
            if !bound.contains(&name.as_str()) {
                free.variables.insert(name.clone());
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
            list: first,
            condition: second,
            then: third,
        }
        | Node::Choose {
            condition: first,
            yes: second,
            no: third,
        } => {
            [first, second, third]
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::Expression;

    #[rstest]
    #[case::none("$ports", &[])]
    #[case::one("$ports.a", &["ports.a"])]
    #[case::deeper_is_of_the_first("$programs.b.log", &["programs.b"])]
    #[case::quoted("$programs.\"a-b\".log", &["programs.a-b"])]
    #[case::anywhere("join('', [to_string($ports.a), $p.c || $q.d])", &["p.c", "ports.a", "q.d"])]
    #[case::chosen("$a.b ? $c.d : $e.f", &["a.b", "c.d", "e.f"])]
    #[case::bound("let $ports = @ in $ports.a", &[])]
    fn fields_of_names(#[case] text: &str, #[case] expected: &[&str]) {
        let expression = Expression::parse(text).unwrap();
        let found: Vec<String> = expression
            .fields()
            .into_iter()
            .map(|(name, field)| format!("{name}.{field}"))
            .collect();
        assert_eq!(found, expected);
    }
}
