//! `allOf`, `anyOf`, `oneOf` and `not`.

use serde_json::Value;

use super::of_schema;
use crate::field_error::{FieldError, NO_FIELD};
use crate::node::{Logic, Node};

pub(super) fn check(logic: &Logic, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    any_of(&logic.any_of, value, path, errors);
    one_of(&logic.one_of, value, path, errors);
    all_of(&logic.all_of, value, path, errors);
    if let Some(not) = &logic.not
        && of_schema(not, value, None, path).is_empty()
    {
        errors.push(whole(format!(
            "\"{path}\" must not validate the schema (not)"
        )));
    }
}

fn any_of(branches: &[Node], value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let failures = failures(branches, value, path);
    if failures.is_empty() || failures.len() < branches.len() {
        return;
    }
    errors.push(whole(format!(
        "\"{path}\" must validate at least one schema (anyOf)"
    )));
    errors.extend(nearest(failures));
}

fn one_of(branches: &[Node], value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if branches.is_empty() {
        return;
    }
    let failures = failures(branches, value, path);
    let valid = branches.len() - failures.len();
    if valid == 1 {
        return;
    }
    let found = match valid {
        0 => "Found none valid".to_owned(),
        more => format!("Found {more} valid alternatives"),
    };
    errors.push(whole(format!(
        "\"{path}\" must validate one and only one schema (oneOf). {found}"
    )));
    if valid == 0 {
        errors.extend(nearest(failures));
    }
}

fn all_of(branches: &[Node], value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let failures = failures(branches, value, path);
    if failures.is_empty() {
        return;
    }
    let none = if failures.len() == branches.len() {
        ". None validated"
    } else {
        ""
    };
    errors.extend(failures.into_iter().flatten());
    errors.push(whole(format!(
        "\"{path}\" must validate all the schemas (allOf){none}"
    )));
}

/// Returns the errors of each branch that does not match.
fn failures(branches: &[Node], value: &Value, path: &str) -> Vec<Vec<FieldError>> {
    let each = branches
        .iter()
        .map(|branch| of_schema(branch, value, None, path));
    each.filter(|errors| !errors.is_empty()).collect()
}

/// Returns the errors of the branch with the fewest errors, the first of several.
fn nearest(failures: Vec<Vec<FieldError>>) -> Vec<FieldError> {
    failures
        .into_iter()
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

fn whole(detail: String) -> FieldError {
    FieldError::invalid(NO_FIELD, "", detail)
}
