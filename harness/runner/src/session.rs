//! A trial's two clusters while its actions run: clients, rest, and what was touched.

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

/// How many composed resources that are not well a failure shows.
const MOST_TROUBLED: usize = 8;

/// What tells objects apart that the scenario wrote.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Written {
    on_target: bool,
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
}

/// A trial's lease and what its actions left behind so far.
pub(crate) struct Session {
    lease: Box<dyn Lease>,
    time: Arc<Timekeeper>,
    suite: Arc<Suite>,
    control: Api,
    target: Api,
    /// The two for what others have there, which a scenario says that it means to change.
    others: [Api; 2],
    /// True if anything was written since the clusters were last at rest.
    moved: bool,
    /// True if calls were made since, which may have moved something.
    stirred: bool,
    rest: Rest,
    programs: Programs,
    secrets: Secrets,
    /// True if values of Secrets are shown.
    show_secrets: bool,
    /// What expectations bound and no scope has yet.
    bound: Vec<(String, Value)>,
    /// What API servers warned of.
    warned: Vec<Warning>,
    /// What the scenario wrote itself, newest last: failures show what became of it.
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

    /// Returns what is known of the functions beside what they answered.
    pub(crate) fn functions(&self) -> Option<&FunctionTrace> {
        self.lease.functions()
    }

    /// Returns the clock of the control planes, if it is not the machine's.
    pub(crate) fn clock(&self) -> Option<Clock> {
        self.lease.clock()
    }

    /// The clock of the trial's timeout.
    pub(crate) fn time(&self) -> Arc<Timekeeper> {
        Arc::clone(&self.time)
    }

    /// Returns the values of Secrets that were met; nothing if they are to be shown.
    pub(crate) fn secrets(&self) -> Option<Secrets> {
        (!self.show_secrets).then(|| self.secrets.clone())
    }

    /// Reads the Secrets in the trial's namespace, so that their values are known. What cannot be read is left out.
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

    /// The namespace of what names none.
    pub(crate) fn namespace(&self) -> &str {
        self.lease.namespace()
    }

    /// Objects of one side.
    pub(crate) fn api(&self, side: DocumentSide) -> &Api {
        match side {
            DocumentSide::Control => &self.control,
            DocumentSide::Target => &self.target,
        }
    }

    /// Objects of one side, to be changed; whoever has made them, if the action is `not_mine`.
    pub(crate) fn api_to_change(&self, side: DocumentSide, not_mine: bool) -> &Api {
        let [control, target] = &self.others;
        match side {
            _ if !not_mine => self.api(side),
            DocumentSide::Control => control,
            DocumentSide::Target => target,
        }
    }

    /// Notes that `target` was written, so that the clusters are to settle before anything is judged.
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

    /// Returns what the scenario wrote on the control plane.
    fn written_on_control(&self) -> impl Iterator<Item = &Target> {
        let on_control = self.written.iter().filter(|(key, _)| !key.on_target);
        on_control.map(|(_, target)| target)
    }

