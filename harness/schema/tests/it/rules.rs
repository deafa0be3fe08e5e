//! CEL rules within bounds: rules that kube-apiserver rejects are rejected, and rules that the evaluator lacks are
//! reported. Neither makes a valid object invalid.

use crosscut_schema::{Structural, Validation, crd};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use crate::fuzzed;

/// Returns the schema of an object whose spec has these rules.
fn schema(rules: &Value) -> Value {
    let word = json!({"type": "string"});
    json!({"type": "object", "properties": {"spec": {
        "type": "object",
        "x-kubernetes-validations": rules,
        "properties": {
            "word": word,
            "size": {"type": "integer"},
            "words": {"type": "array", "items": word},
        },
    }}})
}

fn judged(rule: &str, spec: &Value) -> Validation {
    let compiled = Structural::compile(&schema(&json!([{"rule": rule}]))).unwrap();
    compiled.validate(&json!({"spec": spec}), None)
}

fn refusals(rule: &str) -> Vec<String> {
    let errors = Structural::compile(&schema(&json!([{"rule": rule}]))).err();
    let errors = errors.into_iter().flatten();
    errors.map(|error| error.detail).collect()
}

// Source: CEL of kube-apiserver 1.34 accepts each rule; kube-cel 0.8 lacks a part of it.
#[rstest]
#[case::type_of("type(self.size) == int", "type()")]
#[case::dynamic("dyn(self.size) == 3", "dyn()")]
#[case::two_variables("self.words.all(i, w, i < 9 && w != '')", "all() with two variables")]
#[case::transform("self.words.transformList(i, w, w) == self.words", "transformList()")]
#[case::optional_field("self.?word.orValue('a') == 'a'", "optional")]
#[case::optional_element("self.words[?0].orValue('a') == 'a'", "optional")]
#[case::optional_map("optional.of(self.size).optMap(x, x + 1).hasValue()", "optMap()")]
#[case::message("Some{a: 1} == Some{a: 1}", "makes a message")]
fn a_rule_that_cannot_be_evaluated_is_named_and_refuses_nothing(
    #[case] rule: &str,
    #[case] reason: &str,
) {
    let found = judged(rule, &json!({"word": "a", "size": 3, "words": ["a"]}));
    assert_eq!(found.errors, []);
    let told: Vec<String> = found.unevaluated.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(reason) && told[0].contains("CEL rule"),
        "{told:?}"
    );
    let definition = json!({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema(&json!([{"rule": rule}]))}}]}});
    assert_eq!(crd::unevaluated(&definition), found.unevaluated);
}

#[test]
fn the_rules_beside_one_that_cannot_be_evaluated_are_judged() {
    let rules =
        json!([{"rule": "dyn(self.size) == 3"}, {"rule": "self.size < 9", "message": "too large"}]);
    let compiled = Structural::compile(&schema(&rules)).unwrap();
    let found = compiled.validate(&json!({"spec": {"size": 10}}), None);
    assert_eq!((found.errors.len(), found.unevaluated.len()), (1, 1));
    assert_eq!(found.errors[0].detail, "too large");
}

#[rstest]
#[case::on_creation(json!([{"rule": "dyn(self.size) >= dyn(oldSelf.size)"}]), None, 0)]
#[case::on_change(json!([{"rule": "dyn(self.size) >= dyn(oldSelf.size)"}]), Some(1), 1)]
#[case::optional_old_self(json!([{"rule": "!oldSelf.hasValue()", "optionalOldSelf": true}]), None, 1)]
#[case::unchanged(json!([{"rule": "dyn(self.size) == 3"}]), Some(2), 0)]
fn only_what_would_be_judged_is_named(
    #[case] rules: Value,
    #[case] old: Option<i64>,
    #[case] expected: usize,
) {
    let compiled = Structural::compile(&schema(&rules)).unwrap();
    let old = old.map(|size| json!({"spec": {"size": size}}));
    let found = compiled.validate(&json!({"spec": {"size": 2}}), old.as_ref());
    assert_eq!((found.errors.len(), found.unevaluated.len()), (0, expected));
}

fn sum(terms: usize) -> String {
    format!("{} > 0", vec!["1"; terms].join("+"))
}

// Source: the parser of cel-go 0.26 with its default limits, as in kube-apiserver 1.34.
#[rstest]
#[case::sum(sum(9_000), "expression recursion limit exceeded: 250")]
#[case::fields(format!("self{} == 1", ".a".repeat(300)), "expression recursion limit exceeded: 250")]
#[case::brackets(format!("{}1{} == 1", "(".repeat(300), ")".repeat(300)), "expression recursion limit exceeded: 250")]
#[case::lists(format!("{}{} == []", "[".repeat(40_000), "]".repeat(40_000)), "expression recursion limit exceeded: 250")]
#[case::ternaries(format!("{}true", "self.size == 1 ? true : ".repeat(300)), "expression recursion limit exceeded: 250")]
#[case::characters(format!("self.word != '{}'", "a".repeat(100_000)), "expression code point size exceeds limit: size: 100015, limit 100000")]
fn what_is_too_much_for_kube_apiserver_is_refused(#[case] rule: String, #[case] text: &str) {
    let told = refusals(&rule);
    assert_eq!(told.len(), 1, "{told:?}");
    let expected = format!("compilation failed: ERROR: <input>:-1:0: {text}");
    assert_eq!(told[0], expected);
}

