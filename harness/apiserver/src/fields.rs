//! Constructors for the errors of fields.

use crosscut_schema::{FieldError, FieldErrorKind};
use serde_json::Value;

pub(crate) fn error(
    field: &str,
    kind: FieldErrorKind,
    value: Option<Value>,
    detail: impl Into<String>,
) -> FieldError {
    FieldError {
        field: field.to_owned(),
        kind,
        value,
        detail: detail.into(),
    }
}

pub(crate) fn required(field: &str, detail: &str) -> FieldError {
    error(field, FieldErrorKind::Required, None, detail)
}

pub(crate) fn invalid(
    field: &str,
    value: impl Into<Value>,
    detail: impl Into<String>,
) -> FieldError {
    error(field, FieldErrorKind::Invalid, Some(value.into()), detail)
}

pub(crate) fn forbidden(field: &str, detail: impl Into<String>) -> FieldError {
    error(field, FieldErrorKind::Forbidden, None, detail)
}

pub(crate) fn not_supported(field: &str, value: Value, known: &[&str]) -> FieldError {
    let known: Vec<String> = known.iter().map(|known| format!("\"{known}\"")).collect();
    let detail = format!("supported values: {}", known.join(", "));
    error(field, FieldErrorKind::NotSupported, Some(value), detail)
}
