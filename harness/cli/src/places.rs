//! Places in files as who reads them can open them: relative to the folder that crosscut was started in.

use std::borrow::Cow;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use crosscut_events::{Event, Location, TrialReport};

/// Turns paths that are relative to the suite's folder into paths that are relative to the current one.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    suite: Utf8PathBuf,
    current: Utf8PathBuf,
}

impl Places {
    /// Both folders are absolute.
    pub(crate) fn new(suite: &Utf8Path, current: &Utf8Path) -> Places {
        Places {
            suite: plain(suite),
            current: plain(current),
        }
    }

    /// Returns the path of a file from the current folder.
    pub(crate) fn path(&self, file: &str) -> String {
        if file.is_empty() || self.suite == self.current {
            return file.to_owned();
        }
        let file = plain(&self.suite.join(file));
        let shared = file
            .components()
            .zip(self.current.components())
            .take_while(|(left, right)| left == right)
            .count();
        let up = self.current.components().skip(shared).map(|_| "..");
        let down = file.components().skip(shared).map(|part| part.as_str());
        up.chain(down).collect::<Utf8PathBuf>().into_string()
    }

    /// Returns the event with its places seen from the current folder.
    pub(crate) fn seen_from_here<'a>(&self, event: &'a Event) -> Cow<'a, Event> {
        match event {
            Event::TrialFinished(report) => {
                let mut report = report.clone();
                self.turn(&mut report);
                Cow::Owned(Event::TrialFinished(report))
            }
            other => Cow::Borrowed(other),
        }
    }

    fn turn(&self, report: &mut TrialReport) {
        let turn = |location: &mut Location| location.file = self.path(&location.file);
        report.location.iter_mut().for_each(turn);
        for failure in &mut report.failures {
            failure.location.iter_mut().for_each(turn);
            let mismatches = failure.mismatches.iter_mut();
            mismatches
                .filter_map(|one| one.location.as_mut())
                .for_each(turn);
        }
    }
}

/// A path without `.` and, as far as it can be told from the path alone, `..`.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let mut parts = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Places;

    #[rstest]
    #[case::in_the_suite("/p", "/p", "scenarios/a.yaml", "scenarios/a.yaml")]
    #[case::above("/w/p", "/w", "scenarios/a.yaml", "p/scenarios/a.yaml")]
    #[case::below("/p", "/p/scenarios/x", "scenarios/a.yaml", "../a.yaml")]
    #[case::beside("/w/p", "/w/q", "a.yaml", "../p/a.yaml")]
    #[case::outside_the_suite("/w/p", "/w", "../shared/a.yaml", "shared/a.yaml")]
    #[case::absolute("/w/p", "/w", "/w/q/a.yaml", "q/a.yaml")]
    #[case::nowhere("/w/p", "/w", "", "")]
    fn places_are_seen_from_the_current_folder(
        #[case] suite: &str,
        #[case] current: &str,
        #[case] file: &str,
        #[case] expected: &str,
    ) {
        let places = Places::new(suite.into(), current.into());
        assert_eq!(places.path(file), expected);
    }
}
