//! Label and field selectors.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::query::Labels;
use crate::served::Served;
use crate::status::{self, Status};

/// The label selector and the field selector of a list or a watch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

#[derive(Clone, Debug)]
struct Field {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// Returns both selectors in one. The kind says which fields can be selected by.
    pub(crate) fn new(labels: &Labels, fields: &str, served: &Served) -> Result<Self, Status> {
        let labels = match labels {
            Labels::Text(text) => labels_of(text),
            Labels::Equal(labels) => equal(labels),
        };
        let labels = labels
            .map_err(|why| status::bad_request(format!("unable to parse requirement: {why}")))?;
        let fields = fields_of(fields).map_err(status::bad_request)?;
        for field in &fields {
            check(&field.path, served)?;
        }
        Ok(Self { labels, fields })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Returns true if the object, in the requested version, is selected.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels
            .iter()
            .all(|requirement| requirement.holds(labels[&requirement.key].as_str()))
            && self.fields.iter().all(|field| field.holds(object))
    }
}

impl Requirement {
    fn holds(&self, label: Option<&str>) -> bool {
        let is_in =
            |values: &[String]| label.is_some_and(|label| values.iter().any(|v| v == label));
        let number = || label.and_then(|label| label.parse::<i64>().ok());
        match &self.test {
            Test::In(values) => is_in(values),
            Test::NotIn(values) => !is_in(values),
            Test::Exists => label.is_some(),
            Test::Absent => label.is_none(),
            Test::Greater(than) => number().is_some_and(|number| number > *than),
            Test::Less(than) => number().is_some_and(|number| number < *than),
        }
    }
}

impl Field {
    fn holds(&self, object: &Value) -> bool {
        let mut value = object;
        for step in self.path.split('.') {
            value = &value[step];
        }
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (text == self.value) == self.equal
    }
}

fn check(path: &str, served: &Served) -> Result<(), Status> {
    let known = match (path, served.built_in(), served.custom()) {
        ("metadata.name" | "metadata.namespace", ..) => true,
        (_, Some(builtin), _) => builtin.selectable.contains(&path),
        (_, _, Some(custom)) => custom.selectable.iter().any(|field| field == path),
        _ => false,
    };
    if known {
        return Ok(());
    }
    Err(status::bad_request(format!(
        "field label not supported: {path}"
    )))
}

/// Parses a field selector: `a=b`, `a==b` or `a!=b`, separated by commas.
fn fields_of(text: &str) -> Result<Vec<Field>, String> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (path, value, equal) = if let Some((path, value)) = part.split_once("!=") {
                (path, value, false)
            } else if let Some((path, value)) = part.split_once("==") {
                (path, value, true)
            } else if let Some((path, value)) = part.split_once('=') {
                (path, value, true)
            } else {
                return Err(format!(
                    "invalid selector: '{text}'; can't understand '{part}'"
                ));
            };
            Ok(Field {
                path: path.to_owned(),
                value: value.replace('\\', ""),
                equal,
            })
        })
        .collect()
}

/// Parses a label selector, which compares labels or tests them for membership of a set.
fn labels_of(text: &str) -> Result<Vec<Requirement>, String> {
    let mut words = Words(text);
    let mut requirements = Vec::new();
    if text.trim().is_empty() {
        return Ok(requirements);
    }
    loop {
        requirements.push(requirement(&mut words)?);
        match words.next() {
            "" => return Ok(requirements),
            "," => {}
            other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
        }
    }
}

/// Returns the requirements of labels with given values.
fn equal(labels: &BTreeMap<String, String>) -> Result<Vec<Requirement>, String> {
    let plain = |text: &String| !text.contains(is_no_word);
    if !labels
        .iter()
        .all(|(key, value)| !key.is_empty() && plain(key) && plain(value))
    {
        // Not a label that an object can have: refused as a selector is.
        let terms: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        return labels_of(&terms.join(","));
    }
    let requirement = |(key, value): (&String, &String)| Requirement {
        key: key.clone(),
        test: Test::In(vec![value.clone()]),
    };
    Ok(labels.iter().map(requirement).collect())
}

fn requirement(words: &mut Words<'_>) -> Result<Requirement, String> {
    let mut key = words.next();
    let absent = key == "!";
    if absent {
        key = words.next();
    }
    if key.is_empty() || SIGNS.contains(&key) {
        return Err(format!(
            "found '{key}', expected: !, identifier, or 'end of string'"
        ));
    }
    let test = if absent { Test::Absent } else { test(words)? };
    Ok(Requirement {
        key: key.to_owned(),
        test,
    })
}

