//! Server-side apply.

use serde_json::{Value, json};

use crate::compare::{Comparison, compare};
use crate::conflict::Conflict;
use crate::error::ApplyError;
use crate::fields::{fields_of, mistakes};
use crate::managed::{Managed, never_owned, unmanaged};
use crate::manager::{ManagerId, Operation, Writer};
use crate::merge::merged;
use crate::prune::pruned;
use crate::types::Type;
use crate::update::record;

/// Who owns what was there before the first apply.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// `live` after `configuration` is applied to it, with its managed fields.
///
/// What the writer applied before and no longer names goes, unless someone else owns it. `reset` are the
/// top-level fields that the endpoint does not write; they are not owned. An apply that changes nothing
/// gives the managed fields that were there, times included.
///
/// # Errors
/// [`ApplyError::Conflicts`] where others own what would change and `force` is off; [`ApplyError::Invalid`]
/// where the configuration does not have the type.
pub fn apply(
    live: Option<&Value>,
    configuration: &Value,
    writer: &Writer<'_>,
    force: bool,
    kind: &Type,
    reset: &[&str],
) -> Result<Value, ApplyError> {
    let configuration = unmanaged(configuration);
    let mistakes = mistakes(&configuration, kind);
    if !mistakes.is_empty() {
        return Err(ApplyError::Invalid(mistakes));
    }
    let nothing = json!({});
    let old = unmanaged(live.unwrap_or(&nothing));
    let before = managers(live, &old, writer, kind);
    let mut managed = before.clone();
    let id = ManagerId::of(writer, Operation::Apply);
    let last = managed.fields(&id);
    let own = fields_of(&configuration, kind).without_fields(reset);
    managed.set(id.clone(), own, writer);
    let merged = merged(&old, &configuration, kind);
    let mut object = pruned(merged, &last, &managed.all(), kind);
    let comparison = compare(&old, &object, kind);
    if !force {
        refuse_conflicts(&managed, &id, &comparison)?;
    }
    managed.take(&comparison.written(), Some(&id));
    managed.take(&comparison.removed, Some(&id));
    let own = managed.fields(&id).difference(&never_owned());
    managed.set(id.clone(), own, writer);
    if (object != old || managed != before)
        && let Some(entry) = managed.0.get_mut(&id)
    {
        entry.time = Some(writer.now.to_owned());
    }
    managed.0.retain(|_, entry| !entry.fields.is_empty());
    managed.write(&mut object);
    Ok(object)
}

/// The managers before the apply; what an object without any holds belongs to a manager of that time.
fn managers(live: Option<&Value>, old: &Value, writer: &Writer<'_>, kind: &Type) -> Managed {
    let mut managed = live.map(Managed::of).unwrap_or_default();
    if managed.is_empty() && live.is_some() {
        let earlier = Writer {
            manager: BEFORE_FIRST_APPLY,
            subresource: None,
            ..*writer
        };
        record(&mut managed, &json!({}), old, &earlier, kind, &[]);
    }
    managed
}

fn refuse_conflicts(
    managed: &Managed,
    id: &ManagerId,
    comparison: &Comparison,
) -> Result<(), ApplyError> {
    let written = comparison.written();
    let mut conflicts = Vec::new();
    for (other, entry) in managed.0.iter().filter(|(other, _)| *other != id) {
        let fields = entry.fields.intersection(&written).paths();
        if !fields.is_empty() {
            conflicts.push(Conflict {
                manager: other.name.clone(),
                subresource: other.subresource.clone(),
                time: other.api_version.as_ref().and(entry.time.clone()),
                api_version: other.api_version.clone(),
                fields,
            });
        }
    }
    if conflicts.is_empty() {
        return Ok(());
    }
    conflicts.sort_by(|one, other| one.manager.cmp(&other.manager));
    Err(ApplyError::Conflicts(conflicts))
}
