//! The compilation of a checked schema into nodes.

use regex::Regex;
use serde_json::{Number, Value};

use crate::cel::Rules;
use crate::format::Format;
use crate::node::{Additional, Bounds, ListKind, Logic, Node, Sort};

/// Compiles a schema in which `structure` found no errors. Parts that cannot be compiled are left out.
pub(crate) fn build(schema: &Value) -> Node {
    let flag = |name: &str| schema[name] == Value::Bool(true);
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut node = Node {
        sort: schema["type"].as_str().and_then(Sort::named),
        int_or_string: flag("x-kubernetes-int-or-string"),
        nullable: flag("nullable"),
        preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
        embedded: flag("x-kubernetes-embedded-resource"),
        properties: properties
            .map(|(name, schema)| (name.clone(), build(schema)))
            .collect(),
        additional: additional(&schema["additionalProperties"]),
        items: schema["items"]
            .is_object()
            .then(|| Box::new(build(&schema["items"]))),
        list: list(schema),
        default: schema
            .get("default")
            .filter(|value| !value.is_null())
            .cloned(),
        bounds: bounds(schema),
        logic: logic(schema),
        rules: Rules::compile(schema).ok().flatten(),
        has_rules: false,
    };
    node.has_rules = node.rules.is_some() || node.children().any(|child| child.has_rules);
    node
}

fn additional(schema: &Value) -> Additional {
    match schema {
        Value::Bool(true) => Additional::Any,
        Value::Object(_) => Additional::Schema(Box::new(build(schema))),
        _ => Additional::No,
    }
}

fn list(schema: &Value) -> ListKind {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(strings(&schema["x-kubernetes-list-map-keys"])),
        _ => ListKind::Atomic,
    }
}

fn bounds(schema: &Value) -> Bounds {
    let count = |name: &str| schema[name].as_u64();
    let number = |name: &str| schema[name].as_number().cloned();
    let flag = |name: &str| schema[name] == Value::Bool(true);
    let one: Option<Number> = number("multipleOf");
    Bounds {
        minimum: number("minimum"),
        maximum: number("maximum"),
        exclusive_minimum: flag("exclusiveMinimum"),
        exclusive_maximum: flag("exclusiveMaximum"),
        multiple_of: one.filter(|number| number.as_f64() != Some(0.0)),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        pattern: schema["pattern"]
            .as_str()
            .and_then(|text| Regex::new(text).ok()),
        format: schema["format"].as_str().and_then(Format::named),
        choices: schema["enum"].as_array().cloned().unwrap_or_default(),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
        required: strings(&schema["required"]),
    }
}

fn logic(schema: &Value) -> Logic {
    let branches = |name: &str| {
        let list = schema[name].as_array().into_iter().flatten();
        list.map(build).collect()
    };
    Logic {
        all_of: branches("allOf"),
        any_of: branches("anyOf"),
        one_of: branches("oneOf"),
        not: schema["not"]
            .is_object()
            .then(|| Box::new(build(&schema["not"]))),
    }
}

pub(crate) fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}
