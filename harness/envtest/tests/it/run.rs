//! The test's control plane, with Crossplane, provider-kubernetes and the definitions of the suite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use crosscut_client::Api;

use crosscut_envtest::Environment;
use crosscut_objects::ObjectRef;
use crosscut_setup::crossplane::{
    CrossplaneError, CrossplaneSettings, ProviderKubernetes, ProviderKubernetesSettings,
    RealCrossplane, definitions_of,
};
use crosscut_setup::functions;
use crosscut_suite::Selection;
use serde_json::Value;

use crate::crossplane::Programs;
use crate::objects::{api, apply_folder, resident};

/// A stopwatch that prints the time of each part of the test.
pub(crate) struct Clock {
    last: Instant,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock {
            last: Instant::now(),
        }
    }

    pub(crate) fn lap(&mut self, what: &str) {
        self.note(&format!("{:?} {what}", self.last.elapsed()));
        self.last = Instant::now();
    }

    pub(crate) fn note(&self, text: &str) {
        println!("{text}");
    }
}

/// A control plane with Crossplane, provider-kubernetes and all documents of the fixture.
pub(crate) struct Run {
    pub(crate) control: Api,
    pub(crate) target: Api,
    crossplane: RealCrossplane,
    provider: ProviderKubernetes,
    _functions: crosscut_functions::Functions,
}

impl Run {
    pub(crate) async fn start(
        environment: &Environment,
        programs: &Programs,
        clock: &mut Clock,
    ) -> Run {
        let progress: functions::Progress = Arc::new(|_: &str| {});
        let root = root();
        let plan = crosscut_suite::load(&root, &Selection::default()).expect("the documents");
        let functions = functions::start(
            &plan.suite.functions,
            &root,
            &functions::FunctionSettings::new(Arc::clone(&progress)),
        )
        .await
        .expect("the functions");
        clock.lap("functions built and started");
        let crossplane = start_crossplane(environment, programs, &functions, &progress).await;
        clock.lap("Crossplane ready, from the definitions of its kinds on");
        let control = api(environment.control().client());
        for folder in ["providers/shared/crds", "providers/azure/crds"] {
            apply_folder(&control, &root.join(folder)).await;
        }
        clock.lap("the suite's definitions applied");
        let before = definition_of_objects(&control).await;
        let provider = start_provider(environment, programs, &progress)
            .await
            .unwrap_or_else(|error| panic!("{}", chain(&error)));
        clock.lap("provider-kubernetes ready");
        assert_eq!(definition_of_objects(&control).await, before);
        refuse_another(environment, programs, &progress).await;
        clock.lap("another provider-kubernetes refused");
        Run {
            control,
            target: api(environment.targets()[0].client()),
            crossplane,
            provider,
            _functions: functions,
        }
    }

    /// Reports the resident memory of each process.
    pub(crate) fn memory(&self, clock: &Clock) {
        for program in [self.crossplane.program(), self.provider.program()] {
            clock.note(&format!("{} MiB {}", resident(program), program.name()));
        }
    }

    pub(crate) async fn stop(self) {
        self.provider.stop().await.expect("it ends");
        self.crossplane.stop().await.expect("it ends");
    }
}

async fn start_crossplane(
    environment: &Environment,
    programs: &Programs,
    functions: &crosscut_functions::Functions,
    progress: &functions::Progress,
) -> RealCrossplane {
    let settings = CrossplaneSettings {
        program: &programs.crossplane,
        definitions: &definitions_of(&programs.crossplane).expect("its definitions"),
        place: environment.place(),
        progress,
    };
    RealCrossplane::start(&settings, functions)
        .await
        .unwrap_or_else(|error| panic!("{}", chain(&error)))
}

async fn start_provider(
    environment: &Environment,
    programs: &Programs,
    progress: &functions::Progress,
) -> Result<ProviderKubernetes, CrossplaneError> {
    let settings = ProviderKubernetesSettings {
        program: &programs.provider_kubernetes,
        definitions: &definitions_of(&programs.provider_kubernetes).expect("its definitions"),
        place: environment.place(),
        reached: environment.ports(),
        poll: Duration::from_secs(10),
        isolated: false,
        progress,
    };
    ProviderKubernetes::start(&settings).await
}

/// Checks that a second provider-kubernetes is refused, because both would need the same two ports.
async fn refuse_another(
    environment: &Environment,
    programs: &Programs,
    progress: &functions::Progress,
) {
    match start_provider(environment, programs, progress).await {
        Err(CrossplaneError::FixedPorts { .. }) => {}
        Err(error) => panic!("{}", chain(&error)),
        Ok(_) => panic!("two of them run"),
    }
}

/// Returns the suite's definition of Objects, which the provider's own definition must not replace.
async fn definition_of_objects(api: &Api) -> Value {
    let address = ObjectRef::cluster(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "objects.kubernetes.m.crossplane.io",
    );
    let definition = api.get(address).await.expect("a definition");
    definition["spec"].clone()
}

pub(crate) fn root() -> Utf8PathBuf {
    Utf8PathBuf::from_path_buf(crosscut_testkit::project_root()).expect("a path")
}

/// Returns an error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
