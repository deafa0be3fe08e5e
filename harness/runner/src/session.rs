//! A trial's two clusters while its actions run: clients, rest, and written objects.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crosscut_assertion::Name;
use crosscut_cluster::{
    ClusterError, Failing, FunctionTrace, Health, Lack, Lease, Rest, SettleError, Side,
};
use crosscut_events::{Evidence, ObjectEvent, Warning};
use crosscut_expr::Clock;
use crosscut_suite::model::{Side as DocumentSide, Suite};
use serde_json::Value;

use crate::absence::Seen;
use crate::api::{Api, Others};
use crate::evidence::{composed, evidence, is_well};
use crate::known::Known;
use crate::programs::Programs;
use crate::secrets::Secrets;
use crate::stop::location;
use crate::target::{Target, Whereabouts};
use crate::timekeeper::Timekeeper;

/// The largest number of unhealthy composed resources in a failure.
const MOST_TROUBLED: usize = 8;

/// The key of an object that the scenario wrote.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Written {
    on_target: bool,
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
}

/// A trial's lease and the state that its actions left so far.
pub(crate) struct Session {
    lease: Box<dyn Lease>,
    time: Arc<Timekeeper>,
    suite: Arc<Suite>,
    control: Api,
    target: Api,
    /// The two clients for objects of others, for actions with `not_mine`.
    others: [Api; 2],
    /// True if an action wrote to the clusters since they were last at rest.
    moved: bool,
    /// True if calls were made since the last rest, which may have changed objects.
    stirred: bool,
    rest: Rest,
    programs: Programs,
    secrets: Secrets,
    /// True if values of Secrets are shown.
    show_secrets: bool,
    /// Bindings of expectations that are in no scope yet.
    bound: Vec<(String, Value)>,
    /// Warnings of API servers.
    warned: Vec<Warning>,
    /// The objects that the scenario wrote: failures show their state.
    written: BTreeMap<Written, Target>,
    /// The failures that the scenario expected.
    known: Known,
}

impl Session {
    pub(crate) fn new(
        lease: Box<dyn Lease>,
        suite: &Arc<Suite>,
        programs: Programs,
        time: &Arc<Timekeeper>,
        show_secrets: bool,
    ) -> Session {
        let secrets = Secrets::default();
        let trials = Others::of(lease.namespace(), &suite.namespace);
        let api = |connection| Api::new(&connection, lease.namespace(), trials.clone(), &secrets);
        let control = api(lease.connection(Side::Control));
        let target = api(lease.connection(Side::Target));
        let to_others = |side| api(lease.connection_to_others(side));
        let others = [Side::Control, Side::Target].map(to_others);
        Session {
            lease,
            time: Arc::clone(time),
            suite: Arc::clone(suite),
            control,
            target,
            others,
            moved: true,
            stirred: false,
            rest: Rest::default(),
            programs,
            secrets,
            show_secrets,
            bound: Vec::new(),
            warned: Vec::new(),
            written: BTreeMap::new(),
            known: Known::default(),
        }
    }

    /// Returns the logs and crashes of the functions.
    pub(crate) fn functions(&self) -> Option<&FunctionTrace> {
        self.lease.functions()
    }

    /// Returns the clock of the control planes, if it is not the machine's.
    pub(crate) fn clock(&self) -> Option<Clock> {
        self.lease.clock()
    }

    /// Returns the clock of the trial's timeout.
    pub(crate) fn time(&self) -> Arc<Timekeeper> {
        Arc::clone(&self.time)
    }

    /// Returns the values of the Secrets read or written so far; `None` if they are to be shown.
    pub(crate) fn secrets(&self) -> Option<Secrets> {
        (!self.show_secrets).then(|| self.secrets.clone())
    }

    /// Reads the Secrets in the trial's namespace to remember their values. Unreadable Secrets are omitted.
    pub(crate) async fn learn_secrets(&mut self) {
        let Some(secrets) = Target::all_own("v1", "Secret") else {
            return;
        };
        for api in [&self.control, &self.target] {
            if let Err(error) = api.find(&secrets).await {
                tracing::debug!(%error, "Secrets cannot be read");
            }
        }
    }

    /// Returns the namespace of objects without a namespace.
    pub(crate) fn namespace(&self) -> &str {
        self.lease.namespace()
    }

    /// Returns the objects of one side.
    pub(crate) fn api(&self, side: DocumentSide) -> &Api {
        match side {
            DocumentSide::Control => &self.control,
            DocumentSide::Target => &self.target,
        }
    }

