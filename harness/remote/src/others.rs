//! Namespaces of other runs on a cluster.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crosscut_client::{Api, ApiError};

use crosscut_objects::object;
use serde_json::Value;

use super::ledger::LABEL;

/// Returns one line for each other run that has namespaces on the cluster. Such a run may still be running, perhaps on
/// another machine.
///
/// # Errors
/// [`ApiError`] if the namespaces cannot be listed.
pub(crate) async fn say_others(api: &Api, run: &str) -> Result<Vec<String>, ApiError> {
    let namespaces = api.list("v1", "Namespace", "", &BTreeMap::new()).await?;
    Ok(lines(&namespaces, run))
}

fn lines(namespaces: &[impl Borrow<Value>], run: &str) -> Vec<String> {
    let mut others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for namespace in namespaces.iter().map(Borrow::borrow) {
        match object::label(namespace, LABEL) {
            "" => {}
            other if other == run => {}
            other => others
                .entry(other)
                .or_default()
                .push(object::name(namespace)),
        }
    }
    others
        .into_iter()
        .map(|(other, names)| {
            format!(
                "another run is there, or was killed: it has the namespaces {}; what it left has the label {LABEL}={other}",
                names.join(", ")
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::lines;

    fn namespace(name: &str, run: &str) -> Value {
        json!({"metadata": {"name": name, "labels": {"crosscut.dev/run": run}}})
    }

    #[test]
    fn other_runs_are_named_with_their_namespaces() {
        let namespaces = [
            namespace("a", "other"),
            namespace("mine", "run"),
            namespace("b", "other"),
            json!({"metadata": {"name": "default"}}),
        ];
        assert_eq!(
            lines(&namespaces, "run"),
            [
                "another run is there, or was killed: it has the namespaces a, b; what it left has the label \
              crosscut.dev/run=other"
            ]
        );
    }
}
