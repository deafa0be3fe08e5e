//! Projects in memory: what is found, what is selected, and what the mistakes are.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use crosscut_suite::{Plan, Report, Selection, load_from};
use rstest::rstest;

pub(crate) type Files = BTreeMap<Utf8PathBuf, String>;

/// Steps that hold on any control plane.
pub(crate) const STEPS: &str = "{steps: [{actions: [{apply: {resource: {apiVersion: v1, kind: Secret, metadata: {name: a}}}}]}]}";

pub(crate) fn document(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: crosscut.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

pub(crate) fn files(named: &[(&str, String)]) -> Files {
    let base = [
        ("crosscut.yaml", document("Suite", "s", "{}")),
        (
            "providers/aws/provider.yaml",
            document(
                "Provider",
                "aws",
                "{values: {a: 1, b: 1, e: 1, url: a, nothing: 1, key: a}}",
            ),
        ),
        (
            "providers/local/provider.yaml",
            document("Provider", "local", "{}"),
        ),
        (
            "scenarios/scenario.yaml",
            document("Scenario", "first", STEPS),
        ),
    ];
    base.iter()
        .chain(named)
        .map(|(path, text)| (Utf8PathBuf::from("/p").join(path), text.clone()))
        .collect()
}

pub(crate) fn loaded(files: &Files, selection: &Selection) -> Result<Plan, Report> {
    load_from(files, "/p".into(), selection)
}

/// The trials, or the codes of the mistakes.
fn outcome(files: &Files, selection: &Selection) -> Vec<String> {
    told(loaded(files, selection))
}

fn told(loaded: Result<Plan, Report>) -> Vec<String> {
    match loaded {
        Ok(plan) => plan
            .trials
            .iter()
            .map(|trial| format!("{}::{}", trial.scenario.name, trial.provider.name))
            .collect(),
        Err(report) => report
            .diagnostics
            .iter()
            .map(|one| one.code().to_owned())
            .collect(),
    }
}

/// A scenario whose only action is this.
pub(crate) fn scenario(action: &str) -> String {
    document(
        "Scenario",
        "first",
        &format!("{{steps: [{{actions: [{action}]}}]}}"),
    )
}

/// The mistakes and warnings of the scenario, as `code line:column text`, where text is what is marked.
pub(crate) fn said(files: &Files) -> Vec<String> {
    let diagnostics = match loaded(files, &Selection::default()) {
        Ok(plan) => plan.warnings,
        Err(report) => report.diagnostics,
    };
    diagnostics
        .iter()
        .map(|one| {
            let place = one.place().unwrap();
            let marked = &place.source.text[place.span.start..place.span.end];
            format!(
                "{} {}",
                one.code(),
                marked.lines().next().unwrap_or_default()
            )
        })
        .collect()
}

#[rstest]
#[case::all(&[], &[], &[], "a-b::aws a-b::local first::aws first::local")]
#[case::star_is_any_text(&["*"], &[], &[], "a-b::aws a-b::local first::aws first::local")]
#[case::star_crosses_dashes(&["a*b"], &["aws"], &[], "a-b::aws")]
#[case::question_mark(&["a?b"], &["aws"], &[], "a-b::aws")]
#[case::alternatives(&["{first,second}"], &["aws"], &[], "first::aws")]
#[case::class(&["[!f]*"], &["local"], &[], "a-b::local")]
#[case::order_is_of_the_suite_not_of_the_command_line(&["first", "a-b"], &["local", "aws"], &[], "a-b::aws a-b::local first::aws first::local")]
#[case::folder(&[], &["aws"], &["/p/scenarios/more"], "a-b::aws")]
#[case::the_name_of_a_folder_is_whole(&[], &["aws"], &["/p/scenarios/mor"], "suite::missing_path")]
#[case::case_matters(&["FIRST"], &[], &[], "suite::unknown_scenario")]
#[case::part_of_a_name(&["fir"], &[], &[], "suite::unknown_scenario")]
#[case::outside(&[], &[], &["/p/scenarios", "/elsewhere"], "suite::missing_path")]
fn a_selection(
    #[case] scenarios: &[&str],
    #[case] providers: &[&str],
    #[case] paths: &[&str],
    #[case] expected: &str,
) {
    let owned = |list: &[&str]| {
        list.iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    let selection = Selection {
        paths: paths.iter().map(Utf8PathBuf::from).collect(),
        providers: owned(providers),
        scenarios: owned(scenarios),
    };
    let files = files(&[(
        "scenarios/more/scenario.yml",
        document("Scenario", "a-b", STEPS),
    )]);
    assert_eq!(outcome(&files, &selection).join(" "), expected);
}

#[rstest]
#[case::one_file("a.yaml", "suite::missing_file", &["sub/a.yaml"])]
#[case::one_file_below("sub/a.yaml", "", &["sub/a.yaml"])]
#[case::star_stays_in_its_folder("*.yaml", "", &["b.yaml", "sub/a.yaml"])]
#[case::two_stars_go_deeper("**/a.yaml", "", &["sub/deep/a.yaml"])]
#[case::nothing_matches("*.json", "suite::missing_file", &["a.yaml"])]
#[case::up_and_down("../scenarios/./sub/a.yaml", "", &["sub/a.yaml"])]
#[case::alternatives("{a,b}.yaml", "", &["b.yaml"])]
#[case::broken("[", "suite::pattern", &["a.yaml"])]
#[case::folder("sub", "suite::missing_file", &["sub/a.yaml"])]
fn a_file_of_documents(#[case] pattern: &str, #[case] code: &str, #[case] present: &[&str]) {
    let mut files = files(&[(
        "scenarios/scenario.yaml",
        scenario(&format!("{{apply: {{file: '{pattern}'}}}}")),
    )]);
    for path in present {
        files.insert(
            Utf8PathBuf::from("/p/scenarios").join(path),
            "{apiVersion: v1, kind: Secret, metadata: {name: a}}".to_owned(),
        );
    }
    let codes = match loaded(&files, &Selection::default()) {
        Ok(_) => String::new(),
        Err(report) => report
            .diagnostics
            .iter()
            .map(|one| one.code())
            .collect::<Vec<_>>()
            .join(" "),
    };
    assert_eq!(codes, code);
}

/// What each place can see: names that are bound before it, around it.
#[rstest]
#[case::always("{absent: {resource: {a: ($provider), b: ($values), c: ($namespace), d: ($scenario)}}}", &[])]
#[case::of_the_action("{bindings: [{name: x, value: 1}], absent: {resource: {a: ($x)}}}", &[])]
#[case::earlier_ones("{bindings: [{name: x, value: 1}, {name: z, value: ($x)}], absent: {resource: {a: ($z)}}}", &[])]
#[case::later_ones("{bindings: [{name: z, value: ($x)}, {name: x, value: ($z)}], absent: {resource: {a: ($x)}}}", &["suite::unknown_binding $x"])]
#[case::of_another_action("{bindings: [{name: x, value: 1}], absent: {resource: {a: ($x)}}}, {absent: {resource: {a: ($x)}}}", &["suite::unknown_binding $x"])]
#[case::bound_by_let("{absent: {resource: {a: 'x', '(let $q = @ in $q)': {}}}}", &[])]
#[case::bound_by_an_arrow("{absent: {resource: {'a->x': 1, '(b == $x)': true}}}", &[])]
#[case::bound_by_an_arrow_elsewhere("{absent: {resource: {c: {'a->x': 1}, '(b == $x)': true}}}", &["suite::unknown_binding $x"])]
#[case::bound_by_an_index("{absent: {resource: {'~i.a': {b: ($i)}}}}", &[])]
#[case::in_deletes("{delete: {apiVersion: v1, kind: Secret, name: ($x)}}", &["suite::unknown_binding $x"])]
#[case::in_messages("{reject: {delete: {apiVersion: v1, kind: Secret, name: a}, message: [a, ($x)]}}", &["suite::unknown_binding $x"])]
#[case::twice("{absent: {resource: {a: ($x), b: ($x)}}}", &["suite::unknown_binding $x", "suite::unknown_binding $x"])]
#[case::unused("{bindings: [{name: x, value: 1}], absent: {resource: {a: 1}}}", &["lint::unused_binding 1"])]
fn names_in_scope(#[case] actions: &str, #[case] expected: &[&str]) {
    assert_eq!(
        said(&files(&[("scenarios/scenario.yaml", scenario(actions))])),
        expected
    );
}

#[rstest]
#[case::plain("(a b)", "b")]
#[case::end("(a.)", ")")]
#[case::letter_of_two_bytes("(ä)", "ä")]
#[case::in_quotes("'(a ''b'' c)'", "'(a ''b'' c)'")]
#[case::in_double_quotes("\"(a b)\"", "b")]
#[case::escaped("\"(a \\\"b\\\")\"", "\"(a \\\"b\\\")\"")]
fn an_expression_is_marked_where_it_breaks(#[case] written: &str, #[case] marked: &str) {
    let action = format!("{{absent: {{resource: {{x: {written}}}}}}}");
    let said = said(&files(&[("scenarios/scenario.yaml", scenario(&action))]));
    assert_eq!(said, [format!("suite::expression {marked}")]);
    let action = format!("{{apply: {{resource: {{apiVersion: v1, kind: Secret, x: {written}}}}}}}");
    let files = files(&[("scenarios/scenario.yaml", scenario(&action))]);
    assert_eq!(
        self::said(&files),
        said,
        "templates and assertions say the same"
    );
}

#[rstest]
#[case::half_a_value("{absent: {resource: {a: (b}}}", &["lint::half_expression (b"])]
#[case::half_a_key("{absent: {resource: {(b: 1}}}", &["lint::half_expression (b"])]
#[case::half_with_an_arrow("{absent: {resource: {(b->x: 1}}}", &["lint::half_expression (b->x"])]
#[case::whole_with_an_arrow("{absent: {resource: {(b)->x: 1}}}", &[])]
#[case::several_lines("{absent: {resource: {\"(b == 'x' &&\\n c)\": true}}}", &["lint::several_lines \"(b == 'x' &&\\n c)\""])]
#[case::several_lines_of_a_value("{absent: {resource: {a: \"(b[0]\\n.c)\\n\"}}}", &["lint::several_lines \"(b[0]\\n.c)\\n\""])]
#[case::prose_in_parentheses("{absent: {resource: {a: \"(see\\n below)\", b: \"(a)\\n(b || c)\"}}}", &[])]
#[case::a_key_that_is_a_boolean("{absent: {resource: {y: 1, off: 2, 'on': 3}}}", &["lint::plain_boolean y", "lint::plain_boolean off"])]
#[case::a_value_that_is_a_boolean("{absent: {resource: {a: n, b: yes, c: 'n', d: true}}}", &["lint::plain_boolean n"])]
#[case::text("{absent: {resource: {a: 'b (c) d'}}}", &[])]
#[case::unknown_kind("{expect: {resource: {apiVersion: a.io/v1, kind: A, spec: 1}}}", &["lint::unknown_kind apiVersion: a.io/v1, kind: A, spec: 1"])]
#[case::unknown_kind_that_must_be_absent("{absent: {resource: {apiVersion: a.io/v1, kind: A}}}", &["lint::unknown_kind apiVersion: a.io/v1, kind: A"])]
#[case::kind_that_must_not_be_served("{absent: {resource: {apiVersion: a.io/v1, kind: A}}, served: false}", &[])]
#[case::built_in_kind("{expect: {resource: {apiVersion: apps/v1, kind: Deployment, spec: 1}}}", &[])]
#[case::kind_whose_crd_is_expected("{expect: {resource: {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: as.a.io}}}}, {expect: {resource: {apiVersion: a.io/v1, kind: A, spec: 1}}}", &[])]
#[case::kind_that_is_applied("{apply: {resource: {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: as.a.io}, spec: {group: a.io, names: {kind: A}}}}}, {expect: {resource: {apiVersion: a.io/v1, kind: A, spec: 1}}}", &[])]
fn warnings(#[case] actions: &str, #[case] expected: &[&str]) {
    let said: Vec<String> = said(&files(&[("scenarios/scenario.yaml", scenario(actions))]))
        .into_iter()
        .map(|one| one.replace('{', ""))
        .map(|one| one.split('}').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(said, expected);
}

#[test]
fn the_nearest_suite_above_is_the_project() {
    let mut files = files(&[]);
    files.insert(
        "/p/scenarios/inner/crosscut.yaml".into(),
        document("Suite", "inner", "{}"),
    );
    files.insert(
        "/p/scenarios/inner/providers/provider.yaml".into(),
        document("Provider", "p", "{}"),
    );
    files.insert(
        "/p/scenarios/inner/scenarios/scenario.yaml".into(),
        document("Scenario", "x", STEPS),
    );
    let plan = load_from(
        &files,
        "/p/scenarios/inner/providers".into(),
        &Selection::default(),
    )
    .unwrap();
    assert_eq!((plan.suite.name.as_str(), plan.trials.len()), ("inner", 1));
    let below = Selection {
        paths: vec!["scenarios/inner".into()],
        ..Selection::default()
    };
    let plan = load_from(&files, "/p".into(), &below).unwrap();
    assert_eq!(plan.suite.name, "inner");
}

/// Suites may share scenarios and providers that lie in none of their folders.
#[rstest]
#[case::started_in_its_folder(&[], "first::aws first::local")]
#[case::its_folder(&["/p/other"], "first::aws first::local")]
#[case::its_file(&["/p/other/crosscut.yaml"], "first::aws first::local")]
#[case::another_file_in_its_folder(&["/p/other/package.yaml"], "suite::nothing_selected")]
#[case::nothing_there(&["/p/other/none"], "suite::missing_path")]
fn a_suite_beside_its_scenarios(#[case] paths: &[&str], #[case] expected: &str) {
    let spec = "{scenarios: [../scenarios], providers: [../providers]}";
    let files = files(&[
        ("other/crosscut.yaml", document("Suite", "other", spec)),
        ("other/package.yaml", "{}".to_owned()),
    ]);
    let selection = Selection {
        paths: paths.iter().map(Utf8PathBuf::from).collect(),
        ..Selection::default()
    };
    let loaded = load_from(&files, "/p/other".into(), &selection);
    if let Ok(plan) = &loaded {
        assert_eq!(plan.suite.name, "other");
    }
    assert_eq!(told(loaded).join(" "), expected);
}

#[test]
fn a_list_stands_for_its_items() {
    let list = "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret}, {apiVersion: v1, kind: ConfigMap}]\n---\n{apiVersion: v1, kind: Pod}\n";
    let suite = document("Suite", "s", "{install: [{file: base.yaml}]}");
    let plan = loaded(
        &files(&[("crosscut.yaml", suite), ("base.yaml", list.to_owned())]),
        &Selection::default(),
    )
    .unwrap();
    let kinds: Vec<_> = plan
        .suite
        .install
        .iter()
        .map(|one| one.node.get("kind").unwrap().as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["Secret", "ConfigMap", "Pod"]);
}

#[rstest]
#[case::of_the_own_folder("part-*.yaml")]
#[case::of_another_folder("../shared/part-*.yaml")]
fn a_pattern_finds_files(#[case] pattern: &str) {
    let part = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n".to_owned();
    let action = format!("{{apply: {{file: {pattern:?}}}}}");
    let files = files(&[
        ("scenarios/scenario.yaml", scenario(&action)),
        ("scenarios/part-1.yaml", part.clone()),
        ("shared/part-2.yaml", part),
    ]);
    // The folder as a program may name it that was started elsewhere.
    for folder in ["/p", "/p/harness/.."] {
        let plan = load_from(&normal(&files), folder.into(), &Selection::default());
        assert!(plan.is_ok(), "{folder}: {}", plan.unwrap_err());
    }
}

/// Files that are also found by the names that lead through a folder and out of it again, as on a disk.
fn normal(files: &Files) -> Files {
    let through = |(path, text): (&Utf8PathBuf, &String)| {
        let path = path.strip_prefix("/p").unwrap();
        (Utf8PathBuf::from("/p/harness/..").join(path), text.clone())
    };
    files.iter().map(through).chain(files.clone()).collect()
}
