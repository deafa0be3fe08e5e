//! The schema of a kind from the API server's OpenAPI v3 documents, with its references resolved (xfn/required_schemas.go).

use serde_json::{Map, Value, json};

use crate::error::{Error, Wrap};
use crate::object;
use crosscut_client::Api;

const PREFIX: &str = "#/components/schemas/";
/// The largest depth of followed references; schemas may refer to themselves.
const DEPTH: usize = 32;

/// Returns the schema of a kind; `None` if the server has none.
///
/// # Errors
/// [`Error`] if the server has no OpenAPI documents or they cannot be read.
pub(super) async fn schema(
    api: &Api,
    api_version: &str,
    kind: &str,
) -> Result<Option<Value>, Error> {
    let index = api
        .document("/openapi/v3")
        .await
        .context("cannot get OpenAPI paths")?;
    let path = if api_version.contains('/') {
        format!("apis/{api_version}")
    } else {
        format!("api/{api_version}")
    };
    let Some(url) =
        object::at(&index, &["paths", &path, "serverRelativeURL"]).and_then(Value::as_str)
    else {
        return Ok(None);
    };
    let document = api
        .document(url)
        .await
        .with_context(|| format!("cannot get OpenAPI schema for {path}"))?;
    let Some(schemas) =
        object::at(&document, &["components", "schemas"]).and_then(Value::as_object)
    else {
        return Ok(None);
    };
    let wanted = (
        object::group_of(api_version),
        object::version_of(api_version),
        kind,
    );
    let found = schemas.values().find(|schema| is_of(schema, wanted));
    Ok(found.map(|schema| resolve(schema, schemas, 0)))
}

/// Returns true if a schema is of exactly this kind; a schema that several kinds share is of none.
fn is_of(schema: &Value, (group, version, kind): (&str, &str, &str)) -> bool {
    let Some([one]) = schema
        .get("x-kubernetes-group-version-kind")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return false;
    };
    object::text(one, &["group"]) == group
        && object::text(one, &["version"]) == version
        && object::kind(one) == kind
}

fn resolve(schema: &Value, schemas: &Map<String, Value>, depth: usize) -> Value {
    match schema {
        _ if depth > DEPTH => json!({}),
        Value::Array(items) => items
            .iter()
            .map(|item| resolve(item, schemas, depth + 1))
            .collect(),
        Value::Object(fields) => match fields
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|name| name.strip_prefix(PREFIX))
        {
            Some(name) => schemas
                .get(name)
                .map_or_else(|| json!({}), |target| resolve(target, schemas, depth + 1)),
            None => {
                let resolved = |(key, value): (&String, &Value)| {
                    (key.clone(), resolve(value, schemas, depth + 1))
                };
                Value::Object(fields.iter().map(resolved).collect())
            }
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_cycles_end() {
        let schemas = json!({
            "a": {"properties": {"b": {"$ref": "#/components/schemas/b"}, "gone": {"$ref": "#/components/schemas/c"}}},
            "b": {"type": "string"},
            "loop": {"items": {"$ref": "#/components/schemas/loop"}},
        });
        let schemas = schemas.as_object().cloned().unwrap_or_default();
        assert_eq!(
            resolve(&schemas["a"], &schemas, 0),
            json!({"properties": {"b": {"type": "string"}, "gone": {}}})
        );
        assert!(resolve(&schemas["loop"], &schemas, 0).is_object());
    }

    #[test]
    fn a_schema_shared_by_kinds_is_of_none() {
        let kind = json!({"group": "g", "version": "v1", "kind": "K"});
        assert!(is_of(
            &json!({"x-kubernetes-group-version-kind": [kind.clone()]}),
            ("g", "v1", "K")
        ));
        assert!(!is_of(
            &json!({"x-kubernetes-group-version-kind": [kind.clone(), kind]}),
            ("g", "v1", "K")
        ));
    }
}
