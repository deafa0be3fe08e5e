//! Managed resources that are neither Object nor Release: named, resolved, and given the status that they are told.

mod connection;
mod kinds;
mod references;

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use crosscut_apiserver::Event;
use crosscut_client::{Mapper, object};
use crosscut_controller::{After, Context, Controller, Key, ReconcileError};
use serde_json::{Value, json};

use crate::conditions::Condition;
use crate::lifecycle::{Doing, Managed, POLL, POLL_UNREADY};
use crate::settings::{ManagedRule, ManagedSettings};

use kinds::Kinds;
use references::Unresolved;

/// The groups that have stand-ins of their own.
const OTHERS: [&str; 4] = [
    "kubernetes.m.crossplane.io",
    "kubernetes.crossplane.io",
    "helm.m.crossplane.io",
    "helm.crossplane.io",
];

/// Stands in for every other provider.
pub(crate) struct ManagedResources {
    mapper: Arc<Mapper>,
    settings: ManagedSettings,
    kinds: RwLock<Arc<Kinds>>,
}

impl ManagedResources {
    pub(crate) fn new(mapper: Arc<Mapper>, settings: ManagedSettings) -> ManagedResources {
        ManagedResources {
            mapper,
            settings,
            kinds: RwLock::default(),
        }
    }
}

#[async_trait]
impl Controller for ManagedResources {
    fn name(&self) -> &str {
        "stand-in/managed"
    }

    fn interested(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        if resource.kind == "CustomResourceDefinition" {
            let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut kinds).learn(&event.object);
            return Vec::new();
        }
        let managed = event.object["spec"]["forProvider"].is_object();
        let ours = managed && !OTHERS.contains(&resource.group.as_str());
        ours.then(|| Key::of(event)).into_iter().collect()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<After, ReconcileError> {
        let read = Managed::read(context, &self.mapper, "crossplane-stand-in", key).await?;
        let Some(mut managed) = read else {
            return Ok(After::Nothing);
        };
        if managed.is_paused() {
            return managed.pause().await;
        }
        if object::is_being_deleted(&managed.object) {
            managed.remove_finalizer().await?;
            return Ok(After::Nothing);
        }
        let rule = self.settings.rule(&key.group, &key.kind);
        let name = outside_name(&managed.object, rule);
        managed.name_outside(&name).await?;
        let kinds = self
            .kinds
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match references::resolve(&mut managed, &kinds).await? {
            Ok(()) => {}
            Err(Unresolved::Early(wait)) => return Ok(After::In(wait)),
            Err(Unresolved::Nowhere(error)) => {
                let message = format!("cannot resolve references: {error}");
                return managed
                    .fail("CannotResolveResourceReferences", &message)
                    .await;
            }
        }
        managed.add_finalizer().await?;
        connection::publish(&managed, rule).await?;
        report(&mut managed, rule).await
    }
}

/// The name outside: the resource's own, or one as a provider would make it up.
fn outside_name(managed: &Value, rule: Option<&ManagedRule>) -> String {
    let name = object::name(managed);
    if rule.is_none_or(|rule| rule.external_name_from_name) {
        return name.to_owned();
    }
    let uid: String = object::uid(managed)
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(12)
        .collect();
    format!("{}-{uid}", object::kind(managed).to_lowercase())
}

async fn report(
    managed: &mut Managed,
    rule: Option<&ManagedRule>,
) -> Result<After, ReconcileError> {
    let first = managed.object["status"]["conditions"].is_null();
    if managed.object["status"]["atProvider"].is_null() {
        object::set(&mut managed.object, &["status", "atProvider"], json!({}));
    }
    if let Some(rule) = rule.filter(|rule| !rule.status.is_null()) {
        merge(&mut managed.object["status"], &rule.status);
    }
    let ready = rule.is_none_or(|rule| rule.ready);
    managed.set(if ready {
        Condition::AVAILABLE
    } else {
        Condition::CREATING
    });
    managed.set(Condition::SYNCED);
    managed.save().await?;
    if first {
        managed.did(Doing::Create).await?;
    }
    Ok(if ready { POLL } else { POLL_UNREADY })
}

fn merge(target: &mut Value, more: &Value) {
    match (target, more) {
        (Value::Object(target), Value::Object(more)) => {
            for (name, value) in more {
                merge(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (target, more) => *target = more.clone(),
    }
}
