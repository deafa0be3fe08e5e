//! PATCH by JSON patch and JSON merge patch.

use crosscut_merge::PatchError;
use serde_json::Value;

use super::change::{By, change};
use super::create::match_namespace;
use super::update::match_name;
use super::{Answer, Call, apply};
use crate::payload::Payload;
use crate::status::{self, Status};
use crate::{decode, fields};
use crosscut_objects::FieldValidation;

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// The maximum number of operations in a JSON patch.
const OPERATIONS_LIMIT: usize = 10_000;

pub(crate) fn patch(call: &mut Call<'_>) -> Result<Answer, Status> {
    let request = call.request;
    let media_type = decode::essence(request.media_type);
    match media_type {
        APPLY => return apply(call),
        JSON_PATCH | MERGE_PATCH => {}
        STRATEGIC_PATCH if call.served.built_in().is_some() => {
            return Err(status::not_implemented("strategic merge patches"));
        }
        _ => return Err(unknown_type(call)),
    }
    call.query.check_patch(false)?;
    let patch = parse(request.body)?;
    let old = call.present()?;
    let patched = if media_type == JSON_PATCH {
        by_operations(call, &old, &patch)?
    } else {
        by_merge(&old, &patch)?
    };
    let mut new = typed(call, patched)?;
    match_name(call, &mut new)?;
    match_namespace(call, &mut new)?;
    change(call, &old, new, By::Update)
}

fn unknown_type(call: &Call<'_>) -> Status {
    let mut accepted = vec![JSON_PATCH, MERGE_PATCH];
    if call.served.built_in().is_some() {
        accepted.push(STRATEGIC_PATCH);
    }
    accepted.push(APPLY);
    status::unsupported_media_type(&accepted)
}

fn parse(body: Payload<'_>) -> Result<Value, Status> {
    let parsed = body
        .json()
        .map_err(|error| status::bad_request(format!("error decoding patch: {error}")))?;
    Ok(parsed.value)
}

fn by_operations(call: &Call<'_>, old: &Value, patch: &Value) -> Result<Value, Status> {
    let Some(operations) = patch.as_array() else {
        return Err(not_of_type(patch, "[]handlers.jsonPatchOp"));
    };
    if operations.len() > OPERATIONS_LIMIT {
        return Err(status::too_many_operations(
            OPERATIONS_LIMIT,
            operations.len(),
        ));
    }
    crosscut_merge::json_patch(old, patch).map_err(|error| match error {
        PatchError::Malformed(why) => status::bad_request(why.to_string()),
        why => status::unprocessable(&call.served.resource, call.name(), &why.to_string()),
    })
}

pub(super) fn by_merge(old: &Value, patch: &Value) -> Result<Value, Status> {
    if !patch.is_object() {
        return Err(not_of_type(patch, "map[string]interface {}"));
    }
    let mut object = old.clone();
    crosscut_merge::merge_patch(&mut object, patch);
    Ok(object)
}

fn not_of_type(patch: &Value, expected: &str) -> Status {
    let found = match patch {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    status::bad_request(format!(
        "error decoding patch: json: cannot unmarshal {found} into Go value of type {expected}"
    ))
}

/// Decodes the patched object. Fields that its kind does not have are dropped, or fail the request if it is strict.
fn typed(call: &mut Call<'_>, patched: Value) -> Result<Value, Status> {
    let strict = call.query.field_validation == FieldValidation::Strict;
    let text = strict.then(|| patched.to_string());
    let decoded = decode::typed(call.served, patched)?;
    if strict && !decoded.complaints.is_empty() {
        let why = format!("strict decoding error: {}", decoded.complaints.join(", "));
        let error = fields::invalid("patch", text.unwrap_or_default(), why);
        return Err(status::invalid("", "", "", &[error]));
    }
    let validation = call.query.field_validation;
    decode::judge(
        call.served,
        decoded.complaints,
        validation,
        &mut call.warnings,
    )?;
    Ok(decoded.object)
}
