//! References between managed resources, resolved as their CRDs describe them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crosscut_client::Api;

use crosscut_controller::ReconcileError;
use crosscut_objects::{ObjectRef, object};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::kinds::{Kinds, Reference};
use crate::lifecycle::{EXTERNAL_NAME, Managed};

/// The greatest depth of parameters.
const DEEPEST: usize = 32;

/// The age that a resource must have before the result of a selector for several resources counts as complete, because
/// the result stays.
const COMPLETE: SignedDuration = SignedDuration::from_secs(2);

/// The age of a resource before a missing reference is an error: both may be created together, in any order.
const MADE_TOGETHER: SignedDuration = SignedDuration::from_secs(10);

/// The same age if the referenced resource is known to come. A busy machine may delay that resource.
const EXPECTED: SignedDuration = SignedDuration::from_secs(60);

/// The time after which it is looked again whether all are there, once they take longer than that.
const COMPLETE_AGAIN: Duration = Duration::from_secs(5);

/// The reason why references are not resolved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// An error of a reference, as a sentence fragment.
    Nowhere(String),
    /// A referenced resource that may still come.
    Early(Awaited),
}

/// A kind of resource that may still come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Awaited {
    /// The group and the kind of it: when something happens to one, it is to be looked again.
    pub(super) group: String,
    pub(super) kind: String,
    /// The longest time to wait for the resource.
    pub(super) at_most: Duration,
}

/// The reason why one reference has no value.
struct Missing {
    why: String,
    /// True if it is known to come: what it refers to is about to be made, or its provider has not looked at it.
    expected: bool,
}

impl From<String> for Missing {
    fn from(why: String) -> Missing {
        Missing {
            why,
            expected: false,
        }
    }
}

/// Fills in what references lead to, and writes it where that changes anything; all of them or none.
pub(super) async fn resolve(
    managed: &mut Managed,
    kinds: &Kinds,
) -> Result<Result<(), Unresolved>, ReconcileError> {
    let mut parameters = managed.object["spec"]["forProvider"].clone();
    let resolver = Resolver {
        api: &managed.api,
        managed: &managed.object,
        now: &managed.now,
        kinds,
    };
    for reference in kinds.references(&managed.object) {
        let mut places = Vec::new();
        find(&parameters, reference, &mut Vec::new(), &mut places);
        for place in places {
            let Some(map) = parameters
                .pointer_mut(&place)
                .and_then(Value::as_object_mut)
            else {
                continue;
            };
            if let Err(unresolved) = resolver.fill(map, reference).await {
                return Ok(Err(unresolved));
            }
        }
    }
    if parameters != managed.object["spec"]["forProvider"] {
        managed
            .patch(&json!({ "spec": { "forProvider": parameters } }))
            .await?;
    }
    Ok(Ok(()))
}

/// The JSON pointer of every map that uses a reference.
fn find(value: &Value, reference: &Reference, path: &mut Vec<String>, places: &mut Vec<String>) {
    if path.len() > DEEPEST {
        return;
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            let uses = |field: &str| map.get(field).is_some_and(|value| !value.is_null());
            if uses(&reference.by_name) || uses(&reference.by_labels) {
                places.push(path.iter().map(|step| format!("/{step}")).collect());
            }
            map.iter()
                .map(|(name, value)| (name.clone(), value))
                .collect()
        }
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered
                .map(|(index, value)| (index.to_string(), value))
                .collect()
        }
        _ => return,
    };
    for (step, value) in children {
        path.push(step.replace('~', "~0").replace('/', "~1"));
        find(value, reference, path, places);
        path.pop();
    }
}

struct Resolver<'a> {
    api: &'a Api,
    managed: &'a Value,
    now: &'a str,
    kinds: &'a Kinds,
}

