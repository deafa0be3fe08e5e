//! Health of a trial's control plane. A broken control plane must not lead to a verdict.

use std::time::Duration;

use async_trait::async_trait;

use crate::ClusterError;

/// The time between two checks that all programs run.
const LOOK: Duration = Duration::from_millis(500);
/// The number of such checks between two checks that the servers respond, which cost requests.
const ASKED_EVERY: u32 = 30;

/// The health of one trial's clusters.
#[async_trait]
pub trait Health: Send + Sync {
    /// Checks that all programs run, at once and without a request.
    ///
    /// # Errors
    /// [`ClusterError::Broken`] with the program that does not run.
    fn runs(&self) -> Result<(), ClusterError>;

    /// Checks that all API servers respond, in bounded time.
    ///
    /// # Errors
    /// [`ClusterError::Broken`] with the server that does not respond, and the reason.
    async fn answers(&self) -> Result<(), ClusterError>;
}

/// Waits until something is broken and returns the error. Never returns if `health` is `None`.
pub async fn until_broken(health: Option<&dyn Health>) -> ClusterError {
    let Some(health) = health else {
        return std::future::pending().await;
    };
    loop {
        for _ in 0..ASKED_EVERY {
            tokio::time::sleep(LOOK).await;
            if let Err(broken) = health.runs() {
                return broken;
            }
        }
        if let Err(broken) = health.answers().await {
            return broken;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A health check that succeeds as many times as each field has left, and fails then.
    struct Patient {
        runs: AtomicU32,
        answers: AtomicU32,
    }

    fn less(left: &AtomicU32, what: &str) -> Result<(), ClusterError> {
        let one_less = |left: u32| left.checked_sub(1);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .map(drop)
            .map_err(|_| ClusterError::Broken {
                what: what.to_owned(),
            })
    }

    #[async_trait]
    impl Health for Patient {
        fn runs(&self) -> Result<(), ClusterError> {
            less(&self.runs, "etcd ended")
        }

        async fn answers(&self) -> Result<(), ClusterError> {
            less(&self.answers, "no answer")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_ends_and_what_is_silent_is_noticed() {
        for (runs, answers, expected) in [(3, 9, "etcd ended"), (900, 2, "no answer")] {
            let patient = Patient {
                runs: AtomicU32::new(runs),
                answers: AtomicU32::new(answers),
            };
            let broken = until_broken(Some(&patient)).await.to_string();
            assert!(broken.contains(expected), "{broken}");
        }
    }
}
