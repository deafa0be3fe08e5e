//! Whatever is typed, parsing and evaluating end without a panic.

use crosscut_expr::{Expression, Scope};
use proptest::prelude::*;
use serde_json::json;

fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            "@",
            "$",
            "$x",
            ".",
            "*",
            "[",
            "]",
            "[]",
            "[?",
            "{",
            "}",
            "(",
            ")",
            ",",
            ":",
            "|",
            "||",
            "&&",
            "!",
            "==",
            "<",
            ">=",
            "+",
            "-",
            "/",
            "//",
            "%",
            "&",
            "`1`",
            "'s'",
            "\"q\"",
            "0",
            "-1",
            "let",
            "in",
            "=",
            "length",
            "sort_by",
            "map",
            "join",
            "keys",
            "sum",
            "`[1,2]`",
            "`{\"a\":1}`",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,4}",
    ]
}

proptest! {
    #[test]
    fn any_tokens_end_without_a_panic(tokens in prop::collection::vec(token(), 0..24)) {
        if let Ok(expression) = Expression::parse(&tokens.join(" ")) {
            let _ = expression.evaluate(&json!({"a": [1, {"b": "c"}], "b": {"a": null}}), &Scope::new().bind("x", json!(3)));
        }
    }

    #[test]
    fn any_text_ends_without_a_panic(text in "\\PC{0,40}") {
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(error.offset <= text.len());
        }
    }

    #[test]
    fn slices_are_those_of_python(items in prop::collection::vec(0_i64..100, 0..8), start in -10_i64..10, stop in -10_i64..10, step in prop_oneof![-3_i64..0, 1_i64..4]) {
        let expression = Expression::parse(&format!("[{start}:{stop}:{step}]")).unwrap();
        let actual = expression.evaluate(&json!(items), &Scope::new()).unwrap();
        prop_assert_eq!(actual, json!(python(&items, start, stop, step)));
    }
}

/// The definition of the language reference: the indices `i + n*k` between i and j, i and j brought into range.
fn python(items: &[i64], start: i64, stop: i64, step: i64) -> Vec<i64> {
    let length = i64::try_from(items.len()).unwrap();
    let (low, high) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let bound = |bound: i64| (if bound < 0 { bound + length } else { bound }).clamp(low, high);
    let (mut at, stop) = (bound(start), bound(stop));
    let mut found = Vec::new();
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        found.extend(usize::try_from(at).ok().and_then(|at| items.get(at)));
        at += step;
    }
    found
}
