//! When keys are to be looked at again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::work::Work;

#[derive(Clone, Default)]
pub(super) struct Timers {
    pending: BTreeMap<Work, Timer>,
    /// What has fired since something last changed.
    fired: BTreeMap<Work, ()>,
}

#[derive(Clone)]
struct Timer {
    at: Timestamp,
}

impl Timers {
    pub(super) fn set(&mut self, work: Work, at: Timestamp) {
        self.pending.insert(work, Timer { at });
    }

    /// A reconcile for another reason makes a timer pointless.
    pub(super) fn cancel(&mut self, work: &Work) {
        self.pending.remove(work);
    }

    /// Something has changed: every timer is worth waiting for again.
    pub(super) fn rearm(&mut self) {
        self.fired.clear();
    }

    /// When the next timer fires.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.pending.values().map(|timer| timer.at).min()
    }

    /// When the next timer fires that has not fired since something last changed.
    pub(super) fn next_unfired(&self) -> Option<Timestamp> {
        let unfired = self
            .pending
            .iter()
            .filter(|(work, _)| !self.fired.contains_key(*work));
        unfired.map(|(_, timer)| timer.at).min()
    }

    /// Takes out what is due.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Work> {
        self.take(|_, timer| timer.at <= now)
    }

    /// Takes out what is due and has not fired since something last changed. The rest is overdue until something changes
    /// or time is let pass.
    pub(super) fn due_unfired(&mut self, now: Timestamp) -> Vec<Work> {
        let fired = std::mem::take(&mut self.fired);
        let due = self.take(|work, timer| timer.at <= now && !fired.contains_key(work));
        self.fired.extend(fired);
        due
    }

    /// Takes out the timers that are meant, the earliest first, and notes that they fired.
    fn take(&mut self, meant: impl Fn(&Work, &Timer) -> bool) -> Vec<Work> {
        let mut due: Vec<(Timestamp, Work)> = self
            .pending
            .iter()
            .filter(|(work, timer)| meant(work, timer))
            .map(|(work, timer)| (timer.at, work.clone()))
            .collect();
        due.sort();
        for (_, work) in &due {
            self.pending.remove(work);
            self.fired.insert(work.clone(), ());
        }
        due.into_iter().map(|(_, work)| work).collect()
    }
}
