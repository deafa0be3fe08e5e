//! The warnings of API servers for granted writes, and the warnings that a scenario expects.

use crosscut_events::{Failure, Mismatch};
use crosscut_expr::Scope;
use crosscut_suite::model::{Place, Warnings};
use serde_json::json;

use crate::scope::evaluate;
use crate::stop::{Stop, location};

/// The evaluated texts of expected warnings.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    texts: Vec<String>,
    place: &'a Place,
}

/// Evaluates the texts that warnings must contain.
///
/// # Errors
/// [`Stop`] for a template that cannot be evaluated, and for a value that is not a string or is
/// empty.
pub(super) fn expected<'a>(warnings: &'a Warnings, scope: &Scope) -> Result<Expected<'a>, Stop> {
    let place = &warnings.place;
    let texts = warnings.texts.iter().map(|node| {
        let value = evaluate(node, place, scope)?;
        match value.as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => {
                let message = format!("a warning must be a text that is not empty, and is {value}");
                let mut failure = Failure::new("warnings::text", message);
                failure.location = Some(location(&place.with_span(node.span)));
                Err(Stop::failed(failure))
            }
        }
    });
    Ok(Expected {
        texts: texts.collect::<Result<_, _>>()?,
        place,
    })
}

impl Expected<'_> {
    /// Checks that each text is in one of the warnings; without texts, that there is no warning.
    ///
    /// # Errors
    /// [`Stop`] with all warnings.
    pub(super) fn check(&self, warned: &[String]) -> Result<(), Stop> {
        let missing = self
            .texts
            .iter()
            .filter(|text| !warned.iter().any(|warning| warning.contains(*text)));
        let mismatches: Vec<Mismatch> = missing.map(|text| mismatch(text, warned)).collect();
        let is_silent = self.texts.is_empty() && !warned.is_empty();
        if mismatches.is_empty() && !is_silent {
            return Ok(());
        }
        let message = match (is_silent, warned) {
            (true, _) => format!("the API server warns, but must not: {}", warned.join("; ")),
            (false, []) => "the API server warns of nothing".to_owned(),
            (false, _) => format!("the API server warns otherwise: {}", warned.join("; ")),
        };
        let mut failure = Failure::new("warnings::otherwise", message);
        failure.location = Some(location(self.place));
        failure.mismatches = mismatches;
        Err(Stop::failed(failure))
    }
}

fn mismatch(text: &str, warned: &[String]) -> Mismatch {
    Mismatch {
        path: "warnings".to_owned(),
        location: None,
        message: "no warning contains the text".to_owned(),
        expected: json!(text),
        actual: Some(json!(warned)),
    }
}
