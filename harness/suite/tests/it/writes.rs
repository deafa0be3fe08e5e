//! `apply` and `patch` in their ways, `count` and `table`: what is read, and what the mistakes are.

use crosscut_suite::Selection;
use crosscut_suite::model::{ActionKind, Method};
use rstest::rstest;

use crate::projects::{document, files, loaded, said, scenario};

const NAMED: &str = "resource: {apiVersion: v1, kind: Secret, metadata: {name: a}}";

/// Puts the document to use in the place of `NAMED`.
fn action(text: &str) -> String {
    scenario(&text.replace("NAMED", NAMED))
}

#[rstest]
#[case::json("{patch: {type: json, NAMED, operations: [{op: remove, path: /data/a}]}}", &[])]
#[case::json_of_the_root("{patch: {type: json, NAMED, operations: [{op: test, path: '', value: null}]}}", &[])]
#[case::merge("{patch: {type: merge, NAMED}}", &[])]
#[case::strategic("{patch: {type: strategic, NAMED}}", &[])]
#[case::another_type("{patch: {type: jsn, NAMED}}", &["suite::unknown_word jsn"])]
#[case::no_operations("{patch: {type: json, NAMED}}", &["suite::missing_field {type: json, resource: {apiVersion: v1, kind: Secret, metadata: {name: a}}}"])]
#[case::none_at_all("{patch: {type: json, NAMED, operations: []}}", &["suite::patch []"])]
#[case::operations_of_no_list("{patch: {type: json, NAMED, operations: {}}}", &["suite::wrong_type {}"])]
#[case::operations_without_the_type("{patch: {NAMED, operations: [{op: remove, path: /a}]}}", &["suite::patch [{op: remove, path: /a}]"])]
#[case::an_operation_that_is_none("{patch: {type: json, NAMED, operations: [{op: rm, path: /a}]}}", &["suite::unknown_word rm"])]
#[case::no_path("{patch: {type: json, NAMED, operations: [{op: remove}]}}", &["suite::missing_field {op: remove}"])]
#[case::no_value("{patch: {type: json, NAMED, operations: [{op: add, path: /a}]}}", &["suite::missing_field {op: add, path: /a}"])]
#[case::no_from("{patch: {type: json, NAMED, operations: [{op: move, path: /a}]}}", &["suite::missing_field {op: move, path: /a}"])]
#[case::a_path_with_dots("{patch: {type: json, NAMED, operations: [{op: remove, path: data.a}]}}", &["suite::patch data.a"])]
#[case::what_a_json_patch_does_not_write("{patch: {type: json, resource: {apiVersion: v1, kind: Secret, metadata: {name: a, labels: {}}, data: {}}, operations: [{op: remove, path: /a}]}}", &["suite::patch data", "suite::patch labels"])]
#[case::a_name_in_an_operation("{patch: {type: json, NAMED, operations: [{op: add, path: /a, value: ($x)}]}}", &["suite::unknown_binding $x"])]
#[case::on_the_server("{apply: {serverSide: {fieldManager: me, force: true}, NAMED}}", &[])]
#[case::on_the_server_by_crosscut("{apply: {serverSide: {}, NAMED}}", &[])]
#[case::a_status_on_the_server("{subresource: status, apply: {serverSide: {}, NAMED}}", &[])]
#[case::a_status_not_on_the_server("{subresource: status, apply: {NAMED}}", &["suite::subresource {subresource: status, apply: {resource: {apiVersion: v1, kind: Secret, metadata: {name: a}}}}"])]
#[case::an_empty_manager("{apply: {serverSide: {fieldManager: ''}, NAMED}}", &["suite::empty ''"])]
#[case::force_that_is_text("{apply: {serverSide: {force: 'yes'}, NAMED}}", &["suite::wrong_type 'yes'"])]
#[case::a_patch_on_the_server("{patch: {serverSide: {}, NAMED}}", &["suite::unknown_field serverSide"])]
#[case::in_reject("{reject: {apply: {serverSide: {}, NAMED}, code: 409}}", &[])]
#[case::as_it_is("{apply: {template: false, resource: {apiVersion: v1, kind: Secret, x: ($x), y: (.*), z: (z}}}", &[])]
#[case::as_it_is_by_the_action("{template: false, apply: {resource: {apiVersion: v1, kind: Secret, x: ($x)}}}", &[])]
#[case::a_template_after_all("{template: false, apply: {template: true, resource: {apiVersion: v1, kind: Secret, x: ($x)}}}", &["suite::unknown_binding $x"])]
#[case::as_it_is_in_an_assertion("{template: false, expect: {NAMED}}", &["suite::action false"])]
#[case::beside_reject("{template: false, reject: {apply: {NAMED}, code: 409}}", &["suite::action false"])]
#[case::in_reject_as_it_is("{reject: {template: false, apply: {resource: {apiVersion: v1, kind: Secret, x: ($x)}}, code: 409}}", &[])]
#[case::status_beside_reject("{subresource: status, reject: {patch: {NAMED}, code: 409}}", &["suite::action status"])]
#[case::warnings("{warnings: [a, ($scenario)], apply: {NAMED}}", &[])]
#[case::no_warnings("{warnings: [], patch: {NAMED}}", &[])]
#[case::an_empty_warning("{warnings: [''], apply: {NAMED}}", &["suite::wrong_type ''"])]
#[case::a_warning_that_is_no_list("{warnings: a, apply: {NAMED}}", &["suite::wrong_type a"])]
#[case::warnings_of_an_expectation("{warnings: [a], expect: {NAMED}}", &["suite::action [a]"])]
#[case::a_name_in_a_warning("{warnings: [($x)], apply: {NAMED}}", &["suite::unknown_binding $x"])]
fn writes(#[case] text: &str, #[case] expected: &[&str]) {
    let files = files(&[("scenarios/scenario.yaml", action(text))]);
    assert_eq!(said(&files), expected);
}

