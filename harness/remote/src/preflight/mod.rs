//! Checks before anything is created on a cluster. All findings are in one report.

mod crossplane;
mod definitions;
mod documents;
mod functions;
mod rights;
#[cfg(test)]
mod tests;

use crosscut_client::Api;
use crosscut_suite::model::{Provider, Resource, Suite};
use crosscut_suite::uses_crossplane;

use super::access::Access;
use super::trial::api;
use crosscut_cluster::ClusterError;

/// The suite and the clusters to check.
pub(crate) struct Asked<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) control: &'a Access,
    pub(crate) target: Option<&'a Access>,
    /// True if crosscut installs missing definitions and runs stand-ins for them.
    pub(crate) stand_ins: bool,
}

/// A difference between the cluster and the suite's needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The difference, as a sentence fragment.
    pub(crate) what: String,
    /// Advice for the user.
    pub(crate) help: String,
}

impl Finding {
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding {
            what: what.into(),
            help: help.into(),
        }
    }
}

/// Checks that the clusters have what the suite needs and that the user may create the rest. Returns the documents to
/// be installed on the control plane, in order.
///
/// # Errors
/// [`ClusterError::Start`] with all findings, or with one reason if a cluster cannot be reached.
pub(crate) async fn check(asked: &Asked<'_>) -> Result<Vec<Resource>, ClusterError> {
    asked.control.check().await?;
    if let Some(target) = asked.target {
        target.check().await?;
    }
    let mut findings = Vec::new();
    let control = api(&asked.control.client);
    let broken = |error: crosscut_client::ApiError| ClusterError::start(error, None);
    let missing = control_plane(asked, &control, &mut findings)
        .await
        .map_err(broken)?;
    let wanted = rights::of_control(&control, &missing).await;
    findings.extend(rights::denied(&asked.control.client, &wanted, "").await);
    if let Some(target) = asked.target {
        let wanted = rights::of_target();
        findings.extend(rights::denied(&target.client, &wanted, " on the target").await);
    }
    report(asked, &findings).map(|()| missing)
}

async fn control_plane(
    asked: &Asked<'_>,
    control: &Api,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Resource>, crosscut_client::ApiError> {
    let found = crossplane::find(control).await?;
    if uses_crossplane(asked.suite) {
        findings.extend(crossplane::judge(&found));
    }
    if found.is_some() {
        findings.extend(functions::missing(control, asked.suite).await?);
    }
    let mut missing = definitions::look(asked, control, findings).await?;
    let documents = asked.suite.install.iter().chain(
        asked
            .suite
            .providers
            .iter()
            .flat_map(|provider| &provider.install),
    );
    let namespace = &asked.suite.namespace;
    for document in documents {
        missing.extend(documents::look(control, namespace, document, findings).await?);
    }
    Ok(missing)
}

/// Returns the definitions of all providers, each name once.
fn definitions_of(providers: &[std::sync::Arc<Provider>]) -> Vec<&Resource> {
    let mut names = std::collections::BTreeSet::new();
    let all = providers.iter().flat_map(|provider| &provider.crds);
    all.filter(|resource| {
        let name = resource
            .node
            .get("metadata")
            .and_then(|node| node.get("name"));
        names.insert(
            name.and_then(crosscut_yaml::Node::as_str)
                .unwrap_or_default(),
        )
    })
    .collect()
}

fn report(asked: &Asked<'_>, findings: &[Finding]) -> Result<(), ClusterError> {
    if findings.is_empty() {
        return Ok(());
    }
    let Access {
        context, address, ..
    } = asked.control;
    let lines: String = findings
        .iter()
        .map(|finding| format!("\n  - {}\n    {}", finding.what, finding.help))
        .collect();
    Err(ClusterError::Start {
        what: format!(
            "the cluster of the context \"{context}\" ({address}) is not ready for this suite:{lines}"
        ),
        help: Some("nothing was changed there; mend all of it and try again".to_owned()),
        source: None,
    })
}
