//! A record of the controllers' work, readable while they run.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crosscut_objects::Event;

use super::changed::changed;

/// The number of recorded movements.
const REMEMBERED: usize = 256;
/// The number of movers in a report.
const NAMED: usize = 5;
/// The number of recorded changes of one movement.
const CHANGES: usize = 4;

/// The current work of controllers and their latest changes. Copies share the record, so that a copy can be read while
/// the controllers run.
#[derive(Clone, Default)]
pub struct Activity(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The names of the movers of the last movements, oldest first.
    movements: VecDeque<Arc<str>>,
    /// The changes of the last movement of each mover.
    changes: BTreeMap<Arc<str>, Vec<Arc<Event>>>,
    /// The current reconcile.
    running: Option<String>,
    /// The object that a controller in another process must still reconcile, with the reason.
    owed: Option<String>,
}

impl Activity {
    /// Returns the current reconcile, the awaited object and the busiest movers, one line each.
    #[must_use]
    pub fn described(&self) -> Vec<String> {
        let moving = self.most();
        let state = self.state();
        let running = state.running.iter();
        let running = running.map(|what| format!("{what} is being reconciled"));
        let owed = state.owed.iter().map(|what| format!("waits for {what}"));
        let moving = moving.iter().map(|one| format!("kept moving: {one}"));
        running.chain(owed).chain(moving).collect()
    }

    /// Clears the record.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    /// Records the start of a reconcile.
    pub fn begins(&self, what: String) {
        self.state().running = Some(what);
    }

    /// Records the end of the reconcile.
    pub fn has_ended(&self) {
        self.state().running = None;
    }

    /// Records the awaited object; `None` if there is none.
    pub fn owes(&self, what: Option<String>) {
        self.state().owed = what;
    }

    /// Records that `what` changed objects.
    pub fn moved(&self, what: &str, mut changes: Vec<Arc<Event>>) {
        changes.truncate(CHANGES);
        let mut state = self.state();
        if state.movements.len() == REMEMBERED {
            let oldest = state.movements.pop_front();
            if let Some(oldest) = oldest.filter(|oldest| !state.movements.contains(oldest)) {
                state.changes.remove(&oldest);
            }
        }
        let what: Arc<str> = what.into();
        state.movements.push_back(Arc::clone(&what));
        state.changes.insert(what, changes);
    }

    /// Returns the busiest movers of late, the busiest first.
    pub fn most(&self) -> Vec<Moving> {
        let state = self.state();
        let mut counts: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for what in &state.movements {
            *counts.entry(what).or_default() += 1;
        }
        let mut counts: Vec<(&Arc<str>, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        counts.truncate(NAMED);
        let moving = counts.into_iter().map(|(what, times)| Moving {
            what: what.to_string(),
            times,
            changes: state
                .changes
                .get(what)
                .into_iter()
                .flatten()
                .map(|event| changed(event))
                .collect(),
        });
        moving.collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key whose reconciles kept changing objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// The controller and the object.
    pub what: String,
    /// The number of recorded movements of this key.
    pub times: usize,
    /// The changes of its last movement, one object each; values of Secrets are masked.
    pub changes: Vec<String>,
}

impl fmt::Display for Moving {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} times)", self.what, self.times)?;
        if self.changes.is_empty() {
            return Ok(());
        }
        write!(formatter, ", last: {}", self.changes.join("; "))
    }
}
