//! The objects of a request, and the documents to write.

use std::collections::BTreeMap;

use crosscut_assertion::{Name, Problem, Subject};
use crosscut_objects::{Key, object};
use crosscut_yaml::Node;
use serde_json::Value;

use crate::request_error::RequestError;

/// Objects of one kind in one place. Names are never empty, so that a missing name never means all objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) api_version: Name,
    pub(crate) kind: Name,
    pub(crate) place: Whereabouts,
    pub(crate) which: Which,
}

/// The namespaces of the objects; irrelevant for cluster-scoped kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// The trial's own namespace.
    Own,
    /// The namespace of this name.
    Namespace(Name),
    /// All namespaces.
    Everywhere,
}

/// The selection among the objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The object of this name.
    Named(Name),
    /// The objects that have all of these labels, at least one.
    Labelled(BTreeMap<String, String>),
    /// All objects.
    All,
}

impl Which {
    /// Returns the name, if one object is selected by name.
    pub(crate) fn name(&self) -> Option<&Name> {
        match self {
            Which::Named(name) => Some(name),
            Which::Labelled(_) | Which::All => None,
        }
    }
}

impl Target {
    /// Returns the target of a document's subject; `None` without apiVersion or kind.
    pub(crate) fn of_subject(subject: &Subject) -> Option<Target> {
        let which = match &subject.name {
            Some(name) => Which::Named(name.clone()),
            None if subject.labels.is_empty() => Which::All,
            None => Which::Labelled(subject.labels.clone()),
        };
        Some(Target {
            api_version: subject.api_version.clone()?,
            kind: subject.kind.clone()?,
            place: match &subject.namespace {
                _ if subject.everywhere => Whereabouts::Everywhere,
                Some(namespace) => Whereabouts::Namespace(namespace.clone()),
                None => Whereabouts::Own,
            },
            which,
        })
    }

    /// Returns all objects of a kind in all namespaces; `None` for a kind without a name.
    pub(crate) fn all(api_version: &str, kind: &str) -> Option<Target> {
        Some(Target {
            api_version: Name::new(api_version)?,
            kind: Name::new(kind)?,
            place: Whereabouts::Everywhere,
            which: Which::All,
        })
    }

    /// Returns all objects of a kind in the trial's namespace; `None` for a kind without a name.
    pub(crate) fn all_own(api_version: &str, kind: &str) -> Option<Target> {
        Some(Target {
            place: Whereabouts::Own,
            ..Target::all(api_version, kind)?
        })
    }

    /// Returns the object of a reconcile; `None` without a name.
    pub(crate) fn of_key(key: &Key) -> Option<Target> {
        let namespace = key.namespace.clone().unwrap_or_default();
        Some(Target {
            api_version: Name::new(key.api_version())?,
            kind: Name::new(key.kind.as_str())?,
            place: Name::new(namespace).map_or(Whereabouts::Everywhere, Whereabouts::Namespace),
            which: Which::Named(Name::new(key.name.as_str())?),
        })
    }

    /// Returns all Events of a namespace; `None` for a namespace without a name.
    pub(crate) fn events_in(namespace: &str) -> Option<Target> {
        Some(Target {
            place: Whereabouts::Namespace(Name::new(namespace)?),
            ..Target::all("v1", "Event")?
        })
    }

    /// Returns the target of an object that an API server returned.
    ///
    /// # Errors
    /// [`RequestError::Incomplete`] if apiVersion, kind or name is missing.
    pub(crate) fn of_object(object: &Value) -> Result<Target, RequestError> {
        let field = |text: &str, field: &'static str| {
            Name::new(text).ok_or(RequestError::Incomplete { field })
        };
        Ok(Target {
            api_version: field(object::api_version(object), "apiVersion")?,
            kind: field(object::kind(object), "kind")?,
            place: match Name::new(object::namespace(object)) {
                Some(namespace) => Whereabouts::Namespace(namespace),
                None => Whereabouts::Own,
            },
            which: Which::Named(field(object::name(object), "metadata.name")?),
        })
    }
}

/// A document to write, whose names are strings.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    value: Value,
    name: Option<Name>,
}

impl Manifest {
    /// Reads the value of the template `document`.
    ///
    /// # Errors
    /// A [`Problem`] for each name, namespace, kind, apiVersion or label that is not a string.
    pub(crate) fn of(document: &Node, value: Value) -> Result<Manifest, Vec<Problem>> {
        let name = Subject::of_written(document, &value)?.name;
        Ok(Manifest { value, name })
    }

    /// Returns the document.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Returns the name in the document, if it has one.
    pub(crate) fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Returns the target of the document.
    ///
    /// # Errors
    /// [`RequestError::Incomplete`] if apiVersion, kind or name is missing.
    pub(crate) fn target(&self) -> Result<Target, RequestError> {
        Target::of_object(&self.value)
    }

    /// Returns true if the API server generates the name.
    pub(crate) fn is_generated(&self) -> bool {
        self.name.is_none() && self.value.pointer("/metadata/generateName").is_some()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Target;

    #[test]
    fn a_manifest_without_a_name_is_incomplete() {
        let error = Target::of_object(&json!({"apiVersion": "v1", "kind": "Secret"})).unwrap_err();
        assert_eq!(error.to_string(), "the object has no metadata.name");
    }
}
