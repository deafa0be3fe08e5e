//! The check that an absence is evidence: no object matches, and one could have existed. An object that could not have
//! been created is absent whatever the configuration under test does.

use std::collections::{BTreeSet, VecDeque};

use crosscut_assertion::Subject;
use crosscut_cluster::Failing;
use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_objects::object;
use crosscut_suite::model::{Expectation, Side};
use crosscut_suite::{distance, is_near};
use serde_json::Value;

use crate::api::Api;
use crate::evidence::{composed, object_name, text};
use crate::known::{Identity, Known, SYNCED, not_synced};
use crate::request_error::RequestError;
use crate::schema::unknown_field;
use crate::stop::{Stop, location};
use crate::stop::{request_help, stop_of};
use crate::target::Target;

/// The largest number of composite resources that are checked: those that the trial applied, and those that they
/// compose.
const MOST_COMPOSITES: usize = 256;
/// The largest length of a control plane's message in a failure, in characters.
const SHOWN: usize = 400;

/// The state of the clusters at rest.
pub(crate) struct Seen<'a> {
    /// The control plane.
    pub(crate) control: &'a Api,
    /// The objects that the trial wrote on the control plane.
    pub(crate) written: Vec<&'a Target>,
    /// The reconciles that keep failing.
    pub(crate) failing: &'a [Failing],
    /// The failures that the scenario expected.
    pub(crate) known: &'a Known,
}

/// A failure that may be the reason why an object does not exist.
struct Hindrance {
    /// The action that is not done, and its actor, as a sentence fragment.
    what: String,
}

/// Checks that an absence of objects like `subject` is evidence: no controller that could create one fails, unless the
/// scenario expected the failure.
///
/// # Errors
/// [`Stop`] with the failing controller, and if the controllers' state cannot be read.
pub(crate) async fn shows_something(
    subject: &Subject,
    side: Side,
    seen: &Seen<'_>,
) -> Result<(), Stop> {
    let kinds = composite_kinds(seen).await?;
    let mut hindrance = failing_composite(&kinds, seen).await?;
    if hindrance.is_none() {
        hindrance = failing_controller(subject, side, seen).await?;
    }
    match hindrance {
        None => Ok(()),
        Some(hindrance) => Err(Stop::failed(hindrance.failure(subject))),
    }
}

impl Hindrance {
    fn failure(self, subject: &Subject) -> Failure {
        let kind = subject.kind.as_deref().unwrap_or("object");
        let message = format!("that there is no such {kind} shows nothing: {}", self.what);
        let mut failure = Failure::new("absent::hindered", message);
        failure.help = Some(EXPECT_IT.to_owned());
        failure
    }
}

/// The help of a failure that makes an absence worthless.
pub(crate) const EXPECT_IT: &str = "if the scenario is about this failure, let it say so first: expect the object's condition Synced with status \
     \"False\", or the Event";

/// Returns group and kind of each defined composite resource; an empty set without Crossplane.
async fn composite_kinds(seen: &Seen<'_>) -> Result<BTreeSet<(String, String)>, Stop> {
    let Some(definitions) = Target::all(
        "apiextensions.crossplane.io/v2",
        "CompositeResourceDefinition",
    ) else {
        return Ok(BTreeSet::new());
    };
    let definitions = match seen.control.find(&definitions).await {
        Ok(definitions) => definitions,
        Err(RequestError::NoSuchKind { .. }) => return Ok(BTreeSet::new()),
        Err(error) => return Err(stop_of(&error)),
    };
    let mut kinds = BTreeSet::new();
    for definition in &definitions {
        let group = text(definition, "/spec/group");
        for names in ["names", "claimNames"] {
            let kind = text(definition, &format!("/spec/{names}/kind"));
            kinds.insert((group.to_owned(), kind.to_owned()));
        }
    }
    Ok(kinds)
}

/// Returns the first composite resource that is not synced, unless the scenario expects that. Checks the composite
/// resources that the trial wrote and those that they compose.
async fn failing_composite(
    kinds: &BTreeSet<(String, String)>,
    seen: &Seen<'_>,
) -> Result<Option<Hindrance>, Stop> {
    let is_composite = |target: &Target| {
        let group = object::group_of(&target.api_version).to_owned();
        kinds.contains(&(group, target.kind.to_string()))
    };
    let mut left: VecDeque<Target> = seen.written.iter().copied().cloned().collect();
    let mut looked_at = BTreeSet::new();
    while let Some(target) = left.pop_front() {
        if !is_composite(&target) {
            continue;
        }
        let found = match seen.control.find(&target).await {
            Ok(found) => found,
            // The definition of this kind was deleted.
            Err(RequestError::NoSuchKind { .. }) => continue,
            Err(error) => return Err(stop_of(&error)),
        };
        for object in found {
            let identity = Identity::of(&object);
            if looked_at.len() == MOST_COMPOSITES || !looked_at.insert(identity.clone()) {
                continue;
            }
            if let Some(hindrance) = not_composed(&object, &identity, seen) {
                return Ok(Some(hindrance));
            }
            left.extend(composed(&object));
        }
    }
    Ok(None)
}

