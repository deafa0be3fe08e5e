//! Managed resources that are neither Object nor Release: named, resolved, and given the status that they are told.

mod connection;
mod kinds;
mod references;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::Event;
use crosscut_objects::object;

use crosscut_objects::Key;
use serde_json::{Value, json};

use crate::conditions::Condition;
use crate::lifecycle::{Doing, Managed, POLL, POLL_UNREADY, desired_state_changed};
use crate::settings::{ManagedRule, ManagedSettings};

use kinds::Kinds;
use references::{Awaited, Unresolved};

/// The groups that have stand-ins of their own.
const OTHERS: [&str; 4] = [
    "kubernetes.m.crossplane.io",
    "kubernetes.crossplane.io",
    "helm.m.crossplane.io",
    "helm.crossplane.io",
];

/// Stands in for every other provider.
pub(crate) struct ManagedResources {
    settings: ManagedSettings,
    kinds: RwLock<Arc<Kinds>>,
    /// The resources whose references are not resolved, with the awaited kinds.
    waiting: Mutex<BTreeMap<Key, Awaited>>,
}

impl ManagedResources {
    pub(crate) fn new(settings: ManagedSettings) -> ManagedResources {
        ManagedResources {
            settings,
            kinds: RwLock::default(),
            waiting: Mutex::default(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Key, Awaited>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what waits for something like this.
    fn waiting_for(&self, key: &Key) -> Vec<Key> {
        let waiting = self.waiting();
        let is_meant = |(waits, awaited): &(&Key, &Awaited)| {
            awaited.kind == key.kind
                && awaited.group == key.group
                && waits.namespace == key.namespace
        };
        waiting
            .iter()
            .filter(is_meant)
            .map(|(waits, _)| waits.clone())
            .collect()
    }
}

#[async_trait]
impl Controller for ManagedResources {
    fn name(&self) -> &str {
        "stand-in/managed"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        if resource.kind == "CustomResourceDefinition" {
            let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut kinds).learn(&event.object);
            return Vec::new();
        }
        let managed = event.object["spec"]["forProvider"].is_object();
        if !managed || OTHERS.contains(&resource.group.as_str()) {
            return Vec::new();
        }
        let key = Key::of(event);
        let mut keys = self.waiting_for(&key);
        if desired_state_changed(event) {
            keys.push(key);
        }
        keys
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        self.waiting().remove(key);
        let read = Managed::read(context, "crossplane-stand-in", key).await?;
        let Some(mut managed) = read else {
            return Ok(Action::AwaitChange);
        };
        if managed.is_paused() {
            return managed.pause().await;
        }
        if object::is_being_deleted(&managed.object) {
            managed.remove_finalizer().await?;
            return Ok(Action::AwaitChange);
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
            Err(Unresolved::Early(awaited)) => {
                let after = Action::RequeueAfter(awaited.at_most);
                self.waiting().insert(key.clone(), awaited);
                return Ok(after);
            }
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
) -> Result<Action, ReconcileError> {
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
