//! What is wrong with a document.

use crosscut_yaml::Span;

/// The code of what is not here.
pub(crate) const UNSUPPORTED: &str = "template::unsupported";

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
    /// For an expression that does not parse: the exact place in it.
    pub mark: Option<Mark>,
}

/// A place in an expression. Where that is in the document depends on how the string is quoted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The expression as it was parsed.
    pub expression: String,
    /// Where, in bytes into the expression.
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

    /// Returns true if the document is right, but asks for what is not here: nothing can be judged.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.code == UNSUPPORTED
    }
}
