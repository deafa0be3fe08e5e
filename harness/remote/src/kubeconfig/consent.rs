//! The user's consent to the use of a cluster.

use std::sync::Arc;

use crosscut_suite::model::KubeconfigCluster;

use crate::Access;
use crosscut_cluster::ClusterError;

/// A function that asks the user a yes-or-no question. Returns `None` if the user cannot be asked. May block.
pub type Ask = Arc<dyn Fn(&str) -> Option<bool> + Send + Sync>;

/// The user's consent to clusters that are not on this machine.
#[derive(Clone)]
pub struct Consent {
    /// True if the user agreed in advance.
    pub yes: bool,
    /// The question to the user, if they did not agree in advance.
    pub ask: Ask,
}

impl Consent {
    /// Checks that the user agrees to trials on a cluster. A local cluster, or a context that the suite allows, needs
    /// no consent.
    ///
    /// # Errors
    /// [`ClusterError::Start`] if the user does not agree, or cannot be asked.
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
