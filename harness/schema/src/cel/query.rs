//! Queries over an object, as in provider-kubernetes: standard CEL with one variable, `object`, of unknown type.
//!
//! provider-kubernetes decodes objects as Go does, where every number is a float. kube-cel's evaluator does not compare
//! floats with integers, so integers stay integers here. Operations with which the difference would show (arithmetic,
//! literals such as `1.0`) are not evaluated.

use std::collections::HashMap;
use std::sync::Arc;

use kube_cel::cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use kube_cel::cel::{self, Context, ExecutionError, Program};
use serde_json::Value;

use super::bound::{self, Size};
use super::{lacking, run, shape};

/// The result of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The value of the query. A query that does not compile, or has a value of another type, is false.
    Is(bool),
    /// The evaluation failed with the object, for this reason.
    Failed(String),
    /// The query cannot be evaluated here, for this reason.
    Unevaluated(String),
}

/// The functions of cel-go's standard library that the evaluator has too.
const STANDARD: [&str; 25] = [
    "bytes",
    "contains",
    "double",
    "duration",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "has",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "uint",
    operators::NOT_STRICTLY_FALSE,
    operators::IN,
];
/// The functions that the evaluator lacks, or whose result depends on how numbers are decoded.
const MISSING: [&str; 9] = [
    "bool",
    "dyn",
    "type",
    operators::DIVIDE,
    operators::MODULO,
    operators::MULTIPLY,
    operators::NEGATE,
    operators::SUBSTRACT,
    operators::OPT_SELECT,
];

/// Evaluates a query on an object. Source: provider-kubernetes 1.2 (checkDeriveFromCelQuery), with cel-go's environment
/// of the standard library.
#[must_use]
pub fn query(text: &str, object: &Value) -> Query {
    let weight = match shape::check(text) {
        Ok(weight) => weight,
        // The query does not compile.
        Err(shape::Unfit::Refused(_)) => return Query::Is(false),
        Err(shape::Unfit::Unevaluated(reason)) => return Query::Unevaluated(reason),
    };
    run::on_stack(weight, || evaluate(text, object))
        .unwrap_or_else(|| Query::Unevaluated(run::BROKE.to_owned()))
}

fn evaluate(text: &str, object: &Value) -> Query {
    let Ok(program) = Program::compile(text) else {
        return Query::Is(false);
    };
    let expression = program.expression();
    if let Some(ended) = ended_by_compiler(expression) {
        return ended;
    }
    if !bound::is_bounded(expression, Size::of(object)) {
        return Query::Unevaluated(super::UNBOUNDED.to_owned());
    }
    let mut context = Context::default();
    context.add_variable_from_value("object", decoded(object));
    match program.execute(&context) {
        Ok(cel::Value::Bool(is)) => Query::Is(is),
        Ok(_) => Query::Is(false),
        Err(error) => failed(&error),
    }
}

/// Returns the result if cel-go's compiler rejects the query or the evaluator lacks a part of it.
fn ended_by_compiler(expression: &IdedExpr) -> Option<Query> {
    // Depth and messages are checked as in rules. The functions differ.
    let (mut names, mut variables, mut bound) = (Vec::new(), Vec::new(), vec!["object"]);
    let walked = lacking::walk(expression, |part| {
        names.extend(unknown(part));
        match &part.expr {
            Expr::Ident(name) if !name.starts_with('@') => variables.push(name.as_str()),
            Expr::Comprehension(all) => bound.push(all.iter_var.as_str()),
            _ => {}
        }
        Ok(())
    });
    if let Err(reason) = walked {
        return Some(Query::Unevaluated(reason));
    }
    if variables.iter().any(|name| !bound.contains(name)) {
        names.push(Unknown::Undeclared);
    }
    if names.contains(&Unknown::Missing) {
        let reason = "it uses arithmetic, floating-point literals or functions that are not here";
        return Some(Query::Unevaluated(reason.to_owned()));
    }
    if names.contains(&Unknown::Undeclared) {
        return Some(Query::Is(false));
    }
    match is_bool(expression) {
        Some(true) => None,
        Some(false) => Some(Query::Is(false)),
        None => Some(Query::Unevaluated("its type is not clear".to_owned())),
    }
}

#[derive(PartialEq, Eq)]
enum Unknown {
    /// cel-go has the function or literal, but queries with it are not evaluated here.
    Missing,
    /// cel-go lacks the function too.
    Undeclared,
}

fn unknown(part: &IdedExpr) -> Option<Unknown> {
    match &part.expr {
        Expr::Literal(LiteralValue::Double(_)) => Some(Unknown::Missing),
        Expr::Call(call) => unknown_function(call),
        _ => None,
    }
}

fn unknown_function(call: &CallExpr) -> Option<Unknown> {
    let name = call.func_name.as_str();
    let is_text = |part: &IdedExpr| matches!(part.expr, Expr::Literal(LiteralValue::String(_)));
    if name == operators::ADD && !call.args.iter().any(is_text) || MISSING.contains(&name) {
        return Some(Unknown::Missing);
    }
    let operator = name.starts_with(['_', '!']);
    (!operator && !STANDARD.contains(&name)).then_some(Unknown::Undeclared)
}

/// Returns true if the type of an expression is `bool` for a compiler without a type for `object`. `None` if the type
/// is not clear.
fn is_bool(expression: &IdedExpr) -> Option<bool> {
    match &expression.expr {
        Expr::Literal(literal) => Some(matches!(literal, LiteralValue::Boolean(_))),
        Expr::Select(select) => Some(select.test),
        Expr::Ident(_) | Expr::List(_) | Expr::Map(_) => Some(false),
        // The result is a list, an accumulated boolean or a comparison.
        Expr::Comprehension(all) => match &all.result.expr {
            Expr::Ident(_) => is_bool(&all.accu_init),
            _ => is_bool(&all.result),
        },
        Expr::Call(call) => match call.func_name.as_str() {
            operators::CONDITIONAL => match (is_bool(&call.args[1]), is_bool(&call.args[2])) {
                (Some(one), Some(other)) if one == other => Some(one),
                _ => None,
            },
            operators::INDEX | operators::ADD => Some(false),
            "contains" | "startsWith" | "endsWith" | "matches" => Some(true),
            name => Some(name.starts_with(['_', '!', '@'])),
        },
        Expr::Struct(_) | Expr::Unspecified => None,
    }
}

fn failed(error: &ExecutionError) -> Query {
    match error {
        ExecutionError::NoSuchKey(key) => {
            Query::Failed(format!("failed to eval the program: no such key: {key}"))
        }
        ExecutionError::IndexOutOfBounds(cel::Value::Int(index)) => Query::Failed(format!(
            "failed to eval the program: index out of bounds: {index}"
        )),
        // The name is no variable, which cel-go's compiler rejects.
        ExecutionError::UndeclaredReference(_) => Query::Is(false),
        other => Query::Unevaluated(super::gap(other)),
    }
}

/// Returns the object as a CEL value.
fn decoded(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(is) => cel::Value::Bool(*is),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => cel::Value::Int(whole),
            None => cel::Value::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(items) => {
            cel::Value::List(items.iter().map(decoded).collect::<Vec<_>>().into())
        }
        Value::Object(map) => {
            let map = map.iter().map(|(key, value)| (key.clone(), decoded(value)));
            cel::Value::Map(map.collect::<HashMap<String, cel::Value>>().into())
        }
    }
}
