//! One cluster of a run, with everything on it in view.

use std::sync::Arc;

use crosscut_live::Reflector;

use super::access::Access;
use super::ledger::Ledger;
use crosscut_cluster::ClusterError;

/// One cluster, watched.
pub(super) struct Watched {
    pub(super) connection: Access,
    pub(super) observer: Reflector,
    /// What the run made there for all trials.
    pub(super) base: Arc<Ledger>,
}

impl Watched {
    /// Begins to watch.
    ///
    /// # Errors
    /// [`ClusterError::Start`] where the cluster cannot be watched.
    pub(super) async fn start(connection: &Access, run: &str) -> Result<Watched, ClusterError> {
        let observer = Reflector::start(connection.client.clone())
            .await
            .map_err(|error| ClusterError::start(error, None))?;
        Ok(Watched {
            connection: connection.clone(),
            observer,
            base: Arc::new(Ledger::of_run(run)),
        })
    }
}
