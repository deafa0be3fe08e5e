//! A compiled document.

use crosscut_expr::Expression;
use crosscut_yaml::Span;
use serde_json::Value;

use crate::grammar::Key;

/// A node of a compiled document.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) span: Span,
    pub(crate) matcher: Matcher,
}

/// The condition of a node for its value.
#[derive(Debug)]
pub(crate) enum Matcher {
    /// A value equal to a scalar or null.
    Scalar(Value),
    /// A value that matches the value of an expression, which is evaluated on the value itself.
    Expression(Expression),
    /// A list of the same length, with elements that match one by one.
    List(Vec<Tree>),
    /// A map with at least these entries.
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) span: Span,
    pub(crate) tree: Tree,
}
