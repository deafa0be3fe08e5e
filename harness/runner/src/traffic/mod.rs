//! `request` and `grpc`: calls are made as documents say, and their answers are judged like objects.
//!
//! They go where their address leads, from this process, in real time; what they bring about on the clusters is looked
//! at by `expect`, which waits for rest as ever.

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

/// The time to wait before calls are made once more whose answers are not yet as expected.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes the requests and judges their answers.
///
/// # Errors
/// [`Stop`] where a template cannot be evaluated, or an answer is not as expected.
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

/// Makes the calls and judges their answers.
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

/// Judges the answers of the calls; made again where there is time for answers that may yet come.
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
