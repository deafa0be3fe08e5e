//! The names and texts that Crossplane derives: names of composed resources, revisions and field managers, and lists
//! of names.
//!
//! Source: Crossplane 2.2.0 (internal/names, composition_hash, ComposedFieldOwnerName, StableNAndSomeMore). All
//! functions are pure.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The longest name that Crossplane gives a composed resource.
const MAXIMUM: usize = 63;
/// The length of the digest at the end of a derived name.
const SUFFIX: usize = 12;
/// The number of names in a condition's message; the others are counted.
const LISTED: usize = 3;

/// Returns a SHA-256 digest in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns the deterministic name of a composed resource: its prefix, and a digest of its owner's UID and its
/// composition resource name.
pub(crate) fn child_name(prefix: &str, owner_uid: &str, resource_name: &str) -> String {
    let digest = sha256_hex(format!("{owner_uid}{resource_name}").as_bytes());
    let suffix = &digest[..SUFFIX];
    let mut prefix = prefix.to_owned();
    if !prefix.is_empty() && !prefix.ends_with('-') {
        prefix.push('-');
    }
    if prefix.len() + SUFFIX > MAXIMUM {
        truncate(&mut prefix, MAXIMUM - SUFFIX);
        if !prefix.ends_with('-') {
            truncate(&mut prefix, MAXIMUM - SUFFIX - 1);
            prefix.push('-');
        }
    }
    prefix + suffix
}

/// Cuts a text to at most `length` bytes, at a character boundary.
fn truncate(text: &mut String, length: usize) {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

/// Returns the hash of a Composition's state: its labels, annotations and spec, as YAML.
pub(crate) fn composition_hash(composition: &Value) -> String {
    let metadata = |field: &str| {
        composition
            .pointer(&format!("/metadata/{field}"))
            .unwrap_or(&Value::Null)
    };
    let mut text = yaml(metadata("labels"));
    text.push_str(&yaml(metadata("annotations")));
    text.push_str(&yaml(composition.get("spec").unwrap_or(&Value::Null)));
    sha256_hex(text.as_bytes())
}

/// Returns a value as a YAML document that ends in a newline, without a document marker.
fn yaml(value: &Value) -> String {
    let mut text = crosscut_yaml::to_yaml(value);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Returns the field manager with which one composite resource applies its composed resources.
pub(crate) fn composed_field_manager(name: &str, group: &str, kind: &str) -> String {
    let group_kind = if group.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}.{group}")
    };
    format!(
        "apiextensions.crossplane.io/composed/{}",
        sha256_hex(format!("{name}{group_kind}").as_bytes())
    )
}

/// Returns a sorted list of names as prose, cut after three: `a, b, c, and 2 more`.
pub(crate) fn some_and_more(names: &[String]) -> String {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    match sorted.len() {
        0..LISTED => sorted.join(", "),
        LISTED => format!(
            "{}, and {}",
            sorted[..LISTED - 1].join(", "),
            sorted[LISTED - 1]
        ),
        more => format!(
            "{}, and {} more",
            sorted[..LISTED].join(", "),
            more - LISTED
        ),
    }
}

/// Returns true if a name is an RFC 1123 subdomain; roles and bindings may have colons as well.
pub(crate) fn is_valid(name: &str, group: &str, kind: &str) -> bool {
    const RBAC: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
    if group == "rbac.authorization.k8s.io" && RBAC.contains(&kind) {
        return is_subdomain(&name.replace(':', ""));
    }
    is_subdomain(name)
}

fn is_subdomain(name: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(|first| alphanumeric(*first))
            && bytes.last().is_some_and(|last| alphanumeric(*last))
            && bytes
                .iter()
                .all(|byte| alphanumeric(*byte) || *byte == b'-')
    };
    !name.is_empty() && name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // Source of the digests: sha256 of the concatenation, computed with coreutils.
    #[rstest]
    #[case::short("xr-", "u", "a", "xr-............")]
    fn the_shape_of_child_names(
        #[case] prefix: &str,
        #[case] uid: &str,
        #[case] name: &str,
        #[case] like: &str,
    ) {
        let child = child_name(prefix, uid, name);
        assert_eq!(child.len(), like.len());
        assert!(child.starts_with(prefix));
        assert_eq!(
            child[prefix.len()..],
            sha256_hex(format!("{uid}{name}").as_bytes())[..12]
        );
    }

    #[rstest]
    #[case::a_hyphen_is_added("xr", 15)]
    #[case::none_is_doubled("xr-", 15)]
    #[case::empty("", 12)]
    #[case::exactly_fits(&"x".repeat(50), 63)]
    #[case::one_too_long(&"x".repeat(51), 63)]
    #[case::cut_at_a_hyphen(&format!("{}-{}", "x".repeat(50), "y".repeat(20)), 63)]
    #[case::not_inside_a_character(&"ä".repeat(60), 63)]
    fn child_names_fit(#[case] prefix: &str, #[case] length: usize) {
        let child = child_name(prefix, "uid", "resource");
        assert_eq!(child.len(), length, "{child}");
        assert!(!child.contains("--"));
        assert_eq!(child, child_name(prefix, "uid", "resource"));
        assert_ne!(child, child_name(prefix, "other", "resource"));
    }

    #[rstest]
    #[case(&[], "")]
    #[case(&["a"], "a")]
    #[case(&["b", "a"], "a, b")]
    #[case(&["c", "b", "a"], "a, b, and c")]
    #[case(&["d", "c", "b", "a"], "a, b, c, and 1 more")]
    fn lists_in_messages(#[case] names: &[&str], #[case] text: &str) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        assert_eq!(some_and_more(&names), text);
    }

    #[rstest]
    #[case("a.b-c.d", "", "ConfigMap", true)]
    #[case("A", "", "ConfigMap", false)]
    #[case("a:b", "", "ConfigMap", false)]
    #[case("system:a", "rbac.authorization.k8s.io", "Role", true)]
    #[case("-a", "", "ConfigMap", false)]
    #[case("a-", "", "ConfigMap", false)]
    #[case("a..b", "", "ConfigMap", false)]
    #[case("", "", "ConfigMap", false)]
    #[case(&"a".repeat(254), "", "ConfigMap", false)]
    fn names(#[case] name: &str, #[case] group: &str, #[case] kind: &str, #[case] valid: bool) {
        assert_eq!(is_valid(name, group, kind), valid);
    }

    #[test]
    fn the_field_manager_hashes_name_and_group_kind() {
        let manager = composed_field_manager("a-team", "devopstoolkit.ai", "Cluster");
        let digest = sha256_hex(b"a-teamCluster.devopstoolkit.ai");
        assert_eq!(
            manager,
            format!("apiextensions.crossplane.io/composed/{digest}")
        );
        assert!(manager.len() <= 128);
    }

    // Source: tests/data/hash/SOURCE.md.
    #[rstest]
    #[case::plain(
        include_str!("../tests/data/hash/plain.yaml"),
        "6f1087261a96b1181bd0f1cda253f1a6f88ae244c22d156f3bbd7fae8c4fcf1e"
    )]
    #[case::with_everything(
        include_str!("../tests/data/hash/labels.yaml"),
        "6a9edae80a359d80abfaaca024893e133749ce1b42de2584cdc96cb35edeaf8e"
    )]
    fn hashes_of_compositions(#[case] text: &str, #[case] hash: &str) {
        let documents = crosscut_yaml::parse(text, &crosscut_yaml::Limits::default());
        let composition = documents
            .map(|documents| documents[0].to_value())
            .unwrap_or_default();
        assert_eq!(composition_hash(&composition), hash);
    }
}
