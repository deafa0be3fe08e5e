//! Tests of a control plane that panics, hangs or cannot be created: one trial ends, the others
//! continue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crosscut_cluster::{Cluster, ClusterError, Health, Lease, Rest, SettleError, Side};
use crosscut_embedded::Embedded;
use crosscut_events::{Seeds, TrialReport, Verdict};
use crosscut_suite::{Plan, Trial};

use crate::judging::{self, document};

/// A control plane that breaks for scenarios by their names; for all others, the embedded control
/// plane.
struct Breaking {
    embedded: Embedded,
    /// The requested scenarios, each with its seed.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Breaking {
    fn new(plan: &Plan) -> Breaking {
        Breaking {
            embedded: Embedded::new(Arc::clone(&plan.suite), Arc::new(|_: &str| {})),
            asked: Arc::default(),
        }
    }
}

#[async_trait]
impl Cluster for Breaking {
    fn kind(&self) -> &str {
        "breaking"
    }

    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        let lease = self.embedded.lease(trial, seed).await?;
        let name = trial.scenario.name.as_str();
        self.asked.lock().unwrap().push(format!("{name} {seed}"));
        match name {
            "panics-with-3" if seed == 3 => panic!("two of a kind"),
            "panics" => panic!("the store is gone"),
            "cannot-do" => Err(ClusterError::Unsupported {
                reason: "it has no webhooks".to_owned(),
            }),
            "panics-later" | "hangs" | "never-rests" | "is-not-cleaned" | "breaks"
            | "breaks-late" | "tells-late" => Ok(Box::new(BreakingLease {
                lease,
                how: trial.scenario.name.clone(),
            })),
            _ => Ok(lease),
        }
    }

    async fn close(&self) {
        self.embedded.close().await;
    }
}

struct BreakingLease {
    lease: Box<dyn Lease>,
    how: String,
}

#[async_trait]
impl Lease for BreakingLease {
    fn connection(&self, side: Side) -> crosscut_client::Connection {
        self.lease.connection(side)
    }

