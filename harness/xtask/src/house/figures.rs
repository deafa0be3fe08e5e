//! The figures of the project as text.

use std::collections::BTreeMap;
use std::fmt;

use super::crates::Crate;
use super::cycles::cycles;
use super::source::{Source, doc_blocks};

/// The number of printed opening words.
const OPENINGS: usize = 30;

/// The figures of all crates.
pub(crate) struct Figures<'a> {
    crates: &'a [Crate],
}

impl Figures<'_> {
    /// Returns the figures of these crates.
    pub(crate) fn of(crates: &[Crate]) -> Figures<'_> {
        Figures { crates }
    }

    fn sources(&self) -> impl Iterator<Item = (&Crate, &Source)> {
        let crates = self.crates.iter();
        crates.flat_map(|one| one.sources.iter().map(move |source| (one, source)))
    }

    fn write_crates(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{:24} {:>6} {:>6}  uses", "crate", "lines", "tests")?;
        for one in self.crates {
            let (lines, tests) = (one.lines(), one.test_lines);
            let uses = one.uses.join(" ");
            writeln!(to, "{:24} {lines:>6} {tests:>6}  {uses}", one.name)?;
        }
        let arrows: usize = self.crates.iter().map(|one| one.uses.len()).sum();
        writeln!(to, "{} crates, {arrows} arrows", self.crates.len())
    }

    fn write_circles(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "\ncircles of files")?;
        for one in self.crates {
            for circle in cycles(&one.sources) {
                writeln!(
                    to,
                    "{:24} {:>6}  {}",
                    one.name,
                    circle.len(),
                    circle.join(" ")
                )?;
            }
        }
        Ok(())
    }

    fn write_largest(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self
            .sources()
            .max_by_key(|(_, source)| source.product_lines());
        let function = self
            .sources()
            .filter_map(|(one, source)| Some((one, source, longest(source.product())?)))
            .max_by_key(|(.., (lines, _))| *lines);
        writeln!(to)?;
        if let Some((one, source)) = file {
            let lines = source.product_lines();
            writeln!(
                to,
                "largest file: {} {}, {lines} lines",
                one.name, source.name
            )?;
        }
        if let Some((one, source, (lines, name))) = function {
            let file = &source.name;
            writeln!(
                to,
                "longest function: {} {file} {name}, {lines} lines",
                one.name
            )?;
        }
        Ok(())
    }

    fn write_docs(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut openings: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut blocks, mut examples, mut strings) = (0, 0, 0);
        for (_, source) in self.sources() {
            for (_, line) in doc_blocks(source.product()) {
                blocks += 1;
                *openings.entry(opening(line)).or_default() += 1;
            }
            examples += examples_in(&source.text);
            strings += source.product().matches(", String> {").count();
        }
        let mut openings: Vec<(&str, usize)> = openings.into_iter().collect();
        openings.sort_by_key(|(word, times)| (std::cmp::Reverse(*times), *word));
        writeln!(to, "\n{blocks} doc comments, {examples} compiled examples")?;
        writeln!(to, "{strings} functions that return Result<_, String>")?;
        let most: Vec<String> = openings
            .iter()
            .take(OPENINGS)
            .map(|(word, times)| format!("{word} {times}"))
            .collect();
        writeln!(to, "openings: {}", most.join(", "))
    }
}

impl fmt::Display for Figures<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_crates(to)?;
        self.write_circles(to)?;
        self.write_largest(to)?;
        self.write_docs(to)
    }
}

fn opening(line: &str) -> &str {
    let word = line.split_whitespace().next().unwrap_or_default();
    word.trim_matches(|letter: char| !letter.is_alphanumeric())
}

/// Returns the number of compiled code blocks in doc comments.
fn examples_in(text: &str) -> usize {
    let mut inside = false;
    let mut count = 0;
    for line in text.lines() {
        let line = line.trim_start();
        let doc = line.strip_prefix("///").or(line.strip_prefix("//!"));
        let Some(language) = doc.and_then(|doc| doc.trim_start().strip_prefix("```")) else {
            continue;
        };
        if !inside {
            let compiled = ["", "no_run", "rust", "should_panic"];
            count += usize::from(compiled.contains(&language.trim()));
        }
        inside = !inside;
    }
    count
}

/// Returns the number of lines and the name of the longest function. The text must be formatted by rustfmt.
fn longest(text: &str) -> Option<(usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let functions = lines.iter().enumerate().filter_map(|(index, line)| {
        let name = line.trim_start().split("fn ").nth(1)?;
        let name = name.split(['(', '<']).next()?;
        let indent = line.len() - line.trim_start().len();
        let is_end = |line: &&&str| line.len() == indent + 1 && line.trim_start() == "}";
        let rest = lines.get(index..)?;
        let end = rest.iter().position(|line| is_end(&line))?;
        Some((end + 1, name))
    });
    functions.max_by_key(|(lines, _)| *lines)
}

#[cfg(test)]
mod tests {
    use super::{examples_in, longest};

    #[test]
    fn compiled_examples_are_counted() {
        let text = "/// ```\n/// let a = 1;\n/// ```\n/// ```text\n/// no\n/// ```\n//! ```no_run\n//! ```\n";
        assert_eq!(examples_in(text), 2);
    }

    #[test]
    fn the_longest_function() {
        let text = "fn a() {\n    b();\n}\nimpl C {\n    fn d<T>(t: T) {\n        if t {\n        }\n    }\n}\n";
        assert_eq!(longest(text), Some((4, "d")));
    }
}
