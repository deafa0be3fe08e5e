//! Whether an API server, and the store behind it, answers.

use std::time::Duration;

use crate::View;
use tokio::time::Instant;

use crosscut_cluster::ClusterError;
use crosscut_errors::chain;

/// The time that an API server may be silent. One that is restarted is back within seconds.
const SILENT: Duration = Duration::from_secs(20);
/// Between two questions.
const AGAIN: Duration = Duration::from_millis(500);

/// Asks until there is an answer that the store was asked for.
///
/// # Errors
/// [`ClusterError::Broken`] with what the last call came to.
pub async fn answers(name: &str, client: &kube::Client) -> Result<(), ClusterError> {
    let end = Instant::now() + SILENT;
    let mut last = "nothing came back".to_owned();
    loop {
        match tokio::time::timeout_at(end, View::revision(client)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => last = chain(&error),
            Err(_) => {}
        }
        if Instant::now() + AGAIN >= end {
            let seconds = SILENT.as_secs();
            let what = format!("the API server {name} does not answer within {seconds} s: {last}");
            return Err(ClusterError::Broken { what });
        }
        tokio::time::sleep(AGAIN).await;
    }
}
