//! Facts about a function beside its responses: its output, and ends that were not requested.
//!
//! Functions are shared by all trials of a run. A [`Trace`] is one trial's view of them: which were called for it, what they
//! wrote since, and which of its calls a function did not survive.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::OnLine;

/// The number of lines that are kept.
const KEPT: usize = 200;
/// The longest line that is kept, in characters.
const LONGEST: usize = 500;

/// A callback for each line that a function writes: the function's name, and the line.
pub type OnOutput = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// The last lines that a function wrote.
pub struct Journal {
    name: String,
    on_output: Option<OnOutput>,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    last: VecDeque<String>,
    /// The number of all lines.
    written: u64,
}

impl Journal {
    /// Makes an empty one for a function of this name.
    pub fn new(name: &str, on_output: Option<OnOutput>) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            on_output,
            lines: Mutex::default(),
        })
    }

    /// Returns what takes the lines that the function writes.
    pub fn on_line(self: &Arc<Self>) -> OnLine {
        let journal = Arc::clone(self);
        OnLine::new(move |line| journal.take(line))
    }

    fn take(&self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if let Some(tell) = &self.on_output {
            tell(&self.name, line);
        }
        let mut lines = self.lines();
        lines.last.push_back(shortened(line));
        lines.written += 1;
        if lines.last.len() > KEPT {
            lines.last.pop_front();
        }
    }

    fn written(&self) -> u64 {
        self.lines().written
    }

    /// Returns the last lines, at most `count`, of those that were written after the first `after`.
    fn since(&self, after: u64, count: usize) -> Vec<String> {
        let lines = self.lines();
        let new = usize::try_from(lines.written.saturating_sub(after)).unwrap_or(usize::MAX);
        let count = new.min(count).min(lines.last.len());
        let skipped = lines.last.len() - count;
        lines.last.iter().skip(skipped).cloned().collect()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Journal").field(&self.name).finish()
    }
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// A function ended while it was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The way it ended.
    pub status: String,
    /// The time that it had run.
    pub after: Duration,
    /// True if it was answering other trials, too, and answered this one when it was asked again.
    pub shared: bool,
}

/// The functions as one trial meets them.
#[derive(Debug, Default)]
pub struct Trace {
    served: Mutex<Vec<Served>>,
}

/// One function that was called for the trial.
#[derive(Debug)]
struct Served {
    journal: Arc<Journal>,
    /// The number of lines that it had written before the first call.
    before: u64,
    crashes: Vec<Crash>,
}

impl Trace {
    /// Notes that a function is called.
    pub fn note_call(&self, journal: &Arc<Journal>) {
        self.with(journal, |_| {});
    }

    /// Notes that a function did not survive a call.
    pub fn note_crash(&self, journal: &Arc<Journal>, crash: Crash) {
        self.with(journal, |served| served.crashes.push(crash));
    }

    fn with(&self, journal: &Arc<Journal>, act: impl FnOnce(&mut Served)) {
        let mut all = self.served();
        let known = all
            .iter()
            .position(|served| Arc::ptr_eq(&served.journal, journal));
        let index = known.unwrap_or_else(|| {
            all.push(Served {
                journal: Arc::clone(journal),
                before: journal.written(),
                crashes: Vec::new(),
            });
            all.len() - 1
        });
        if let Some(served) = all.get_mut(index) {
            act(served);
        }
    }

    /// Returns, of each function that ended while it was called for the trial, its name and what happened.
    #[must_use]
    pub fn crashes(&self) -> Vec<(String, String)> {
        let all = self.served();
        let crashed = all.iter().filter(|served| !served.crashes.is_empty());
        crashed
            .map(|served| (served.journal.name.clone(), told(&served.crashes)))
            .collect()
    }

