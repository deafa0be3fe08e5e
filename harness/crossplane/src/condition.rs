//! Status conditions as Crossplane's controllers write them (crossplane-runtime 2.2, apis/common).
//!
//! A condition that equals the existing one is not written, so that its `lastTransitionTime` stays. Any
//! difference replaces the whole condition.

use serde_json::{Value, json};

use crate::object;

/// The condition types that only Crossplane may set.
const SYSTEM: [&str; 5] = ["Ready", "Synced", "Healthy", "UpToDate", "Responsive"];

/// A condition, before it is set on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Condition {
    pub(crate) fn new(kind: &str, status: &str, reason: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: String::new(),
        }
    }

    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(crate) fn reconcile_success() -> Self {
        Self::new("Synced", "True", "ReconcileSuccess")
    }

    pub(crate) fn reconcile_error(message: impl Into<String>) -> Self {
        Self::new("Synced", "False", "ReconcileError").message(message)
    }

    pub(crate) fn reconcile_paused() -> Self {
        Self::new("Synced", "False", "ReconcilePaused")
            .message("Reconciliation (including deletion) is paused via the pause annotation")
    }

    pub(crate) fn available() -> Self {
        Self::new("Ready", "True", "Available")
    }

    pub(crate) fn creating() -> Self {
        Self::new("Ready", "False", "Creating")
    }

    pub(crate) fn deleting() -> Self {
        Self::new("Ready", "False", "Deleting")
    }

    pub(crate) fn watch_circuit_closed() -> Self {
        Self::new("Responsive", "True", "WatchCircuitClosed")
    }

    fn to_value(&self, observed_generation: i64, now: &str) -> Value {
        let mut value = json!({"type": self.kind, "status": self.status, "reason": self.reason, "lastTransitionTime": now});
        if !self.message.is_empty() {
            object::set(&mut value, &["message"], json!(self.message));
        }
        if observed_generation != 0 {
            object::set(
                &mut value,
                &["observedGeneration"],
                json!(observed_generation),
            );
        }
        value
    }

    /// Returns true if an existing condition is equal; generations are compared only if both have one.
    fn equals(&self, existing: &Value, observed_generation: i64) -> bool {
        let theirs = object::at(existing, &["observedGeneration"])
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let same_generation =
            theirs == 0 || observed_generation == 0 || theirs == observed_generation;
        same_generation
            && object::text(existing, &["status"]) == self.status
            && object::text(existing, &["reason"]) == self.reason
            && object::text(existing, &["message"]) == self.message
    }
}

/// Returns true if functions may not set this condition type.
pub(crate) fn is_system(kind: &str) -> bool {
    SYSTEM.contains(&kind)
}

pub(crate) use crosscut_objects::object::{condition as get, conditions as all};

/// Sets a condition with the generation of the object.
pub(crate) fn mark(object: &mut Value, condition: &Condition, now: &str) {
    let generation = object::generation(object);
    put(object, condition, generation, now);
}

/// Sets a condition without a generation, as for functions' own conditions.
pub(crate) fn set(object: &mut Value, condition: &Condition, now: &str) {
    put(object, condition, 0, now);
}

/// Merges conditions from another state of the object, unchanged.
pub(crate) fn merge(object: &mut Value, from: &[Value]) {
    let mut conditions = all(object).to_vec();
    for condition in from {
        let kind = object::text(condition, &["type"]);
        match conditions
            .iter_mut()
            .find(|existing| object::text(existing, &["type"]) == kind)
        {
            Some(existing) if is_same(existing, condition) => {}
            Some(existing) => *existing = condition.clone(),
            None => conditions.push(condition.clone()),
        }
    }
    if !conditions.is_empty() {
        object::set(object, &["status", "conditions"], Value::Array(conditions));
    }
}

/// Returns true if two conditions are equal except for `lastTransitionTime`.
fn is_same(one: &Value, other: &Value) -> bool {
    let generation = object::at(other, &["observedGeneration"])
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let other = Condition {
        kind: object::text(other, &["type"]).to_owned(),
        status: object::text(other, &["status"]).to_owned(),
        reason: object::text(other, &["reason"]).to_owned(),
        message: object::text(other, &["message"]).to_owned(),
    };
    other.equals(one, generation)
}

fn put(object: &mut Value, condition: &Condition, observed_generation: i64, now: &str) {
    let mut conditions = all(object).to_vec();
    match conditions
        .iter_mut()
        .find(|existing| object::text(existing, &["type"]) == condition.kind)
    {
        Some(existing) if condition.equals(existing, observed_generation) => return,
        Some(existing) => *existing = condition.to_value(observed_generation, now),
        None => conditions.push(condition.to_value(observed_generation, now)),
    }
    object::set(object, &["status", "conditions"], Value::Array(conditions));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const THEN: &str = "2026-01-01T00:00:00Z";
    const NOW: &str = "2026-01-01T00:01:00Z";

    fn object(observed: Value) -> Value {
        json!({"metadata": {"generation": 2}, "status": {"conditions": [observed]}})
    }

    #[rstest]
    #[case::same_keeps_the_time(Condition::available(), 2, THEN)]
    #[case::another_generation_moves_it(Condition::available(), 1, NOW)]
    #[case::no_generation_there_keeps_it(Condition::available(), 0, THEN)]
    #[case::another_message_moves_it(Condition::available().message("m"), 2, NOW)]
    #[case::another_status_moves_it(Condition::creating(), 2, NOW)]
    fn marking(#[case] condition: Condition, #[case] observed_generation: i64, #[case] time: &str) {
        let mut existing = json!({"type": "Ready", "status": "True", "reason": "Available", "lastTransitionTime": THEN});
        if observed_generation != 0 {
            object::set(
                &mut existing,
                &["observedGeneration"],
                json!(observed_generation),
            );
        }
        let mut object = object(existing);
        mark(&mut object, &condition, NOW);
        assert_eq!(all(&object).len(), 1);
        assert_eq!(
            object::text(&all(&object)[0], &["lastTransitionTime"]),
            time
        );
    }

    #[test]
    fn a_new_type_is_appended_with_the_generation_and_a_functions_own_without() {
        let mut object = object(
            json!({"type": "Ready", "status": "True", "reason": "Available", "lastTransitionTime": THEN}),
        );
        mark(&mut object, &Condition::reconcile_success(), NOW);
        set(
            &mut object,
            &Condition::new("Custom", "Unknown", "Because"),
            NOW,
        );
        assert_eq!(
            all(&object)[1],
            json!({"type": "Synced", "status": "True", "reason": "ReconcileSuccess", "lastTransitionTime": NOW, "observedGeneration": 2})
        );
        assert_eq!(
            all(&object)[2],
            json!({"type": "Custom", "status": "Unknown", "reason": "Because", "lastTransitionTime": NOW})
        );
        assert!(is_system("Responsive") && !is_system("Custom"));
    }
}