    /// Returns what is known of the clusters since they were last at rest.
    pub(crate) fn seen(&self) -> Seen<'_> {
        Seen {
            control: &self.control,
            written: self.written_on_control().collect(),
            failing: &self.rest.failing,
            known: &self.known,
        }
    }

    /// The failures that the scenario expected, to add some.
    pub(crate) fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    /// Notes what an API server warned of.
    pub(crate) fn warned(&mut self, about: &str, warnings: &[String]) {
        let warnings = warnings.iter().map(|message| Warning {
            about: about.to_owned(),
            message: message.clone(),
        });
        self.warned.extend(warnings);
    }

    /// Returns what API servers warned of, in order.
    pub(crate) fn take_warned(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warned)
    }

    /// The programs under test.
    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The programs under test, to start and end them.
    pub(crate) fn programs_mut(&mut self) -> &mut Programs {
        // Whatever is done to them, they may do something to the clusters.
        self.moved = true;
        &mut self.programs
    }

    /// Binds a name for what follows in the scenario.
    pub(crate) fn bind(&mut self, name: &str, value: Value) {
        self.bound.push((name.to_owned(), value));
    }

    /// Returns what was bound since the last time, in order.
    pub(crate) fn take_bound(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.bound)
    }

    /// Waits until both clusters are at rest; does nothing if they are.
    ///
    /// # Errors
    /// [`SettleError`] where they never are.
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

    /// Waits until both clusters are at rest, also where nothing was written since they were.
    ///
    /// # Errors
    /// [`SettleError`] where they never are.
    pub(crate) async fn settle_again(&mut self) -> Result<(), SettleError> {
        self.moved = true;
        self.settle().await
    }

    /// Returns the first thing that the trial needed and its kind of control plane does not have.
    pub(crate) fn lack(&self) -> Option<Lack> {
        self.lease.lacks().into_iter().next()
    }

    /// How many changes had been seen when the clusters were last at rest.
    pub(crate) fn changes_at_rest(&self) -> u64 {
        self.rest.changes
    }

    /// Returns true if something has changed since the clusters were at rest: controllers that run elsewhere may be
    /// late.
    pub(crate) fn has_moved(&mut self) -> bool {
        self.lease.changes() != self.rest.changes
    }

    /// Waits until what was written is at rest. What calls may have moved is not waited for: only looking at objects
    /// needs that.
    ///
    /// # Errors
    /// [`SettleError`] where the clusters never are.
    pub(crate) async fn settle_writes(&mut self) -> Result<(), SettleError> {
        if self.moved {
            self.settle().await?;
        }
        Ok(())
    }

    /// Notes that calls were made: whoever answered may have written something.
    pub(crate) fn stirred(&mut self) {
        self.stirred = true;
    }

    /// Lets time pass on the clusters' clock.
    ///
    /// # Errors
    /// [`SettleError`] where the clusters do not come to rest.
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

    /// Returns what the clusters say about `objects` of one side, about everything that the scenario wrote on the
    /// control plane, and about what was composed of that and is not well.
    /// Best effort: what cannot be read is left out, since a failure is being explained already.
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

    /// The events about what the scenario wrote on the control plane, at best effort.
    pub(crate) async fn events_about_written(&mut self) -> Vec<ObjectEvent> {
        let written = self.written().await;
        let events = self.events(DocumentSide::Control, &written).await;
        evidence(&written, &events, &[]).events
    }

    /// Returns what the scenario wrote on the control plane, as it is there now.
    async fn written(&mut self) -> Vec<Value> {
        let mut found = Vec::new();
        for target in self.written_on_control() {
            let objects = self.control.find(target).await.unwrap_or_default();
            found.extend(objects.into_iter().map(Arc::unwrap_or_clone));
        }
        found
    }

    /// Returns what composite resources among `objects` are composed of and is not well.
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

    /// Returns what to do about a function that cannot be called.
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

    /// The Events in the namespaces of `objects`; cluster-scoped objects have theirs in `default`.
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

    /// Returns what the trial leaves on one side.
    ///
    /// # Errors
    /// [`ClusterError::Read`].
    pub(crate) async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError> {
        self.lease.objects(side).await
    }

    /// How late an Event may be told of what is at rest already.
    pub(crate) fn events_lag(&self) -> Duration {
        self.lease.events_lag()
    }

    /// Tells whether the clusters still work.
    pub(crate) fn health(&self) -> Option<Arc<dyn Health>> {
        self.lease.health()
    }

    /// Takes away what the trial applied while its programs run, where any does: what they hold only they let go of.
    pub(crate) async fn withdraw(&mut self) {
        if self.programs.any_runs() {
            self.lease.withdraw().await;
        }
    }

    /// Gives the clusters back.
    ///
    /// # Errors
    /// [`ClusterError`] where something of the trial stays.
    pub(crate) async fn close(self) -> Result<(), ClusterError> {
        self.lease.close().await
    }
}
