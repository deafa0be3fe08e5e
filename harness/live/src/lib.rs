//! Controllers on API servers that run outside this process, in real time, and the lease of a trial on two of them.
//!
//! A [`Reflector`] watches all objects of an API server, once for all trials. A [`View`] is the part that one trial
//! sees. A [`Driver`] runs controllers over views and returns when they have settled: nothing in view changed for a
//! quiet period, no key is queued, and no pending work ([`PendingWork`]) is left to wait for. This is an observation
//! and not a proof, unlike with the [`Scheduler`](crosscut_controller::Scheduler).
//!
//! The crates of the kinds of control planes start and clean the API servers.

mod answers;
mod crossplane;
mod driver;
mod follow;
mod hidden;
mod index;
mod lease;
mod limits;
mod listing;
mod namespace;
mod pending;
mod reflector;
mod resources;
mod stand_ins;
mod state;
mod targets;
mod view;

pub use answers::answers;
pub use crossplane::{is_in_use, pending_in_crossplane};
pub use driver::{Driver, LivePlane};
pub use hidden::Hidden;
pub use lease::{Cleanup, LiveLease, LiveSide};
pub use limits::LiveLimits;
pub use namespace::make_namespace;
pub use pending::{Pending, PendingWork, QuietPeriod, pending_in_kubernetes};
pub use reflector::{Reflector, ReflectorError};
pub use stand_ins::add_stand_ins;
pub use targets::KubeconfigTargets;
pub use view::View;