    fn namespace(&self) -> &str {
        self.lease.namespace()
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<serde_json::Value>, ClusterError> {
        self.lease.objects(side).await
    }

    async fn settle(&mut self) -> Result<Rest, SettleError> {
        match self.how.as_str() {
            "panics-later" => panic!("{}", "index out of bounds".to_owned()),
            "hangs" | "breaks" => std::future::pending().await,
            "is-not-cleaned" => self.lease.settle().await,
            "tells-late" => {
                tokio::spawn(tell_late(self.lease.connection(Side::Control)));
                self.lease.settle().await
            }
            _ => Err(SettleError::Unsettled {
                reason: "20000 reconciles".to_owned(),
                moving: vec!["a undoes b".to_owned()],
            }),
        }
    }

    async fn sleep(&mut self, _: Duration) -> Result<Rest, SettleError> {
        self.settle().await
    }

    fn events_lag(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn health(&self) -> Option<Arc<dyn Health>> {
        let breaks = self.how.starts_with("breaks");
        breaks.then(|| Arc::new(Broken(self.how == "breaks")) as Arc<dyn Health>)
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        match self.how.as_str() {
            "is-not-cleaned" => Err(ClusterError::Clean {
                what: "etcd is gone".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// A broken control plane: ended if true, silent otherwise.
struct Broken(bool);

fn broken(what: &str) -> ClusterError {
    ClusterError::Broken {
        what: what.to_owned(),
    }
}

#[async_trait]
impl Health for Broken {
    fn runs(&self) -> Result<(), ClusterError> {
        if self.0 {
            return Err(broken("etcd ended"));
        }
        Ok(())
    }

    async fn answers(&self) -> Result<(), ClusterError> {
        Err(broken("etcd does not answer"))
    }
}

/// Creates an Event after three seconds.
async fn tell_late(connection: crosscut_client::Connection) {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let event = serde_json::json!({
        "apiVersion": "v1", "kind": "Event", "reason": "Late",
        "metadata": {"name": "late", "namespace": "default"},
        "involvedObject": {"kind": "Secret", "namespace": "default", "name": "s"},
    });
    let api = crosscut_client::Api::new(&connection, "test");
    api.create(&event).await.unwrap();
}

fn plan(scenarios: &[&str]) -> Plan {
    let steps = |name: &str| {
        let action = match name {
            "tells-late" => "events: {resource: {reason: Late}}",
            _ => "absent: {resource: {apiVersion: v1, kind: Secret}}",
        };
        format!("spec: {{steps: [{{actions: [{{{action}}}]}}]}}\n")
    };
    judging::plan(scenarios.iter().map(|name| {
        let file = format!("scenarios/{name}/scenario.yaml");
        (file, document("Scenario", name, &steps(name)))
    }))
}

/// Returns the reports of a run by scenario. The run has one thread, which a broken control plane
/// must not block.
async fn reports(scenarios: &[&str], deadline: Duration) -> BTreeMap<String, TrialReport> {
    let plan = plan(scenarios);
    let cluster = Breaking::new(&plan);
    let reports = judging::reports(plan, cluster, deadline).await;
    let by_scenario = |report: TrialReport| (report.trial.scenario.clone(), report);
    reports.into_iter().map(by_scenario).collect()
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_trial_alone() {
    let reports = reports(
        &["before", "panics", "panics-later", "then"],
        Duration::from_secs(60),
    )
    .await;
    let verdicts: Vec<Verdict> = reports.values().map(|report| report.verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Passed,
            Verdict::Errored,
            Verdict::Errored,
            Verdict::Passed
        ]
    );
    for (name, words) in [
        ("panics", "the store is gone"),
        ("panics-later", "index out of bounds"),
    ] {
        let failure = &reports[name].failures[0];
        assert_eq!(failure.code, "trial::panic");
        assert_eq!(failure.message, format!("crosscut itself failed: {words}"));
        assert!(failure.help.as_ref().unwrap().contains("please report it"));
    }
}

#[tokio::test]
async fn every_seed_is_tried_until_one_does_not_pass() {
    let plan = plan(&["cannot-do", "panics-with-3", "then"]);
    let cluster = Breaking::new(&plan);
    let asked = Arc::clone(&cluster.asked);
    let seeds = Seeds::between(2, 4).unwrap();
    let reports = judging::reports_with(seeds, plan, cluster, Duration::from_secs(60)).await;
    let told: Vec<(Verdict, Option<u64>)> = reports
        .iter()
        .map(|report| (report.verdict, report.seed))
        .collect();
    let expected = [
        (Verdict::Unsupported, None),
        (Verdict::Errored, Some(3)),
        (Verdict::Passed, None),
    ];
    assert_eq!(told, expected);
    let expected = [
        "cannot-do 2",
        "panics-with-3 2",
        "panics-with-3 3",
        "then 2",
        "then 3",
        "then 4",
    ];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_hangs_ends_at_its_timeout() {
    let reports = reports(&["hangs", "then"], Duration::from_secs(7)).await;
    let report = &reports["hangs"];
    assert_eq!(report.verdict, Verdict::Unsettled);
    assert_eq!(report.failures[0].code, "trial::timeout");
    assert_eq!(
        report.failures[0].message,
        "the trial did not end within its timeout of 7s"
    );
    assert!(report.failures[0].location.is_some(), "{report:?}");
    let steps: Vec<(&str, u64)> = report
        .steps
        .iter()
        .map(|step| (step.name.as_str(), step.duration_ms))
        .collect();
    assert_eq!(steps, [("step 1", 7000)]);
    assert_eq!(reports["then"].verdict, Verdict::Passed);
}

#[tokio::test]
async fn a_control_plane_that_never_rests_is_unsettled() {
    let reports = reports(&["never-rests"], Duration::from_secs(60)).await;
    let report = &reports["never-rests"];
    assert_eq!(report.verdict, Verdict::Unsettled);
    assert_eq!(report.failures[0].evidence.notes, ["a undoes b"]);
}

#[tokio::test]
async fn a_trial_whose_rest_stays_has_not_passed() {
    let reports = reports(&["is-not-cleaned"], Duration::from_secs(60)).await;
    let report = &reports["is-not-cleaned"];
    assert_eq!(report.verdict, Verdict::Errored);
    assert_eq!(report.failures[0].code, "cluster::clean");
    assert_eq!(
        report.failures[0].message,
        "take away what the trial left: etcd is gone"
    );
}

/// A control plane that breaks while a trial waits is reported at once; the trial's outcome just
/// before is no verdict.
#[tokio::test(start_paused = true)]
async fn a_control_plane_that_breaks_is_an_error_whatever_was_judged() {
    let reports = reports(&["breaks", "breaks-late"], Duration::from_secs(60)).await;
    for (name, message, failures) in [
        ("breaks", "the control plane broke: etcd ended", 1),
        (
            "breaks-late",
            "the control plane broke: etcd does not answer",
            2,
        ),
    ] {
        let report = &reports[name];
        assert_eq!(report.verdict, Verdict::Errored);
        assert_eq!(report.failures[0].code, "cluster::broken");
        assert_eq!(report.failures[0].message, message);
        assert_eq!(report.failures.len(), failures, "{report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_told_late_is_waited_for() {
    let reports = reports(&["tells-late"], Duration::from_secs(60)).await;
    assert_eq!(reports["tells-late"].verdict, Verdict::Passed);
}

#[tokio::test]
async fn what_a_control_plane_cannot_do_is_unsupported() {
    let reports = reports(&["cannot-do"], Duration::from_secs(60)).await;
    assert_eq!(reports["cannot-do"].verdict, Verdict::Unsupported);
    assert_eq!(
        reports["cannot-do"].reason.as_deref(),
        Some("it has no webhooks")
    );
}
