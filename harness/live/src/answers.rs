//! A check that an API server and the store behind it respond.

use std::time::Duration;

use crate::View;
use tokio::time::Instant;

use crosscut_cluster::ClusterError;
use crosscut_errors::chain;

/// The time that an API server may be silent. A restarted one is back within seconds.
const SILENT: Duration = Duration::from_secs(20);
/// The time between two requests.
const AGAIN: Duration = Duration::from_millis(500);

/// Sends requests until one succeeds that the API server can only serve with its store.
///
/// # Errors
/// [`ClusterError::Broken`] with the last error, if no request succeeds within 20 s.
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
