//! Programs and ports: what is read, and what the mistakes are.

use std::time::Duration;

use crosscut_suite::Selection;
use crosscut_suite::model::{ActionKind, Program, ProgramVerb, Readiness, Side, StopSignal};
use rstest::rstest;

use crate::projects::{document, files, loaded, said};

/// An action that holds on any control plane.
const SECRET: &str = "{apply: {resource: {apiVersion: v1, kind: Secret, metadata: {name: a}}}}";

/// A scenario with these programs and these actions.
fn scenario(programs: &str, actions: &str) -> String {
    let spec = format!(
        "{{ports: [http], bindings: [{{name: one, value: 1}}], programs: [{programs}], \
         steps: [{{actions: [{{sleep: 1s, bindings: [{{name: two, value: ($one)}}]}}, {actions}]}}]}}"
    );
    document("Scenario", "first", &spec)
}

fn mistakes(programs: &str, actions: &str) -> Vec<String> {
    let mut said = said(&files(&[(
        "scenarios/scenario.yaml",
        scenario(programs, actions),
    )]));
    said.retain(|one| {
        !one.starts_with("lint::unused_binding") && !one.starts_with("lint::no_program")
    });
    said
}

#[rstest]
#[case::nothing_wrong(
    "{name: a, command: [./a, ($ports.http), 8, ($programs.a.folder)], env: {X: 1}}",
    ""
)]
#[case::no_name("{command: [a]}", "suite::missing_field {command: [a]}")]
#[case::a_name_that_is_none("{name: A_b, command: [a]}", "suite::name A_b")]
#[case::no_command("{name: a}", "suite::missing_field {name: a}")]
#[case::an_empty_command("{name: a, command: []}", "suite::program []")]
#[case::an_empty_word("{name: a, command: ['']}", "suite::program ['']")]
#[case::a_command_that_is_a_text("{name: a, command: a -v}", "suite::wrong_type a -v")]
#[case::a_word_that_is_a_list("{name: a, command: [a, [b]]}", "suite::wrong_type [b]")]
#[case::twice(
    "{name: a, command: [a]}, {name: a, command: [b]}",
    "suite::duplicate_name {name: a, command: [b]}"
)]
#[case::an_unknown_field("{name: a, command: [a], comand: []}", "suite::unknown_field comand")]
#[case::an_unknown_port(
    "{name: a, command: [a, ($ports.htp)]}",
    "suite::unknown_port ($ports.htp)"
)]
#[case::an_unknown_port_in_env(
    "{name: a, command: [a], env: {P: ($ports.q)}}",
    "suite::unknown_port ($ports.q)"
)]
#[case::an_unknown_port_in_files(
    "{name: a, command: [a], files: {f: {x: ($ports.q)}}}",
    "suite::unknown_port ($ports.q)"
)]
#[case::an_unknown_program(
    "{name: a, command: [a, ($programs.b.log)]}",
    "suite::unknown_program ($programs.b.log)"
)]
#[case::an_unknown_name("{name: a, command: [a, ($nobody)]}", "suite::unknown_binding $nobody")]
#[case::a_step_may_bind_it("{name: a, start: manual, command: [a, ($nobody)]}", "")]
#[case::a_file_above("{name: a, command: [a], files: {../f: x}}", "suite::program x")]
#[case::a_file_from_the_root("{name: a, command: [a], files: {/f: x}}", "suite::program x")]
#[case::the_kubeconfig_is_crosscuts(
    "{name: a, command: [a], kubeconfig: target, files: {kubeconfig: x}}",
    "suite::program x"
)]
#[case::nobody_writes_one("{name: a, command: [a], files: {kubeconfig: x}}", "")]
#[case::an_unknown_side(
    "{name: a, command: [a], kubeconfig: both}",
    "suite::unknown_word both"
)]
#[case::an_unknown_signal(
    "{name: a, command: [a], stop: {signal: SIGFOO}}",
    "suite::unknown_word SIGFOO"
)]
#[case::ready_is_nothing("{name: a, command: [a], ready: {}}", "suite::ready {}")]
#[case::ready_is_two_things(
    "{name: a, command: [a], ready: {tcp: 1, exit: 0}}",
    "suite::ready {tcp: 1, exit: 0}"
)]
#[case::ready_is_misspelled(
    "{name: a, command: [a], ready: {htpp: {port: 1}}}",
    "suite::unknown_field htpp"
)]
#[case::ready_without_a_port(
    "{name: a, command: [a], ready: {http: {path: /}}}",
    "suite::missing_field {path: /}"
)]
#[case::ready_with_no_port("{name: a, command: [a], ready: {tcp: 70000}}", "suite::ready 70000")]
#[case::ready_with_a_name_for_a_port(
    "{name: a, command: [a], ready: {grpc: {port: http}}}",
    "suite::ready http"
)]
#[case::ready_with_no_path(
    "{name: a, command: [a], ready: {http: {port: 1, path: healthz}}}",
    "suite::ready healthz"
)]
#[case::ready_with_no_status(
    "{name: a, command: [a], ready: {exit: 256}}",
    "suite::wrong_type 256"
)]
#[case::all_in_one_run(
    "{name: a, command: []}, {name: b, command: [($ports.q)], ready: {}}",
    "suite::program [], suite::ready {}, suite::unknown_port ($ports.q)"
)]
fn declared(#[case] programs: &str, #[case] expected: &str) {
    assert_eq!(mistakes(programs, "").join(", "), expected);
}

