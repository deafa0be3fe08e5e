//! Creation, search and deletion of clusters by the kind command.

use std::path::{Path, PathBuf};

use crosscut_suite::model::KindCluster;
use kube::config::Kubeconfig;

use super::command::{Commands, LOOK, MAKE};
use super::error::KindError;
use crate::Access;
use crosscut_cluster::ClusterError;

/// Checks that kind and Docker run, and Helm if `helm` is true.
///
/// # Errors
/// [`KindError::NoCommand`], [`KindError::NoDocker`].
pub(super) async fn check(commands: &Commands, helm: bool) -> Result<(), KindError> {
    commands.run("kind", &["version"], LOOK).await?;
    let docker = commands
        .run(
            "docker",
            &["version", "--format", "{{.Server.Version}}"],
            LOOK,
        )
        .await;
    match docker {
        Err(KindError::Failed { reason, .. }) => return Err(KindError::NoDocker { reason }),
        docker => docker?,
    };
    if helm {
        commands.run("helm", &["version", "--short"], LOOK).await?;
    }
    Ok(())
}

/// Returns the names of the existing clusters.
///
/// # Errors
/// [`KindError`] if kind fails.
pub(super) async fn list(commands: &Commands) -> Result<Vec<String>, KindError> {
    let lines = commands.run("kind", &["get", "clusters"], LOOK).await?;
    // Without clusters, kind prints a sentence instead of names.
    let is_name = |line: &String| !line.is_empty() && !line.contains(' ');
    Ok(lines.into_iter().filter(is_name).collect())
}

/// Creates a cluster and waits until its node is ready. A cluster that failed is kept, for its logs.
///
/// # Errors
/// [`KindError`] if kind fails.
pub(super) async fn create(
    commands: &Commands,
    name: &str,
    settings: &KindCluster,
) -> Result<(), KindError> {
    let kubeconfig = kubeconfig(commands, name);
    let arguments = creation(name, settings, &kubeconfig);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    commands.run("kind", &arguments, MAKE).await.map(drop)
}

fn creation(name: &str, settings: &KindCluster, kubeconfig: &str) -> Vec<String> {
    let mut arguments = vec!["create", "cluster", "--name", name];
    arguments.extend(["--kubeconfig", kubeconfig, "--wait", "300s", "--retain"]);
    if let Some(image) = &settings.image {
        arguments.extend(["--image", image]);
    }
    if let Some(config) = &settings.config {
        arguments.extend(["--config", config.path.as_str()]);
    }
    arguments.into_iter().map(str::to_owned).collect()
}

/// Writes the kubeconfig of an existing cluster.
///
/// # Errors
/// [`KindError`] if kind fails.
pub(super) async fn find(commands: &Commands, name: &str) -> Result<(), KindError> {
    let kubeconfig = kubeconfig(commands, name);
    let arguments = [
        "export",
        "kubeconfig",
        "--name",
        name,
        "--kubeconfig",
        &kubeconfig,
    ];
    commands.run("kind", &arguments, LOOK).await.map(drop)
}

/// Returns access to a cluster by the kubeconfig that kind wrote.
///
/// # Errors
/// [`ClusterError::Start`].
pub(super) async fn connect(commands: &Commands, name: &str) -> Result<Access, ClusterError> {
    let path = PathBuf::from(kubeconfig(commands, name));
    let unreadable = |reason: String| KindError::Kubeconfig {
        path: path.clone(),
        reason,
    };
    let config = Kubeconfig::read_from(&path).map_err(|error| unreadable(error.to_string()))?;
    Ok(Access::open(&config, None, &path.display().to_string()).await?)
}

/// Returns a kubeconfig that is valid within the network of containers.
///
/// # Errors
/// [`KindError`] if kind fails.
pub(super) async fn internal_kubeconfig(
    commands: &Commands,
    name: &str,
) -> Result<String, KindError> {
    let arguments = ["get", "kubeconfig", "--internal", "--name", name];
    Ok(commands.run("kind", &arguments, LOOK).await?.join("\n"))
}

/// Loads images of the local Docker onto the nodes.
///
/// # Errors
/// [`KindError`] if kind fails.
pub(super) async fn load(
    commands: &Commands,
    name: &str,
    images: &[String],
) -> Result<(), KindError> {
    if images.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["load", "docker-image", "--name", name];
    arguments.extend(images.iter().map(String::as_str));
    commands.run("kind", &arguments, MAKE).await.map(drop)
}

/// Deletes a cluster. Succeeds if the cluster does not exist.
///
/// # Errors
/// [`KindError`] if kind fails.
pub(super) async fn delete(commands: &Commands, name: &str) -> Result<(), KindError> {
    let kubeconfig = kubeconfig(commands, name);
    let arguments = [
        "delete",
        "cluster",
        "--name",
        name,
        "--kubeconfig",
        &kubeconfig,
    ];
    commands.run("kind", &arguments, MAKE).await.map(drop)
}

/// Writes the logs of a cluster's nodes into a folder. kind fails if some are missing, so errors are only logged.
pub(super) async fn export_logs(commands: &Commands, name: &str, folder: &Path) {
    let folder = folder.display().to_string();
    let arguments = ["export", "logs", &folder, "--name", name];
    if let Err(error) = commands.run("kind", &arguments, MAKE).await {
        tracing::debug!(%error, name, "not all logs were exported");
    }
}

/// Returns the address of this machine in the network of containers.
///
/// # Errors
/// [`KindError`] if docker fails or does not print an address.
pub(super) async fn gateway(commands: &Commands, name: &str) -> Result<String, KindError> {
    let node = format!("{name}-control-plane");
    let format = "{{range .NetworkSettings.Networks}}{{.Gateway}}\n{{end}}";
    let arguments = ["inspect", "--format", format, &node];
    let lines = commands.run("docker", &arguments, LOOK).await?;
    let mut addresses = lines.iter().map(|line| line.trim());
    let found = addresses.find(|line| line.parse::<std::net::IpAddr>().is_ok());
    found.map(str::to_owned).ok_or(KindError::Silent {
        command: "docker inspect",
        what: "by which address containers reach this machine",
    })
}

/// Returns the path of a cluster's kubeconfig, in the folder of the run.
pub(super) fn kubeconfig(commands: &Commands, name: &str) -> String {
    commands.path(&format!("{name}.kubeconfig"))
}

#[cfg(test)]
mod tests {
    use crosscut_suite::model::{KindCluster, KindConfiguration};
    use rstest::rstest;

    use super::creation;

    const ALWAYS: &str = "create cluster --name a --kubeconfig /run/a --wait 300s --retain";

    #[rstest]
    #[case::plain(KindCluster::default(), "")]
    #[case::with_an_image(KindCluster { image: Some("node:v1".to_owned()), ..KindCluster::default() }, " --image node:v1")]
    #[case::with_a_configuration(
        KindCluster {
            config: Some(KindConfiguration { path: "/suite/kind.yaml".into(), text: String::new() }),
            ..KindCluster::default()
        },
        " --config /suite/kind.yaml",
    )]
    fn kind_is_told(#[case] settings: KindCluster, #[case] rest: &str) {
        let arguments = creation("a", &settings, "/run/a").join(" ");
        assert_eq!(arguments, format!("{ALWAYS}{rest}"));
    }
}
