//! The variables of a document that it does not bind itself.

use std::collections::BTreeSet;

use crosscut_expr::Expression;
use crosscut_yaml::Span;

use crate::grammar::Statement;
use crate::tree::{Entry, Matcher, Tree};

/// Returns the variables, each with its place in the document.
pub(crate) fn variables(tree: &Tree) -> Vec<(String, Span)> {
    collected(tree, Expression::free_variables, String::as_str)
}

/// Returns each variable with the field that follows it directly, as in `$name.field`.
pub(crate) fn fields(tree: &Tree) -> Vec<(String, String, Span)> {
    let fields = collected(tree, Expression::fields, |(name, _)| name);
    let flat = |((name, field), span)| (name, field, span);
    fields.into_iter().map(flat).collect()
}

/// Returns the results of `read` for each expression of a document, without the variables that the document binds.
fn collected<T>(
    tree: &Tree,
    read: fn(&Expression) -> BTreeSet<T>,
    name: fn(&T) -> &str,
) -> Vec<(T, Span)> {
    let mut visit = Visit {
        read,
        name,
        bound: Vec::new(),
        found: Vec::new(),
    };
    visit.tree(tree);
    visit.found
}

struct Visit<'t, T> {
    read: fn(&Expression) -> BTreeSet<T>,
    name: fn(&T) -> &str,
    bound: Vec<&'t str>,
    found: Vec<(T, Span)>,
}

impl<'t, T> Visit<'t, T> {
    fn tree(&mut self, tree: &'t Tree) {
        match &tree.matcher {
            Matcher::Scalar(_) => {}
            Matcher::Expression(expression) => self.expression(expression, tree.span),
            Matcher::List(items) => items.iter().for_each(|item| self.tree(item)),
            Matcher::Map(entries) => {
                let before = self.bound.len();
                entries.iter().for_each(|entry| self.entry(entry));
                self.bound.truncate(before);
            }
        }
    }

    fn entry(&mut self, entry: &'t Entry) {
        if let Statement::Expression(expression) = &entry.key.statement {
            self.expression(expression, entry.span);
        }
        self.bound.extend(entry.key.binding.as_deref());
        let before = self.bound.len();
        let each = entry.key.each.as_ref();
        self.bound
            .extend(each.and_then(|each| each.index.as_deref()));
        self.tree(&entry.tree);
        self.bound.truncate(before);
    }

    fn expression(&mut self, expression: &Expression, span: Span) {
        let used = (self.read)(expression).into_iter();
        let free = used.filter(|one| !self.bound.contains(&(self.name)(one)));
        self.found.extend(free.map(|one| (one, span)));
    }
}
