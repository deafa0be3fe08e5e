//! The check of the user's rights, by SelfSubjectAccessReview.

use std::collections::BTreeSet;

use crosscut_client::Api;

use crosscut_objects::object;
use crosscut_suite::model::Resource;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::api::PostParams;

use super::Finding;

/// A right that a run needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Right {
    group: String,
    resource: String,
    verb: &'static str,
    /// The purpose, as in "to …".
    purpose: &'static str,
}

impl Right {
    fn new(group: &str, resource: &str, verb: &'static str, purpose: &'static str) -> Right {
        Right {
            group: group.to_owned(),
            resource: resource.to_owned(),
            verb,
            purpose,
        }
    }
}

/// Returns the rights that a run needs on the control plane, with those to install `missing`.
pub(super) async fn of_control(api: &Api, missing: &[Resource]) -> Vec<Right> {
    let mut rights = BTreeSet::new();
    for verb in ["create", "delete"] {
        rights.insert(Right::new(
            "",
            "namespaces",
            verb,
            "give each trial a namespace of its own",
        ));
    }
    for document in missing {
        let value = document.node.to_value();
        let (version, kind) = (object::api_version(&value), object::kind(&value));
        // Another of the documents defines this kind.
        let Ok(resource) = api.resource_name(version, kind).await else {
            continue;
        };
        for verb in ["create", "patch", "delete"] {
            let group = object::group_of(version);
            rights.insert(Right::new(
                group,
                &resource,
                verb,
                "install the suite's documents",
            ));
        }
    }
    observing().into_iter().chain(rights).collect()
}

/// Returns the rights that a run needs on the target.
pub(super) fn of_target() -> Vec<Right> {
    let mut rights = observing();
    for verb in ["create", "patch", "delete"] {
        rights.push(Right::new(
            "*",
            "*",
            verb,
            "let composed objects be applied",
        ));
    }
    rights
}

fn observing() -> Vec<Right> {
    ["list", "watch"]
        .map(|verb| Right::new("*", "*", verb, "see when everything is at rest"))
        .to_vec()
}

/// Returns one finding for each purpose, with the rights that are not granted.
pub(super) async fn denied(client: &kube::Client, rights: &[Right], place: &str) -> Vec<Finding> {
    let mut findings: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut asked = BTreeSet::new();
    for right in rights {
        // A right can have two purposes; one review is enough.
        if !asked.insert((&right.group, &right.resource, right.verb)) {
            continue;
        }
        let Some(why) = refusal(client, right).await else {
            continue;
        };
        match findings
            .iter_mut()
            .find(|(purpose, _)| *purpose == right.purpose)
        {
            Some((_, denied)) => denied.push(why),
            None => findings.push((right.purpose, vec![why])),
        }
    }
    findings
        .into_iter()
        .map(|(purpose, denied)| {
            let what = format!("your user may not {}{place}", denied.join(", "));
            Finding::new(
                what,
                format!("grant it, to {purpose}; or use another context"),
            )
        })
        .collect()
}

/// Returns a description of the right if it is not granted, and `None` if it is.
async fn refusal(client: &kube::Client, right: &Right) -> Option<String> {
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(right.group.clone()),
                resource: Some(right.resource.clone()),
                verb: Some(right.verb.to_owned()),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let asked = kube::Api::all(client.clone())
        .create(&PostParams::default(), &review)
        .await;
    let name = match (right.group.as_str(), right.resource.as_str()) {
        (_, "*") => "anything".to_owned(),
        ("", resource) => resource.to_owned(),
        (group, resource) => format!("{resource}.{group}"),
    };
    match asked {
        Ok(answer) if answer.status.as_ref().is_some_and(|status| status.allowed) => None,
        Ok(_) => Some(format!("{} {name}", right.verb)),
        Err(error) => Some(format!(
            "{} {name} (it cannot be asked: {error})",
            right.verb
        )),
    }
}
