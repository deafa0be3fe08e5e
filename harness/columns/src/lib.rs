//! The columns that a definition declares for `kubectl get`. Internal to crosscut.
//!
//! Source: apiextensions-apiserver's `tableconvertor`, Kubernetes 1.34.
//!
//! ```
//! use serde_json::json;
//!
//! let version = json!({"additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]});
//! let columns = crosscut_columns::columns(&version);
//! let cell = columns[0].cell(&json!({"spec": {"size": 3}}), jiff::Timestamp::UNIX_EPOCH);
//! assert_eq!(cell, 3);
//! ```

mod age;
mod json_path;
mod scan;

use crosscut_merge::go_text;
use jiff::Timestamp;
use serde_json::{Value, json};

use json_path::JsonPath;

/// A column of a definition's version.
#[derive(Clone, Debug)]
pub struct Column {
    head: Value,
    kind: String,
    path: JsonPath,
}

impl Column {
    /// Returns the definition of the column for a `Table`.
    #[must_use]
    pub fn head(&self) -> &Value {
        &self.head
    }

    /// Returns the first value at the column's path, if it has the column's type; otherwise null. Dates become ages at `now`.
    #[must_use]
    pub fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let found = self.path.find(object).unwrap_or_default();
        let Some(value) = found.first() else {
            return Value::Null;
        };
        match self.kind.as_str() {
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
}

/// Returns the columns of a version of a definition after the name, up to the first with an invalid path.
#[must_use]
pub fn columns(version: &Value) -> Vec<Column> {
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
#[must_use]
pub fn head(name: &str, kind: &str, format: &str, description: &str, priority: i64) -> Value {
    json!({
        "name": name, "type": kind, "format": format, "description": description, "priority": priority,
    })
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

    use super::columns;

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
        assert_eq!(columns(&version)[0].cell(&object, now), expected);
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
