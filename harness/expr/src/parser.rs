//! Tokens into a tree, by operator precedence (Pratt).
//!
//! The grammar is JMESPath Community's: JMESPath with `let` expressions, arithmetic, `$` and slices of strings.

use crate::ast::{Comparison, Node, Operator};
use crate::error::ParseError;
use crate::functions;
use crate::lexer::{Token, tokens};

/// Deeper nesting is refused: each level takes stack, here and when the expression is evaluated.
const DEEPEST: usize = 64;

/// Higher trees are refused, for the same reason: a chain of operators is as high as it is long.
const HIGHEST: usize = 2 * DEEPEST;

/// Longer expressions are refused.
const LONGEST: usize = 64 * 1024;

/// What binds tighter has the higher number. Below [`PROJECTION_STOP`] a projection ends.
const PIPE: u8 = 1;
const CHOICE: u8 = 2;
const OR: u8 = 3;
const AND: u8 = 4;
const COMPARE: u8 = 5;
const SUM: u8 = 6;
const PRODUCT: u8 = 7;
const FLATTEN: u8 = 9;
const PROJECTION_STOP: u8 = 10;
const STAR: u8 = 20;
const FILTER: u8 = 21;
const DOT: u8 = 40;
const NOT: u8 = 45;
const BRACKET: u8 = 55;

