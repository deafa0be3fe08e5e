//! The functions and macros that kube-apiserver's CEL has and kube-cel lacks.

use kube_cel::cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr};

/// The functions of kube-cel 0.8 and of cel 0.13 below it, by the names in calls.
const FUNCTIONS: &[&str] = &[
    "add",
    "asApproximateFloat",
    "asInteger",
    "base64.decode",
    "base64.encode",
    "bytes",
    "charAt",
    "cidr",
    "compareTo",
    "contains",
    "containsCIDR",
    "containsIP",
    "distinct",
    "double",
    "duration",
    "endsWith",
    "family",
    "find",
    "findAll",
    "first",
    "flatten",
    "format",
    "format.byte",
    "format.date",
    "format.datetime",
    "format.dns1035Label",
    "format.dns1035LabelPrefix",
    "format.dns1123Label",
    "format.dns1123LabelPrefix",
    "format.dns1123Subdomain",
    "format.dns1123SubdomainPrefix",
    "format.labelValue",
    "format.named",
    "format.qualifiedName",
    "format.uri",
    "format.uuid",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getEscapedPath",
    "getFullYear",
    "getHost",
    "getHostname",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getPort",
    "getQuery",
    "getScheme",
    "getSeconds",
    "hasValue",
    "indexOf",
    "int",
    "ip",
    "ip.isCanonical",
    "isCIDR",
    "isGlobalUnicast",
    "isGreaterThan",
    "isIP",
    "isInteger",
    "isLessThan",
    "isLinkLocalMulticast",
    "isLinkLocalUnicast",
    "isLoopback",
    "isQuantity",
    "isSemver",
    "isSorted",
    "isURL",
    "isUnspecified",
    "join",
    "jsonpatch.escapeKey",
    "last",
    "lastIndexOf",
    "lists.range",
    "lowerAscii",
    "major",
    "masked",
    "matches",
    "math.abs",
    "math.bitAnd",
    "math.bitNot",
    "math.bitOr",
    "math.bitShiftLeft",
    "math.bitShiftRight",
    "math.bitXor",
    "math.ceil",
    "math.floor",
    "math.greatest",
    "math.isFinite",
    "math.isInf",
    "math.isNaN",
    "math.least",
    "math.round",
    "math.sign",
    "math.sqrt",
    "math.trunc",
    "max",
    "min",
    "minor",
    "optional.none",
    "optional.of",
    "or",
    "orValue",
    "patch",
    "prefixLength",
    "quantity",
    "replace",
    "reverse",
    "semver",
    "sets.contains",
    "sets.equivalent",
    "sets.intersects",
    "sign",
    "size",
    "slice",
    "sort",
    "split",
    "startsWith",
    "string",
    "strings.quote",
    "sub",
    "substring",
    "sum",
    "timestamp",
    "trim",
    "uint",
    "upperAscii",
    "url",
    "validate",
    "value",
];

/// The maximum nesting depth of an expression that is evaluated.
const DEPTH_LIMIT: usize = 400;

/// Returns the nesting depth of an expression, or the reason why it cannot be evaluated.
pub(super) fn check(expression: &IdedExpr) -> Result<usize, String> {
    walk(expression, |part| match &part.expr {
        Expr::Call(call) => known(call),
        _ => Ok(()),
    })
}

/// Calls `look` with every part of an expression, and returns its nesting depth. Not recursive, because the expression
/// may be nested deeper than any stack allows.
pub(super) fn walk<'a>(
    expression: &'a IdedExpr,
    mut look: impl FnMut(&'a IdedExpr) -> Result<(), String>,
) -> Result<usize, String> {
    let mut deepest = 0;
    let mut waiting = vec![(expression, 1)];
    while let Some((part, depth)) = waiting.pop() {
        deepest = deepest.max(depth);
        if depth > DEPTH_LIMIT {
            return Err(format!("it is nested deeper than {DEPTH_LIMIT} levels"));
        }
        look(part)?;
        let below = parts(&part.expr)?;
        waiting.extend(below.into_iter().map(|part| (part, depth + 1)));
    }
    Ok(deepest)
}

fn known(call: &CallExpr) -> Result<(), String> {
    let name = call.func_name.as_str();
    let operator = name.starts_with(['_', '@', '!', '-']);
    let of_library = match call.target.as_ref().map(|target| &target.expr) {
        Some(Expr::Ident(library)) => FUNCTIONS.contains(&format!("{library}.{name}").as_str()),
        _ => false,
    };
    if operator || of_library || FUNCTIONS.contains(&name) {
        return Ok(());
    }
    Err(match name {
        // With one variable the parser expands these macros, so that no call is left.
        "all" | "exists" | "exists_one" | "existsOne" | "map" | "filter" => {
            format!("it uses {name}() with two variables")
        }
        name => format!("it uses {name}()"),
    })
}

fn parts(expression: &Expr) -> Result<Vec<&IdedExpr>, String> {
    Ok(match expression {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Comprehension(all) => vec![
            &all.iter_range,
            &all.accu_init,
            &all.loop_cond,
            &all.loop_step,
            &all.result,
        ],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => {
            let entries = map.entries.iter().map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => [&entry.key, &entry.value],
                EntryExpr::StructField(field) => [&field.value, &field.value],
            });
            entries.flatten().collect()
        }
        Expr::Select(select) => vec![&select.operand],
        Expr::Struct(_) => return Err("it makes a message".to_owned()),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    })
}
