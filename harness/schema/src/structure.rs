//! The validation of schemas: they must be structural and within limits.

use regex::Regex;
use serde_json::Value;

use crate::build::{build, strings};
use crate::cel::{RULES, Rules};
use crate::field_error::FieldError;
use crate::node::Sort;
use crate::{prune, validate};

/// The path in kube-apiserver's errors of a schema that all versions share.
pub(crate) const SHARED_SCHEMA: &str = "spec.validation.openAPIV3Schema";
/// The maximum nesting depth of a schema.
const DEEPEST: usize = 64;
const SORTS: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Returns all errors in a schema. `base` is the path of its field.
pub(crate) fn check(schema: &Value, base: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let root = Place {
        path: base.to_owned(),
        depth: 0,
        logic: false,
    };
    at_root(schema, base, &mut errors);
    node(schema, &root, &mut errors);
    if errors.is_empty() {
        defaults(schema, base, &mut errors);
    }
    errors
}

struct Place {
    path: String,
    depth: usize,
    /// True if the place is below allOf, anyOf, oneOf or not, where a schema may only restrict values.
    logic: bool,
}

impl Place {
    fn below(&self, step: &str) -> Place {
        Place {
            path: format!("{}.{step}", self.path),
            depth: self.depth + 1,
            logic: self.logic,
        }
    }

    fn logic(&self, step: &str) -> Place {
        Place {
            logic: true,
            ..self.below(step)
        }
    }

