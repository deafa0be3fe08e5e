//! The second driver: controllers on API servers that run elsewhere, in real time.
//!
//! An [`Observer`] watches everything that an API server holds, once for all trials. A [`View`] is what one trial sees
//! of it. A [`Driver`] runs controllers over views and says when they are at rest: nothing in view changed for a quiet
//! window, no key waits, and nothing that somebody still owes ([`Awaits`]) is missing. That is an observation and not
//! a proof, unlike what [`crate::Scheduler`] says of planes in this process. How an API server is started, and what
//! Crossplane owes, is not known here.

mod awaited;
mod driver;
mod follow;
mod limits;
mod listing;
mod observer;
mod resources;
mod state;
mod view;

pub use awaited::{Awaits, Owed, Patience, kubernetes_owes};
pub use driver::{Driver, LivePlane};
pub use limits::LiveLimits;
pub use observer::{ObserveError, Observer};
pub use view::View;
