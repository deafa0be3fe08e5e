//! Clients for the kubeconfigs that ProviderConfigs lead to, with what is made on the trial's target remembered.

use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_standins::{TargetError, Targets};

use crosscut_live::KubeconfigTargets;

/// The trial's target by its kubeconfig; any other cluster by its own.
pub(crate) struct RemoteTargets {
    pub(crate) kubeconfig: String,
    pub(crate) client: Option<kube::Client>,
    pub(crate) others: KubeconfigTargets,
}

#[async_trait]
impl Targets for RemoteTargets {
    async fn connect(&self, kubeconfig: &str) -> Result<Connection, TargetError> {
        match &self.client {
            Some(client) if kubeconfig == self.kubeconfig => Ok(client.clone().into()),
            _ => self.others.connect(kubeconfig).await,
        }
    }
}
