//! Sends the same requests each way, in turns, and checks every response.

use std::time::{Duration, Instant};

use bytes::Bytes;
use crosscut_traffic::{
    Bounds, HttpAnswer, HttpCall, HttpClient, NAME_HEADER, Tls, json_of_size, repeat, sha256,
};

use crosscut_messages::{Protocol, http_url, with_path};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};

use crate::figures::Figures;

/// The sizes of the bodies, in bytes.
const BODIES: [usize; 2] = [200, 70_000];
/// The number of turns of each way: a disturbance of the machine then affects all ways.
const ROUNDS: usize = 10;
/// The number of sequential requests in a turn.
const ALONE: usize = 60;
/// The number of requests in a turn that are sent concurrently.
const TOGETHER: usize = 160;
const PARALLEL: usize = 16;
/// The number of requests that open connections and warm up programs before measuring.
const WARMING: usize = 40;
const BOUNDS: Bounds = Bounds {
    deadline: Duration::from_secs(30),
    bytes: 1 << 20,
};

/// A path to an upstream.
struct Way {
    name: &'static str,
    upstream: &'static str,
    client: HttpClient,
    call: HttpCall,
}

/// Returns all measurements, given the gateway, an upstream and the relays to that upstream.
///
/// # Errors
/// The first wrong response.
pub(crate) async fn all(gateway: &str, upstream: &str, relays: &str) -> Result<Value, String> {
    let mut bodies = Vec::new();
    for size in BODIES {
        let body = json_of_size(&json!({"model": "model-a"}), size).unwrap_or_default();
        let ways = [
            way("the upstream itself", "pool-a", upstream, "/v1", &body)?,
            way("through relays alone", "pool-a", relays, "/v1", &body)?,
            way("through Envoy", "fallback", gateway, "/plain", &body)?,
            way("through Envoy and router", "pool-a", gateway, "/v1", &body)?,
        ];
        bodies.push(json!({"bytes": size, "ways": in_turns(&ways).await?}));
    }
    Ok(json!({"parallel": PARALLEL, "bodies": bodies}))
}

fn way(
    name: &'static str,
    upstream: &'static str,
    to: &str,
    path: &str,
    body: &str,
) -> Result<Way, String> {
    let url = http_url(to).map_err(|error| error.to_string())?;
    let url = with_path(&url, path).map_err(|error| error.to_string())?;
    let client = HttpClient::new(&url, Protocol::Http1, &Tls::default());
    let json = HeaderValue::from_static("application/json");
    let call = HttpCall {
        method: Method::POST,
        url,
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    Ok(Way {
        name,
        upstream,
        client: client.map_err(|error| error.to_string())?,
        call,
    })
}

/// Returns the figures of each way, measured in turns: A B C, A B C, and so on.
async fn in_turns(ways: &[Way]) -> Result<Vec<Value>, String> {
    let mut figures: Vec<Figures> = ways.iter().map(|_| Figures::default()).collect();
    for way in ways {
        way.requests(WARMING, PARALLEL).await?;
    }
    for _ in 0..ROUNDS {
        for (way, figures) in ways.iter().zip(&mut figures) {
            figures.alone(way.requests(ALONE, 1).await?.0);
        }
        for (way, figures) in ways.iter().zip(&mut figures) {
            figures.together(TOGETHER, way.requests(TOGETHER, PARALLEL).await?.1);
        }
    }
    let both = ways.iter().zip(figures);
    Ok(both
        .map(|(way, figures)| figures.into_json(way.name))
        .collect())
}

impl Way {
    /// Sends `times` requests, several at a time; returns each latency and the total time. Responses are checked
    /// afterwards.
    async fn requests(
        &self,
        times: usize,
        parallel: usize,
    ) -> Result<(Vec<Duration>, Duration), String> {
        let started = Instant::now();
        let answers = repeat(times, parallel, |_| async {
            let started = Instant::now();
            let answer = self.client.send(&self.call, BOUNDS).await;
            (answer, started.elapsed())
        })
        .await;
        let taken = started.elapsed();
        let mut each = Vec::with_capacity(times);
        for (answer, taken) in answers {
            self.judge(&answer.map_err(|error| format!("{}: {error}", self.name))?)?;
            each.push(taken);
        }
        Ok((each, taken))
    }

    /// Checks for a 2xx status of the right upstream, which received the whole body.
    fn judge(&self, answer: &HttpAnswer) -> Result<(), String> {
        let from = answer.headers.get(NAME_HEADER);
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let is_whole = told["sha256"] == sha256(&self.call.body);
        if answer.status.is_success() && is_whole && from.is_some_and(|from| from == self.upstream)
        {
            return Ok(());
        }
        let (name, upstream) = (self.name, self.upstream);
        let text = String::from_utf8_lossy(&answer.body);
        Err(format!(
            "{name}: not the whole request came to {upstream}, but {} from {from:?}: {text}",
            answer.status
        ))
    }
}