#[rstest]
#[case::of_a_kind("{count: {NAMED, exactly: 2}}", &[])]
#[case::by_an_expression("{count: {NAMED, exactly: (length('ab'))}}", &[])]
#[case::with_each("{count: {NAMED, exactly: 2, each: {data: {a: b}}}}", &[])]
#[case::no_number("{count: {NAMED}}", &["suite::missing_field {resource: {apiVersion: v1, kind: Secret, metadata: {name: a}}}"])]
#[case::a_text("{count: {NAMED, exactly: two}}", &["suite::wrong_type two"])]
#[case::below_zero("{count: {NAMED, exactly: -1}}", &["suite::wrong_type -1"])]
#[case::a_fraction("{count: {NAMED, exactly: 1.5}}", &["suite::wrong_type 1.5"])]
#[case::each_of_none("{count: {NAMED, exactly: 0, each: {data: {a: b}}}}", &["suite::count {data: {a: b}}"])]
#[case::each_that_says_nothing("{count: {NAMED, exactly: 1, each: {}}}", &["suite::wrong_type {}"])]
#[case::several_documents("{count: {resources: [{apiVersion: v1, kind: Secret}, {apiVersion: v1, kind: Pod}], exactly: 2}}", &["suite::count {resources: [{apiVersion: v1, kind: Secret}, {apiVersion: v1, kind: Pod}], exactly: 2}"])]
#[case::no_kind("{count: {resource: {apiVersion: v1}, exactly: 2}}", &["suite::missing_field {apiVersion: v1}"])]
#[case::a_name_in_each("{count: {NAMED, exactly: 1, each: {data: {a: ($x)}}}}", &["suite::unknown_binding $x"])]
#[case::a_name_in_the_number("{count: {NAMED, exactly: ($x)}}", &["suite::unknown_binding $x"])]
#[case::an_unknown_kind("{count: {resource: {apiVersion: a.io/v1, kind: A}, exactly: 2}}", &["lint::unknown_kind {apiVersion: a.io/v1, kind: A}"])]
#[case::none_of_an_unknown_kind("{count: {resource: {apiVersion: a.io/v1, kind: A}, exactly: 0}}", &["lint::unknown_kind {apiVersion: a.io/v1, kind: A}"])]
#[case::a_table("{table: {apiVersion: v1, kind: Secret, namespace: '*', labels: {a: b}, rows: [{Name: a}]}}", &[])]
#[case::a_table_of_nothing("{table: {apiVersion: v1, kind: Secret}}", &["suite::missing_field {apiVersion: v1, kind: Secret}"])]
#[case::a_table_of_no_kind("{table: {apiVersion: v1, columns: [Name]}}", &["suite::missing_field {apiVersion: v1, columns: [Name]}"])]
#[case::another_field("{table: {apiVersion: v1, kind: Secret, column: [Name]}}", &["suite::unknown_field column", "suite::missing_field {apiVersion: v1, kind: Secret, column: [Name]}"])]
#[case::a_name_in_a_row("{table: {apiVersion: v1, kind: Secret, rows: [{Name: ($x)}]}}", &["suite::unknown_binding $x"])]
#[case::a_table_of_an_unknown_kind("{table: {apiVersion: a.io/v1, kind: A, columns: [Name]}}", &["lint::unknown_kind {apiVersion: a.io/v1, kind: A, columns: [Name]}"])]
#[case::half_an_expression_in_each("{count: {NAMED, exactly: 1, each: {a: (b}}}", &["lint::half_expression (b"])]
fn counts_and_tables(#[case] text: &str, #[case] expected: &[&str]) {
    let files = files(&[("scenarios/scenario.yaml", action(text))]);
    assert_eq!(said(&files), expected);
}

