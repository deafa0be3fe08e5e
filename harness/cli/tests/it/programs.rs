//! Programs under test with the binary: on real control planes, where the test bed has them.

use std::time::Duration;

use crosscut_testkit::{Project, alone_with_fixed_ports};

use crate::background::Background;
use crate::project::{PROVIDER, SUITE, WIDGETS, crosscut, project};

const A_MINUTE: Duration = Duration::from_secs(60);

const SCENARIO: &str = r#"
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata: {name: an-operator}
spec:
  programs:
    - name: operator
      kubeconfig: target
      # Writes an object to the cluster that its kubeconfig leads to, and waits to be ended.
      command: [python3, operator.py, ($namespace)]
      files:
        operator.py: |
          import base64, json, os, signal, ssl, sys, urllib.request
          config = json.load(open(os.environ["KUBECONFIG"]))
          cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
          decoded = lambda text: base64.b64decode(text).decode()
          context = ssl.create_default_context(cadata=decoded(cluster["certificate-authority-data"]))
          with open("client.pem", "w") as pem:
              pem.write(decoded(user["client-certificate-data"]) + decoded(user["client-key-data"]))
          context.load_cert_chain("client.pem")
          made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "of-" + sys.argv[1]}}
          request = urllib.request.Request(
              cluster["server"] + "/api/v1/namespaces", json.dumps(made).encode(),
              {"content-type": "application/json"})
          handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
          print(urllib.request.build_opener(*handlers).open(request).status, flush=True)
          signal.pause()
  steps:
    - actions:
        - "on": target
          expect:
            resource: {apiVersion: v1, kind: Namespace, metadata: {name: "(join('-', ['of', $namespace]))"}}
        - program: {stop: operator}
"#;

fn with_operator() -> Project {
    project(&[
        ("crosscut.yaml", SUITE),
        ("providers/local/provider.yaml", PROVIDER),
        ("providers/local/widgets.yaml", WIDGETS),
        ("scenarios/operator/scenario.yaml", SCENARIO),
    ])
}

#[test]
fn a_program_without_an_address_to_go_to_is_unsupported() {
    let project = with_operator();
    let output = crosscut(&project, &["test", "scenarios/operator"]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{out}");
    assert!(
        out.contains("the embedded control plane listens on no address"),
        "{out}"
    );
}

#[test]
fn a_program_acts_on_the_target_of_its_trial() {
    if let Some(reason) = crate::control_plane::missing() {
        println!("skipped: {reason}");
        return;
    }
    let _turn = alone_with_fixed_ports().unwrap();
    let project = with_operator();
    let arguments = ["test", "scenarios/operator", "--cluster", "envtest"];
    let output = crosscut(&project, &arguments);
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
}

/// Returns true if a process runs whose last argument is this.
fn runs(argument: &str) -> bool {
    let wanted = format!("\0{argument}\0");
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok())
        .any(|words| words.ends_with(&wanted))
}

#[test]
fn programs_and_what_they_started_end_with_an_interrupted_run() {
    if let Some(reason) = crate::control_plane::missing() {
        println!("skipped: {reason}");
        return;
    }
    let long = format!("{}.5", 100_000 + std::process::id());
    let spec = format!(
        "{{programs: [{{name: a, command: [sh, -c, 'sleep {long} & wait']}}], \
         steps: [{{actions: [{{sleep: 10m}}]}}]}}"
    );
    let scenario = format!(
        "apiVersion: crosscut.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: waits}}\nspec: {spec}\n"
    );
    let project = project(&[("scenarios/defaults/scenario.yaml", scenario.as_str())]);
    let _turn = alone_with_fixed_ports().unwrap();
    let arguments = ["test", "--cluster", "envtest", "--jobs", "1"];
    let mut run = Background::start(&project, &arguments);
    run.wait_until("the program never ran", A_MINUTE, || runs(&long));
    run.interrupt();
    let ended = run.end_within(A_MINUTE);
    assert_eq!(ended.code, Some(3), "{}", ended.text);
    assert!(!runs(&long), "the program still runs");
    ended.assert_nothing_left();
}

/// Programs that are not there, in many ways, and some that need not be there yet.
const MISSING: &str = r#"
apiVersion: crosscut.dev/v1alpha1
kind: Scenario
metadata: {name: missing}
spec:
  programs:
    - {name: by-path, command: [./not-there]}
    - {name: by-name, command: [a-program-that-nobody-has]}
    - {name: not-executable, command: [./scenario.yaml]}
    - {name: there, command: [sh]}
    - {name: computed, command: ["(join('', ['not-', 'there']))"]}
    - {name: elsewhere, command: [in-its-own-folders], env: {PATH: /nowhere}}
    - {name: maker, command: [sh, -c, make it], ready: {exit: 0}}
    - {name: made, command: [./made]}
  steps:
    - actions:
        - sleep: 1s
"#;

/// The run begins to look before anything else: it needs no test bed.
#[test]
fn programs_that_are_missing_are_named_before_the_first_trial() {
    let other = MISSING
        .replace("name: missing", "name: other")
        .replace("by-path", "unselected");
    let project = project(&[
        ("crosscut.yaml", SUITE),
        ("providers/local/provider.yaml", PROVIDER),
        ("providers/local/widgets.yaml", WIDGETS),
        ("scenarios/missing/scenario.yaml", MISSING),
        ("scenarios/other/scenario.yaml", &other),
    ]);
    let arguments = ["test", "scenarios/missing", "--cluster", "envtest"];
    let output = crosscut(&project, &arguments);
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(3), "{out}{err}");
    let lines: Vec<&str> = err
        .lines()
        .filter(|line| line.contains(": program "))
        .collect();
    let ends = [
        ":7:7: program by-path: there is no ",
        ":8:7: program by-name: there is no a-program-that-nobody-has",
        ":9:7: program not-executable: ",
    ];
    assert_eq!(lines.len(), ends.len(), "{err}");
    for (line, end) in lines.iter().zip(ends) {
        assert!(
            line.contains(&format!("scenarios/missing/scenario.yaml{end}")),
            "{end} is missing in {line}"
        );
    }
    assert!(
        lines[2].ends_with("is nothing that can be executed"),
        "{err}"
    );
    assert!(err.contains("help: build or install them"), "{err}");
    assert!(!out.contains("starting etcd"), "{out}");
}
