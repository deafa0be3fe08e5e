//! Real clusters for the tests of `--cluster kubeconfig`, made of the test bed's programs as a user's would be: with
//! Crossplane in the one, and the suite's functions known to it.

use std::path::PathBuf;
use std::sync::Arc;

use camino::Utf8PathBuf;
use crosscut_setup::crossplane::{CrossplaneSettings, RealCrossplane, definitions_of};
use crosscut_setup::{Asset, AssetSearch};

use crosscut_envtest::{Environment, EnvironmentSettings};

use crosscut_programs::default_root;
use crosscut_setup::{self, FunctionSettings, Progress};
use crosscut_suite::Selection;

/// A control plane and a target, each an API server with an etcd and the built-in controllers of its own.
pub(crate) struct Clusters {
    pub(crate) control: Environment,
    pub(crate) target: Environment,
    crossplane: Option<RealCrossplane>,
    /// A kubeconfig with the contexts `control` and `target`.
    pub(crate) kubeconfig: PathBuf,
}

fn quiet() -> Progress {
    Arc::new(|_: &str| {})
}

/// Returns the place where the programs of the test bed are.
pub(crate) fn search() -> AssetSearch {
    AssetSearch::from_variables(None, |name| std::env::var(name).ok())
}

/// Returns the reason why there are none here.
pub(crate) fn missing() -> Option<String> {
    let search = search();
    match search.find() {
        Err(error) => Some(error.to_string()),
        Ok(assets) if assets.crossplane.is_none() => {
            Some(search.missing([Asset::Crossplane]).to_string())
        }
        Ok(_) => None,
    }
}

async fn environment() -> Environment {
    let settings = EnvironmentSettings {
        assets: search().find().unwrap(),
        targets: 0,
        state_root: default_root(&std::env::temp_dir()),
        launcher: None,
    };
    let mut environment = Environment::start(settings, &quiet()).await.unwrap();
    environment.start_controllers().await.unwrap();
    environment
}

impl Clusters {
    /// Both, without Crossplane.
    pub(crate) async fn start() -> Clusters {
        let (control, target) = tokio::join!(environment(), environment());
        let text = merged(&control.control().kubeconfig, &target.control().kubeconfig);
        let kubeconfig = control.state().write("both.kubeconfig", &text).unwrap();
        Clusters {
            control,
            target,
            crossplane: None,
            kubeconfig,
        }
    }

    /// Defines Crossplane's kinds on the control plane, where nobody works on them.
    pub(crate) async fn define_crossplane(&self) {
        let client = self.control.control().client().clone().into();
        let api = crosscut_client::Api::new(&client, "test");
        for definition in crosscut_crossplane::custom_resource_definitions() {
            api.create(&definition).await.unwrap();
        }
    }

    /// Starts Crossplane on the control plane, with the functions of this project's suite.
    pub(crate) async fn start_crossplane(&mut self) {
        let root = Utf8PathBuf::from_path_buf(crosscut_testkit::project_root()).unwrap();
        let plan = crosscut_suite::load(&root, &Selection::default()).unwrap();
        let functions = crosscut_setup::functions::start(
            &plan.suite.functions,
            &root,
            &FunctionSettings::new(quiet()),
        )
        .await
        .unwrap();
        let program = self.control.assets().crossplane.clone().unwrap();
        let settings = CrossplaneSettings {
            program: &program,
            definitions: &definitions_of(&program).unwrap(),
            place: self.control.place(),
            progress: &quiet(),
        };
        let started = RealCrossplane::start(&settings, &functions).await.unwrap();
        self.crossplane = Some(started);
    }

    pub(crate) async fn stop(self) {
        if let Some(crossplane) = self.crossplane {
            crossplane.stop().await.unwrap();
        }
        self.control.stop().await.unwrap();
        self.target.stop().await.unwrap();
    }
}

/// One kubeconfig of two, whose contexts have the same name.
fn merged(control: &str, target: &str) -> String {
    let mut merged: serde_json::Value = serde_json::from_str(control).unwrap();
    let target = target.replace("\"control\"", "\"target\"");
    let target: serde_json::Value = serde_json::from_str(&target).unwrap();
    for list in ["clusters", "users", "contexts"] {
        let more = target[list].as_array().unwrap().clone();
        merged[list].as_array_mut().unwrap().extend(more);
    }
    merged.to_string()
}
