//! The failures of the control plane that the scenario expected.

use crosscut_objects::object;
use serde_json::{Value, json};

use crate::evidence::text;

/// The condition in which a controller reports that it could reconcile an object.
pub(crate) const SYNCED: &str = "Synced";

/// The identity of an object on one cluster, without its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) group: String,
    pub(crate) kind: String,
    /// Empty for cluster-wide objects.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Identity {
    /// Returns the identity of an object.
    pub(crate) fn of(object: &Value) -> Identity {
        Identity {
            group: object::group_of(object::api_version(object)).to_owned(),
            kind: object::kind(object).to_owned(),
            namespace: object::namespace(object).to_owned(),
            name: object::name(object).to_owned(),
        }
    }

    /// Returns the identity of the object that an Event is about.
    fn involved(event: &Value) -> Identity {
        let field = |field: &str| text(event, &format!("/involvedObject/{field}")).to_owned();
        Identity {
            group: object::group_of(&field("apiVersion")).to_owned(),
            kind: field("kind"),
            namespace: field("namespace"),
            name: field("name"),
        }
    }
}

/// The failures that assertions of the trial matched so far.
#[derive(Debug, Default)]
pub(crate) struct Known {
    failures: Vec<(Identity, String)>,
}

impl Known {
    /// Records that the assertion `holds` for `object`. A condition `Synced` that is not True is known if the assertion
    /// depends on it: the assertion would not hold if the condition were True.
    pub(crate) fn expected(&mut self, object: &Value, holds: impl Fn(&Value) -> bool) {
        let Some((index, condition)) = not_synced(object) else {
            return;
        };
        let mut synced = object.clone();
        if let Some(conditions) = synced.pointer_mut("/status/conditions")
            && let Some(condition) = conditions.get_mut(index)
        {
            *condition = json!({"type": SYNCED, "status": "True", "reason": "ReconcileSuccess"});
        }
        if !holds(&synced) {
            let message = text(condition, "/message").to_owned();
            self.failures.push((Identity::of(object), message));
        }
    }

    /// Records an Event that an assertion matched. Only a warning is about a failure.
    pub(crate) fn event(&mut self, event: &Value) {
        if text(event, "/type") == "Warning" {
            let message = text(event, "/message").to_owned();
            self.failures.push((Identity::involved(event), message));
        }
    }

    /// Returns true if the scenario expected that `object` fails with `message`. An Event's text may be shorter or
    /// longer than the condition's.
    pub(crate) fn has(&self, object: &Identity, message: &str) -> bool {
        let is_it = |known: &str| match known.is_empty() || message.is_empty() {
            true => known == message,
            false => message.contains(known) || known.contains(message),
        };
        self.failures
            .iter()
            .any(|(of, known)| of == object && is_it(known))
    }
}

/// Returns the condition `Synced` of an object with its index among the conditions, if it is not True.
pub(crate) fn not_synced(object: &Value) -> Option<(usize, &Value)> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().enumerate().find(|(_, condition)| {
        text(condition, "/type") == SYNCED && text(condition, "/status") != "True"
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{Identity, Known};

    fn composite(status: &str, message: &str) -> Value {
        json!({
            "apiVersion": "example.org/v1", "kind": "App", "metadata": {"name": "a", "namespace": "team"},
            "status": {"conditions": [
                {"type": "Ready", "status": "False"},
                {"type": "Synced", "status": status, "reason": "ReconcileError", "message": message},
            ]},
        })
    }

    fn warning(kind: &str, of: &str, message: &str) -> Value {
        json!({
            "type": kind, "message": message, "involvedObject": {
                "apiVersion": "example.org/v1", "kind": "App", "namespace": "team", "name": of,
            },
        })
    }

    fn says(pointer: &'static str, wanted: &'static str) -> impl Fn(&Value) -> bool {
        move |object| object.pointer(pointer).is_some_and(|found| found == wanted)
    }

    #[rstest]
    #[case::its_status("/status/conditions/1/status", "False", true)]
    #[case::its_reason("/status/conditions/1/reason", "ReconcileError", true)]
    #[case::its_message("/status/conditions/1/message", "cannot compose", true)]
    #[case::another_condition("/status/conditions/0/status", "False", false)]
    #[case::something_else("/metadata/name", "a", false)]
    fn a_condition_is_known_by_an_assertion_that_depends_on_it(
        #[case] pointer: &'static str,
        #[case] wanted: &'static str,
        #[case] expected: bool,
    ) {
        let object = composite("False", "cannot compose");
        let mut known = Known::default();
        known.expected(&object, says(pointer, wanted));
        assert_eq!(
            known.has(&Identity::of(&object), "cannot compose"),
            expected
        );
        assert!(!known.has(&Identity::of(&object), "cannot delete"));
    }

    #[test]
    fn a_condition_that_is_true_is_no_failure() {
        let object = composite("True", "");
        let mut known = Known::default();
        known.expected(&object, |_| false);
        assert!(!known.has(&Identity::of(&object), ""));
    }

    #[rstest]
    #[case::the_same(warning("Warning", "a", "cannot compose: no"), true)]
    #[case::less(warning("Warning", "a", "no"), true)]
    #[case::another_message(warning("Warning", "a", "cannot select"), false)]
    #[case::another_object(warning("Warning", "b", "cannot compose: no"), false)]
    #[case::no_warning(warning("Normal", "a", "cannot compose: no"), false)]
    #[case::no_message(warning("Warning", "a", ""), false)]
    fn an_event_makes_its_failure_known(#[case] event: Value, #[case] expected: bool) {
        let mut known = Known::default();
        known.event(&event);
        let object = Identity::of(&composite("False", ""));
        assert_eq!(known.has(&object, "cannot compose: no"), expected);
    }
}
