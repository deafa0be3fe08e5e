//! Upper bounds of the cost of evaluating an expression, for values of a known size.
//!
//! kube-cel evaluates without a budget and cannot be stopped. Therefore a rule is evaluated only if its cost is
//! bounded: one walk of the expression adds up the cost with the largest size of each part. The bound is no estimate of
//! kube-apiserver's cost. A rule beyond the bound is not evaluated, which does not mean that it is rejected.

use std::collections::BTreeMap;

use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};
use serde_json::Value;

/// The maximum cost of one rule, in units of about a nanosecond.
const COST_LIMIT: f64 = 2e9;
/// The maximum size of an intermediate value, in bytes.
const SIZE_LIMIT: f64 = 3.2e7;
/// The cost of each step.
const STEP: f64 = 200.0;
/// The cost of compiling a regular expression.
const COMPILING: f64 = 50_000.0;
/// The number of times that a turn of a comprehension copies the result of the previous turns.
const COPIES: f64 = 12.0;
/// The size of a value beside its text, in bytes.
const OVERHEAD: f64 = 32.0;
/// The maximum size of a number or a boolean as text, in bytes.
const SCALAR: f64 = 400.0;

/// An upper bound of the size of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Size {
    /// The size in bytes, with all nested values.
    bytes: f64,
    /// The number of elements of the value, or of the nested value with the most elements.
    elements: f64,
    /// The size of the largest nested value, in bytes.
    largest: f64,
}

impl Size {
    /// Returns the size of a JSON value.
    pub(super) fn of(value: &Value) -> Size {
        match value {
            Value::String(text) => Size::text(count(text.len())),
            Value::Array(items) => Size::holding(items.iter().map(Size::of), count(items.len())),
            Value::Object(map) => {
                let keys = map.keys().map(|key| count(key.len())).sum::<f64>();
                let held = Size::holding(map.values().map(Size::of), count(map.len()));
                Size {
                    bytes: held.bytes + keys + OVERHEAD * held.elements,
                    largest: held.largest.max(keys + OVERHEAD),
                    ..held
                }
            }
            _ => Size::text(8.0),
        }
    }

    /// Returns the larger size of two values, field by field.
    pub(super) fn or(self, other: Size) -> Size {
        Size {
            bytes: self.bytes.max(other.bytes),
            elements: self.elements.max(other.elements),
            largest: self.largest.max(other.largest),
        }
    }

    fn text(bytes: f64) -> Size {
        Size {
            bytes: bytes + OVERHEAD,
            ..Size::default()
        }
    }

    fn holding(parts: impl Iterator<Item = Size>, elements: f64) -> Size {
        let none = Size {
            bytes: OVERHEAD,
            elements,
            largest: 0.0,
        };
        parts.fold(none, |all, part| Size {
            bytes: all.bytes + part.bytes,
            elements: all.elements.max(part.elements),
            largest: all.largest.max(part.bytes).max(part.largest),
        })
    }

    /// Returns the size of any value that this value contains.
    fn element(self) -> Size {
        Size {
            bytes: self.largest,
            ..self
        }
    }

    /// Returns the size of `factor` copies of the value.
    fn times(self, factor: f64) -> Size {
        Size {
            bytes: self.bytes * factor,
            elements: self.elements * factor,
            ..self
        }
    }

    /// Returns the size of two values combined.
    fn and(self, other: Size) -> Size {
        Size {
            bytes: self.bytes + other.bytes,
            elements: self.elements + other.elements,
            largest: self.largest.max(other.largest),
        }
    }
}

/// Returns true if the evaluation is bounded for a `self` and an `oldSelf` of this size.
pub(super) fn is_bounded(expression: &IdedExpr, own: Size) -> bool {
    let mut walk = Walk {
        own,
        bound: BTreeMap::new(),
        largest: 0.0,
    };
    let (_, cost) = walk.expression(expression);
    cost <= COST_LIMIT && walk.largest <= SIZE_LIMIT
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a bound of sizes far below the limits of a float's precision"
)]
fn count(number: usize) -> f64 {
    number as f64
}

struct Walk<'a> {
    own: Size,
    /// The sizes of the variables of comprehensions.
    bound: BTreeMap<&'a str, Size>,
    largest: f64,
}