fn test(words: &mut Words<'_>) -> Result<Test, String> {
    if matches!(words.peek(), "" | ",") {
        return Ok(Test::Exists);
    }
    match words.next() {
        "=" | "==" => Ok(Test::In(vec![value(words)])),
        "!=" => Ok(Test::NotIn(vec![value(words)])),
        "in" => Ok(Test::In(set(words)?)),
        "notin" => Ok(Test::NotIn(set(words)?)),
        ">" | "gt" => Ok(Test::Greater(number(&value(words))?)),
        "<" | "lt" => Ok(Test::Less(number(&value(words))?)),
        other => Err(format!(
            "found '{other}', expected: in, notin, =, ==, !=, gt, lt"
        )),
    }
}

/// Parses a value, which may be empty, as in `a=`.
fn value(words: &mut Words<'_>) -> String {
    if matches!(words.peek(), "" | ",") {
        return String::new();
    }
    words.next().to_owned()
}

fn set(words: &mut Words<'_>) -> Result<Vec<String>, String> {
    let open = words.next();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    let mut values = vec![String::new()];
    loop {
        match words.next() {
            ")" => return Ok(values),
            "," => values.push(String::new()),
            "" => return Err("found '', expected: ',' or ')'".to_owned()),
            word => {
                if let Some(last) = values.last_mut() {
                    word.clone_into(last);
                }
            }
        }
    }
}

fn number(text: &str) -> Result<i64, String> {
    text.parse()
        .map_err(|_| format!("for 'Gt', 'Lt' operators, the value must be an integer, got {text}"))
}

const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

/// Returns true if a letter ends a word of a selector.
fn is_no_word(letter: char) -> bool {
    letter.is_whitespace() || "=!(),<>".contains(letter)
}

/// The words of a selector; the empty word is the end.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn next(&mut self) -> &'a str {
        let rest = self.0.trim_start();
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        let length = sign.map_or_else(
            || rest.find(is_no_word).unwrap_or(rest.len()),
            |sign| sign.len(),
        );
        let (word, rest) = rest.split_at(length);
        self.0 = rest;
        word
    }

    fn peek(&self) -> &'a str {
        Words(self.0).next()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use std::collections::BTreeMap;

    use super::{Selector, equal, fields_of, labels_of};

    // Source: the forms in the Kubernetes documentation, "Labels and Selectors".
    #[rstest]
    #[case::equal("a=b", true)]
    #[case::double("a==b", true)]
    #[case::differs("a!=b", false)]
    #[case::differs_absent("x!=b", true)]
    #[case::set("a in (c, b)", true)]
    #[case::not_in_set("a notin (c,b)", false)]
    #[case::exists("a", true)]
    #[case::absent("!a", false)]
    #[case::absent_holds("!x", true)]
    #[case::both("a=b,n", true)]
    #[case::one_of_two("a=b,x", false)]
    #[case::greater("n>4", true)]
    #[case::less("n<4", false)]
    #[case::empty_value("e=", true)]
    #[case::in_keyword_as_value("k=in", true)]
    fn labels(#[case] text: &str, #[case] expected: bool) {
        let object = json!({"metadata": {"labels": {"a": "b", "n": "5", "e": "", "k": "in"}}});
        let selector = Selector {
            labels: labels_of(text).unwrap(),
            fields: Vec::new(),
        };
        assert_eq!(selector.matches(&object), expected);
    }

    #[rstest]
    #[case::name("metadata.name=x", true)]
    #[case::not_name("metadata.name!=x", false)]
    #[case::absent_is_empty("spec.none==", true)]
    fn fields(#[case] text: &str, #[case] expected: bool) {
        let selector = Selector {
            labels: Vec::new(),
            fields: fields_of(text).unwrap(),
        };
        assert_eq!(
            selector.matches(&json!({"metadata": {"name": "x"}})),
            expected
        );
    }

    #[rstest]
    #[case::plain("a", "b")]
    #[case::empty("a", "")]
    #[case::keyword("in", "in")]
    #[case::two_words("a", "b c")]
    #[case::no_key("", "b")]
    #[case::sign("a", "b=c")]
    fn given_labels_are_as_their_text(#[case] key: &str, #[case] value: &str) {
        let labels = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let (typed, text) = (equal(&labels), labels_of(&format!("{key}={value}")));
        assert_eq!(format!("{typed:?}"), format!("{text:?}"));
    }

    // By value from kube-apiserver 1.34.
    #[test]
    fn what_is_no_operator_is_named() {
        assert_eq!(
            labels_of("a b").unwrap_err(),
            "found 'b', expected: in, notin, =, ==, !=, gt, lt"
        );
    }
}
