//! A Kubernetes API server in process.
//!
//! The same requests get the same answers, codes, reasons, stored objects and watch events as from kube-apiserver 1.34,
//! for custom resources and for a few built-in kinds. What is not implemented answers with a clear error.
//!
//! [`ApiServer`] is one virtual cluster; [`ApiServer::fork`] makes another that begins with all that it holds, in no
//! time. There is no network: [`ApiServer::service`] is what `kube::Client::new` takes. There are no controllers:
//! definitions become established, namespaces empty and dependents collected by controllers that are clients.

mod body;
mod builtin;
mod builtin_rules;
mod column;
mod convert;
mod decode;
mod definition;
mod direct;
mod discovery;
mod fields;
mod groups;
mod handlers;
mod idle_applies;
mod inner;
mod json;
mod keys;
mod lack;
mod listing;
mod meta;
mod meta_rules;
mod names;
mod object_meta;
mod openapi;
mod options;
mod path;
mod payload;
mod query;
mod random;
mod registry;
mod response;
mod selector;
mod served;
mod server;
mod service;
mod status;
mod store;
mod table;
mod value;
mod watch;

pub use body::Body;
pub use options::Options;
pub use server::ApiServer;
pub use service::Service;
