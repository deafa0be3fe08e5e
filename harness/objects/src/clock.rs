//! The source of the API server's time, which is not always the system's clock.

/// A clock.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> jiff::Timestamp;
}
