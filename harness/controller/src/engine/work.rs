//! The queue of keys that wait for their reconcile.

use std::collections::{BTreeSet, VecDeque};

use crosscut_objects::Key;

/// A key of a controller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// The controller's index.
    pub controller: usize,
    /// The object's key.
    pub key: Key,
}

/// The waiting keys, each at most once.
pub(crate) struct Queue {
    waiting: VecDeque<Work>,
    /// The keys that run after all others, in their own order.
    late: VecDeque<Work>,
    known: BTreeSet<Work>,
    seed: u64,
    state: u64,
}

impl Queue {
    pub(crate) fn new(seed: u64) -> Queue {
        Queue {
            waiting: VecDeque::new(),
            late: VecDeque::new(),
            known: BTreeSet::new(),
            seed,
            state: seed,
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn push(&mut self, work: Work) {
        if self.known.insert(work.clone()) {
            self.waiting.push_back(work);
        }
    }

    /// Adds a key that runs after all others if the seed is 0.
    pub(crate) fn push_late(&mut self, work: Work) {
        if self.seed != 0 {
            self.push(work);
        } else if self.known.insert(work.clone()) {
            self.late.push_back(work);
        }
    }

    /// Returns the next key: the oldest with seed 0, otherwise one that the seed picks.
    pub(crate) fn pop(&mut self) -> Option<Work> {
        let index = if self.seed == 0 {
            0
        } else {
            self.pick(self.waiting.len())
        };
        let next = self.waiting.remove(index);
        let work = next.or_else(|| self.late.pop_front())?;
        self.known.remove(&work);
        Some(work)
    }

    /// Returns a number below the bound: xorshift64 (Marsaglia 2003).
    fn pick(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 1)
            .unwrap_or(0)
            .checked_rem(bound)
            .unwrap_or(0)
    }
}
