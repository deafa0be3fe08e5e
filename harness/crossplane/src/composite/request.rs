//! What a function is asked: the state of the world, its input, and what identifies the question.

use std::collections::{BTreeMap, HashMap};

use function_sdk_rust::proto::v1::{
    Capability, CredentialData, Credentials, RequestMeta, Resource, Resources, RunFunctionRequest,
    State, credentials,
};
use pbjson_types::value::Kind;
use pbjson_types::{Struct, Value as Proto};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Session;
use super::observe::{ConnectionDetails, Observed, secret_data};
use super::requirements;
use super::xr::Xr;
use crate::error::{Error, Wrap};
use crate::function::convert;
use crate::object;
use crosscut_client::Address;

/// What Crossplane 2.2 tells functions that it can do.
const CAPABILITIES: [Capability; 5] = [
    Capability::Capabilities,
    Capability::RequiredResources,
    Capability::Credentials,
    Capability::Conditions,
    Capability::RequiredSchemas,
];

/// The observed state: the composite as stored, and what it composed.
pub(super) fn observed_state(
    xr: &Xr,
    connection: ConnectionDetails,
    observed: &BTreeMap<String, Observed>,
) -> State {
    let resource = |object: &Value, connection: ConnectionDetails| Resource {
        resource: Some(convert::to_struct(object)),
        connection_details: connection,
        ready: 0,
    };
    State {
        composite: Some(resource(&xr.object, connection)),
        resources: observed
            .iter()
            .map(|(name, one)| (name.clone(), resource(&one.object, one.connection.clone())))
            .collect(),
    }
}

/// The first request of a pipeline step.
pub(super) async fn build(
    session: &Session<'_>,
    step: &Value,
    observed: State,
    desired: Option<State>,
    context: Option<Struct>,
) -> Result<RunFunctionRequest, Error> {
    let mut request = RunFunctionRequest {
        observed: Some(observed),
        desired,
        context,
        input: step.get("input").map(convert::to_struct),
        credentials: credentials(session, step).await?,
        ..RunFunctionRequest::default()
    };
    if let Some(asked) = step.get("requirements") {
        bootstrap(session, asked, &mut request).await?;
    }
    request.meta = Some(RequestMeta {
        tag: tag(&request),
        capabilities: CAPABILITIES
            .iter()
            .map(|capability| *capability as i32)
            .collect(),
    });
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
        let address = Address {
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

/// Fetches what the composition says that a step needs before it is called at all.
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

/// Identifies a request by its content. Crossplane promises no more than that equal requests of one build have equal
/// tags, so this digest is over the content in sorted order rather than over its bytes on the wire.
fn tag(request: &RunFunctionRequest) -> String {
    let mut digest = Tag(Sha256::new());
    digest.state(request.observed.as_ref());
    digest.state(request.desired.as_ref());
    digest.fields(request.input.as_ref());
    digest.fields(request.context.as_ref());
    digest.sorted(&request.credentials, |digest, one| {
        let Some(credentials::Source::CredentialData(data)) = &one.source else {
            return;
        };
        digest.sorted(&data.data, |digest, bytes| digest.raw(bytes));
    });
    digest.sorted(&request.required_resources, |digest, one| {
        for item in &one.items {
            digest.resource(item);
        }
    });
    digest.sorted(&request.required_schemas, |digest, one| {
        digest.fields(one.openapi_v3.as_ref());
    });
    digest.finish()
}

/// A digest of protobuf values that does not depend on the order of maps.
struct Tag(Sha256);

impl Tag {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_le_bytes());
        self.0.update(bytes);
    }

    fn sorted<T>(&mut self, map: &HashMap<String, T>, each: impl Fn(&mut Self, &T)) {
        let mut entries: Vec<(&String, &T)> = map.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        self.0.update(entries.len().to_le_bytes());
        for (key, value) in entries {
            self.raw(key.as_bytes());
            each(self, value);
        }
    }

    fn state(&mut self, state: Option<&State>) {
        let Some(state) = state else {
            return self.raw(b"no state");
        };
        if let Some(composite) = &state.composite {
            self.resource(composite);
        }
        self.sorted(&state.resources, Self::resource);
    }

    fn resource(&mut self, resource: &Resource) {
        self.fields(resource.resource.as_ref());
        self.sorted(&resource.connection_details, |digest, bytes| {
            digest.raw(bytes);
        });
        self.0.update(resource.ready.to_le_bytes());
    }

    fn fields(&mut self, fields: Option<&Struct>) {
        match fields {
            Some(fields) => self.sorted(&fields.fields, Self::value),
            None => self.raw(b"no fields"),
        }
    }

    fn value(&mut self, value: &Proto) {
        match &value.kind {
            None | Some(Kind::NullValue(_)) => self.raw(b"null"),
            Some(Kind::BoolValue(value)) => self.raw(if *value { b"true" } else { b"false" }),
            Some(Kind::NumberValue(number)) => self.0.update(number.to_bits().to_le_bytes()),
            Some(Kind::StringValue(text)) => self.raw(text.as_bytes()),
            Some(Kind::StructValue(fields)) => self.fields(Some(fields)),
            Some(Kind::ListValue(list)) => {
                self.0.update(list.values.len().to_le_bytes());
                list.values.iter().for_each(|value| self.value(value));
            }
        }
    }

    fn finish(self) -> String {
        self.0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(spec: &Value) -> RunFunctionRequest {
        let resource = Resource {
            resource: Some(convert::to_struct(spec)),
            ..Resource::default()
        };
        let resources = ["a", "b", "c", "d"].map(|name| (name.to_owned(), resource.clone()));
        RunFunctionRequest {
            observed: Some(State {
                composite: None,
                resources: HashMap::from_iter(resources),
            }),
            ..RunFunctionRequest::default()
        }
    }

    #[test]
    fn a_tag_is_of_the_content_whatever_the_order() {
        let one = tag(&request(&json!({"a": 1, "b": [1, 2], "c": {"d": null}})));
        assert_eq!(one.len(), 64);
        assert_eq!(
            one,
            tag(&request(&json!({"c": {"d": null}, "b": [1, 2], "a": 1})))
        );
        assert_ne!(
            one,
            tag(&request(&json!({"a": 1, "b": [2, 1], "c": {"d": null}})))
        );
        assert_ne!(
            one,
            tag(&request(&json!({"a": 1, "b": [1, 2], "c": {"d": ""}})))
        );
    }
}