    /// Returns the last lines that each function has written since it was first called for the trial, at most `count` of
    /// each, with its name. Lines that it wrote while it served other trials are among them.
    #[must_use]
    pub fn output(&self, count: usize) -> Vec<(String, Vec<String>)> {
        let all = self.served();
        all.iter()
            .map(|served| {
                let lines = served.journal.since(served.before, count);
                (served.journal.name.clone(), lines)
            })
            .filter(|(_, lines)| !lines.is_empty())
            .collect()
    }

    /// Takes over what another has noted, of calls that were made for several trials.
    pub fn join(&self, other: &Trace) {
        for served in other.served().iter() {
            self.with(&served.journal, |own| {
                own.before = own.before.min(served.before);
                own.crashes.extend(served.crashes.iter().cloned());
            });
        }
    }

    fn served(&self) -> MutexGuard<'_, Vec<Served>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what happened, in one sentence: the first crash, and how often there was one.
fn told(crashes: &[Crash]) -> String {
    let own = crashes.iter().find(|crash| !crash.shared);
    let Some(first) = own.or(crashes.first()) else {
        return String::new();
    };
    let whom = if own.is_some() {
        "this trial"
    } else {
        "this trial and others, and answered when it was asked again"
    };
    let count = crashes.iter().filter(|crash| crash.shared == own.is_none());
    let times = match count.count() {
        0 | 1 => String::new(),
        times => format!(" ({times} times)"),
    };
    format!(
        "ended ({}) {:.3}s after its start, while it was answering {whom}{times}; it is started again for the next call",
        first.status,
        first.after.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crash(status: &str, shared: bool) -> Crash {
        Crash {
            status: status.to_owned(),
            after: Duration::from_millis(1250),
            shared,
        }
    }

    #[test]
    fn a_trial_sees_what_was_written_since_it_called() {
        let journal = Journal::new("f", None);
        journal.take("before");
        let trace = Trace::default();
        assert_eq!(trace.output(9), []);
        trace.note_call(&journal);
        assert_eq!(trace.output(9), []);
        for line in ["one", " ", "two", "three"] {
            journal.take(line);
        }
        trace.note_call(&journal);
        let lines = |lines: &[&str]| {
            vec![(
                "f".to_owned(),
                lines.iter().map(ToString::to_string).collect(),
            )]
        };
        assert_eq!(trace.output(9), lines(&["one", "two", "three"]));
        assert_eq!(trace.output(2), lines(&["two", "three"]));
    }

    #[test]
    fn a_flood_is_bounded() {
        let journal = Journal::new("f", None);
        let trace = Trace::default();
        trace.note_call(&journal);
        for _ in 0..KEPT * 3 {
            journal.take(&"é".repeat(LONGEST * 2));
        }
        let output = trace.output(usize::MAX);
        assert_eq!(output[0].1.len(), KEPT);
        assert_eq!(output[0].1[0].chars().count(), LONGEST + 1);
    }

    #[test]
    fn crashes_are_told_once() {
        let (journal, trace) = (Journal::new("f", None), Trace::default());
        trace.note_call(&journal);
        assert_eq!(trace.crashes(), []);
        trace.note_crash(&journal, crash("exit status: 1", true));
        let [(name, shared)] = &trace.crashes()[..] else {
            panic!("one function");
        };
        assert_eq!(name, "f");
        assert!(
            shared.contains("this trial and others, and answered"),
            "{shared}"
        );
        trace.note_crash(&journal, crash("exit status: 9", false));
        trace.note_crash(&journal, crash("exit status: 9", false));
        assert_eq!(
            trace.crashes()[0].1,
            "ended (exit status: 9) 1.250s after its start, while it was answering this trial (2 times); it is started \
             again for the next call"
        );
        let joined = Trace::default();
        joined.join(&trace);
        assert_eq!(joined.crashes(), trace.crashes());
    }

    #[test]
    fn output_is_told_as_it_comes() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&told);
        let on_output: OnOutput =
            Arc::new(move |name, line| tell.lock().unwrap().push(format!("{name}: {line}")));
        Journal::new("f", Some(on_output)).take("hello");
        assert_eq!(*told.lock().unwrap(), ["f: hello"]);
    }
}