const MANUAL: &str = "{name: a, start: manual, command: [a, ($later)]}";
const FIND: &str =
    "{expect: {resource: {apiVersion: v1, kind: Secret}}, outputs: [{name: later, value: (data)}]}";

#[rstest]
#[case::unknown("", "{program: {stop: b}}", "suite::unknown_program b")]
#[case::nothing_is_done("", "{program: {}}", "suite::program {}")]
#[case::two_things(
    "",
    "{program: {stop: b, kill: b}}",
    "suite::program {stop: b, kill: b}"
)]
#[case::misspelled("", "{program: {strat: b}}", "suite::unknown_field strat")]
#[case::it_uses_what_nothing_binds(
    MANUAL,
    "{program: {start: a}}",
    "suite::unknown_binding {start: a}"
)]
#[case::the_action_binds_it(
    MANUAL,
    "{program: {start: [a]}, bindings: [{name: later, value: 1}]}",
    ""
)]
#[case::an_expectation_binds_it(
    MANUAL,
    "{expect: {resource: {apiVersion: v1, kind: Secret}}, outputs: [{name: later, value: (data)}]}, {program: {start: a}}",
    ""
)]
#[case::ending_needs_nothing(MANUAL, "{program: {kill: a}}", "")]
#[case::outputs_of_nothing(
    "",
    "{sleep: 1s, outputs: [{name: x, value: 1}]}",
    "suite::action [{name: x, value: 1}]"
)]
#[case::a_kind_that_is_not_absent(
    "",
    "{expect: {resource: {apiVersion: v1, kind: A}}, served: false}",
    "suite::action false"
)]
#[case::what_others_have_is_looked_at(
    "",
    "{expect: {resource: {apiVersion: v1, kind: A}}, notMine: true}",
    "suite::action true"
)]
#[case::what_others_have_is_changed(
    "",
    "{reject: {delete: {apiVersion: v1, kind: A, name: a}, code: 409}, notMine: true}",
    ""
)]
#[case::waiting_for_nothing("", "{sleep: 1s, within: 1s}", "suite::action 1s")]
#[case::outputs_of_many(
    "",
    "{expect: {resources: [{apiVersion: v1, kind: A}, {apiVersion: v1, kind: B}]}, outputs: [{name: x, value: 1}]}",
    "suite::action [{name: x, value: 1}]"
)]
#[case::an_output_that_is_used_too_early(
    "",
    "{sleep: 1s, bindings: [{name: two, value: ($later)}]}",
    "suite::unknown_binding $later"
)]
fn done(#[case] programs: &str, #[case] actions: &str, #[case] expected: &str) {
    assert_eq!(mistakes(programs, actions).join(", "), expected);
}

#[test]
fn outputs_are_seen_by_later_steps_and_not_by_earlier_ones() {
    let step = |actions: &str| format!("{{actions: [{actions}]}}");
    let use_it = "{sleep: 1s, bindings: [{name: two, value: ($later)}]}";
    let said_of = |steps: [String; 2]| {
        let spec = format!("{{steps: [{}]}}", steps.join(", "));
        let text = document("Scenario", "first", &spec);
        let mut said = said(&files(&[("scenarios/scenario.yaml", text)]));
        said.retain(|one| !one.starts_with("lint::"));
        said
    };
    assert_eq!(said_of([step(FIND), step(use_it)]), [""; 0]);
    let too_early = said_of([step(use_it), step(FIND)]);
    assert_eq!(too_early, ["suite::unknown_binding $later"]);
}

