//! The cost of the Body-Based Router: requests per second and latency on the real gateway path, with the router and
//! without it.
//!
//! The scenario that judges the path also creates it. Then this program runs again as a program of the trial, and sends
//! the same requests each way in turn. The last line of the output is one JSON object. If the test bed lacks a program
//! of the path, the object has the reason instead. A wrong response stops the benchmark.

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

/// The programs of the path, with their names in the test bed.
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

/// Creates the path and measures it.
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
