//! The limits and results of settling.

use std::fmt;
use std::time::Duration;

use super::activity::Moving;
use crosscut_objects::Key;

/// The limits of settling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettleLimits {
    /// The largest number of reconciles.
    pub steps: u64,
    /// The longest virtual time.
    pub virtual_time: Duration,
}

/// 20,000 reconciles, and one day.
impl Default for SettleLimits {
    fn default() -> SettleLimits {
        SettleLimits {
            steps: 20_000,
            virtual_time: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// The result if the planes are at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The number of reconciles.
    pub steps: u64,
    /// The time that passed: virtual time for planes in this process, real time for others.
    pub virtual_time: Duration,
    /// The reconciles that always fail, without changing an object.
    pub failing: Vec<Failing>,
}

/// A key whose last reconcile failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The controller.
    pub controller: String,
    /// The object.
    pub key: Key,
    /// The error message of the controller.
    pub message: String,
}

/// `controller Kind namespace/name: message`
impl fmt::Display for Failing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failing {
            controller,
            key,
            message,
        } = self;
        write!(formatter, "{controller} {key}: {message}")
    }
}

/// The error if a limit is reached before the planes are at rest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the control plane never came to rest: {limit}")]
pub struct Unsettled {
    /// The limit that was reached.
    pub limit: Limit,
    /// The latest movers, the busiest first.
    pub moving: Vec<Moving>,
    /// The reconciles that failed at their last attempt.
    pub failing: Vec<Failing>,
}

/// A limit of settling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The number of reconciles.
    Steps(u64),
    /// The virtual time.
    VirtualTime(Duration),
    /// The real time.
    RealTime(Duration),
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Steps(steps) => write!(formatter, "it still moved after {steps} reconciles"),
            Limit::VirtualTime(time) => write!(
                formatter,
                "it still moved after {} s of virtual time",
                time.as_secs()
            ),
            Limit::RealTime(time) => write!(formatter, "it still moved after {} s", time.as_secs()),
        }
    }
}
