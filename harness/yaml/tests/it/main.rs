//! Scalars, documents, mistakes and the emitter.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod documents;
mod emitter;
mod fuzzed;
mod mistakes;
mod robust;
mod scalars;

use crosscut_yaml::{Limits, Node, parse};
use serde_json::Value;

/// Returns the documents of a valid text.
fn documents(text: &str) -> Vec<Node> {
    parse(text, &Limits::default()).unwrap()
}

/// Returns the only document of a text as JSON.
fn value(text: &str) -> Value {
    let documents = documents(text);
    assert_eq!(documents.len(), 1, "{text}");
    documents[0].to_value()
}
