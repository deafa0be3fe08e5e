//! PATCH by server-side apply.

use std::sync::Arc;

use crosscut_merge::{ApplyError, Conflict};
use serde_json::{Value, json};

use super::change::{By, change};
use super::create::{insert_managed, match_namespace};
use super::{Answer, Call, reset_fields};
use crate::idle_applies::Apply;
use crate::payload::Payload;
use crate::status::{self, Status};
use crate::{convert, decode, meta, value};
use crosscut_objects::Operation;

pub(crate) fn apply(call: &mut Call<'_>) -> Result<Answer, Status> {
    call.query.check_patch(true)?;
    if let Some(live) = known_to_be_idle(call) {
        let live = convert::to_request(call.served, &live);
        call.admit(Operation::Update, Some(&live), Some(&live))?;
        return Ok(Answer::object(200, live));
    }
    let configuration = configuration(call)?;
    let before = call.state.revision();
    let answer = merge_and_store(call, configuration)?;
    let is_idle = call.state.revision() == before && call.warnings.is_empty();
    if is_idle
        && !call.query.dry_run
        && let Payload::Value(body) = call.request.body
        && let Some(live) = call.stored(call.name())
    {
        let apply = described(call);
        call.state.idle_applies.remember(apply, body.clone(), live);
    }
    Ok(answer)
}

/// Returns the live object if this apply is known to change nothing in it.
fn known_to_be_idle(call: &Call<'_>) -> Option<Arc<Value>> {
    let Payload::Value(body) = call.request.body else {
        return None;
    };
    let live = call.stored(call.name())?;
    let leaves_status = call.served.status && call.subresource().is_none();
    let idle = &call.state.idle_applies;
    let known = idle.knows(&described(call), body, &live, leaves_status);
    known.then_some(live)
}

/// Returns the parts of the request that determine its outcome, without the body and the live object.
fn described(call: &Call<'_>) -> Apply {
    Apply {
        object: (Arc::clone(&call.served.storage_key), call.key(call.name())),
        version: call.served.resource.version.clone(),
        subresource: call.target.subresource.clone(),
        manager: call.manager(),
        force: call.query.force.unwrap_or_default(),
        defined: call.served.custom().map_or(0, |custom| custom.since),
    }
}

fn merge_and_store(call: &mut Call<'_>, mut configuration: Value) -> Result<Answer, Status> {
    let old = call
        .stored(call.name())
        .map(|stored| convert::to_request(call.served, &stored));
    if old.is_none() && call.subresource().is_some() {
        return Err(status::not_found(&call.served.resource, call.name()));
    }
    match_name(call, &mut configuration)?;
    match_namespace(call, &mut configuration)?;
    let merged = merge(call, old.as_deref(), &configuration)?;
    let decoded = decode::typed(call.served, merged)?;
    let new = decoded.object;
    match old {
        Some(old) => change(call, &old, new, By::Apply),
        None => create(call, new),
    }
}

/// Returns the applied configuration, which must have its own version and kind and no managed fields.
fn configuration(call: &mut Call<'_>) -> Result<Value, Status> {
    let request = call.request;
    let configuration = match request.body.json() {
        Ok(parsed) => {
            let duplicates = parsed.duplicates.iter();
            let complaints = duplicates.map(|path| format!("duplicate field \"{path}\""));
            let complaints: Vec<String> = complaints.collect();
            let validation = call.query.field_validation;
            decode::judge(call.served, complaints, validation, &mut call.warnings)?;
            parsed.value
        }
        // JSON is YAML, but the YAML parser is slower.
        Err(_) => decode::yaml(call.served, request.body)
            .map_err(|_| status::bad_request("error decoding YAML"))?,
    };
    check_kind(call, &configuration)?;
    if !configuration["metadata"]["managedFields"].is_null() {
        return Err(status::bad_request("metadata.managedFields must be nil"));
    }
    Ok(configuration)
}

fn check_kind(call: &Call<'_>, configuration: &Value) -> Result<(), Status> {
    let text = |field: &str| configuration[field].as_str().unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let resource = &call.served.resource;
    if api_version == resource.api_version() && kind == resource.kind {
        return Ok(());
    }
    let told = if api_version.is_empty() {
        "/"
    } else {
        api_version
    };
    Err(status::bad_request(format!(
        "invalid object type: {told}, Kind={kind}"
    )))
}

/// Sets the name if the configuration has none. Fails if it is not the name in the path.
fn match_name(call: &Call<'_>, configuration: &mut Value) -> Result<(), Status> {
    if meta::name(configuration).is_empty() {
        meta::set(configuration, "name", call.name());
    }
    super::update::match_name(call, configuration)
}

fn merge(call: &Call<'_>, old: Option<&Value>, configuration: &Value) -> Result<Value, Status> {
    let reset = reset_fields(call.served, call.subresource());
    let force = call.query.force.unwrap_or_default();
    let kind = &call.served.merge;
    let mut merged = call
        .as_writer(|writer| crosscut_merge::apply(old, configuration, writer, force, kind, reset))
        .map_err(|error| refused(&error))?;
    // No manager owns these two fields: the configuration's value wins, otherwise the live object's is kept.
    for field in ["resourceVersion", "uid"] {
        let given = meta::text(configuration, field);
        if !given.is_empty() {
            meta::set(&mut merged, field, given);
        } else if let Some(old) = old {
            meta::keep(&mut merged, old, field);
        }
    }
    value::put(
        &mut merged,
        "apiVersion",
        call.served.resource.api_version(),
    );
    Ok(merged)
}

fn create(call: &mut Call<'_>, object: Value) -> Result<Answer, Status> {
    let uid = meta::uid(&object);
    if !uid.is_empty() {
        return Err(status::conflict(
            &call.served.resource,
            call.name(),
            &format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            ),
        ));
    }
    let mut object = object;
    meta::remove(&mut object, "resourceVersion");
    insert_managed(call, object)
}

fn refused(error: &ApplyError) -> Status {
    match error {
        ApplyError::Conflicts(conflicts) => {
            let causes: Vec<Value> = conflicts.iter().flat_map(causes).collect();
            status::apply_conflict(error.to_string(), causes.into())
        }
        other => status::internal(other.to_string()),
    }
}

fn causes(conflict: &Conflict) -> Vec<Value> {
    let fields = conflict.fields.iter();
    fields
        .map(|field| {
            json!({
                "reason": "FieldManagerConflict",
                "message": conflict.to_string(),
                "field": field,
            })
        })
        .collect()
}
