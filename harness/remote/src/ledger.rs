//! Records of the objects that crosscut created on an API server, in the order of creation.

use std::sync::{Mutex, PoisonError};

pub use crosscut_events::RUN_LABEL as LABEL;
use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

/// An object that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Created {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
    uid: String,
}

impl Created {
    /// Reads the object that an API server returned when it was created. Returns `None` if `object` has no name or UID.
    pub(crate) fn of(object: &Value) -> Option<Created> {
        let created = Created {
            api_version: object::api_version(object).to_owned(),
            kind: object::kind(object).to_owned(),
            namespace: object::namespace(object).to_owned(),
            name: object::name(object).to_owned(),
            uid: object::uid(object).to_owned(),
        };
        (!created.name.is_empty() && !created.uid.is_empty()).then_some(created)
    }

    pub(crate) fn address(&self) -> ObjectRef<'_> {
        ObjectRef {
            api_version: &self.api_version,
            kind: &self.kind,
            namespace: &self.namespace,
            name: &self.name,
        }
    }

    pub(crate) fn uid(&self) -> &str {
        &self.uid
    }

    pub(crate) fn is_definition(&self) -> bool {
        self.kind == "CustomResourceDefinition"
    }

    pub(crate) fn is_namespace(&self) -> bool {
        self.kind == "Namespace" && self.api_version == "v1"
    }
}

impl std::fmt::Display for Created {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Created {
            kind,
            namespace,
            name,
            ..
        } = self;
        if namespace.is_empty() {
            write!(formatter, "{kind} {name}")
        } else {
            write!(formatter, "{kind} {namespace}/{name}")
        }
    }
}

/// The record of one trial, or of the run, for one API server.
#[derive(Debug)]
pub(crate) struct Ledger {
    run: String,
    /// The namespace of the trial. Namespaces whose name starts with it and a hyphen also belong to the trial. Empty if
    /// there is none.
    own: String,
    /// True if objects in the trial's namespaces are recorded as well. They are deleted with the namespaces in any
    /// case.
    remembers_own: bool,
    created: Mutex<Vec<Created>>,
}

impl Ledger {
    /// Creates a record that labels and records every object.
    pub(crate) fn of_run(run: &str) -> Ledger {
        Ledger::new(run, "", true)
    }

    /// Creates a record that labels no objects in the trial's own namespaces, and records these only if
    /// `remembers_own`.
    pub(crate) fn of_trial(run: &str, own: &str, remembers_own: bool) -> Ledger {
        Ledger::new(run, own, remembers_own)
    }

    fn new(run: &str, own: &str, remembers_own: bool) -> Ledger {
        Ledger {
            run: run.to_owned(),
            own: own.to_owned(),
            remembers_own,
            created: Mutex::default(),
        }
    }

    /// Returns the run that is the value of the label.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Returns true if objects in a namespace get the label. Empty: cluster-wide objects.
    pub(crate) fn labels(&self, namespace: &str) -> bool {
        !self.is_own(namespace)
    }

    /// Returns true if an object with this UID is recorded.
    pub(crate) fn has(&self, uid: &str) -> bool {
        let created = self.locked();
        created.iter().any(|created| created.uid == uid)
    }

    /// Returns true if an object of this name is recorded whose API has a group, such as a composite resource.
    pub(crate) fn has_custom(&self, name: &str) -> bool {
        let is_custom = |created: &Created| created.api_version.contains('/');
        let created = self.locked();
        created
            .iter()
            .any(|created| created.name == name && is_custom(created))
    }

    /// Records an object that was created just now.
    pub(crate) fn note(&self, created: Created) {
        if self.remembers_own || !self.is_own(&created.namespace) {
            self.locked().push(created);
        }
    }

    /// Removes all objects except namespaces from the record and returns them.
    pub(crate) fn take_objects(&self) -> Vec<Created> {
        let mut created = self.locked();
        let (namespaces, objects) = created.drain(..).partition(Created::is_namespace);
        *created = namespaces;
        objects
    }

    /// Records again the objects that could not be deleted yet.
    pub(crate) fn put_back(&self, left: impl IntoIterator<Item = Created>) {
        self.locked().extend(left);
    }

    /// Removes all objects from the record and returns them.
    pub(crate) fn take(&self) -> Vec<Created> {
        std::mem::take(&mut *self.locked())
    }

    fn is_own(&self, namespace: &str) -> bool {
        let rest = (!self.own.is_empty()).then(|| namespace.strip_prefix(self.own.as_str()));
        rest.flatten()
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Created>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the run's label, which crosscut added, from an object of a trial's result.
pub(crate) fn without_label(value: &mut Value) {
    object::remove(value, &["metadata", "labels", LABEL]);
    let is_empty = |labels: &Value| labels.as_object().is_some_and(serde_json::Map::is_empty);
    if object::at(value, &["metadata", "labels"]).is_some_and(is_empty) {
        object::remove(value, &["metadata", "labels"]);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::{Created, Ledger, without_label};

    #[rstest]
    #[case::cluster_wide("", true)]
    #[case::its_own("team-t1", false)]
    #[case::one_of_its_own("team-t1-production", false)]
    #[case::another_trials("team-t12", true)]
    #[case::the_suites("team", true)]
    fn what_is_in_own_namespaces_is_not_labelled(#[case] namespace: &str, #[case] labelled: bool) {
        let ledger = Ledger::of_trial("run", "team-t1", false);
        assert_eq!(ledger.labels(namespace), labelled);
        assert!(Ledger::of_run("run").labels(namespace));
    }

    #[test]
    fn what_was_made_is_handed_out_once_and_in_order() {
        let created = |name: &str| {
            let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "uid": name}});
            Created::of(&object).unwrap()
        };
        let ledger = Ledger::of_run("run");
        ledger.note(created("a"));
        ledger.note(created("b"));
        assert_eq!(ledger.take(), [created("a"), created("b")]);
        assert_eq!(ledger.take(), []);
    }

    #[test]
    fn namespaces_stay_until_what_is_in_them_is_gone() {
        let created = |kind: &str, name: &str| {
            let object =
                json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "uid": name}});
            Created::of(&object).unwrap()
        };
        let (namespace, secret) = (created("Namespace", "a"), created("Secret", "b"));
        let ledger = Ledger::of_run("run");
        ledger.note(namespace.clone());
        ledger.note(secret.clone());
        assert_eq!(ledger.take_objects(), std::slice::from_ref(&secret));
        assert_eq!(ledger.take_objects(), []);
        ledger.put_back([secret.clone()]);
        assert_eq!(ledger.take(), [namespace, secret]);
    }

    #[test]
    fn an_answer_without_an_identity_is_no_object() {
        assert_eq!(
            Created::of(&json!({"kind": "Status", "status": "Success"})),
            None
        );
    }

    #[test]
    fn the_label_is_taken_out_without_a_trace() {
        let mut labelled =
            json!({"metadata": {"name": "a", "labels": {"crosscut.dev/run": "run"}}});
        without_label(&mut labelled);
        assert_eq!(labelled, json!({"metadata": {"name": "a"}}));
        let mut others =
            json!({"metadata": {"labels": {"crosscut.dev/run": "run", "other": "label"}}});
        without_label(&mut others);
        assert_eq!(others, json!({"metadata": {"labels": {"other": "label"}}}));
    }
}
