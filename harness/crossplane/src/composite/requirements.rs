//! The requirements of functions: calls a function until its requirements are stable (internal/xfn).

use std::collections::{BTreeMap, HashMap};

use function_sdk_rust::proto::v1::resource_selector::Match;
use function_sdk_rust::proto::v1::{MatchLabels, Requirements, ResourceSelector, Severity};
use serde_json::Value;

use super::Session;
use super::openapi;
use crate::error::{Error, Wrap, optional};
use crate::object;
use crosscut_functions::wire::{Resource, Resources, RunFunctionResponse, Schema};
use crosscut_functions::{Function, FunctionCall, to_bytes};
use crosscut_objects::ObjectRef;

/// The number of repeated calls of a function whose requirements change.
const MAXIMUM: usize = 5;

/// Calls a function until two consecutive responses have the same requirements, or one is fatal.
pub(super) async fn run(
    session: &Session<'_>,
    function: &dyn Function,
    mut call: FunctionCall<'_>,
) -> Result<RunFunctionResponse, Error> {
    let resources = call.request.required_resources.clone();
    let schemas = call.request.required_schemas.clone();
    let mut before: Option<Requirements> = None;
    for _ in 0..=MAXIMUM {
        let response = function.respond(&call).await?;
        let fatal = response
            .results
            .iter()
            .any(|result| result.severity == Severity::Fatal as i32);
        if fatal || response.requirements == before {
            return Ok(response);
        }
        let asked = response.requirements.clone().unwrap_or_default();
        let request = &mut call.request;
        request.required_resources.clone_from(&resources);
        request.required_schemas.clone_from(&schemas);
        request.extra_resources = fetch_all(session, &asked.extra_resources).await?;
        request
            .required_resources
            .extend(fetch_all(session, &asked.resources).await?);
        for (name, selector) in &asked.schemas {
            let fetched = schema(session, &selector.api_version, &selector.kind).await;
            let fetched = fetched.with_context(|| format!("fetching schema for {name}"))?;
            request.required_schemas.insert(name.clone(), fetched);
        }
        request.context = response.context;
        before = response.requirements;
    }
    Err(Error::new(format!(
        "requirements didn't stabilize after the maximum number of iterations ({MAXIMUM})"
    )))
}

async fn fetch_all(
    session: &Session<'_>,
    selectors: &HashMap<String, ResourceSelector>,
) -> Result<BTreeMap<String, Resources>, Error> {
    let sorted: BTreeMap<&String, &ResourceSelector> = selectors.iter().collect();
    let mut fetched = BTreeMap::new();
    for (name, selector) in sorted {
        let found = resources(session, selector)
            .await
            .with_context(|| format!("fetching resources for {name}"))?;
        fetched.insert(name.clone(), found.unwrap_or_default());
    }
    Ok(fetched)
}

/// Returns the objects that a selector selects; `None` if the selector names a missing object.
pub(super) async fn resources(
    session: &Session<'_>,
    selector: &ResourceSelector,
) -> Result<Option<Resources>, Error> {
    let namespace = selector.namespace.as_deref().unwrap_or_default();
    let resource = |object: &Value| Resource {
        resource: Some(to_bytes(object)),
        ..Resource::default()
    };
    match &selector.r#match {
        Some(Match::MatchName(name)) => {
            let address = ObjectRef {
                api_version: &selector.api_version,
                kind: &selector.kind,
                namespace,
                name,
            };
            let found = optional(session.work.api.get(address).await)
                .context("cannot get required resource by name")?;
            Ok(found.map(|object| Resources {
                items: vec![resource(&object)],
            }))
        }
        Some(Match::MatchLabels(labels)) => {
            let labels = labels.labels.clone().into_iter().collect();
            let listed = session
                .work
                .api
                .list(&selector.api_version, &selector.kind, namespace, &labels)
                .await;
            let mut listed = listed.context("cannot list required resources")?;
            listed.sort_by(|one, other| {
                let key = |object| (object::name(object), object::namespace(object));
                key(one).cmp(&key(other))
            });
            Ok(Some(Resources {
                items: listed.iter().map(|object| resource(object)).collect(),
            }))
        }
        None => Err(Error::new(
            "unsupported required resource selector type <nil>",
        )),
    }
}

/// Returns a selector from its form in a composition.
pub(super) fn selector(asked: &Value) -> ResourceSelector {
    let text = |field: &str| asked.get(field).and_then(Value::as_str).map(str::to_owned);
    let labels: HashMap<String, String> = asked
        .get("matchLabels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    let by_labels = (!labels.is_empty()).then_some(Match::MatchLabels(MatchLabels { labels }));
    ResourceSelector {
        api_version: text("apiVersion").unwrap_or_default(),
        kind: text("kind").unwrap_or_default(),
        namespace: text("namespace"),
        r#match: text("name").map(Match::MatchName).or(by_labels),
    }
}

/// Returns the OpenAPI schema of a kind; an empty schema if the server does not know the kind.
pub(super) async fn schema(
    session: &Session<'_>,
    api_version: &str,
    kind: &str,
) -> Result<Schema, Error> {
    let schema = openapi::schema(&session.work.api, api_version, kind).await?;
    Ok(Schema {
        openapi_v3: schema.as_ref().map(to_bytes),
    })
}
