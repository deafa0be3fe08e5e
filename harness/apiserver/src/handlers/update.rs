//! PUT of an object or of its status.

use serde_json::Value;

use super::change::{By, change};
use super::create::{insert, match_namespace};
use super::{Answer, Call};
use crate::status::{self, Status};
use crate::{convert, decode, meta};

pub(crate) fn update(call: &mut Call<'_>) -> Result<Answer, Status> {
    call.query.check_write("UpdateOptions")?;
    let request = call.request;
    let decoded = decode::object(call.served, request.media_type, request.body)?;
    let validation = call.query.field_validation;
    decode::judge(
        call.served,
        decoded.complaints,
        validation,
        &mut call.warnings,
    )?;
    let mut object = decoded.object;
    match_name(call, &mut object)?;
    match_namespace(call, &mut object)?;
    let Some(stored) = call.stored(call.name()) else {
        return missing(call, object);
    };
    let old = convert::to_request(call.served, &stored);
    check_uid(call, &old, &object)?;
    change(call, &old, object, By::Update)
}

/// Fails if the object's name is not the name in the path.
pub(crate) fn match_name(call: &Call<'_>, object: &mut Value) -> Result<(), Status> {
    let (given, expected) = (meta::name(object), call.name());
    if given == expected {
        return Ok(());
    }
    if given.is_empty() {
        return Err(status::bad_request("name must be provided"));
    }
    Err(status::bad_request(format!(
        "the name of the object ({given}) does not match the name on the URL ({expected})"
    )))
}

fn missing(call: &mut Call<'_>, object: Value) -> Result<Answer, Status> {
    let creates = call
        .served
        .built_in()
        .is_some_and(|builtin| builtin.created_by_update);
    if creates && call.subresource().is_none() {
        return insert(call, object);
    }
    Err(status::not_found(&call.served.resource, call.name()))
}

/// Fails if the body has the uid of another object.
fn check_uid(call: &Call<'_>, old: &Value, new: &Value) -> Result<(), Status> {
    let (given, found) = (meta::uid(new), meta::uid(old));
    if given.is_empty() || given == found {
        return Ok(());
    }
    let storage = &call.served.storage;
    let place = match storage.group.as_str() {
        "" => storage.plural.clone(),
        group => format!("{group}/{}", storage.plural),
    };
    let key = call.key(call.name());
    Err(status::conflict(
        &call.served.resource,
        call.name(),
        &format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{place}/{key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {given}, UID in object meta: {found}"
        ),
    ))
}
