//! An embedded API server under a scheduler.

use std::sync::Arc;

use crosscut_apiserver::ApiServer;
use crosscut_client::Connection;
use crosscut_controller::{Plane, Scheduler};

/// Adds an API server to a scheduler. Requests for objects reach the server as values.
///
/// Must be called within a tokio runtime, which the client of the server needs.
pub fn add_plane(scheduler: &mut Scheduler, name: &str, server: ApiServer) -> Plane {
    let http = kube::Client::new(server.service(), "default");
    let server = Arc::new(server);
    let connection = Connection::direct(http, Arc::clone(&server) as _);
    scheduler.add_plane(name, connection, server)
}
