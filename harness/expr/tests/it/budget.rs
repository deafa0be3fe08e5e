//! Evaluating ends within its budget, however expressions nest; parsing refuses what is too high to evaluate.

use crosscut_expr::{Budget, EvaluationError, Expression, Scope};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

/// Numbers and texts that many expressions have something to do with.
fn given() -> Value {
    let numbers: Vec<u32> = (0..1000).collect();
    json!({"n": numbers, "t": "x".repeat(1000), "o": {"a": "x".repeat(1000)}})
}

fn evaluated(text: &str) -> Result<Value, EvaluationError> {
    Expression::parse(text)
        .unwrap()
        .evaluate(&given(), &Scope::new())
}

/// `let $b = STEP of $a in let $c = STEP of $b in … length($z)`, where `#` in the step stands for the variable before.
fn repeated(first: &str, step: &str, times: u8, last: &str) -> String {
    let name = |number: u8| format!("$v{number}");
    let mut text = format!("let {} = {first} in ", name(0));
    for number in 0..times {
        let value = step.replace('#', &name(number));
        text.push_str(&format!("let {} = {value} in ", name(number + 1)));
    }
    text + &last.replace('#', &name(times))
}

#[rstest]
#[case::projections("n[*].length($.n[*].length($.n[*].length($.n[*].to_string(@))))")]
#[case::maps("map(&map(&map(&length(to_string(@)), $.n), $.n), n)")]
#[case::keys_of_a_sort("sort_by(n, &length(sort_by($.n, &length(sort_by($.n, &(@))))))")]
#[case::filters("n[?length($.n[?length($.n[?@ > `1`]) > `1`]) > `1`]")]
#[case::groups("group_by(n, &to_string(length(group_by($.n, &to_string(length($.n[*].[@]))))))")]
#[case::comparisons("n[*].[$.n == $.n, $.n == $.n][] | [*].[$.n == $.n, $.n == $.n]")]
#[case::looking_at_text("n[*].contains($.t, 'y') | [*].map(&contains($.t, 'y'), $.n)")]
#[case::patterns("n[*].regex_match('(x+x+)+y', $.t) | [*].map(&regex_match('(x+x+)+y', $.t), $.n)")]
#[case::wildcards("n[*].map(&wildcard('*x*x*x*x*y', $.t), $.n)")]
fn work_has_a_bound(#[case] text: &str) {
    assert!(evaluated(text).unwrap_err().is_over_budget());
}

#[rstest]
#[case::joined("'xxxxxxxxxx'", "join('', [#, #, #, #, #, #, #, #, #, #])")]
#[case::separators("'xxxxxxxxxx'", "join(#, ['', '', '', '', '', '', '', '', '', ''])")]
#[case::appended("t", "concat(#, #)")]
#[case::replaced("t", "replace_all(#, 'x', 'xxxxxxxx')")]
#[case::replaced_by_itself("t", "replace(#, 'x', #, `1000000`)")]
#[case::between_all_letters("t", "replace_all(#, '', #)")]
#[case::pattern("t", "regex_replace_all('(x)', #, '$1$1$1$1')")]
#[case::literal("t", "regex_replace_all_literal('x', #, #)")]
#[case::listed("@", "[#, #, #]")]
#[case::mapped("@", "{a: #, b: #}")]
#[case::zipped("n", "zip(#, #, #)")]
#[case::flattened("n", "[#, #, #][]")]
#[case::projected("n", "[#, #, #][*][]")]
#[case::applied("[t, t]", "map(&concat(@, @), #)")]
#[case::as_json("t", "to_string([#, #])")]
#[case::encoded("t", "base64_encode(concat(#, #))")]
fn values_have_a_bound(#[case] first: &str, #[case] step: &str) {
    let text = repeated(first, step, 30, "type(#)");
    let over = EvaluationError::TooManyBytes(64 << 20);
    let steps = EvaluationError::TooManySteps(5_000_000);
    let outcome = evaluated(&text);
    assert!(outcome == Err(over) || outcome == Err(steps), "{outcome:?}");
}

#[rstest]
#[case::split("split(#, '')")]
#[case::items("items(split(#, ''), 'k', 'v')")]
fn a_large_text_is_not_taken_apart(#[case] step: &str) {
    let text = repeated("t", "concat(#, #)", 14, &format!("length({step})"));
    assert!(evaluated(&text).unwrap_err().is_over_budget());
}

#[rstest]
#[case::lists("[#]")]
#[case::maps("{a: #}")]
#[case::arrays("to_array([#])")]
#[case::pairs("items({a: #}, 'k', 'v')")]
#[case::rows("zip([#])")]
#[case::groups("group_by([{k: 'a', v: #}], &k)")]
fn depth_has_a_bound(#[case] step: &str) {
    let steps = (0..6).map(|_| repeated("@", step, 50, "#"));
    let text: Vec<String> = steps.map(|step| format!("({step})")).collect();
    assert_eq!(evaluated(&text.join(" | ")), Err(EvaluationError::TooDeep));
}

/// The budget counts what other evaluations left in the scope, hidden or not.
#[test]
fn bindings_that_grow_have_a_bound() {
    let doubled = Expression::parse("concat($a, $a)").unwrap();
    let mut scope = Scope::new().bind("a", json!("x".repeat(1000)));
    let outcome = (0..40).try_for_each(|_| {
        scope = scope.bind("a", doubled.evaluate(&Value::Null, &scope)?);
        assert!(scope.held() < 128 << 20);
        Ok::<(), EvaluationError>(())
    });
    assert_eq!(outcome, Err(EvaluationError::TooManyBytes(64 << 20)));
}

