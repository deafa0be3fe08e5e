//! The namespaces of a trial on a control plane that several trials share.

/// Returns true if a namespace is `own`, or one whose name begins with it and a hyphen.
pub fn is_in_scope(own: &str) -> impl Fn(&str) -> bool + Send + Sync + 'static {
    let (own, prefix) = (own.to_owned(), format!("{own}-"));
    move |namespace| namespace == own || namespace.starts_with(&prefix)
}