/// Returns the reason why the composed resources of a composite resource may be missing.
fn not_composed(object: &Value, identity: &Identity, seen: &Seen<'_>) -> Option<Hindrance> {
    let name = object_name(object);
    let Some((_, condition)) = not_synced(object) else {
        return (!is_synced(object)).then(|| Hindrance {
            what: format!("{name} has no condition Synced, so that no controller has seen it"),
        });
    };
    let message = text(condition, "/message");
    if seen.known.has(identity, message) {
        return None;
    }
    let reason = text(condition, "/reason");
    let message = shown(message);
    let what = format!("{name} is not synced ({reason}): {message}");
    Some(Hindrance { what })
}

/// Returns true if a controller has reported success, or if the object is being deleted and no longer reconciled.
fn is_synced(object: &Value) -> bool {
    let conditions = object.pointer("/status/conditions");
    let mut conditions = conditions.and_then(Value::as_array).into_iter().flatten();
    object::is_being_deleted(object) || conditions.any(|one| text(one, "/type") == SYNCED)
}

/// Returns the first reconcile that keeps failing, could have created such an object, and is not expected to fail.
async fn failing_controller(
    subject: &Subject,
    side: Side,
    seen: &Seen<'_>,
) -> Result<Option<Hindrance>, Stop> {
    for failing in seen.failing {
        let identity = Identity {
            group: failing.key.group.clone(),
            kind: failing.key.kind.clone(),
            namespace: failing.key.namespace.clone().unwrap_or_default(),
            name: failing.key.name.clone(),
        };
        if seen.known.has(&identity, &failing.message)
            || !makes(failing, subject, side, seen).await?
        {
            continue;
        }
        let what = format!(
            "{} {} keeps failing: {}",
            failing.controller,
            failing.key,
            shown(&failing.message)
        );
        return Ok(Some(Hindrance { what }));
    }
    Ok(None)
}

/// Returns true if a controller could create an object like `subject`. A managed resource that is not synced is the
/// normal state of a control plane without its cloud.
async fn makes(
    failing: &Failing,
    subject: &Subject,
    side: Side,
    seen: &Seen<'_>,
) -> Result<bool, Stop> {
    let kind = subject.kind.as_deref().unwrap_or_default();
    Ok(match failing.controller.as_str() {
        "composite" => true,
        "stand-in/object" => is_manifest_of(failing, kind, seen).await?,
        // The stand-in creates no objects of a chart, except the record of its release.
        "stand-in/release" => side == Side::Target && matches!(kind, "Secret" | "Namespace"),
        name if name.starts_with("defined/") => kind == "CustomResourceDefinition",
        name if name.contains("composition") => kind == "CompositionRevision",
        _ => false,
    })
}

/// Returns true if an Object could create its manifest, and the manifest is of the kind; also if the Object cannot be read
/// any more.
async fn is_manifest_of(failing: &Failing, kind: &str, seen: &Seen<'_>) -> Result<bool, Stop> {
    let Some(target) = Target::of_key(&failing.key) else {
        return Ok(true);
    };
    let found = seen.control.find(&target).await;
    let found = found.map_err(|error| stop_of(&error))?;
    let is_it = |object: &&std::sync::Arc<Value>| {
        let manifest = text(object, "/spec/forProvider/manifest/kind");
        (manifest.is_empty() || manifest == kind) && may_create(object)
    };
    Ok(found.iter().any(|object| is_it(&object)))
}

/// Returns true if the management policies of a managed resource let its provider create anything; all do by default.
/// Source: crossplane-runtime 2.2, `spec.managementPolicies`.
fn may_create(managed: &Value) -> bool {
    let policies = managed["spec"]["managementPolicies"].as_array();
    policies.is_none_or(|policies| policies.iter().any(|one| one == "*" || one == "Create"))
}

