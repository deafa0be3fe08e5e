//! The shared parts of a server.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::options::Options;
use crate::store::Store;

/// The store of a server, with its options and the number of its requests.
pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) options: Options,
    pub(crate) requests: AtomicU64,
}
