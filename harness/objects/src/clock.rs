//! Where the API server takes the time from, which is never the system's own accord.

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> jiff::Timestamp;
}
