//! What the fixture composes on the embedded control plane is what the real dot-kubernetes composes.
//!
//! The nine recorded states (three providers; nothing, Envoy Gateway, Prometheus too) are compared object by object and
//! field by field, order included. What differs on purpose is listed with its reason, and an entry that nothing needs
//! any longer fails, too. The recordings are no part of the project; where they are missing, this is skipped and says so.

use std::collections::BTreeSet;

use crosscut_testkit::reference_data;

use crate::composing::{Composing, PROVIDERS, documents, states};
use crate::differences::{Difference, differences, told};

/// Each intended difference: where it is, what it is about, and why.
///
/// `objects` is a part of `Kind name`, `path` the beginning of a JSON pointer within the object; an empty path means
/// that the object is only on one side.
struct Intended {
    objects: &'static str,
    path: &'static str,
    why: &'static str,
}

const INTENDED: [Intended; 24] = [
    Intended {
        objects: "-app-inference-crd-inferencepools",
        path: "",
        why: "the InferencePool CRD belongs to the inference extension alone: Envoy Gateway does not bring it",
    },
    Intended {
        objects: "-app-inference-crd-inferenceobjectives",
        path: "",
        why: "the experimental InferenceObjective CRD is never composed",
    },
    Intended {
        objects: "-app-gateway-helm",
        path: "/spec/forProvider/values/config/envoyGateway/extensionManager/backendResources",
        why: "Envoy Gateway never gets ready while its values name InferencePool and the CRD is absent",
    },
    Intended {
        objects: "Cluster ",
        path: "/spec/crossplane/compositionRevisionRef/name",
        why: "the revision's name is a hash of the Composition, whose functions are others",
    },
    Intended {
        objects: "Cluster ",
        path: "/status",
        why: "the recording's stand-in left everything unready; here managed resources become ready",
    },
    Intended {
        objects: "",
        path: "/status",
        why: "written by providers, here and there by stand-ins",
    },
    Intended {
        objects: "",
        path: "/metadata/finalizers",
        why: "no provider ran for the recording; here stand-ins hold what they manage",
    },
    Intended {
        objects: "",
        path: "/metadata/labels/crossplane.io~1in-use",
        why: "usages had no effect in the recording, since webhooks were off",
    },
    Intended {
        objects: "Usage ",
        path: "/metadata",
        why: "usages had no effect in the recording; here they own a reference to what uses",
    },
    Intended {
        objects: "Release a-team-gke-cilium",
        path: "/spec/forProvider/set/6/value",
        why: "the pods' range is the stand-in cluster's; the recording's had none",
    },
    Intended {
        objects: "NodePool ",
        path: "/spec/forProvider/cluster",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "Cluster ",
        path: "/spec/forProvider/vpcConfig/subnetId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/vpcId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/subnetId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/routeTableId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/clusterName",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/gatewayId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/securityGroupId",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/nodeRoleArn",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "",
        path: "/spec/forProvider/roleArn",
        why: "stand-ins resolve references; the recording's left them",
    },
    Intended {
        objects: "Object ",
        path: "/metadata/annotations/crossplane.io~1external-create-pending",
        why: "provider-kubernetes writes this into its Objects; the recording had none",
    },
    Intended {
        objects: "Object ",
        path: "/metadata/annotations/crossplane.io~1external-create-succeeded",
        why: "provider-kubernetes writes this into its Objects; the recording had none",
    },
    Intended {
        objects: "Object ",
        path: "/metadata/annotations/crossplane.io~1external-create-failed",
        why: "provider-kubernetes writes this into its Objects; the recording had none",
    },
    Intended {
        objects: "Object ",
        path: "/spec/readiness",
        why: "provider-kubernetes writes this into its Objects; the recording had none",
    },
];

#[tokio::test]
async fn the_fixture_composes_what_dot_kubernetes_does() {
    let Some(folder) = reference_data("facts/composed") else {
        return;
    };
    let fixture = Composing::of("");
    let mut used = BTreeSet::new();
    let mut unexpected = Vec::new();
    for provider in PROVIDERS {
        for (state, apps) in states() {
            let ours = fixture.compose(provider, &apps).await;
            let file = folder.join(format!("{provider}-{state}.yaml"));
            let recorded = documents(&std::fs::read_to_string(file).unwrap());
            for difference in differences(&ours, &recorded) {
                match intended(&difference) {
                    Some(index) => {
                        used.insert(index);
                    }
                    None => unexpected.push(format!("{provider}-{state}: {}", told(&difference))),
                }
            }
        }
    }
    fixture.close().await;
    assert!(
        unexpected.is_empty(),
        "{} differences:\n{}",
        unexpected.len(),
        unexpected.join("\n")
    );
    let unused: Vec<&str> = (0..INTENDED.len())
        .filter(|index| !used.contains(index))
        .map(|index| INTENDED[index].why)
        .collect();
    assert!(
        unused.is_empty(),
        "nothing needs these any longer: {unused:?}"
    );
}

fn intended((of, path, ..): &Difference) -> Option<usize> {
    INTENDED.iter().position(|intended| {
        of.contains(intended.objects)
            && match intended.path {
                "" => path.is_empty(),
                start => path.starts_with(start),
            }
    })
}
