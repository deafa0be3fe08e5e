//! The limits on the text of a rule, checked before the text is parsed.
//!
//! Parsers recurse. cel-go 0.26, which kube-apiserver 1.34 uses, fails if one rule of its grammar is open 250 times;
//! the counts here follow its grammar. A text within the limits can be parsed and evaluated on a stack of
//! [`super::run::STACK`] bytes.

/// The number of open instances of a grammar rule at which cel-go fails.
const RECURSION_LIMIT: usize = 250;
/// The maximum length of an expression in cel-go, in characters.
const CHARACTERS_LIMIT: usize = 100_000;
/// The maximum length of an expression that is evaluated, in tokens. kube-apiserver accepts longer ones.
const TOKENS_LIMIT: usize = 4_000;
/// The maximum nesting depth of brackets for kube-cel's parser. kube-apiserver accepts deeper ones.
const NESTING_LIMIT: usize = 90;

/// The reason why a text is not parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// kube-apiserver rejects the text, with this message.
    Refused(String),
    /// The evaluator does not support the text, for this reason.
    Unevaluated(String),
}

/// Checks a text without recursion. Returns an upper bound of the nesting depth of its expression.
pub(super) fn check(text: &str) -> Result<usize, Unfit> {
    let characters = text.chars().count();
    if characters > CHARACTERS_LIMIT {
        return Err(Unfit::Refused(format!(
            "ERROR: <input>:-1:0: expression code point size exceeds limit: size: {characters}, limit {CHARACTERS_LIMIT}"
        )));
    }
    let mut depth = Depth::default();
    let mut tokens = 0;
    for token in Tokens::of(text) {
        tokens += 1;
        depth.take(token);
        depth.peak = depth.peak.max(depth.largest());
        if depth.peak >= RECURSION_LIMIT {
            return Err(Unfit::Refused(format!(
                "ERROR: <input>:-1:0: expression recursion limit exceeded: {RECURSION_LIMIT}"
            )));
        }
    }
    if tokens > TOKENS_LIMIT {
        return Err(Unfit::Unevaluated(
            "it is longer than 4000 tokens".to_owned(),
        ));
    }
    if depth.deepest > NESTING_LIMIT {
        return Err(Unfit::Unevaluated(
            "its brackets are nested deeper than 90 levels".to_owned(),
        ));
    }
    // Left operands are nested too: `((a + b) + c) + d`.
    let nested = (depth.deepest + 1).saturating_mul(depth.peak + 1);
    Ok(nested.min(depth.operators))
}

/// The numbers of open instances of grammar rules, summed over all open brackets.
#[derive(Default)]
struct Depth {
    open: Vec<Level>,
    now: Level,
    outside: Level,
    deepest: usize,
    /// The maximum number of open instances of one rule.
    peak: usize,
    /// The number of all operators.
    operators: usize,
}

/// The numbers of open instances of grammar rules since the last open bracket.
#[derive(Clone, Copy, Default)]
struct Level {
    ternary: usize,
    relation: usize,
    sum: usize,
    member: usize,
}

impl Depth {
    fn take(&mut self, token: Token) {
        let now = &mut self.now;
        self.operators += usize::from(!matches!(token, Token::Close | Token::Other));
        match token {
            Token::Open { member } => {
                now.member += usize::from(member);
                self.open.push(*now);
                self.outside = self.outside.plus(self.now);
                self.outside.ternary += 1;
                self.now = Level::default();
                self.deepest = self.deepest.max(self.open.len());
            }
            Token::Close => self.close(),
            Token::Dot => now.member += 1,
            Token::Sum => (now.sum, now.member) = (now.sum + 1, 0),
            Token::Relation => {
                (now.relation, now.sum, now.member) = (now.relation + 1, 0, 0);
            }
            Token::Logic => (now.relation, now.sum, now.member) = (0, 0, 0),
            Token::Else => {
                *now = Level {
                    ternary: now.ternary + 1,
                    ..Level::default()
                };
            }
            Token::Comma => *now = Level::default(),
            Token::Other => {}
        }
    }

