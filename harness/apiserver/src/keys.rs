//! The keys of objects and resources in the store.

/// The key of an object among those of its resource.
pub(crate) fn key(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}

/// The name under which the objects of a resource are stored, whatever version is asked for.
pub(crate) fn storage_key(group: &str, plural: &str) -> String {
    format!("{plural}.{group}")
}
