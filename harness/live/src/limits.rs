//! The time that is waited for controllers that run in real time.

use std::time::Duration;

/// When controllers that run in real time count as being at rest, and when waiting for that is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveLimits {
    /// The time that nothing may change where nothing is pending.
    pub quiet: Duration,
    /// The time that nothing may change where something is pending: past this it will not come.
    pub quiet_period: Duration,
    /// The same for what comes for certain, but from somebody who looks only now and then.
    pub long_patience: Duration,
    /// The time that everything may take.
    pub longest: Duration,
}

/// 0.4 s of quiet, 10 s of quiet_period, 100 s of long quiet_period, five minutes at most.
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
