//! The observed state: the composed resources that a composite refers to, and connection details.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Session;
use super::xr::{Layout, Xr, resource_references};
use crate::error::{Error, Wrap};
use crate::object;
use crosscut_objects::ObjectRef;

/// The annotation with the name of a composed resource in its composition.
pub const ANNOTATION_NAME: &str = "crossplane.io/composition-resource-name";

/// The data of a connection secret.
pub(super) type ConnectionDetails = HashMap<String, Vec<u8>>;

/// A composed resource in its observed state.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) object: Arc<Value>,
    pub(super) connection: ConnectionDetails,
}

/// Returns the existing composed resources, by their names in the composition.
///
/// Ignores references without a name, to missing objects, and to objects with another controller.
pub(super) async fn composed(
    session: &Session<'_>,
    xr: &Xr,
) -> Result<BTreeMap<String, Observed>, Error> {
    let mut observed = BTreeMap::new();
    for reference in resource_references(xr.layout, &xr.object) {
        if reference.name.is_empty() {
            continue;
        }
        let address = ObjectRef {
            api_version: &reference.api_version,
            kind: &reference.kind,
            namespace: &reference.namespace,
            name: &reference.name,
        };
        let Some(object) = session
            .read(address)
            .await
            .context("cannot get composed resource")?
        else {
            continue;
        };
        if object::controller_of(&object)
            .is_some_and(|owner| object::text(owner, &["uid"]) != object::uid(&xr.object))
        {
            continue;
        }
        let name = object::annotation(&object, ANNOTATION_NAME).to_owned();
        if name.is_empty() {
            let text = format!(
                "encountered composed resource without required {ANNOTATION_NAME:?} annotation"
            );
            return Err(Error::new(text));
        }
        let connection = connection_of(session, &object).await.with_context(|| {
            format!(
                "cannot fetch connection details for composed resource {name:?} (a {} named {})",
                object::kind(&object),
                object::name(&object)
            )
        })?;
        observed.insert(name, Observed { object, connection });
    }
    Ok(observed)
}

/// Returns the connection details of the composite itself; only legacy composites have any.
pub(super) async fn composite_connection(
    session: &Session<'_>,
    xr: &Xr,
) -> Result<ConnectionDetails, Error> {
    if xr.layout == Layout::Modern {
        return Ok(ConnectionDetails::new());
    }
    connection_of(session, &xr.object).await
}

/// Returns the data of an object's connection secret; a missing Secret counts as an empty one.
async fn connection_of(session: &Session<'_>, object: &Value) -> Result<ConnectionDetails, Error> {
    let Some(reference) = object::at(object, &["spec", "writeConnectionSecretToRef"]) else {
        return Ok(ConnectionDetails::new());
    };
    let own = object::namespace(object);
    let namespace = if own.is_empty() {
        object::text(reference, &["namespace"])
    } else {
        own
    };
    let address = ObjectRef {
        api_version: "v1",
        kind: "Secret",
        namespace,
        name: object::text(reference, &["name"]),
    };
    let secret = session
        .read(address)
        .await
        .context("cannot get connection secret of composed resource")?;
    Ok(secret
        .map(|secret| secret_data(&secret))
        .unwrap_or_default())
}

/// Returns the decoded data of a Secret.
pub(super) fn secret_data(secret: &Value) -> ConnectionDetails {
    let data = secret.get("data").and_then(Value::as_object);
    data.into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), STANDARD.decode(value.as_str()?).ok()?)))
        .collect()
}
