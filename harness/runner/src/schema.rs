//! Fields that no object of a kind can have, by the schema of its CustomResourceDefinition.

use crosscut_suite::{distance, is_near};
use crosscut_yaml::{Entry, Node, Span};
use serde_json::Value;

/// The fields that every object has, whatever its schema contains.
const OF_ALL: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// A field of a document that the schema does not have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownField {
    /// The path, such as `spec.colour`.
    pub(crate) path: String,
    /// The place of the field in the document.
    pub(crate) span: Span,
    /// The field of the same parent with the most similar name.
    pub(crate) nearest: Option<String>,
}

/// Returns the first field of an assertion that `schema` does not have. Expressions and the fields below them are
/// accepted.
pub(crate) fn unknown_field(document: &Node, schema: &Value) -> Option<UnknownField> {
    let entries = document.entries()?.iter();
    let mut own = entries.filter(|entry| !OF_ALL.contains(&entry.key.text.as_str()));
    own.find_map(|entry| in_entry(entry, schema, ""))
}

fn in_node(node: &Node, schema: &Value, path: &str) -> Option<UnknownField> {
    if let Some(items) = node.items() {
        let of_items = schema.get("items")?;
        let mut items = items.iter().enumerate();
        return items
            .find_map(|(index, item)| in_node(item, of_items, &format!("{path}[{index}]")));
    }
    let mut entries = node.entries()?.iter();
    entries.find_map(|entry| in_entry(entry, schema, path))
}

fn in_entry(entry: &Entry, schema: &Value, path: &str) -> Option<UnknownField> {
    let key = entry.key.text.as_str();
    let is_special = key.starts_with(['(', '~', '\\']) || key.contains("->");
    if is_special || may_have_anything(schema) {
        return None;
    }
    let path = match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let field = properties.and_then(|properties| properties.get(key));
    if let Some(field) = field.or_else(|| schema.get("additionalProperties")) {
        return in_node(&entry.value, field, &path);
    }
    let names = properties
        .into_iter()
        .flat_map(|properties| properties.keys());
    let nearest = names.min_by_key(|name| distance(key, name));
    Some(UnknownField {
        path,
        span: entry.key.span,
        nearest: nearest.filter(|name| is_near(key, name)).cloned(),
    })
}

/// Returns true if a schema does not restrict its fields.
fn may_have_anything(schema: &Value) -> bool {
    let is_set = |field: &str| schema.get(field) == Some(&Value::Bool(true));
    is_set("x-kubernetes-preserve-unknown-fields")
        || is_set("x-kubernetes-embedded-resource")
        || is_set("additionalProperties")
        // A boolean schema, or one without a type.
        || schema.get("type").is_none()
}

#[cfg(test)]
mod tests {
    use crosscut_yaml::{Limits, parse};
    use rstest::rstest;
    use serde_json::json;

    use super::unknown_field;

    #[rstest]
    #[case::known(
        "{apiVersion: a, kind: b, metadata: {any: thing}, spec: {colour: blue}}",
        None
    )]
    #[case::misspelt("{spec: {color: blue}}", Some(("spec.color", Some("colour"))))]
    #[case::unlike_all("{spec: {weight: 3}}", Some(("spec.weight", None)))]
    #[case::at_the_top("{stauts: {}}", Some(("stauts", Some("status"))))]
    #[case::below_a_list("{spec: {ports: [{number: 1}, {nubmer: 2}]}}", Some(("spec.ports[1].nubmer", Some("number"))))]
    #[case::of_a_map("{spec: {labels: {any: thing}}}", None)]
    #[case::below_a_map("{spec: {sizes: {any: {hieght: 1}}}}", Some(("spec.sizes.any.hieght", Some("height"))))]
    #[case::that_is_preserved("{status: {any: {thing: 1}}}", None)]
    #[case::an_expression(
        "{spec: {(length(@) > `0`): true, (any): {thing: 1}, ~.ports: 1, a->b: 2}}",
        None
    )]
    #[case::of_text("{spec: {colour: {any: thing}}}", Some(("spec.colour.any", None)))]
    fn fields_are_looked_for_in_the_schema(
        #[case] document: &str,
        #[case] expected: Option<(&str, Option<&str>)>,
    ) {
        let height = json!({"type": "object", "properties": {"height": {"type": "integer"}}});
        let port = json!({"type": "object", "properties": {"number": {"type": "integer"}}});
        let schema = json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "colour": {"type": "string"},
                "ports": {"type": "array", "items": port},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "sizes": {"type": "object", "additionalProperties": height},
            }},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }});
        let document = document.replace("(length(@) > `0`)", "\"(length(@) > `0`)\"");
        let document = parse(&document, &Limits::default()).unwrap().remove(0);
        let found = unknown_field(&document, &schema);
        let found = found
            .as_ref()
            .map(|one| (one.path.as_str(), one.nearest.as_deref()));
        assert_eq!(found, expected);
    }
}
