//! One trial's share of the clusters: what it may be given, what it makes, and taking that away again.

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

/// The time that what a trial made may take to be gone.
const GONE: Duration = Duration::from_secs(90);
/// Between two looks where nothing of ours helps it to go.
const POLL: Duration = Duration::from_millis(250);

/// What one trial makes.
pub(crate) struct Scope {
    pub(crate) namespace: String,
    pub(crate) provider: Arc<Provider>,
    /// What the trial's actions make on the control plane.
    pub(crate) control: Arc<Ledger>,
    /// What stand-ins make there outside the trial's namespaces.
    pub(crate) stand_ins: Arc<Ledger>,
    /// What both make on the target.
    pub(crate) target: Arc<Ledger>,
    /// What programs under test make.
    pub(crate) programs: Sides,
    /// What the trial's actions changed of others, on the control plane and on the target.
    pub(super) changed: [Arc<Changes>; 2],
}

/// What is made on the control plane outside the trial's namespaces, and on the target.
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

    /// Returns everything that knows what the trial made.
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

    /// Takes away what the trial applied, while its stand-ins and programs still work on what that composed, and then what
    /// is on the target; no namespaces. What is left stays remembered.
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

    /// Returns what the trial and its stand-ins made, in the order in which it is taken away.
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

    /// Puts back what the trial's actions changed of others; says what is not as it was.
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

    /// Takes away what was made, in order: as [`Scope::withdraw`] does; then what programs made, which have ended; then
    /// namespaces. Answers the namespaces of the control plane whose deletion was asked for and takes its time, and what
    /// is left.
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

/// Removes objects and waits until they are gone; what holds them may be what a lease's stand-ins are to do.
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
            // Not at rest yet is not wrong here: it is looked at again.
            Some(lease) => drop(lease.settle().await),
            None => tokio::time::sleep(POLL).await,
        }
        left = remove(api, left.into_iter().map(|left| left.created).collect()).await;
    }
    left
}

/// A client for what is installed and taken away.
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
