//! The built-in resources, as kube-apiserver 1.34's discovery lists them.
//!
//! Only kinds whose defaults and rules are implemented are listed; the server serves no others.

use std::sync::Arc;

use crosscut_merge::Type;

use crate::keys;
use crate::served::{Builtin, NameRule, Names, Origin, Served};
use crosscut_objects::Resource;

const PLAIN: Builtin = Builtin {
    group: "",
    version: "v1",
    plural: "",
    singular: "",
    kind: "",
    namespaced: true,
    short: &[],
    categories: &[],
    names: NameRule::Subdomain,
    status: false,
    generation: false,
    locked: false,
    created_by_update: false,
    returns_deleted: false,
    selectable: &[],
};

const RBAC: Builtin = Builtin {
    group: "rbac.authorization.k8s.io",
    names: NameRule::PathSegment,
    ..PLAIN
};

/// The fields that field selectors of Events may name, in both groups of Events.
const EVENT_FIELDS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

/// The built-in resources in the order of discovery: by priority of the groups, then by name.
static BUILTINS: &[Builtin] = &[
    Builtin {
        plural: "configmaps",
        singular: "configmap",
        kind: "ConfigMap",
        short: &["cm"],
        ..PLAIN
    },
    Builtin {
        plural: "events",
        singular: "event",
        kind: "Event",
        short: &["ev"],
        created_by_update: true,
        selectable: EVENT_FIELDS,
        ..PLAIN
    },
    Builtin {
        plural: "namespaces",
        singular: "namespace",
        kind: "Namespace",
        namespaced: false,
        short: &["ns"],
        names: NameRule::Label,
        status: true,
        selectable: &["status.phase"],
        ..PLAIN
    },
    Builtin {
        plural: "secrets",
        singular: "secret",
        kind: "Secret",
        selectable: &["type"],
        ..PLAIN
    },
    Builtin {
        plural: "serviceaccounts",
        singular: "serviceaccount",
        kind: "ServiceAccount",
        short: &["sa"],
        returns_deleted: true,
        ..PLAIN
    },
    Builtin {
        plural: "services",
        singular: "service",
        kind: "Service",
        short: &["svc"],
        categories: &["all"],
        names: NameRule::Label1035,
        status: true,
        returns_deleted: true,
        selectable: &["spec.clusterIP", "spec.type"],
        ..PLAIN
    },
    Builtin {
        group: "events.k8s.io",
        plural: "events",
        singular: "event",
        kind: "Event",
        short: &["ev"],
        created_by_update: true,
        selectable: &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
        ..PLAIN
    },
    Builtin {
        plural: "clusterrolebindings",
        singular: "clusterrolebinding",
        kind: "ClusterRoleBinding",
        namespaced: false,
        ..RBAC
    },
    Builtin {
        plural: "clusterroles",
        singular: "clusterrole",
        kind: "ClusterRole",
        namespaced: false,
        ..RBAC
    },
    Builtin {
        plural: "rolebindings",
        singular: "rolebinding",
        kind: "RoleBinding",
        ..RBAC
    },
    Builtin {
        plural: "roles",
        singular: "role",
        kind: "Role",
        ..RBAC
    },
    Builtin {
        group: "apiextensions.k8s.io",
        plural: "customresourcedefinitions",
        singular: "customresourcedefinition",
        kind: "CustomResourceDefinition",
        namespaced: false,
        short: &["crd", "crds"],
        categories: &["api-extensions"],
        status: true,
        generation: true,
        locked: true,
        ..PLAIN
    },
    Builtin {
        group: "coordination.k8s.io",
        plural: "leases",
        singular: "lease",
        kind: "Lease",
        created_by_update: true,
        ..PLAIN
    },
];

/// Returns the built-in kinds, by group and name. The kind Event occurs twice.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.kind)
}

/// Returns each built-in resource as it is served.
pub(crate) fn served() -> impl Iterator<Item = Served> {
    BUILTINS.iter().map(|builtin| {
        // Both groups of Events read and write the objects of the core group.
        let group = match builtin.group {
            "events.k8s.io" => "",
            group => group,
        };
        Served {
            resource: resource(builtin, builtin.group),
            storage: Arc::new(resource(builtin, group)),
            storage_key: keys::storage_key(group, builtin.plural).into(),
            names: names(builtin),
            status: builtin.status,
            structural: None,
            merge: merge_type(builtin),
            origin: Origin::BuiltIn(builtin),
        }
    })
}

/// Returns the merge rules of a built-in kind. Only the metadata, the conditions of definitions and maps of data are
/// typed; all other lists are atomic.
fn merge_type(builtin: &Builtin) -> Type {
    match builtin.kind {
        "CustomResourceDefinition" => Type::custom_resource_definition(),
        "ConfigMap" | "Secret" => Type::data(),
        _ => Type::object_meta_only(),
    }
}

fn resource(builtin: &Builtin, group: &str) -> Resource {
    Resource {
        group: group.to_owned(),
        version: builtin.version.to_owned(),
        plural: builtin.plural.to_owned(),
        kind: builtin.kind.to_owned(),
        namespaced: builtin.namespaced,
    }
}

fn names(builtin: &Builtin) -> Names {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Names {
        singular: builtin.singular.to_owned(),
        list_kind: format!("{}List", builtin.kind),
        short: owned(builtin.short),
        categories: owned(builtin.categories),
    }
}
