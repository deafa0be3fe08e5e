//! The common part of updates, patches and applies: from the live object and the new object to the stored object.

use std::sync::Arc;

use crosscut_schema::FieldError;
use serde_json::Value;

use super::{Answer, Call, reset_fields};
use crate::served::Served;
use crate::status::{self, Status};
use crate::store::Write;
use crate::{builtin_rules, convert, definition, fields, meta, meta_rules, value};
use crosscut_objects::Change;
use crosscut_objects::Lack;
use crosscut_objects::Operation;

/// The kind of write that made the new object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// An update or a patch: the managed fields must still be computed.
    Update,
    /// An apply, which has computed the managed fields.
    Apply,
}

/// Stores `new` over `old`; both are in the request's version.
pub(crate) fn change(
    call: &mut Call<'_>,
    old: &Arc<Value>,
    mut new: Value,
    by: By,
) -> Result<Answer, Status> {
    check_version(call, old, &new)?;
    if by == By::Update {
        new = managed(call, old, new);
    }
    prepare(call, old, &mut new);
    validate(call, &new, Some(old))?;
    call.admit(Operation::Update, Some(&new), Some(old))?;
    if same(old, &new) {
        return Ok(Answer::object(200, Arc::clone(old)));
    }
    if call.query.dry_run {
        return Ok(Answer::object(200, new));
    }
    if finished(call.served, &new) {
        return Ok(remove(call, &new));
    }
    let name = call.name().to_owned();
    let stored = call.state.commit(Write {
        change: Change::Modified,
        resource: &call.served.storage,
        storage_key: &call.served.storage_key,
        key: call.key(&name),
        object: convert::to_storage(call.served, new),
    });
    follow_definition(call, &name, Some(&stored));
    Ok(Answer::object(
        200,
        convert::to_request(call.served, &stored),
    ))
}

/// Removes an object from the store and returns its last state.
pub(crate) fn remove(call: &mut Call<'_>, last: &Value) -> Answer {
    let name = meta::name(last).to_owned();
    call.state.commit(Write {
        change: Change::Deleted,
        resource: &call.served.storage,
        storage_key: &call.served.storage_key,
        key: call.key(&name),
        object: convert::to_storage(call.served, last.clone()),
    });
    follow_definition(call, &name, None);
    Answer::object(200, last.clone())
}

/// Updates the served resources after a write to a definition.
pub(crate) fn follow_definition(call: &mut Call<'_>, name: &str, stored: Option<&Value>) {
    if call.served.is_definition() {
        let revision = call.state.revision();
        call.state.registry.define(name, stored, revision);
    }
}

/// Checks that the given resourceVersion is the current one. Some kinds require one.
fn check_version(call: &Call<'_>, old: &Value, new: &Value) -> Result<(), Status> {
    let resource = &call.served.resource;
    let given = meta::text(new, "resourceVersion");
    let locked = call.served.built_in().is_none_or(|builtin| builtin.locked);
    if (given.is_empty() || given == "0") && locked {
        let error = fields::invalid(
            "metadata.resourceVersion",
            0,
            "must be specified for an update",
        );
        let plural = &resource.plural;
        return Err(status::invalid(
            &resource.group,
            plural,
            call.name(),
            &[error],
        ));
    }
    if given.is_empty() || given == "0" || given == meta::text(old, "resourceVersion") {
        return Ok(());
    }
    Err(status::modified(resource, call.name()))
}

fn managed(call: &Call<'_>, old: &Value, new: Value) -> Value {
    let reset = reset_fields(call.served, call.subresource());
    let kind = &call.served.merge;
    call.as_writer(|writer| crosscut_merge::update(Some(old), new, writer, kind, reset))
}

/// Restores the fields that only the server writes, and those that this endpoint does not write.
fn prepare(call: &Call<'_>, old: &Value, new: &mut Value) {
    let served = call.served;
    if call.subresource() == Some("status") {
        *new = with_status(old, new);
    } else if served.status {
        restore_status(old, new);
    }
    if let Some(builtin) = served.built_in() {
        builtin_rules::prepare_update(builtin, new, old, call.subresource());
    }
    for field in [
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ] {
        meta::keep(new, old, field);
    }
    for field in ["uid", "creationTimestamp", "name", "namespace"] {
        if meta::text(new, field).is_empty() {
            meta::keep(new, old, field);
        }
    }
    meta::keep(new, old, "resourceVersion");
    meta::tidy(new);
    let counted = call.subresource().is_none() && counts_generations(served);
    if counted && spec_changed(served, old, new) {
        meta::set(new, "generation", meta::generation(old).saturating_add(1));
    }
}

