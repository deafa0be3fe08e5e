//! What a failure shows: everything that is needed to understand it at night.

use rstest::{Context, rstest};

use crate::project::{PROVIDER, SCENARIO, assert_golden, project, ran};

/// Three widgets, and what is expected of them.
fn scenario(expectations: &str) -> String {
    let widget = |name: &str, colour: &str, tier: &str| {
        format!(
            "        - {{apiVersion: example.org/v1, kind: Widget, metadata: {{name: {name}, labels: {{tier: {tier}}}}}, \
             spec: {{colour: {colour}}}}}\n"
        )
    };
    let widgets = widget("front", "red", "web")
        + &widget("back", "blue", "web")
        + &widget("base", "green", "data");
    format!(
        "apiVersion: crosscut.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: widgets}}\nspec:\n  steps:\n  \
         - name: three widgets\n    actions:\n    - apply:\n        resources:\n{widgets}{expectations}"
    )
}

const EXPECT: &str = "    - expect:\n        resource:\n          apiVersion: example.org/v1\n          kind: Widget\n";

#[rstest]
#[case::another_value(
    "metadata: {name: front}\n          spec:\n            colour: green\n            (size > `3`): true\n"
)]
#[case::a_missing_field("metadata: {name: front, annotations: {ready: yes-it-is}}\n")]
#[case::a_name_that_nothing_has("metadata: {name: fornt}\n          spec: {colour: red}\n")]
#[case::labels_that_nothing_has(
    "metadata: {labels: {tier: wbe}}\n          spec: {colour: blue}\n"
)]
#[case::the_nearest_of_several(
    "metadata: {labels: {tier: web}}\n          spec: {colour: blue, size: 4}\n"
)]
#[case::a_namespace_without_any("metadata: {name: front, namespace: other}\n")]
#[case::an_expression_that_fails("metadata: {name: front}\n          spec: {(length(size)): 1}\n")]
fn an_expectation(#[context] context: Context, #[case] rest: &str) {
    let scenario = scenario(&format!("{EXPECT}          {rest}"));
    let ran = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["test"],
    );
    assert_golden(&format!("failures/{}", context.description.unwrap()), &ran);
    assert_eq!(ran.0, 1);
}

#[rstest]
#[case::something_present(
    "    - absent: {resource: {apiVersion: example.org/v1, kind: Widget, spec: {colour: blue}}}\n"
)]
#[case::a_refused_write(
    "    - apply: {resource: {apiVersion: example.org/v1, kind: Widget, metadata: {name: big}, spec: {size: 10, clour: red}}}\n"
)]
#[case::a_refused_patch(
    "    - patch: {resource: {apiVersion: example.org/v1, kind: Widget, metadata: {name: nobody}, spec: {size: 1}}}\n"
)]
#[case::another_refusal(
    "    - reject:\n        apply: {resource: {apiVersion: example.org/v1, kind: Widget, metadata: {name: big}, spec: {colour: red, size: 10}}}\n        code: 403\n        reason: Forbidden\n        message: [too big, less than]\n"
)]
#[case::no_event("    - events: {resource: {reason: Created, involvedObject: {name: front}}}\n")]
#[case::a_binding_without_a_value(
    "    - expect: {resource: {apiVersion: v1, kind: Secret, metadata: {name: \"(join('-', $values))\"}}}\n"
)]
#[case::a_write_to_a_kind_that_is_none(
    "    - apply: {resource: {apiVersion: example.org/v1, kind: Gadget, metadata: {name: g}}}\n"
)]
fn an_action(#[context] context: Context, #[case] action: &str) {
    let scenario = scenario(action);
    let ran = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["test"],
    );
    assert_golden(&format!("failures/{}", context.description.unwrap()), &ran);
    assert_eq!(ran.0, 1);
}

/// Nothing is judged without what is to be installed.
#[test]
fn an_install_that_is_refused() {
    let provider = format!(
        "{PROVIDER}  install:\n  - resource:\n      apiVersion: example.org/v1\n      kind: Widget\n      \
         metadata: {{name: w}}\n      spec: {{colour: 3}}\n"
    );
    let ran = ran(
        &project(&[("providers/local/provider.yaml", &provider)]),
        &["test"],
    );
    assert_golden("failures/an_install_that_is_refused", &ran);
    assert_eq!(ran.0, 3);
}

/// What is not here is never taken for a pass, nor for a failure.
#[rstest]
#[case::in_an_expectation("            (x_k8s_server_version(colour)): {a: b}\n", "")]
#[case::in_a_template("", "colour: (x_k8s_server_version())")]
fn what_is_unsupported_is_not_judged(
    #[context] context: Context,
    #[case] expected: &str,
    #[case] applied: &str,
) {
    let mut scenario = SCENARIO.replace(
        "            size: 3\n",
        &format!("            size: 3\n{expected}"),
    );
    if !applied.is_empty() {
        scenario = scenario.replace("colour: ($values.colour)", applied);
    }
    let ran = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["test"],
    );
    assert_golden(
        &format!("failures/unsupported_{}", context.description.unwrap()),
        &ran,
    );
    assert_eq!(ran.0, 4);
}

/// `absent` would hold by mistake if what cannot be judged counted as a difference.
#[test]
fn an_absence_that_cannot_be_judged_is_unsupported() {
    let scenario = SCENARIO.replace(
        "          metadata: {name: other}\n",
        "          (x_k8s_server_version('x')): {a: b}\n",
    );
    let (code, out, _) = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["test"],
    );
    assert_eq!(code, 4, "{out}");
    assert!(
        out.contains(
            "unsupported [DURATION] defaults::local (the function x_k8s_server_version is not supported)"
        ),
        "{out}"
    );
}

/// A difference that can be judged decides, whatever else cannot.
#[test]
fn a_failure_outweighs_what_is_unsupported() {
    let scenario = SCENARIO.replace(
        "            size: 3\n",
        "            size: 4\n            (x_k8s_server_version(colour)): {a: b}\n",
    );
    let (code, out, _) = ran(
        &project(&[("scenarios/defaults/scenario.yaml", &scenario)]),
        &["test"],
    );
    assert_eq!(code, 1, "{out}");
}
