//! Controllers on API servers that run outside this process, in real time, and the lease of a trial on two of them.
//!
//! An [`Reflector`] watches everything that an API server holds, once for all trials. A [`View`] is the part that one trial
//! sees. A [`Driver`] runs controllers over views and returns when they are at rest: nothing in view changed for a quiet
//! period, no key waits, and no expected change ([`PendingWork`]) is missing. This is an observation and not a proof, unlike the
//! rest of [`Scheduler`](crosscut_controller::Scheduler).
//!
//! How an API server is started and cleaned is not known here: that is the part of each kind of control plane.

mod answers;
mod crossplane;
mod driver;
mod follow;
mod hidden;
mod lease;
mod limits;
mod listing;
mod namespace;
mod observer;
mod pending;
mod resources;
mod stand_ins;
mod state;
mod targets;
mod view;

pub use answers::answers;
pub use crossplane::{pending_in_crossplane, is_in_use};
pub use driver::{Driver, LivePlane};
pub use hidden::Hidden;
pub use lease::{Cleanup, LiveLease, LiveSide};
pub use limits::LiveLimits;
pub use namespace::make_namespace;
pub use observer::{ReflectorError, Reflector};
pub use pending::{PendingWork, Pending, QuietPeriod, pending_in_kubernetes};
pub use stand_ins::add_stand_ins;
pub use targets::KubeconfigTargets;
pub use view::View;
