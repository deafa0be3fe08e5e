//! The options of an API server.

use std::fmt;
use std::sync::Arc;

use crosscut_objects::Admission;
use crosscut_objects::Clock;

/// The options with which an API server is created or forked.
#[derive(Clone)]
pub struct Options {
    /// The clock of the timestamps.
    pub clock: Arc<dyn Clock>,
    /// The seed of uids and generated names: the same requests with the same seed give the same ones.
    pub seed: u64,
    /// The checks that may refuse a write, in this order.
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
