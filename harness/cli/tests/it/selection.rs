//! The command line: what it selects, and what it says where it selects nothing.

use std::io::Read as _;
use std::process::{Command, Stdio};

use rstest::{Context, rstest};

use crate::project::{PROVIDER, SCENARIO, assert_golden, project, ran};

/// Two scenarios in folders of their own, two providers.
fn two_by_two() -> crosscut_testkit::Project {
    let other = PROVIDER
        .replace("name: local", "name: other")
        .replace("[widgets.yaml]", "[../local/widgets.yaml]");
    let sizes = SCENARIO.replace("name: defaults", "name: sizes");
    project(&[
        ("providers/other/provider.yaml", &other),
        ("scenarios/more/sizes/scenario.yaml", &sizes),
        ("scenarios/more/sizes/notes.txt", "not a document"),
    ])
}

#[rstest]
#[case::everything(&[], "defaults::local defaults::other sizes::local sizes::other")]
#[case::a_provider(&["--provider", "other"], "defaults::other sizes::other")]
#[case::two_providers(&["--provider", "other", "--provider", "local"], "defaults::local defaults::other sizes::local sizes::other")]
#[case::a_scenario(&["--scenario", "sizes"], "sizes::local sizes::other")]
#[case::a_pattern(&["--scenario", "d*"], "defaults::local defaults::other")]
#[case::two_patterns(&["--scenario", "d*", "--scenario", "[st]i?es", "--provider", "local"], "defaults::local sizes::local")]
#[case::a_folder(&["scenarios/more"], "sizes::local sizes::other")]
#[case::a_file(&["./scenarios/../scenarios/defaults/scenario.yaml"], "defaults::local defaults::other")]
#[case::two_paths(&["scenarios/more", "scenarios/defaults", "--provider=local"], "defaults::local sizes::local")]
#[case::the_project(&["."], "defaults::local defaults::other sizes::local sizes::other")]
#[case::path_and_pattern(&["scenarios/more", "--scenario", "*", "--provider", "local"], "sizes::local")]
fn list_shows_what_is_selected(#[case] arguments: &[&str], #[case] expected: &str) {
    let arguments = [&["test", "--list"], arguments].concat();
    let (code, out, err) = ran(&two_by_two(), &arguments);
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        out.split_whitespace().collect::<Vec<_>>().join(" "),
        expected
    );
}

/// Each is refused with exit code 2, even where the rest of the selection is right: nothing that was asked for may
/// stay unjudged in silence.
#[rstest]
#[case::unknown_provider(&["--provider", "locla", "--provider", "local"])]
#[case::unknown_scenario(&["--scenario", "size", "--scenario", "defaults"])]
#[case::pattern_without_a_match(&["--scenario", "x*"])]
#[case::part_of_a_name(&["--scenario", "efault"])]
#[case::broken_pattern(&["--scenario", "[a"])]
#[case::missing_path(&["scenarios/mroe", "scenarios/defaults"])]
#[case::path_without_scenarios(&["providers"])]
#[case::file_that_is_no_scenario(&["scenarios/more/sizes/notes.txt"])]
#[case::path_and_pattern_apart(&["scenarios/more", "--scenario", "defaults"])]
#[case::several_mistakes(&["nowhere", "--scenario", "nothing", "--provider", "nobody"])]
fn a_selection_that_selects_nothing(#[context] context: Context, #[case] arguments: &[&str]) {
    let arguments = [&["test"], arguments].concat();
    let ran = ran(&two_by_two(), &arguments);
    assert_golden(&format!("selection/{}", context.description.unwrap()), &ran);
    assert_eq!(ran.0, 2);
}

#[rstest]
#[case::unknown_option(&["test", "--clutser", "embedded"])]
#[case::unknown_cluster(&["test", "--cluster", "moon"])]
#[case::unknown_format(&["test", "--report", "html=out.html"])]
#[case::report_without_a_file(&["test", "--report", "junit"])]
#[case::no_jobs(&["test", "--jobs", "0"])]
#[case::seed_that_is_no_number(&["test", "--seed", "red"])]
#[case::seeds_backwards(&["test", "--seeds", "3..1"])]
#[case::a_seed_and_seeds(&["test", "--seed", "1", "--seeds", "1..3"])]
#[case::seeds_where_none_orders_anything(&["test", "--seeds", "1..3", "--cluster", "envtest"])]
#[case::unknown_command(&["tset"])]
#[case::one_file_for_two_reports(&["test", "--report", "junit=a", "--report", "json=a"])]
fn a_wrong_command_line(#[context] context: Context, #[case] arguments: &[&str]) {
    let ran = ran(&project(&[]), arguments);
    assert_golden(&format!("selection/{}", context.description.unwrap()), &ran);
    assert_eq!(ran.0, 2);
}

