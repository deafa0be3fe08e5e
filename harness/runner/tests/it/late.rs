//! Tests with a control plane that seems to be at rest too early, as real ones may.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_client::{Api, Connection};
use crosscut_cluster::{Cluster, ClusterError, Lease, Rest, SettleError, Side};
use crosscut_embedded::Embedded;
use crosscut_events::{Event, Verdict};
use crosscut_runner::RunOptions;
use crosscut_suite::{Plan, Trial};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::judging::{self, document};

/// The embedded control plane with a client that writes one value after the other, each followed by a pause that looks
/// like rest.
struct Late {
    embedded: Embedded,
    values: Vec<&'static str>,
}

#[async_trait]
impl Cluster for Late {
    fn kind(&self) -> &str {
        "late"
    }

    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError> {
        Ok(Box::new(LateLease {
            lease: self.embedded.lease(trial, seed).await?,
            values: self.values.iter().copied().collect(),
            changes: 0,
        }))
    }

    async fn close(&self) {
        self.embedded.close().await;
    }
}

struct LateLease {
    lease: Box<dyn Lease>,
    /// The values still to be written.
    values: VecDeque<&'static str>,
    changes: u64,
}

#[async_trait]
impl Lease for LateLease {
    fn connection(&self, side: Side) -> Connection {
        self.lease.connection(side)
    }

    fn namespace(&self) -> &str {
        self.lease.namespace()
    }

    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        self.lease.objects(side).await
    }

    /// Waits until the next value is written.
    async fn settle(&mut self) -> Result<Rest, SettleError> {
        if let Some(value) = self.values.pop_front() {
            let map = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late", "namespace": "default"},
                "data": {"value": value},
            });
            let api = Api::new(self.connection(Side::Control), "late");
            api.apply(&map, "late").await.unwrap();
            self.changes += 1;
        }
        let rest = self.lease.settle().await?;
        let changes = self.changes;
        Ok(Rest { changes, ..rest })
    }

    async fn sleep(&mut self, _: Duration) -> Result<Rest, SettleError> {
        self.settle().await
    }

    /// The client starts to write the next value as soon as the changes are read.
    fn changes(&mut self) -> u64 {
        self.changes + u64::from(!self.values.is_empty())
    }

    async fn close(self: Box<Self>) -> Result<(), ClusterError> {
        self.lease.close().await
    }
}

/// Returns the events of a run of one scenario, while these values are written one after the other.
async fn events(action: &str, values: &[&'static str]) -> Vec<Event> {
    let spec = format!("spec: {{steps: [{{actions: [{{{action}}}]}}]}}\n");
    let plan: Plan = judging::plan([(
        "scenarios/scenario.yaml",
        document("Scenario", "first", &spec),
    )]);
    let cluster = Late {
        embedded: Embedded::new(Arc::clone(&plan.suite), Arc::new(|_: &str| {})),
        values: values.to_vec(),
    };
    let (_stop, stop) = watch::channel(false);
    let options = RunOptions {
        final_objects: true,
        ..RunOptions::new(Arc::new(|| Duration::ZERO), stop)
    };
    judging::events(plan, cluster, &options).await
}

fn is_written(verb: &str, value: &str) -> String {
    format!(
        "{verb}: {{resource: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: late}}, data: {{value: {value}}}}}}}"
    )
}

/// Seen with the real Crossplane on a busy machine: a ready composite resource was judged in a moment in which it was
/// not ready.
#[rstest]
#[case::that_does_not_hold_yet("expect", &["between", "end"], Verdict::Passed)]
#[case::that_does_not_hold_for_long("expect", &["between", "between too", "end"], Verdict::Passed)]
#[case::that_holds_no_more("expect", &["end", "between"], Verdict::Failed)]
#[case::that_holds_again("expect", &["end", "between", "end"], Verdict::Passed)]
#[case::that_never_holds("expect", &["between", "between too"], Verdict::Failed)]
#[case::that_is_there_for_a_moment("absent", &["end", "between"], Verdict::Passed)]
#[case::that_comes_late("absent", &["between", "end"], Verdict::Failed)]
#[tokio::test]
async fn what_moves_is_judged_again(
    #[case] verb: &str,
    #[case] values: &[&'static str],
    #[case] expected: Verdict,
) {
    let events = events(&is_written(verb, "end"), values).await;
    let mut reports = events.iter().filter_map(|event| match event {
        Event::TrialFinished(report) => Some(report.verdict),
        _ => None,
    });
    assert_eq!(reports.next(), Some(expected));
}

#[tokio::test]
async fn what_a_trial_leaves_is_told_at_rest() {
    let nothing = "delete: {apiVersion: v1, kind: ConfigMap, name: another}";
    let events = events(nothing, &["one", "two", "three", "four", "five"]).await;
    let left = events.iter().find_map(|event| match event {
        Event::FinalObjects { side, objects, .. } if side == "control" => Some(objects),
        _ => None,
    });
    let values: Vec<&Value> = left
        .unwrap()
        .iter()
        .map(|object| &object["data"]["value"])
        .collect();
    assert_eq!(values, ["five"]);
}
