//! How settling ends.

use std::fmt;
use std::time::Duration;

use super::activity::Moving;
use crosscut_objects::Key;

/// When settling is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettleLimits {
    /// The number of reconciles may that run.
    pub steps: u64,
    /// How much virtual time may pass.
    pub virtual_time: Duration,
}

/// 20 000 reconciles, one day.
impl Default for SettleLimits {
    fn default() -> SettleLimits {
        SettleLimits {
            steps: 20_000,
            virtual_time: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// Everything is at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The number of reconciles that it took.
    pub steps: u64,
    /// How much time passed: virtual time for planes in this process, real time for others.
    pub virtual_time: Duration,
    /// What fails whenever it is tried, and changes nothing by it.
    pub failing: Vec<Failing>,
}

/// A key whose last reconcile failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The controller.
    pub controller: String,
    /// The object.
    pub key: Key,
    /// What the controller said.
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

/// A limit was reached before everything was at rest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the control plane never came to rest: {limit}")]
pub struct Unsettled {
    /// The limit.
    pub limit: Limit,
    /// What moved most of late, the busiest first.
    pub moving: Vec<Moving>,
    /// What failed when it was last tried.
    pub failing: Vec<Failing>,
}

/// What was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many reconciles ran.
    Steps(u64),
    /// So much virtual time passed.
    VirtualTime(Duration),
    /// So much real time passed.
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
