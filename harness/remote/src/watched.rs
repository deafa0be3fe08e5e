//! One cluster of a run, with a watch on its objects.

use std::sync::Arc;

use crosscut_live::Reflector;

use super::access::Access;
use super::ledger::Ledger;
use crosscut_cluster::ClusterError;

/// A watched cluster.
pub(super) struct Watched {
    pub(super) connection: Access,
    pub(super) observer: Reflector,
    /// The record of the objects that the run created there for all trials.
    pub(super) base: Arc<Ledger>,
}

impl Watched {
    /// Starts the watch.
    ///
    /// # Errors
    /// [`ClusterError::Start`] if the cluster cannot be watched.
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