#[rstest]
#[case::sum(sum(200))]
#[case::left_of_left(format!("{}1{} > 0", "(".repeat(40), "+1)".repeat(40)))]
#[case::and(vec!["self.size == 3"; 300].join(" && "))]
#[case::brackets(format!("{}1{} == 1", "(".repeat(80), ")".repeat(80)))]
#[case::text("self.word != '1+1+1' // +1+1".to_owned())]
fn what_is_long_but_not_too_much_is_judged(#[case] rule: String) {
    let found = judged(&rule, &json!({"word": "a", "size": 3}));
    assert_eq!(found, Validation::default());
}

/// Returns a rule whose text value grows with every call.
fn growing(calls: usize) -> String {
    format!(
        "self.word{}.size() > 0",
        ".replace('a', 'aa')".repeat(calls)
    )
}

#[rstest]
#[case::text_that_doubles(growing(60), json!({"word": "a"}), 1)]
#[case::text_that_grows_little(growing(5), json!({"word": "a"}), 0)]
#[case::every_word_with_every_word("self.words.all(a, self.words.exists(b, a == b))".to_owned(), json!({"words": vec!["abcdefgh"; 50]}), 0)]
#[case::four_times_over("self.words.all(a, self.words.all(b, self.words.all(c, self.words.all(d, a + b + c + d != ''))))".to_owned(), json!({"words": vec!["a"; 500]}), 1)]
#[case::a_long_list("lists.range(1000000000).size() > 0".to_owned(), json!({}), 1)]
#[case::lists_in_lists("self.words.map(a, self.words.map(b, self.words.map(c, self.words))).size() > 0".to_owned(), json!({"words": vec!["a"; 300]}), 1)]
fn a_rule_without_bounds_is_named_and_not_evaluated(
    #[case] rule: String,
    #[case] spec: Value,
    #[case] unevaluated: usize,
) {
    let found = judged(&rule, &spec);
    assert_eq!(
        (found.errors.len(), found.unevaluated.len()),
        (0, unevaluated),
        "{found:?}"
    );
}

#[test]
fn what_only_a_checker_of_types_would_find_refuses_no_object() {
    let found = judged("self.size < 'a'", &json!({"size": 3}));
    assert_eq!(
        (found.errors.len(), found.unevaluated.len()),
        (0, 1),
        "{found:?}"
    );
    let found = judged("self.words[3] == 'a'", &json!({"words": []}));
    assert_eq!(
        (found.errors.len(), found.unevaluated.len()),
        (1, 0),
        "{found:?}"
    );
}

/// Generates rules of every kind; most of them make no sense.
fn rules() -> impl Strategy<Value = String> {
    let leaves = prop_oneof![
        Just("self".to_owned()),
        Just("self.word".to_owned()),
        Just("self.words".to_owned()),
        Just("self.size".to_owned()),
        Just("x".to_owned()),
        Just("'a'".to_owned()),
        Just("''".to_owned()),
        Just("[]".to_owned()),
        Just("{'a': 1}".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("Some{a: 1}".to_owned()),
        "[0-9]{1,3}",
    ];
    leaves.prop_recursive(6, 48, 3, |inner| {
        let infix = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||",
        ]);
        let call = prop::sample::select(vec![
            "size",
            "replace",
            "join",
            "split",
            "matches",
            "format",
            "substring",
            "contains",
            "indexOf",
            "orValue",
            "type",
            "dyn",
            "string",
            "int",
            "duration",
            "quantity",
            "sort",
            "reverse",
            "flatten",
            "findAll",
            "ip",
            "cidr",
            "url",
            "min",
            "sum",
            "slice",
        ]);
        let with = prop::sample::select(vec!["all", "exists", "exists_one", "map", "filter"]);
        prop_oneof![
            (inner.clone(), infix, inner.clone())
                .prop_map(|(a, with, b)| format!("({a} {with} {b})")),
            (
                inner.clone(),
                call,
                prop::collection::vec(inner.clone(), 0..3)
            )
                .prop_map(|(a, name, with)| format!("{a}.{name}({})", with.join(", "))),
            (inner.clone(), with, inner.clone())
                .prop_map(|(a, name, b)| format!("{a}.{name}(x, {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            inner.clone().prop_map(|a| format!("has({a}.word)")),
            inner.clone().prop_map(|a| format!("-{a}")),
            inner.prop_map(|a| format!("!{a}")),
        ]
    })
}

#[test]
fn the_seeds_of_the_fuzzer_end() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/rule");
    let mut count = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        fuzzed::run(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 2, "only {count} seeds");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_rule_ends_with_any_object(rule in rules(), words in prop::collection::vec("[a-c]{0,4}", 0..6)) {
        let schema = schema(&json!([{"rule": rule, "messageExpression": rule}]));
        if let Ok(compiled) = Structural::compile(&schema) {
            let object = json!({"spec": {"word": words.concat(), "size": words.len(), "words": words}});
            let old = json!({"spec": {"word": "", "size": 0, "words": []}});
            compiled.validate(&object, Some(&old));
            compiled.validate(&object, None);
        }
        fuzzed::run(rule.as_bytes());
    }

    #[test]
    fn any_text_ends_as_a_rule(rule in "[-a-z0-9 .,:?!()\\[\\]{}'\"+*/%<>=&|\\\\]{0,60}") {
        let compiled = Structural::compile(&schema(&json!([{"rule": rule}])));
        if let Ok(compiled) = compiled {
            compiled.validate(&json!({"spec": {"word": "a"}}), None);
        }
    }
}
