//! Diagnostics that are safe to show: a document may hold what colours or clears a terminal, in its text and in its names.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use crosscut_reports::{is_safe, safe};
use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan,
    SpanContents,
};

/// A diagnostic with safe texts, and with a document whose harmful characters have harmless ones of the same length in
/// their place: what labels point at stays where it is.
#[derive(Debug)]
pub(crate) struct SafeDiagnostic<'a> {
    inner: &'a dyn Diagnostic,
    message: String,
    source: Option<SafeSource<'a>>,
    related: Vec<SafeDiagnostic<'a>>,
}

impl<'a> SafeDiagnostic<'a> {
    pub(crate) fn of(inner: &'a dyn Diagnostic) -> SafeDiagnostic<'a> {
        let related = inner.related().into_iter().flatten();
        SafeDiagnostic {
            inner,
            message: safe(&inner.to_string()).into_owned(),
            source: inner.source_code().map(SafeSource::of),
            related: related.map(SafeDiagnostic::of).collect(),
        }
    }
}

impl fmt::Display for SafeDiagnostic<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for SafeDiagnostic<'_> {}

/// A text that is shown, made safe.
fn shown<'a>(text: Box<dyn fmt::Display + 'a>) -> Box<dyn fmt::Display + 'a> {
    Box::new(safe(&text.to_string()).into_owned())
}

impl Diagnostic for SafeDiagnostic<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.inner.code().map(shown)
    }

    fn severity(&self) -> Option<Severity> {
        self.inner.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.inner.help().map(shown)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.inner.labels()?;
        Some(Box::new(labels.map(|label| {
            let text = label.label().map(|text| safe(text).into_owned());
            match label.primary() {
                true => LabeledSpan::new_primary_with_span(text, *label.inner()),
                false => LabeledSpan::new_with_span(text, *label.inner()),
            }
        })))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(
            self.related.iter().map(|one| one as &dyn Diagnostic),
        ))
    }
}

/// A document that is safe to show.
struct SafeSource<'a> {
    inner: &'a dyn SourceCode,
    /// The whole document, if something in it was not safe.
    whole: OnceLock<Vec<u8>>,
}

impl SafeSource<'_> {
    fn of(inner: &dyn SourceCode) -> SafeSource<'_> {
        SafeSource {
            inner,
            whole: OnceLock::new(),
        }
    }

    fn whole(&self) -> &[u8] {
        self.whole.get_or_init(|| {
            let all = self.inner.read_span(&SourceSpan::from(0..0), 0, usize::MAX);
            let data = all.as_ref().map_or(&[][..], |all| all.data());
            of_same_length(&String::from_utf8_lossy(data))
                .into_owned()
                .into_bytes()
        })
    }
}

impl fmt::Debug for SafeSource<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SafeSource")
    }
}

impl SourceCode for SafeSource<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.inner.read_span(span, before, after)?;
        let (data, shown) = (contents.data(), *contents.span());
        let is_harmless = matches!(
            of_same_length(&String::from_utf8_lossy(data)),
            Cow::Borrowed(_)
        );
        let data = if is_harmless {
            data
        } else {
            let end = shown.offset() + shown.len();
            let whole = self.whole().get(shown.offset()..end);
            whole.ok_or(MietteError::OutOfBounds)?
        };
        let place = (contents.line(), contents.column(), contents.line_count());
        let (line, column, lines) = place;
        Ok(Box::new(match contents.name() {
            Some(name) => {
                let name = safe(name).into_owned();
                MietteSpanContents::new_named(name, data, shown, line, column, lines)
            }
            None => MietteSpanContents::new(data, shown, line, column, lines),
        }))
    }
}

/// A text with something harmless of as many bytes in the place of each harmful character.
fn of_same_length(text: &str) -> Cow<'_, str> {
    // A line of another system ends as it does there.
    let is_kept = |letter: char| is_safe(letter) || letter == '\r';
    if text.chars().all(is_kept) && !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_line = letter == '\r' && letters.peek() == Some(&'\n');
        match (is_safe(letter) || ends_line, letter.len_utf8()) {
            (true, _) => shown.push(letter),
            (false, 2) => shown.push('\u{b7}'),
            (false, 3) => shown.push('\u{fffd}'),
            (false, length) => shown.extend(std::iter::repeat_n('?', length)),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::of_same_length;

    #[rstest]
    #[case::plain("name: a\n", "name: a\n")]
    #[case::lines_of_windows("a\r\nb\rc", "a\r\nb?c")]
    #[case::one_byte("a\u{1b}[2Jb", "a?[2Jb")]
    #[case::two_bytes("a\u{9b}b", "a\u{b7}b")]
    #[case::three_bytes("a\u{202e}b", "a\u{fffd}b")]
    #[case::four_bytes("a\u{1fffe}b", "a????b")]
    fn what_is_shown_is_as_long(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(of_same_length(text), expected);
        assert_eq!(text.len(), expected.len());
    }
}
