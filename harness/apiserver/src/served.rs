//! A served resource.

use std::sync::Arc;

use crosscut_columns::Column;
use crosscut_merge::Type;
use crosscut_objects::Resource;
use crosscut_schema::Structural;
use serde_json::Value;

/// The group of CustomResourceDefinitions.
pub(crate) const GROUP: &str = "apiextensions.k8s.io";
/// The plural of CustomResourceDefinitions.
pub(crate) const PLURAL: &str = "customresourcedefinitions";

/// The format of a kind's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameRule {
    /// Labels, separated by dots.
    Subdomain,
    /// One label.
    Label,
    /// One label that begins with a letter.
    Label1035,
    /// Any valid segment of a path.
    PathSegment,
}

/// A built-in resource.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) short: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) names: NameRule,
    pub(crate) status: bool,
    /// True if objects have a generation.
    pub(crate) generation: bool,
    /// True if a PUT must name the resourceVersion.
    pub(crate) locked: bool,
    /// True if a PUT or a patch may create the object.
    pub(crate) created_by_update: bool,
    /// True if the response to a deletion is the object instead of a Status.
    pub(crate) returns_deleted: bool,
    /// The fields that field selectors may name, besides the name and the namespace.
    pub(crate) selectable: &'static [&'static str],
}

/// A resource in one version.
#[derive(Clone)]
pub(crate) struct Served {
    /// The resource in this version.
    pub(crate) resource: Resource,
    /// The resource in the version in which it is stored.
    pub(crate) storage: Arc<Resource>,
    pub(crate) storage_key: Arc<str>,
    pub(crate) names: Names,
    /// True if the subresource `status` exists. Without it the status is plain content.
    pub(crate) status: bool,
    /// The schema of the fields. Built-in kinds may have none.
    pub(crate) structural: Option<Arc<Structural>>,
    /// The rules by which field managers share the fields.
    pub(crate) merge: Type,
    pub(crate) origin: Origin,
}

/// The other names of a resource.
#[derive(Clone, Default)]
pub(crate) struct Names {
    pub(crate) singular: String,
    pub(crate) list_kind: String,
    pub(crate) short: Vec<String>,
    pub(crate) categories: Vec<String>,
}

/// The origin of a resource.
#[derive(Clone)]
pub(crate) enum Origin {
    BuiltIn(&'static Builtin),
    Custom(Custom),
}

/// The properties that only custom resources have.
#[derive(Clone)]
pub(crate) struct Custom {
    /// The revision that last changed the definition's spec. Older objects are pruned and defaulted again when read.
    pub(crate) since: u64,
    /// The generation of the definition from which this was compiled.
    pub(crate) generation: i64,
    /// True if the definition is established. Discovery lists only established ones.
    pub(crate) established: bool,
    /// True if the definition is terminating, so that no object can be created.
    pub(crate) terminating: bool,
    /// The fields that field selectors may name, besides the name and the namespace.
    pub(crate) selectable: Vec<String>,
    /// True if objects may have been written in another version than the stored one.
    pub(crate) several: bool,
    /// True if the version declares the subresource `scale`, which is not served.
    pub(crate) scale: bool,
    /// The schema in the definition.
    pub(crate) schema: Arc<Value>,
    /// The columns in a `Table` after the name.
    pub(crate) columns: Arc<[Column]>,
}

impl Served {
    pub(crate) fn custom(&self) -> Option<&Custom> {
        match &self.origin {
            Origin::Custom(custom) => Some(custom),
            Origin::BuiltIn(_) => None,
        }
    }

    pub(crate) fn built_in(&self) -> Option<&'static Builtin> {
        match &self.origin {
            Origin::BuiltIn(builtin) => Some(builtin),
            Origin::Custom(_) => None,
        }
    }

    /// Returns true if discovery lists the resource.
    pub(crate) fn discovered(&self) -> bool {
        self.custom().is_none_or(|custom| custom.established)
    }

    /// Returns true if the resource has this group and plural.
    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        self.storage.group == group && self.storage.plural == plural
    }

    pub(crate) fn is_definition(&self) -> bool {
        self.is(GROUP, PLURAL)
    }

    pub(crate) fn is_namespace(&self) -> bool {
        self.is("", "namespaces")
    }
}

/// The versions of one resource, the preferred one first.
pub(crate) type Versions = Arc<[Arc<Served>]>;
