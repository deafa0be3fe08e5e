//! The time that it takes to fork a loaded control plane. Prints one JSON object on its last line.
//!
//! Loaded means: 60 definitions and 2 000 objects. The fork is that of the API server's whole state; what a trial
//! pays besides (its controllers looking at what is there) is part of the trials' own figures.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports on standard output, and stops where it cannot go on"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosscut_apiserver::{ApiServer, Options};
use crosscut_client::Api;
use crosscut_controller::{Scheduler, SettleLimits, VirtualClock, builtin};
use serde_json::{Value, json};

const DEFINITIONS: usize = 60;
const OBJECTS: usize = 2_000;
const FORKS: u32 = 1_000;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _guard = runtime.enter();
    let clock = VirtualClock::new();
    let server = runtime.block_on(loaded(&clock));
    let mut slowest = Duration::ZERO;
    let started = Instant::now();
    for seed in 0..u64::from(FORKS) {
        let one = Instant::now();
        let fork = server.fork(options(&clock.fork(), seed));
        slowest = slowest.max(one.elapsed());
        assert_eq!(fork.head(), server.head());
    }
    let mean = started.elapsed() / FORKS;
    let figures = json!({
        "definitions": DEFINITIONS,
        "objects": OBJECTS,
        "forks": FORKS,
        "mean_microseconds": mean.as_secs_f64() * 1e6,
        "slowest_microseconds": slowest.as_secs_f64() * 1e6,
    });
    println!("{figures}");
}

fn options(clock: &VirtualClock, seed: u64) -> Options {
    Options {
        clock: Arc::new(clock.clone()),
        seed,
        admission: Vec::new(),
    }
}

async fn loaded(clock: &VirtualClock) -> ApiServer {
    let server = ApiServer::new(options(clock, 0));
    let mut scheduler = Scheduler::new(clock.clone(), 0);
    let (connection, log) = crosscut_testkit::in_process(server.clone());
    let plane = scheduler.add_plane("control", connection, log);
    for controller in builtin::controllers() {
        scheduler.add(&plane, controller);
    }
    let api = Api::new(plane.connection(), "bench");
    for number in 0..DEFINITIONS {
        api.create(&definition(number)).await.unwrap();
    }
    scheduler.settle(&SettleLimits::default()).await.unwrap();
    for number in 0..OBJECTS {
        api.create(&json!({
            "apiVersion": "bench.example.com/v1",
            "kind": format!("Widget{}", number % DEFINITIONS),
            "metadata": { "name": format!("w{number}"), "namespace": "default" },
            "spec": { "size": number },
        }))
        .await
        .unwrap();
    }
    server
}

fn definition(number: usize) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("widget{number}s.bench.example.com") },
        "spec": {
            "group": "bench.example.com",
            "scope": "Namespaced",
            "names": { "plural": format!("widget{number}s"), "kind": format!("Widget{number}") },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "spec": { "type": "object", "properties": { "size": { "type": "integer" } } },
                } } },
            }],
        },
    })
}
