//! The compilation of documents into trees.

use crosscut_yaml::{Entry as Written, Kind, Node};
use serde_json::Value;

use crate::grammar::{self, Statement};
use crate::problem::Problem;
use crate::tree::{Entry, Matcher, Tree};

/// The maximum depth of a tree. The parser limits the depth of documents; this limit is for documents from other
/// sources.
const DEEPEST: usize = 256;

/// Compiles a node and collects its problems. If there are problems, the tree must not be used.
pub(crate) fn tree(node: &Node, depth: usize, problems: &mut Vec<Problem>) -> Tree {
    if depth > DEEPEST {
        problems.push(Problem::new(
            "assertion::depth",
            "the document is nested too deeply",
            node.span,
        ));
        return Tree {
            span: node.span,
            matcher: Matcher::Scalar(Value::Null),
        };
    }
    let matcher = match &node.kind {
        Kind::Sequence(items) => Matcher::List(
            items
                .iter()
                .map(|item| tree(item, depth + 1, problems))
                .collect(),
        ),
        Kind::Mapping(entries) => Matcher::Map(
            entries
                .iter()
                .filter_map(|written| entry(written, depth, problems))
                .collect(),
        ),
        Kind::String(text) => match grammar::statement(text, node.span) {
            Ok(Statement::Text(text)) => Matcher::Scalar(Value::String(text)),
            Ok(Statement::Expression(expression)) => Matcher::Expression(expression),
            Err(problem) => {
                problems.push(problem);
                Matcher::Scalar(Value::Null)
            }
        },
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => Matcher::Scalar(node.to_value()),
    };
    Tree {
        span: node.span,
        matcher,
    }
}

fn entry(written: &Written, depth: usize, problems: &mut Vec<Problem>) -> Option<Entry> {
    let tree = tree(&written.value, depth + 1, problems);
    match grammar::key(&written.key.text, written.key.span) {
        Ok(key) => Some(Entry {
            key,
            span: written.key.span,
            tree,
        }),
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}