    /// Returns the objects of one side for changes; with `not_mine`, including objects that others created.
    pub(crate) fn api_to_change(&self, side: DocumentSide, not_mine: bool) -> &Api {
        let [control, target] = &self.others;
        match side {
            _ if !not_mine => self.api(side),
            DocumentSide::Control => control,
            DocumentSide::Target => target,
        }
    }

    /// Records that `target` was written, so that the clusters settle before the next judgement.
    pub(crate) fn wrote(&mut self, side: DocumentSide, target: Target) {
        self.moved = true;
        let key = Written {
            on_target: side == DocumentSide::Target,
            api_version: target.api_version.to_string(),
            kind: target.kind.to_string(),
            namespace: match &target.place {
                Whereabouts::Namespace(namespace) => namespace.to_string(),
                Whereabouts::Own | Whereabouts::Everywhere => String::new(),
            },
            name: target.which.name().map(Name::to_string).unwrap_or_default(),
        };
        self.written.insert(key, target);
    }

    /// Returns the objects that the scenario wrote on the control plane.
    fn written_on_control(&self) -> impl Iterator<Item = &Target> {
        let on_control = self.written.iter().filter(|(key, _)| !key.on_target);
        on_control.map(|(_, target)| target)
    }

    /// Returns the state of the clusters since they were last at rest.
    pub(crate) fn seen(&self) -> Seen<'_> {
        Seen {
            control: &self.control,
            written: self.written_on_control().collect(),
            failing: &self.rest.failing,
            known: &self.known,
        }
    }

    /// Returns the failures that the scenario expected, for additions.
    pub(crate) fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    /// Records warnings of an API server.
    pub(crate) fn warned(&mut self, about: &str, warnings: &[String]) {
        let warnings = warnings.iter().map(|message| Warning {
            about: about.to_owned(),
            message: message.clone(),
        });
        self.warned.extend(warnings);
    }

    /// Takes the recorded warnings of API servers, in order.
    pub(crate) fn take_warned(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warned)
    }

    /// Returns the programs under test.
    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Returns the programs under test, to start and end them.
    pub(crate) fn programs_mut(&mut self) -> &mut Programs {
        // Starting and ending programs may change the clusters.
        self.moved = true;
        &mut self.programs
    }

    /// Binds a name for the later actions of the scenario.
    pub(crate) fn bind(&mut self, name: &str, value: Value) {
        self.bound.push((name.to_owned(), value));
    }

    /// Takes the bindings since the last call, in order.
    pub(crate) fn take_bound(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.bound)
    }

    /// Waits until both clusters are at rest; returns at once if nothing was written or called since.
    ///
    /// # Errors
    /// [`SettleError`] if the clusters never settle.
    pub(crate) async fn settle(&mut self) -> Result<(), SettleError> {
        if self.moved || self.stirred {
            self.time.settles(true);
            self.rest = self.lease.settle().await?;
            self.time.settles(false);
            self.moved = self.programs.any_runs();
            self.stirred = false;
        }
        Ok(())
    }

    /// Waits until both clusters are at rest, even if nothing was written since they last were.
    ///
    /// # Errors
    /// [`SettleError`] if the clusters never settle.
    pub(crate) async fn settle_again(&mut self) -> Result<(), SettleError> {
        self.moved = true;
        self.settle().await
    }

    /// Returns the first feature that the trial needed and its kind of control plane lacks.
    pub(crate) fn lack(&self) -> Option<Lack> {
        self.lease.lacks().into_iter().next()
    }

    /// Returns the number of changes seen when the clusters were last at rest.
    pub(crate) fn changes_at_rest(&self) -> u64 {
        self.rest.changes
    }

    /// Returns true if an object changed since the clusters were at rest: controllers of a real control plane may be
    /// late.
    pub(crate) fn has_moved(&mut self) -> bool {
        self.lease.changes() != self.rest.changes
    }

    /// Waits until the clusters settle after writes. After calls it does not wait: only judging objects needs that.
    ///
    /// # Errors
    /// [`SettleError`] if the clusters never settle.
    pub(crate) async fn settle_writes(&mut self) -> Result<(), SettleError> {
        if self.moved {
            self.settle().await?;
        }
        Ok(())
    }

    /// Records that calls were made: their receivers may have written objects.
    pub(crate) fn stirred(&mut self) {
        self.stirred = true;
    }

    /// Waits until the clusters are at rest, and then lets time pass on their clock.
    ///
    /// # Errors
    /// [`SettleError`] if the clusters do not settle.
    pub(crate) async fn sleep(&mut self, duration: Duration) -> Result<(), SettleError> {
        self.settle().await?;
        if self.lease.sleeps_in_real_time() {
            self.time.grant(duration);
        }
        self.time.settles(true);
        self.rest = self.lease.sleep(duration).await?;
        self.time.settles(false);
        Ok(())
    }

    /// Returns the conditions and events of:
    ///
    /// - `objects` of one side,
    /// - all objects that the scenario wrote on the control plane,
    /// - their unhealthy composed resources.
    ///
    /// Unreadable objects are omitted, since a failure is being explained already.
    pub(crate) async fn evidence(&mut self, side: DocumentSide, objects: &[Value]) -> Evidence {
        let mut control = self.written().await;
        let on_target = match side {
            DocumentSide::Control => {
                control.retain(|object| !objects.contains(object));
                control.splice(0..0, objects.iter().cloned());
                &[]
            }
            DocumentSide::Target => objects,
        };
        let troubled = self.troubled(&control).await;
        control.extend(troubled);
        let mut events = self.events(DocumentSide::Control, &control).await;
        events.extend(self.events(DocumentSide::Target, on_target).await);
        control.extend_from_slice(on_target);
        let failing: Vec<String> = self.rest.failing.iter().map(Failing::to_string).collect();
        evidence(&control, &events, &failing)
    }

    /// Returns the events about objects that the scenario wrote on the control plane. Unreadable events are omitted.
    pub(crate) async fn events_about_written(&mut self) -> Vec<ObjectEvent> {
        let written = self.written().await;
        let events = self.events(DocumentSide::Control, &written).await;
        evidence(&written, &events, &[]).events
    }

    /// Returns the objects that the scenario wrote on the control plane, in their current state.
    async fn written(&mut self) -> Vec<Value> {
        let mut found = Vec::new();
        for target in self.written_on_control() {
            let objects = self.control.find(target).await.unwrap_or_default();
            found.extend(objects.into_iter().map(Arc::unwrap_or_clone));
        }
        found
    }

    /// Returns the unhealthy composed resources of the composite resources among `objects`.
    async fn troubled(&mut self, objects: &[Value]) -> Vec<Value> {
        let mut found = Vec::new();
        for target in objects.iter().flat_map(composed) {
            let resources = self.control.find(&target).await.unwrap_or_default();
            let resources = resources.into_iter().filter(|one| !is_well(one));
            found.extend(resources.map(Arc::unwrap_or_clone));
            if found.len() == MOST_TROUBLED {
                break;
            }
        }
        found.retain(|one| !objects.contains(one));
        found
    }

    /// Returns the remedy for a function that cannot be called.
    pub(crate) fn function_help(&self, name: &str) -> String {
        let mut functions = self.suite.functions.iter();
        match functions.find(|function| function.name == name) {
            Some(function) => {
                let place = location(&function.place);
                format!(
                    "make function {name} ({place}) answer first: nothing is composed without it"
                )
            }
            None => format!("declare function {name} in crosscut.yaml, under functions"),
        }
    }

    /// Returns the Events in the namespaces of `objects`; for cluster-scoped objects, those in `default`.
    async fn events(&mut self, side: DocumentSide, objects: &[Value]) -> Vec<Value> {
        let mut namespaces: Vec<String> = objects
            .iter()
            .map(|object| {
                let namespace = object
                    .pointer("/metadata/namespace")
                    .and_then(Value::as_str);
                namespace.unwrap_or("default").to_owned()
            })
            .collect();
        namespaces.sort();
        namespaces.dedup();
        let mut events = Vec::new();
        for namespace in namespaces {
            let Some(target) = Target::events_in(&namespace) else {
                continue;
            };
            let found = self.api(side).find(&target).await.unwrap_or_default();
            events.extend(found.into_iter().map(Arc::unwrap_or_clone));
        }
        events
    }

    /// Returns the objects that the trial leaves on one side.
    ///
    /// # Errors
    /// [`ClusterError::Read`].
    pub(crate) async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        self.lease.objects(side).await
    }

    /// Returns the longest delay of an Event after the clusters are at rest.
    pub(crate) fn events_lag(&self) -> Duration {
        self.lease.events_lag()
    }

    /// Returns the health check of the clusters, if they have one.
    pub(crate) fn health(&self) -> Option<Arc<dyn Health>> {
        self.lease.health()
    }

    /// Deletes the objects that the trial applied while its programs still run: only they remove their finalizers.
    pub(crate) async fn withdraw(&mut self) {
        if self.programs.any_runs() {
            self.lease.withdraw().await;
        }
    }

    /// Returns the clusters to their lender.
    ///
    /// # Errors
    /// [`ClusterError`] if objects of the trial remain.
    pub(crate) async fn close(self) -> Result<(), ClusterError> {
        self.lease.close().await
    }
}
