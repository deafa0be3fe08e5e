//! Requests to functions: the observed state, the input, and the tag of the call.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use function_sdk_rust::proto::v1::{
    Capability, CredentialData, Credentials, RequestMeta, credentials,
};
use prost::Message as _;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Session;
use super::observe::{ConnectionDetails, Observed, secret_data};
use super::requirements;
use super::xr::Xr;
use crate::error::{Error, Wrap};
use crate::object;
use crosscut_functions::to_bytes;
use crosscut_functions::wire::{Resource, Resources, RunFunctionRequest, State};
use crosscut_objects::ObjectRef;

/// The capabilities that Crossplane 2.2 announces to functions.
const CAPABILITIES: [Capability; 5] = [
    Capability::Capabilities,
    Capability::RequiredResources,
    Capability::Credentials,
    Capability::Conditions,
    Capability::RequiredSchemas,
];

/// The observed state, with its digest.
pub(super) struct Observation {
    state: State,
    digest: Vec<u8>,
}

/// Returns the observed state: the composite as stored, and its composed resources. All steps get the same.
pub(super) fn observed_state(
    session: &Session<'_>,
    xr: &Xr,
    connection: ConnectionDetails,
    observed: &BTreeMap<String, Observed>,
) -> Observation {
    let resource = |object: Bytes, connection: ConnectionDetails| Resource {
        resource: Some(object),
        connection_details: connection.into_iter().collect(),
        ready: 0,
    };
    let composed = |(name, one): (&String, &Observed)| {
        let object = session.encodings.of(&one.object);
        (name.clone(), resource(object, one.connection.clone()))
    };
    let state = State {
        composite: Some(resource(to_bytes(&xr.object), connection)),
        resources: observed.iter().map(composed).collect(),
    };
    let digest = Sha256::digest(state.encode_to_vec()).to_vec();
    Observation { state, digest }
}

/// Returns the first request of a pipeline step.
pub(super) async fn build(
    session: &Session<'_>,
    step: &Value,
    observed: &Observation,
    desired: Option<State>,
    context: Option<Bytes>,
) -> Result<RunFunctionRequest, Error> {
    let mut request = RunFunctionRequest {
        desired,
        context,
        input: step.get("input").map(to_bytes),
        credentials: credentials(session, step).await?,
        ..RunFunctionRequest::default()
    };
    if let Some(asked) = step.get("requirements") {
        bootstrap(session, asked, &mut request).await?;
    }
    request.meta = Some(RequestMeta {
        tag: tag(&observed.digest, &request),
        capabilities: CAPABILITIES
            .iter()
            .map(|capability| *capability as i32)
            .collect(),
    });
    request.observed = Some(observed.state.clone());
    Ok(request)
}

async fn credentials(
    session: &Session<'_>,
    step: &Value,
) -> Result<HashMap<String, Credentials>, Error> {
    let mut all = HashMap::new();
    for asked in step
        .get("credentials")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let (true, Some(reference)) = (
            object::text(asked, &["source"]) == "Secret",
            asked.get("secretRef"),
        ) else {
            continue;
        };
        let name = object::text(asked, &["name"]);
        let address = ObjectRef {
            api_version: "v1",
            kind: "Secret",
            namespace: object::text(reference, &["namespace"]),
            name: object::text(reference, &["name"]),
        };
        let secret = session.work.api.get(address).await.with_context(|| {
            let step = object::text(step, &["step"]);
            format!("cannot get Composition pipeline step {step:?} credential {name:?} from Secret")
        })?;
        let data = CredentialData {
            data: secret_data(&secret),
        };
        let source = Some(credentials::Source::CredentialData(data));
        all.insert(name.to_owned(), Credentials { source });
    }
    Ok(all)
}

/// Reads the objects and schemas that the composition requires for a step, before the step's first call.
async fn bootstrap(
    session: &Session<'_>,
    asked: &Value,
    request: &mut RunFunctionRequest,
) -> Result<(), Error> {
    for one in asked
        .get("requiredResources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = object::text(one, &["requirementName"]);
        let fetched = requirements::resources(session, &requirements::selector(one)).await;
        let fetched: Option<Resources> = fetched.with_context(|| {
            format!("cannot fetch bootstrap required resources for requirement {name:?}")
        })?;
        request
            .required_resources
            .insert(name.to_owned(), fetched.unwrap_or_default());
    }
    for one in asked
        .get("requiredSchemas")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = object::text(one, &["requirementName"]);
        let fetched =
            requirements::schema(session, object::api_version(one), object::kind(one)).await;
        let fetched = fetched.with_context(|| {
            format!("cannot fetch bootstrap required schema for requirement {name:?}")
        })?;
        request.required_schemas.insert(name.to_owned(), fetched);
    }
    Ok(())
}

/// Returns the tag of a request. Crossplane only promises that equal requests of one build have equal tags. This
/// digest covers the observed state and the rest of the request as sent. The observed state has one encoding, but an
/// earlier step's response is used unchanged, so the same response in another order has another tag.
fn tag(observed: &[u8], rest: &RunFunctionRequest) -> String {
    Sha256::new_with_prefix(observed)
        .chain_update(rest.encode_to_vec())
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(spec: &Value) -> RunFunctionRequest {
        let resource = Resource {
            resource: Some(to_bytes(spec)),
            ..Resource::default()
        };
        let resources = ["a", "b", "c", "d"].map(|name| (name.to_owned(), resource.clone()));
        RunFunctionRequest {
            desired: Some(State {
                composite: None,
                resources: BTreeMap::from_iter(resources),
            }),
            ..RunFunctionRequest::default()
        }
    }

    #[test]
    fn a_tag_is_of_the_content() {
        let one = tag(b"o", &asked(&json!({"a": 1, "b": [1, 2]})));
        assert_eq!(one.len(), 64);
        assert_eq!(one, tag(b"o", &asked(&json!({"a": 1, "b": [1, 2]}))));
        assert_ne!(one, tag(b"p", &asked(&json!({"a": 1, "b": [1, 2]}))));
        assert_ne!(one, tag(b"o", &asked(&json!({"a": 1, "b": [2, 1]}))));
        let more = asked(&json!({"a": 1, "b": [1, 2], "c": ""}));
        assert_ne!(one, tag(b"o", &more));
    }
}
