//! Tests of settling: polls settle, livelocks and endless delays do not, and seeds are
//! reproducible.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use crosscut_apiserver::{ApiServer, Options};

use crosscut_client::Api;
use crosscut_objects::Event;

use crosscut_controller::{
    Action, Context, Controller, Limit, ReconcileError, Scheduler, SettleLimits, VirtualClock,
};
use crosscut_objects::ObjectRef;

use crosscut_objects::Key;
use serde_json::json;

use crate::cluster::config_map;

/// The behaviour of the tested controller for a ConfigMap.
#[derive(Clone, Copy)]
enum Habit {
    Poll,
    /// The first object is polled every minute, the others every ten.
    PollUnlike,
    Count {
        until: u64,
    },
    Fail,
}

struct Subject {
    habit: Habit,
    runs: Arc<AtomicU64>,
}

#[async_trait]
impl Controller for Subject {
    fn name(&self) -> &str {
        "subject"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        let concerns = event.resource.kind == "ConfigMap";
        concerns.then(|| Key::of(event)).into_iter().collect()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        match self.habit {
            Habit::Poll => Ok(Action::RequeueAfter(Duration::from_secs(60))),
            Habit::PollUnlike if key.name == "a" => {
                Ok(Action::RequeueAfter(Duration::from_secs(60)))
            }
            Habit::PollUnlike => Ok(Action::RequeueAfter(Duration::from_secs(600))),
            Habit::Fail => Err(ReconcileError::new("out of luck")),
            Habit::Count { until } if run >= until => Ok(Action::AwaitChange),
            Habit::Count { .. } => {
                let api = Api::new(context.connection(), "subject");
                let address = ObjectRef {
                    api_version: "v1",
                    kind: "ConfigMap",
                    namespace: "default",
                    name: &key.name,
                };
                let patch = json!({ "data": { "count": run.to_string() } });
                api.merge_patch(address, &patch).await.unwrap();
                Ok(Action::AwaitChange)
            }
        }
    }
}

async fn subject(habit: Habit) -> (Scheduler, Arc<AtomicU64>) {
    subjects(habit, &["a"]).await
}

/// Returns a scheduler with ConfigMaps of these names, and the counter of their reconciles.
async fn subjects(habit: Habit, names: &[&str]) -> (Scheduler, Arc<AtomicU64>) {
    let clock = VirtualClock::new();
    let options = Options {
        clock: Arc::new(clock.clone()),
        seed: 0,
        admission: Vec::new(),
    };
    let mut scheduler = Scheduler::new(clock, 0);
    let (connection, log) = crosscut_testkit::in_process(ApiServer::new(options));
    let plane = scheduler.add_plane("control", connection, log);
    let api = Api::new(plane.connection(), "test");
    for name in names {
        api.create(&config_map(name, &[])).await.unwrap();
    }
    let runs = Arc::new(AtomicU64::new(0));
    scheduler.add(
        &plane,
        Arc::new(Subject {
            habit,
            runs: Arc::clone(&runs),
        }),
    );
    (scheduler, runs)
}

#[tokio::test]
async fn a_poll_that_changes_nothing_is_waited_for_once() {
    let (mut scheduler, runs) = subject(Habit::Poll).await;
    let settled = scheduler.settle(&SettleLimits::default()).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(settled.virtual_time, Duration::from_secs(60));
}

#[tokio::test]
async fn while_a_long_poll_is_waited_for_a_short_one_is_not_run_again() {
    let (mut scheduler, runs) = subjects(Habit::PollUnlike, &["a", "b"]).await;
    let limits = SettleLimits::default();
    let settled = scheduler.settle(&limits).await.unwrap();
    assert_eq!(settled.virtual_time, Duration::from_secs(600));
    assert_eq!(runs.load(Ordering::SeqCst), 4, "each at once and one poll");
    // The timer is overdue, and fires as soon as the caller advances the time.
    scheduler.advance(Duration::ZERO, &limits).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn sleeping_runs_every_poll_that_falls_due() {
    let (mut scheduler, runs) = subject(Habit::Poll).await;
    scheduler
        .advance(Duration::from_secs(600), &SettleLimits::default())
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 11, "one at once and ten polls");
}

