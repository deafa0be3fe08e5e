//! A Kubernetes API server in process.
//!
//! Requests have the same responses, codes, reasons, stored objects and watch events as on kube-apiserver 1.34, for
//! custom resources and for a few built-in kinds. For a part that is not implemented the response is a clear error.
//!
//! [`ApiServer`] is one virtual cluster. [`ApiServer::fork`] makes another cluster that begins with the same objects
//! and copies none of them. There is no network: [`ApiServer::service`] is the service for `kube::Client::new`. There
//! are no controllers either: clients must establish definitions, empty namespaces and collect dependents.

mod body;
mod builtin;
mod builtin_rules;
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
