//! Checks, templates and differences end within one budget, for any number of expressions in a document.

use crosscut_assertion::{Assertion, Mismatch, template};
use crosscut_expr::Scope;
use crosscut_yaml::{Limits, Node, parse};
use rstest::rstest;
use serde_json::{Value, json};

/// An expression of ten million steps. The budget is enough for one of them.
const WORK: &str = "(length(n[*].length($.n[*].to_string(@))))";

/// An expression whose text is ten times as long as `t`, and then ten times as long again.
const GROWTH: &str = "(let $a = t in let $b = join('', [$a, $a, $a, $a, $a, $a, $a, $a, $a, $a]) in \
     let $c = join('', [$b, $b, $b, $b, $b, $b, $b, $b, $b, $b]) in $c)";

fn given() -> Value {
    let numbers: Vec<u32> = (0..700).collect();
    json!({"n": numbers, "t": "x".repeat(10_000)})
}

fn document(text: &str) -> Node {
    parse(text, &Limits::default()).unwrap().remove(0)
}

fn checked(text: &str) -> Vec<Mismatch> {
    let assertion = Assertion::parse(&document(text)).unwrap();
    let actual = given();
    // The difference must end too.
    let _ = assertion.diff(&actual, &Scope::new());
    assertion.check(&actual, &Scope::new())
}

/// Returns `count` entries with the same expression. One more blank makes another key.
fn entries(expression: &str, count: usize) -> String {
    let entry = |blanks: usize| {
        let inner = expression.trim_start_matches('(');
        format!("\"({}{inner}\": 1\n", " ".repeat(blanks))
    };
    (0..count).map(entry).collect()
}

#[rstest]
#[case::work(&entries(WORK, 12), "steps")]
#[case::growth(&entries(GROWTH, 60), "values")]
#[case::bound(
    "(n[*].[@, @, @, @])->a:\n  ~.(@):\n    ~.($a):\n      ~.(@):\n        (@): -1\n",
    "over its budget"
)]
fn a_check_ends(#[case] text: &str, #[case] expected: &str) {
    let found = checked(text);
    let last = found.last().unwrap();
    assert!(last.message.contains(expected), "{}", last.message);
}

#[test]
fn over_the_budget_a_check_says_so_once_and_where() {
    let text = entries(WORK, 40);
    let found = checked(&text);
    let over: Vec<&Mismatch> = found.iter().filter(|one| one.unevaluated).collect();
    assert_eq!(over.len(), 1);
    assert_eq!(
        over[0].message,
        "the evaluation is over its budget of 5000000 steps"
    );
    assert!(text[over[0].span.start..over[0].span.end].contains("length"));
    assert!(!over[0].unsupported);
    assert_eq!(found.last(), Some(over[0]), "nothing is judged after it");
}

#[test]
fn mismatches_have_a_bound_together() {
    let text = "~.n:\n  ~.($values): 1\n";
    let assertion = Assertion::parse(&document(text)).unwrap();
    let large: Vec<String> = (0..100).map(|_| "x".repeat(10_000)).collect();
    let scope = Scope::new().bind("values", json!(large));
    let found = assertion.check(&given(), &scope);
    let size: usize = found
        .iter()
        .map(|one| {
            one.actual
                .to_owned()
                .map_or(0, |actual| actual.to_string().len())
        })
        .sum();
    assert!(size < 70 << 20, "{size}");
    let note = Some(json!("(not shown: too large)"));
    assert!(found.iter().any(|one| one.actual == note));
}

#[test]
fn the_expressions_of_a_template_share_a_budget() {
    let items: String = (0..40)
        .map(|_| "- (length($n[*].length($n[*].to_string(@))))\n")
        .collect();
    let numbers: Vec<u32> = (0..700).collect();
    let scope = Scope::new().bind("n", json!(numbers));
    let problems = template(&document(&items), &scope).unwrap_err();
    assert_eq!(problems[0].code, "template::evaluation");
    assert!(problems[0].message.contains("over its budget"));
    assert!(
        !items[..problems[0].span.start].is_empty(),
        "the first is within it"
    );
}

#[test]
fn a_long_difference_is_cut() {
    let lines: Vec<u32> = (0..20_000).collect();
    let assertion = Assertion::parse(&document("numbers: []\n")).unwrap();
    let diff = assertion.diff(&json!({"numbers": lines}), &Scope::new());
    assert!(diff.lines().count() < 5_010);
    assert!(diff.contains("more lines"), "{diff}");
}
