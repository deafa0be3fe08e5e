//! One trial's forks and the scheduler that runs their controllers.

use std::time::Duration;

use async_trait::async_trait;
use crosscut_controller::{Scheduler, SettleLimits, Settled, Unsettled};

use crate::{Lease, Rest, SettleError, Side};

/// What one trial runs on: two planes in this process.
pub(super) struct EmbeddedLease {
    scheduler: Scheduler,
    control: kube::Client,
    target: kube::Client,
    limits: SettleLimits,
}

impl EmbeddedLease {
    pub(super) fn new(
        scheduler: Scheduler,
        control: kube::Client,
        target: kube::Client,
        limits: SettleLimits,
    ) -> EmbeddedLease {
        EmbeddedLease {
            scheduler,
            control,
            target,
            limits,
        }
    }
}

#[async_trait]
impl Lease for EmbeddedLease {
    fn client(&self, side: Side) -> kube::Client {
        match side {
            Side::Control => self.control.clone(),
            Side::Target => self.target.clone(),
        }
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        self.scheduler
            .settle(&self.limits)
            .await
            .map(rest)
            .map_err(unsettled)
    }

    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError> {
        self.scheduler
            .advance(duration, &self.limits)
            .await
            .map(rest)
            .map_err(unsettled)
    }

    async fn close(self: Box<Self>) {
        // Everything is memory of this process: dropping it is enough.
    }
}

fn rest(settled: Settled) -> Rest {
    let failing = settled
        .failing
        .iter()
        .map(|failing| {
            format!(
                "{} {}: {}",
                failing.controller, failing.key, failing.message
            )
        })
        .collect();
    Rest { failing }
}

fn unsettled(unsettled: Unsettled) -> SettleError {
    SettleError::Unsettled {
        reason: unsettled.to_string(),
        moving: unsettled.moving.iter().map(ToString::to_string).collect(),
    }
}