#[test]
fn a_folder_that_is_no_project() {
    let folder = crosscut_testkit::Project::new(&[("notes.txt", "")]).unwrap();
    for command in ["test", "lint"] {
        let (code, out, err) = ran(&folder, &[command]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        for part in [
            "there is no crosscut.yaml in [PROJECT]",
            "kind: Suite",
            "help:",
        ] {
            assert!(err.contains(part), "{part} is missing in\n{err}");
        }
    }
}

#[test]
fn a_project_is_found_from_below_and_from_elsewhere() {
    let project = two_by_two();
    let list = |folder: &str, arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
            .args([
                "test",
                "--list",
                "--scenario",
                "sizes",
                "--provider",
                "local",
            ])
            .args(arguments)
            .current_dir(project.file(folder))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(list("providers/local", &[]), "sizes::local\n");
    assert_eq!(list("scenarios/more", &["."]), "sizes::local\n");
    let elsewhere = crosscut_testkit::Project::new(&[]).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .args(["test", "--list"])
        .arg(project.path())
        .current_dir(elsewhere.path())
        .output()
        .unwrap();
    assert_eq!(output.stdout.split(|byte| *byte == b'\n').count(), 5);
}

#[rstest]
#[case::one("1")]
#[case::more_than_there_are_processors("64")]
#[case::as_many_as_can_be_written("18446744073709551615")]
fn any_number_of_jobs_works(#[case] jobs: &str) {
    let (code, out, err) = ran(
        &two_by_two(),
        &["test", "--jobs", jobs, "--seed", "18446744073709551615"],
    );
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("seed 18446744073709551615"), "{out}");
}

#[test]
fn a_trial_passes_with_every_seed() {
    let (code, out, err) = ran(&two_by_two(), &["test", "--seeds", "0..9"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("4 trials on embedded, seeds 0..9"), "{out}");
    assert!(out.contains("4 passed"), "{out}");
}

#[test]
fn help_names_every_option_and_the_exit_codes() {
    let (code, out, _) = ran(&project(&[]), &["test", "--help"]);
    assert_eq!(code, 0);
    let options = [
        "[PATH]...",
        "--provider <PROVIDER>",
        "--scenario <GLOB>",
        "--cluster <CLUSTER>",
        "--jobs <N>",
        "--seed <N>",
        "--seeds <A..B>",
        "--report <FORMAT=FILE>",
        "--list",
        "--no-color",
        "-v, --verbose",
    ];
    for option in options {
        assert!(out.contains(option), "{option} is missing in\n{out}");
    }
    let (_, out, _) = ran(&project(&[]), &["--help"]);
    assert!(out.contains("Exit codes: 0 all passed"), "{out}");
}

#[test]
fn the_verbose_option_shows_steps() {
    let (code, out, _) = ran(&project(&[]), &["test", "-v"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("step defaults::local: a widget gets a size"),
        "{out}"
    );
}

/// `crosscut test | head -1`: the reader goes away, the verdict stays.
#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let project = two_by_two();
    let scenario = SCENARIO.replace("size: 3\n", "size: 4\n");
    project
        .write("scenarios/defaults/scenario.yaml", &scenario)
        .unwrap();
    for arguments in [
        &["test", "--report", "json=out.json"][..],
        &["lint"],
        &["test", "--list"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_crosscut"))
            .args(arguments)
            .current_dir(project.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let expected = if arguments.contains(&"--report") {
            1
        } else {
            0
        };
        assert_eq!(
            child.wait().unwrap().code(),
            Some(expected),
            "{arguments:?} {err}"
        );
        assert_eq!(err, "", "{arguments:?}");
    }
    let report = std::fs::read_to_string(project.file("out.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["summary"]["failed"], 2);
    assert_eq!(report["summary"]["passed"], 2);
}

/// `crosscut lint 2>&1 | head -1` with mistakes: what cannot be written is no reason to panic.
#[test]
fn a_closed_standard_error_changes_no_exit_code() {
    let project = project(&[("scenarios/defaults/scenario.yaml", "a: [\n")]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .arg("lint")
        .current_dir(project.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}
