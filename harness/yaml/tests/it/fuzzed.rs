//! A property of every text, which the fuzzer tests with the same function.

use crosscut_yaml::{Kind, Limits, Node, parse, to_yaml};

/// The limits for texts of the fuzzer.
const LIMITS: Limits = Limits {
    bytes: 1 << 16,
    depth: 40,
    nodes: 10_000,
    documents: 64,
};

/// Checks that parsing ends, that all places are in the text, and that emitted values read back the same.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse(text, &LIMITS) {
        Ok(documents) => documents.iter().for_each(|document| {
            points_into(document, text);
            reads_back(document);
        }),
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!(
                    text.get(mistake.span.start..mistake.span.end).is_some(),
                    "{mistake:?}"
                );
            }
        }
    }
}

fn points_into(node: &Node, text: &str) {
    assert!(
        text.get(node.span.start..node.span.end).is_some(),
        "{node:?}"
    );
    match &node.kind {
        Kind::Sequence(items) => items.iter().for_each(|item| points_into(item, text)),
        Kind::Mapping(entries) => entries.iter().for_each(|entry| {
            assert!(
                text.get(entry.key.span.start..entry.key.span.end).is_some(),
                "{entry:?}"
            );
            points_into(&entry.value, text);
        }),
        _ => {}
    }
}

fn reads_back(document: &Node) {
    let value = document.to_value();
    let emitted = to_yaml(&value);
    // Aliases are expanded and indentation adds bytes, so the limits are the default ones.
    let read = parse(&emitted, &Limits::default());
    let Ok(read) = read else {
        panic!("{emitted:?} does not parse: {read:?}");
    };
    let values: Vec<_> = read.iter().map(Node::to_value).collect();
    assert_eq!(values, [value], "emitted as {emitted:?}");
}
