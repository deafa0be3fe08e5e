//! The columns that a definition declares for `kubectl get`.

mod json_path;
mod scan;

use serde_json::{Value, json};

use json_path::JsonPath;

/// A column of a definition's version.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The definition of the column for a `Table`.
    pub(crate) head: Value,
    pub(crate) kind: String,
    pub(crate) path: JsonPath,
}

/// Returns the columns of a version of a definition after the name, up to the first with an invalid path.
pub(crate) fn columns(version: &Value) -> Vec<Column> {
    let declared = version["additionalPrinterColumns"].as_array();
    match declared.map_or(&[][..], Vec::as_slice) {
        [] => column(&json!({
            "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp",
        }))
        .into_iter()
        .collect(),
        declared => declared.iter().map_while(column).collect(),
    }
}

fn column(declared: &Value) -> Option<Column> {
    let text = |field: &str| declared[field].as_str().unwrap_or_default();
    let path = JsonPath::parse(text("jsonPath")).ok()?;
    let description = match text("description") {
        "" => format!(
            "Custom resource definition column (in JSONPath format): {}",
            text("jsonPath")
        ),
        description => description.to_owned(),
    };
    let head = head(
        text("name"),
        text("type"),
        text("format"),
        &description,
        declared["priority"].as_i64().unwrap_or_default(),
    );
    Some(Column {
        head,
        kind: text("type").to_owned(),
        path,
    })
}

/// Returns the definition of a column for a `Table`.
pub(crate) fn head(
    name: &str,
    kind: &str,
    format: &str,
    description: &str,
    priority: i64,
) -> Value {
    json!({
        "name": name, "type": kind, "format": format, "description": description, "priority": priority,
    })
}
