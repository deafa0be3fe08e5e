//! POST of an object, and creation by an apply or an update.

use serde_json::Value;

use super::{Answer, Call, change, reset_fields};
use crate::status::{self, Status};
use crate::store::Write;
use crate::{builtin_rules, convert, decode, meta, value};
use crosscut_objects::Change;
use crosscut_objects::Operation;

/// The number of characters of a generateName that precede the suffix.
const GENERATE_LIMIT: usize = 58;
const GENERATE_TRIES: usize = 8;

pub(crate) fn create(call: &mut Call<'_>) -> Result<Answer, Status> {
    call.query.check_write("CreateOptions")?;
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
    match_namespace(call, &mut object)?;
    insert(call, object)
}

/// Creates an object whose managed fields must still be computed.
pub(crate) fn insert(call: &mut Call<'_>, mut object: Value) -> Result<Answer, Status> {
    if let Some(builtin) = call.served.built_in() {
        // The creator of an object owns the label, the manager that applies the object does not.
        builtin_rules::label(builtin, &mut object);
    }
    let reset = reset_fields(call.served, call.subresource());
    let kind = &call.served.merge;
    let managed =
        call.as_writer(|writer| crosscut_merge::update(None, object, writer, kind, reset));
    insert_managed(call, managed)
}

/// Creates an object that has its managed fields.
pub(crate) fn insert_managed(call: &mut Call<'_>, mut object: Value) -> Result<Answer, Status> {
    let given = meta::revision(&object);
    if given != 0 && !call.query.dry_run {
        return Err(status::internal(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    check_surroundings(call, &object)?;
    let name = name(call, &mut object)?;
    prepare(call, &mut object);
    change::validate(call, &object, None)?;
    call.admit(Operation::Create, Some(&object), None)?;
    if call.stored(&name).is_some() {
        return Err(status::already_exists(&call.served.resource, &name));
    }
    if call.query.dry_run {
        return Ok(Answer::object(201, object));
    }
    let stored = call.state.commit(Write {
        change: Change::Added,
        resource: &call.served.storage,
        storage_key: &call.served.storage_key,
        key: call.key(&name),
        object: convert::to_storage(call.served, object),
    });
    change::follow_definition(call, &name, Some(&stored));
    Ok(Answer::object(
        201,
        convert::to_request(call.served, &stored),
    ))
}

/// Sets the object's namespace to that of the path. Fails if the object has another one.
pub(crate) fn match_namespace(call: &Call<'_>, object: &mut Value) -> Result<(), Status> {
    match call.target.namespace.as_deref() {
        None => {
            meta::remove(object, "namespace");
        }
        Some(namespace) if meta::namespace(object).is_empty() => {
            meta::set(object, "namespace", namespace);
        }
        Some(namespace) if meta::namespace(object) == namespace => {}
        Some(_) => {
            return Err(status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
    }
    Ok(())
}

/// Fails if the namespace does not exist or is terminating, or if the definition of a custom resource is terminating.
fn check_surroundings(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    let resource = &call.served.resource;
    if let Some(namespace) = call.target.namespace.as_deref() {
        let found = call.state.object("namespaces.", namespace);
        let found = found.ok_or_else(|| status::namespace_not_found(namespace))?;
        if meta::deleting(found) || found["status"]["phase"] == "Terminating" {
            return Err(status::namespace_terminating(
                resource,
                meta::name(object),
                namespace,
            ));
        }
    }
    if call
        .served
        .custom()
        .is_some_and(|custom| custom.terminating)
    {
        return Err(status::definition_terminating(resource, meta::name(object)));
    }
    Ok(())
}

/// Returns the object's name, and generates one if the object has only a generateName.
fn name(call: &mut Call<'_>, object: &mut Value) -> Result<String, Status> {
    let given = meta::name(object).to_owned();
    let base = meta::text(object, "generateName");
    if !given.is_empty() || base.is_empty() {
        return Ok(given);
    }
    let base: String = base.chars().take(GENERATE_LIMIT).collect();
    let mut name = String::new();
    for _ in 0..GENERATE_TRIES {
        name = format!("{base}{}", call.state.random.suffix());
        if call.stored(&name).is_none() {
            meta::set(object, "name", name.clone());
            return Ok(name);
        }
    }
    Err(status::generate_name_exhausted(
        &call.served.resource,
        &name,
    ))
}

/// Sets the fields that only the server writes in a new object.
fn prepare(call: &mut Call<'_>, object: &mut Value) {
    for field in [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "generation",
    ] {
        meta::remove(object, field);
    }
    let now = call.now();
    meta::set(object, "creationTimestamp", now);
    meta::set(object, "uid", call.state.random.uid());
    meta::tidy(object);
    let served = call.served;
    if served.status
        && let Some(fields) = value::map(object)
    {
        fields.remove("status");
        // Reading the object from the store would set the defaults of the definition, so they are set now.
        if let Some(structural) = served
            .structural
            .as_ref()
            .filter(|_| served.custom().is_some())
        {
            structural.default(object);
        }
    }
    if change::counts_generations(served) {
        meta::set(object, "generation", 1);
    }
    if let Some(builtin) = served.built_in() {
        builtin_rules::prepare_create(builtin, object);
    }
}
