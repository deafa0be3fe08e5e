//! The second driver, without an API server to watch: what it waits for, and says of it.

use std::sync::{Arc, Mutex};

use crosscut_apiserver::{ApiServer, Options};
use crosscut_controller::live::{Awaits, Driver, LiveLimits, Owed, View};
use crosscut_controller::{Key, Scheduler, VirtualClock};
use rstest::rstest;
use serde_json::{Value, json};

fn thing() -> Key {
    Key {
        group: "example.org".to_owned(),
        version: "v1".to_owned(),
        kind: "Thing".to_owned(),
        namespace: Some("team".to_owned()),
        name: "t".to_owned(),
    }
}

#[rstest]
#[case::for_certain(Owed::certainly("is to be collected"), &["waiting for up to 100 s, control Thing.example.org team/t: is to be collected"])]
#[case::perhaps(Owed::soon("is being deleted"), &[])]
#[case::in_vain(Owed::never("is paused"), &[])]
#[tokio::test(start_paused = true)]
async fn what_takes_long_is_said_once(#[case] owed: Owed, #[case] expected: &[&str]) {
    let clock = VirtualClock::new();
    let server = ApiServer::new(Options {
        clock: Arc::new(clock.clone()),
        seed: 0,
        admission: Vec::new(),
    });
    let plane = Scheduler::new(clock.clone(), 0).add_plane("control", server);
    let awaits = move |_: &View, _: &Key, _: &Value| Some(owed.clone());
    let awaits: Vec<Arc<dyn Awaits>> = vec![Arc::new(awaits)];
    let mut driver = Driver::new(Arc::new(clock));
    let view = View::still([(thing(), json!({}))]);
    driver.add_plane("control", plane.connection().clone(), view, awaits);
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
