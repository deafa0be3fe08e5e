//! crosscut as a library: an embedded Kubernetes control plane, and the judge of scenarios.
//!
//! - [`ControlPlane`] is a Kubernetes API server in this process with the controllers that every cluster has. A
//!   [`kube::Client`] reaches it without a network.
//! - [`judge`] judges the scenarios of a project, and returns a report for each trial.
//! - [`test_main`] makes each trial a test of a project's own `cargo test`.
//!
//! The program `crosscut` stands behind the cargo feature `cli`, which is on by default. The other crates of the project are
//! internal: their names and types change without notice.
//!
//! # A client on an API server in this process
//!
//! ```
//! use crosscut::ControlPlane;
//! use k8s_openapi::api::core::v1::ConfigMap;
//! use kube::api::{Api, PostParams};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), kube::Error> {
//! let control_plane = ControlPlane::new();
//! let maps: Api<ConfigMap> = Api::default_namespaced(control_plane.client());
//! let mut map = ConfigMap::default();
//! map.metadata.name = Some("colours".to_owned());
//! maps.create(&PostParams::default(), &map).await?;
//! assert!(maps.get("colours").await?.metadata.uid.is_some());
//! # Ok(())
//! # }
//! ```

mod control_plane;
mod judging;
#[cfg(feature = "test-main")]
mod test_main;

pub use control_plane::ControlPlane;
pub use crosscut_controller::{Action, Context, Controller, ReconcileError, Settled, Unsettled};
pub use crosscut_events::{Failure, Mismatch, TrialId, TrialReport, Verdict};
pub use crosscut_objects::{Event, Key};
pub use judging::{JudgeError, judge};
#[cfg(feature = "test-main")]
pub use test_main::test_main;
