//! Every recorded write gets the answer that Kubernetes' field managers gave (tests/data/SOURCE.md).

use crate::recording::replay;

/// Written by hand, a table for each rule.
const APPLY: &str = include_str!("../data/apply.json");

/// Made up from a seed.
const RANDOM: &str = include_str!("../data/random.json");

/// Steps that differ on purpose, with the reason. Shrinks as they are mended, and never grows unseen.
const KNOWN: [(&str, &str); 0] = [];

#[test]
fn writes_are_answered_as_recorded() {
    let recordings = [("apply", APPLY, 600), ("random", RANDOM, 600)];
    let mut failures = Vec::new();
    let mut agree: Vec<&str> = KNOWN.iter().map(|(id, _)| *id).collect();
    for (name, recording, at_least) in recordings {
        let (steps, differences) = replay(recording);
        assert!(steps > at_least, "{name} is read");
        for one in differences {
            let id = format!("{name}/{}", one.step);
            agree.retain(|known| *known != id);
            if !KNOWN.iter().any(|(known, _)| *known == id) {
                failures.push(format!("{id}\n{}", one.text));
            }
        }
    }
    let total = failures.len();
    assert_eq!(total, 0, "{total} steps differ\n{}", failures.join("\n\n"));
    assert!(
        agree.is_empty(),
        "these agree now, take them out of KNOWN: {agree:?}"
    );
}
