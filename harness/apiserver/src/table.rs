//! Objects as `kubectl get` prints them: `Table` of `meta.k8s.io/v1`.
//!
//! Kinds of a definition have its columns (apiextensions-apiserver's `tableconvertor`, Kubernetes 1.34). Of the
//! built-in kinds only those have a table here for which kube-apiserver has no columns of their own.

use jiff::Timestamp;
use serde_json::{Value, json};

use crosscut_columns::head;

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
        Some(custom) => heads.extend(custom.columns.iter().map(|column| column.head().clone())),
        None => heads.push(head("Created At", "date", "", "", 0)),
    }
    heads
}

fn row(served: &Served, object: &Value, now: Timestamp) -> Value {
    let mut cells = vec![Value::from(meta::name(object))];
    match served.custom() {
        Some(custom) => cells.extend(custom.columns.iter().map(|one| one.cell(object, now))),
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Form;

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
}
