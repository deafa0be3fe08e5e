//! The measurements of one way.

use std::time::Duration;

use serde_json::{Value, json};

/// The latencies of sequential requests, and the number and total time of concurrent requests.
#[derive(Default)]
pub(crate) struct Figures {
    latencies: Vec<Duration>,
    requests: usize,
    taken: Duration,
}

impl Figures {
    /// Adds requests that were sent one after the other.
    pub(crate) fn alone(&mut self, latencies: Vec<Duration>) {
        self.latencies.extend(latencies);
    }

    /// Adds requests that were sent concurrently, with their total time.
    pub(crate) fn together(&mut self, requests: usize, taken: Duration) {
        self.requests += requests;
        self.taken += taken;
    }

    /// Returns the figures for the report.
    pub(crate) fn into_json(mut self, way: &str) -> Value {
        self.latencies.sort_unstable();
        json!({
            "way": way,
            "requests": self.latencies.len(),
            "median_us": self.percentile(50),
            "p99_us": self.percentile(99),
            "per_second": self.per_second(),
        })
    }

    /// Returns the latency that `percent` of the requests did not exceed (nearest rank); 0 without requests.
    fn percentile(&self, percent: usize) -> u64 {
        let rank = (self.latencies.len() * percent).div_ceil(100);
        let latency = self.latencies.get(rank.saturating_sub(1));
        latency.map_or(0, |latency| {
            u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of requests are small"
    )]
    fn per_second(&self) -> u64 {
        (self.requests as f64 / self.taken.as_secs_f64()).round() as u64
    }
}
