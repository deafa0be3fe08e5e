//! The API server of a plane, as clients in this process ask it.

use crosscut_apiserver::ApiServer;
use crosscut_client::{Answer, ApiError, Direct, Exchange, Reply};
use serde_json::Value;

/// An API server that is asked without HTTP.
pub(super) struct InProcess(pub(super) ApiServer);

impl Direct for InProcess {
    fn exchange(&self, request: &Exchange<'_>) -> Result<Answer, ApiError> {
        let answer = self.0.exchange(&crosscut_apiserver::Exchange {
            method: request.method,
            path: request.path,
            query: request.query,
            media_type: request.media_type,
            body: request.body,
        });
        let (reply, warnings) = answer.map_err(refused)?;
        let reply = match reply {
            crosscut_apiserver::Reply::Object(object) => Reply::Object(object),
            crosscut_apiserver::Reply::List(items) => Reply::List(items),
        };
        Ok(Answer { reply, warnings })
    }

    fn no_such_kind(&self, api_version: &str, kind: &str) {
        self.0.no_such_kind(api_version, kind);
    }
}

fn refused(status: Value) -> ApiError {
    match serde_json::from_value(status) {
        Ok(status) => ApiError::Refused(Box::new(status)),
        Err(error) => ApiError::Transport(Box::new(error)),
    }
}
