//! The grammar of strings in documents: plain text or an expression, with optional marks.
//!
//! The rules and their order are those of kyverno-json: `~index.` at the start, `->name` at the end, `\text\` for text
//! that would be an expression, `(engine; expression)`. Strings of several lines are always text.

use crosscut_expr::Expression;
use crosscut_yaml::Span;

use crate::problem::Problem;

/// A string of a document.
#[derive(Debug, PartialEq)]
pub(crate) enum Statement {
    Text(String),
    Expression(Expression),
}

/// A key of a document.
#[derive(Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) statement: Statement,
    /// The mark `~.` or `~index.`: the value applies to every element.
    pub(crate) each: Option<Each>,
    /// The mark `->name`.
    pub(crate) binding: Option<String>,
}

/// The mark for every element.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Each {
    /// The variable to which the element's index or key is bound.
    pub(crate) index: Option<String>,
}

/// Parses a key.
pub(crate) fn key(text: &str, span: Span) -> Result<Key, Problem> {
    let (each, rest) = split_each(text);
    let (rest, binding) = split_binding(rest);
    Ok(Key {
        statement: statement(rest, span)?,
        each,
        binding,
    })
}

/// Parses a value.
pub(crate) fn statement(text: &str, span: Span) -> Result<Statement, Problem> {
    if let Some(escaped) = between(text, "\\", "\\") {
        return Ok(Statement::Text(escaped.to_owned()));
    }
    let Some(inner) = between(text, "(", ")") else {
        return Ok(Statement::Text(text.to_owned()));
    };
    let source = match engine(inner) {
        None => inner,
        Some(("jp", rest)) => rest,
        Some((engine, _)) => {
            let message = format!("the expression engine {engine} is not supported");
            let help = "write the expression in JMESPath, or \\(…)\\ for text in parentheses";
            return Err(Problem::new("assertion::engine", message, span).with_help(help));
        }
    };
    let source = source.trim();
    Expression::parse(source)
        .map(Statement::Expression)
        .map_err(|error| {
            let before = source.get(..error.offset).unwrap_or_default();
            let place = if before.is_empty() {
                String::new()
            } else {
                format!(" after `{before}`")
            };
            let message = format!("the expression does not parse{place}: {}", error.message);
            let help = "text in parentheses that is no expression is written \\(text)\\";
            Problem::new("assertion::expression", message, span)
                .with_help(help)
                .with_mark(source, error.offset)
        })
}

/// Returns the text between two marks, if it is not empty and has one line.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let inner = text.strip_prefix(before)?.strip_suffix(after)?;
    (!inner.is_empty() && !text.contains('\n')).then_some(inner)
}

/// Splits `engine;` from an expression.
fn engine(text: &str) -> Option<(&str, &str)> {
    let (engine, rest) = text.split_once(';')?;
    is_word(engine).then_some((engine, rest))
}

fn split_each(text: &str) -> (Option<Each>, &str) {
    let Some((index, rest)) = text.strip_prefix('~').and_then(|rest| rest.split_once('.')) else {
        return (None, text);
    };
    if text.contains('\n') || !(index.is_empty() || is_word(index)) {
        return (None, text);
    }
    let index = (!index.is_empty()).then(|| index.to_owned());
    (Some(Each { index }), rest)
}

/// Splits the binding from a key. `(a) -> b` with blanks is a binding here, which Chainsaw takes as text.
fn split_binding(text: &str) -> (&str, Option<String>) {
    let Some((before, name)) = text.rsplit_once("->") else {
        return (text, None);
    };
    let name = name.trim_start();
    if text.contains('\n') || !is_word(name) {
        return (text, None);
    }
    (before.trim_end(), Some(name.to_owned()))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOWHERE: Span = Span { start: 0, end: 0 };

    fn shown(key: &Key) -> String {
        let each = key
            .each
            .as_ref()
            .map(|each| format!("each {} ", each.index.as_deref().unwrap_or("")));
        let statement = match &key.statement {
            Statement::Text(text) => format!("text {text}"),
            Statement::Expression(expression) => format!("expression {}", expression.text()),
        };
        let binding = key.binding.as_ref().map(|name| format!(" as {name}"));
        [
            each.unwrap_or_default(),
            statement,
            binding.unwrap_or_default(),
        ]
        .concat()
    }

    #[rstest]
    #[case::plain("a", "text a")]
    #[case::expression("(length(@))", "expression length(@)")]
    #[case::engine("(jp; a)", "expression a")]
    #[case::each("~.a", "each  text a")]
    #[case::each_with_index("~i.(a)", "each i expression a")]
    #[case::binding("a->b", "text a as b")]
    #[case::binding_with_blanks("(a) -> b", "expression a as b")]
    #[case::all("~i.(a)->b", "each i expression a as b")]
    #[case::escaped("\\(a)\\", "text (a)")]
    #[case::several_lines("(a\n)", "text (a\n)")]
    #[case::a_name_with_a_tilde("~a", "text ~a")]
    #[case::nothing_inside("()", "text ()")]
    fn keys(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(shown(&key(text, NOWHERE).unwrap()), expected);
    }

    #[rstest]
    #[case::cel("(cel; a)", "engine cel is not supported")]
    #[case::broken("(a b)", "does not parse after `a `")]
    #[case::two("(a) and (b)", "does not parse")]
    fn mistakes(#[case] text: &str, #[case] expected: &str) {
        let problem = key(text, NOWHERE).unwrap_err();
        assert!(problem.message.contains(expected), "{}", problem.message);
    }
}
