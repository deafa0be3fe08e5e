//! Whether what a trial runs on still works: a verdict on a control plane that broke would be about the wrong thing.

use std::time::Duration;

use async_trait::async_trait;

use crate::ClusterError;

/// Between two looks whether everything still runs.
const LOOK: Duration = Duration::from_millis(500);
/// So many looks later it is asked whether it also answers, which costs requests.
const ASKED_EVERY: u32 = 30;

/// The way in which one trial's clusters are.
#[async_trait]
pub trait Health: Send + Sync {
    /// Whether everything runs, as far as it can be told at once and without a request.
    ///
    /// # Errors
    /// [`ClusterError::Broken`] with what does not.
    fn runs(&self) -> Result<(), ClusterError>;

    /// Whether everything answers, in bounded time.
    ///
    /// # Errors
    /// [`ClusterError::Broken`] with what does not, and why.
    async fn answers(&self) -> Result<(), ClusterError>;
}

/// Ends when something is broken, and says what. Never ends where nothing can break.
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

    /// Runs for so many looks, and answers for so many questions.
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
