//! Health of a trial's programs and API servers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::running::Running;
use crosscut_cluster::{ClusterError, Health, Side};
use crosscut_live::answers;

/// The time that etcd may take to respond after an API server did not.
const ETCD: Duration = Duration::from_secs(2);

/// The programs and servers of one trial.
pub(super) struct EnvtestHealth {
    pub(super) running: Arc<Running>,
    pub(super) target: kube::Client,
}

#[async_trait]
impl Health for EnvtestHealth {
    fn runs(&self) -> Result<(), ClusterError> {
        self.running.check()
    }

    async fn answers(&self) -> Result<(), ClusterError> {
        let control = self.running.control().client().clone();
        let both = tokio::try_join!(
            answers(Side::Control.as_str(), &control),
            answers(Side::Target.as_str(), &self.target)
        );
        let Err(silent) = both else { return Ok(()) };
        // A program that ended meanwhile is the better explanation.
        self.running.check()?;
        let etcd = self.running.environment.etcd();
        let what = match tokio::time::timeout(ETCD, etcd.members()).await {
            Ok(Ok(_)) => silent,
            Ok(Err(error)) => broken(&silent, &error.to_string()),
            Err(_) => broken(&silent, &format!("no answer within {} s", ETCD.as_secs())),
        };
        self.running.give_up(&what);
        Err(what)
    }
}

/// Puts etcd's failure first, because the API servers cannot work without it.
fn broken(silent: &ClusterError, etcd: &str) -> ClusterError {
    let what = match silent {
        ClusterError::Broken { what } => format!("etcd does not answer ({etcd}); {what}"),
        other => format!("etcd does not answer ({etcd}); {other}"),
    };
    ClusterError::Broken { what }
}
