//! Warnings: what is allowed but probably not meant.

mod fields;
mod halves;
mod kinds;
mod names;
mod programs;
mod schemas;
mod unread;

pub(crate) use fields::unknown as unknown_fields;
pub(crate) use kinds::{for_each_use, is_of_crossplane};

use crate::diagnostic::Diagnostic;
use crate::model::Suite;
use crate::read::Reader;

/// Returns everything suspicious about a suite that was read without mistakes.
pub(crate) fn lint(suite: &Suite, reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut warnings = kinds::undefined(suite);
    warnings.extend(halves::unclosed(suite));
    warnings.extend(names::only(suite));
    warnings.extend(programs::missing(suite, reader));
    warnings.extend(unread::unread(suite, reader));
    warnings
}
