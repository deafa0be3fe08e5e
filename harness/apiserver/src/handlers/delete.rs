//! DELETE of one object or of many. An object with finalizers is only marked for deletion.

use std::sync::Arc;

use serde_json::Value;

use super::{Answer, Call, Content, change, list};
use crate::convert;
use crate::decode;
use crate::listing::Listing;
use crate::query::Query;
use crate::served::Served;
use crate::status::{self, Status};
use crate::store::Write;
use crate::{definition, fields, meta};
use crosscut_objects::Change;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// The namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// The options of a deletion: the body, or the query if there is none.
#[derive(Default)]
struct Options {
    uid: Option<String>,
    resource_version: Option<String>,
    /// The propagation policy. `None`: the object's finalizers decide.
    propagation: Option<Propagation>,
    dry_run: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Propagation {
    Foreground,
    Background,
    Orphan,
}

impl Propagation {
    fn name(self) -> &'static str {
        match self {
            Propagation::Foreground => "Foreground",
            Propagation::Background => "Background",
            Propagation::Orphan => "Orphan",
        }
    }
}

pub(crate) fn delete(call: &mut Call<'_>) -> Result<Answer, Status> {
    let options = options(call)?;
    let old = call.present()?;
    delete_one(call, &old, &options)
}

pub(crate) fn delete_collection(call: &mut Call<'_>) -> Result<Answer, Status> {
    let options = options(call)?;
    let selector = list::selector(call)?;
    let mut items = Vec::new();
    for (_, old) in list::selected(call, &selector) {
        let answer = delete_one(call, &old, &options)?;
        items.push(match answer.content {
            Content::Object(last) if last["kind"] != "Status" => last,
            _ => old,
        });
    }
    let listing = Listing::new(call.served, call.state.revision(), items);
    Ok(Answer {
        code: 200,
        content: Content::List(listing),
    })
}

fn delete_one(call: &mut Call<'_>, old: &Arc<Value>, options: &Options) -> Result<Answer, Status> {
    let name = meta::name(old).to_owned();
    check_preconditions(call.served, old, options)?;
    if call.served.is_namespace() && IMMORTAL.contains(&name.as_str()) {
        let why = "this namespace may not be deleted";
        return Err(status::forbidden(&call.served.resource, &name, why));
    }
    call.admit_deletion(old, options.propagation.map(Propagation::name))?;
    let mut marked = (**old).clone();
    let held = hold(call.served, &mut marked, options);
    if !held {
        return Ok(remove(call, old, options));
    }
    mark(call, &mut marked);
    if marked == **old || options.dry_run {
        return Ok(Answer::object(200, marked));
    }
    let stored = call.state.commit(Write {
        change: Change::Modified,
        resource: &call.served.storage,
        storage_key: &call.served.storage_key,
        key: crate::keys::key(namespace_of(call.served, old), &name),
        object: convert::to_storage(call.served, marked),
    });
    change::follow_definition(call, &name, Some(&stored));
    Ok(Answer::object(
        200,
        convert::to_request(call.served, &stored),
    ))
}

fn namespace_of<'a>(served: &Served, object: &'a Value) -> Option<&'a str> {
    served.resource.namespaced.then(|| meta::namespace(object))
}

fn check_preconditions(served: &Served, old: &Value, options: &Options) -> Result<(), Status> {
    let checks = [
        (
            "UID",
            &options.uid,
            meta::uid(old),
            "The object might have been deleted and then recreated",
        ),
        (
            "ResourceVersion",
            &options.resource_version,
            meta::text(old, "resourceVersion"),
            "The object might have been modified",
        ),
    ];
    for (what, given, found, hint) in checks {
        let Some(given) = given else { continue };
        if given != found {
            let why = format!(
                "the {what} in the precondition ({given}) does not match the {what} in record ({found}). {hint}"
            );
            return Err(status::conflict_of_kind(
                &served.resource,
                meta::name(old),
                &why,
            ));
        }
    }
    Ok(())
}

/// Sets the finalizers that the deletion requests. Returns true if finalizers keep the object.
fn hold(served: &Served, object: &mut Value, options: &Options) -> bool {
    let mut finalizers: Vec<String> = meta::finalizers(object)
        .into_iter()
        .map(ToOwned::to_owned)
        .collect();
    let wanted = match options.propagation {
        Some(Propagation::Foreground) => Some(FOREGROUND),
        Some(Propagation::Orphan) => Some(ORPHAN),
        Some(Propagation::Background) => None,
        None => finalizers
            .iter()
            .find_map(|one| [FOREGROUND, ORPHAN].into_iter().find(|known| known == one)),
    };
    // A requested finalizer keeps its place in the list; the others of garbage collection are removed.
    finalizers
        .retain(|one| !matches!(one.as_str(), FOREGROUND | ORPHAN) || Some(one.as_str()) == wanted);
    if let Some(wanted) = wanted
        && !finalizers.iter().any(|one| one == wanted)
    {
        finalizers.push(wanted.to_owned());
    }
    let cleanup = definition::CLEANUP;
    let first = served.is_definition() && !meta::deleting(object);
    if first && !finalizers.iter().any(|one| one == cleanup) {
        finalizers.push(cleanup.to_owned());
    }
    let spec = object["spec"]["finalizers"].as_array();
    let held_by_spec = served.is_namespace() && spec.is_some_and(|list| !list.is_empty());
    let held = !finalizers.is_empty() || held_by_spec;
    meta::set(object, "finalizers", finalizers);
    meta::tidy(object);
    held
}

