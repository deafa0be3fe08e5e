//! A real control plane without containers: etcd, kube-apiserver and kube-controller-manager as child programs.
//!
//! An [`Environment`] is one etcd with a control server and any number of target servers on it, each with its own
//! prefix, all on the loopback interface with certificates of their own, and gone when it stops. [`crossplane`] starts
//! the real Crossplane on it, and [`Envtest`] judges trials there.

mod api_server;
mod assets;
mod certificates;
mod checkpoint;
mod cluster;
mod controller_manager;
pub mod crossplane;
mod environment;
mod error;
mod etcd;
mod etcd_client;
mod go;
mod health;
mod keys;
mod kubeconfig;
mod running;
mod targets;
mod version;

pub use api_server::Server;
pub use assets::{AllAssets, Asset, AssetSearch, Assets};
pub use certificates::{Authority, Certificates, Keyed};
pub use checkpoint::{Checkpoint, Restored, delete_namespace};
pub use cluster::{Envtest, EnvtestSettings};
pub use crosscut_apiserver::Clock;
pub use crosscut_controller::live::LiveLimits;
pub use crosscut_programs::default_root;
pub use environment::{Environment, EnvironmentSettings, ProgramLog};
pub use error::{EnvtestError, Missing};
pub use etcd_client::{EtcdClient, EtcdError, KeyValue, Operation};
pub(crate) use kubeconfig::text as kubeconfig_text;
pub use version::Version;
