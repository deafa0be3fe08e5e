//! What controllers do, for those who look on while they run.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crosscut_objects::Event;

use super::changed::changed;

/// The number of movements that are remembered for a report.
const REMEMBERED: usize = 256;
/// The number of culprits that a report names.
const NAMED: usize = 5;
/// The number of changes of one movement that are remembered.
const CHANGES: usize = 4;

/// What controllers do at the moment, and what moved of late. Copies share what they know, so that one can be read while
/// the controllers run.
#[derive(Clone, Default)]
pub struct Activity(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The last movements, oldest first: who changed something.
    movements: VecDeque<Arc<str>>,
    /// What the last movement of each of them changed.
    changes: BTreeMap<Arc<str>, Vec<Arc<Event>>>,
    /// The reconcile that is under way.
    running: Option<String>,
    /// What is waited for, if controllers elsewhere owe it.
    owed: Option<String>,
}

impl Activity {
    /// Returns what is under way, what is waited for, and what moved most of late, one line each.
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

    /// Forgets what moved.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    /// Notes a reconcile that begins.
    pub fn begins(&self, what: String) {
        self.state().running = Some(what);
    }

    /// Notes that the reconcile has ended.
    pub fn has_ended(&self) {
        self.state().running = None;
    }

    /// Notes what is waited for; nothing if all has come.
    pub fn owes(&self, what: Option<String>) {
        self.state().owed = what;
    }

    /// Notes that `what` changed something.
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

    /// Returns what moved most of late, the busiest first.
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

/// A key that kept changing things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// The controller and the object.
    pub what: String,
    /// The number of of the last movements that were its own.
    pub times: usize,
    /// What the last of them changed, one object each; values of Secrets are masked.
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