/// Marks the object for deletion, unless it is marked already.
fn mark(call: &Call<'_>, object: &mut Value) {
    if meta::deleting(object) {
        return;
    }
    let now = call.now();
    meta::set(object, "deletionTimestamp", now);
    // kube-apiserver marks namespaces and definitions by other code, which sets neither field.
    if !call.served.is_namespace() && !call.served.is_definition() {
        meta::set(object, "deletionGracePeriodSeconds", 0);
        if meta::generation(object) > 0 {
            let next = meta::generation(object).saturating_add(1);
            meta::set(object, "generation", next);
        }
    }
    if call.served.is_namespace() {
        crate::value::put(
            object,
            "status",
            serde_json::json!({ "phase": "Terminating" }),
        );
    }
    if call.served.is_definition() {
        let now = call.now();
        definition::mark_terminating(object, &now);
    }
}

fn remove(call: &mut Call<'_>, old: &Arc<Value>, options: &Options) -> Answer {
    let returned = call
        .served
        .built_in()
        .is_some_and(|builtin| builtin.returns_deleted);
    let name = meta::name(old).to_owned();
    let gone = status::deleted(&call.served.resource, &name, meta::uid(old));
    if options.dry_run {
        return if returned {
            Answer::object(200, Arc::clone(old))
        } else {
            Answer::object(200, gone)
        };
    }
    let last = call.state.commit(Write {
        change: Change::Deleted,
        resource: &call.served.storage,
        storage_key: &call.served.storage_key,
        key: crate::keys::key(namespace_of(call.served, old), &name),
        object: convert::to_storage(call.served, (**old).clone()),
    });
    change::follow_definition(call, &name, None);
    if returned {
        return Answer::object(200, convert::to_request(call.served, &last));
    }
    Answer::object(200, gone)
}

fn options(call: &Call<'_>) -> Result<Options, Status> {
    let query = call.query;
    query.check_write("DeleteOptions")?;
    let mut options = Options {
        propagation: propagation(query.propagation_policy.as_deref(), query.orphan_dependents)?,
        dry_run: query.dry_run,
        ..Options::default()
    };
    if call.request.body.is_empty() {
        return Ok(options);
    }
    let body = parse(call)?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    options.uid = text(&body["preconditions"]["uid"]);
    options.resource_version = text(&body["preconditions"]["resourceVersion"]);
    let policy = body["propagationPolicy"].as_str();
    if let Some(given) = propagation(policy, body["orphanDependents"].as_bool())? {
        options.propagation = Some(given);
    }
    if let Some(dry_run) = body["dryRun"].as_array().filter(|list| !list.is_empty()) {
        let given = dry_run.iter().filter_map(Value::as_str);
        Query::of_dry_run(given).check_write("DeleteOptions")?;
        options.dry_run = true;
    }
    Ok(options)
}

fn parse(call: &Call<'_>) -> Result<Value, Status> {
    let bad = |why: String| {
        status::bad_request(format!(
            "the object provided is unrecognized (must be of type DeleteOptions): {why}"
        ))
    };
    match decode::essence(call.request.media_type) {
        "application/vnd.kubernetes.protobuf" => Err(status::not_implemented("protobuf bodies")),
        "application/yaml" => decode::yaml(call.served, call.request.body),
        _ => call
            .request
            .body
            .json()
            .map(|parsed| parsed.value)
            .map_err(|error| bad(error.to_string())),
    }
}

fn propagation(policy: Option<&str>, orphan: Option<bool>) -> Result<Option<Propagation>, Status> {
    Ok(match (policy, orphan) {
        (Some("Foreground"), _) => Some(Propagation::Foreground),
        (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
        (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
        (None, None) => None,
        (Some(other), _) => {
            let known = ["Foreground", "Background", "Orphan", "nil"];
            let error = fields::not_supported("propagationPolicy", other.into(), &known);
            let options = "DeleteOptions";
            return Err(status::invalid("meta.k8s.io", options, "", &[error]));
        }
    })
}