/// Returns the old object with the status and the managed fields of the new one.
fn with_status(old: &Value, new: &Value) -> Value {
    let mut object = old.clone();
    restore_status(new, &mut object);
    meta::keep(&mut object, new, "managedFields");
    object
}

fn restore_status(from: &Value, to: &mut Value) {
    let Some(fields) = value::map(to) else { return };
    match from.get("status") {
        Some(status) => fields.insert("status".to_owned(), status.clone()),
        None => fields.remove("status"),
    };
}

pub(crate) fn counts_generations(served: &Served) -> bool {
    served.built_in().is_none_or(|builtin| builtin.generation)
}

/// Returns true if a change increases the generation: for custom resources a change outside of the metadata and the
/// status, for built-in kinds a change of the spec.
fn spec_changed(served: &Served, old: &Value, new: &Value) -> bool {
    if served.built_in().is_some() {
        return old["spec"] != new["spec"];
    }
    content(served, old).ne(content(served, new))
}

fn content<'a>(
    served: &Served,
    object: &'a Value,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let status = served.status;
    let fields = object.as_object().into_iter().flatten();
    fields.filter(move |(name, _)| *name != "metadata" && !(status && *name == "status"))
}

/// Returns true if the object is being deleted and has no finalizers left.
pub(crate) fn finished(served: &Served, object: &Value) -> bool {
    let spec_finalizers = object["spec"]["finalizers"].as_array();
    let held = served.is_namespace() && spec_finalizers.is_some_and(|list| !list.is_empty());
    meta::deleting(object) && meta::finalizers(object).is_empty() && !held
}

/// Fails if the object breaks rules. Adds warnings to the response.
pub(crate) fn validate(
    call: &mut Call<'_>,
    object: &Value,
    old: Option<&Value>,
) -> Result<(), Status> {
    let served = call.served;
    let resource = &served.resource;
    let mut errors: Vec<FieldError> = match old {
        None => meta_rules::validate(served, object),
        Some(old) => meta_rules::validate_update(object, old),
    };
    if let Some(builtin) = served.built_in() {
        errors.extend(builtin_rules::validate(
            builtin,
            object,
            old,
            call.subresource(),
        ));
        let is_new = old.is_none_or(|old| old["spec"] != object["spec"]);
        if served.is_definition() && is_new && errors.is_empty() {
            call.warnings.extend(definition::warnings(object));
        }
    } else {
        let kind = &object["kind"];
        if *kind != resource.kind {
            let text = format!("must be {}", resource.kind);
            errors = vec![fields::invalid("kind", kind.clone(), text)];
        } else if let Some(structural) = &served.structural {
            let outcome = structural.validate(object, old);
            errors.extend(outcome.errors);
            call.warnings.extend(outcome.warnings);
            for rule in outcome.unevaluated {
                let of = status::qualified(&resource.group, &resource.plural);
                call.state.note(Lack::of(format!("{rule} of {of}")));
            }
            call.warnings
                .extend(meta_rules::finalizer_warnings(object, old));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    let kind = object["kind"].as_str().unwrap_or(&resource.kind);
    Err(status::invalid(
        &resource.group,
        kind,
        meta::name(object),
        &errors,
    ))
}

/// Returns true if a write changes only the times in the managed fields.
fn same(old: &Value, new: &Value) -> bool {
    if old == new {
        return true;
    }
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return false;
    };
    let equal_but =
        |field: &str, one: &Value, other: &Value, deeper: fn(&Value, &Value) -> bool| {
            one.as_object()
                .zip(other.as_object())
                .is_some_and(|(one, other)| {
                    one.len() == other.len()
                        && one.iter().all(|(name, value)| match other.get(name) {
                            Some(against) if name == field => deeper(value, against),
                            against => against == Some(value),
                        })
                })
        };
    old.len() == new.len()
        && old.iter().all(|(name, value)| match new.get(name) {
            Some(against) if name == "metadata" => {
                equal_but("managedFields", value, against, same_managers)
            }
            against => against == Some(value),
        })
}

fn same_managers(one: &Value, other: &Value) -> bool {
    let timeless = |entry: &Value, other: &Value| match (entry.as_object(), other.as_object()) {
        (Some(entry), Some(other)) => {
            let timed = |(name, _): &(&String, &Value)| *name != "time";
            entry.iter().filter(timed).eq(other.iter().filter(timed))
        }
        _ => entry == other,
    };
    let entries = |list: &Value| list.as_array().map_or(0, Vec::len);
    let pairs = one.as_array().into_iter().flatten();
    let mut pairs = pairs.zip(other.as_array().into_iter().flatten());
    entries(one) == entries(other) && pairs.all(|(entry, other)| timeless(entry, other))
}
