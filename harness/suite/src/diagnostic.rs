//! What is wrong with a document, with the line that it is about.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crosscut_yaml::Span;
use miette::{LabeledSpan, MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents};

use crate::model::{Place, Source};

/// One mistake, or one warning.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    code: &'static str,
    severity: Severity,
    message: String,
    help: Option<String>,
    label: String,
    place: Option<Place>,
}

impl Diagnostic {
    /// A mistake at a place. The code is in path form, such as `suite::unknown_field`.
    pub(crate) fn error(
        code: &'static str,
        message: impl Into<String>,
        place: Place,
    ) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            help: None,
            label: "here".to_owned(),
            place: Some(place),
        }
    }

    /// A mistake that is in no document, such as a missing file.
    pub(crate) fn nowhere(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            help: None,
            label: String::new(),
            place: None,
        }
    }

    /// The same as a warning.
    pub(crate) fn warning(
        code: &'static str,
        message: impl Into<String>,
        place: Place,
    ) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message, place)
        }
    }

    /// Removes what was said before of the same place: several documents may name one file.
    pub(crate) fn keep_first(diagnostics: &mut Vec<Diagnostic>) {
        let mut said = BTreeSet::new();
        diagnostics.retain(|one| {
            let place = one.place.as_ref();
            let place = place.map(|place| (place.source.name.clone(), place.span.start));
            said.insert((one.code, one.message.clone(), place))
        });
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn with_optional_help(mut self, help: Option<String>) -> Diagnostic {
        self.help = help.or(self.help);
        self
    }

    pub(crate) fn with_label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Returns whether it is a mistake and no warning.
    pub fn is_mistake(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns it in one line: place, message and code.
    pub fn line(&self) -> String {
        let Some(place) = &self.place else {
            return format!("{} [{}]", self.message, self.code);
        };
        let file = &place.source.shown;
        let position = place.position();
        format!(
            "{file}:{}:{}: {} [{}]",
            position.line, position.column, self.message, self.code
        )
    }

    /// The code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the place where it is; `None` if no document is to blame.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| place as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let span = one_line(&place.source, place.span);
        let label = LabeledSpan::new_with_span(Some(self.label.clone()), span);
        Some(Box::new(std::iter::once(label)))
    }
}

/// The first line of a span: a label over a whole document would hide what it points at.
fn one_line(source: &Source, span: Span) -> SourceSpan {
    let text = source.text.get(span.start..span.end).unwrap_or_default();
    let length = text.find('\n').unwrap_or(text.len());
    SourceSpan::from((span.start, text.floor_char_boundary(length.min(AROUND))))
}

/// Lines that are longer together are not shown whole: some files have a megabyte on one line.
const LONGEST_SNIPPET: usize = 2_000;
/// How much of such a line is shown on either side of what a label points at, in bytes.
const AROUND: usize = 80;

/// The surroundings of a place within its line.
fn window(text: &str, offset: usize) -> MietteSpanContents<'_> {
    let (before, after) = text.split_at(text.floor_char_boundary(offset));
    let line = before.matches('\n').count();
    let begun = before.rsplit('\n').next().unwrap_or_default();
    let cut = begun.ceil_char_boundary(begun.len().saturating_sub(AROUND));
    let rest = after.split('\n').next().unwrap_or_default();
    // A label is at most as long as one side.
    let end = rest.floor_char_boundary(2 * AROUND);
    let start = before.len() - begun.len() + cut;
    let data = &text.as_bytes()[start..before.len() + end];
    let column = begun[..cut].chars().count();
    MietteSpanContents::new(data, (start, data.len()).into(), line, column, 1)
}

impl SourceCode for Place {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, miette::MietteError> {
        let text = &self.source.text;
        let mut contents = text.read_span(span, context_lines_before, context_lines_after)?;
        if context_lines_before + context_lines_after > 0 && contents.data().len() > LONGEST_SNIPPET
        {
            contents = Box::new(window(text, span.offset()));
        }
        Ok(Box::new(MietteSpanContents::new_named(
            self.source.shown.clone(),
            contents.data(),
            *contents.span(),
            contents.line(),
            contents.column(),
            contents.line_count(),
        )))
    }
}

/// Everything that is wrong with a project's documents.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// At least one error.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.diagnostics
            .iter()
            .try_for_each(|diagnostic| writeln!(formatter, "{}", diagnostic.line()))
    }
}

impl std::error::Error for Report {}

impl From<Vec<Diagnostic>> for Report {
    fn from(diagnostics: Vec<Diagnostic>) -> Report {
        Report { diagnostics }
    }
}

/// A whole file as a place, for mistakes that concern all of it.
pub(crate) fn whole(source: &Arc<Source>) -> Place {
    Place {
        source: Arc::clone(source),
        span: Span { start: 0, end: 0 },
    }
}