/// What uses a binding is found wherever expressions may stand.
#[rstest]
#[case("{bindings: [{name: x, value: 1}], count: {NAMED, exactly: ($x)}}")]
#[case("{bindings: [{name: x, value: 1}], count: {NAMED, exactly: 1, each: {a: ($x)}}}")]
#[case(
    "{bindings: [{name: x, value: 1}], table: {apiVersion: v1, kind: Secret, name: ($x), rows: []}}"
)]
#[case(
    "{bindings: [{name: x, value: 1}], table: {apiVersion: v1, kind: Secret, rows: [{Name: ($x)}]}}"
)]
#[case("{bindings: [{name: x, value: 1}], apply: {serverSide: {fieldManager: ($x)}, NAMED}}")]
#[case(
    "{bindings: [{name: x, value: 1}], patch: {type: json, NAMED, operations: [{op: remove, path: ($x)}]}}"
)]
#[case("{bindings: [{name: x, value: 1}], warnings: [($x)], apply: {NAMED}}")]
fn a_binding_is_used(#[case] text: &str) {
    let files = files(&[("scenarios/scenario.yaml", action(text))]);
    assert_eq!(said(&files), [""; 0]);
}

#[test]
fn a_suite_may_say_that_documents_are_no_templates() {
    let text = "{apply: {resource: {apiVersion: v1, kind: Secret, x: ($x)}}}, {patch: {template: true, NAMED}}";
    let files = files(&[
        ("crosscut.yaml", document("Suite", "s", "{template: false}")),
        ("scenarios/scenario.yaml", action(text)),
    ]);
    let plan = loaded(&files, &Selection::default()).unwrap();
    let actions = &plan.trials[0].scenario.steps[0].actions;
    let templates: Vec<bool> = actions
        .iter()
        .map(|action| match &action.kind {
            ActionKind::Apply(write) | ActionKind::Patch(write) => write.resources[0].template,
            _ => unreachable!("there are writes alone"),
        })
        .collect();
    assert_eq!(templates, [false, true]);
}

#[test]
fn any_namespace_is_no_part_of_what_is_compared() {
    let text = "{expect: {resource: {apiVersion: v1, kind: Secret, metadata: {name: a, namespace: '*'}}}}, {patch: {type: strategic, NAMED}}";
    let files = files(&[("scenarios/scenario.yaml", action(text))]);
    let plan = loaded(&files, &Selection::default()).unwrap();
    let actions = &plan.trials[0].scenario.steps[0].actions;
    let ActionKind::Expect(expectations) = &actions[0].kind else {
        panic!("{:?}", actions[0].kind);
    };
    assert!(expectations[0].everywhere);
    let metadata = expectations[0].node.get("metadata").unwrap();
    assert!(metadata.get("namespace").is_none() && metadata.get("name").is_some());
    let ActionKind::Patch(write) = &actions[1].kind else {
        panic!("{:?}", actions[1].kind);
    };
    assert!(matches!(write.method, Method::Strategic));
}
