//! State that the trials of one run share on clusters that are reached through their API alone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crosscut_live::LiveLimits;
use crosscut_programs::StateFolder;
use crosscut_suite::Trial;
use crosscut_suite::model::{Provider, Resource, Suite};
use tokio::sync::Mutex as AsyncMutex;

use super::access::Access;
use super::definitions::{name_of, ours, real_groups};
use super::guard::{Others, guarded};
use super::health::RemoteHealth;
use super::lease::RemoteLease;
use super::ledger::{Created, LABEL};
use super::mine::Mine;
use super::others::say_others;
use super::preflight::{self, Asked};
use super::programs::ProgramAccess;
use super::recorded::recorded;
use super::targets::RemoteTargets;
use super::trial::{Scope, api, needs_target, until_gone};
use super::watched::Watched;
use crosscut_cluster::{ClusterError, Side};
use crosscut_live::{KubeconfigTargets, LiveLease, LiveSide};
use crosscut_setup::Progress;

use crosscut_setup::install;

/// The clusters of a run, and its settings.
pub(crate) struct RemoteSettings {
    pub(crate) suite: Arc<Suite>,
    pub(crate) control: Access,
    /// The cluster that composed objects act on; `None` if there is none.
    pub(crate) target: Option<Access>,
    /// True if stand-ins serve the kinds that no provider serves.
    pub(crate) stand_ins: bool,
    /// The run's name: the value of its label, and a part of its namespaces' names.
    pub(crate) run: String,
    pub(crate) clock: Arc<dyn crosscut_objects::Clock>,
    pub(crate) limits: LiveLimits,
    pub(crate) progress: Progress,
    /// The folder of the run.
    pub(crate) state: Arc<StateFolder>,
    /// Folders to search for programs under test, before those of `PATH`.
    pub(crate) path: Vec<PathBuf>,
    /// Advice for the user if a trial lacks a target.
    pub(crate) target_help: &'static str,
}

/// The clusters of one run.
pub(crate) struct Remote {
    settings: RemoteSettings,
    control: Watched,
    target: Option<Watched>,
    /// The documents that the control plane lacks, to be installed.
    missing: Vec<Resource>,
    /// The names of the definitions that were last installed on the target.
    target_has: AsyncMutex<Vec<String>>,
    /// The lock on the target. One trial has it at a time, because objects there are cluster-wide.
    exclusive: Arc<AsyncMutex<()>>,
    /// The API groups of definitions without crosscut's label.
    real: OnceLock<Arc<[String]>>,
    namespaces: AtomicUsize,
    /// The trials that were not closed.
    open: Mutex<Vec<Arc<Scope>>>,
    /// Namespaces that are being deleted.
    leaving: Mutex<Vec<Created>>,
}

impl Remote {
    /// Checks that the clusters have what the suite needs, and starts the watches. Nothing is created yet.
    ///
    /// # Errors
    /// [`ClusterError::Start`] with all that is missing.
    pub(crate) async fn connect(settings: RemoteSettings) -> Result<Remote, ClusterError> {
        (settings.progress)("looking whether the cluster has what the suite needs");
        let missing = preflight::check(&Asked {
            suite: &settings.suite,
            control: &settings.control,
            target: settings.target.as_ref(),
            stand_ins: settings.stand_ins,
        })
        .await?;
        let others = say_others(&api(&settings.control.client), &settings.run).await;
        for line in others.map_err(|error| ClusterError::start(error, None))? {
            (settings.progress)(&line);
        }
        let control = Watched::start(&settings.control, &settings.run).await?;
        let target = match &settings.target {
            Some(target) => Some(Watched::start(target, &settings.run).await?),
            None => None,
        };
        Ok(Remote {
            settings,
            control,
            target,
            missing,
            target_has: AsyncMutex::default(),
            exclusive: Arc::default(),
            real: OnceLock::new(),
            namespaces: AtomicUsize::new(1),
            open: Mutex::default(),
            leaving: Mutex::default(),
        })
    }

    /// Installs the missing documents on the control plane.
    ///
    /// # Errors
    /// [`ClusterError::Install`], [`ClusterError::Settle`]. [`Remote::close`] deletes what was installed before the
    /// error.
    pub(crate) async fn install(&self) -> Result<(), ClusterError> {
        let suite = &self.settings.suite;
        if !self.missing.is_empty() {
            (self.settings.progress)(&format!(
                "installing {} documents of suite and providers",
                self.missing.len()
            ));
        }
        let client = recorded(&self.control.connection.client, &self.control.base);
        let mut lease = self.lease_on(suite.namespace.clone(), client, None);
        install::on_control(&mut lease, &self.missing).await?;
        let groups = real_groups(&api(&self.control.connection.client))
            .await
            .map_err(|error| ClusterError::start(error, None))?;
        // A second installation finds the same groups.
        let _ = self.real.set(groups.into());
        Ok(())
    }

