//! What documents mean once they are read: plain data, everything resolved, nothing left to parse.
//!
//! Files are loaded, expressions and assertions are compiled. Whatever can fail later carries its
//! [`Place`], so that a failure can point at the line that the user wrote.

mod clusters;
mod place;
mod program;
mod provider;
mod scenario;
mod suite;
mod traffic;
mod trial;

pub use clusters::{
    Chart, Clusters, KindCluster, KindConfiguration, KindCrossplane, KubeconfigCluster,
};
pub use place::{Place, Source};
pub use program::{Program, ProgramFile, ProgramVerb, Readiness, StopSignal};
pub use provider::{ConnectionSecret, ExternalName, ManagedRule, Provider};
pub use scenario::{
    Action, ActionKind, Binding, Count, EventJudgement, Expectation, Method, Only, Operations,
    Propagation, Reference, Refusal, Resource, Scenario, Served, Side, Step, Table, Validation,
    Warnings, Write,
};
pub use suite::{BuiltIn, Function, FunctionRuntime, Suite};
pub use traffic::{Body, Common, Grpc, Pem, Request, Tls, Upstream};
pub use trial::Trial;
