//! The fields of a mapping: known ones are handed out, unknown ones are reported.

use std::ops::RangeInclusive;
use std::time::Duration;

use crosscut_yaml::{Key, Kind, Node};

use super::{Reader, foreign};
use crate::diagnostic::Diagnostic;
use crate::model::Place;
use crate::nearest::suggestion;

/// The fields of one mapping.
pub(crate) struct Fields<'n> {
    node: &'n Node,
    place: Place,
    what: &'static str,
    has_unknown: bool,
}

impl<'n> Fields<'n> {
    /// The fields of `node`, which is `what` and may have the fields `known`.
    pub(crate) fn of(
        reader: &mut Reader<'_>,
        node: &'n Node,
        place: &Place,
        what: &'static str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let place = place.with_span(node.span);
        let Some(entries) = node.entries() else {
            reader.problem(wrong_type(node, &place, what, "a mapping"));
            return None;
        };
        for entry in entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.text.as_str()))
        {
            reader.problem(unknown(&entry.key, &place, what, known));
        }
        let has_unknown = entries
            .iter()
            .any(|entry| !known.contains(&entry.key.text.as_str()));
        Some(Fields {
            node,
            place,
            what,
            has_unknown,
        })
    }

    /// Returns true if there was an unknown field, which was reported. It may be what is missed elsewhere.
    pub(crate) fn has_unknown(&self) -> bool {
        self.has_unknown
    }

    /// Returns the place where the mapping is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The value of a field that may be missing.
    pub(crate) fn get(&self, field: &str) -> Option<&'n Node> {
        self.node.get(field)
    }

    /// The value of a field that must be there.
    pub(crate) fn required(&self, reader: &mut Reader<'_>, field: &str) -> Option<&'n Node> {
        let found = self.get(field);
        if found.is_none() {
            let message = format!("{} has no {field}", self.what);
            let problem = Diagnostic::error("suite::missing_field", message, self.place.clone());
            reader.problem(problem.with_help(format!("add {field}: to {}", self.what)));
        }
        found
    }

    /// A string that may be missing.
    pub(crate) fn string(&self, reader: &mut Reader<'_>, field: &'static str) -> Option<String> {
        string(reader, self.get(field)?, &self.place, field)
    }

    /// A string that must be there and not be empty.
    pub(crate) fn required_string(
        &self,
        reader: &mut Reader<'_>,
        field: &'static str,
    ) -> Option<String> {
        let node = self.required(reader, field)?;
        let text = string(reader, node, &self.place, field)?;
        if text.is_empty() {
            let place = self.place.with_span(node.span);
            let problem = Diagnostic::error("suite::empty", format!("{field} is empty"), place);
            reader.problem(problem.with_help(format!("{} needs a {field}", self.what)));
            return None;
        }
        Some(text)
    }

    /// A boolean that may be missing.
    pub(crate) fn boolean(&self, reader: &mut Reader<'_>, field: &'static str) -> Option<bool> {
        let node = self.get(field)?;
        match &node.kind {
            Kind::Bool(boolean) => Some(*boolean),
            _ => {
                reader.problem(wrong_type(node, &self.place, field, "true or false"));
                None
            }
        }
    }

    /// A whole number in a range, that may be missing.
    pub(crate) fn number(
        &self,
        reader: &mut Reader<'_>,
        field: &'static str,
        range: RangeInclusive<usize>,
    ) -> Option<usize> {
        let node = self.get(field)?;
        let number = match &node.kind {
            Kind::Number(number) => number.as_u64(),
            _ => None,
        };
        let number = number.and_then(|number| usize::try_from(number).ok());
        let found = number.filter(|number| range.contains(number));
        if found.is_none() {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            reader.problem(wrong_type(node, &self.place, field, &expected));
        }
        found
    }

    /// The items of a list that may be missing.
    pub(crate) fn list(&self, reader: &mut Reader<'_>, field: &'static str) -> &'n [Node] {
        let Some(node) = self.get(field) else {
            return &[];
        };
        node.items().unwrap_or_else(|| {
            reader.problem(wrong_type(node, &self.place, field, "a list"));
            &[]
        })
    }

    /// The items of a list that may be missing, but not be empty: `what` is the scenario's or step's that has none then.
    pub(crate) fn some(
        &self,
        reader: &mut Reader<'_>,
        field: &'static str,
        what: &str,
    ) -> &'n [Node] {
        let items = self.list(reader, field);
        if let Some(node) = self.get(field).filter(|node| node.items() == Some(&[])) {
            let message = format!("{} has no {what}, and so judges nothing", self.what);
            let problem =
                Diagnostic::error("suite::empty", message, self.place.with_span(node.span));
            reader.problem(problem.with_help(format!("write {what}s below {field}:")));
        }
        items
    }

    /// A list of strings that may be missing.
    pub(crate) fn strings(&self, reader: &mut Reader<'_>, field: &'static str) -> Vec<String> {
        let items = self.list(reader, field);
        items
            .iter()
            .filter_map(|item| string(reader, item, &self.place, field))
            .collect()
    }

    /// Reads the field `timeout`, a duration that is longer than nothing.
    pub(crate) fn timeout(&self, reader: &mut Reader<'_>) -> Option<Duration> {
        let timeout = self.duration(reader, "timeout")?;
        if timeout.is_zero() {
            let place = self
                .get("timeout")
                .map(|node| self.place.with_span(node.span));
            let message = "a timeout of 0s lets nothing be judged";
            let problem = Diagnostic::error(
                "suite::duration",
                message,
                place.unwrap_or_else(|| self.place.clone()),
            );
            reader.problem(problem.with_help("give a longer one, such as 30s, or leave it out"));
            return None;
        }
        Some(timeout)
    }

    /// A duration that may be missing.
    pub(crate) fn duration(
        &self,
        reader: &mut Reader<'_>,
        field: &'static str,
    ) -> Option<Duration> {
        duration(reader, self.get(field)?, &self.place, field)
    }

    /// One of some words; `None` if the field is missing or another word stands there.
    pub(crate) fn word<T: Copy>(
        &self,
        reader: &mut Reader<'_>,
        field: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let node = self.get(field)?;
        let text = string(reader, node, &self.place, field)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let message = format!("\"{text}\" is no {field}");
            let problem = Diagnostic::error(
                "suite::unknown_word",
                message,
                self.place.with_span(node.span),
            )
            .with_help(suggestion(&text, words.iter().map(|(word, _)| *word)));
            reader.problem(problem);
        }
        found
    }
}

