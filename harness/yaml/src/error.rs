//! The mistakes of texts.

use crate::Span;

/// One mistake in a text. A text can have several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// A stable code: `yaml::syntax`, `yaml::duplicate_key`, `yaml::limit`, `yaml::alias`,
    /// `yaml::merge` or `yaml::tag`.
    pub code: &'static str,
    /// The mistake as a sentence fragment.
    pub message: String,
    /// The place in the text.
    pub span: Span,
    /// A hint how to correct the mistake.
    pub help: Option<String>,
}

impl SyntaxError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, span: Span) -> SyntaxError {
        SyntaxError {
            code,
            message: message.into(),
            span,
            help: None,
        }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> SyntaxError {
        self.help = Some(help.into());
        self
    }
}
