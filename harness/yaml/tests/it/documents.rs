//! Collections, several documents, anchors, merge keys and places.

use crosscut_yaml::{Position, position};
use serde_json::json;

use crate::{documents, value};

#[test]
fn documents_with_nothing_in_them_are_left_out() {
    let found = documents("# only a comment\n---\na: 1\n---\n---\n# nothing\n---\nb: 2\n");
    let values: Vec<_> = found.iter().map(crosscut_yaml::Node::to_value).collect();
    assert_eq!(values, [json!({"a": 1}), json!({"b": 2})]);
}

#[test]
fn keys_that_are_no_strings_become_strings() {
    assert_eq!(
        value("{true: 1, 80: 2, ~: 3, 1.5: 4}"),
        json!({"true": 1, "80": 2, "null": 3, "1.5": 4})
    );
    // go-yaml reads a bare `on:` key as a boolean, which JSON writes as "true".
    assert_eq!(value("on: x"), json!({"true": "x"}));
}

#[test]
fn aliases_copy() {
    assert_eq!(
        value("a: &x {b: [1]}\nc: *x\n"),
        json!({"a": {"b": [1]}, "c": {"b": [1]}})
    );
}

#[test]
fn merge_keys_add_what_is_not_there() {
    let text =
        "base: &base {a: 1, b: 2}\nother: &other {b: 9, c: 3}\nx:\n  <<: [*base, *other]\n  a: 5\n";
    assert_eq!(value(text)["x"], json!({"a": 5, "b": 2, "c": 3}));
    assert_eq!(value("b: &b {a: 1}\nx: {<<: *b}\n")["x"], json!({"a": 1}));
    assert_eq!(value("'<<': {a: 1}\n"), json!({"<<": {"a": 1}}));
}

#[test]
fn block_scalars_keep_their_lines() {
    assert_eq!(
        value("a: |\n  x\n  y\nb: |-\n  z\n"),
        json!({"a": "x\ny\n", "b": "z"})
    );
}

#[test]
fn nodes_know_where_they_were_written() {
    let text = "é: x\nspec:\n  size: 3\n  list:\n  - a\n  - bcd\n";
    let document = &documents(text)[0];
    let spec = document.get("spec").unwrap();
    let size = spec.get("size").unwrap();
    assert_eq!(&text[size.span.start..size.span.end], "3");
    assert_eq!(
        position(text, size.span.start),
        Position { line: 3, column: 9 }
    );
    let last = &spec.get("list").unwrap().items().unwrap()[1];
    assert_eq!(&text[last.span.start..last.span.end], "bcd");
    let key = &document.entries().unwrap()[1].key;
    assert_eq!(&text[key.span.start..key.span.end], "spec");
    assert!(spec.span.end <= text.len());
}

#[test]
fn positions_count_characters() {
    assert_eq!(position("aé\nxyz", 5), Position { line: 2, column: 2 });
    assert_eq!(position("é", 1), Position { line: 1, column: 1 });
    assert_eq!(position("a", 99), Position { line: 1, column: 2 });
}
