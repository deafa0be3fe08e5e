//! Semantic versions and their ranges, as blang/semver 4 reads them, which kyverno-json uses.

use std::cmp::Ordering;

use semver::Version;
use serde_json::json;

use super::arguments::Call;
use super::{Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[function("semver_compare", 2, 2, compare)];

/// Longer operators come before the ones that they begin with.
const OPERATORS: [(&str, Test); 9] = [
    (">=", Test::AtLeast),
    ("<=", Test::AtMost),
    ("==", Test::Is),
    ("!=", Test::IsNot),
    (">", Test::Above),
    ("<", Test::Below),
    ("=", Test::Is),
    ("!", Test::IsNot),
    ("", Test::Is),
];

#[derive(Clone, Copy)]
enum Test {
    Is,
    IsNot,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Returns true if a version is in a range: `>=1.2.0 <2.0.0 || 3.x`.
fn compare(call: &Call<'_>) -> Outcome {
    let version = Version::parse(call.string(0)?)
        .map_err(|error| call.invalid(format!("the version: {error}")))?;
    let mut found = false;
    for alternative in call.string(1)?.split("||") {
        let conditions = conditions(alternative).map_err(|reason| call.invalid(reason))?;
        found |= conditions.iter().all(|condition| condition.holds(&version));
    }
    Ok(json!(found))
}

/// A version, or all from one up to, and without, another.
struct Condition {
    test: Test,
    from: Version,
    /// `None` for a single version.
    to: Option<Version>,
}

impl Condition {
    /// `1.2.x` is a range: above it is what is not below its end, and so on.
    fn holds(&self, version: &Version) -> bool {
        let from = version.cmp_precedence(&self.from);
        let Some(to) = &self.to else {
            return match self.test {
                Test::Is => from == Ordering::Equal,
                Test::IsNot => from != Ordering::Equal,
                Test::Above => from == Ordering::Greater,
                Test::AtLeast => from != Ordering::Less,
                Test::Below => from == Ordering::Less,
                Test::AtMost => from != Ordering::Greater,
            };
        };
        let (below, within) = (
            from == Ordering::Less,
            version.cmp_precedence(to) == Ordering::Less,
        );
        match self.test {
            Test::Is => !below && within,
            Test::IsNot => below || !within,
            Test::Above => !within,
            Test::AtLeast => !below,
            Test::Below => below,
            Test::AtMost => within,
        }
    }
}

/// The conditions of one alternative, all of which must hold.
fn conditions(text: &str) -> Result<Vec<Condition>, String> {
    let mut conditions = Vec::new();
    let mut operator = String::new();
    for word in text.split_whitespace() {
        operator.push_str(word);
        // An operator may stand apart from its version.
        if word.contains(|letter: char| letter.is_ascii_digit()) {
            conditions.push(condition(&operator)?);
            operator.clear();
        }
    }
    if !operator.is_empty() || conditions.is_empty() {
        return Err(format!("the range {:?} has no version", text.trim()));
    }
    Ok(conditions)
}

fn condition(text: &str) -> Result<Condition, String> {
    let written = OPERATORS
        .iter()
        .find_map(|(operator, test)| Some((*test, text.strip_prefix(operator)?)));
    let (test, version) = written.unwrap_or((Test::Is, text));
    let single = |text: &str| {
        Version::parse(text).map_err(|error| format!("the version {text:?} of the range: {error}"))
    };
    let parts: Vec<&str> = version.split('.').collect();
    let (from, to) = match parts.as_slice() {
        [major, "x"] | [major, "x", "x"] => (single(&format!("{major}.0.0"))?, Some(0)),
        [major, minor, "x"] => (single(&format!("{major}.{minor}.0"))?, Some(1)),
        _ => (single(version)?, None),
    };
    let end = |part| match part {
        0 => Version::new(from.major.saturating_add(1), 0, 0),
        _ => Version::new(from.major, from.minor.saturating_add(1), 0),
    };
    let to = to.map(end);
    Ok(Condition { test, from, to })
}
