//! What an expression is, once it is parsed.

use serde_json::Value;

/// A node of the syntax tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// `@`
    Current,
    /// `$`
    Root,
    /// `$name`
    Variable(String),
    Literal(Value),
    Field(String),
    Index(i64),
    Slice {
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    },
    /// The second, evaluated on the value of the first; null where that is null.
    Sub(Box<Node>, Box<Node>),
    /// The second, evaluated on the value of the first, null or not.
    Pipe(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Not(Box<Node>),
    /// `condition ? yes : no`
    Choose {
        condition: Box<Node>,
        yes: Box<Node>,
        no: Box<Node>,
    },
    Compare(Comparison, Box<Node>, Box<Node>),
    Calculate(Operator, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    /// `+x`: x, which must be a number.
    Positive(Box<Node>),
    /// `x[]`
    Flatten(Box<Node>),
    /// `x[*].y`, where x is a list; nulls are left out.
    Project(Box<Node>, Box<Node>),
    /// `x.*.y`, where x is a map.
    ProjectValues(Box<Node>, Box<Node>),
    /// `x[?condition].y`
    Filter {
        list: Box<Node>,
        condition: Box<Node>,
        then: Box<Node>,
    },
    /// `[a, b]`
    List(Vec<Node>),
    /// `{a: b}`
    Map(Vec<(String, Node)>),
    Call {
        function: &'static crate::functions::Function,
        arguments: Vec<Node>,
    },
    /// `&x`: x itself, for functions that evaluate it on each element.
    Reference(Box<Node>),
    /// `let $a = x in y`
    Let {
        bindings: Vec<(String, Node)>,
        body: Box<Node>,
    },
}

/// An operator between two values that gives true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An operator between two numbers that gives a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    /// `//`: the quotient's floor.
    DivideWhole,
}

impl Operator {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Modulo => "%",
            Operator::DivideWhole => "//",
        }
    }
}
