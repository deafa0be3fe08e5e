//! The chart and the version that a Release means (provider-helm 1.1's rules).

use serde_json::{Value, json};

/// A Release that names no chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("chart needs repository and name, or url")]
pub(super) struct NoChart;

/// A chart as it would be pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chart {
    pub(super) name: String,
    /// The place where it would be pulled from.
    pub(super) source: String,
    /// The version that is asked for; without one, whatever is latest would be pulled.
    pub(super) version: Option<String>,
    /// A version that is given and means nothing.
    ignored: Option<String>,
}

impl Chart {
    /// Resolves `spec.forProvider.chart`: a url wins over repository and name; an oci url brings its own version or
    /// none, whatever `version` says.
    pub(super) fn resolve(chart: &Value) -> Result<Chart, NoChart> {
        let text = |field: &str| chart[field].as_str().unwrap_or_default().to_owned();
        let (url, repository) = (text("url"), text("repository"));
        let given = Some(text("version")).filter(|version| !version.is_empty());
        if let Some(reference) = url.strip_prefix("oci://") {
            return Ok(oci(reference, given));
        }
        if !url.is_empty() {
            return Ok(Chart {
                name: text("name"),
                source: url,
                version: given,
                ignored: None,
            });
        }
        let name = text("name");
        if repository.is_empty() || name.is_empty() {
            return Err(NoChart);
        }
        Ok(Chart {
            source: format!("{}/{name}", repository.trim_end_matches('/')),
            name,
            version: given,
            ignored: None,
        })
    }

    /// Returns what a user should know.
    pub(super) fn warning(&self) -> Option<String> {
        let ignored = self.ignored.as_ref()?;
        let Chart {
            source, version, ..
        } = self;
        Some(match version {
            None => format!(
                "the chart's url {source} has no tag, so version {ignored} is ignored and the latest version is installed; use repository and name, or add the tag to the url"
            ),
            Some(tag) => format!(
                "the chart's url {source} has the tag {tag}, so version {ignored} is ignored, and the release is upgraded again and again because it never has that version; make them equal"
            ),
        })
    }

    pub(super) fn to_value(&self) -> Value {
        json!({ "name": self.name, "source": self.source, "version": self.version })
    }

    pub(super) fn from_value(value: &Value) -> Chart {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        Chart {
            name: text("name"),
            source: text("source"),
            version: value["version"].as_str().map(str::to_owned),
            ignored: None,
        }
    }

    /// Returns true if another means the same; where it is pulled from does not count, as in the provider.
    pub(super) fn is(&self, other: &Chart) -> bool {
        self.name == other.name && self.version == other.version
    }
}

/// A reference such as `registry.example/charts/name:1.0` or `…/name@sha256:…`.
fn oci(reference: &str, given: Option<String>) -> Chart {
    let (path, digest) = match reference.split_once('@') {
        Some((path, digest)) => (path, Some(digest.to_owned())),
        None => (reference, None),
    };
    let (folder, last) = path
        .rsplit_once('/')
        .map_or(("", path), |(folder, last)| (folder, last));
    let (name, tag) = match last.split_once(':') {
        Some((name, tag)) => (name, Some(tag.to_owned())),
        None => (last, None),
    };
    // What a digest leads to has a version that nothing here tells.
    let ignored = match (&tag, &digest) {
        (Some(tag), _) => given.filter(|given| given != tag),
        (None, Some(_)) => None,
        (None, None) => given,
    };
    let version = tag.or(digest);
    let source = if folder.is_empty() {
        format!("oci://{name}")
    } else {
        format!("oci://{folder}/{name}")
    };
    Chart {
        name: name.to_owned(),
        source,
        ignored,
        version,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::Chart;

    /// Source: provider-helm 1.1, chart resolution.
    #[rstest]
    #[case::repository(json!({"repository": "https://r.example/", "name": "c", "version": "1"}), "https://r.example/c", Some("1"), false)]
    #[case::oci_repository(json!({"repository": "oci://r.example/charts", "name": "c", "version": "v1"}), "oci://r.example/charts/c", Some("v1"), false)]
    #[case::latest(json!({"repository": "https://r.example", "name": "c"}), "https://r.example/c", None, false)]
    #[case::oci_with_tag(json!({"url": "oci://r.example/charts/c:2", "version": "2"}), "oci://r.example/charts/c", Some("2"), false)]
    #[case::oci_with_tag_alone(json!({"url": "oci://r.example/charts/c:2"}), "oci://r.example/charts/c", Some("2"), false)]
    #[case::oci_with_another_tag(json!({"url": "oci://r.example/charts/c:v2", "version": "2"}), "oci://r.example/charts/c", Some("v2"), true)]
    #[case::oci_with_digest(json!({"url": "oci://r.example/c@sha256:ab", "version": "1"}), "oci://r.example/c", Some("sha256:ab"), false)]
    #[case::oci_without_tag(json!({"url": "oci://r.example/charts/c", "name": "c", "version": "1"}), "oci://r.example/charts/c", None, true)]
    #[case::oci_without_anything(json!({"url": "oci://r.example/charts/c"}), "oci://r.example/charts/c", None, false)]
    #[case::port(json!({"url": "oci://r.example:5000/c:1"}), "oci://r.example:5000/c", Some("1"), false)]
    #[case::archive(json!({"url": "https://r.example/c-1.tgz", "name": "c", "version": "1"}), "https://r.example/c-1.tgz", Some("1"), false)]
    fn charts(
        #[case] given: Value,
        #[case] source: &str,
        #[case] version: Option<&str>,
        #[case] warns: bool,
    ) {
        let chart = Chart::resolve(&given).unwrap();
        assert_eq!(
            (chart.source.as_str(), chart.version.as_deref()),
            (source, version)
        );
        assert_eq!(chart.warning().is_some(), warns);
    }

    #[test]
    fn nothing_to_pull_is_an_error() {
        assert!(Chart::resolve(&json!({ "name": "c", "version": "1" })).is_err());
    }
}
