//! Clients for the kubeconfigs that ProviderConfigs lead to.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_standins::{TargetError, Targets};
use kube::config::{KubeConfigOptions, Kubeconfig};

use crosscut_setup::user_agent;

/// Clients for the clusters of kubeconfigs. The same kubeconfig gets the same client.
#[derive(Default)]
pub struct KubeconfigTargets {
    clients: Mutex<HashMap<String, Connection>>,
}

#[async_trait]
impl Targets for KubeconfigTargets {
    async fn connect(&self, kubeconfig: &str) -> Result<Connection, TargetError> {
        if let Some(client) = self.known(kubeconfig) {
            return Ok(client);
        }
        let client = client(kubeconfig).await?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.insert(kubeconfig.to_owned(), client.clone());
        Ok(client)
    }
}

impl KubeconfigTargets {
    fn known(&self, kubeconfig: &str) -> Option<Connection> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.get(kubeconfig).cloned()
    }
}

async fn client(kubeconfig: &str) -> Result<Connection, String> {
    let parsed = Kubeconfig::from_yaml(kubeconfig).map_err(|error| error.to_string())?;
    let config = kube::Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default())
        .await
        .map_err(|error| error.to_string())?;
    kube::Client::try_from(config)
        .map(|client| Connection::from(user_agent::of_stand_ins(&client)))
        .map_err(|error| error.to_string())
}
