//! Clients for the kubeconfigs of ProviderConfigs. Objects that are created on the trial's target are recorded.

use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_standins::{TargetError, Targets};

use crosscut_live::KubeconfigTargets;

/// The clients of one trial: the recorded one for the trial's target, and others for other kubeconfigs.
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
