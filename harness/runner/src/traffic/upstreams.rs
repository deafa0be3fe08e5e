//! The upstreams of a trial.

use crosscut_events::Failure;
use crosscut_suite::model::Upstream as Declared;
use crosscut_traffic::{Upstream, UpstreamError, UpstreamSettings};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::stop::{Stop, location};

/// Echo servers that run until the value is dropped.
pub(crate) struct Upstreams {
    running: Vec<(String, Upstream)>,
}

impl Upstreams {
    /// Starts the upstreams of a scenario.
    ///
    /// # Errors
    /// [`Stop`] if an upstream cannot be started.
    pub(crate) async fn start(declared: &[Declared]) -> Result<Upstreams, Stop> {
        let mut running = Vec::new();
        for upstream in declared {
            let settings = UpstreamSettings {
                name: upstream.name.clone(),
                tls: upstream.tls,
                status: StatusCode::from_u16(upstream.status).unwrap_or_default(),
                delay: upstream.delay,
            };
            let started = Upstream::start(settings).await;
            let started = started.map_err(|error| not_started(upstream, &error))?;
            running.push((upstream.name.clone(), started));
        }
        Ok(Upstreams { running })
    }

    /// Returns `$upstreams`, if the scenario has upstreams.
    pub(crate) fn binding(&self) -> Option<(&'static str, Value)> {
        let values = self.running.iter();
        let values = values.map(|(name, upstream)| (name.clone(), value(upstream)));
        let values: Map<_, _> = values.collect();
        (!values.is_empty()).then_some(("upstreams", Value::Object(values)))
    }
}

fn value(upstream: &Upstream) -> Value {
    let mut value = json!({
        "host": upstream.host(),
        "port": upstream.port(),
        "url": upstream.url(),
    });
    if let Some(credentials) = upstream.credentials() {
        value["ca"] = json!(credentials.authority);
        value["certificate"] = json!(credentials.client.certificate);
        value["key"] = json!(credentials.client.key);
    }
    value
}

fn not_started(upstream: &Declared, error: &UpstreamError) -> Stop {
    let mut message = format!("the upstream {} does not start: {error}", upstream.name);
    if let Some(cause) = std::error::Error::source(error) {
        message = format!("{message}: {cause}");
    }
    let mut failure = Failure::new("upstream::start", message);
    failure.location = Some(location(&upstream.place));
    Stop::errored(failure)
}