    /// Returns a lease for one trial.
    ///
    /// # Errors
    /// [`ClusterError::Unsupported`] if the trial needs a target and there is none. Other errors if a cluster refuses a
    /// request.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        trial: &Trial,
    ) -> Result<RemoteLease, ClusterError> {
        let needed = needs_target(trial, self.settings.stand_ins);
        let target = match (&self.target, needed) {
            (None, Some(why)) => return Err(self.without_target(why)),
            (Some(watched), Some(_)) => {
                let held = Arc::clone(&self.exclusive).lock_owned().await;
                self.prepare_target(watched, &trial.provider).await?;
                Some(held)
            }
            (_, None) => None,
        };
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let suite = &self.settings.suite;
        let namespace = format!("{}-{}-t{number}", suite.namespace, self.settings.run);
        let scope = Arc::new(Scope::new(
            &self.settings.run,
            namespace.clone(),
            Arc::clone(&trial.provider),
        ));
        self.open().push(Arc::clone(&scope));
        let control = recorded(&self.control.connection.client, &scope.control);
        let made = crosscut_live::make_namespace(
            &control.clone().into(),
            suite,
            &trial.provider,
            &namespace,
        )
        .await?;
        let mut live = self.lease_of(&scope);
        live.begin(made, None).await?;
        live.tell_of_waiting(&self.settings.progress);
        live.watch_over(Arc::new(RemoteHealth {
            control: self.control.connection.client.clone(),
            target: target
                .as_ref()
                .and(self.target.as_ref())
                .map(|target| target.connection.client.clone()),
        }));
        let programs = match trial.programs().next() {
            Some(_) => Some(self.beside(&scope, target.is_some()).await?),
            None => None,
        };
        Ok(RemoteLease {
            live,
            control,
            scope,
            remote: Arc::clone(self),
            target,
            programs,
        })
    }

    /// Starts the proxies for the programs of a trial. They include the target only if `reaches_target`.
    async fn beside(
        &self,
        scope: &Scope,
        reaches_target: bool,
    ) -> Result<ProgramAccess, ClusterError> {
        let target = self.target.as_ref().filter(|_| reaches_target);
        let control = recorded(&self.control.connection.client, &scope.programs.control);
        let target =
            target.map(|target| recorded(&target.connection.client, &scope.programs.target));
        let settings = &self.settings;
        ProgramAccess::start(scope, settings, control, target).await
    }

    /// Deletes the objects that a trial applied, while its programs still run.
    pub(crate) async fn withdraw(&self, live: &mut LiveLease, scope: &Scope) {
        let target = self.target.as_ref();
        let target = target.map(|target| &target.connection.client);
        scope
            .withdraw(live, &self.control.connection.client, target)
            .await;
    }

    /// Deletes the objects of a trial, and reports those that are not gone. Also restores the objects of others.
    pub(crate) async fn clean(
        &self,
        mut live: LiveLease,
        scope: &Arc<Scope>,
    ) -> Result<(), ClusterError> {
        let control = &self.control.connection.client;
        let target = self.target.as_ref();
        let target = target.map(|target| &target.connection.client);
        let (namespaces, left) = scope.clean(&mut live, control, target).await;
        self.leaving().extend(namespaces);
        for left in &left {
            self.say_left(left);
        }
        let changed = scope.put_back(control, target).await;
        for line in &changed {
            (self.settings.progress)(&format!("not as it was before the run: {line}"));
        }
        self.open().retain(|open| !Arc::ptr_eq(open, scope));
        let left = left.iter().map(ToString::to_string);
        match left.chain(changed).next() {
            None => Ok(()),
            Some(what) => Err(ClusterError::Clean { what }),
        }
    }

    /// Returns a client for the requests of a trial's actions to one of its clusters. `recorded` is the client that
    /// records created objects.
    pub(super) fn guarded(
        &self,
        scope: &Scope,
        side: Side,
        recorded: &kube::Client,
        others: &Others,
    ) -> kube::Client {
        let control = &self.control.connection.client;
        let target = self.target.as_ref();
        let base = [Some(&self.control.base), target.map(|target| &target.base)];
        let mut ledgers = scope.ledgers();
        ledgers.extend(base.into_iter().flatten().cloned());
        let here = match (side, target) {
            (Side::Target, Some(target)) => &target.connection.client,
            _ => control,
        };
        let mine = Mine::new(side, &scope.control, ledgers, here, control);
        guarded(recorded, &mine, others)
    }

    /// Deletes all objects of the run, first those of trials that were not closed. Reports the objects that are not
    /// gone.
    pub(crate) async fn close(&self) {
        let open = std::mem::take(&mut *self.open());
        for scope in open {
            // `clean` has already reported the error.
            let _ = self.clean(self.lease_of(&scope), &scope).await;
        }
        let client = &self.control.connection.client;
        let leaving = std::mem::take(&mut *self.leaving());
        self.remove(client, leaving, None).await;
        let mut stand_ins = self.base_lease();
        let (namespaces, made): (Vec<Created>, Vec<Created>) = self
            .control
            .base
            .take()
            .into_iter()
            .partition(Created::is_namespace);
        let (definitions, documents) = made.into_iter().partition(Created::is_definition);
        self.remove(client, documents, stand_ins.as_mut()).await;
        self.remove(client, definitions, stand_ins.as_mut()).await;
        self.remove(client, namespaces, None).await;
        if let Some(target) = &self.target {
            let made = target.base.take();
            self.remove(&target.connection.client, made, None).await;
        }
    }

    async fn remove(
        &self,
        client: &kube::Client,
        created: Vec<Created>,
        stand_ins: Option<&mut LiveLease>,
    ) {
        for left in until_gone(&api(client), created, stand_ins).await {
            self.say_left(&left);
        }
    }

    fn say_left(&self, left: &super::removal::Remnant) {
        (self.settings.progress)(&format!(
            "left there, labelled {LABEL}={}: {left}",
            self.settings.run
        ));
    }

    /// Returns a lease with the stand-ins of the suite's first provider, so that they remove their finalizers.
    fn base_lease(&self) -> Option<LiveLease> {
        let provider = self.settings.suite.providers.first()?;
        let namespace = self.settings.suite.namespace.clone();
        let scope = Scope::new(&self.settings.run, namespace, Arc::clone(provider));
        Some(self.lease_of(&scope))
    }

    /// Returns a trial's lease, with stand-ins if the settings ask for them.
    fn lease_of(&self, scope: &Scope) -> LiveLease {
        let control = recorded(&self.control.connection.client, &scope.stand_ins);
        let target = self
            .target
            .as_ref()
            .map(|target| recorded(&target.connection.client, &scope.target));
        let mut lease = self.lease_on(scope.namespace.clone(), control, target.clone());
        if self.settings.stand_ins {
            let kubeconfig = self.settings.target.as_ref();
            let kubeconfig = kubeconfig.map(|target| target.kubeconfig.clone());
            let kubeconfig = kubeconfig.unwrap_or_default();
            let targets = Arc::new(RemoteTargets {
                client: target,
                kubeconfig: kubeconfig.clone(),
                others: KubeconfigTargets::default(),
            });
            let real = self.real.get().cloned().unwrap_or_default();
            crosscut_live::add_stand_ins(&mut lease, &scope.provider, targets, &kubeconfig, &real);
        }
        lease
    }

    /// Returns a lease without stand-ins. If there is no target, the control plane takes its place, with no objects in
    /// view.
    fn lease_on(
        &self,
        namespace: String,
        control: kube::Client,
        target: Option<kube::Client>,
    ) -> LiveLease {
        let target = match (&self.target, target) {
            (Some(watched), client) => LiveSide {
                client: client
                    .unwrap_or_else(|| watched.connection.client.clone())
                    .into(),
                view: watched.observer.view(|_| true),
            },
            (None, _) => LiveSide {
                client: control.clone().into(),
                view: self.control.observer.view(|_| false),
            },
        };
        let control = LiveSide {
            client: control.into(),
            view: self.control.observer.view(self.scope_of(&namespace)),
        };
        let clock = Arc::clone(&self.settings.clock);
        LiveLease::new(control, target, namespace, clock, self.settings.limits)
    }

    /// Returns the filter of namespaces in view. For a trial, these are its own namespaces. For the suite's namespace
    /// it is that one only, because the names of the trials' namespaces start with it.
    fn scope_of(&self, namespace: &str) -> Box<dyn Fn(&str) -> bool + Send + Sync> {
        if namespace != self.settings.suite.namespace {
            return Box::new(crosscut_setup::is_in_scope(namespace));
        }
        let namespace = namespace.to_owned();
        Box::new(move |other| other == namespace)
    }

    /// Installs the provider's definitions on the target, after the removal of another provider's definitions.
    async fn prepare_target(
        &self,
        target: &Watched,
        provider: &Provider,
    ) -> Result<(), ClusterError> {
        let api = api(&target.connection.client);
        let mut has = self.target_has.lock().await;
        let wanted = ours(&api, &provider.target_crds, &self.settings.run)
            .await
            .map_err(|error| ClusterError::start(error, None))?;
        let names: Vec<String> = wanted.iter().map(name_of).collect();
        if *has != names {
            let before = target.base.take();
            for left in until_gone(&api, before, None).await {
                self.say_left(&left);
            }
            *has = names;
        }
        let client = recorded(&target.connection.client, &target.base);
        let namespace = self.settings.suite.namespace.clone();
        let control = self.control.connection.client.clone();
        let mut lease = self.lease_on(namespace, control, Some(client));
        install::on_target(&mut lease, &wanted).await
    }

    fn without_target(&self, why: &str) -> ClusterError {
        ClusterError::Unsupported {
            reason: format!("{why}, and there is none: {}", self.settings.target_help),
        }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Scope>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leaving(&self) -> std::sync::MutexGuard<'_, Vec<Created>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
