//! Installation of Crossplane packages.

use std::time::Duration;

use crosscut_client::Api;

use crosscut_objects::{ObjectRef, object};
use crosscut_suite::model::Resource;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::error::KindError;
use crosscut_setup::Progress;
use crosscut_setup::install::FIELD_MANAGER;

/// The time until packages are healthy; their images must be pulled first.
const HEALTHY: Duration = Duration::from_secs(600);
/// The time between two checks.
const POLL: Duration = Duration::from_secs(1);

/// Installs packages in order and waits until all are installed and healthy.
///
/// # Errors
/// [`KindError::Package`] if the API server refuses a package. [`KindError::Packages`] with the reasons of those that
/// are not healthy in time.
pub(super) async fn install(
    api: &Api,
    packages: &[Resource],
    progress: &Progress,
) -> Result<(), KindError> {
    let packages: Vec<Value> = packages
        .iter()
        .map(|package| package.node.to_value())
        .collect();
    for package in &packages {
        progress(&format!("installing {}", described(package)));
        api.apply(package, FIELD_MANAGER)
            .await
            .map_err(|source| KindError::Package {
                what: described(package),
                source,
            })?;
    }
    let end = Instant::now() + HEALTHY;
    let mut told = Vec::new();
    loop {
        let waiting = waiting(api, &packages).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(KindError::Packages {
                seconds: HEALTHY.as_secs(),
                waiting,
            });
        }
        if waiting != told {
            progress(&format!("waiting for {}", waiting.join("; ")));
            told = waiting;
        }
        sleep(POLL).await;
    }
}

async fn waiting(api: &Api, packages: &[Value]) -> Result<Vec<String>, KindError> {
    let mut waiting = Vec::new();
    for package in packages {
        let there = api
            .get(ObjectRef::of(package))
            .await
            .map_err(|source| KindError::Package {
                what: described(package),
                source,
            })?;
        waiting.extend(lacks(&there).map(|what| format!("{}: {what}", described(package))));
    }
    Ok(waiting)
}

/// Returns the first missing condition with its message; `None` if the package is installed and healthy.
fn lacks(package: &Value) -> Option<String> {
    ["Installed", "Healthy"].into_iter().find_map(|wanted| {
        let conditions = package["status"]["conditions"].as_array();
        let condition = conditions
            .into_iter()
            .flatten()
            .find(|condition| condition["type"] == wanted);
        let condition = condition.unwrap_or(&Value::Null);
        if condition["status"] == "True" {
            return None;
        }
        let text = |field| object::text(condition, &[field]);
        Some(match (text("message"), text("reason")) {
            ("", "") => format!("not {wanted} yet"),
            ("", reason) => format!("not {wanted} ({reason})"),
            (message, _) => format!("not {wanted}: {message}"),
        })
    })
}

fn described(package: &Value) -> String {
    format!("{} {}", object::kind(package), object::name(package))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::lacks;

    #[rstest]
    #[case::nothing_said(json!([]), Some("not Installed yet"))]
    #[case::unpacking(json!([{"type": "Installed", "status": "False", "reason": "UnpackingPackage"}]), Some("not Installed (UnpackingPackage)"))]
    #[case::unhealthy(
        json!([{"type": "Installed", "status": "True"}, {"type": "Healthy", "status": "False", "reason": "R", "message": "cannot pull"}]),
        Some("not Healthy: cannot pull"),
    )]
    #[case::healthy(json!([{"type": "Healthy", "status": "True"}, {"type": "Installed", "status": "True"}]), None)]
    fn packages_say_what_they_lack(#[case] conditions: Value, #[case] expected: Option<&str>) {
        let package = json!({"status": {"conditions": conditions}});
        assert_eq!(lacks(&package).as_deref(), expected);
    }
}
