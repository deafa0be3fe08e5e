//! `Release` of provider-helm: which chart would be installed, in which version and with which values.
//!
//! No chart is fetched or rendered. What would be installed is recorded on the target, in the namespace and under the
//! name of Helm's own release Secret. Left out, and refused where it is asked for: `patchesFrom`, `rollbackLimit`
//! beyond what a release that never fails needs, and `connectionDetails`.

mod chart;
mod record;
mod values;

use std::sync::Arc;

use async_trait::async_trait;
use crosscut_client::{Api, ApiError};
use crosscut_objects::Event;

use crosscut_controller::{Action, Context, Controller, ReconcileError};
use crosscut_objects::{ObjectRef, object};

use crosscut_objects::Key;
use serde_json::{Value, json};

use crate::conditions::Condition;
use crate::connect::connect;
use crate::events::NewEvent;
use crate::lifecycle::{Doing, MISSING, Managed, POLL, desired_state_changed};
use crate::settings::Targets;

use chart::{Chart, NoChart};
use record::Record;
use values::ValuesError;

const GROUPS: [&str; 2] = ["helm.m.crossplane.io", "helm.crossplane.io"];

/// A Release whose chart or values are not usable.
#[derive(Debug, thiserror::Error)]
enum WantedError {
    /// A field that the stand-in does not implement.
    #[error("{field} is unsupported by crosscut's stand-in for provider-helm")]
    Unsupported { field: &'static str },
    #[error(transparent)]
    Chart(#[from] NoChart),
    #[error(transparent)]
    Values(#[from] ValuesError),
}

/// Records releases on targets.
pub(crate) struct Releases {
    targets: Arc<dyn Targets>,
}

impl Releases {
    pub(crate) fn new(targets: Arc<dyn Targets>) -> Releases {
        Releases { targets }
    }
}

#[async_trait]
impl Controller for Releases {
    fn name(&self) -> &str {
        "stand-in/release"
    }

    fn map_to_keys(&self, event: &Event) -> Vec<Key> {
        let resource = &event.resource;
        let ours = resource.kind == "Release" && GROUPS.contains(&resource.group.as_str());
        let asks = ours && desired_state_changed(event);
        asks.then(|| Key::of(event)).into_iter().collect()
    }

    async fn reconcile(&self, context: &Context, key: &Key) -> Result<Action, ReconcileError> {
        let read = Managed::read(context, "provider-helm", key).await?;
        let Some(mut managed) = read else {
            return Ok(Action::AwaitChange);
        };
        if managed.is_paused() {
            return managed.pause().await;
        }
        if object::is_being_deleted(&managed.object) && !managed.may("Delete") {
            managed.remove_finalizer().await?;
            return Ok(Action::AwaitChange);
        }
        let name = object::name(&managed.object).to_owned();
        managed.name_outside(&name).await?;
        let target = match connect(
            &managed.api,
            context.connection(),
            &self.targets,
            &managed.object,
        )
        .await
        {
            Ok(client) => Api::new(client, "provider-helm"),
            Err(error) => {
                return managed.fail_to(Doing::Connect, &error.to_string()).await;
            }
        };
        if object::is_being_deleted(&managed.object) {
            return uninstall(&mut managed, &target).await;
        }
        keep(&mut managed, &target).await
    }
}

/// The namespace that the release is installed to; the Release's own where it names none.
fn namespace(release: &Value) -> &str {
    match object::text(release, &["spec", "forProvider", "namespace"]) {
        "" => object::namespace(release),
        namespace => namespace,
    }
}

async fn keep(managed: &mut Managed, target: &Api) -> Result<Action, ReconcileError> {
    let wanted = match wanted(managed).await {
        Ok(wanted) => wanted,
        Err(error) => return managed.fail_to(Doing::Observe, &error.to_string()).await,
    };
    let found = record::latest(target, namespace(&managed.object), managed.external_name()).await;
    let deployed = match found {
        Ok(deployed) => deployed,
        Err(error) => {
            return managed.fail_to(Doing::Observe, &error.to_string()).await;
        }
    };
    if deployed.is_none() && managed.may_only_observe() {
        return managed.fail_to(Doing::Observe, MISSING).await;
    }
    managed.add_finalizer().await?;
    if let Some(warning) = wanted.chart.warning() {
        managed
            .say(NewEvent::warning("ChartVersionIgnored", &warning))
            .await?;
    }
    let outcome = match &deployed {
        None if managed.may("Create") => install(managed, target, &wanted).await,
        Some(deployed) if !deployed.is(&wanted) && managed.may("Update") => {
            record::replace(target, deployed, &wanted).await.map(Some)
        }
        _ => Ok(deployed.clone()),
    };
    match outcome {
        Ok(now) => report(managed, deployed.as_ref(), now.as_ref()).await,
        Err(error) => {
            let why = format!("failed to install release: {error}");
            managed
                .fail_to(Doing::write(deployed.is_some()), &why)
                .await
        }
    }
}

/// Returns what the Release asks for.
async fn wanted(managed: &Managed) -> Result<Record, WantedError> {
    if let Some(field) = unsupported(&managed.object) {
        return Err(WantedError::Unsupported { field });
    }
    let parameters = &managed.object["spec"]["forProvider"];
    Ok(Record {
        name: managed.external_name().to_owned(),
        namespace: namespace(&managed.object).to_owned(),
        chart: Chart::resolve(&parameters["chart"])?,
        values: values::compose(&managed.api, object::namespace(&managed.object), parameters)
            .await?,
        revision: 1,
    })
}

fn unsupported(release: &Value) -> Option<&'static str> {
    let given = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
    if given(&release["spec"]["forProvider"]["patchesFrom"]) {
        return Some("forProvider.patchesFrom");
    }
    given(&release["spec"]["connectionDetails"]).then_some("spec.connectionDetails")
}

async fn install(
    managed: &Managed,
    target: &Api,
    wanted: &Record,
) -> Result<Option<Record>, ApiError> {
    let skip = managed.object["spec"]["forProvider"]["skipCreateNamespace"] == true;
    if !skip {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": wanted.namespace,
            "labels": { "app.kubernetes.io/managed-by": "provider-helm" },
        } });
        match target.create(&namespace).await {
            Err(error) if !error.is_already_exists() => return Err(error),
            _ => {}
        }
    }
    record::create(target, wanted).await.map(Some)
}

