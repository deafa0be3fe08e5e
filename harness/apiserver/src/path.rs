//! The parsed path of a request.

use crosscut_objects::Place;

/// A path, taken apart. Texts are percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// Objects, or one object.
    Resource(Target),
    /// `/api`
    CoreVersions,
    /// `/apis`
    Groups,
    /// `/apis/<group>`
    Group(String),
    /// `/api/v1` or `/apis/<group>/<version>`
    Resources {
        group: String,
        version: String,
    },
    /// `/openapi/v3`
    OpenApiIndex,
    /// `/openapi/v3/<group version>`, such as `apis/apps/v1`
    OpenApi(String),
    /// `/version`
    Version,
    /// `/healthz` and the like
    Health,
    Unknown,
}

/// The objects that a request is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
    /// True if the path begins with `watch/`, the older form of a watch request.
    pub(crate) watch: bool,
}

impl From<Place<'_>> for Target {
    fn from(place: Place<'_>) -> Self {
        let (group, version) = place
            .api_version
            .split_once('/')
            .unwrap_or(("", place.api_version));
        let given = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: place.plural.to_owned(),
            namespace: given(place.namespace),
            name: given(place.name),
            subresource: given(place.subresource),
            watch: false,
        }
    }
}

impl Path {
    pub(crate) fn parse(path: &str) -> Self {
        let path = path.trim_matches('/');
        let parts: Vec<String> = path.split('/').map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["version"] => Self::Version,
            ["healthz" | "livez" | "readyz", ..] => Self::Health,
            ["openapi", "v3"] => Self::OpenApiIndex,
            ["openapi", "v3", rest @ ..] => Self::OpenApi(rest.join("/")),
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["api", version] => Self::resources("", version),
            ["apis", group] => Self::Group((*group).to_owned()),
            ["apis", group, version] => Self::resources(group, version),
            ["api", version, rest @ ..] => Self::target("", version, rest),
            ["apis", group, version, rest @ ..] => Self::target(group, version, rest),
            _ => Self::Unknown,
        }
    }

    fn resources(group: &str, version: &str) -> Self {
        Self::Resources {
            group: group.to_owned(),
            version: version.to_owned(),
        }
    }

    fn target(group: &str, version: &str, rest: &[&str]) -> Self {
        if rest.iter().any(|part| part.is_empty()) {
            return Self::Unknown;
        }
        let (watch, rest) = match rest {
            ["watch", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (namespace, rest) = match rest {
            // Other segments after a namespace's name are resources in the namespace, not its subresources.
            ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, None, None),
            [plural, name] => (*plural, Some(*name), None),
            [plural, name, subresource] => (*plural, Some(*name), Some(*subresource)),
            _ => return Self::Unknown,
        };
        Self::Resource(Target {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.map(ToOwned::to_owned),
            name: name.map(ToOwned::to_owned),
            subresource: subresource.map(ToOwned::to_owned),
            watch,
        })
    }
}

/// Decodes percent-encoding. Invalid UTF-8 becomes the replacement character.
pub(crate) fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| hex(bytes.get(at + 1..at + 3)?));
        if let Some(Some(value)) = escaped {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (high, low) = (digit(*digits.first()?)?, digit(*digits.get(1)?)?);
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Path, Target, decode};
    use crosscut_objects::Place;

    // The client's crate tests that a place is written as such a path.
    #[rstest]
    #[case::cluster("/api/v1/namespaces/team", Place { api_version: "v1", plural: "namespaces", name: "team", ..Place::default() })]
    #[case::status(
        "/api/v1/namespaces/team/status",
        Place { api_version: "v1", plural: "namespaces", name: "team", subresource: "status", ..Place::default() }
    )]
    #[case::namespaced(
        "/apis/example.org/v1/namespaces/team/things/a%2Fb",
        Place { api_version: "example.org/v1", plural: "things", namespace: "team", name: "a/b", subresource: "" }
    )]
    #[case::everywhere("/apis/example.org/v1/things", Place { api_version: "example.org/v1", plural: "things", ..Place::default() })]
    fn a_place_and_its_path_are_one_target(#[case] path: &str, #[case] place: Place<'_>) {
        assert_eq!(Path::parse(path), Path::Resource(Target::from(place)));
    }

    fn target(group: &str, plural: &str, rest: [Option<&str>; 3]) -> Path {
        let [namespace, name, subresource] = rest.map(|part| part.map(ToOwned::to_owned));
        Path::Resource(Target {
            group: group.to_owned(),
            version: "v1".to_owned(),
            plural: plural.to_owned(),
            namespace,
            name,
            subresource,
            watch: false,
        })
    }

    #[rstest]
    #[case::list("/api/v1/configmaps", target("", "configmaps", [None, None, None]))]
    #[case::namespace("/api/v1/namespaces/x", target("", "namespaces", [None, Some("x"), None]))]
    #[case::namespace_status("/api/v1/namespaces/x/status", target("", "namespaces", [None, Some("x"), Some("status")]))]
    #[case::in_namespace("/api/v1/namespaces/x/secrets", target("", "secrets", [Some("x"), None, None]))]
    #[case::named("/apis/a.b/v1/namespaces/x/cs/n", target("a.b", "cs", [Some("x"), Some("n"), None]))]
    #[case::status("/apis/a.b/v1/cs/n/status", target("a.b", "cs", [None, Some("n"), Some("status")]))]
    #[case::escaped("/apis/rbac/v1/roles/system%3Aa", target("rbac", "roles", [None, Some("system:a"), None]))]
    #[case::groups("/apis/", Path::Groups)]
    #[case::document("/openapi/v3/apis/a.b/v1", Path::OpenApi("apis/a.b/v1".to_owned()))]
    #[case::nothing("/apis/a/v1/b/c/d/e", Path::Unknown)]
    #[case::hole("/api/v1/namespaces//secrets", Path::Unknown)]
    fn paths(#[case] path: &str, #[case] expected: Path) {
        assert_eq!(Path::parse(path), expected);
    }

    #[rstest]
    #[case::cut("a%2", "a%2")]
    #[case::letters("%zz", "%zz")]
    #[case::not_text("%ff", "\u{fffd}")]
    fn bad_escapes_stay(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(decode(text), expected);
    }
}
