//! What the Body-Based Router costs: requests per second and latency on the real gateway path, with it and without it.
//!
//! The path is brought up by the scenario that judges it; while it stands, a program of the trial, which is this one once
//! more, sends the same requests each way in turn. Prints one JSON object on its last line. Where the test bed lacks a
//! program of the path, the object says why nothing was measured; an answer that is not as it should be stops the
//! benchmark.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark reports on standard output, and stops where it cannot go on"
)]

#[path = "../bed/mod.rs"]
mod bed;
mod figures;
mod measure;
mod path;

use std::path::Path;
use std::sync::Arc;

use crosscut_cluster::Cluster;
use crosscut_setup::AssetSearch;

use crosscut_envtest::Envtest;
use serde_json::{Value, json};

use bed::{judged, search, settings};

/// The programs of the path, as the test bed calls them.
const PARTS: [&str; 3] = ["bbr", "envoy-gateway", "envoy"];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let [path::MEASURE, file, gateway, upstream, relays] = words[..] {
        let figures = runtime.block_on(measure::all(gateway, upstream, relays));
        let figures = figures.unwrap_or_else(|reason| panic!("{reason}"));
        std::fs::write(file, figures.to_string()).unwrap();
        return;
    }
    let figures = match search(&PARTS) {
        Ok(search) => runtime.block_on(measured(search)),
        Err(reason) => json!({ "skipped": reason }),
    };
    println!("{figures}");
}

/// Brings up the path and has it measured.
async fn measured(search: AssetSearch) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let trial = path::trial(&file);
    let settings = settings(folder.path(), search, 1);
    let cluster = Arc::new(Envtest::new(Arc::clone(&trial.suite), settings));
    cluster.prepare().await.unwrap();
    judged(&[trial], cluster.clone(), 1).await;
    cluster.close().await;
    written(&file)
}

fn written(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}
