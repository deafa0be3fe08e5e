//! Characters into tokens, each with its byte offset.

use serde_json::Value;

use crate::error::ParseError;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A bare name.
    Name(String),
    /// A name in double quotes.
    QuotedName(String),
    /// `'text'` or a JSON value in backquotes.
    Literal(Value),
    /// Digits, perhaps negative; only inside brackets.
    Number(i64),
    /// `$name`.
    Variable(String),
    /// An operator or a bracket, as it is written; `×`, `÷` and `−` as their ASCII forms.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// Longer symbols come before the ones that they begin with.
const SYMBOLS: [(&str, &str); 36] = [
    ("[?", "[?"),
    ("[]", "[]"),
    ("||", "||"),
    ("&&", "&&"),
    ("==", "=="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("//", "//"),
    ("[", "["),
    ("]", "]"),
    ("{", "{"),
    ("}", "}"),
    ("(", "("),
    (")", ")"),
    (".", "."),
    (",", ","),
    (":", ":"),
    ("*", "*"),
    ("×", "×"),
    ("/", "/"),
    ("÷", "/"),
    ("%", "%"),
    ("+", "+"),
    ("-", "-"),
    ("\u{2212}", "-"),
    ("|", "|"),
    ("&", "&"),
    ("!", "!"),
    ("<", "<"),
    (">", ">"),
    ("=", "="),
    ("@", "@"),
    ("$", "$"),
    ("?", "?"),
    ("^", "^"),
];

/// The tokens of `text`, ending with [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ParseError> {
    let mut tokens: Vec<(Token, usize)> = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let inside_brackets = matches!(tokens.last(), Some((Token::Symbol("[" | ":"), _)));
        let (token, length) = token(text, at, first, inside_brackets)?;
        tokens.push((token, at));
        at += length;
    }
    tokens.push((Token::End, text.len()));
    Ok(tokens)
}

fn token(
    text: &str,
    at: usize,
    first: char,
    inside_brackets: bool,
) -> Result<(Token, usize), ParseError> {
    let rest = text.get(at..).unwrap_or_default();
    let digit = |index: usize| rest.as_bytes().get(index).is_some_and(u8::is_ascii_digit);
    match first {
        'a'..='z' | 'A'..='Z' | '_' => {
            let length = name_length(rest);
            Ok((Token::Name(rest[..length].to_owned()), length))
        }
        '$' if rest[1..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '_') => {
            let length = 1 + name_length(&rest[1..]);
            Ok((Token::Variable(rest[1..length].to_owned()), length))
        }
        '"' => quoted_name(rest, at),
        '\'' => raw_string(rest, at),
        '`' => json_literal(rest, at),
        '0'..='9' => number(rest, at),
        '-' if inside_brackets && digit(1) => number(rest, at),
        _ => symbol(rest, at),
    }
}

fn name_length(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .unwrap_or(text.len())
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let length = rest
        .char_indices()
        .find(|(index, letter)| !(letter.is_ascii_digit() || *index == 0 && *letter == '-'))
        .map_or(rest.len(), |(index, _)| index);
    let value = rest[..length]
        .parse()
        .map_err(|_| ParseError::new("the number is too large", at))?;
    Ok((Token::Number(value), length))
}

fn symbol(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let found = SYMBOLS
        .iter()
        .find(|(written, _)| rest.starts_with(written));
    match found {
        Some((written, symbol)) => Ok((Token::Symbol(symbol), written.len())),
        None => {
            let letter = rest.chars().next().unwrap_or(' ');
            Err(ParseError::new(
                format!("unexpected character {letter:?}"),
                at,
            ))
        }
    }
}

/// The length of a delimited text with both delimiters; a backslash hides the next character.
fn delimited(rest: &str, delimiter: char) -> Option<usize> {
    let mut hidden = false;
    for (index, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            _ if letter == delimiter => return Some(index + letter.len_utf8()),
            _ => {}
        }
    }
    None
}

fn quoted_name(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let length =
        delimited(rest, '"').ok_or_else(|| ParseError::new("the quoted name has no end", at))?;
    let name = serde_json::from_str(&rest[..length]).map_err(|error| {
        ParseError::new(format!("the quoted name is no JSON string: {error}"), at)
    })?;
    Ok((Token::QuotedName(name), length))
}

/// Only `\'` and `\\` are escapes in raw strings.
fn raw_string(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let length =
        delimited(rest, '\'').ok_or_else(|| ParseError::new("the string has no end", at))?;
    let mut text = String::new();
    let mut letters = rest[1..length - 1].chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some(next @ ('\'' | '\\'))) => {
                text.push(*next);
                letters.next();
            }
            _ => text.push(letter),
        }
    }
    Ok((Token::Literal(Value::String(text)), length))
}

fn json_literal(rest: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let length =
        delimited(rest, '`').ok_or_else(|| ParseError::new("the literal has no end", at))?;
    let json = rest[1..length - 1].replace("\\`", "`");
    let value = serde_json::from_str(&json)
        .map_err(|error| ParseError::new(format!("the literal is no JSON: {error}"), at))?;
    Ok((Token::Literal(value), length))
}
