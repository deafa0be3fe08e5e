//! Parts from which every kind of control plane is set up: a suite's functions, its documents, the programs of a real
//! control plane and how they are found, certificates, kubeconfigs, and the real Crossplane as a process.
//!
//! A kind of control plane is a crate above this one.

mod assets;
mod certificates;
pub mod crossplane;
mod error;
pub mod functions;
pub mod go;
pub mod install;
pub mod kubeconfig;
mod managed;
mod missing;
mod scope;
mod state;
pub mod user_agent;
pub mod version;
mod when_started;

pub use assets::{AllAssets, Asset, AssetSearch, Assets};
pub use certificates::{Authority, Certificates, Keyed};
pub use error::{Missing, SetupError};
pub use functions::{FunctionSettings, Progress, SharedFunctions, StartError};
pub use managed::managed_settings;
pub use missing::{Needed, check_programs};
pub use scope::is_in_scope;
pub use state::open_state;
pub use version::Version;
pub use when_started::when_started;