#[tokio::test]
async fn what_always_fails_is_reported_and_does_not_keep_the_rest_from_settling() {
    let (mut scheduler, _) = subject(Habit::Fail).await;
    let settled = scheduler.settle(&SettleLimits::default()).await.unwrap();
    assert_eq!(settled.failing.len(), 1);
    assert_eq!(settled.failing[0].message, "out of luck");
    assert_eq!(settled.failing[0].key.to_string(), "ConfigMap default/a");
}

#[tokio::test]
async fn a_livelock_is_unsettled_and_named() {
    let (mut scheduler, _) = subject(Habit::Count { until: u64::MAX }).await;
    let limits = SettleLimits {
        steps: 100,
        ..SettleLimits::default()
    };
    let unsettled = scheduler.settle(&limits).await.unwrap_err();
    assert_eq!(unsettled.limit, Limit::Steps(100));
    assert_eq!(unsettled.moving[0].what, "subject ConfigMap default/a");
    let changes = &unsettled.moving[0].changes;
    let part = "ConfigMap default/a: data.count: ";
    assert!(changes[0].starts_with(part), "{changes:?}");
}

#[tokio::test]
async fn a_chain_of_changes_is_followed_to_its_end() {
    let (mut scheduler, runs) = subject(Habit::Count { until: 7 }).await;
    scheduler.settle(&SettleLimits::default()).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn a_resumed_scheduler_goes_on_where_the_other_came_to_rest() {
    let clock = VirtualClock::new();
    let options = || Options {
        clock: Arc::new(clock.clone()),
        seed: 0,
        admission: Vec::new(),
    };
    let base = ApiServer::new(options());
    let subject = |runs: &Arc<AtomicU64>| {
        Arc::new(Subject {
            habit: Habit::Poll,
            runs: Arc::clone(runs),
        })
    };
    let mut first = Scheduler::new(clock.clone(), 0);
    let (connection, log) = crosscut_testkit::in_process(base.clone());
    let plane = first.add_plane("control", connection, log);
    let api = Api::new(plane.connection(), "test");
    api.create(&config_map("a", &[])).await.unwrap();
    first.add(&plane, subject(&Arc::default()));
    first.settle(&SettleLimits::default()).await.unwrap();

    let mut second = Scheduler::resume(clock.clone(), 0, &first.at_rest());
    let (connection, log) = crosscut_testkit::in_process(base.fork(options()));
    let plane = second.add_plane("control", connection, log);
    let runs = Arc::default();
    second.add(&plane, subject(&runs));
    second.settle(&SettleLimits::default()).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 0, "nothing has happened");
    let minute = Duration::from_secs(60);
    second
        .advance(minute, &SettleLimits::default())
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1, "the poll is still due");
    let api = Api::new(plane.connection(), "test");
    api.create(&config_map("b", &[])).await.unwrap();
    second.settle(&SettleLimits::default()).await.unwrap();
    assert!(runs.load(Ordering::SeqCst) > 1, "news are reconciled");
}

/// Controllers that never wait must not prevent the caller from ending them.
#[tokio::test]
async fn settling_can_be_ended_while_everything_moves() {
    let (mut scheduler, runs) = subject(Habit::Count { until: u64::MAX }).await;
    let activity = scheduler.activity();
    let endless = SettleLimits {
        steps: u64::MAX,
        ..SettleLimits::default()
    };
    let ended = tokio::time::timeout(Duration::from_millis(50), scheduler.settle(&endless)).await;
    assert!(ended.is_err(), "{ended:?}");
    assert!(runs.load(Ordering::SeqCst) > 0);
    let described = activity.described();
    let part = "kept moving: subject ConfigMap default/a (";
    assert!(
        described.iter().any(|line| line.starts_with(part)),
        "{described:?}"
    );
}