impl Resolver<'_> {
    /// Fills in a field, unless it has a value.
    async fn fill(
        &self,
        map: &mut Map<String, Value>,
        reference: &Reference,
    ) -> Result<(), Unresolved> {
        let target = &reference.target;
        let empty = [json!([]), json!(""), Value::Null];
        if map.get(target).is_some_and(|value| !empty.contains(value)) {
            return Ok(());
        }
        let Some(kind) = self.kinds.meant(reference, self.managed) else {
            let why = format!("{target}: the kind that it refers to is not installed");
            return Err(Unresolved::Nowhere(why));
        };
        let found = self.meant(map, reference, kind).await?;
        let names: Vec<Value> = found
            .iter()
            .map(|one| json!({ "name": object::name(one) }))
            .collect();
        let values: Result<Vec<Value>, Missing> =
            found.iter().map(|one| outside(one, target)).collect();
        let values = values.map_err(|missing| self.unless_young(missing, kind))?;
        if reference.many {
            map.insert(reference.by_name.clone(), Value::Array(names));
            map.insert(target.clone(), Value::Array(values));
        } else if let (Some(name), Some(value)) = (names.first(), values.first()) {
            map.insert(reference.by_name.clone(), name.clone());
            map.insert(target.clone(), value.clone());
        }
        Ok(())
    }

    /// Returns what a reference means, all of it.
    async fn meant(
        &self,
        map: &Map<String, Value>,
        reference: &Reference,
        kind: (&str, &str),
    ) -> Result<Vec<Arc<Value>>, Unresolved> {
        let target = &reference.target;
        let missing = |missing| self.unless_young(missing, kind);
        let named = named(map, reference);
        if !named.is_empty() {
            return self.named(&named, target, kind).await.map_err(missing);
        }
        // What there is and whether more is to come are told from one list: what is made between two would be in neither.
        let all = self.all(target, kind).await.map_err(missing)?;
        let selector = map.get(&reference.by_labels).unwrap_or(&Value::Null);
        let found = self.selected(selector, &all);
        if found.is_empty() {
            return Err(missing(Missing {
                why: format!("{target}: no resources matched selector"),
                expected: self.are_to_be_made(&all, kind).await == Some(true),
            }));
        }
        if reference.many
            && let Some(at_most) = self.until_complete(&found, &all, kind).await
        {
            return Err(early(kind, at_most));
        }
        Ok(found)
    }

    /// A resource that was made a moment ago does not fail yet: whether it is seen before what it refers to is chance,
    /// and the order of its conditions would tell of it for ever.
    fn unless_young(&self, missing: Missing, kind: (&str, &str)) -> Unresolved {
        let age = if missing.expected {
            EXPECTED
        } else {
            MADE_TOGETHER
        };
        match self.left(self.managed, age) {
            Some(left) => early(kind, left),
            None => Unresolved::Nowhere(missing.why),
        }
    }

    /// Returns the time to wait until all is there that a selector means: what was found stays. A composite resource
    /// names all that it is about to make; if there is none, nothing may have been made of late.
    async fn until_complete(
        &self,
        found: &[Arc<Value>],
        all: &[Arc<Value>],
        kind: (&str, &str),
    ) -> Option<Duration> {
        match self.are_to_be_made(all, kind).await {
            Some(true) => Some(self.left(self.managed, EXPECTED).unwrap_or(COMPLETE_AGAIN)),
            Some(false) => None,
            None => found
                .iter()
                .filter_map(|one| self.left(one, COMPLETE))
                .max(),
        }
    }

    /// All of a kind that are in the namespace.
    async fn all(
        &self,
        target: &str,
        (api_version, kind): (&str, &str),
    ) -> Result<Vec<Arc<Value>>, Missing> {
        let namespace = object::namespace(self.managed);
        let any = BTreeMap::new();
        let all = self.api.list(api_version, kind, namespace, &any).await;
        all.map_err(|error| format!("{target}: {error}").into())
    }

    /// Returns true if the composite resource that this one is of has named more of a kind than `all`; nothing if it is
    /// of none.
    async fn are_to_be_made(
        &self,
        all: &[Arc<Value>],
        (api_version, kind): (&str, &str),
    ) -> Option<bool> {
        let owner = object::controller_of(self.managed)?;
        let address = ObjectRef {
            api_version: object::text(owner, &["apiVersion"]),
            kind: object::text(owner, &["kind"]),
            namespace: object::namespace(self.managed),
            name: object::text(owner, &["name"]),
        };
        let composite = self.api.read(address).await.ok()?;
        let named = composite["spec"]["crossplane"]["resourceRefs"].as_array()?;
        let group = object::group_of(api_version);
        let is_meant = |reference: &&Value| {
            reference["kind"] == kind
                && object::group_of(object::text(reference, &["apiVersion"])) == group
        };
        let is_there = |reference: &Value| {
            all.iter()
                .any(|one| object::name(one) == object::text(reference, &["name"]))
        };
        Some(!named.iter().filter(is_meant).all(is_there))
    }

    fn left(&self, object: &Value, age: SignedDuration) -> Option<Duration> {
        let made = object::text(object, &["metadata", "creationTimestamp"]);
        let made: Timestamp = made.parse().ok()?;
        let now: Timestamp = self.now.parse().ok()?;
        let left = Duration::try_from(age - now.duration_since(made)).ok()?;
        (!left.is_zero()).then_some(left)
    }

    async fn named(
        &self,
        named: &[&Value],
        target: &str,
        (api_version, kind): (&str, &str),
    ) -> Result<Vec<Arc<Value>>, Missing> {
        let mut found = Vec::new();
        for one in named {
            let address = ObjectRef {
                api_version,
                kind,
                namespace: object::namespace(self.managed),
                name: object::text(one, &["name"]),
            };
            let got = self.api.read(address).await;
            found.push(got.map_err(|error| format!("{target}: {error}"))?);
        }
        Ok(found)
    }

    /// Those that a selector means.
    fn selected(&self, selector: &Value, all: &[Arc<Value>]) -> Vec<Arc<Value>> {
        let siblings = selector["matchControllerRef"] == true;
        let own = object::controller_of(self.managed).map(|owner| &owner["uid"]);
        let is_meant = |one: &&Arc<Value>| {
            let labels = selector["matchLabels"].as_object();
            let labelled = labels
                .into_iter()
                .flatten()
                .all(|(key, value)| one["metadata"]["labels"][key] == *value);
            labelled && (!siblings || object::controller_of(one).map(|owner| &owner["uid"]) == own)
        };
        all.iter().filter(is_meant).cloned().collect()
    }
}