/// Parses a whole expression.
pub(crate) fn parse(text: &str) -> Result<Node, ParseError> {
    if text.len() > LONGEST {
        return Err(ParseError::new(
            format!("the expression is longer than {LONGEST} bytes"),
            0,
        ));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
        height: 0,
    };
    let node = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    next: usize,
    /// How deeply what is being parsed is nested.
    depth: usize,
    /// At least the height of the highest tree among the parts that were parsed at this depth.
    height: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens
            .get(self.next + by)
            .map_or(&Token::End, |(token, _)| token)
    }

    fn offset(&self) -> usize {
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .map_or(0, |(_, offset)| *offset)
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let eaten = matches!(self.peek(), Token::Symbol(found) if *found == symbol);
        if eaten {
            self.next += 1;
        }
        eaten
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ParseError> {
        if self.eat(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{symbol}`")))
        }
    }

    fn unexpected(&self, wanted: &str) -> ParseError {
        let found = match self.peek() {
            Token::Name(name) => format!("the name {name}"),
            Token::QuotedName(name) => format!("the name {name:?}"),
            Token::Literal(value) => format!("the literal {value}"),
            Token::Number(number) => {
                format!("the number {number}; a number that is a value goes into backquotes")
            }
            Token::Variable(name) => format!("${name}"),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::End => "the end".to_owned(),
        };
        ParseError::new(format!("expected {wanted}, found {found}"), self.offset())
    }

    fn expression(&mut self, power: u8) -> Result<Node, ParseError> {
        self.nested(|parser| {
            let left = parser.operand()?;
            parser.operators(left, power)
        })
    }

    /// Parses something that is part of something else.
    fn nested(
        &mut self,
        parse: impl FnOnce(&mut Parser) -> Result<Node, ParseError>,
    ) -> Result<Node, ParseError> {
        self.depth += 1;
        let beside = std::mem::take(&mut self.height);
        if self.depth > DEEPEST {
            return Err(self.too_deep());
        }
        let node = parse(self)?;
        self.height = beside.max(self.height + 1);
        self.depth -= 1;
        Ok(node)
    }

    /// Parses the operators behind `left` that bind tighter than `power`.
    fn operators(&mut self, mut left: Node, power: u8) -> Result<Node, ParseError> {
        while self.power() > power {
            // A slice is two nodes, one above the other, and so is what flattens.
            self.height += match self.peek() {
                Token::Symbol("[" | "[]") => 2,
                _ => 1,
            };
            left = self.operator(left)?;
            if self.height > HIGHEST {
                return Err(self.too_deep());
            }
        }
        Ok(left)
    }

    fn too_deep(&self) -> ParseError {
        let message = "the expression is nested too deeply, or has too many operators in a row";
        ParseError::new(message, self.offset())
    }

    /// How tightly the next token binds to what stands before it; 0 ends an expression.
    fn power(&self) -> u8 {
        let Token::Symbol(symbol) = self.peek() else {
            return 0;
        };
        match *symbol {
            "|" => PIPE,
            "?" => CHOICE,
            "||" => OR,
            "&&" => AND,
            "==" | "!=" | "<" | "<=" | ">" | ">=" => COMPARE,
            "+" | "-" => SUM,
            "*" | "×" | "/" | "%" | "//" => PRODUCT,
            "[]" => FLATTEN,
            "[?" => FILTER,
            "." => DOT,
            "[" => BRACKET,
            _ => 0,
        }
    }

    /// Returns what an expression can begin with.
    fn operand(&mut self) -> Result<Node, ParseError> {
        match self.peek().clone() {
            Token::Literal(value) => {
                self.advance();
                Ok(Node::Literal(value))
            }
            Token::Variable(name) => {
                self.advance();
                Ok(Node::Variable(name))
            }
            Token::QuotedName(name) => {
                self.advance();
                if matches!(self.peek(), Token::Symbol("(")) {
                    return Err(ParseError::new(
                        "the name of a function is not quoted",
                        self.offset(),
                    ));
                }
                Ok(Node::Field(name))
            }
            Token::Name(name) => self.named(name),
            Token::Symbol(symbol) => self.symbol_operand(symbol),
            Token::Number(_) | Token::End => Err(self.unexpected("a value")),
        }
    }

    fn symbol_operand(&mut self, symbol: &'static str) -> Result<Node, ParseError> {
        match symbol {
            "[" => return self.bracket(Node::Current, false),
            "(" | "@" | "$" | "*" | "!" | "&" | "-" | "+" | "[]" | "[?" | "{" => self.next += 1,
            _ => return Err(self.unexpected("a value")),
        }
        match symbol {
            "@" => Ok(Node::Current),
            "$" => Ok(Node::Root),
            "*" => Ok(Node::ProjectValues(
                Box::new(Node::Current),
                Box::new(self.projected(STAR)?),
            )),
            "!" => Ok(Node::Not(Box::new(self.expression(NOT)?))),
            "&" => Ok(Node::Reference(Box::new(self.expression(PIPE)?))),
            "-" => Ok(Node::Negate(Box::new(self.expression(PRODUCT)?))),
            "+" => Ok(Node::Positive(Box::new(self.expression(PRODUCT)?))),
            "[]" => self.flatten(Node::Current),
            "[?" => self.filter(Node::Current),
            "{" => self.map(),
            _ => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
        }
    }

    /// A field, a call, or a `let` expression.
    fn named(&mut self, name: String) -> Result<Node, ParseError> {
        let offset = self.offset();
        self.advance();
        if name == "let" && matches!(self.peek(), Token::Variable(_)) {
            return self.let_expression();
        }
        if matches!(self.peek(), Token::Symbol("(")) {
            return self.call(&name, offset);
        }
        Ok(Node::Field(name))
    }

    fn let_expression(&mut self) -> Result<Node, ParseError> {
        let mut bindings = Vec::new();
        loop {
            let Token::Variable(name) = self.peek().clone() else {
                return Err(self.unexpected("a $name"));
            };
            self.advance();
            self.expect("=")?;
            bindings.push((name, self.expression(0)?));
            if !self.eat(",") {
                break;
            }
        }
        if *self.peek() != Token::Name("in".to_owned()) {
            return Err(self.unexpected("`in`"));
        }
        self.advance();
        let body = Box::new(self.expression(0)?);
        Ok(Node::Let { bindings, body })
    }

    fn call(&mut self, name: &str, offset: usize) -> Result<Node, ParseError> {
        let function = functions::named(name).ok_or_else(|| {
            let near = functions::nearest(name);
            ParseError::new(
                format!("there is no function {name}; did you mean {near}?"),
                offset,
            )
        })?;
        self.expect("(")?;
        let arguments = self.until(")")?;
        function
            .accepts(arguments.len())
            .map_err(|message| ParseError::new(message, offset))?;
        Ok(Node::Call {
            function,
            arguments,
        })
    }

    /// Expressions between commas, up to and with the closing symbol.
    fn until(&mut self, close: &'static str) -> Result<Vec<Node>, ParseError> {
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression(0)?);
            if self.eat(close) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    fn map(&mut self) -> Result<Node, ParseError> {
        let mut entries = Vec::new();
        loop {
            let key = match self.peek().clone() {
                Token::Name(name) | Token::QuotedName(name) => name,
                _ => return Err(self.unexpected("a key")),
            };
            self.advance();
            self.expect(":")?;
            entries.push((key, self.expression(0)?));
            if self.eat("}") {
                return Ok(Node::Map(entries));
            }
            self.expect(",")?;
        }
    }

    /// Returns what stands behind a complete expression.
    fn operator(&mut self, left: Node) -> Result<Node, ParseError> {
        let Token::Symbol(symbol) = self.peek().clone() else {
            return Err(self.unexpected("an operator"));
        };
        if symbol == "[" {
            return self.bracket(left, true);
        }
        let power = self.power();
        self.advance();
        let left = Box::new(left);
        Ok(match symbol {
            "." => return self.dot(*left),
            "[]" => return self.flatten(*left),
            "[?" => return self.filter(*left),
            "|" => Node::Pipe(left, Box::new(self.expression(power)?)),
            "?" => return self.choice(left),
            "||" => Node::Or(left, Box::new(self.expression(power)?)),
            "&&" => Node::And(left, Box::new(self.expression(power)?)),
            _ => match (comparison(symbol), calculation(symbol)) {
                (Some(comparison), _) => {
                    Node::Compare(comparison, left, Box::new(self.expression(power)?))
                }
                (_, Some(operator)) => {
                    Node::Calculate(operator, left, Box::new(self.expression(power)?))
                }
                _ => return Err(self.unexpected("an operator")),
            },
        })
    }

    /// `condition ? yes : no`, where `no` may be another choice.
    fn choice(&mut self, condition: Box<Node>) -> Result<Node, ParseError> {
        let yes = Box::new(self.expression(0)?);
        self.expect(":")?;
        let no = Box::new(self.expression(CHOICE - 1)?);
        Ok(Node::Choose { condition, yes, no })
    }

    fn dot(&mut self, left: Node) -> Result<Node, ParseError> {
        if self.eat("*") {
            let then = self.projected(STAR)?;
            return Ok(Node::ProjectValues(Box::new(left), Box::new(then)));
        }
        let right = self.after_dot(DOT)?;
        Ok(Node::Sub(Box::new(left), Box::new(right)))
    }

    fn after_dot(&mut self, power: u8) -> Result<Node, ParseError> {
        match self.peek() {
            Token::Name(_) | Token::QuotedName(_) | Token::Symbol("*") => self.expression(power),
            Token::Symbol("[") => {
                self.advance();
                Ok(Node::List(self.until("]")?))
            }
            Token::Symbol("{") => {
                self.advance();
                self.map()
            }
            _ => Err(self.unexpected("a name, `*`, `[` or `{`")),
        }
    }

    /// Returns what is done to each element of a projection.
    fn projected(&mut self, power: u8) -> Result<Node, ParseError> {
        if self.power() < PROJECTION_STOP {
            return Ok(Node::Current);
        }
        match self.peek() {
            // A bracket directly behind a projection applies to each of its elements.
            Token::Symbol("[" | "[?") => {
                self.nested(|parser| parser.operators(Node::Current, power))
            }
            Token::Symbol(".") => {
                self.advance();
                self.after_dot(power)
            }
            _ => Err(self.unexpected("`.` or `[`")),
        }
    }

    fn flatten(&mut self, left: Node) -> Result<Node, ParseError> {
        let then = self.projected(FLATTEN)?;
        Ok(Node::Project(
            Box::new(Node::Flatten(Box::new(left))),
            Box::new(then),
        ))
    }

    fn filter(&mut self, left: Node) -> Result<Node, ParseError> {
        let condition = Box::new(self.expression(0)?);
        self.expect("]")?;
        let then = if matches!(self.peek(), Token::Symbol("[]")) {
            Node::Current
        } else {
            self.projected(FILTER)?
        };
        Ok(Node::Filter {
            list: Box::new(left),
            condition,
            then: Box::new(then),
        })
    }

    /// `[*]`, an index or a slice; where nothing stands before it, `[a, b]` is a list.
    fn bracket(&mut self, left: Node, behind: bool) -> Result<Node, ParseError> {
        self.expect("[")?;
        match (self.peek().clone(), self.ahead(1)) {
            (Token::Number(_) | Token::Symbol(":"), _) => self.index_or_slice(left),
            (Token::Symbol("*"), Token::Symbol("]")) => {
                self.next += 2;
                let then = self.projected(STAR)?;
                Ok(Node::Project(Box::new(left), Box::new(then)))
            }
            _ if behind => Err(self.unexpected("an index, a slice or `*`")),
            _ => Ok(Node::List(self.until("]")?)),
        }
    }

    fn index_or_slice(&mut self, left: Node) -> Result<Node, ParseError> {
        let mut parts = [None; 3];
        let mut part = 0;
        loop {
            match self.peek().clone() {
                Token::Number(number) if parts.get(part) == Some(&None) => {
                    parts[part] = Some(number);
                    self.advance();
                }
                Token::Symbol(":") if part < 2 => {
                    part += 1;
                    self.advance();
                }
                Token::Symbol("]") => break,
                _ => return Err(self.unexpected("`:`, a number or `]`")),
            }
        }
        let offset = self.offset();
        self.advance();
        if part == 0 {
            let index = Node::Index(parts[0].unwrap_or(0));
            return Ok(Node::Sub(Box::new(left), Box::new(index)));
        }
        if parts[2] == Some(0) {
            return Err(ParseError::new("the step of a slice cannot be 0", offset));
        }
        let slice = Node::Slice {
            start: parts[0],
            stop: parts[1],
            step: parts[2].unwrap_or(1),
        };
        let then = self.projected(STAR)?;
        Ok(Node::Project(
            Box::new(Node::Sub(Box::new(left), Box::new(slice))),
            Box::new(then),
        ))
    }
}

fn comparison(symbol: &str) -> Option<Comparison> {
    Some(match symbol {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn calculation(symbol: &str) -> Option<Operator> {
    Some(match symbol {
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" | "×" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Modulo,
        "//" => Operator::DivideWhole,
        _ => return None,
    })
}