/// A string, or a report that it is something else.
pub(crate) fn string(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    what: &str,
) -> Option<String> {
    if let Some(text) = node.as_str() {
        return Some(text.to_owned());
    }
    let mut problem = wrong_type(node, place, what, "a string");
    if matches!(node.kind, Kind::Bool(_) | Kind::Number(_)) {
        problem = problem.with_help(
            "YAML 1.1 reads y, n, yes, no, on, off and numbers as such; put it in quotes",
        );
    }
    reader.problem(problem);
    None
}

/// A duration such as `10s`, `1m30s` or `500ms`.
pub(crate) fn duration(
    reader: &mut Reader<'_>,
    node: &Node,
    place: &Place,
    what: &str,
) -> Option<Duration> {
    let parsed = node.as_str().and_then(parse_duration);
    if parsed.is_none() {
        let message = match node.as_str() {
            Some(text) => format!("\"{text}\" is no duration"),
            None => format!("{what} must be a duration, not {}", node.type_name()),
        };
        let problem = Diagnostic::error("suite::duration", message, place.with_span(node.span))
            .with_help("write it as 500ms, 10s, 1m30s or 2h");
        reader.problem(problem);
    }
    parsed
}

/// A report that `node` is of another type than expected.
pub(crate) fn wrong_type(node: &Node, place: &Place, what: &str, expected: &str) -> Diagnostic {
    let message = format!("{what} must be {expected}, not {}", node.type_name());
    let problem = Diagnostic::error("suite::wrong_type", message, place.with_span(node.span));
    problem.with_help(match (&node.kind, expected) {
        (Kind::Null, _) => "write the value after the colon, or remove the field".to_owned(),
        (_, "a mapping") => {
            "write its fields as \"name: value\", one a line, indented below it".to_owned()
        }
        (_, "a list") => "write each item on a line of its own, after \"- \"".to_owned(),
        (_, "true or false") => "write true or false, without quotes".to_owned(),
        _ => format!("write {expected}"),
    })
}

fn unknown(key: &Key, place: &Place, what: &str, known: &[&str]) -> Diagnostic {
    let message = format!("{what} has no field \"{}\"", key.text);
    let help = if key.text == "true" && known.contains(&"on") {
        "YAML 1.1 reads on as true: write \"on\", in quotes".to_owned()
    } else {
        foreign::help(what, &key.text)
            .unwrap_or_else(|| suggestion(&key.text, known.iter().copied()))
    };
    Diagnostic::error("suite::unknown_field", message, place.with_span(key.span))
        .with_help(help)
        .with_label("unknown field")
}

/// Reads a duration as documents write it, such as `500ms`, `10s` or `1m30s`; nothing if it is none.
///
/// ```
/// use std::time::Duration;
///
/// use crosscut_suite::parse_duration;
///
/// assert_eq!(parse_duration("1m30s"), Some(Duration::from_secs(90)));
/// assert_eq!(parse_duration("soon"), None);
/// ```
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let part = match &rest[..unit] {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "h" => Duration::from_secs(number.checked_mul(3600)?),
            _ => return None,
        };
        total = total.checked_add(part)?;
        rest = &rest[unit..];
    }
    (!text.is_empty()).then_some(total)
}

/// Returns the place where a field's value is.
pub(super) fn place_of(fields: &Fields<'_>, field: &str) -> Place {
    fields.get(field).map_or(fields.place().clone(), |node| {
        fields.place().with_span(node.span)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::parse_duration;

    #[rstest]
    #[case("10s", Some(10_000))]
    #[case("1m30s", Some(90_000))]
    #[case("500ms", Some(500))]
    #[case("2h", Some(7_200_000))]
    #[case("", None)]
    #[case("10", None)]
    #[case("s", None)]
    #[case("-1s", None)]
    #[case("99999999999999999999s", None)]
    fn durations(#[case] text: &str, #[case] milliseconds: Option<u64>) {
        assert_eq!(
            parse_duration(text),
            milliseconds.map(Duration::from_millis)
        );
    }
}
