use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use camino::Utf8PathBuf;
use clap::Parser as _;
use crosscut_cluster::Lease;
use crosscut_suite::load_from;

use super::*;
use crate::arguments::{Arguments, Command, TestArguments};
use crate::places::Places;

/// A control plane whose leases never give way, as an expression without end would not.
struct Busy {
    is_over: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
}

#[async_trait]
impl Cluster for Busy {
    fn kind(&self) -> &str {
        "busy"
    }

    async fn lease(&self, _: &Trial, _: u64) -> Result<Box<dyn Lease>, ClusterError> {
        while !self.is_over.load(Ordering::SeqCst) {
            std::hint::spin_loop();
        }
        let reason = "it was busy".to_owned();
        Err(ClusterError::Unsupported { reason })
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

fn plan() -> Plan {
    let document = |kind: &str, rest: &str| {
        format!("apiVersion: crosscut.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: one}}\n{rest}")
    };
    let steps = "spec: {steps: [{actions: [{expect: {resource: {apiVersion: v1, kind: Namespace, metadata: {name: default}}}}]}]}\n";
    let files: BTreeMap<Utf8PathBuf, String> = [
        ("/p/crosscut.yaml", document("Suite", "")),
        ("/p/providers/provider.yaml", document("Provider", "")),
        ("/p/scenarios/scenario.yaml", document("Scenario", steps)),
    ]
    .map(|(file, text)| (file.into(), text))
    .into();
    load_from(&files, "/p".into(), &Selection::default()).unwrap()
}

fn arguments(more: &[&str]) -> TestArguments {
    let all = ["crosscut", "test", "--jobs", "1"].iter().chain(more);
    match Arguments::parse_from(all).command {
        Command::Test(arguments) => arguments,
        other => panic!("{other:?}"),
    }
}

/// Returns the way in which a run of one trial ends whose only worker is busy for good, and whether the control plane
/// was closed.
fn ended(more: &[&str], signal: Option<&'static str>) -> (String, bool) {
    let arguments = arguments(more);
    let [is_over, closed] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let workers = workers(NonZeroUsize::MIN).unwrap();
    let (events, received) = unbounded_channel();
    let (tell, told) = watch::channel(None);
    let mut observe = |event: &Event| {
        if matches!(event, Event::TrialStarted { .. }) && signal.is_some() {
            tell.send(signal).unwrap();
        }
    };
    let mut running = Running {
        cluster: Arc::new(Busy {
            is_over: Arc::clone(&is_over),
            closed: Arc::clone(&closed),
        }),
        workers: workers.handle().clone(),
        received,
        signals: Signals::told_by(told),
        output: &mut RunOutput::new(
            &arguments.trials,
            Vec::new(),
            Places::new("/p".into(), "/p".into()),
        ),
        observe: &mut observe,
        started: Instant::now(),
    };
    let setting = Setting {
        kind: ClusterKind::Embedded,
        seeds: Seeds::default(),
        final_objects: false,
        fail_fast: false,
    };
    let here = Builder::new_current_thread().enable_all().build().unwrap();
    let plan = plan();
    let run = running.run(&plan, setting, &arguments.trials, NonZeroUsize::MIN, events);
    let error = here.block_on(run).unwrap_err();
    let closed = closed.load(Ordering::SeqCst);
    is_over.store(true, Ordering::SeqCst);
    (error.to_string(), closed)
}

#[test]
fn a_signal_ends_a_run_whose_worker_is_busy() {
    let (error, closed) = ended(&[], Some("SIGTERM"));
    let expected = "interrupted by SIGTERM: 0 of 1 trials were judged, and reports hold no others";
    assert_eq!((error.as_str(), closed), (expected, true));
}

#[test]
fn the_timeout_ends_a_run_whose_worker_is_busy() {
    let (error, closed) = ended(&["--timeout", "10ms"], None);
    let expected = "--timeout is over: 0 of 1 trials were judged, and reports hold no others";
    assert_eq!((error.as_str(), closed), (expected, true));
}