    fn field(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

fn at_root(schema: &Value, base: &str, errors: &mut Vec<FieldError>) {
    match schema["type"].as_str() {
        Some("object") => {}
        None | Some("") => {
            errors.push(FieldError::required(
                format!("{base}.type"),
                "must not be empty at the root",
            ));
        }
        Some(other) if SORTS.contains(&other) => {
            errors.push(FieldError::invalid(
                format!("{base}.type"),
                other,
                "must be object at the root",
            ));
        }
        Some(_) => {}
    }
    let metadata = &schema["properties"]["metadata"];
    let restricts = |name: &str| !matches!(name, "type" | "description" | "properties");
    let more = metadata
        .as_object()
        .is_some_and(|map| map.keys().any(|name| restricts(name)))
        || metadata["properties"].as_object().is_some_and(|map| {
            map.keys()
                .any(|name| !matches!(name.as_str(), "name" | "generateName"))
        });
    if more {
        errors.push(FieldError::forbidden(
            format!("{base}.properties[metadata]"),
            "must not specify anything other than name and generateName, but metadata is implicitly specified",
        ));
    }
}

fn node(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    if place.depth > DEEPEST {
        errors.push(FieldError::forbidden(
            &place.path,
            format!("schemas nest at most {DEEPEST} deep"),
        ));
        return;
    }
    if !schema["$ref"].is_null() {
        errors.push(FieldError::forbidden(
            place.field("$ref"),
            "$ref is not supported",
        ));
        return;
    }
    sort(schema, place, errors);
    if place.logic {
        in_logic(schema, place, errors);
    }
    of_value(schema, place, errors);
    extensions(schema, place, errors);
    children(schema, place, errors);
}

fn sort(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    let flag = |name: &str| schema[name] == Value::Bool(true);
    match schema["type"].as_str().unwrap_or_default() {
        "" if place.logic || place.depth == 0 => {}
        "" if flag("x-kubernetes-int-or-string")
            || flag("x-kubernetes-preserve-unknown-fields") => {}
        "" => {
            let what = if place.path.ends_with("items") {
                "array items"
            } else {
                "object fields"
            };
            let detail = format!("must not be empty for specified {what}");
            errors.push(FieldError::required(place.field("type"), detail));
        }
        name if Sort::named(name).is_none() => {
            let supported: Vec<String> = SORTS.iter().map(|sort| (*sort).to_owned()).collect();
            errors.push(FieldError::not_supported(
                place.field("type"),
                name,
                &supported,
            ));
        }
        "array" if !place.logic && !schema["items"].is_object() => {
            errors.push(FieldError::required(
                place.field("items"),
                "must be specified",
            ));
        }
        _ => {}
    }
}

/// Adds an error for each field that is forbidden below allOf, anyOf, oneOf and not.
fn in_logic(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    let given = |name: &str| {
        !matches!(&schema[name], Value::Null | Value::Bool(false)) && schema[name] != ""
    };
    for name in ["description", "title", "additionalProperties", "nullable"] {
        if given(name) {
            errors.push(FieldError::forbidden(
                place.field(name),
                "must be undefined to be structural",
            ));
        }
    }
    // Only the two branches of an integer-or-string may have types.
    if given("type") && !place.path.contains("anyOf[") {
        errors.push(FieldError::forbidden(
            place.field("type"),
            "must be empty to be structural",
        ));
    }
    if given("default") {
        errors.push(FieldError::forbidden(
            place.field("default"),
            "must be undefined to be structural",
        ));
    }
    for name in [
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
    ] {
        if given(name) {
            errors.push(FieldError::forbidden(
                place.field(name),
                "must be false to be structural",
            ));
        }
    }
}

fn of_value(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    if schema["uniqueItems"] == Value::Bool(true) {
        errors.push(FieldError::forbidden(
            place.field("uniqueItems"),
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && let Err(error) = Regex::new(pattern)
    {
        let detail = format!("must be a valid regular expression, but isn't: {error}");
        errors.push(FieldError::invalid(place.field("pattern"), pattern, detail));
    }
    let both = schema["properties"]
        .as_object()
        .is_some_and(|map| !map.is_empty())
        && !matches!(
            schema["additionalProperties"],
            Value::Null | Value::Bool(false)
        );
    if both {
        errors.push(FieldError::forbidden(
            place.field("additionalProperties"),
            "additionalProperties and properties are mutual exclusive",
        ));
    }
}

fn extensions(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    if schema["x-kubernetes-embedded-resource"] == Value::Bool(true) {
        embedded(schema, place, errors);
    }
    list(schema, place, errors);
    rules(schema, place, errors);
}

fn embedded(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    let preserve = schema["x-kubernetes-preserve-unknown-fields"] == Value::Bool(true);
    if !preserve
        && schema["properties"]
            .as_object()
            .is_none_or(|map| map.is_empty())
    {
        errors.push(FieldError::required(
            place.field("properties"),
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
        ));
    }
    if schema["type"] != "object" {
        errors.push(FieldError::invalid(
            place.field("type"),
            schema["type"].clone(),
            "must be object if x-kubernetes-embedded-resource is true",
        ));
    }
}

fn list(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    match schema["x-kubernetes-list-type"].as_str() {
        None | Some("atomic") => {}
        Some("set") => {
            let items = &schema["items"];
            let loose = (items["type"] == "object" && items["x-kubernetes-map-type"] != "atomic")
                || (items["type"] == "array"
                    && !matches!(
                        items["x-kubernetes-list-type"].as_str(),
                        None | Some("atomic")
                    ));
            if loose {
                errors.push(FieldError::invalid(
                    place.field("items.x-kubernetes-map-type"),
                    items["x-kubernetes-map-type"].clone(),
                    "must be atomic as item of a list with x-kubernetes-list-type=set",
                ));
            }
        }
        Some("map") => keyed_list(schema, place, errors),
        Some(other) => {
            let supported = ["atomic", "set", "map"].map(str::to_owned);
            errors.push(FieldError::not_supported(
                place.field("x-kubernetes-list-type"),
                other,
                &supported,
            ));
        }
    }
}

fn keyed_list(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    let keys = strings(&schema["x-kubernetes-list-map-keys"]);
    let field = place.field("x-kubernetes-list-map-keys");
    if keys.is_empty() {
        errors.push(FieldError::required(
            field,
            "must not be empty if x-kubernetes-list-type is map",
        ));
        return;
    }
    let items = &schema["items"];
    if items["nullable"] == Value::Bool(true) {
        errors.push(FieldError::forbidden(
            place.field("items.nullable"),
            "cannot be nullable when x-kubernetes-list-type is map",
        ));
    }
    if keys
        .iter()
        .any(|key| items["properties"].get(key).is_none())
    {
        errors.push(FieldError::invalid(
            field,
            keys.clone(),
            "entries must all be names of item properties",
        ));
    }
    let required = strings(&items["required"]);
    for key in keys.iter().filter(|key| !required.contains(key)) {
        let Some(property) = items["properties"].get(key) else {
            continue;
        };
        if property.get("default").is_none() {
            errors.push(FieldError::required(
                place.field(&format!("items.properties[{key}].default")),
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
            ));
        }
    }
}

fn rules(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    let list = schema[RULES]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (index, rule) in list.iter().enumerate() {
        let field = |name: &str| place.field(&format!("{RULES}[{index}].{name}"));
        if rule["rule"]
            .as_str()
            .is_none_or(|text| text.trim().is_empty())
        {
            errors.push(FieldError::required(field("rule"), "rule is not specified"));
            continue;
        }
        let reasons = [
            "FieldValueDuplicate",
            "FieldValueForbidden",
            "FieldValueInvalid",
            "FieldValueRequired",
        ];
        if let Some(reason) = rule["reason"]
            .as_str()
            .filter(|reason| !reasons.contains(reason))
        {
            errors.push(FieldError::not_supported(
                field("reason"),
                reason,
                &reasons.map(str::to_owned),
            ));
        }
        let mut alone = schema.clone();
        alone[RULES] = Value::Array(vec![rule.clone()]);
        if let Err(complaints) = Rules::compile(&alone) {
            let detail = format!("compilation failed: {}", complaints.join("; "));
            errors.push(FieldError::invalid(field("rule"), rule.clone(), detail));
        }
    }
}

fn children(schema: &Value, place: &Place, errors: &mut Vec<FieldError>) {
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        node(below, &place.below(&format!("properties[{name}]")), errors);
    }
    if schema["additionalProperties"].is_object() {
        node(
            &schema["additionalProperties"],
            &place.below("additionalProperties"),
            errors,
        );
    }
    if schema["items"].is_object() {
        node(&schema["items"], &place.below("items"), errors);
    }
    for junctor in ["allOf", "anyOf", "oneOf"] {
        for (index, below) in schema[junctor].as_array().into_iter().flatten().enumerate() {
            node(below, &place.logic(&format!("{junctor}[{index}]")), errors);
        }
    }
    if schema["not"].is_object() {
        node(&schema["not"], &place.logic("not"), errors);
    }
}

/// Adds an error for each default that the schema itself would prune or reject.
fn defaults(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(default) = schema.get("default").filter(|default| !default.is_null()) {
        let compiled = build(schema);
        let field = format!("{path}.default");
        let mut kept = default.clone();
        if !prune::prune_value(&compiled, &mut kept).is_empty() {
            errors.push(FieldError::invalid(
                field,
                default.clone(),
                "must not have unknown fields",
            ));
        } else {
            let mistakes = validate::of_schema(&compiled, default, None, "");
            errors.extend(mistakes.into_iter().map(|error| FieldError {
                field: if error.field.is_empty() {
                    field.clone()
                } else {
                    format!("{field}.{}", error.field)
                },
                ..error
            }));
        }
    }
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        defaults(below, &format!("{path}.properties[{name}]"), errors);
    }
    for name in ["additionalProperties", "items"] {
        if schema[name].is_object() {
            defaults(&schema[name], &format!("{path}.{name}"), errors);
        }
    }
}
