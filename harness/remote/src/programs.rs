//! Access for the programs under test of one trial to clusters that are reached through their API alone.

use std::sync::Arc;

use super::proxy::Proxy;
use super::trial::Scope;
use super::trials::RemoteSettings;
use crosscut_cluster::{ClusterError, ProgramPlace};

/// The proxies to the clusters for the programs of a trial. They end when it is dropped.
pub(crate) struct ProgramAccess {
    pub(crate) place: ProgramPlace,
    _proxies: Vec<Proxy>,
}

impl ProgramAccess {
    /// Starts proxies in front of the recorded clients. Without a target its kubeconfig is empty, because no program of
    /// such a trial uses it.
    ///
    /// # Errors
    /// [`ClusterError::Start`].
    pub(crate) async fn start(
        scope: &Scope,
        settings: &RemoteSettings,
        control: kube::Client,
        target: Option<kube::Client>,
    ) -> Result<ProgramAccess, ClusterError> {
        let control = start("control", control).await?;
        let target = match target {
            Some(target) => Some(start("target", target).await?),
            None => None,
        };
        let kubeconfig = |proxy: &Proxy| proxy.kubeconfig.clone();
        Ok(ProgramAccess {
            place: ProgramPlace {
                state: Arc::clone(&settings.state),
                trial: scope.namespace.clone(),
                control: kubeconfig(&control),
                target: target.as_ref().map(kubeconfig).unwrap_or_default(),
                path: settings.path.clone(),
            },
            _proxies: [Some(control), target].into_iter().flatten().collect(),
        })
    }
}

async fn start(name: &str, client: kube::Client) -> Result<Proxy, ClusterError> {
    let started = Proxy::start(name, client).await;
    started.map_err(|error| ClusterError::start(error, None))
}
