//! Server-side apply.

use serde_json::{Value, json};

use crate::compare::compare;
use crate::conflict::Conflict;
use crate::error::ApplyError;
use crate::field_set::FieldSet;
use crate::fields::fields_of;
use crate::last_applied;
use crate::literal::equal;
use crate::managed::{Change, Managed, never_owned, unmanaged};
use crate::manager::{ManagerId, Operation, Writer};
use crate::merge::merged;
use crate::prune::pruned;
use crate::types::Type;
use crate::update::{named, record};
use crate::validate::{Duplicates, validate};

/// Who owns what was there before the first apply.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// The manager that kubectl applies as; it may come from client-side apply.
const KUBECTL: &str = "kubectl";

/// `live` after `configuration` is applied to it, with its managed fields.
///
/// What the writer applied before and no longer names goes, unless someone else owns it; a map or a list that
/// loses all of its parts is null. `reset` are the top-level fields that the endpoint does not write; they are
/// not owned. An apply that changes nothing but who owns what gives nobody a new time. What kubectl applied on
/// the client's side, as its annotation tells, it takes over without a conflict.
///
/// # Errors
/// [`ApplyError::Conflicts`] where others own what would change and `force` is off; [`ApplyError::Invalid`]
/// where the configuration or the live object does not have the type.
pub fn apply(
    live: Option<&Value>,
    configuration: &Value,
    writer: &Writer<'_>,
    force: bool,
    kind: &Type,
    reset: &[&str],
) -> Result<Value, ApplyError> {
    let attempt = Attempt {
        live,
        configuration,
        writer,
        kind,
        reset,
    };
    let mut result = attempt.run(force);
    if writer.manager == KUBECTL {
        result = attempt.taken_over(result);
        if let Ok(object) = &mut result {
            last_applied::follow(object, configuration);
        }
    }
    result.map_err(Refusal::told)
}

/// What one apply starts from.
struct Attempt<'a> {
    live: Option<&'a Value>,
    configuration: &'a Value,
    writer: &'a Writer<'a>,
    kind: &'a Type,
    reset: &'a [&'a str],
}

/// The reason why an apply is refused.
enum Refusal {
    Conflicts(Vec<(ManagerId, FieldSet)>),
    Invalid(String),
}

impl Refusal {
    fn told(self) -> ApplyError {
        match self {
            Refusal::Invalid(why) => ApplyError::Invalid(why),
            Refusal::Conflicts(conflicts) => {
                let conflicts = conflicts
                    .iter()
                    .map(|(manager, fields)| Conflict::new(manager, fields));
                ApplyError::Conflicts(conflicts.collect())
            }
        }
    }
}

impl Attempt<'_> {
    fn run(&self, force: bool) -> Result<Value, Refusal> {
        let nothing = json!({});
        let old = unmanaged(self.live.unwrap_or(&nothing));
        let mut managed = self.managers(&old).map_err(Refusal::Invalid)?;
        self.validate(&old).map_err(Refusal::Invalid)?;
        managed
            .reconcile(&old, self.writer.api_version, self.kind)
            .map_err(Refusal::Invalid)?;
        let id = ManagerId::of(self.writer, Operation::Apply);
        let last = managed.0.get(&id).cloned();
        let own = fields_of(self.configuration, self.kind).without_fields(self.reset);
        managed.set(id.clone(), own, self.writer.api_version);
        let merged = merged(old.clone(), self.configuration, self.kind);
        let mut object = pruned(merged, last.as_ref(), &managed, self.kind);
        let comparison = compare(&old, &object, self.kind);
        let change = Change::of(comparison, self.writer.api_version, self.reset);
        let conflicts = managed.conflicts(&change, &id);
        if !force && !conflicts.is_empty() {
            return Err(Refusal::Conflicts(conflicts));
        }
        managed.take(&change, Some(&id));
        if let Some(entry) = managed.0.get_mut(&id) {
            entry.fields = entry.fields.difference(&never_owned());
        }
        if !equal(&object, &old) {
            managed.touch(&id, self.writer.now);
        }
        managed.0.retain(|_, entry| !entry.fields.is_empty());
        managed.write(&mut object);
        Ok(object)
    }

    /// The managers before the apply; what an object without any holds belongs to a manager of that time.
    fn managers(&self, old: &Value) -> Result<Managed, String> {
        let mut managed = self.live.map(Managed::of).unwrap_or_default();
        if managed.is_empty() && self.live.is_some() {
            let earlier = Writer {
                manager: BEFORE_FIRST_APPLY,
                ..*self.writer
            };
            record(
                &mut managed,
                &json!({}),
                old,
                &earlier,
                self.kind,
                self.reset,
            )
            .map_err(|why| format!("failed to create manager for existing fields: {why}"))?;
        }
        Ok(managed)
    }

    fn validate(&self, old: &Value) -> Result<(), String> {
        let told = |which: &str, object: &Value, why: String| {
            format!(
                "failed to create typed {which} object ({}): {why}",
                named(object)
            )
        };
        validate(self.configuration, self.kind, Duplicates::Refused)
            .map_err(|why| told("patch", self.configuration, why))?;
        validate(old, self.kind, Duplicates::Allowed).map_err(|why| told("live", old, why))
    }

    /// Forces conflicts that are only with what kubectl applied on the client's side; tells the others.
    fn taken_over(&self, result: Result<Value, Refusal>) -> Result<Value, Refusal> {
        let (Err(Refusal::Conflicts(conflicts)), Some(live)) = (&result, self.live) else {
            return result;
        };
        let Some(allowed) = last_applied::unchanged(live, self.writer.api_version, self.kind)
        else {
            return result;
        };
        let left = conflicts
            .iter()
            .map(|(id, fields)| (id.clone(), fields.difference(&allowed)));
        let left: Vec<_> = left.filter(|(_, fields)| !fields.is_empty()).collect();
        if left.is_empty() {
            self.run(true)
        } else {
            Err(Refusal::Conflicts(left))
        }
    }
}
