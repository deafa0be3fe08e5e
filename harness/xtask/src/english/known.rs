//! The list of places that break a rule from before: a file and a number on each line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::Finding;
use crate::TaskError;

/// The list's file.
const FILE: &str = "harness/xtask/english.txt";

/// Numbers of places by file.
pub(super) struct Known(BTreeMap<String, usize>);

impl Known {
    /// Reads the list.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(super) fn read(root: &Path) -> Result<Known, TaskError> {
        let text = std::fs::read_to_string(root.join(FILE));
        Ok(Known::of(
            &text.map_err(TaskError::io("read the list of known places"))?,
        ))
    }

    fn of(text: &str) -> Known {
        let entry = |line: &str| {
            let (number, file) = line.trim().split_once(' ')?;
            Some((file.to_owned(), number.parse().ok()?))
        };
        Known(text.lines().filter_map(entry).collect())
    }

    /// Writes the list.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(super) fn write(&self, root: &Path) -> Result<(), TaskError> {
        let mut text = String::new();
        for (file, number) in &self.0 {
            let _ = writeln!(text, "{number} {file}");
        }
        let written = std::fs::write(root.join(FILE), text);
        written.map_err(TaskError::io("write the list of known places"))
    }

    /// Takes over the numbers that are smaller now.
    pub(super) fn shrink(&mut self, found: &[Finding]) {
        let now = numbers(found);
        for (file, number) in &mut self.0 {
            *number = (*number).min(now.get(file).copied().unwrap_or_default());
        }
        self.0.retain(|_, number| *number > 0);
    }

    /// Returns a line for each file whose number is not the known one.
    pub(super) fn wrong(&self, found: &[Finding]) -> Vec<String> {
        let now = numbers(found);
        let mut wrong = Vec::new();
        for (file, number) in &now {
            let known = self.0.get(file).copied().unwrap_or_default();
            if *number > known {
                wrong.push(format!(
                    "{file}: {number} places break a rule of English, {known} are known; cargo xtask english --list {file} \
                     prints them"
                ));
            }
        }
        for (file, known) in &self.0 {
            let number = now.get(file).copied().unwrap_or_default();
            if number < *known {
                wrong.push(format!(
                    "{file}: {number} places break a rule of English, and {known} are listed: cargo xtask english --accept \
                     takes the smaller number over"
                ));
            }
        }
        wrong
    }
}

fn numbers(found: &[Finding]) -> BTreeMap<String, usize> {
    let mut numbers = BTreeMap::new();
    for one in found {
        *numbers.entry(one.file.clone()).or_default() += 1;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::Finding;
    use super::Known;

    fn found(number: usize) -> Vec<Finding> {
        let finding = |line| Finding {
            file: "a.rs".to_owned(),
            line,
            what: String::new(),
        };
        (0..number).map(finding).collect()
    }

    #[rstest]
    #[case::as_known(2, true)]
    #[case::more(3, false)]
    #[case::fewer(1, false)]
    fn numbers_may_only_shrink(#[case] number: usize, #[case] expected: bool) {
        let mut known = Known::of("2 a.rs\n");
        assert_eq!(known.wrong(&found(number)).is_empty(), expected);
        known.shrink(&found(number));
        assert_eq!(known.wrong(&found(number)).is_empty(), number <= 2);
    }
}
