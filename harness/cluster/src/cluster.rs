//! The interface between trials and the control planes that they run on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_controller::Failing;
use crosscut_programs::Trace as FunctionTrace;
use crosscut_suite::Trial;
use serde_json::Value;

use crate::{Activity, ClusterError, Health, ProgramPlace, SettleError};

/// One of a trial's two clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The cluster that Crossplane composes on.
    Control,
    /// The cluster that composed Objects and Releases act on.
    Target,
}

impl Side {
    /// Returns the side's name as in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Control => "control",
            Side::Target => "target",
        }
    }
}

/// Control planes of one kind, shared by all trials of a run.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// The kind, such as `embedded`.
    fn kind(&self) -> &str;

    /// Starts the parts that all trials of the run share, so that a failure is reported once and before any trial.
    ///
    /// # Errors
    /// [`ClusterError::Start`]. No program is left running then.
    async fn prepare(&self) -> Result<(), ClusterError> {
        Ok(())
    }

    /// Returns a control plane and a target for one trial, with the suite's and the provider's documents installed and
    /// settled.
    ///
    /// # Errors
    /// [`ClusterError::Unsupported`] if this kind of control plane lacks something that the trial needs. Other errors
    /// if the environment broke.
    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError>;

    /// Ends everything that was started for the run: processes, servers, temporary files.
    async fn close(&self);
}

/// The use of a control plane and a target by one trial.
#[async_trait]
pub trait Lease: Send {
    /// Returns a client for one of the two clusters.
    fn connection(&self, side: Side) -> Connection;

    /// Returns a client for requests that may change objects which the run did not create. On clusters that only the
    /// run uses, this is [`Lease::connection`]. On other clusters, such requests of [`Lease::connection`] fail with
    /// [`NotMine`](crate::NotMine). The changes of this client are reverted when the lease is closed.
    fn connection_to_others(&self, side: Side) -> Connection {
        self.connection(side)
    }

    /// Returns the default namespace of the trial's documents. If trials share an API server, each has its own.
    /// Namespaces whose name starts with it and a hyphen also belong to the trial.
    fn namespace(&self) -> &str;

    /// Waits until both clusters have settled.
    ///
    /// # Errors
    /// [`SettleError::Unsettled`] with the objects that kept changing, if they never settle.
    async fn settle(&mut self) -> Result<Rest, SettleError>;

    /// Lets `duration` pass on the clusters' clock, runs the timers that are due, and settles.
    ///
    /// # Errors
    /// As [`Lease::settle`].
    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError>;

    /// Returns every object of one side that was created or changed since the start of the trial, in no order. Events
    /// and leases are left out. The objects are read from the API server, as they are now.
    ///
    /// # Errors
    /// [`ClusterError::Read`] if the API server cannot be read.
    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError>;

    /// Returns the number of changes of the two clusters that were seen until now. It equals [`Rest::changes`] if
    /// nothing has changed since they settled. Controllers of this process change nothing unless the lease settles or
    /// sleeps.
    fn changes(&mut self) -> u64 {
        0
    }

    /// Returns the clock of the control planes; `None` if it is the machine's.
    fn clock(&self) -> Option<Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>> {
        None
    }

    /// Returns the maximum delay of Events after the clusters have settled. Real controllers write Events beside their
    /// work, one by one. Zero if Events are written at once.
    fn events_lag(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns the features that the trial has needed and this kind of control plane lacks, in the order of their first
    /// use. No later result is a verdict. A real control plane lacks nothing.
    fn lacks(&self) -> Vec<Lack> {
        Vec::new()
    }

    /// Returns a handle for observing the controllers' work and waits while the lease settles.
    fn activity(&self) -> Activity {
        Activity::default()
    }

    /// Returns true if [`Lease::sleep`] takes real time. In virtual time it takes none.
    fn sleeps_in_real_time(&self) -> bool {
        true
    }

    /// Returns the health check of the trial's clusters; `None` if they cannot break without this process.
    fn health(&self) -> Option<Arc<dyn Health>> {
        None
    }

    /// Returns the place for programs under test that reach the clusters by their addresses.
    ///
    /// # Errors
    /// The reason why no program can run, as a sentence fragment.
    fn program_place(&self) -> Result<ProgramPlace, String> {
        Err(
            "no program can reach this kind of control plane; run it with --cluster envtest"
                .to_owned(),
        )
    }

    /// Returns the trace of the suite's functions; `None` if crosscut did not start them.
    fn functions(&self) -> Option<&FunctionTrace> {
        None
    }

    /// Deletes the objects that the trial applied, while the programs under test still run and can remove their
    /// finalizers. Objects that are not gone after a while are left to [`Lease::close`]. Does nothing if `close`
    /// deletes beneath the API servers.
    async fn withdraw(&mut self) {}

    /// Returns the clusters to the run. Dropping a lease without this frees its memory, but objects outside the process
    /// may stay until the next run.
    ///
    /// # Errors
    /// [`ClusterError::Clean`] if objects of the trial stay that others could see.
    async fn close(self: Box<Self>) -> Result<(), ClusterError>;
}

/// A feature that this kind of control plane lacks and other kinds have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The kind of control plane and the missing feature, as a sentence.
    pub message: String,
    /// The kinds of control plane that have the feature, and alternatives.
    pub help: String,
}

/// The result of settling both clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// The reconciles that keep failing, with the last messages of their controllers.
    pub failing: Vec<Failing>,
    /// The number of changes when the clusters had settled; see [`Lease::changes`].
    pub changes: u64,
}
