//! The parts that the embedded control plane lacks, noted when a request needs one.
//!
//! A request for something that Kubernetes 1.34 or Crossplane 2.2 has and this server has not is answered as if it were
//! not there; nothing that follows from the answer is a verdict. The server remembers each such thing.

use crosscut_kinds::is_built_in;
use crosscut_objects::Lack;

use crate::builtin;
use crate::path::Target;
use crate::served::Served;
use crate::status;

/// The lack that a kind is, which is not served, if Kubernetes has the kind.
pub(crate) fn of_kubernetes(api_version: &str, kind: &str) -> Option<Lack> {
    if !is_built_in(api_version, kind) {
        return None;
    }
    let mut served: Vec<&str> = builtin::kinds().collect();
    served.sort_unstable();
    served.dedup();
    Some(Lack::kind(api_version, kind, "Kubernetes' own", &served))
}

/// Returns what to call the subresource that a request is about, if kube-apiserver would serve it and this server does
/// not.
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

/// The subresources of the built-in resources here that kube-apiserver 1.34 serves and this server does not.
const SUBRESOURCES: [(&str, &str, &str); 2] =
    [("", "serviceaccounts", "token"), ("", "services", "proxy")];
