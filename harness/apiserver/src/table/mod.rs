//! Objects as `kubectl get` prints them: `Table` of `meta.k8s.io/v1`.
//!
//! Kinds of a definition have its columns (apiextensions-apiserver's `tableconvertor`, Kubernetes 1.34). Of the
//! built-in kinds only those have a table here for which kube-apiserver has no columns of their own.

mod age;

use jiff::Timestamp;
use serde_json::{Value, json};

use crosscut_merge::go_text;

use crate::column::{Column, head};
use crate::handlers::{Answer, Content};
use crate::meta;
use crate::served::Served;
use crate::status::{self, Status};

/// Built-in kinds without columns of their own (pkg/printers/internalversion, Kubernetes 1.34).
const PLAIN: [(&str, &str); 3] = [
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "roles"),
];

/// The form of the response that the client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The objects themselves.
    Whole,
    /// A table, or the objects themselves if there is none.
    TableIfAny,
    /// A table.
    Table,
}

impl Form {
    /// Reads the Accept header and returns the form of the first supported media type.
    pub(crate) fn of(accept: &str) -> Form {
        let is_whole = |range: &str| {
            let plain = !range.contains("as=");
            let essence = range.split(';').next().unwrap_or_default().trim();
            plain && matches!(essence, "application/json" | "application/*" | "*/*")
        };
        let is_table = |range: &str| {
            let mut parameters = range.split(';').map(str::trim);
            parameters.next() == Some("application/json")
                && range.contains("as=Table")
                && range.contains("g=meta.k8s.io")
                && parameters.any(|parameter| parameter == "v=v1")
        };
        let mut ranges = accept.split(',');
        match ranges.find(|range| is_table(range) || is_whole(range)) {
            Some(range) if is_table(range) && ranges.any(is_whole) => Form::TableIfAny,
            Some(range) if is_table(range) => Form::Table,
            _ => Form::Whole,
        }
    }
}

/// Returns the response as a table.
///
/// # Errors
/// A Status if kube-apiserver prints the kind with columns that are not implemented here.
pub(crate) fn table(served: &Served, answer: &Answer, now: Timestamp) -> Result<Value, Status> {
    let resource = &served.resource;
    let place = (&*resource.group, &*resource.plural);
    if served.custom().is_none() && !PLAIN.contains(&place) {
        let what = format!("the printed columns of {}", resource.kind);
        return Err(status::not_implemented(&what));
    }
    let (metadata, objects) = match &answer.content {
        Content::Object(object) => {
            let version = meta::text(object, "resourceVersion");
            (json!({ "resourceVersion": version }), vec![object])
        }
        Content::List(listing) => {
            let mut metadata = listing.metadata();
            // Lists have the field on the last page too, tables do not.
            if let (None, Some(fields)) = (&listing.next, metadata.as_object_mut()) {
                fields.remove("continue");
            }
            (metadata, listing.items.iter().collect())
        }
    };
    let rows = objects.into_iter().map(|object| row(served, object, now));
    Ok(json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": heads(served),
        "rows": rows.collect::<Vec<_>>(),
    }))
}

fn heads(served: &Served) -> Vec<Value> {
    let mut heads = vec![head("Name", "string", "name", "", 0)];
    match served.custom() {
        Some(custom) => heads.extend(custom.columns.iter().map(|column| column.head.clone())),
        None => heads.push(head("Created At", "date", "", "", 0)),
    }
    heads
}

fn row(served: &Served, object: &Value, now: Timestamp) -> Value {
    let mut cells = vec![Value::from(meta::name(object))];
    match served.custom() {
        Some(custom) => cells.extend(custom.columns.iter().map(|one| cell(one, object, now))),
        None => cells.push(meta::text(object, "creationTimestamp").into()),
    }
    json!({
        "cells": cells,
        "object": {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"],
        },
    })
}

/// Returns the first value at the column's path, if it has the column's type.
fn cell(column: &Column, object: &Value, now: Timestamp) -> Value {
    let found = column.path.find(object).unwrap_or_default();
    let Some(value) = found.first() else {
        return Value::Null;
    };
    match column.kind.as_str() {
        "string" => printed(value).into(),
        "integer" => whole(value),
        "number" if value.is_number() => go_number(value),
        "boolean" if value.is_boolean() => value.clone(),
        "date" => value
            .as_str()
            .map_or(Value::Null, |text| age::since(text, now).into()),
        _ => Value::Null,
    }
}

