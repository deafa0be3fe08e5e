//! Health of API servers that run elsewhere. Their processes cannot be observed.

use async_trait::async_trait;

use crosscut_cluster::{ClusterError, Health, Side};
use crosscut_live::answers;

/// The API servers of one trial.
pub(super) struct RemoteHealth {
    pub(super) control: kube::Client,
    pub(super) target: Option<kube::Client>,
}

#[async_trait]
impl Health for RemoteHealth {
    fn runs(&self) -> Result<(), ClusterError> {
        Ok(())
    }

    async fn answers(&self) -> Result<(), ClusterError> {
        let target = async {
            match &self.target {
                Some(target) => answers(Side::Target.as_str(), target).await,
                None => Ok(()),
            }
        };
        tokio::try_join!(answers(Side::Control.as_str(), &self.control), target).map(drop)
    }
}
