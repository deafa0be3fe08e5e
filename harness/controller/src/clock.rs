//! A virtual clock, which only the scheduler advances.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crosscut_objects::Clock;
use jiff::Timestamp;

/// The time at which every virtual clock starts: 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

/// A clock that stands still until it is advanced. Clones share the time; a fork advances
/// independently.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    /// Returns a clock at 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> VirtualClock {
        VirtualClock(Arc::new(AtomicI64::new(START)))
    }

    /// Returns another clock with the same current time.
    ///
    /// ```
    /// use crosscut_controller::VirtualClock;
    /// use crosscut_objects::Clock as _;
    ///
    /// let clock = VirtualClock::new();
    /// assert_eq!(clock.fork().now(), clock.now());
    /// assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
    /// ```
    #[must_use]
    pub fn fork(&self) -> VirtualClock {
        VirtualClock(Arc::new(AtomicI64::new(self.0.load(Ordering::SeqCst))))
    }

    /// Advances the clock to `to`, but never backwards.
    pub(crate) fn advance_to(&self, to: Timestamp) {
        self.0.fetch_max(to.as_millisecond(), Ordering::SeqCst);
    }
}

impl Default for VirtualClock {
    fn default() -> VirtualClock {
        VirtualClock::new()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}