impl<'a> Walk<'a> {
    /// Returns the size of an expression's value, and the cost of evaluating the expression.
    fn expression(&mut self, expression: &'a IdedExpr) -> (Size, f64) {
        let (size, cost) = match &expression.expr {
            Expr::Literal(literal) => (literal_size(literal), 0.0),
            Expr::Ident(name) => {
                let variable = self.bound.get(name.as_str()).copied();
                (variable.unwrap_or(self.own), 0.0)
            }
            Expr::Select(select) => {
                let (operand, cost) = self.expression(&select.operand);
                (operand.element().or(Size::text(8.0)), cost)
            }
            Expr::List(list) => self.collected(list.elements.iter()),
            Expr::Map(map) => {
                let parts = map.entries.iter().flat_map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => [&entry.key, &entry.value],
                    EntryExpr::StructField(field) => [&field.value, &field.value],
                });
                self.collected(parts)
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Call(call) => self.call(call),
            Expr::Struct(_) | Expr::Unspecified => (Size::default(), f64::INFINITY),
        };
        self.largest = self.largest.max(size.bytes);
        // The evaluator copies intermediate values; the bound assumes two copies.
        (size, cost + STEP + 2.0 * size.bytes)
    }

    fn collected(&mut self, parts: impl Iterator<Item = &'a IdedExpr>) -> (Size, f64) {
        let mut sizes = Vec::new();
        let mut costs = 0.0;
        for part in parts {
            let (size, cost) = self.expression(part);
            sizes.push(size);
            costs += cost;
        }
        let elements = count(sizes.len());
        (Size::holding(sizes.into_iter(), elements), costs)
    }

    /// Returns the size and the cost of a comprehension that visits all elements. The result grows by the same size
    /// with each element: only macros make comprehensions, so that the growth of a step does not depend on the result
    /// so far.
    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> (Size, f64) {
        let (range, range_cost) = self.expression(&comprehension.iter_range);
        let (first, first_cost) = self.expression(&comprehension.accu_init);
        let turns = range.elements.max(1.0);
        let item = comprehension.iter_var.as_str();
        let result = comprehension.accu_var.as_str();
        let hidden = [item, result].map(|name| (name, self.bound.get(name).copied()));
        self.bound.insert(item, range.element());
        self.bound.insert(result, Size::default());
        let (_, condition) = self.expression(&comprehension.loop_cond);
        let (growth, step) = self.expression(&comprehension.loop_step);
        let last = first.and(growth.times(turns));
        self.bound.insert(result, last);
        let (whole, result_cost) = self.expression(&comprehension.result);
        for (name, size) in hidden {
            match size {
                Some(size) => self.bound.insert(name, size),
                None => self.bound.remove(name),
            };
        }
        let turn = condition + step + range.element().bytes + COPIES * last.bytes;
        (whole, range_cost + first_cost + turns * turn + result_cost)
    }

    fn call(&mut self, call: &'a CallExpr) -> (Size, f64) {
        let mut sizes = Vec::with_capacity(call.args.len() + 1);
        let mut cost = 0.0;
        // The name of a library is not a value.
        let target = call.target.as_deref().filter(|target| match &target.expr {
            Expr::Ident(name) => !LIBRARIES.contains(&name.as_str()),
            _ => true,
        });
        for part in target.into_iter().chain(&call.args) {
            let (size, spent) = self.expression(part);
            sizes.push(size);
            cost += spent;
        }
        let all = sizes.iter().map(|size| size.bytes).sum::<f64>();
        let (size, spent) = called(call, &sizes, all);
        (size, cost + spent + 2.0 * all)
    }
}

const LIBRARIES: [&str; 9] = [
    "base64",
    "format",
    "ip",
    "jsonpatch",
    "lists",
    "math",
    "optional",
    "sets",
    "strings",
];

fn literal_size(literal: &LiteralValue) -> Size {
    match literal {
        LiteralValue::String(text) => Size::text(count(text.inner().len())),
        LiteralValue::Bytes(bytes) => Size::text(count(bytes.inner().len())),
        _ => Size::text(8.0),
    }
}

/// Returns the size and the cost of a call without its arguments, which have these sizes and `all` bytes together.
fn called(call: &CallExpr, sizes: &[Size], all: f64) -> (Size, f64) {
    let at = |index: usize| sizes.get(index).copied().unwrap_or_default();
    let (first, second) = (at(0), at(1));
    let elements = first.elements + second.elements + 1.0;
    match call.func_name.as_str() {
        operators::CONDITIONAL => (second.or(at(2)), 0.0),
        operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => (first.element(), 0.0),
        operators::ADD => (first.and(second), all),
        // Each element of one may be compared with each element of the other.
        "contains" | "intersects" | "equivalent" | "distinct" | "sort" | "indexOf"
        | "lastIndexOf" => (first, all * elements),
        "matches" | "find" => (first, COMPILING + all * 16.0),
        "findAll" => (pieces(first), COMPILING + all * 16.0),
        "split" => (pieces(first), all),
        "replace" => (replaced(call, sizes), all),
        "join" => (Size::text(first.bytes + elements * second.bytes), all),
        // A flag of a placeholder may widen the formatted value.
        "format" => (
            Size::text(first.bytes + (second.bytes + SCALAR) * 16.0),
            all,
        ),
        "range" => (Size::default(), f64::INFINITY),
        "flatten" | "slice" | "reverse" | "orValue" | "or" | "of" | "value" | "first" | "last" => {
            (first.or(second), all)
        }
        name if name.starts_with(['_', '@', '-', '!']) => (Size::text(8.0), all),
        _ => (Size::text(all * 4.0 + SCALAR).or(first), all * 4.0),
    }
}

/// Returns the size of a text that is split into pieces of one letter.
fn pieces(text: Size) -> Size {
    Size {
        bytes: text.bytes * (OVERHEAD + 4.0),
        elements: text.bytes,
        largest: text.bytes,
    }
}

/// Returns the size of a replacement: of each occurrence, or of each gap between letters if the text is empty or
/// unknown.
fn replaced(call: &CallExpr, sizes: &[Size]) -> Size {
    let text = |index: usize| {
        let argument = call.args.get(index)?;
        match &argument.expr {
            Expr::Literal(LiteralValue::String(text)) => Some(count(text.inner().len())),
            _ => None,
        }
    };
    let at = |index: usize| sizes.get(index).copied().unwrap_or_default().bytes;
    let whole = at(0);
    let with = text(1).unwrap_or_else(|| at(2));
    match text(0) {
        Some(length) if length > 0.0 => Size::text(whole.max(whole / length * with) + with),
        _ => Size::text(whole + (whole + 1.0) * with),
    }
}
