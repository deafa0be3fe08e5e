//! Whether a cluster may be touched.

use std::sync::Arc;

use crosscut_suite::model::KubeconfigCluster;

use crate::Access;
use crosscut_cluster::ClusterError;

/// Asks the user a call that is answered by yes or no. `None` if nobody can be asked. May block.
pub type Ask = Arc<dyn Fn(&str) -> Option<bool> + Send + Sync>;

/// The way in which it is known that the user agrees to a cluster that is not on this machine.
#[derive(Clone)]
pub struct Consent {
    /// The user agreed in advance.
    pub yes: bool,
    /// Asks otherwise.
    pub ask: Ask,
}

impl Consent {
    /// Whether trials may be judged on a cluster.
    ///
    /// # Errors
    /// [`ClusterError::Start`] where the user does not agree, or cannot be asked.
    pub(super) async fn to(
        &self,
        connection: &Access,
        suite: &KubeconfigCluster,
    ) -> Result<(), ClusterError> {
        let Access {
            context, address, ..
        } = connection;
        if self.yes || connection.is_local() || suite.allows(context) {
            return Ok(());
        }
        let call = format!(
            "the context \"{context}\" leads to {address}, which is not on this machine. Make namespaces and objects \
             there, and delete them again?"
        );
        let ask = Arc::clone(&self.ask);
        let answer = tokio::task::spawn_blocking(move || ask(&call)).await;
        let help = format!(
            "agree by --yes, or allow it for everybody: contexts: [{context}] under clusters.kubeconfig in crosscut.yaml"
        );
        match answer {
            Ok(Some(true)) => Ok(()),
            Ok(Some(false)) => Err(ClusterError::Start {
                what: format!("the cluster of the context \"{context}\" is left alone, as you say"),
                help: None,
                source: None,
            }),
            _ => Err(ClusterError::Start {
                what: format!(
                    "the context \"{context}\" leads to {address}, which is not on this machine, and nobody can be \
                     asked whether it may be used"
                ),
                help: Some(help),
                source: None,
            }),
        }
    }
}
