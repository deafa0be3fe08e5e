//! References between managed resources, resolved as their CRDs describe them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crosscut_client::{Address, Api, object};
use crosscut_controller::ReconcileError;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::kinds::{Kinds, Reference};
use crate::lifecycle::{EXTERNAL_NAME, Managed};

/// How deep parameters may nest.
const DEEPEST: usize = 32;

/// How old what a selector of many finds must be, so that no more comes of what is being made: what was found stays.
const COMPLETE: SignedDuration = SignedDuration::from_secs(2);

/// How old a resource must be before it fails for a reference: what it refers to is made with it, in whatever order.
const MADE_TOGETHER: SignedDuration = SignedDuration::from_secs(10);

/// How soon it is looked again whether all are there, once they take longer than that.
const COMPLETE_AGAIN: Duration = Duration::from_secs(5);

/// Why references are not resolved.
pub(super) enum Unresolved {
    /// One leads nowhere.
    Nowhere(String),
    /// What they mean may still come; it is to be looked again after so long.
    Early(Duration),
}

impl From<String> for Unresolved {
    fn from(why: String) -> Unresolved {
        Unresolved::Nowhere(why)
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
            if let Err(error) = resolver.fill(map, reference).await {
                return Ok(Err(resolver.unless_young(error)));
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
        let kind = self
            .kinds
            .meant(reference, self.managed)
            .ok_or_else(|| format!("{target}: the kind that it refers to is not installed"))?;
        let found = self.referenced(map, reference, kind).await?;
        let selected = map.get(&reference.by_name).is_none_or(Value::is_null);
        if reference.many
            && selected
            && let Some(wait) = self.until_complete(&found, kind).await
        {
            return Err(Unresolved::Early(wait));
        }
        let names: Vec<Value> = found
            .iter()
            .map(|one| json!({ "name": object::name(one) }))
            .collect();
        let values: Result<Vec<Value>, String> =
            found.iter().map(|one| outside(one, target)).collect();
        let values = values?;
        if reference.many {
            map.insert(reference.by_name.clone(), Value::Array(names));
            map.insert(target.clone(), Value::Array(values));
        } else if let (Some(name), Some(value)) = (names.first(), values.first()) {
            map.insert(reference.by_name.clone(), name.clone());
            map.insert(target.clone(), value.clone());
        }
        Ok(())
    }

    /// A resource that was made a moment ago does not fail yet: whether it is seen before what it refers to is chance,
    /// and the order of its conditions would tell of it for ever.
    fn unless_young(&self, unresolved: Unresolved) -> Unresolved {
        match (&unresolved, self.left(self.managed, MADE_TOGETHER)) {
            (Unresolved::Nowhere(_), Some(left)) => Unresolved::Early(left),
            _ => unresolved,
        }
    }

    /// How long to wait until all is there that a selector means: what was found stays. A composite resource names all
    /// that it is about to make; where there is none, nothing may have been made of late.
    async fn until_complete(&self, found: &[Arc<Value>], kind: (&str, &str)) -> Option<Duration> {
        match self.are_to_be_made(kind).await {
            Some(true) => Some(
                self.left(self.managed, MADE_TOGETHER)
                    .unwrap_or(COMPLETE_AGAIN),
            ),
            Some(false) => None,
            None => found
                .iter()
                .filter_map(|one| self.left(one, COMPLETE))
                .max(),
        }
    }

    /// Whether the composite resource that this one is of has named more of a kind than there are; nothing where it is
    /// of none.
    async fn are_to_be_made(&self, (api_version, kind): (&str, &str)) -> Option<bool> {
        let owner = object::controller_of(self.managed)?;
        let namespace = object::namespace(self.managed);
        let address = Address {
            api_version: object::text(owner, &["apiVersion"]),
            kind: object::text(owner, &["kind"]),
            namespace,
            name: object::text(owner, &["name"]),
        };
        let composite = self.api.read(address).await.ok()?;
        let named = composite["spec"]["crossplane"]["resourceRefs"].as_array()?;
        let group = object::group_of(api_version);
        let is_meant = |reference: &&Value| {
            reference["kind"] == kind
                && object::group_of(object::text(reference, &["apiVersion"])) == group
        };
        let any = BTreeMap::new();
        let all = self.api.list(api_version, kind, namespace, &any).await;
        let all = all.ok()?;
        let is_there = |reference: &&Value| {
            all.iter()
                .any(|one| object::name(one) == object::text(reference, &["name"]))
        };
        let mut meant = named.iter().filter(is_meant);
        Some(!meant.all(|reference| is_there(&reference)))
    }

    fn left(&self, object: &Value, age: SignedDuration) -> Option<Duration> {
        let made = object::text(object, &["metadata", "creationTimestamp"]);
        let made: Timestamp = made.parse().ok()?;
        let now: Timestamp = self.now.parse().ok()?;
        let left = Duration::try_from(age - now.duration_since(made)).ok()?;
        (!left.is_zero()).then_some(left)
    }

    async fn referenced(
        &self,
        map: &Map<String, Value>,
        reference: &Reference,
        kind: (&str, &str),
    ) -> Result<Vec<Arc<Value>>, String> {
        let given = map.get(&reference.by_name).unwrap_or(&Value::Null);
        let named: Vec<&Value> = match given {
            Value::Array(list) => list.iter().collect(),
            Value::Object(_) => vec![given],
            _ => Vec::new(),
        };
        if named.is_empty() {
            let selector = map.get(&reference.by_labels).unwrap_or(&Value::Null);
            return self.selected(selector, &reference.target, kind).await;
        }
        let mut found = Vec::new();
        for one in named {
            let name = object::text(one, &["name"]);
            let (api_version, kind) = kind;
            let namespace = object::namespace(self.managed);
            let address = Address {
                api_version,
                kind,
                namespace,
                name,
            };
            let got = self.api.read(address).await;
            found.push(got.map_err(|error| format!("{}: {error}", reference.target))?);
        }
        Ok(found)
    }

    async fn selected(
        &self,
        selector: &Value,
        target: &str,
        (api_version, kind): (&str, &str),
    ) -> Result<Vec<Arc<Value>>, String> {
        let labels: BTreeMap<String, String> = selector["matchLabels"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let namespace = object::namespace(self.managed);
        let all = self.api.list(api_version, kind, namespace, &labels).await;
        let mut all = all.map_err(|error| format!("{target}: {error}"))?;
        if selector["matchControllerRef"] == true {
            let own = object::controller_of(self.managed).map(|owner| owner["uid"].clone());
            all.retain(|one| object::controller_of(one).map(|owner| owner["uid"].clone()) == own);
        }
        if all.is_empty() {
            return Err(format!("{target}: no resources matched selector"));
        }
        Ok(all)
    }
}

/// What another resource is known by outside; ARNs are in its status.
fn outside(referenced: &Value, field: &str) -> Result<Value, String> {
    let name = object::name(referenced);
    if field.ends_with("Arn") {
        let arn = &referenced["status"]["atProvider"]["arn"];
        return arn
            .as_str()
            .map(|arn| json!(arn))
            .ok_or_else(|| format!("{field}: referenced field was empty (referenced resource may not yet be ready): {name}"));
    }
    match object::annotation(referenced, EXTERNAL_NAME) {
        "" => Err(format!(
            "{field}: referenced field was empty (referenced resource may not yet be ready): {name}"
        )),
        outside => Ok(json!(outside)),
    }
}
