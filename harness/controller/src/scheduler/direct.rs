//! The API server of a plane, as clients in this process ask it.

use crosscut_apiserver::ApiServer;
use crosscut_client::{ApiError, Direct, Exchange, Reply};
use serde_json::Value;

/// An API server that is asked without HTTP.
pub(super) struct InProcess(pub(super) ApiServer);

impl Direct for InProcess {
    fn exchange(&self, request: &Exchange<'_>) -> Result<Reply, ApiError> {
        let answer = self.0.exchange(&crosscut_apiserver::Exchange {
            method: request.method,
            path: request.path,
            query: request.query,
            media_type: request.media_type,
            body: request.body,
        });
        match answer {
            Ok(crosscut_apiserver::Reply::Object(object)) => Ok(Reply::Object(object)),
            Ok(crosscut_apiserver::Reply::List(items)) => Ok(Reply::List(items)),
            Err(status) => Err(refused(status)),
        }
    }
}

fn refused(status: Value) -> ApiError {
    match serde_json::from_value(status) {
        Ok(status) => ApiError::Refused(Box::new(status)),
        Err(error) => ApiError::Transport(Box::new(error)),
    }
}