#[rstest]
#[case::twice("[a, a]", "suite::duplicate_name a")]
#[case::no_name("[8080]", "suite::wrong_type 8080")]
#[case::no_plain_name("[a_b]", "suite::name a_b")]
fn ports_of(#[case] ports: &str, #[case] expected: &str) {
    let text = document(
        "Scenario",
        "first",
        &format!("{{ports: {ports}, steps: [{{actions: [{SECRET}]}}]}}"),
    );
    assert_eq!(
        said(&files(&[("scenarios/scenario.yaml", text)])),
        [expected]
    );
}

#[rstest]
#[case::known("[envtest, kubeconfig]", "")]
#[case::unknown("[envtst]", "suite::unknown_cluster [envtst]")]
fn clusters_of(#[case] only: &str, #[case] expected: &str) {
    let spec = format!(
        "{{clusters: {{only: {only}, reason: it runs programs}}, steps: [{{actions: [{SECRET}]}}]}}"
    );
    let text = document("Scenario", "first", &spec);
    let said = said(&files(&[("scenarios/scenario.yaml", text)]));
    assert_eq!(said.join(", "), expected);
}

#[test]
fn a_suites_programs_are_seen_by_scenarios_and_come_from_files_too() {
    let suite =
        "{ports: [grpc], programs: [{name: a, command: [a, ($ports.grpc)]}, {file: more/*.yaml}]}";
    let more = "name: b\nstart: manual\nkubeconfig: target\ncommand: [b, ($x)]\nready:\n  within: 7s\n  expect:\n    file: object.yaml\nstop: {signal: SIGINT, grace: 2s}\n";
    let use_both = "{bindings: [{name: x, value: ($programs.a.log)}], programs: [{name: c, command: [c]}], \
                    steps: [{actions: [{program: {restart: [b, c]}}]}]}";
    let project = |more: &str| {
        files(&[
            ("crosscut.yaml", document("Suite", "s", suite)),
            ("more/b.yaml", more.to_owned()),
            ("object.yaml", "apiVersion: v1\nkind: Node\n".to_owned()),
            (
                "scenarios/scenario.yaml",
                document("Scenario", "first", use_both),
            ),
        ])
    };
    // The file that a program names is looked for beside the program's own.
    assert_eq!(said(&project(more)), ["suite::missing_file object.yaml"]);
    let project = project(&more.replace("object.yaml", "../object.yaml"));
    let plan = loaded(&project, &Selection::default()).unwrap();
    let names: Vec<&str> = plan
        .suite
        .programs
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b"]);
    let scenario = &plan.suite.scenarios[0];
    let ActionKind::Program { verb, programs } = &scenario.steps[0].actions[0].kind else {
        panic!("an action on programs");
    };
    assert_eq!(*verb, ProgramVerb::Restart);
    let names: Vec<&str> = programs.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["b", "c"]);
    let b: &Program = &programs[0];
    assert_eq!((b.kubeconfig, b.is_manual), (Some(Side::Target), true));
    assert_eq!(
        (b.within, b.grace),
        (Duration::from_secs(7), Duration::from_secs(2))
    );
    assert_eq!(b.stop, StopSignal::Interrupt);
    let folders: Vec<&str> = programs.iter().map(|one| one.folder.as_str()).collect();
    assert_eq!(folders, ["/p/more", "/p/scenarios"]);
    let Readiness::Expect { expectations, side } = &b.ready else {
        panic!("an assertion");
    };
    assert_eq!((expectations.len(), *side), (1, Side::Target));
}

#[test]
fn a_name_of_the_suites_is_taken() {
    let suite = document("Suite", "s", "{programs: [{name: a, command: [a]}]}");
    let text = document(
        "Scenario",
        "first",
        "{programs: [{name: a, command: [b]}], steps: [{actions: [{sleep: 1s}]}]}",
    );
    let project = files(&[("crosscut.yaml", suite), ("scenarios/scenario.yaml", text)]);
    assert_eq!(
        said(&project),
        ["suite::duplicate_name {name: a, command: [b]}"]
    );
}

#[test]
fn a_suite_that_cannot_be_read_is_no_reason_to_miss_its_programs() {
    let suite = document("Suite", "s", "{programs: [{name: a, command: [a]}}");
    let actions = "{steps: [{actions: [{program: {start: a}}, {sleep: 1s, bindings: [{name: two, value: ($ports.p)}]}]}]}";
    let text = document("Scenario", "first", actions);
    let project = files(&[("crosscut.yaml", suite), ("scenarios/scenario.yaml", text)]);
    // There is no place in a file that is empty or broken; what is said of it is all.
    let report = loaded(&project, &Selection::default()).unwrap_err();
    let codes: Vec<&str> = report.diagnostics.iter().map(|one| one.code()).collect();
    assert_eq!(codes, ["yaml::syntax"]);
}
