//! A function for tests that follows its composite's wish, or its step's input. The fields are:
//!
//! - `maps`: the ConfigMaps to compose, as `["a", …]`
//! - `resources`: any objects to compose, as `{name: object}`
//! - `ready`, `results`, `conditions`: those of the response
//! - `said`: the status of the composite
//! - `needs`: the name of a required ConfigMap, whose data goes into the status
//! - `restless`: true for a new requirement at every call

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use crosscut_functions::convert;
use crosscut_functions::v1::{RunFunctionRequest, RunFunctionResponse};

use crosscut_functions::{Function, FunctionError};
use function_sdk_rust::proto::v1::resource_selector::Match;
use function_sdk_rust::proto::v1::{
    Condition, Ready, Requirements, Resource, ResourceSelector, Result as Outcome, Severity, Status,
};
use serde_json::{Value, json};

/// The function, with its number of calls and its last request.
#[derive(Default)]
pub(crate) struct Toy {
    calls: AtomicUsize,
    last: Mutex<Option<RunFunctionRequest>>,
}

impl Toy {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Returns the last request.
    pub(crate) fn last(&self) -> RunFunctionRequest {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .expect("a request")
    }
}

#[async_trait]
impl Function for Toy {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(request.clone());
        Ok(answer(request, calls))
    }
}

fn answer(request: RunFunctionRequest, calls: usize) -> RunFunctionResponse {
    let composite = request
        .observed
        .as_ref()
        .and_then(|state| state.composite.clone());
    let composite = convert::from_struct(
        composite
            .and_then(|composite| composite.resource)
            .unwrap_or_default(),
    );
    let wish = match &request.input {
        Some(input) => convert::from_struct(input.clone())["wish"].clone(),
        None => composite["spec"]["wish"].clone(),
    };
    let mut response = RunFunctionResponse {
        context: request.context.clone(),
        ..RunFunctionResponse::default()
    };
    let mut desired = request.desired.clone().unwrap_or_default();
    for (name, object) in resources(&wish) {
        let ready = if wish["ready"] == json!(true) {
            Ready::True
        } else {
            Ready::Unspecified
        };
        let resource = Resource {
            resource: Some(convert::to_struct(&object)),
            ready: ready as i32,
            ..Resource::default()
        };
        desired.resources.insert(name, resource);
    }
    let mut said = wish["said"].clone();
    if let Some(name) = wish["needs"].as_str() {
        response.requirements = Some(need("it", name));
        if let Some(found) = request.required_resources.get("it") {
            let found = found
                .items
                .first()
                .and_then(|item| item.resource.clone())
                .map(convert::from_struct);
            said = found.map_or_else(|| json!("nothing"), |found| found["data"].clone());
        }
    }
    if wish["restless"] == json!(true) {
        response.requirements = Some(need(&format!("need-{calls}"), "any"));
    }
    if !said.is_null() {
        let status = convert::to_struct(&json!({"status": {"said": said}}));
        desired.composite = Some(Resource {
            resource: Some(status),
            ..Resource::default()
        });
    }
    response.results = list(&wish["results"]).iter().map(result).collect();
    response.conditions = list(&wish["conditions"]).iter().map(condition).collect();
    response.desired = Some(desired);
    response
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn resources(wish: &Value) -> HashMap<String, Value> {
    let mut all = HashMap::new();
    for name in list(&wish["maps"]).iter().filter_map(Value::as_str) {
        all.insert(
            name.to_owned(),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"key": name}}),
        );
    }
    for (name, object) in wish["resources"].as_object().into_iter().flatten() {
        all.insert(name.clone(), object.clone());
    }
    all
}

fn need(requirement: &str, name: &str) -> Requirements {
    let selector = ResourceSelector {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespace: Some("default".to_owned()),
        r#match: Some(Match::MatchName(name.to_owned())),
    };
    let resources = HashMap::from([(requirement.to_owned(), selector)]);
    Requirements {
        resources,
        ..Requirements::default()
    }
}

fn result(said: &Value) -> Outcome {
    let severity = match said["severity"].as_str() {
        Some("Fatal") => Severity::Fatal,
        Some("Warning") => Severity::Warning,
        _ => Severity::Normal,
    };
    Outcome {
        severity: severity as i32,
        message: said["message"].as_str().unwrap_or_default().to_owned(),
        reason: said["reason"].as_str().map(str::to_owned),
        target: None,
    }
}

fn condition(said: &Value) -> Condition {
    let status = if said["status"] == "True" {
        Status::ConditionTrue
    } else {
        Status::ConditionFalse
    };
    Condition {
        r#type: said["type"].as_str().unwrap_or_default().to_owned(),
        status: status as i32,
        reason: said["reason"].as_str().unwrap_or_default().to_owned(),
        message: None,
        target: None,
    }
}
