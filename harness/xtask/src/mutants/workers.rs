//! The workers, which try several mutants at the same time, each in its own copy.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::catalogue::Mutant;
use super::copy::Copy;
use super::judge::{Judge, Trials};
use super::outcome::{Outcome, Tried};
use super::print;
use crate::TaskError;

/// The number of trials that run at the same time if they mostly wait.
const WAITING: usize = 4;

/// The workers' copies, one for each mutant that can be tried at the same time.
pub(crate) struct Workers<'a> {
    judge: &'a Judge,
    copies: Vec<Copy>,
}

impl<'a> Workers<'a> {
    /// Makes the copies.
    ///
    /// # Errors
    /// Fails if a copy cannot be made.
    pub(crate) fn new(
        root: &Path,
        judge: &'a Judge,
        number: NonZeroUsize,
    ) -> Result<Workers<'a>, TaskError> {
        let copies = (0..number.get())
            .map(|worker| Copy::of(root, worker))
            .collect::<Result<_, _>>()?;
        Ok(Workers { judge, copies })
    }

    /// Judges without a mutant: every scenario, or only the trials that should notice these mutants. Returns the
    /// time of the run. If scenarios fail without a mutant, a noticed mutant proves nothing.
    ///
    /// # Errors
    /// Fails if a trial does not pass.
    pub(crate) fn unmutated(
        &self,
        mutants: &[&Mutant],
        every: bool,
    ) -> Result<Duration, TaskError> {
        let started = Instant::now();
        let (which, jobs) = match every {
            true => (Trials::All, self.copies.len()),
            false => (Trials::of(mutants), WAITING),
        };
        match self.judge.judge(&self.copies[0], &which, jobs)? {
            Outcome::Survived => Ok(started.elapsed()),
            other => {
                let said = format!("{other}{}", other.whys());
                Err(TaskError::Unmutated(said))
            }
        }
    }

    /// Tries the mutants and prints each outcome at once. The result has the order of the mutants.
    ///
    /// # Errors
    /// Fails if a mutant cannot be tried, with the first error. The other mutants are still tried.
    pub(crate) fn try_all<'m>(
        &self,
        mutants: &[&'m Mutant],
        all: bool,
    ) -> Result<Vec<Tried<'m>>, TaskError> {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            for copy in &self.copies {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || self.work(copy, mutants, all, next, &sender));
            }
            // The loop ends when all senders are dropped.
            drop(sender);
            collect(&receiver)
        })
    }

    /// Tries mutants that no other worker has taken, until none is left.
    fn work<'m>(
        &self,
        copy: &Copy,
        mutants: &[&'m Mutant],
        all: bool,
        next: &AtomicUsize,
        done: &Sender<(usize, Result<Tried<'m>, TaskError>)>,
    ) {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(index) else {
                return;
            };
            if done.send((index, self.try_one(mutant, copy, all))).is_err() {
                return;
            }
        }
    }

    fn try_one<'m>(
        &self,
        mutant: &'m Mutant,
        copy: &Copy,
        all: bool,
    ) -> Result<Tried<'m>, TaskError> {
        let started = Instant::now();
        let one = Trials::of(&[mutant]);
        let outcome = copy.with(mutant, || match all {
            true => self.judge.judge(copy, &Trials::All, 1),
            false => match self.judge.judge(copy, &one, 1)? {
                Outcome::Killed(killers) => Ok(Outcome::Killed(killers)),
                _ => self.judge.judge(copy, &Trials::All, 1),
            },
        })?;
        Ok(Tried {
            mutant,
            outcome,
            took: started.elapsed(),
        })
    }
}

fn collect<'m>(
    done: &Receiver<(usize, Result<Tried<'m>, TaskError>)>,
) -> Result<Vec<Tried<'m>>, TaskError> {
    let mut all = Vec::new();
    for (index, tried) in done {
        let tried = tried?;
        print::line(&tried);
        all.push((index, tried));
    }
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, tried)| tried).collect())
}
