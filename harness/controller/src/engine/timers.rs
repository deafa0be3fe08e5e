//! The times at which keys are reconciled again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::work::Work;

/// A moment of a clock.
pub trait Moment: Copy + Ord {
    /// Returns the moment so much later; the last moment of the clock if there is no later one.
    #[must_use]
    fn after(self, delay: Duration) -> Self;
}

/// Timers of keys, one a key.
#[derive(Clone)]
pub struct Timers<T> {
    pending: BTreeMap<Work, T>,
    /// The keys whose timers fired since something last changed.
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

    /// Removes the timer of a key: a reconcile for another reason makes the timer pointless.
    pub fn cancel(&mut self, work: &Work) {
        self.pending.remove(work);
    }

    /// Changes the time of each timer.
    pub fn change(&mut self, new: impl Fn(&Work, T) -> T) {
        for (work, at) in &mut self.pending {
            *at = new(work, *at);
        }
    }

    /// Makes every timer worth waiting for again, since something has changed.
    pub fn rearm(&mut self) {
        self.fired.clear();
    }

    /// Returns the time of the next timer.
    #[must_use]
    pub fn next(&self) -> Option<T> {
        self.pending.values().copied().min()
    }

    /// Returns the time of the next timer that has not fired since something last changed.
    #[must_use]
    pub fn next_unfired(&self) -> Option<T> {
        let pending = self.pending.iter();
        let unfired = pending.filter(|(work, _)| !self.fired.contains(*work));
        unfired.map(|(_, at)| *at).min()
    }

    /// Takes out the keys whose timers are due.
    pub fn due(&mut self, now: T) -> Vec<Work> {
        self.take(|_, at| at <= now)
    }

    /// Takes out the keys whose timers are due and have not fired since something last changed. The others are overdue until
    /// something changes or time passes on purpose.
    pub fn due_unfired(&mut self, now: T) -> Vec<Work> {
        let fired = std::mem::take(&mut self.fired);
        let due = self.take(|work, at| at <= now && !fired.contains(work));
        self.fired.extend(fired);
        due
    }

    /// Takes out the timers that `meant` selects, the earliest first, and records that they fired.
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
