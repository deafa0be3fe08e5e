//! The parts that the embedded control plane lacks, recorded when a request needs one.
//!
//! A request may need something that Kubernetes 1.34 or Crossplane 2.2 has and this server lacks. The response is then
//! that for something that does not exist. No verdict is based on such a response, because the server records the lack.

use crosscut_kinds::is_built_in;
use crosscut_objects::Lack;

use crate::builtin;
use crate::path::Target;
use crate::served::Served;
use crate::status;

/// Returns the lack of a kind that is not served, or `None` if Kubernetes does not have the kind.
pub(crate) fn of_kubernetes(api_version: &str, kind: &str) -> Option<Lack> {
    if !is_built_in(api_version, kind) {
        return None;
    }
    let mut served: Vec<&str> = builtin::kinds().collect();
    served.sort_unstable();
    served.dedup();
    Some(Lack::kind(api_version, kind, "Kubernetes' own", &served))
}

/// Returns a description of the request's subresource if kube-apiserver serves it and this server does not.
pub(crate) fn subresource(served: &Served, target: &Target) -> Option<String> {
    let subresource = target.subresource.as_deref()?;
    let declared = match served.custom() {
        Some(custom) => subresource == "scale" && custom.scale,
        None => {
            SUBRESOURCES.contains(&(target.group.as_str(), target.plural.as_str(), subresource))
        }
    };
    let resource = status::qualified(&target.group, &target.plural);
    declared.then(|| format!("the subresource {subresource} of {resource}"))
}

/// The subresources of built-in resources that kube-apiserver 1.34 serves and this server does not.
const SUBRESOURCES: [(&str, &str, &str); 2] =
    [("", "serviceaccounts", "token"), ("", "services", "proxy")];
