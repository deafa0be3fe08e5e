//! Whether a value has its type, in structured-merge-diff's words.

use serde_json::{Map, Value};

use crate::element::Element;
use crate::fields::item_element;
use crate::go_text::{plain, syntax, type_name};
use crate::types::{Items, Relation, Scalar, Shape, Sort, Type};

/// What may be there more than once in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// Items of live objects.
    Allowed,
    /// Nothing of what is applied.
    Refused,
}

/// Checks that a value has its type.
///
/// # Errors
/// Everything that keeps it from that, as one text.
pub(crate) fn validate(value: &Value, kind: &Type, duplicates: Duplicates) -> Result<(), String> {
    let mut check = Check {
        duplicates,
        mistakes: Vec::new(),
    };
    check.value(value, kind);
    let mistakes = check.mistakes.iter().map(Mistake::text);
    match mistakes.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        [mistake] => Err(mistake.clone()),
        mistakes => Err(format!("errors:\n  {}", mistakes.join("\n  "))),
    }
}

struct Check {
    duplicates: Duplicates,
    mistakes: Vec<Mistake>,
}

struct Mistake {
    /// From the value that is being checked to the one with the mistake.
    path: String,
    what: String,
}

impl Mistake {
    fn text(&self) -> String {
        match self.path.as_str() {
            "" => self.what.clone(),
            path => format!("{path}: {}", self.what),
        }
    }
}

impl Check {
    fn value(&mut self, value: &Value, kind: &Type) {
        if value.is_null() || kind.is_deduced() {
            return;
        }
        match (kind.sort(value), value) {
            (Sort::Map, Value::Object(map)) => self.map(map, kind),
            (Sort::Map, _) => self.mistake(format_args!("expected map, got &{{{}}}", plain(value))),
            (Sort::List, Value::Array(list)) => self.list(list, kind),
            (Sort::List, _) => {
                self.mistake(format_args!("expected list, got &{{{}}}", plain(value)));
            }
            (Sort::Scalar, _) => self.scalar(value, kind),
        }
    }

    /// A field that may not be there ends the check of its map, as it does in the original.
    fn map(&mut self, map: &Map<String, Value>, kind: &Type) {
        for (name, value) in map {
            let declared = kind.field(name);
            let step = || Element::field(name).to_string();
            self.below(step, |check| match &declared {
                Some(below) => check.value(value, below),
                None => check.mistake(format_args!("field not declared in schema")),
            });
            if declared.is_none() {
                return;
            }
        }
    }

    fn list(&mut self, list: &[Value], kind: &Type) {
        let Some(items) = kind.items() else { return };
        let mut seen = Vec::new();
        for (index, item) in list.iter().enumerate() {
            let Some(element) = self.element(index, item, items) else {
                return;
            };
            if seen.contains(&element) && self.duplicates == Duplicates::Refused {
                self.mistake(format_args!("duplicate entries for key {element}"));
            }
            if let Some(of) = &items.of {
                self.below(|| element.to_string(), |check| check.value(item, of));
            }
            seen.push(element);
        }
    }

    /// The step to an item; nothing, and a mistake, if there is none.
    fn element(&mut self, index: usize, item: &Value, items: &Items) -> Option<Element> {
        if matches!(items.relation, Relation::Atomic) {
            return Some(Element::Index(i64::try_from(index).unwrap_or(i64::MAX)));
        }
        match item_element(item, items) {
            Ok(element) => Some(element),
            Err(why) => {
                self.mistake(format_args!("element {index}: {why}"));
                None
            }
        }
    }

    fn scalar(&mut self, value: &Value, kind: &Type) {
        let Shape::Scalar(scalar) = &*kind.0 else {
            return;
        };
        match scalar {
            Scalar::Any if !value.is_object() && !value.is_array() => {}
            Scalar::String if value.is_string() => {}
            Scalar::Number if value.is_number() => {}
            Scalar::Boolean if value.is_boolean() => {}
            Scalar::Any => {
                self.mistake(format_args!(
                    "expected any scalar, got &{{{}}}",
                    plain(value)
                ));
            }
            Scalar::String => {
                let found = syntax(value);
                self.mistake(format_args!(
                    "expected string, got &value.valueUnstructured{{Value:{found}}}"
                ));
            }
            Scalar::Number => {
                let found = type_name(value);
                self.mistake(format_args!("expected numeric (int or float), got {found}"));
            }
            Scalar::Boolean => {
                self.mistake(format_args!("expected boolean, got &{{{}}}", plain(value)));
            }
        }
    }

    /// Checks a part; only where something is wrong the step to it is told.
    fn below(&mut self, step: impl FnOnce() -> String, check: impl FnOnce(&mut Check)) {
        let before = self.mistakes.len();
        check(self);
        let found = self.mistakes.get_mut(before..).unwrap_or_default();
        if !found.is_empty() {
            let step = step();
            found
                .iter_mut()
                .for_each(|mistake| mistake.path.insert_str(0, &step));
        }
    }

    fn mistake(&mut self, what: std::fmt::Arguments<'_>) {
        self.mistakes.push(Mistake {
            path: String::new(),
            what: what.to_string(),
        });
    }
}
