//! What functions may ask that is not in the expression: the time, the environment, chance.
//!
//! Nothing here reads the machine's clock or environment: whoever makes a [`crate::Scope`] hands both in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that `time_now` asks.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// The surroundings of all evaluations of a scope.
#[derive(Default)]
pub struct Surroundings {
    clock: Option<Clock>,
    environment: Environment,
    chance: Option<Chance>,
}

/// The environment variables that `env` may read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The variables that are set.
    pub variables: BTreeMap<String, String>,
    /// The variables that may be read although they are not set: they are empty.
    pub unset: Unset,
}

/// The variables that may be read although they are not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unset {
    /// These.
    Named(BTreeSet<String>),
    /// All.
    Any,
}

impl Default for Unset {
    fn default() -> Unset {
        Unset::Named(BTreeSet::new())
    }
}

impl Environment {
    /// Returns the value of a variable; `None` if it may not be read.
    fn get(&self, name: &str) -> Option<&str> {
        let empty = match &self.unset {
            Unset::Named(names) => names.contains(name),
            Unset::Any => true,
        };
        let set = self.variables.get(name).map(String::as_str);
        set.or_else(|| empty.then_some(""))
    }
}

/// Numbers that follow from a seed.
struct Chance {
    state: AtomicU64,
}

impl Surroundings {
    /// Surroundings without a clock, variables or chance: the functions that need them are unsupported.
    #[must_use]
    pub fn new() -> Surroundings {
        Surroundings::default()
    }

    /// These, with a clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Surroundings {
        Surroundings {
            clock: Some(clock),
            ..self
        }
    }

    /// These, with the variables that `env` may read.
    #[must_use]
    pub fn with_environment(self, environment: Environment) -> Surroundings {
        Surroundings {
            environment,
            ..self
        }
    }

    /// These, with a seed: the same calls of `random` in the same order give the same.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Surroundings {
        let state = AtomicU64::new(seed);
        Surroundings {
            chance: Some(Chance { state }),
            ..self
        }
    }

    pub(crate) fn now(&self) -> Option<jiff::Timestamp> {
        self.clock.as_ref().map(|clock| clock())
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }

    /// Returns the next number by the seed, if there is one: SplitMix64, by Steele, Lea and Flood (2014).
    pub(crate) fn next_number(&self) -> Option<u64> {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let state = &self.chance.as_ref()?.state;
        let mut mixed = state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Some(mixed ^ (mixed >> 31))
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .field("clock", &self.clock.is_some())
            .field("environment", &self.environment.variables.keys())
            .field("chance", &self.chance.is_some())
            .finish()
    }
}
