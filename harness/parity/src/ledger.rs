//! The differences that are known: each with an id, a reason, and the test that shows it.

use std::collections::BTreeSet;

use crosscut_yaml::{Limits, parse, position};
use globset::{Glob, GlobMatcher};
use serde::Deserialize;

use crate::Difference;

/// What no entry may explain away: the first part of a path.
const SACRED: [&str; 4] = [
    "spec",
    "metadata.ownerReferences",
    "metadata.annotations",
    "metadata.labels",
];
/// Nor these fields of a condition, or a condition that only one of them has.
const SACRED_CONDITION: [&str; 4] = ["", ".type", ".status", ".reason"];

fn is_sacred(path: &str) -> bool {
    let condition = path.strip_prefix("status.conditions").map(|rest| {
        let field = rest.split_once(']').map_or("", |(_, field)| field);
        SACRED_CONDITION.contains(&field)
    });
    SACRED.iter().any(|sacred| path.starts_with(sacred)) || condition.unwrap_or_default()
}

/// One known difference.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// A short name.
    pub id: String,
    /// The reason why the two differ, and why that changes no verdict.
    pub reason: String,
    /// The test that shows the difference.
    pub test: String,
    /// `control` or `target`.
    pub side: String,
    /// A pattern of `Kind.group namespace/name`.
    pub object: String,
    /// A pattern of the path; empty for objects that only one of them has.
    #[serde(default)]
    pub path: String,
    /// The kind of control plane that differs, where it is one only.
    #[serde(default)]
    pub cluster: Option<String>,
    /// True if it depends on what comes first, so that there may be runs that do not differ in this.
    #[serde(default)]
    pub sometimes: bool,
}

/// Known differences.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: Vec<(Entry, GlobMatcher, GlobMatcher)>,
}

/// A ledger that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It is no YAML.
    #[error("line {line}: {message}")]
    Yaml {
        /// Where.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// It is no list of entries.
    #[error("read the entries")]
    Entries(#[source] serde_json::Error),
    /// A pattern is none.
    #[error("entry {id}")]
    Pattern {
        /// The entry.
        id: String,
        /// The reason.
        #[source]
        source: globset::Error,
    },
    /// An entry explains what must not differ.
    #[error("entry {id}: differences in {path} cannot be explained away")]
    Sacred {
        /// The entry.
        id: String,
        /// The path.
        path: String,
    },
    /// Two entries have one id.
    #[error("two entries are called {id}")]
    Twice {
        /// The id.
        id: String,
    },
}

impl Ledger {
    /// Reads a list of entries.
    ///
    /// # Errors
    /// [`LedgerError`] for the first mistake.
    pub fn read(text: &str) -> Result<Ledger, LedgerError> {
        let documents =
            parse(text, &Limits::default()).map_err(|errors| yaml_error(text, &errors))?;
        let value = documents
            .first()
            .map(crosscut_yaml::Node::to_value)
            .unwrap_or_else(|| serde_json::json!([]));
        let entries: Vec<Entry> = serde_json::from_value(value).map_err(LedgerError::Entries)?;
        let mut ids = BTreeSet::new();
        let mut ledger = Ledger::default();
        for entry in entries {
            if !ids.insert(entry.id.clone()) {
                return Err(LedgerError::Twice { id: entry.id });
            }
            ledger.add(entry)?;
        }
        Ok(ledger)
    }

    fn add(&mut self, entry: Entry) -> Result<(), LedgerError> {
        if is_sacred(&entry.path) {
            return Err(LedgerError::Sacred {
                id: entry.id,
                path: entry.path,
            });
        }
        let pattern = |text: &str| {
            Glob::new(text)
                .map(|glob| glob.compile_matcher())
                .map_err(|source| LedgerError::Pattern {
                    id: entry.id.clone(),
                    source,
                })
        };
        let (object, path) = (pattern(&entry.object)?, pattern(&entry.path)?);
        self.entries.push((entry, object, path));
        Ok(())
    }

    /// The entries about two kinds of control plane.
    #[must_use]
    pub fn between(&self, one: &str, other: &str) -> Ledger {
        let is_about = |entry: &Entry| match entry.cluster.as_deref() {
            Some(cluster) => cluster == one || cluster == other,
            None => true,
        };
        let entries = self.entries.iter().filter(|(entry, ..)| is_about(entry));
        Ledger {
            entries: entries.cloned().collect(),
        }
    }

    /// The entry that explains a difference. Some differences none can explain, however wide its pattern is.
    #[must_use]
    pub fn explains(&self, difference: &Difference) -> Option<&Entry> {
        if is_sacred(&difference.path) {
            return None;
        }
        self.entries
            .iter()
            .find(|(entry, object, path)| {
                entry.side == difference.side
                    && object.is_match(&difference.object)
                    && (path.is_match(&difference.path)
                        || (entry.path.is_empty() && difference.path.is_empty()))
            })
            .map(|(entry, ..)| entry)
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(entry, ..)| entry)
    }
}

