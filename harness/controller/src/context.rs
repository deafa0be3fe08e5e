//! The context of reconciles: the plane's API, the virtual time, and seeded random numbers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crosscut_client::Connection;
use crosscut_objects::Clock;

/// The context of a reconcile. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    connection: Connection,
    clock: Arc<dyn Clock>,
    plane: Arc<str>,
    chance: Arc<AtomicU64>,
    lacks: Lacks,
}

/// The features that reconciles needed and their controllers lack, in the order of the reconciles. Clones share one
/// list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lacks(Arc<Mutex<Vec<String>>>);

impl Lacks {
    fn note(&self, what: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(&what) {
            known.push(what);
        }
    }

    pub(crate) fn all(&self) -> Vec<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }
}

impl Context {
    /// Creates a context on the plane called `plane`; `seed` decides the numbers of [`Context::random`].
    pub fn new(connection: Connection, clock: Arc<dyn Clock>, plane: &str, seed: u64) -> Self {
        Self {
            connection,
            clock,
            plane: plane.into(),
            chance: Arc::new(AtomicU64::new(seed)),
            lacks: Lacks::default(),
        }
    }

    /// Returns the context with a shared list of missing features.
    pub(crate) fn with_lacks(self, lacks: &Lacks) -> Self {
        Self {
            lacks: lacks.clone(),
            ..self
        }
    }

    /// Records a feature of the real program that the reconciled object needs and the controller here lacks. `what`
    /// is a noun phrase: `claims (Cart, offered by …)`. No later result is a verdict.
    pub fn lacks(&self, what: impl Into<String>) {
        self.lacks.note(what.into());
    }

    /// Returns the connection to the API server of the controller's plane.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns the current virtual time.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Returns the name of the controller's plane.
    #[must_use]
    pub fn plane(&self) -> &str {
        &self.plane
    }

    /// Returns a number below `bound`, the same for the same seed and history; 0 if `bound` is 0 or 1.
    #[must_use]
    pub fn random(&self, bound: usize) -> usize {
        let state = self
            .chance
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = scramble(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
        usize::try_from(mixed >> 1)
            .unwrap_or(0)
            .checked_rem(bound)
            .unwrap_or(0)
    }
}

/// Returns the output of SplitMix64 (Steele, Lea, Flood 2014).
fn scramble(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
