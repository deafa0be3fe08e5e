//! The ledger of known differences, each with an id, a reason, and the test that shows it.

use std::collections::BTreeSet;

use crosscut_yaml::{Limits, parse, position};
use globset::{Glob, GlobMatcher};
use serde::Deserialize;

use crate::Difference;

/// The beginnings of paths that no entry can explain.
const SACRED: [&str; 4] = [
    "spec",
    "metadata.ownerReferences",
    "metadata.annotations",
    "metadata.labels",
];
/// The fields of a condition that no entry can explain. The empty one is a condition that only one object has.
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
    /// The id, a short name.
    pub id: String,
    /// The reason why the two control planes differ, and why that changes no verdict.
    pub reason: String,
    /// The test that shows the difference.
    pub test: String,
    /// The side, `control` or `target`.
    pub side: String,
    /// A pattern for the object, `Kind.group namespace/name`.
    pub object: String,
    /// A pattern for the path. Empty for objects that only one of the control planes has.
    #[serde(default)]
    pub path: String,
    /// The kind of control plane that differs, if it is only one.
    #[serde(default)]
    pub cluster: Option<String>,
    /// True if the difference depends on timing, so that it does not occur in every run.
    #[serde(default)]
    pub sometimes: bool,
}

/// The ledger of known differences.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: Vec<(Entry, GlobMatcher, GlobMatcher)>,
}

/// The error of an invalid ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The text is not valid YAML.
    #[error("line {line}: {message}")]
    Yaml {
        /// The line of the mistake, from 1.
        line: usize,
        /// The parser's message.
        message: String,
    },
    /// The document is not a list of entries.
    #[error("read the entries")]
    Entries(#[source] serde_json::Error),
    /// A pattern is invalid.
    #[error("entry {id}")]
    Pattern {
        /// The entry.
        id: String,
        /// The reason.
        #[source]
        source: globset::Error,
    },
    /// An entry explains fields that must not differ.
    #[error("entry {id}: differences in {path} cannot be explained away")]
    Sacred {
        /// The entry.
        id: String,
        /// The path.
        path: String,
    },
    /// Two entries have the same id.
    #[error("two entries are called {id}")]
    Twice {
        /// The id.
        id: String,
    },
}

impl Ledger {
    /// Parses a list of entries.
    ///
    /// # Errors
    /// Returns a [`LedgerError`] for the first mistake.
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

    /// Returns the entries about two kinds of control plane.
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

    /// Returns the entry that explains a difference. For some fields no entry can, even with a matching pattern.
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

    /// Returns all entries.
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
