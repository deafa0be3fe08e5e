//! Prepared calls, which can be made any number of times.

use crosscut_suite::model::Common;
use crosscut_traffic::{Bounds, CallError, GrpcCall, GrpcClient, HttpCall, HttpClient, repeat};
use serde_json::Value;
use tokio::time::Instant;

use super::view;

/// The largest size of a response, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// The calls of one action.
pub(super) enum Batch {
    /// HTTP requests.
    Http(Vec<Prepared<HttpClient, HttpCall>>),
    /// gRPC calls.
    Grpc(Vec<Prepared<GrpcClient, GrpcCall>>),
}

/// A call with its client.
pub(super) struct Prepared<Client, Call> {
    /// The client, which holds the connections.
    pub(super) client: Client,
    /// The call.
    pub(super) call: Call,
    /// The call's name in messages.
    pub(super) title: String,
    /// The value of `$request` in assertions.
    pub(super) request: Value,
}

/// The outcome of a call.
pub(super) struct Outcome {
    /// The call's name in messages.
    pub(super) title: String,
    /// The value of `$request` in assertions.
    pub(super) request: Value,
    /// The subject of the assertions.
    pub(super) view: Value,
    /// The reason why the response is missing or incomplete.
    pub(super) broken: Option<CallError>,
}

impl Batch {
    /// Makes every call once; returns the outcomes in the order of the calls.
    pub(super) async fn round(&self, common: &Common) -> Vec<Outcome> {
        let bounds = Bounds {
            deadline: common.timeout,
            bytes: MOST_BYTES,
        };
        match self {
            Batch::Http(calls) => {
                let made = |index: usize| http(&calls[index], bounds);
                repeat(calls.len(), common.parallel, made).await
            }
            Batch::Grpc(calls) => {
                let made = |index: usize| grpc(&calls[index], bounds);
                repeat(calls.len(), common.parallel, made).await
            }
        }
    }
}

async fn http(prepared: &Prepared<HttpClient, HttpCall>, bounds: Bounds) -> Outcome {
    let started = Instant::now();
    let sent = prepared.client.send(&prepared.call, bounds).await;
    let elapsed = started.elapsed();
    let (view, broken) = match sent {
        Ok(answer) => (view::http(&answer, elapsed), None),
        Err(error) => (view::broken(&error, elapsed), Some(error)),
    };
    outcome(prepared, view, broken)
}

async fn grpc(prepared: &Prepared<GrpcClient, GrpcCall>, bounds: Bounds) -> Outcome {
    let started = Instant::now();
    let called = prepared.client.call(&prepared.call, bounds).await;
    let elapsed = started.elapsed();
    let (view, broken) = match called {
        Ok(answer) => (view::grpc(answer, elapsed), None),
        Err(broken) => (
            view::grpc_broken(broken.so_far, &broken.error, elapsed),
            Some(broken.error),
        ),
    };
    outcome(prepared, view, broken)
}

fn outcome<Client, Call>(
    prepared: &Prepared<Client, Call>,
    view: Value,
    broken: Option<CallError>,
) -> Outcome {
    Outcome {
        title: prepared.title.clone(),
        request: prepared.request.clone(),
        view,
        broken,
    }
}
