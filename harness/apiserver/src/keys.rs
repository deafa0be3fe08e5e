//! The keys of objects and resources in the store.

/// Returns the key of an object among the objects of its resource.
pub(crate) fn key(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}

/// Returns the key under which the objects of a resource are stored, in all versions.
pub(crate) fn storage_key(group: &str, plural: &str) -> String {
    format!("{plural}.{group}")
}
