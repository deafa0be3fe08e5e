//! Reads and writes of objects on real API servers, and waits for the reactions of programs.

use std::time::{Duration, Instant};

use crosscut_client::Api;

use crosscut_objects::object;
use crosscut_programs::Program;
use crosscut_yaml::{Limits, Node};
use serde_json::{Value, json};

pub(crate) fn api(client: &kube::Client) -> Api {
    Api::new(client.clone(), "crosscut")
}

pub(crate) fn secret(namespace: &str, name: &str, key: &str, text: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {key: text},
    })
}

pub(crate) async fn apply(api: &Api, object: &Value) {
    api.apply(object, "crosscut").await.unwrap_or_else(|error| {
        panic!("{} {}: {error}", object::kind(object), object::name(object))
    });
}

/// Applies an object of a kind that may not be served yet.
pub(crate) async fn create_served(api: &Api, object: &Value) {
    until(object::name(object), async || {
        match api.apply(object, "crosscut").await {
            Ok(_) => Some(()),
            Err(error) if error.is_no_match() || error.is_missing_route() => None,
            Err(error) => panic!("{error}"),
        }
    })
    .await;
}

pub(crate) async fn apply_file(api: &Api, path: &camino::Utf8Path) {
    let text = std::fs::read_to_string(path).expect("a file");
    for document in crosscut_yaml::parse(&text, &Limits::default()).expect("YAML") {
        apply(api, &Node::to_value(&document)).await;
    }
}

pub(crate) async fn apply_folder(api: &Api, folder: &camino::Utf8Path) {
    for entry in folder.read_dir_utf8().expect("a folder") {
        apply_file(api, entry.expect("an entry").path()).await;
    }
}

pub(crate) fn condition_of(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .find(|condition| condition["type"] == kind)
        .cloned()
        .unwrap_or_default()
}

/// Returns `Kind name` of each composed resource, in the order of the composite.
pub(crate) fn references(composite: &Value) -> Vec<String> {
    let references = composite["spec"]["crossplane"]["resourceRefs"].as_array();
    references
        .into_iter()
        .flatten()
        .map(|reference| {
            format!(
                "{} {}",
                object::kind(reference),
                object::text(reference, &["name"])
            )
        })
        .collect()
}

/// Calls `look` until it returns a value.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns the resident memory of a process, in MiB.
pub(crate) fn resident(program: &Program) -> u64 {
    let path = format!("/proc/{}/status", program.id());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    number.unwrap_or_default() / 1024
}
