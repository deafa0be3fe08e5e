//! The audit logs of the API servers, which count requests by sender.
//!
//! kube-apiserver writes an audit log if its flags ask for that. The benchmark cannot set the control plane's flags, so
//! a small script replaces kube-apiserver and adds them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crosscut_setup::AssetSearch;
use crosscut_setup::crossplane::definitions_of;
use serde_json::Value;

/// The audit policy: all requests, each logged from its response on.
const POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
 "rules": [{"level": "Metadata"}]}"#;

/// The audit logs of one environment.
pub(crate) struct Audit {
    programs: PathBuf,
    logs: PathBuf,
}

/// The numbers of requests by sender.
pub(crate) struct Requests {
    pub(crate) of_crosscut: usize,
    pub(crate) of_chainsaw: usize,
}

/// The result of a future, and the requests sent while it ran.
pub(crate) struct During<T> {
    pub(crate) result: T,
    pub(crate) requests: Requests,
}

impl Audit {
    /// Creates a folder of programs with a kube-apiserver that keeps an audit log.
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

    /// Returns the folder of programs.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Runs a future, and counts the requests that began or ended meanwhile.
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

    /// Returns every logged request once, with its sender.
    fn entries(&self) -> BTreeSet<(String, Sender)> {
        let logs = fs::read_dir(&self.logs).unwrap();
        let texts = logs.map(|log| fs::read_to_string(log.unwrap().path()).unwrap());
        let lines: Vec<String> = texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        // The last line may be incomplete.
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

/// The sender of a request. Requests of stand-ins occur in both runs and are counted for neither.
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
