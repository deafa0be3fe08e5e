//! The names that a document takes from its surroundings.

use crosscut_expr::Expression;
use crosscut_yaml::Span;

use crate::grammar::Statement;
use crate::tree::{Entry, Matcher, Tree};

/// The names and where they are used.
pub(crate) fn variables(tree: &Tree) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    visit(tree, &mut Vec::new(), &mut found);
    found
}

fn visit<'t>(tree: &'t Tree, bound: &mut Vec<&'t str>, found: &mut Vec<(String, Span)>) {
    match &tree.matcher {
        Matcher::Scalar(_) => {}
        Matcher::Expression(expression) => used(expression, tree.span, bound, found),
        Matcher::List(items) => items.iter().for_each(|item| visit(item, bound, found)),
        Matcher::Map(entries) => {
            let before = bound.len();
            entries
                .iter()
                .for_each(|entry| visit_entry(entry, bound, found));
            bound.truncate(before);
        }
    }
}

fn visit_entry<'t>(entry: &'t Entry, bound: &mut Vec<&'t str>, found: &mut Vec<(String, Span)>) {
    if let Statement::Expression(expression) = &entry.key.statement {
        used(expression, entry.span, bound, found);
    }
    bound.extend(entry.key.binding.as_deref());
    let before = bound.len();
    bound.extend(
        entry
            .key
            .each
            .as_ref()
            .and_then(|each| each.index.as_deref()),
    );
    visit(&entry.tree, bound, found);
    bound.truncate(before);
}

fn used(expression: &Expression, span: Span, bound: &[&str], found: &mut Vec<(String, Span)>) {
    let free = expression
        .free_variables()
        .into_iter()
        .filter(|name| !bound.contains(&name.as_str()));
    found.extend(free.map(|name| (name, span)));
}
