//! Sets of field paths, and their FieldsV1 form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::element::{Element, Unreadable};
use crate::types::Type;

/// A set of paths: those that end here, and those that go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    members: BTreeSet<Element>,
    children: BTreeMap<Element, FieldSet>,
}

impl FieldSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    /// Adds a path; the empty path is no member of any set.
    pub(crate) fn insert(&mut self, path: &[Element]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    pub(crate) fn has(&self, element: &Element) -> bool {
        self.members.contains(element)
    }

    /// The steps that paths go on below.
    pub(crate) fn children(&self) -> impl Iterator<Item = (&Element, &FieldSet)> {
        self.children.iter()
    }

    /// The first steps of all paths.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.members.iter().chain(self.children.keys())
    }

    /// The paths below a step.
    pub(crate) fn below(&self, element: &Element) -> Option<&FieldSet> {
        self.children.get(element)
    }

    pub(crate) fn union(&self, other: &FieldSet) -> FieldSet {
        let mut result = self.clone();
        result.members.extend(other.members.iter().cloned());
        for (element, theirs) in &other.children {
            let ours = result.children.entry(element.clone()).or_default();
            *ours = ours.union(theirs);
        }
        result
    }

    /// The paths of this set that the other does not hold; only whole paths count.
    pub(crate) fn difference(&self, other: &FieldSet) -> FieldSet {
        let below = |(element, ours): (&Element, &FieldSet)| {
            let rest = match other.children.get(element) {
                Some(theirs) => ours.difference(theirs),
                None => ours.clone(),
            };
            (!rest.is_empty()).then(|| (element.clone(), rest))
        };
        FieldSet {
            members: self.members.difference(&other.members).cloned().collect(),
            children: self.children.iter().filter_map(below).collect(),
        }
    }

    pub(crate) fn intersection(&self, other: &FieldSet) -> FieldSet {
        let below = |(element, ours): (&Element, &FieldSet)| {
            let both = ours.intersection(other.children.get(element)?);
            (!both.is_empty()).then(|| (element.clone(), both))
        };
        FieldSet {
            members: self.members.intersection(&other.members).cloned().collect(),
            children: self.children.iter().filter_map(below).collect(),
        }
    }

    /// Without the paths of another set and everything below them.
    pub(crate) fn recursive_difference(&self, other: &FieldSet) -> FieldSet {
        let below = |(element, ours): (&Element, &FieldSet)| {
            if other.has(element) {
                return None;
            }
            let rest = match other.children.get(element) {
                Some(theirs) => ours.recursive_difference(theirs),
                None => ours.clone(),
            };
            (!rest.is_empty()).then(|| (element.clone(), rest))
        };
        FieldSet {
            members: self.members.difference(&other.members).cloned().collect(),
            children: self.children.iter().filter_map(below).collect(),
        }
    }

    /// Without everything at or below the given top-level fields.
    pub(crate) fn without_fields(&self, fields: &[&str]) -> FieldSet {
        let mut without = FieldSet::default();
        for field in fields {
            without.insert(&[Element::field(*field)]);
        }
        self.recursive_difference(&without)
    }

    /// With every declared field on the way to a path as a member too, so that a parent goes with its last child.
    pub(crate) fn with_declared_parents(&self, kind: &Type) -> FieldSet {
        let mut members = self.members.clone();
        let declared = self
            .children
            .keys()
            .filter(|element| matches!(element, Element::Field(name) if kind.declares(name)));
        members.extend(declared.cloned());
        let children = self.children.iter().map(|(element, set)| {
            (
                element.clone(),
                set.with_declared_parents(&kind.below(element)),
            )
        });
        FieldSet {
            members,
            children: children.collect(),
        }
    }

    /// Every path as text, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(&mut String::new(), &mut found);
        found
    }

    fn collect(&self, prefix: &mut String, found: &mut Vec<String>) {
        found.extend(self.members.iter().map(|one| format!("{prefix}{one}")));
        for (element, set) in &self.children {
            let length = prefix.len();
            prefix.push_str(&element.to_string());
            set.collect(prefix, found);
            prefix.truncate(length);
        }
    }

    /// The set as FieldsV1.
    pub(crate) fn encode(&self) -> Value {
        let mut fields = Map::new();
        for element in &self.members {
            fields.insert(element.encode(), Value::Object(Map::new()));
        }
        for (element, set) in &self.children {
            let mut below = set.encode();
            if self.members.contains(element)
                && let Some(below) = below.as_object_mut()
            {
                below.insert(".".to_owned(), Value::Object(Map::new()));
            }
            fields.insert(element.encode(), below);
        }
        Value::Object(fields)
    }

    /// The reverse of [`FieldSet::encode`]; steps that only later versions know are left out.
    ///
    /// # Errors
    /// [`Unreadable`] where a step has not the form of one.
    pub(crate) fn decode(fields: &Value) -> Result<FieldSet, Unreadable> {
        let mut set = FieldSet::default();
        for (step, below) in fields.as_object().ok_or(Unreadable)? {
            if step == "." {
                continue;
            }
            let children = FieldSet::decode(below)?;
            let Some(element) = Element::decode(step)? else {
                continue;
            };
            if children.is_empty() || below.get(".").is_some() {
                set.members.insert(element.clone());
            }
            if !children.is_empty() {
                set.children.insert(element, children);
            }
        }
        Ok(set)
    }
}
