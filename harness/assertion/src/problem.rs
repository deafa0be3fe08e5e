//! What is wrong with a document.

use crosscut_yaml::Span;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A code in path form.
    pub code: &'static str,
    /// What is wrong, as a sentence fragment.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do, where there is something to say.
    pub help: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, span: Span) -> Problem {
        Problem {
            code,
            message: message.into(),
            span,
            help: None,
        }
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Problem {
        Problem {
            help: Some(help.into()),
            ..self
        }
    }
}
