//! The times of the next reconciles of keys.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::work::Work;

/// A time of a clock.
pub trait Moment: Copy + Ord {
    /// Returns the time `delay` later, or the last time of the clock if that is earlier.
    #[must_use]
    fn after(self, delay: Duration) -> Self;
}

/// The timers of keys, at most one for each.
#[derive(Clone)]
pub struct Timers<T> {
    pending: BTreeMap<Work, T>,
    /// The keys whose timers have fired since the last change.
    fired: BTreeSet<Work>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Timers {
            pending: BTreeMap::new(),
            fired: BTreeSet::new(),
        }
    }
}

impl<T: Moment> Timers<T> {
    /// Sets the timer of a key.
    pub fn set(&mut self, work: Work, at: T) {
        self.pending.insert(work, at);
    }

    /// Removes the timer of a key: a reconcile for another reason makes the timer unnecessary.
    pub fn cancel(&mut self, work: &Work) {
        self.pending.remove(work);
    }

    /// Changes the time of each timer.
    pub fn change(&mut self, new: impl Fn(&Work, T) -> T) {
        for (work, at) in &mut self.pending {
            *at = new(work, *at);
        }
    }

    /// Marks all timers as not fired, after a change.
    pub fn rearm(&mut self) {
        self.fired.clear();
    }

    /// Returns the time of the next timer.
    #[must_use]
    pub fn next(&self) -> Option<T> {
        self.pending.values().copied().min()
    }

    /// Returns the time of the next timer that has not fired since the last change.
    #[must_use]
    pub fn next_unfired(&self) -> Option<T> {
        let pending = self.pending.iter();
        let unfired = pending.filter(|(work, _)| !self.fired.contains(*work));
        unfired.map(|(_, at)| *at).min()
    }

    /// Removes and returns the keys whose timers are due.
    pub fn due(&mut self, now: T) -> Vec<Work> {
        self.take(|_, at| at <= now)
    }

    /// Removes and returns the keys whose timers are due and have not fired since the last change. Other due timers
    /// wait for a change, or until the caller advances the time.
    pub fn due_unfired(&mut self, now: T) -> Vec<Work> {
        let fired = std::mem::take(&mut self.fired);
        let due = self.take(|work, at| at <= now && !fired.contains(work));
        self.fired.extend(fired);
        due
    }

    /// Removes the timers that `meant` selects, records that they fired, and returns their keys, the earliest first.
    fn take(&mut self, meant: impl Fn(&Work, T) -> bool) -> Vec<Work> {
        let pending = self.pending.iter();
        let meant = pending.filter(|(work, at)| meant(work, **at));
        let mut due: Vec<(T, Work)> = meant.map(|(work, at)| (*at, work.clone())).collect();
        due.sort();
        for (_, work) in &due {
            self.pending.remove(work);
            self.fired.insert(work.clone());
        }
        due.into_iter().map(|(_, work)| work).collect()
    }
}
