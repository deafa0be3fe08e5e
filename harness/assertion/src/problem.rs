//! The problems of documents.

use crosscut_yaml::Span;

/// The code of unsupported features.
pub(crate) const UNSUPPORTED: &str = "template::unsupported";

/// One problem of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A code in path form.
    pub code: &'static str,
    /// The message, as a sentence fragment.
    pub message: String,
    /// The place in the document.
    pub span: Span,
    /// A hint how to solve the problem, if there is one.
    pub help: Option<String>,
    /// The exact place in an expression that does not parse.
    pub mark: Option<Mark>,
}

/// A place in an expression. Its place in the document depends on the quotes of the string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The expression as it was parsed.
    pub expression: String,
    /// The place, in bytes from the start of the expression.
    pub offset: usize,
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, span: Span) -> Problem {
        Problem {
            code,
            message: message.into(),
            span,
            help: None,
            mark: None,
        }
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Problem {
        Problem {
            help: Some(help.into()),
            ..self
        }
    }

    pub(crate) fn with_mark(self, expression: &str, offset: usize) -> Problem {
        Problem {
            mark: Some(Mark {
                expression: expression.to_owned(),
                offset,
            }),
            ..self
        }
    }

    /// Returns true if the document is valid but needs an unsupported feature, so that it cannot be evaluated.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.code == UNSUPPORTED
    }
}
