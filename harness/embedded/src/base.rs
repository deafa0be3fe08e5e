//! A provider's base: everything installed, at rest, ready to be forked.

use std::sync::Arc;

use crosscut_apiserver::{ApiServer, Options};
use crosscut_controller::{AtRest, Scheduler, SettleLimits, VirtualClock, builtin};
use crosscut_functions::Trace;
use crosscut_suite::model::{Provider, Suite};

use super::add_plane;
use super::lease::{EmbeddedLease, EmbeddedSide};
use super::targets::{InProcessTargets, TARGET, kubeconfig};
use crosscut_cluster::{ClusterError, Lack, Lease};
use crosscut_setup::SharedFunctions;
use crosscut_setup::managed_settings;
use crosscut_setup::when_started;

use crosscut_setup::install;

/// The name of the plane that Crossplane composes on.
pub(super) const CONTROL: &str = "control";

/// A control plane and a target with everything that suite and provider install, at rest.
pub(super) struct Base {
    control: ApiServer,
    target: ApiServer,
    clock: VirtualClock,
    provider: Arc<Provider>,
    namespace: String,
    functions: Arc<SharedFunctions>,
    /// The place where its own controllers came to rest; `None` while there is nothing on it.
    at_rest: Option<AtRest>,
}

impl Base {
    /// Installs everything, in this order: Crossplane's own CRDs, the provider's, the suite's
    /// documents, the provider's documents; the target's CRDs on the target. Each group settles.
    ///
    /// # Errors
    /// [`ClusterError::Install`] or [`ClusterError::Settle`].
    pub(super) async fn make(
        suite: &Suite,
        provider: &Arc<Provider>,
        functions: Arc<SharedFunctions>,
    ) -> Result<Arc<Base>, ClusterError> {
        let clock = VirtualClock::new();
        let mut base = Base {
            control: ApiServer::new(options(&clock, 0, true)),
            target: ApiServer::new(options(&clock, 1, false)),
            clock,
            provider: Arc::clone(provider),
            namespace: suite.namespace.clone(),
            functions,
            at_rest: None,
        };
        let mut lease = base.over(
            base.control.clone(),
            base.target.clone(),
            base.clock.clone(),
            0,
        );
        if let Err(error) = install_all(&mut lease, suite, provider).await {
            return Err(unless_lacking(error, &lease));
        }
        base.at_rest = Some(lease.at_rest());
        drop(lease);
        Ok(Arc::new(base))
    }

    /// A fork of both planes for one trial.
    pub(super) fn lease(&self, seed: u64) -> EmbeddedLease {
        let clock = self.clock.fork();
        // Different seeds for the two planes, and others than the base's, so that no uid is there twice.
        let seeds = seed.wrapping_mul(2).wrapping_add(2);
        let control = self.control.fork(options(&clock, seeds, true));
        let target = self
            .target
            .fork(options(&clock, seeds.wrapping_add(1), false));
        self.over(control, target, clock, seed)
    }

    /// Controllers over two planes. What the base holds they know, and leave as it is.
    fn over(
        &self,
        control: ApiServer,
        target: ApiServer,
        clock: VirtualClock,
        seed: u64,
    ) -> EmbeddedLease {
        let mut scheduler = match &self.at_rest {
            Some(at_rest) => Scheduler::resume(clock, seed, at_rest),
            None => Scheduler::new(clock, seed),
        };
        let (control_server, target_server) = (control.clone(), target.clone());
        let control = add_plane(&mut scheduler, CONTROL, control);
        let target = add_plane(&mut scheduler, TARGET, target);
        for plane in [&control, &target] {
            for controller in builtin::controllers() {
                scheduler.add(plane, controller);
            }
        }
        let trace = Arc::new(Trace::default());
        let functions = Arc::new(when_started(&self.functions, &trace));
        for controller in
            crosscut_crossplane::controllers(crosscut_crossplane::Settings { functions })
        {
            scheduler.add(&control, controller);
        }
        let targets = Arc::new(InProcessTargets::new(target.connection().clone()));
        let managed = managed_settings(&self.provider.managed, &kubeconfig());
        let settings = crosscut_standins::Settings { targets, managed };
        for controller in crosscut_standins::controllers(settings) {
            scheduler.add(&control, controller);
        }
        EmbeddedLease::new(
            scheduler,
            EmbeddedSide::new(control.connection(), control_server),
            EmbeddedSide::new(target.connection(), target_server),
            &self.namespace,
            SettleLimits::default(),
            trace,
        )
    }
}

async fn install_all(
    lease: &mut EmbeddedLease,
    suite: &Suite,
    provider: &Provider,
) -> Result<(), ClusterError> {
    install::crossplanes_crds(lease).await?;
    install::on_control(lease, &provider.crds).await?;
    install::on_target(lease, &provider.target_crds).await?;
    install::on_control(lease, &suite.install).await?;
    install::on_control(lease, &provider.install).await
}

/// Replaces an error by what the embedded control plane lacks, if that is why it came about.
fn unless_lacking(error: ClusterError, lease: &EmbeddedLease) -> ClusterError {
    match lease.lacks().into_iter().next() {
        Some(Lack { message, help }) => ClusterError::Unsupported {
            reason: format!("{message}; {help}"),
        },
        None => error,
    }
}

fn options(clock: &VirtualClock, seed: u64, protects_usages: bool) -> Options {
    let admission = if protects_usages {
        crosscut_crossplane::admission()
    } else {
        Vec::new()
    };
    Options {
        clock: Arc::new(clock.clone()),
        seed,
        admission,
    }
}
