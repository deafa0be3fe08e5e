//! The scanner that reads the text of a JSONPath into its steps.

use serde_json::{Number, Value};

use crate::json_path::{Filter, Slice, Step};

/// The error of a text that is no JSONPath. Its column and all later ones are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The maximum depth of paths within paths; each filter and union is one level.
const DEEPEST: usize = 16;

/// Parses a path without the braces of templates.
pub(super) fn steps(text: &str) -> Result<Vec<Step>, Malformed> {
    within(text, 0)
}

fn within(text: &str, depth: usize) -> Result<Vec<Step>, Malformed> {
    if depth > DEEPEST {
        return Err(Malformed);
    }
    let mut scanner = Scanner {
        rest: text,
        depth,
        steps: Vec::new(),
    };
    while !scanner.rest.is_empty() {
        scanner.step()?;
    }
    Ok(scanner.steps)
}

struct Scanner<'a> {
    rest: &'a str,
    depth: usize,
    steps: Vec<Step>,
}

impl<'a> Scanner<'a> {
    fn step(&mut self) -> Result<(), Malformed> {
        if let Some(rest) = self.rest.strip_prefix("[?(") {
            self.rest = rest;
            return self.filter();
        }
        if let Some(rest) = self.rest.strip_prefix("..") {
            self.rest = rest;
            return self.recursive();
        }
        let Some(first) = self.rest.chars().next() else {
            return Ok(());
        };
        match first {
            ' ' | '@' | '$' => self.skip(first),
            '[' => {
                self.skip(first);
                return self.brackets();
            }
            '.' => {
                self.skip(first);
                self.field();
            }
            '"' | '\'' => return self.quoted(first),
            '+' | '-' => return self.number(),
            digit if digit.is_numeric() => return self.number(),
            letter if letter == '_' || letter.is_alphabetic() => self.word(),
            _ => return Err(Malformed),
        }
        Ok(())
    }

    fn skip(&mut self, letter: char) {
        self.rest = &self.rest[letter.len_utf8()..];
    }

    /// Takes `length` bytes of the text and leaves the rest.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn field(&mut self) {
        let mut letters = self.rest.char_indices();
        let mut length = self.rest.len();
        while let Some((at, letter)) = letters.next() {
            if letter == '\\' {
                letters.next();
            } else if ends_a_word(letter) {
                length = at;
                break;
            }
        }
        let name = self.take(length);
        self.steps.push(match name {
            "*" => Step::Wildcard,
            name => Step::Field(name.replace('\\', "")),
        });
    }

    fn recursive(&mut self) -> Result<(), Malformed> {
        if self.steps.last() == Some(&Step::Recursive) {
            return Err(Malformed);
        }
        self.steps.push(Step::Recursive);
        let next = self.rest.chars().next();
        if next.is_some_and(|next| next == '_' || next.is_alphanumeric()) {
            self.field();
        }
        Ok(())
    }

    fn word(&mut self) {
        let length = self.rest.find(ends_a_word).unwrap_or(self.rest.len());
        let word = self.take(length);
        self.steps.push(match word {
            "true" => Step::Literal(Value::Bool(true)),
            "false" => Step::Literal(Value::Bool(false)),
            _ => Step::Unknown,
        });
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let unsigned = self.rest.trim_start_matches(['+', '-']);
        let sign = self.rest.len() - unsigned.len();
        let digits = unsigned
            .find(|letter: char| letter != '.' && !letter.is_ascii_digit())
            .unwrap_or(unsigned.len());
        let text = self.take(sign.min(1) + digits);
        let number = match text.trim_start_matches('+').parse::<i64>() {
            Ok(whole) => Some(Number::from(whole)),
            Err(_) => text.parse().ok().and_then(Number::from_f64),
        };
        self.steps
            .push(Step::Literal(Value::Number(number.ok_or(Malformed)?)));
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<(), Malformed> {
        self.skip(quote);
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\n' => return Err(Malformed),
                '\\' => text.extend(letters.next().map(|(_, escaped)| escaped)),
                letter if letter == quote => {
                    self.rest = &self.rest[at + 1..];
                    self.steps.push(Step::Text(text));
                    return Ok(());
                }
                letter => text.push(letter),
            }
        }
        Err(Malformed)
    }

    fn brackets(&mut self) -> Result<(), Malformed> {
        let end = self.rest.find([']', '\n']).ok_or(Malformed)?;
        let inside = self.take(end);
        if !self.rest.starts_with(']') {
            return Err(Malformed);
        }
        self.skip(']');
        let parts: Vec<&str> = inside.split(',').collect();
        if parts.len() > 1 {
            let paths = parts
                .iter()
                .map(|part| within(&format!("[{}]", part.trim_matches(' ')), self.depth + 1));
            self.steps
                .push(Step::Union(paths.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = inside
            .strip_prefix('\'')
            .and_then(|key| key.strip_suffix('\''));
        match key {
            Some(key) if !key.contains('\'') => {
                let steps = within(&format!(".{key}"), self.depth + 1)?;
                self.steps.extend(steps);
            }
            _ => self.steps.push(Step::Slice(slice(inside)?)),
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<(), Malformed> {
        let length = end_of_filter(self.rest).ok_or(Malformed)?;
        let text = self.take(length);
        self.rest = self.rest.strip_prefix(")]").ok_or(Malformed)?;
        let filter = match comparison(text) {
            None => Filter {
                left: within(text, self.depth + 1)?,
                comparison: None,
            },
            Some((left, operator, right)) => Filter {
                left: within(left, self.depth + 1)?,
                comparison: Some((operator.to_owned(), within(right, self.depth + 1)?)),
            },
        };
        self.steps.push(Step::Filter(Box::new(filter)));
        Ok(())
    }
}

/// Returns true if the letter ends the name of a field.
fn ends_a_word(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'
    )
}

/// Returns the place of the parenthesis that ends a filter, which may contain one quoted text.
fn end_of_filter(text: &str) -> Option<usize> {
    let (mut pair, mut is_closed, mut before) = (None, false, '\0');
    for (at, letter) in text.char_indices() {
        match (letter, pair) {
            ('\n', _) => return None,
            ('"' | '\'', None) => pair = Some(letter),
            (quote, Some(open)) if quote == open && before != '\\' => is_closed = true,
            (')', pair) if pair.is_some() == is_closed => return Some(at),
            _ => {}
        }
        before = letter;
    }
    None
}

/// Returns the left side, the operator and the right side, or `None` if there is no operator.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |letter| matches!(letter, '!' | '<' | '>' | '=');
    let start = text.find(is_operator).filter(|start| *start > 0)?;
    let (left, rest) = text.split_at(start);
    let length = rest
        .find(|letter| !is_operator(letter))
        .unwrap_or(rest.len());
    let (operator, right) = rest.split_at(length);
    (!right.is_empty()).then_some((left, operator, right))
}

/// Parses `*`, `1`, `1:2` or `1:2:3`. Each number may be missing or negative.
fn slice(text: &str) -> Result<Slice, Malformed> {
    let text = if text == "*" { ":" } else { text };
    let parts: Vec<&str> = text.split(':').collect();
    let number = |at: usize| match parts.get(at) {
        None | Some(&"") => Ok(None),
        Some(part) => {
            let digits = part.strip_prefix('-').unwrap_or(part);
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            match part.parse() {
                Ok(number) if is_number => Ok(Some(number)),
                _ => Err(Malformed),
            }
        }
    };
    if parts.len() > 3 {
        return Err(Malformed);
    }
    Ok(Slice {
        start: number(0)?,
        end: number(1)?,
        step: number(2)?,
        single: parts.len() == 1,
    })
}