/// Checks that `$values` has each value that the assertion names. A missing value is null, and no object matches an
/// assertion about null.
///
/// # Errors
/// [`Stop`] with the first value that the trial's provider does not have.
pub(crate) fn has_values(expectation: &Expectation, scope: &Scope) -> Result<(), Stop> {
    let values = scope.get("values").and_then(Value::as_object);
    let Some(values) = values else {
        return Ok(());
    };
    let fields = expectation.assertion.fields().into_iter();
    let mut unknown =
        fields.filter(|(name, field, _)| name == "values" && !values.contains_key(field));
    let Some((_, field, span)) = unknown.next() else {
        return Ok(());
    };
    let message = format!(
        "the provider has no value called {field}, so that the absence of such an object shows nothing"
    );
    let mut failure = Failure::new("absent::value", message);
    failure.location = Some(location(&expectation.place.with_span(span)));
    let nearest = values.keys().min_by_key(|name| distance(&field, name));
    failure.help = Some(match nearest {
        Some(name) if is_near(&field, name) => {
            format!("did you mean $values.{name}?")
        }
        _ => "write it below values: of the provider".to_owned(),
    });
    Err(Stop::failed(failure))
}

/// Checks that an object of the kind can have the fields of the assertion. An object with other fields is always
/// absent.
///
/// # Errors
/// [`Stop`] with the first field that the kind's schema does not have, and if the schema cannot be read.
pub(crate) async fn is_possible(
    expectation: &Expectation,
    subject: &Subject,
    api: &Api,
) -> Result<(), Stop> {
    let Some(target) = Target::of_subject(subject) else {
        return Ok(());
    };
    let schema = api.schema(&target).await.map_err(|error| stop_of(&error))?;
    let unknown = schema.and_then(|schema| unknown_field(&expectation.node, &schema));
    let Some(unknown) = unknown else {
        return Ok(());
    };
    let message = format!(
        "no {} can have the field {}, so that the absence of one shows nothing",
        target.kind, unknown.path
    );
    let mut failure = Failure::new("absent::field", message);
    failure.location = Some(location(&expectation.place.with_span(unknown.span)));
    failure.help = unknown
        .nearest
        .map(|nearest| format!("did you mean \"{nearest}\"?"));
    Err(Stop::failed(failure))
}

/// Checks that a kind is not served. The list of served kinds proves that the cluster works at all.
///
/// # Errors
/// [`Stop`] if the kind is served, or if discovery fails.
pub(crate) async fn is_not_served(subject: &Subject, api: &Api) -> Result<(), Stop> {
    let Some(target) = Target::of_subject(subject) else {
        return Ok(());
    };
    let served = api.kinds().await;
    let served = served.map_err(|error| stop_of(&error))?;
    let is_it = |(version, kind): &(String, String)| {
        *version == *target.api_version && *kind == *target.kind
    };
    if !served.iter().any(is_it) {
        return Ok(());
    }
    let message = format!(
        "the kind {} of {} is served, but must not be",
        target.kind, target.api_version
    );
    let mut failure = Failure::new("absent::served", message);
    failure.help = Some(
        "leave out \"served: false\" if the kind may be there without such an object".to_owned(),
    );
    Err(Stop::failed(failure))
}

/// Returns the failure for a kind that is not served: without objects of it, absence is no evidence.
pub(crate) async fn not_served(error: &RequestError, api: &Api) -> Stop {
    let mut stop = stop_of(error);
    let RequestError::NoSuchKind { api_version, kind } = error else {
        return stop;
    };
    if stop.verdict != crosscut_events::Verdict::Failed {
        return stop;
    }
    "absent::kind".clone_into(&mut stop.failure.code);
    stop.failure.message = format!("{error}, so that the absence of one shows nothing");
    let served = api.kinds().await.unwrap_or_default();
    let help = match nearest_kind(api_version, kind, &served) {
        Some((version, kind)) => format!("did you mean {kind} of {version}?"),
        None => request_help(error).unwrap_or_default().to_owned(),
    };
    stop.failure.help = Some(format!(
        "{help}; if the kind itself must not be there, write \"served: false\" beside absent"
    ));
    stop
}

/// Returns the served kind that was most likely meant: the same kind of another version, or one with a similar name.
fn nearest_kind<'a>(
    api_version: &str,
    kind: &str,
    served: &'a [(String, String)],
) -> Option<(&'a str, &'a str)> {
    let far = |(version, other): &&(String, String)| {
        let is_other_group = object::group_of(version) != object::group_of(api_version);
        (
            distance(kind, other),
            is_other_group,
            distance(api_version, version),
        )
    };
    let nearest = served.iter().min_by_key(far)?;
    let (version, other) = (nearest.0.as_str(), nearest.1.as_str());
    is_near(kind, other).then_some((version, other))
}

fn shown(message: &str) -> String {
    match message.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}
