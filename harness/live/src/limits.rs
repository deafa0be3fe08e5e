//! The times to wait for controllers that run in real time.

use std::time::Duration;

/// The times after which controllers in real time count as settled, or as never settling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveLimits {
    /// The time without any change if no work is pending.
    pub quiet: Duration,
    /// The time without any change if work is pending. After it, the work counts as never done.
    pub quiet_period: Duration,
    /// The same for work that is certain, but done by a controller that checks only at long intervals.
    pub long_patience: Duration,
    /// The time limit of settling.
    pub longest: Duration,
}

/// 0.4 s if nothing is pending, 10 s of quiet period, 100 s of long quiet period, five minutes at most.
impl Default for LiveLimits {
    fn default() -> LiveLimits {
        LiveLimits {
            quiet: Duration::from_millis(400),
            quiet_period: Duration::from_secs(10),
            long_patience: Duration::from_secs(100),
            longest: Duration::from_secs(300),
        }
    }
}
