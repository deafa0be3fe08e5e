//! Who asked the API servers for what: their audit logs.
//!
//! kube-apiserver writes one where its command line says so. The control plane's command line is not the benchmark's to
//! say, so a small program stands in for kube-apiserver, which adds the flags.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crosscut_setup::AssetSearch;
use crosscut_setup::crossplane::definitions_of;
use serde_json::Value;

/// Every request but for those that have only begun to be served.
const POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
 "rules": [{"level": "Metadata"}]}"#;

/// The audit logs of one environment.
pub(crate) struct Audit {
    programs: PathBuf,
    logs: PathBuf,
}

/// How many requests came from whom.
pub(crate) struct Requests {
    pub(crate) of_crosscut: usize,
    pub(crate) of_chainsaw: usize,
}

/// What came of something, and what was asked meanwhile.
pub(crate) struct During<T> {
    pub(crate) result: T,
    pub(crate) requests: Requests,
}

impl Audit {
    /// Makes a folder of programs of which kube-apiserver keeps an audit log.
    pub(crate) fn new(folder: &Path, search: &AssetSearch) -> Audit {
        let (programs, logs) = (folder.join("programs"), folder.join("audit"));
        fs::create_dir(&programs).unwrap();
        fs::create_dir(&logs).unwrap();
        let assets = search.find().unwrap();
        let linked = [
            ("etcd", Some(assets.etcd)),
            ("kube-controller-manager", Some(assets.controller_manager)),
            ("crossplane", assets.crossplane.clone()),
            ("provider-kubernetes", assets.provider_kubernetes.clone()),
        ];
        for (name, program) in linked {
            symlink(program.unwrap(), programs.join(name)).unwrap();
        }
        let definitions = programs.join("crds");
        fs::create_dir(&definitions).unwrap();
        for program in [&assets.crossplane, &assets.provider_kubernetes] {
            let found = definitions_of(program.as_ref().unwrap()).unwrap();
            symlink(&found, definitions.join(found.file_name().unwrap())).unwrap();
        }
        let policy = folder.join("audit-policy.json");
        fs::write(&policy, POLICY).unwrap();
        let script = format!(
            "#!/bin/sh\nexec '{}' \"$@\" --audit-policy-file='{}' --audit-log-path='{}'/$$.log\n",
            assets.api_server.display(),
            policy.display(),
            logs.display(),
        );
        let program = programs.join("kube-apiserver");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        Audit { programs, logs }
    }

    /// The folder of programs.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Waits for something, and counts the requests that were begun or ended meanwhile.
    pub(crate) async fn during<T>(&self, something: impl Future<Output = T>) -> During<T> {
        let before = self.entries();
        let result = something.await;
        let after = self.entries();
        let new: Vec<&(String, Sender)> = after.difference(&before).collect();
        let of = |who| new.iter().filter(|(_, sender)| *sender == who).count();
        During {
            result,
            requests: Requests {
                of_crosscut: of(Sender::Crosscut),
                of_chainsaw: of(Sender::Chainsaw),
            },
        }
    }

    /// Every request that was logged, once, with who sent it.
    fn entries(&self) -> BTreeSet<(String, Sender)> {
        let logs = fs::read_dir(&self.logs).unwrap();
        let texts = logs.map(|log| fs::read_to_string(log.unwrap().path()).unwrap());
        let lines: Vec<String> = texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        // The last line may be half written.
        let entries = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        entries
            .map(|entry: Value| {
                let id = entry["auditID"].as_str().unwrap_or_default().to_owned();
                (id, Sender::of(entry["userAgent"].as_str()))
            })
            .collect()
    }
}

/// Who sent a request. What stand-ins do in the place of providers is done in both runs, and is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Crosscut,
    Chainsaw,
    Other,
}

impl Sender {
    fn of(user_agent: Option<&str>) -> Sender {
        match user_agent {
            Some(agent) if agent.starts_with("crosscut/") => Sender::Crosscut,
            Some(agent) if agent.starts_with("chainsaw/") => Sender::Chainsaw,
            _ => Sender::Other,
        }
    }
}