async fn report(
    managed: &mut Managed,
    before: Option<&Record>,
    now: Option<&Record>,
) -> Result<Action, ReconcileError> {
    let Some(now) = now else {
        managed.set(Condition::CREATING);
        managed.set(Condition::SYNCED);
        managed.save().await?;
        return Ok(POLL);
    };
    let description = if now.revision == 1 {
        "Install complete"
    } else {
        "Upgrade complete"
    };
    let mut at_provider = json!({
        "state": "deployed",
        "revision": now.revision,
        "releaseDescription": description,
    });
    if let Some(version) = &now.chart.version {
        at_provider["version"] = json!(version);
    }
    object::set(&mut managed.object, &["status", "atProvider"], at_provider);
    object::set(&mut managed.object, &["status", "synced"], json!(true));
    managed.set(Condition::AVAILABLE);
    managed.set(Condition::SYNCED);
    managed.save().await?;
    if before.map(|before| before.revision) != Some(now.revision) {
        managed.did(Doing::write(before.is_some())).await?;
    }
    Ok(POLL)
}

async fn uninstall(managed: &mut Managed, target: &Api) -> Result<Action, ReconcileError> {
    let namespace = namespace(&managed.object).to_owned();
    let removed = record::remove(target, &namespace, managed.external_name()).await;
    if let Err(error) = removed {
        let why = format!("failed to uninstall release: {error}");
        return managed.fail_to(Doing::Delete, &why).await;
    }
    managed.remove_finalizer().await?;
    Ok(Action::AwaitChange)
}

/// The address of a Secret.
fn secret<'a>(namespace: &'a str, name: &'a str) -> ObjectRef<'a> {
    ObjectRef {
        api_version: "v1",
        kind: "Secret",
        namespace,
        name,
    }
}