    fn close(&mut self) {
        let Some(level) = self.open.pop() else { return };
        self.outside = self.outside.minus(level);
        self.outside.ternary = self.outside.ternary.saturating_sub(1);
        self.now = level;
    }

    fn largest(&self) -> usize {
        let all = self.outside.plus(self.now);
        let larger = all.ternary.max(all.relation);
        larger.max(all.sum).max(all.member)
    }
}

impl Level {
    fn plus(self, other: Level) -> Level {
        Level {
            ternary: self.ternary + other.ternary,
            relation: self.relation + other.relation,
            sum: self.sum + other.sum,
            member: self.member + other.member,
        }
    }

    fn minus(self, other: Level) -> Level {
        Level {
            ternary: self.ternary.saturating_sub(other.ternary),
            relation: self.relation.saturating_sub(other.relation),
            sum: self.sum.saturating_sub(other.sum),
            member: self.member.saturating_sub(other.member),
        }
    }
}

/// A token, as it opens and closes rules of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// An opening bracket. After an operand it is a call or an index.
    Open {
        member: bool,
    },
    Close,
    Dot,
    /// `+ - * / %`
    Sum,
    /// `== != < <= > >= in`
    Relation,
    /// `&& ||`, and the `?` of a ternary.
    Logic,
    /// `:`
    Else,
    Comma,
    /// Operands and unary operators.
    Other,
}

/// The tokens of a text, without strings and comments.
struct Tokens<'a> {
    rest: &'a str,
    after_operand: bool,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str) -> Self {
        Tokens {
            rest: text,
            after_operand: false,
        }
    }

    /// Skips spaces and comments.
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix("//") else {
                return;
            };
            self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    /// Skips a string with its prefix (`r`, `b`). Returns true if one begins here.
    fn string(&mut self) -> bool {
        let start = self.rest.trim_start_matches(['r', 'R', 'b', 'B']);
        let prefix = &self.rest[..self.rest.len() - start.len()];
        let Some(quote) = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quote| prefix.len() <= 2 && start.starts_with(*quote))
        else {
            return false;
        };
        let raw = prefix.contains(['r', 'R']);
        let mut body = &start[quote.len()..];
        while !body.is_empty() && !body.starts_with(quote) {
            let mut letters = body.chars();
            if letters.next() == Some('\\') && !raw {
                letters.next();
            }
            body = letters.as_str();
        }
        self.rest = body.strip_prefix(quote).unwrap_or("");
        true
    }

    fn word(&mut self) -> Option<&'a str> {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = self.rest.find(|letter| !is_part(letter));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn sign(&mut self) -> Option<Token> {
        let two = ["&&", "||", "==", "!=", "<=", ">="];
        let sign = two.into_iter().find(|sign| self.rest.starts_with(sign));
        let length =
            sign.map_or_else(|| self.rest.chars().next().map(char::len_utf8), |_| Some(2))?;
        let (sign, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(match sign {
            "(" | "[" => Token::Open {
                member: self.after_operand,
            },
            "{" => Token::Open { member: false },
            ")" | "]" | "}" => Token::Close,
            "." => Token::Dot,
            // A minus without an operand before it is unary.
            "-" if !self.after_operand => Token::Other,
            "+" | "-" | "*" | "/" | "%" => Token::Sum,
            "==" | "!=" | "<" | "<=" | ">" | ">=" => Token::Relation,
            "&&" | "||" | "?" => Token::Logic,
            ":" => Token::Else,
            "," => Token::Comma,
            _ => Token::Other,
        })
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip();
        if self.rest.is_empty() {
            return None;
        }
        let token = if self.string() {
            self.after_operand = true;
            return Some(Token::Other);
        } else if let Some(word) = self.word() {
            self.after_operand = word != "in";
            return Some(if word == "in" {
                Token::Relation
            } else {
                Token::Other
            });
        } else {
            self.sign()?
        };
        self.after_operand = token == Token::Close;
        Some(token)
    }
}
