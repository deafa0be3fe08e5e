//! How settling ends.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use crate::controller::Key;

/// How many movements are remembered for a report.
const REMEMBERED: usize = 256;
/// How many culprits a report names.
const NAMED: usize = 5;

/// When settling is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettleLimits {
    /// How many reconciles may run.
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
    /// How many reconciles it took.
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

/// A key that kept changing things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// The controller and the object.
    pub what: String,
    /// How many of the last movements were its own.
    pub times: usize,
}

impl fmt::Display for Moving {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} times)", self.what, self.times)
    }
}

/// The last reconciles that changed something.
#[derive(Default)]
pub(crate) struct Movements(VecDeque<String>);

impl Movements {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn note(&mut self, controller: &str, key: &Key) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(key.told_by(controller));
    }

    pub(crate) fn most(&self) -> Vec<Moving> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for what in &self.0 {
            *counts.entry(what).or_default() += 1;
        }
        let mut moving: Vec<Moving> = counts
            .into_iter()
            .map(|(what, times)| Moving {
                what: what.to_owned(),
                times,
            })
            .collect();
        moving.sort_by_key(|one| std::cmp::Reverse(one.times));
        moving.truncate(NAMED);
        moving
    }
}