fn yaml_error(text: &str, errors: &[crosscut_yaml::SyntaxError]) -> LedgerError {
    let (start, message) = errors.first().map_or((0, String::new()), |error| {
        (error.span.start, error.message.clone())
    });
    LedgerError::Yaml {
        line: position(text, start).line,
        message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Values;

    fn entry(path: &str) -> String {
        format!(
            "- {{id: a, reason: r, test: t, side: control, object: 'Secret *', path: '{path}'}}\n"
        )
    }

    #[test]
    fn an_entry_may_be_about_one_kind() {
        let ledger = |cluster: &str| {
            let text = entry("data.x").replace("test: t", &format!("test: t, cluster: {cluster}"));
            Ledger::read(&text).unwrap()
        };
        let ids = |ledger: &Ledger| ledger.entries().count();
        assert_eq!(ids(&ledger("kind").between("embedded", "kind")), 1);
        assert_eq!(ids(&ledger("kind").between("embedded", "envtest")), 0);
        assert_eq!(
            ids(&Ledger::read(&entry("data.x")).unwrap().between("a", "b")),
            1
        );
    }

    fn difference(path: &str) -> Difference {
        Difference {
            trial: "s::p".to_owned(),
            side: "control".to_owned(),
            object: "Secret $namespace/s".to_owned(),
            path: path.to_owned(),
            values: Values {
                left: Some(json!(1)),
                right: None,
                secret: false,
            },
        }
    }

    #[test]
    fn an_entry_explains_what_its_patterns_match() {
        let ledger = Ledger::read(&entry("metadata.managed*")).unwrap();
        assert!(
            ledger
                .explains(&difference("metadata.managedFields[0].manager"))
                .is_some()
        );
        assert!(ledger.explains(&difference("data.x")).is_none());
    }

    #[test]
    fn some_differences_cannot_be_explained_away() {
        for path in ["spec.x", "metadata.labels.a", "metadata.ownerReferences[0]"] {
            assert!(
                matches!(Ledger::read(&entry(path)), Err(LedgerError::Sacred { .. })),
                "{path}"
            );
        }
    }

    #[test]
    fn a_wide_pattern_does_not_explain_them_either() {
        let ledger = Ledger::read(&entry("*")).unwrap();
        for path in [
            "spec.x",
            "status.conditions[3].reason",
            "status.conditions[3]",
            "status.conditions",
        ] {
            assert!(ledger.explains(&difference(path)).is_none(), "{path}");
        }
        for path in ["status.conditions[3].message", "status.users"] {
            assert!(ledger.explains(&difference(path)).is_some(), "{path}");
        }
    }

    #[test]
    fn a_wrong_ledger_says_where() {
        assert!(matches!(
            Ledger::read("- id: a\n  b: ["),
            Err(LedgerError::Yaml { line: 2.., .. })
        ));
        assert!(matches!(
            Ledger::read("- {id: a, sight: x}"),
            Err(LedgerError::Entries(_))
        ));
        let twice = entry("x") + &entry("y");
        assert!(matches!(
            Ledger::read(&twice),
            Err(LedgerError::Twice { .. })
        ));
    }
}
