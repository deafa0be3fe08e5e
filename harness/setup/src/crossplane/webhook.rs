//! The webhook by which Crossplane refuses to delete what is in use.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The configuration under which the API server asks Crossplane, which it finds by this URL, with a certificate that
/// `authority` (PEM) signed.
///
/// It is the one that Crossplane's chart installs, but for a URL in the place of a Service: there is no Service here.
pub(super) fn usage_protection(url: &str, authority: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "crossplane-no-usages"},
        "webhooks": [{
            "name": "nousages.protection.crossplane.io",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {
                "url": format!("{url}/validate-no-usages"),
                "caBundle": STANDARD.encode(authority),
            },
            "failurePolicy": "Fail",
            "objectSelector": {"matchLabels": {"crossplane.io/in-use": "true"}},
            "rules": [{
                "apiGroups": ["*"],
                "apiVersions": ["*"],
                "operations": ["DELETE"],
                "resources": ["*"],
                "scope": "*",
            }],
            "sideEffects": "None",
        }],
    })
}
