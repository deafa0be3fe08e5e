//! What crosscut made on an API server, in the order in which it was made.

use std::sync::{Mutex, PoisonError};

pub use crosscut_events::RUN_LABEL as LABEL;
use crosscut_objects::{ObjectRef, object};
use serde_json::Value;

/// An object that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Created {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
    uid: String,
}

impl Created {
    /// The object that an API server answered when it was made. `None` if the answer is no object.
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

/// What one trial, or the run, made on one API server.
#[derive(Debug)]
pub(crate) struct Ledger {
    run: String,
    /// The namespace that is the trial's own, with those whose names begin with it and a hyphen; empty for none.
    own: String,
    /// True if what is in those namespaces is remembered as well. It goes with them in any case.
    remembers_own: bool,
    created: Mutex<Vec<Created>>,
}

impl Ledger {
    /// A ledger that labels and remembers everything.
    pub(crate) fn of_run(run: &str) -> Ledger {
        Ledger::new(run, "", true)
    }

    /// A ledger that does not label what is in a trial's own namespaces, and remembers it or not.
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

    /// The run that objects are labelled with.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Returns true if objects in a namespace (empty: cluster-wide ones) are labelled.
    pub(crate) fn labels(&self, namespace: &str) -> bool {
        !self.is_own(namespace)
    }

    /// Tells if an object of this identity was made, and was not taken away since.
    pub(crate) fn has(&self, uid: &str) -> bool {
        let created = self.locked();
        created.iter().any(|created| created.uid == uid)
    }

    /// Tells if an object of this name was made whose kind is not one of Kubernetes' first, such as a composite resource.
    pub(crate) fn has_custom(&self, name: &str) -> bool {
        let is_custom = |created: &Created| created.api_version.contains('/');
        let created = self.locked();
        created
            .iter()
            .any(|created| created.name == name && is_custom(created))
    }

    /// Remembers an object that was made just now.
    pub(crate) fn note(&self, created: Created) {
        if self.remembers_own || !self.is_own(&created.namespace) {
            self.locked().push(created);
        }
    }

    /// Returns what was made but for namespaces, and forgets it.
    pub(crate) fn take_objects(&self) -> Vec<Created> {
        let mut created = self.locked();
        let (namespaces, objects) = created.drain(..).partition(Created::is_namespace);
        *created = namespaces;
        objects
    }

    /// Remembers again what could not be taken away yet.
    pub(crate) fn put_back(&self, left: impl IntoIterator<Item = Created>) {
        self.locked().extend(left);
    }

    /// Returns everything that was made, and forgets it.
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

/// The label is ours: it is no part of what a trial comes to.
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