fn early((api_version, kind): (&str, &str), at_most: Duration) -> Unresolved {
    Unresolved::Early(Awaited {
        group: object::group_of(api_version).to_owned(),
        kind: kind.to_owned(),
        at_most,
    })
}

/// The references by name, if any.
fn named<'a>(map: &'a Map<String, Value>, reference: &Reference) -> Vec<&'a Value> {
    match map.get(&reference.by_name) {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}

/// Returns what another resource is known by outside; ARNs are in its status.
fn outside(referenced: &Value, field: &str) -> Result<Value, Missing> {
    let value = if field.ends_with("Arn") {
        object::text(referenced, &["status", "atProvider", "arn"])
    } else {
        object::annotation(referenced, EXTERNAL_NAME)
    };
    if value.is_empty() {
        let name = object::name(referenced);
        return Err(Missing {
            why: format!(
                "{field}: referenced field was empty (referenced resource may not yet be ready): {name}"
            ),
            expected: referenced["status"]["conditions"].is_null(),
        });
    }
    Ok(json!(value))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicBool, Ordering};

    use http::{Request, Response};
    use kube::client::Body;

    use super::*;

    const API_VERSION: &str = "net.example.org/v1";
    const NOW: &str = "2026-01-01T00:00:00Z";

    fn owner() -> Value {
        json!({"apiVersion": API_VERSION, "kind": "Team", "name": "t", "uid": "1", "controller": true})
    }

    fn network(name: &str) -> Value {
        json!({
            "metadata": {
                "name": name, "namespace": "a", "annotations": {EXTERNAL_NAME: name},
                "ownerReferences": [owner()],
            },
        })
    }

    /// A busy API server, where the second network is made right after the networks were asked for.
    fn answer(path: &str, two: &AtomicBool) -> Value {
        let served =
            |name: &str, kind: &str| json!({"name": name, "kind": kind, "namespaced": true});
        match path {
            "/apis/net.example.org/v1" => {
                json!({"resources": [served("networks", "Network"), served("teams", "Team")]})
            }
            "/apis/net.example.org/v1/namespaces/a/networks" => {
                let mut items = vec![network("one")];
                if two.swap(true, Ordering::Relaxed) {
                    items.push(network("two"));
                }
                json!({ "items": items })
            }
            "/apis/net.example.org/v1/namespaces/a/teams/t" => {
                let named = ["one", "two"].map(
                    |name| json!({"apiVersion": API_VERSION, "kind": "Network", "name": name}),
                );
                json!({"spec": {"crossplane": {"resourceRefs": named}}})
            }
            other => panic!("{other}"),
        }
    }

    fn busy() -> Api {
        let two = Arc::new(AtomicBool::new(false));
        let service = tower::service_fn(move |request: Request<Body>| {
            let said = answer(request.uri().path(), &two).to_string();
            async { Ok::<_, Infallible>(Response::new(Body::from(said.into_bytes()))) }
        });
        Api::new(kube::Client::new(service, "a"), "test")
    }

    fn schema() -> Value {
        let said = "Selector for a list of Network in net to populate networkIds.";
        json!({"properties": {"spec": {"properties": {"forProvider": {"properties": {
            "networkIdSelector": {"description": said},
        }}}}}})
    }

    #[tokio::test]
    async fn what_is_made_meanwhile_is_not_left_out() {
        let mut kinds = Kinds::default();
        for kind in ["Network", "Peering"] {
            kinds.learn(&json!({"spec": {
                "group": "net.example.org", "names": {"kind": kind},
                "versions": [{"name": "v1", "served": true, "schema": {"openAPIV3Schema": schema()}}],
            }}));
        }
        let managed = json!({
            "apiVersion": API_VERSION, "kind": "Peering",
            "metadata": {"namespace": "a", "creationTimestamp": NOW, "ownerReferences": [owner()]},
        });
        let resolver = Resolver {
            api: &busy(),
            managed: &managed,
            now: NOW,
            kinds: &kinds,
        };
        let mut map = Map::new();
        map.insert(
            "networkIdSelector".to_owned(),
            json!({"matchControllerRef": true}),
        );
        let [reference] = kinds.references(&managed) else {
            panic!("one reference");
        };
        let early = resolver.fill(&mut map, reference).await;
        let awaited = Awaited {
            group: "net.example.org".to_owned(),
            kind: "Network".to_owned(),
            at_most: Duration::from_secs(60),
        };
        assert_eq!(early, Err(Unresolved::Early(awaited)));
        assert_eq!(map.get("networkIds"), None);
        assert_eq!(resolver.fill(&mut map, reference).await, Ok(()));
        assert_eq!(map["networkIds"], json!(["one", "two"]));
    }
}
