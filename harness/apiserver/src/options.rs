//! What an API server is given.

use std::fmt;
use std::sync::Arc;

use crosscut_objects::Admission;
use crosscut_objects::Clock;

/// What an API server is given by whoever makes or forks it.
#[derive(Clone)]
pub struct Options {
    /// The place where timestamps come from.
    pub clock: Arc<dyn Clock>,
    /// What uids and generated names are made from: the same requests with the same seed give the same ones.
    pub seed: u64,
    /// What may refuse a write, in this order.
    pub admission: Vec<Arc<dyn Admission>>,
}

impl fmt::Debug for Options {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Options")
            .field("seed", &self.seed)
            .field("admission", &self.admission.len())
            .finish_non_exhaustive()
    }
}
