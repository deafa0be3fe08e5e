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

/// What a value must be like.
#[derive(Debug)]
pub(crate) enum Matcher {
    /// Equal to a scalar, or null.
    Scalar(Value),
    /// Like the value of an expression on the value itself.
    Expression(Expression),
    /// A list of as many elements, each like its counterpart.
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