/// Returns a value as text, for a column of type string.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::Array(_) | Value::Object(_) => go_text::json(value),
        scalar => go_text::plain(scalar),
    }
}

/// Formats a number as Go does, without a fraction of zero.
fn go_number(value: &Value) -> Value {
    serde_json::from_str(&go_text::json(value)).unwrap_or_else(|_| value.clone())
}

/// Returns a number without its fraction.
fn whole(value: &Value) -> Value {
    match (value.as_i64(), value.as_f64()) {
        (Some(whole), _) => whole.into(),
        #[expect(clippy::cast_possible_truncation, reason = "Go's int64(float64)")]
        (None, Some(fraction)) => (fraction as i64).into(),
        (None, None) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{Form, cell};
    use crate::column::columns;

    #[rstest]
    #[case::nothing("", Form::Whole)]
    #[case::json("application/json", Form::Whole)]
    #[case::anything("*/*", Form::Whole)]
    #[case::table("application/json;as=Table;v=v1;g=meta.k8s.io", Form::Table)]
    #[case::with_spaces("application/json; as=Table; v=v1; g=meta.k8s.io", Form::Table)]
    #[case::kubectl(
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
        Form::TableIfAny
    )]
    #[case::an_older_table(
        "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
        Form::Whole
    )]
    #[case::json_is_liked_better(
        "application/json,application/json;as=Table;v=v1;g=meta.k8s.io",
        Form::Whole
    )]
    #[case::another_form(
        "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
        Form::Whole
    )]
    fn what_an_accept_header_asks_for(#[case] accept: &str, #[case] expected: Form) {
        assert_eq!(Form::of(accept), expected);
    }

    /// The cell of a column with this type and path, two and a half minutes after the object was created.
    #[rstest]
    #[case::text("string", ".spec.text", json!("t"))]
    #[case::number_as_text("string", ".spec.size", json!("3"))]
    #[case::fraction_as_text("string", ".spec.half", json!("0.5"))]
    #[case::boolean_as_text("string", ".spec.on", json!("true"))]
    #[case::list_as_text("string", ".spec.list", json!(r#"["a","<"]"#.replace('<', "\\u003c")))]
    #[case::mapping_as_text("string", ".spec.map", json!(r#"{"a":1}"#))]
    #[case::null_as_text("string", ".spec.nothing", json!("<no value>"))]
    #[case::several_as_text("string", ".spec.list[*]", json!("a"))]
    #[case::missing("string", ".spec.colour", json!(null))]
    #[case::unfollowed("string", ".spec.list[7]", json!(null))]
    #[case::whole("integer", ".spec.size", json!(3))]
    #[case::fraction("integer", ".spec.half", json!(0))]
    #[case::text_as_whole("integer", ".spec.text", json!(null))]
    #[case::number("number", ".spec.size", json!(3))]
    #[case::boolean("boolean", ".spec.on", json!(true))]
    #[case::text_as_boolean("boolean", ".spec.text", json!(null))]
    #[case::age("date", ".metadata.creationTimestamp", json!("2m30s"))]
    #[case::no_date("date", ".spec.text", json!("<invalid>"))]
    #[case::number_as_date("date", ".spec.size", json!(null))]
    fn a_cell(#[case] kind: &str, #[case] path: &str, #[case] expected: Value) {
        let object = json!({
            "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"text": "t", "size": 3, "half": 0.5, "on": true, "list": ["a", "<"], "map": {"a": 1}, "nothing": null},
        });
        let version =
            json!({"additionalPrinterColumns": [{"name": "C", "type": kind, "jsonPath": path}]});
        let now: Timestamp = "2026-01-01T00:02:30Z".parse().unwrap();
        assert_eq!(cell(&columns(&version)[0], &object, now), expected);
    }

    #[test]
    fn columns_end_before_the_first_that_cannot_be_read() {
        let column = |path: &str| json!({"name": path, "type": "string", "jsonPath": path});
        let version =
            json!({"additionalPrinterColumns": [column(".a"), column(".b["), column(".c")]});
        assert_eq!(columns(&version).len(), 1);
        assert_eq!(columns(&json!({}))[0].head["name"], "Age");
    }
}
