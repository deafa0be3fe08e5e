//! The crates of the workspace, their rows, and the walls between them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::source::{Source, sources};
use crate::TaskError;

/// A crate of the workspace.
pub(crate) struct Crate {
    /// The name without the project's prefix.
    pub(crate) name: String,
    /// The crates of the workspace that this crate depends on, without development dependencies.
    pub(crate) uses: Vec<String>,
    /// The files below `src`.
    pub(crate) sources: Vec<Source>,
    /// The lines below `tests` and `benches`.
    pub(crate) test_lines: usize,
}

impl Crate {
    /// Reads all crates, sorted by name.
    ///
    /// # Errors
    /// Fails if a file cannot be read.
    pub(crate) fn all(metadata: &Value, root: &Path) -> Result<Vec<Crate>, TaskError> {
        let packages = list(&metadata["packages"]);
        let names: Vec<&str> = packages.iter().map(|one| text(&one["name"])).collect();
        let mut crates = Vec::new();
        for package in packages {
            let manifest = Path::new(text(&package["manifest_path"]));
            let folder = manifest.parent().unwrap_or(root);
            let mut uses: Vec<String> = list(&package["dependencies"])
                .iter()
                .filter(|one| one["kind"].is_null() && names.contains(&text(&one["name"])))
                .map(|one| short(text(&one["name"])))
                .collect();
            uses.sort_unstable();
            uses.dedup();
            let of_tests = [folder.join("tests"), folder.join("benches")];
            let mut test_lines = 0;
            for folder in of_tests {
                test_lines += sources(&folder)?.iter().map(Source::lines).sum::<usize>();
            }
            crates.push(Crate {
                name: short(text(&package["name"])),
                uses,
                sources: sources(&folder.join("src"))?,
                test_lines,
            });
        }
        crates.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(crates)
    }

    /// Returns the lines of all files below `src`, without those of test modules.
    pub(crate) fn lines(&self) -> usize {
        self.sources.iter().map(Source::product_lines).sum()
    }
}

fn short(name: &str) -> String {
    name.strip_prefix("crosscut-").unwrap_or(name).to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The rows of crates, the lowest first, from `workspace.metadata.house` in the root manifest.
pub(crate) struct Rows {
    rows: BTreeMap<String, usize>,
    most_lines: usize,
    /// The crates that may be larger, each with its maximum number of lines.
    larger: BTreeMap<String, usize>,
}

impl Rows {
    /// Reads the rows.
    pub(crate) fn of(metadata: &Value) -> Rows {
        let house = &metadata["metadata"]["house"];
        let number = |value: &Value| {
            let number = value.as_u64().unwrap_or_default();
            usize::try_from(number).unwrap_or(usize::MAX)
        };
        let mut rows = BTreeMap::new();
        for (index, row) in list(&house["rows"]).iter().enumerate() {
            rows.extend(list(row).iter().map(|name| (text(name).to_owned(), index)));
        }
        let larger = house["larger"].as_object().into_iter().flatten();
        Rows {
            rows,
            most_lines: number(&house["most-lines"]),
            larger: larger
                .map(|(name, lines)| (name.clone(), number(lines)))
                .collect(),
        }
    }

    /// Returns a sentence for each broken wall, with the way to repair it.
    pub(crate) fn broken(&self, crates: &[Crate]) -> Vec<String> {
        let mut broken = Vec::new();
        for one in crates {
            let Some(row) = self.rows.get(&one.name) else {
                broken.push(format!(
                    "{} is in no row: add it to workspace.metadata.house of Cargo.toml",
                    one.name
                ));
                continue;
            };
            let above = |used: &&String| self.rows.get(*used).is_none_or(|other| other >= row);
            broken.extend(one.uses.iter().filter(above).map(|used| {
                format!(
                    "{} uses {used}, which is not below it: move what both need into a lower crate",
                    one.name
                )
            }));
            broken.extend(self.size(&one.name, one.lines()));
        }
        broken
    }

    fn size(&self, name: &str, lines: usize) -> Option<String> {
        match self.larger.get(name) {
            Some(known) if lines <= *known && lines > self.most_lines => None,
            Some(known) if lines <= self.most_lines => Some(format!(
                "{name} has {lines} lines and may have {known}: take it out of the larger ones"
            )),
            known => {
                let most = known.copied().unwrap_or(self.most_lines);
                (lines > most).then(|| {
                    format!("{name} has {lines} lines, and {most} are the most: part it by subject")
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::{Crate, Rows};

    fn one(name: &str, uses: &[&str]) -> Crate {
        Crate {
            name: name.to_owned(),
            uses: uses.iter().map(|&one| one.to_owned()).collect(),
            sources: Vec::new(),
            test_lines: 0,
        }
    }

    #[rstest]
    #[case::down("b", &["a"], 0)]
    #[case::up("a", &["b"], 1)]
    #[case::aside("a", &["c"], 1)]
    #[case::in_no_row("d", &[], 1)]
    fn arrows_run_down_only(#[case] name: &str, #[case] uses: &[&str], #[case] expected: usize) {
        let rows = Rows::of(
            &json!({"metadata": {"house": {"rows": [["a", "c"], ["b"]], "most-lines": 10}}}),
        );
        assert_eq!(rows.broken(&[one(name, uses)]).len(), expected);
    }

    #[rstest]
    #[case::small("a", 10, false)]
    #[case::large("a", 11, true)]
    #[case::known("b", 20, false)]
    #[case::larger_than_known("b", 21, true)]
    #[case::no_longer_large("b", 9, true)]
    fn sizes(#[case] name: &str, #[case] lines: usize, #[case] expected: bool) {
        let house = json!({"rows": [["a", "b"]], "most-lines": 10, "larger": {"b": 20}});
        let rows = Rows::of(&json!({"metadata": {"house": house}}));
        assert_eq!(rows.size(name, lines).is_some(), expected);
    }
}
