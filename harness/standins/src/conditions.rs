//! The conditions of managed resources, as crossplane-runtime writes them.

use serde_json::{Value, json};

/// A condition's type, status, reason and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition<'a> {
    kind: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl<'a> Condition<'a> {
    pub(crate) const SYNCED: Condition<'static> =
        Condition::of("Synced", "True", "ReconcileSuccess");
    pub(crate) const PAUSED: Condition<'static> =
        Condition::of("Synced", "False", "ReconcilePaused");
    pub(crate) const AVAILABLE: Condition<'static> = Condition::of("Ready", "True", "Available");
    pub(crate) const UNAVAILABLE: Condition<'static> =
        Condition::of("Ready", "False", "Unavailable");
    pub(crate) const CREATING: Condition<'static> = Condition::of("Ready", "False", "Creating");
    pub(crate) const DELETING: Condition<'static> = Condition::of("Ready", "False", "Deleting");
    /// Of a ProviderConfig.
    pub(crate) const IN_USE: Condition<'static> = Condition {
        message: "Blocking deletion while usages still exist",
        ..Condition::of("Terminating", "True", "InUse")
    };

    const fn of(kind: &'a str, status: &'a str, reason: &'a str) -> Condition<'a> {
        Condition {
            kind,
            status,
            reason,
            message: "",
        }
    }

    /// Not ready, for a reason that the provider gives.
    pub(crate) fn unavailable(message: &'a str) -> Condition<'a> {
        Condition {
            message,
            ..Condition::UNAVAILABLE
        }
    }

    pub(crate) fn error(message: &'a str) -> Condition<'a> {
        Condition {
            message,
            ..Condition::of("Synced", "False", "ReconcileError")
        }
    }
}

/// Sets a condition of an object, of a generation where that is said; the time changes with the status, reason or
/// message, as crossplane-runtime has it.
pub(crate) fn set(
    object: &mut Value,
    condition: Condition<'_>,
    generation: Option<i64>,
    now: &str,
) {
    if !object["status"].is_object() {
        object["status"] = json!({});
    }
    if !object["status"]["conditions"].is_array() {
        object["status"]["conditions"] = json!([]);
    }
    let mut wanted = json!({
        "type": condition.kind,
        "status": condition.status,
        "reason": condition.reason,
        "lastTransitionTime": now,
    });
    if !condition.message.is_empty() {
        wanted["message"] = json!(condition.message);
    }
    if let Some(generation) = generation {
        wanted["observedGeneration"] = json!(generation);
    }
    let Some(conditions) = object["status"]["conditions"].as_array_mut() else {
        return;
    };
    match conditions
        .iter_mut()
        .find(|one| one["type"] == condition.kind)
    {
        None => conditions.push(wanted),
        Some(known) => {
            let same = ["status", "reason", "message"]
                .iter()
                .all(|field| known[*field] == wanted[*field]);
            if same {
                wanted["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = wanted;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Condition, set};

    #[test]
    fn the_time_stays_while_nothing_changes() {
        let mut object = json!({});
        set(&mut object, Condition::CREATING, Some(2), "then");
        set(&mut object, Condition::SYNCED, Some(2), "then");
        set(&mut object, Condition::SYNCED, Some(2), "now");
        set(&mut object, Condition::AVAILABLE, None, "now");
        let conditions = &object["status"]["conditions"];
        assert_eq!(conditions[0]["lastTransitionTime"], "now");
        assert_eq!(conditions[0]["reason"], "Available");
        assert_eq!(conditions[0].get("observedGeneration"), None);
        assert_eq!(conditions[1]["lastTransitionTime"], "then");
        assert_eq!(conditions[1]["observedGeneration"], 2);
    }
}
