//! Tests of the driver in real time, without an API server: concurrent reconciles, waits, and their reports.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crosscut_apiserver::{ApiServer, Options};

use crosscut_objects::Event;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::{Driver, LiveLimits, LivePlane, Pending, PendingWork, Reported, View, retry};
use crosscut_controller::engine::Work;
use crosscut_controller::{Action, Context, Controller, ReconcileError, Scheduler, VirtualClock};

use crosscut_objects::Key;

/// A controller whose reconciles wait until two of them run.
struct Together(Barrier);

#[async_trait]
impl Controller for Together {
    fn name(&self) -> &str {
        "together"
    }

    fn map_to_keys(&self, _: &Event) -> Vec<Key> {
        Vec::new()
    }

    async fn reconcile(&self, _: &Context, _: &Key) -> Result<Action, ReconcileError> {
        self.0.wait().await;
        Ok(Action::AwaitChange)
    }
}

/// Returns a driver over a plane with only these objects, which never change.
fn driver(
    objects: impl IntoIterator<Item = (Key, Value)>,
    rules: Vec<Arc<dyn PendingWork>>,
) -> (Driver, LivePlane) {
    let clock = VirtualClock::new();
    let server = ApiServer::new(Options {
        clock: Arc::new(clock.clone()),
        seed: 0,
        admission: Vec::new(),
    });
    let (connection, log) = crosscut_testkit::in_process(server);
    let plane = Scheduler::new(clock.clone(), 0).add_plane("control", connection, log);
    let mut driver = Driver::new(Arc::new(clock));
    let connection = plane.connection().clone();
    let live = driver.add_plane("control", connection, View::still(objects), rules);
    (driver, live)
}

fn thing(name: &str) -> Key {
    Key {
        group: "example.org".to_owned(),
        version: "v1".to_owned(),
        kind: "Thing".to_owned(),
        namespace: Some("team".to_owned()),
        name: name.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn objects_are_reconciled_at_the_same_time() {
    let (mut driver, live) = driver([], Vec::new());
    driver.add(live, Arc::new(Together(Barrier::new(2))));
    for name in ["one", "other"] {
        driver.engine.push(Work {
            controller: 0,
            key: thing(name),
        });
    }
    let limits = LiveLimits::default();
    let settling = tokio::time::timeout(Duration::from_secs(60), driver.settle(&limits));
    let settled = settling.await.expect("one waits for the other").unwrap();
    assert_eq!(settled.steps, 2);
}

#[test]
fn what_failed_often_is_tried_again_less_soon() {
    let expected = [100, 200, 400, 800, 800].map(Duration::from_millis);
    assert_eq!([1, 2, 3, 4, 16].map(retry), expected);
}

#[test]
fn what_takes_as_long_as_something_else_is_told_once() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let mut told = Reported {
        tell: Arc::new(move |what: &str| heard.lock().unwrap().push(what.to_owned())),
        known: BTreeSet::new(),
    };
    for (seconds, what) in [(12, "one"), (12, "other"), (13, "one"), (13, "other")] {
        told.once(seconds, what.to_owned());
    }
    let expected = ["one", "other"].map(|what| format!("waiting for up to 12 s, {what}"));
    assert_eq!(*said.lock().unwrap(), expected);
}

#[rstest]
#[case::for_certain(Pending::certainly("is to be collected"), &["waiting for up to 100 s, control Thing.example.org team/t: is to be collected"])]
#[case::perhaps(Pending::soon("is being deleted"), &[])]
#[case::in_vain(Pending::never("is paused"), &[])]
#[tokio::test(start_paused = true)]
async fn what_takes_long_is_said_once(#[case] pending: Pending, #[case] expected: &[&str]) {
    let rules = move |_: &View, _: &Key, _: &Value| Some(pending.clone());
    let rules: Vec<Arc<dyn PendingWork>> = vec![Arc::new(rules)];
    let (mut driver, _) = driver([(thing("t"), json!({}))], rules);
    let said = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&said);
    driver.tell_of_waiting(Arc::new(move |what: &str| {
        told.lock().unwrap().push(what.to_owned());
    }));
    for _ in 0..2 {
        let settled = driver.settle(&LiveLimits::default()).await.unwrap();
        assert_eq!(settled.failing.len(), 1);
    }
    assert_eq!(*said.lock().unwrap(), expected);
}
