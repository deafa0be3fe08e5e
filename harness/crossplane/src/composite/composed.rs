//! The state of a composed resource after a reconcile.

/// A composed resource after composing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Composed {
    pub(super) name: String,
    pub(super) ready: bool,
    pub(super) synced: bool,
}
