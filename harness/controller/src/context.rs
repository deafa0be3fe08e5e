//! What a reconcile may use: the plane's API, the virtual time, and seeded chance.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crosscut_client::Connection;
use crosscut_objects::Clock;

/// The surroundings of a reconcile. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    connection: Connection,
    clock: Arc<dyn Clock>,
    plane: Arc<str>,
    chance: Arc<AtomicU64>,
    lacks: Lacks,
}

/// What reconciles needed and their controllers cannot do, in the order in which they came upon it. Clones share one
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
    /// Surroundings on the plane called `plane`; `seed` decides what [`Context::random`] says.
    pub fn new(connection: Connection, clock: Arc<dyn Clock>, plane: &str, seed: u64) -> Self {
        Self {
            connection,
            clock,
            plane: plane.into(),
            chance: Arc::new(AtomicU64::new(seed)),
            lacks: Lacks::default(),
        }
    }

    /// Shares the list of what reconciles lack.
    pub(crate) fn with_lacks(self, lacks: &Lacks) -> Self {
        Self {
            lacks: lacks.clone(),
            ..self
        }
    }

    /// Takes note that the object of the reconcile asks for something that the real program does and the controller
    /// here does not. `what` is a noun phrase: `claims (Cart, offered by …)`. Nothing that follows is a verdict.
    pub fn lacks(&self, what: impl Into<String>) {
        self.lacks.note(what.into());
    }

    /// The way to the API of the controller's plane.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The present, in virtual time.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// The name of the controller's plane.
    #[must_use]
    pub fn plane(&self) -> &str {
        &self.plane
    }

    /// A number below `bound`, the same for the same seed and history; 0 where `bound` is 0 or 1.
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

/// The output function of SplitMix64 (Steele, Lea, Flood 2014).
fn scramble(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
