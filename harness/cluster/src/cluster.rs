//! The seam between running trials and the control planes that they run on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosscut_client::Connection;
use crosscut_controller::Failing;
use crosscut_programs::Trace as FunctionTrace;
use crosscut_suite::Trial;
use serde_json::Value;

use crate::{Activity, ClusterError, Health, ProgramPlace, SettleError};

/// Which of a trial's two clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The cluster that Crossplane composes on.
    Control,
    /// The cluster that composed Objects and Releases act on.
    Target,
}

impl Side {
    /// The side's name as documents write it.
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

    /// Starts what all trials of the run share, so that a failure is told once and before any trial.
    ///
    /// # Errors
    /// [`ClusterError::Start`]; nothing is left running then.
    async fn prepare(&self) -> Result<(), ClusterError> {
        Ok(())
    }

    /// A control plane and a target for one trial, with the suite's and the provider's documents
    /// installed and at rest.
    ///
    /// # Errors
    /// [`ClusterError::Unsupported`] where this kind cannot do what the trial needs; anything else
    /// where the environment broke.
    async fn lease(&self, trial: &Trial, seed: u64) -> Result<Box<dyn Lease>, ClusterError>;

    /// Ends what was started for the run: processes, servers, temporary files.
    async fn close(&self);
}

/// What one trial runs on.
#[async_trait]
pub trait Lease: Send {
    /// A client for one of the two clusters.
    fn connection(&self, side: Side) -> Connection;

    /// A client for requests that may change what the run did not make. On clusters that nobody else uses there is no
    /// other; elsewhere, requests of [`Lease::connection`] fail with [`NotMine`](crate::NotMine) where they would, and what these
    /// change is put back when the lease is closed.
    fn connection_to_others(&self, side: Side) -> Connection {
        self.connection(side)
    }

    /// The namespace that the trial's documents are in where they name none. Where trials share an API server each
    /// has one of its own, and so has whatever other namespace begins with its name and a hyphen.
    fn namespace(&self) -> &str;

    /// Waits until both clusters are at rest.
    ///
    /// # Errors
    /// [`SettleError::Unsettled`] with what kept moving where they never are.
    async fn settle(&mut self) -> Result<Rest, SettleError>;

    /// Lets `duration` pass on the clusters' clock and does what falls due; ends at rest.
    ///
    /// # Errors
    /// As [`Lease::settle`].
    async fn sleep(&mut self, duration: Duration) -> Result<Rest, SettleError>;

    /// Every object of one side that was not there before the trial, or was another then; in no order. Events and
    /// leases are left out. As the API server has them now.
    ///
    /// # Errors
    /// [`ClusterError::Read`] where it cannot be asked.
    async fn objects(&mut self, side: Side) -> Result<Vec<Value>, ClusterError>;

    /// Returns the number of changes of the two clusters that have been seen by now; as many as when they were at rest
    /// ([`Rest::changes`]) where nothing has changed since. Controllers of this process change nothing unless they are
    /// waited for.
    fn changes(&mut self) -> u64 {
        0
    }

    /// Returns the clock of the control planes, if it is not the machine's.
    fn clock(&self) -> Option<Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>> {
        None
    }

    /// How late an Event may be told of what is at rest already: real controllers write them beside their work, one after
    /// the other. Nothing if they are written at once.
    fn events_lag(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns what the trial needed until now and this kind of control plane does not have, the first first. Nothing
    /// that was judged since is a verdict. A real control plane lacks nothing.
    fn lacks(&self) -> Vec<Lack> {
        Vec::new()
    }

    /// Returns what tells what the controllers of this lease do and wait for while it settles.
    fn activity(&self) -> Activity {
        Activity::default()
    }

    /// Returns whether [`Lease::sleep`] takes as long as it says; virtual time takes none.
    fn sleeps_in_real_time(&self) -> bool {
        true
    }

    /// Tells whether what the trial runs on still works; nothing if it cannot break without this process.
    fn health(&self) -> Option<Arc<dyn Health>> {
        None
    }

    /// Returns the place where programs under test run that reach the clusters by their addresses.
    ///
    /// # Errors
    /// Why none can, as a sentence fragment.
    fn program_place(&self) -> Result<ProgramPlace, String> {
        Err(
            "no program can reach this kind of control plane; run it with --cluster envtest"
                .to_owned(),
        )
    }

    /// Returns what is known of the suite's functions beside what they answered; `None` if crosscut did not start them.
    fn functions(&self) -> Option<&FunctionTrace> {
        None
    }

    /// Takes away what the trial applied, while programs under test still run that may hold it. What is left after a while
    /// is left to [`Lease::close`]. Nothing if everything is taken away beneath the API servers.
    async fn withdraw(&mut self) {}

    /// Gives the clusters back. A lease that is dropped without this has its memory freed, but what
    /// lives outside the process may stay until the next run.
    ///
    /// # Errors
    /// [`ClusterError::Clean`] where something of the trial stays that others could see.
    async fn close(self: Box<Self>) -> Result<(), ClusterError>;
}

/// A thing that a kind of control plane does not have, and other kinds have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The kind of control plane, and what it does not have, as a sentence.
    pub message: String,
    /// The kinds of control plane that have it, and what there is instead.
    pub help: String,
}

/// Both clusters are at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// The reconciles that keep failing, with what their controllers said last.
    pub failing: Vec<Failing>,
    /// How many changes had been seen when nothing moved any more; see [`Lease::changes`].
    pub changes: u64,
}
