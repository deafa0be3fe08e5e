//! Upper bounds of what evaluating an expression may cost, for values of a known size.
//!
//! kube-cel evaluates without a budget and cannot be stopped, so that a rule is only evaluated if it is sure to end: the
//! bound follows the expression once, with the largest size that each part may have. It is no estimate of kube-apiserver's
//! cost: a rule beyond the bound is not judged here, which is another thing than refused.

use std::collections::BTreeMap;

use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};
use serde_json::Value;

/// The most that one rule may cost, in units of about a nanosecond.
const COST_LIMIT: f64 = 2e9;
/// The largest value that may come up meanwhile, in bytes.
const SIZE_LIMIT: f64 = 3.2e7;
/// What a step costs, whatever it does.
const STEP: f64 = 200.0;
/// What compiling a regular expression costs.
const COMPILING: f64 = 50_000.0;
/// The number of times that a turn of a comprehension copies what came of those before.
const COPIES: f64 = 12.0;
/// What a value takes beside its text.
const OVERHEAD: f64 = 32.0;
/// What a number or a truth value takes as text, at most.
const SCALAR: f64 = 400.0;

/// How large a value is at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Size {
    /// In bytes, with all that it holds.
    bytes: f64,
    /// The number of elements it that has, or anything that it holds.
    elements: f64,
    /// The bytes of the largest thing that it holds.
    largest: f64,
}

impl Size {
    /// The size of a JSON value.
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

    /// Of two values, the larger one in each respect.
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

    /// Any one thing that the value holds.
    fn element(self) -> Size {
        Size {
            bytes: self.largest,
            ..self
        }
    }

    /// The value so many times over.
    fn times(self, factor: f64) -> Size {
        Size {
            bytes: self.bytes * factor,
            elements: self.elements * factor,
            ..self
        }
    }

    /// Two values in one.
    fn and(self, other: Size) -> Size {
        Size {
            bytes: self.bytes + other.bytes,
            elements: self.elements + other.elements,
            largest: self.largest.max(other.largest),
        }
    }
}

/// Returns true if evaluating is sure to end soon with `self` and `oldSelf` of this size.
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
    /// The variables of comprehensions.
    bound: BTreeMap<&'a str, Size>,
    largest: f64,
}

impl<'a> Walk<'a> {
    /// The size of an expression's value, and what it costs to come to it.
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
        // Whatever comes up is copied now and then.
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

    /// All elements are taken, and the result grows by the same with each. Macros alone make comprehensions, so that
    /// what a step adds does not depend on what is there; each part is looked at once.
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
        // The name of a library is no value.
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

/// Returns what a call gives and costs beside its arguments, which have these sizes and take `all` bytes.
fn called(call: &CallExpr, sizes: &[Size], all: f64) -> (Size, f64) {
    let at = |index: usize| sizes.get(index).copied().unwrap_or_default();
    let (first, second) = (at(0), at(1));
    let elements = first.elements + second.elements + 1.0;
    match call.func_name.as_str() {
        operators::CONDITIONAL => (second.or(at(2)), 0.0),
        operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => (first.element(), 0.0),
        operators::ADD => (first.and(second), all),
        // Every element of one may be compared with every element of the other.
        "contains" | "intersects" | "equivalent" | "distinct" | "sort" | "indexOf"
        | "lastIndexOf" => (first, all * elements),
        "matches" | "find" => (first, COMPILING + all * 16.0),
        "findAll" => (pieces(first), COMPILING + all * 16.0),
        "split" => (pieces(first), all),
        "replace" => (replaced(call, sizes), all),
        "join" => (Size::text(first.bytes + elements * second.bytes), all),
        // A flag of a placeholder may widen what it stands for.
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

/// A text cut into pieces of a letter each.
fn pieces(text: Size) -> Size {
    Size {
        bytes: text.bytes * (OVERHEAD + 4.0),
        elements: text.bytes,
        largest: text.bytes,
    }
}

/// Each occurrence of a text, or each gap between letters where that is empty or unknown, becomes the other text.
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
