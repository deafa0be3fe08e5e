//! Installation of Crossplane on a cluster of kind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crosscut_functions::Functions;
use crosscut_programs::StateFolder;
use crosscut_suite::model::Chart;

use super::clusters::{gateway, kubeconfig};
use super::command::{Commands, MAKE};
use super::error::KindError;
use crate::Access;
use crosscut_cluster::ClusterError;
use crosscut_setup::Progress;
use crosscut_setup::crossplane::{CrossplaneSettings, Place, RealCrossplane, definitions_of};
use crosscut_setup::{Asset, AssetSearch, Certificates, SetupError};

/// The namespace of the chart's release.
const NAMESPACE: &str = "crossplane-system";

/// Returns the path of the core's program.
///
/// # Errors
/// [`ClusterError::Start`] if the program is not found.
pub(super) fn program(assets: &AssetSearch) -> Result<PathBuf, ClusterError> {
    let found = assets.find_one(Asset::Crossplane)?;
    let missing = || SetupError::Missing(assets.missing([Asset::Crossplane]));
    found.ok_or_else(|| missing().into())
}

/// Starts the core beside a cluster. The cluster's node must be able to reach its webhook, so it uses the gateway's
/// address.
///
/// # Errors
/// [`ClusterError::Start`].
pub(super) async fn start_core(
    program: &Path,
    commands: &Commands,
    (name, control): (&str, &Access),
    state: &Arc<StateFolder>,
    functions: &Functions,
    progress: &Progress,
) -> Result<RealCrossplane, ClusterError> {
    let host = gateway(commands, name).await?;
    let kubeconfig = kubeconfig(commands, name);
    let certificates = Certificates::make_for(state, &[&host])?;
    let settings = CrossplaneSettings {
        program,
        definitions: &definitions_of(program)?,
        place: Place {
            client: &control.client,
            kubeconfig: Path::new(&kubeconfig),
            certificates: &certificates,
            state,
            webhook_host: &host,
        },
        progress,
    };
    Ok(RealCrossplane::start(&settings, functions).await?)
}

/// Installs Crossplane's chart by Helm and waits until its workloads are ready.
///
/// # Errors
/// [`KindError`] if Helm fails.
pub(super) async fn install_chart(
    chart: &Chart,
    commands: &Commands,
    name: &str,
) -> Result<(), KindError> {
    let values = match &chart.values {
        serde_json::Value::Null => None,
        // JSON is valid YAML.
        values => Some(commands.write("crossplane-values.yaml", &values.to_string())?),
    };
    let kubeconfig = kubeconfig(commands, name);
    let arguments = installation(chart, &kubeconfig, values.as_deref());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    commands.run("helm", &arguments, MAKE).await.map(drop)
}

fn installation(chart: &Chart, kubeconfig: &str, values: Option<&str>) -> Vec<String> {
    let mut arguments = vec!["upgrade", "--install", "crossplane", &chart.chart];
    arguments.extend(["--kubeconfig", kubeconfig, "--namespace", NAMESPACE]);
    arguments.extend(["--create-namespace", "--wait", "--timeout", "10m"]);
    for (flag, value) in [
        ("--repo", chart.repository.as_deref()),
        ("--version", chart.version.as_deref()),
        ("--values", values),
    ] {
        arguments.extend(value.into_iter().flat_map(|value| [flag, value]));
    }
    arguments.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crosscut_suite::model::Chart;
    use rstest::rstest;
    use serde_json::Value;

    use super::installation;

    #[rstest]
    #[case::a_path(None, None, None, "")]
    #[case::of_a_repository(
        Some("https://charts.example.org"),
        Some("2.2.0"),
        Some("/run/values"),
        " --repo https://charts.example.org --version 2.2.0 --values /run/values"
    )]
    fn helm_is_told(
        #[case] repository: Option<&str>,
        #[case] version: Option<&str>,
        #[case] values: Option<&str>,
        #[case] rest: &str,
    ) {
        let chart = Chart {
            chart: "crossplane".to_owned(),
            repository: repository.map(str::to_owned),
            version: version.map(str::to_owned),
            values: Value::Null,
        };
        let arguments = installation(&chart, "/run/a", values).join(" ");
        let always = "upgrade --install crossplane crossplane --kubeconfig /run/a --namespace crossplane-system \
                      --create-namespace --wait --timeout 10m";
        assert_eq!(arguments, format!("{always}{rest}"));
    }
}
