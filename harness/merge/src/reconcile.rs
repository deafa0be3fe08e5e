//! Fitting a set of fields to a type that has changed since: what became atomic is owned as a whole.

use crate::element::Element;
use crate::field_set::FieldSet;
use crate::types::Type;

/// The set as it is with the type of today. What became granular stays as it was.
pub(crate) fn reconciled(set: &FieldSet, kind: &Type) -> FieldSet {
    let mut whole = FieldSet::default();
    walk(set, kind, &mut Vec::new(), &mut whole);
    set.recursive_difference(&whole).union(&whole)
}

fn walk(set: &FieldSet, kind: &Type, path: &mut Vec<Element>, whole: &mut FieldSet) {
    if became_atomic(kind) {
        whole.insert(path);
        return;
    }
    for (element, below) in set.children() {
        let Some(kind) = known(kind, element) else {
            continue;
        };
        path.push(element.clone());
        walk(below, &kind, path, whole);
        path.pop();
    }
}

/// Returns true if a value of this type, of which parts are owned, is replaced as a whole today.
fn became_atomic(kind: &Type) -> bool {
    match (kind.fields(), kind.items()) {
        (Some(fields), _) => fields.atomic && !fields.are_deduced(),
        (None, Some(_)) => kind.keyed_items().is_none(),
        (None, None) => false,
    }
}

/// The type below a step; nothing if the type of today says nothing about it.
fn known(kind: &Type, element: &Element) -> Option<Type> {
    match (kind.fields(), element) {
        (Some(fields), _) if fields.are_deduced() => None,
        (Some(_), Element::Field(name)) => kind.field(name),
        (Some(_), _) => None,
        (None, _) => kind.items().and_then(|items| items.of.clone()),
    }
}
