//! A real control plane without containers: etcd, kube-apiserver and kube-controller-manager as child programs.
//!
//! An [`Environment`] is one etcd with a control server and any number of target servers. Each server has its own
//! prefix in etcd. All listen on the loopback interface with certificates of their own, and end with the environment.
//! [`Envtest`] runs trials there, with the real Crossplane.

mod api_server;
mod checkpoint;
mod cluster;
mod controller_manager;
mod environment;
mod error;
mod etcd;
mod etcd_client;
mod health;
mod keys;
mod running;
mod targets;

pub use api_server::Server;
pub use checkpoint::{Checkpoint, Restored, delete_namespace};
pub use cluster::{Envtest, EnvtestSettings};
pub use environment::{Environment, EnvironmentSettings, ProgramLog};
pub use error::EnvtestError;
pub use etcd_client::{EtcdClient, EtcdError, KeyValue, Operation};
