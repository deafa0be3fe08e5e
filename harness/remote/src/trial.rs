//! The share of one trial in the clusters: the objects that it creates, and their deletion.

use std::sync::Arc;
use std::time::Duration;

use crosscut_client::Api;
use crosscut_suite::Trial;
use crosscut_suite::model::{Provider, Scenario, Side};
use tokio::time::Instant;

use super::changes::Changes;
use super::ledger::{Created, Ledger};
use super::removal::{Remnant, remove};
use crosscut_cluster::Lease;
use crosscut_live::LiveLease;
use crosscut_setup::install::FIELD_MANAGER;

/// The time that the deletion of a trial's objects may take.
const GONE: Duration = Duration::from_secs(90);
/// The time between two checks if no stand-in works on the deletion.
const POLL: Duration = Duration::from_millis(250);

/// The records of the objects that one trial creates.
pub(crate) struct Scope {
    pub(crate) namespace: String,
    pub(crate) provider: Arc<Provider>,
    /// Objects on the control plane by the trial's actions.
    pub(crate) control: Arc<Ledger>,
    /// Objects on the control plane by stand-ins, outside the trial's namespaces.
    pub(crate) stand_ins: Arc<Ledger>,
    /// Objects on the target by actions and stand-ins.
    pub(crate) target: Arc<Ledger>,
    /// Objects by programs under test.
    pub(crate) programs: Sides,
    /// Changes of the trial's actions to objects of others, on the control plane and on the target.
    pub(super) changed: [Arc<Changes>; 2],
}

/// Records for the control plane, outside the trial's namespaces, and for the target.
pub(crate) struct Sides {
    pub(crate) control: Arc<Ledger>,
    pub(crate) target: Arc<Ledger>,
}

impl Scope {
    pub(crate) fn new(run: &str, namespace: String, provider: Arc<Provider>) -> Scope {
        let outside = || Arc::new(Ledger::of_trial(run, &namespace, false));
        Scope {
            control: Arc::new(Ledger::of_trial(run, &namespace, true)),
            stand_ins: outside(),
            target: Arc::new(Ledger::of_run(run)),
            programs: Sides {
                control: outside(),
                target: Arc::new(Ledger::of_run(run)),
            },
            changed: Default::default(),
            namespace,
            provider,
        }
    }

    /// Returns all records of the trial.
    pub(super) fn ledgers(&self) -> Vec<Arc<Ledger>> {
        let all = [
            &self.control,
            &self.stand_ins,
            &self.target,
            &self.programs.control,
            &self.programs.target,
        ];
        all.into_iter().cloned().collect()
    }

    /// Deletes the objects that the trial applied, while its stand-ins and programs still work on the composed objects.
    /// Then deletes the objects on the target. Namespaces stay. Objects that are not gone stay recorded.
    pub(crate) async fn withdraw(
        &self,
        lease: &mut LiveLease,
        control: &kube::Client,
        target: Option<&kube::Client>,
    ) {
        for (api, ledger) in self.worked_on(control, target) {
            let left = until_gone(&api, ledger.take_objects(), Some(lease)).await;
            ledger.put_back(left.into_iter().map(|left| left.created));
        }
    }

    /// Returns the records of the trial and its stand-ins, in the order of deletion.
    fn worked_on(
        &self,
        control: &kube::Client,
        target: Option<&kube::Client>,
    ) -> Vec<(Api, &Ledger)> {
        let of_control = [&self.control, &self.stand_ins].map(|ledger| (control, ledger));
        let of_target = target.map(|target| (target, &self.target));
        let all = of_control.into_iter().chain(of_target);
        all.map(|(client, ledger)| (api(client), ledger.as_ref()))
            .collect()
    }

    /// Restores the objects of others that the trial's actions changed. Returns a line for each object that was not
    /// restored.
    pub(crate) async fn put_back(
        &self,
        control: &kube::Client,
        target: Option<&kube::Client>,
    ) -> Vec<String> {
        let [on_control, on_target] = &self.changed;
        let mut left = on_control.put_back(&api(control)).await;
        if let Some(target) = target {
            left.extend(on_target.put_back(&api(target)).await);
        }
        left
    }

    /// Deletes the trial's objects: first as [`Scope::withdraw`], then those of programs, which have ended, then
    /// namespaces. Returns the control plane's namespaces whose deletion is not done, and the other objects that are
    /// not gone.
    pub(crate) async fn clean(
        &self,
        lease: &mut LiveLease,
        control: &kube::Client,
        target: Option<&kube::Client>,
    ) -> (Vec<Created>, Vec<Remnant>) {
        let mut left = Vec::new();
        let mut all = self.worked_on(control, target);
        all.push((api(control), &self.programs.control));
        all.extend(target.map(|target| (api(target), self.programs.target.as_ref())));
        for (api, ledger) in all {
            left.extend(until_gone(&api, ledger.take_objects(), Some(lease)).await);
        }
        if let Some(target) = target {
            let namespaces = [&self.target, &self.programs.target];
            let namespaces = namespaces.iter().flat_map(|ledger| ledger.take());
            left.extend(until_gone(&api(target), namespaces.collect(), None).await);
        }
        let namespaces = [&self.control, &self.stand_ins, &self.programs.control];
        let namespaces = namespaces.iter().flat_map(|ledger| ledger.take());
        let asked = remove(&api(control), namespaces.collect()).await;
        (asked.into_iter().map(|left| left.created).collect(), left)
    }
}

/// Deletes objects and waits until they are gone or 90 s have passed. The stand-ins of `lease` run meanwhile, because they
/// may have to remove finalizers. Returns the objects that are not gone.
pub(crate) async fn until_gone(
    api: &Api,
    created: Vec<Created>,
    mut lease: Option<&mut LiveLease>,
) -> Vec<Remnant> {
    let end = Instant::now() + GONE;
    let mut left = remove(api, created).await;
    let can_go_on =
        |left: &[Remnant]| !left.is_empty() && !left.iter().any(|left| left.is_unreachable);
    while can_go_on(&left) && Instant::now() < end {
        match lease.as_deref_mut() {
            // An error here only means that the lease has not settled yet; the next round checks again.
            Some(lease) => drop(lease.settle().await),
            None => tokio::time::sleep(POLL).await,
        }
        left = remove(api, left.into_iter().map(|left| left.created).collect()).await;
    }
    left
}

/// Creates a client for installation and deletion.
pub(crate) fn api(client: &kube::Client) -> Api {
    Api::new(client.clone(), FIELD_MANAGER)
}

/// Returns the reason why a trial needs a target; `None` if it needs none.
pub(crate) fn needs_target(trial: &Trial, stand_ins: bool) -> Option<&'static str> {
    if acts_on_target(&trial.scenario) {
        return Some("the scenario looks at the target cluster");
    }
    let mut programs = trial.programs();
    if programs.any(|program| program.kubeconfig == Some(Side::Target)) {
        return Some("a program under test runs against the target cluster");
    }
    let leads_there = |provider: &Provider| {
        provider
            .managed
            .iter()
            .any(|rule| rule.connection_secret.is_some())
    };
    (stand_ins && leads_there(&trial.provider))
        .then_some("what the provider's stand-ins publish leads to a target cluster")
}

fn acts_on_target(scenario: &Scenario) -> bool {
    let mut actions = scenario.steps.iter().flat_map(|step| &step.actions);
    actions.any(|action| action.side == Side::Target)
}
