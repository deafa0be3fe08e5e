//! The API server through its service, as clients use it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod apply;
mod create;
mod server;
mod table;
