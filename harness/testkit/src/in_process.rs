//! The embedded API server as a scheduler's plane.

use std::sync::Arc;

use crosscut_apiserver::ApiServer;
use crosscut_client::Connection;
use crosscut_objects::EventLog;

/// Returns a connection to the server, and the server's event log. Must be called within a tokio runtime.
pub fn in_process(server: ApiServer) -> (Connection, Arc<dyn EventLog>) {
    let http = kube::Client::new(server.service(), "default");
    let server = Arc::new(server);
    let connection = Connection::direct(http, Arc::clone(&server) as _);
    (connection, server)
}