#[test]
fn expressions_share_a_budget() {
    let scope = Scope::new();
    let budget = Budget::with_limits(150, 10_000, &scope);
    let expression = Expression::parse("n[:20].to_string(@)").unwrap();
    let given = given();
    let evaluate = || {
        expression
            .evaluate_within(&budget, &given, &scope)
            .map(drop)
    };
    assert_eq!(evaluate(), Ok(()));
    assert_eq!(evaluate(), Err(EvaluationError::TooManySteps(150)));
    assert_eq!(budget.steps_taken(), 150);
}

/// The text that is parsed, of a part that is repeated.
fn tall(before: &str, part: &str, between: &str, times: usize) -> String {
    before.to_owned() + &vec![part; times].join(between)
}

#[rstest]
#[case::operators("a", "", "+a")]
#[case::fields("a", "", ".a")]
#[case::indices("a", "", "[0]")]
#[case::projections("a", "", "[*]")]
#[case::slices("a", "", "[:]")]
#[case::filters("a", "", "[?a]")]
#[case::flattened("a", "", "[]")]
#[case::values("a", "", ".*")]
#[case::behind_a_projection("a[*]", "", "[0]")]
#[case::brackets("", "(", "")]
#[case::lists("", "[", "")]
#[case::calls("", "abs(", "")]
#[case::not("", "!", "")]
#[case::minus("", "-", "")]
#[case::choices("a", "", "?a:a")]
#[case::choices_within("a", "", "?a")]
#[case::brackets_of_operators("", "a+(", "")]
fn what_is_too_high_does_not_parse(
    #[case] before: &str,
    #[case] part: &str,
    #[case] between: &str,
) {
    let text = tall(before, part, between, 16_000);
    let error = Expression::parse(&text).unwrap_err();
    assert!(error.message.contains("too deeply"), "{}", error.message);
}

/// The highest trees that parse are evaluated on a stack of the usual size.
#[rstest]
#[case::operators("a", "", "||a")]
#[case::sums("`1`", "", "+`1`")]
#[case::indices("a", "", "[0]")]
#[case::projections("a", "", "[*]")]
#[case::pipes("a", "", "|[@]")]
#[case::flattened("a", "", "[]")]
#[case::calls("", "to_array(", "")]
#[case::lets("", "let $x = @ in [", "")]
fn the_highest_trees_are_evaluated(
    #[case] before: &str,
    #[case] part: &str,
    #[case] between: &str,
) {
    let closed = |times: usize| {
        let open = tall(before, part, between, times);
        let end: String = open
            .chars()
            .rev()
            .filter_map(|letter| match letter {
                '(' => Some(')'),
                '[' if before.is_empty() => Some(']'),
                _ => None,
            })
            .collect();
        let middle = if before.is_empty() { "@" } else { "" };
        open + middle + &end
    };
    let mut given = json!(1);
    for _ in 0..100 {
        given = json!([given]);
    }
    let given = json!({"a": given});
    let parsed = |times: &usize| Expression::parse(&closed(*times)).ok();
    let highest = (1..600).rev().find_map(|times| parsed(&times)).unwrap();
    let _ = highest.evaluate(&given, &Scope::new());
}

/// Parts of expressions, among them those that multiply work and values.
fn part() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "@",
        "$",
        "n",
        "t",
        "o",
        "$x",
        "n[*]",
        "'xxxx'",
        "`[1,2,3]`",
        "n[:10]",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(6, 40, 3, |inner| {
        let forms = [
            "map(&#, #)",
            "sort_by(#, &#)",
            "max_by(#, &#)",
            "group_by(#, &to_string(#))",
            "join(#, #[*].to_string(@))",
            "to_string(#)",
            "concat(to_string(#), to_string(#))",
            "replace_all(to_string(#), 'x', to_string(#))",
            "split(to_string(#), '')",
            "[#, #, #]",
            "{a: #, b: #}",
            "#[]",
            "#[*].#",
            "(#) | (#)",
            "# == #",
            "let $x = # in #",
            "#[?#]",
            "zip(to_array(#), to_array(#))",
            "items(@, 'k', 'v')",
            "regex_replace_all('x*', to_string(#), '$0$0')",
            "pad_left(to_string(#), `50000`)",
            "# ? # : #",
            "merge(@, {x: #})",
            "contains(to_array(#), #)",
            "reverse(to_array(#))",
        ];
        (
            prop::sample::select(forms.to_vec()),
            prop::collection::vec(inner, 3),
        )
            .prop_map(|(form, parts)| {
                let mut parts = parts.into_iter();
                form.split('#')
                    .enumerate()
                    .map(|(index, text)| match index {
                        0 => text.to_owned(),
                        _ => format!("({}){text}", parts.next().unwrap_or_default()),
                    })
                    .collect()
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// A budget bounds steps and results; what does not end by an error is the same without the bound.
    #[test]
    fn any_expression_ends_within_its_budget(text in part()) {
        if let Ok(expression) = Expression::parse(&text) {
            let scope = Scope::new().bind("x", json!([1, "x"]));
            let given = json!({"n": [3, 1, 2, "x"], "t": "x".repeat(100), "o": {"a": {"b": []}}});
            let budget = Budget::with_limits(20_000, 1 << 20, &scope);
            let outcome = expression.evaluate_within(&budget, &given, &scope);
            prop_assert!(budget.steps_taken() <= 20_000);
            match outcome {
                Ok(value) => {
                    prop_assert!(value.to_string().len() <= 4 << 20);
                    let alone = expression.evaluate(&given, &scope);
                    prop_assert_eq!(alone, Ok(value.into_owned()));
                }
                Err(error) if error.is_over_budget() => {}
                Err(error) => prop_assert_eq!(expression.evaluate(&given, &scope), Err(error)),
            }
        }
    }
}
