//! Decoding of a request's body into an object: the version and kind are checked, unknown fields are dropped and
//! reported, defaults are set.

use serde_json::Value;

use crate::payload::Payload;
use crate::served::Served;
use crate::status::{self, Status};
use crate::{builtin_rules, object_meta};
use crosscut_objects::FieldValidation;

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// A decoded object, with the complaints about its fields.
pub(crate) struct Decoded {
    pub(crate) object: Value,
    /// Messages such as `unknown field "spec.x"`, in kube-apiserver's order.
    pub(crate) complaints: Vec<String>,
}

/// Decodes a whole object from a body.
pub(crate) fn object(
    served: &Served,
    media_type: &str,
    body: Payload<'_>,
) -> Result<Decoded, Status> {
    let (mut value, duplicates) = parse(served, media_type, body)?;
    check_kind(served, &mut value, body)?;
    let mut decoded = typed(served, value)?;
    decoded.complaints.extend(
        duplicates
            .iter()
            .map(|path| format!("duplicate field \"{path}\"")),
    );
    Ok(decoded)
}

/// Decodes an object from a value that has its version and kind: a parsed body or the result of a patch.
pub(crate) fn typed(served: &Served, mut object: Value) -> Result<Decoded, Status> {
    let mut unknown = object_meta::coerce(&mut object)
        .map_err(|wrong| not_handled(served, &wrong.to_string()))?;
    if let Some(structural) = &served.structural {
        unknown.extend(structural.prune(&mut object));
        if served.custom().is_some() {
            structural.default(&mut object);
        }
    }
    if let Some(builtin) = served.built_in() {
        drop_nulls(&mut object);
        builtin_rules::decode(builtin, &mut object).map_err(|why| not_handled(served, &why))?;
    }
    let complaints = unknown
        .iter()
        .map(|path| format!("unknown field \"{path}\""))
        .collect();
    Ok(Decoded { object, complaints })
}

/// Drops fields that are null, because null means absent in the types of built-in kinds. Null items of lists stay.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Fails with the complaints if the request's field validation is Strict, or adds them to the warnings if it is Warn.
pub(crate) fn judge(
    served: &Served,
    complaints: Vec<String>,
    validation: FieldValidation,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    match validation {
        FieldValidation::Ignore => Ok(()),
        FieldValidation::Warn => {
            warnings.extend(complaints);
            Ok(())
        }
        FieldValidation::Strict if complaints.is_empty() => Ok(()),
        FieldValidation::Strict => Err(not_handled(
            served,
            &format!("strict decoding error: {}", complaints.join(", ")),
        )),
    }
}

fn parse(
    served: &Served,
    media_type: &str,
    body: Payload<'_>,
) -> Result<(Value, Vec<String>), Status> {
    let accepted = [JSON, YAML, PROTOBUF];
    match essence(media_type) {
        JSON | "" => {}
        YAML => return yaml(served, body).map(|value| (value, Vec::new())),
        PROTOBUF => return Err(status::not_implemented("protobuf bodies")),
        _ if served.custom().is_some() => {
            return Err(status::unsupported_media_type(&accepted[..2]));
        }
        _ => return Err(status::unsupported_media_type(&accepted)),
    }
    let parsed = body
        .json()
        .map_err(|error| unrecognized(served, &error.to_string()))?;
    Ok((parsed.value, parsed.duplicates))
}

/// Parses a YAML body, which must have one document.
pub(crate) fn yaml(served: &Served, body: Payload<'_>) -> Result<Value, Status> {
    let text = body
        .text()
        .ok_or_else(|| unrecognized(served, "the body is not UTF-8"))?;
    let documents = crosscut_yaml::parse(&text, &crosscut_yaml::Limits::default());
    match documents.as_deref() {
        Ok([document]) => Ok(document.to_value()),
        Ok(documents) => Err(unrecognized(
            served,
            &format!("expected one document, found {}", documents.len()),
        )),
        Err(errors) => {
            let told: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
            Err(unrecognized(served, &told.join("; ")))
        }
    }
}

/// Returns the media type without its parameters.
pub(crate) fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Checks the object's version and kind. If a body has none, built-in kinds take them from the path and custom ones
/// fail.
fn check_kind(served: &Served, object: &mut Value, body: Payload<'_>) -> Result<(), Status> {
    if !object.is_object() {
        return Err(unrecognized(served, "json: the body is not an object"));
    }
    let expected = served.resource.api_version();
    let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if served.custom().is_some() {
        return check_custom(served, &api_version, &kind, &expected, body);
    }
    if (api_version.is_empty() || api_version == expected)
        && (kind.is_empty() || kind == served.resource.kind)
    {
        object["apiVersion"] = expected.into();
        object["kind"] = served.resource.kind.clone().into();
        return Ok(());
    }
    let kind = if kind.is_empty() {
        &served.resource.kind
    } else {
        &kind
    };
    let version = api_version.rsplit('/').next().unwrap_or_default();
    Err(status::bad_request(format!(
        "{kind} in version \"{version}\" cannot be handled as a {}: no kind \"{kind}\" is registered for version \"{api_version}\" in scheme \"pkg/runtime/scheme.go:110\"",
        served.resource.kind
    )))
}

fn check_custom(
    served: &Served,
    api_version: &str,
    kind: &str,
    expected: &str,
    body: Payload<'_>,
) -> Result<(), Status> {
    if kind.is_empty() {
        let text = body.text().unwrap_or_default();
        return Err(unrecognized(
            served,
            &format!("Object 'Kind' is missing in '{text}'"),
        ));
    }
    if api_version != expected {
        return Err(status::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        )));
    }
    Ok(())
}

fn unrecognized(served: &Served, why: &str) -> Status {
    status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): {why}",
        served.resource.kind
    ))
}

fn not_handled(served: &Served, why: &str) -> Status {
    let (kind, version) = (&served.resource.kind, &served.resource.version);
    status::bad_request(format!(
        "{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"
    ))
}
