//! The list of built and missing parts, as text.

use std::path::Path;

use super::parts::{Part, Source};
use crate::TaskError;

/// The state of a part.
#[derive(Debug)]
pub(crate) enum State {
    /// The part is built, under this key.
    Built(String),
    /// The part is not built.
    Missing,
    /// The pins cannot be determined.
    Unknown(TaskError),
}

/// Returns the list: one line per part, and the number of missing ones.
pub(crate) fn text(cache: &Path, states: &[(&Part, State)]) -> String {
    let mut text = format!("test bed in {}\n", cache.display());
    for (part, state) in states {
        text.push_str(line(part, state).trim_end());
        text.push('\n');
    }
    let built = states
        .iter()
        .filter(|(_, state)| matches!(state, State::Built(_)))
        .count();
    let rest = match states.len() - built {
        0 => "all parts are built".to_owned(),
        missing => format!("{missing} of {} parts are not built", states.len()),
    };
    text + &rest + "\n"
}

fn line(part: &Part, state: &State) -> String {
    let (state, more) = match state {
        State::Built(key) => ("built", format!("{key}  {}", holds(part))),
        State::Missing => ("missing", holds(part)),
        State::Unknown(error) => ("unknown", error.to_string()),
    };
    format!("  {state:<7}  {:<19}  {more}", part.name)
}

/// Returns the content of the part, for the list.
fn holds(part: &Part) -> String {
    let mut names = part.programs();
    if part.has_crds() {
        names.push("CRDs");
    }
    if matches!(part.source, Source::Environment) {
        names.push("an environment for functions in KCL");
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::parts::{PARTS, every_part};

    #[test]
    fn the_list_is_stable() {
        let state = |part: &Part| match part.name {
            "etcd" | "crossplane" | "python" => State::Built("0123456789abcdef".to_owned()),
            "chainsaw" => State::Unknown(TaskError::NoProgram {
                program: "go".to_owned(),
                help: "install it",
            }),
            _ => State::Missing,
        };
        let states: Vec<_> = every_part().map(|part| (part, state(part))).collect();
        let expected = "\
test bed in /cache
  built    etcd                 0123456789abcdef  etcd
  missing  kubernetes           kube-apiserver, kube-controller-manager
  built    crossplane           0123456789abcdef  crossplane, CRDs
  missing  provider-kubernetes  provider-kubernetes, CRDs
  built    python               0123456789abcdef  an environment for functions in KCL
  missing  envoy-gateway        envoy-gateway, CRDs
  missing  bbr                  bbr, CRDs
  missing  envoy                envoy
  unknown  chainsaw             no go on PATH: install it
6 of 9 parts are not built
";
        assert_eq!(text(Path::new("/cache"), &states), expected);
    }

    #[test]
    fn a_whole_test_bed_says_so() {
        let states = [(&PARTS[0], State::Built("0123456789abcdef".to_owned()))];
        let text = text(Path::new("/cache"), &states);
        assert!(text.ends_with("\nall parts are built\n"), "{text}");
    }
}
