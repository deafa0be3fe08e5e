//! ProviderConfigs stay while something uses them.
//!
//! The real providers count users by ProviderConfigUsage objects; here the users themselves are counted. They count
//! those of all namespaces that refer to the same name (crossplane-runtime 2.0), and so does this.

use std::sync::Arc;

use async_trait::async_trait;
use crosscut_client::Api;
use crosscut_objects::{Change, Event, Resource};

use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::object;

use crosscut_objects::Key;
use serde_json::{Value, json};

use crate::conditions::Condition;
use crate::lifecycle::{Managed, desired_state_changed, failed};

const IN_USE: &str = "in-use.crossplane.io";

/// The groups whose ProviderConfigs lead to targets, with the kinds that use them.
const USERS: [(&str, &str); 2] = [
    ("kubernetes.m.crossplane.io", "Object"),
    ("helm.m.crossplane.io", "Release"),
];

/// Keeps the in-use finalizer and the number of users.
pub(crate) struct ProviderConfigs;

#[async_trait]
impl Controller for ProviderConfigs {
    fn name(&self) -> &str {
        "stand-in/provider-configs"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        let known = USERS.iter().find(|(group, _)| *group == resource.group);
        match known {
            Some((_, user)) if *user == resource.kind => users_changed(event),
            Some(_)
                if resource.kind.ends_with("ProviderConfig") && desired_state_changed(event) =>
            {
                vec![Key::of(event)]
            }
            _ => Vec::new(),
        }
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let Some(mut config) = Managed::read(context, manager(&key.group), key).await? else {
            return Ok(Action::AwaitChange);
        };
        let users = users(&config.api, key).await?;
        let has = object::has_finalizer(&config.object, IN_USE);
        let deleting = object::is_being_deleted(&config.object);
        if deleting && users == 0 && has {
            object::remove_finalizer(&mut config.object, IN_USE);
        } else if !deleting && !has {
            object::add_finalizer(&mut config.object, IN_USE);
        }
        if object::has_finalizer(&config.object, IN_USE) != has {
            config.replace().await?;
        }
        if !deleting || users > 0 {
            if deleting {
                config.set_plain(Condition::IN_USE);
            }
            object::set(&mut config.object, &["status", "users"], json!(users));
            config.save().await?;
        }
        Ok(Action::AwaitChange)
    }
}

/// In whose name a group's configurations are written to.
fn manager(group: &str) -> &'static str {
    if group.starts_with("helm") {
        "provider-helm"
    } else {
        "provider-kubernetes"
    }
}

/// The ProviderConfigs that have a user more or less than before: to look at one means to list all its users.
fn users_changed(event: &Event) -> Vec<Key> {
    let used = |user: &Arc<Value>| used(&event.resource, user);
    let (before, now) = match event.change {
        Change::Added => (None, used(&event.object)),
        Change::Modified => (event.previous.as_ref().and_then(used), used(&event.object)),
        Change::Deleted => (used(&event.object), None),
    };
    if before == now {
        return Vec::new();
    }
    before.into_iter().chain(now).collect()
}

/// The ProviderConfig that a user refers to.
fn used(resource: &Resource, user: &Value) -> Option<Key> {
    let reference = |field: &str| object::text(user, &["spec", "providerConfigRef", field]);
    let kind = reference("kind");
    let namespace = (kind == "ProviderConfig").then(|| object::namespace(user).to_owned());
    (!kind.is_empty()).then(|| Key {
        group: resource.group.clone(),
        version: resource.version.clone(),
        kind: kind.to_owned(),
        namespace,
        name: reference("name").to_owned(),
    })
}

async fn users(api: &Api, config: &Key) -> Result<usize, ReconcileError> {
    let Some((_, kind)) = USERS.iter().find(|(group, _)| *group == config.group) else {
        return Ok(0);
    };
    let all = match api
        .list(&config.api_version(), kind, "", &Default::default())
        .await
    {
        Err(error) if error.is_no_match() || error.is_missing_route() => Vec::new(),
        all => all.map_err(|error| failed(&error))?,
    };
    let uses = |user: &&Arc<Value>| {
        let reference = |field: &str| object::text(user, &["spec", "providerConfigRef", field]);
        reference("kind") == config.kind && reference("name") == config.name
    };
    Ok(all.iter().filter(uses).count())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn event(change: Change, before: Option<&str>, now: &str) -> Event {
        let user = |config: &str| {
            let reference = json!({"kind": "ProviderConfig", "name": config});
            Arc::new(json!({
                "metadata": {"namespace": "team", "name": "chart"},
                "spec": {"providerConfigRef": reference},
            }))
        };
        Event {
            revision: 1,
            change,
            resource: Arc::new(Resource {
                group: "helm.m.crossplane.io".to_owned(),
                version: "v1beta1".to_owned(),
                plural: "releases".to_owned(),
                kind: "Release".to_owned(),
                namespaced: true,
            }),
            object: user(now),
            previous: before.map(user),
        }
    }

    #[rstest]
    #[case::one_more(Change::Added, None, "a", &["a"])]
    #[case::as_many(Change::Modified, Some("a"), "a", &[])]
    #[case::another(Change::Modified, Some("a"), "b", &["a", "b"])]
    #[case::one_less(Change::Deleted, Some("a"), "a", &["a"])]
    #[case::one_less_without_a_past(Change::Deleted, None, "a", &["a"])]
    fn configurations_are_looked_at_where_their_users_change(
        #[case] change: Change,
        #[case] before: Option<&str>,
        #[case] now: &str,
        #[case] expected: &[&str],
    ) {
        let keys = users_changed(&event(change, before, now));
        let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, expected);
    }
}
