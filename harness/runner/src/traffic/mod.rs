//! `request` and `grpc`: calls from documents, whose responses are judged like objects.
//!
//! This process makes the calls in real time, to any address. Later `expect` actions judge the effects on the clusters
//! at rest.

mod batch;
mod grpc;
mod judge;
mod request;
mod tls;
mod upstreams;
mod view;

pub(crate) use upstreams::Upstreams;

use std::time::Duration;

use crosscut_expr::Scope;
use crosscut_programs::stretched;
use crosscut_suite::model::{Action, Common, Grpc, Request, Side};
use tokio::time::Instant;

use crate::session::Session;
use crate::stop::Stop;
use batch::Batch;

/// The pause before calls are repeated whose responses do not match yet.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes the requests and judges their responses.
///
/// # Errors
/// [`Stop`] if a template cannot be evaluated, or if a response does not match.
pub(crate) async fn request(
    request: &Request,
    action: &Action,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    session.settle_writes().await?;
    let batch = Batch::Http(request::prepare(request, &action.place, scope)?);
    judged(&batch, &request.common, session, scope).await
}

/// Makes the calls and judges their responses.
///
/// # Errors
/// As for [`request`].
pub(crate) async fn grpc(
    grpc: &Grpc,
    action: &Action,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    session.settle_writes().await?;
    let batch = Batch::Grpc(grpc::prepare(grpc, &action.place, scope)?);
    judged(&batch, &grpc.common, session, scope).await
}

/// Judges the responses of the calls; repeats the calls within the allowed time until the responses match.
async fn judged(
    batch: &Batch,
    common: &Common,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let time = session.time();
    let _pause = common.within.map(|_| time.pause());
    let started = Instant::now();
    let within = stretched(common.within.unwrap_or_default());
    let mut rounds = 0_usize;
    loop {
        let outcomes = batch.round(common).await;
        session.stirred();
        rounds += 1;
        let Err(mut stop) = judge::judge(&outcomes, common, scope) else {
            return Ok(());
        };
        let left = within.checked_sub(started.elapsed());
        if left.is_none_or(|left| left < PAUSE) {
            stop.failure.evidence = session.evidence(Side::Control, &[]).await;
            if common.within.is_some() {
                let message = format!("{}, tried {rounds} times", stop.failure.message);
                stop.failure.message = message;
            }
            return Err(stop);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
