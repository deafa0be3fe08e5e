//! Programs under test, which run beside a trial's clusters from the trial's beginning or from a step to its end.
//!
//! The crate `crosscut-programs` starts, watches and kills processes. This module decides how a program is started,
//! when it is ready, and what its end means for the verdict.

pub(crate) mod failure;
pub(crate) mod launch;

use std::sync::Arc;

use crosscut_cluster::ProgramPlace;
use crosscut_events::Warning;
use crosscut_programs::{ClaimedPorts, EndSignal, Program, Stopped};
use crosscut_suite::Trial;
use crosscut_suite::model::{Program as Declared, ProgramVerb, Readiness, StopSignal};
use serde_json::{Map, Value, json};

use crate::stop::Stop;

/// The number of lines of each program in a failure.
const SHOWN: usize = 10;
/// The name of the kubeconfig file in a program's folder.
const KUBECONFIG: &str = "kubeconfig";

/// The programs of one trial. Dropping the value kills all running programs.
pub(crate) struct Programs {
    pub(crate) place: Result<ProgramPlace, String>,
    pub(crate) declared: Vec<Arc<Declared>>,
    ports: Vec<(String, u16)>,
    pub(crate) running: Vec<Running>,
    _claimed: ClaimedPorts,
}

/// A program that was started.
pub(crate) struct Running {
    pub(crate) declared: Arc<Declared>,
    pub(crate) program: Program,
}

impl Running {
    /// Returns true if the program is declared to end after its work.
    pub(crate) fn is_to_end(&self) -> bool {
        matches!(self.declared.ready, Readiness::Exit(_))
    }
}

impl Programs {
    /// Assigns a number to each port; starts no program.
    ///
    /// # Errors
    /// [`Stop`] if there are not enough ports.
    pub(crate) fn new(
        trial: &Trial,
        place: Result<ProgramPlace, String>,
    ) -> std::io::Result<Programs> {
        let (suite, scenario) = (&trial.suite, &trial.scenario);
        let names: Vec<&String> = suite.ports.iter().chain(&scenario.ports).collect();
        let claimed = ClaimedPorts::claim(names.len())?;
        let numbers = claimed.ports().iter().copied();
        Ok(Programs {
            place,
            declared: suite
                .programs
                .iter()
                .chain(&scenario.programs)
                .cloned()
                .collect(),
            ports: names.into_iter().cloned().zip(numbers).collect(),
            running: Vec::new(),
            _claimed: claimed,
        })
    }

    /// Returns `$ports` and `$programs`, as expressions see them.
    pub(crate) fn bindings(&self) -> [(&'static str, Value); 2] {
        let ports: Map<String, Value> = self
            .ports
            .iter()
            .map(|(name, port)| (name.clone(), json!(port)))
            .collect();
        let programs: Map<String, Value> = self
            .declared
            .iter()
            .map(|program| (program.name.clone(), self.binding(program)))
            .collect();
        [
            ("ports", Value::Object(ports)),
            ("programs", Value::Object(programs)),
        ]
    }

    /// Returns the variables of one program, such as the paths of its files; null if no program can run.
    fn binding(&self, program: &Declared) -> Value {
        let Ok(place) = &self.place else {
            return Value::Null;
        };
        let folder = place.state.path().join(folder_of(place, &program.name));
        let kubeconfig = program.kubeconfig.map(|_| folder.join(KUBECONFIG));
        json!({"folder": folder, "kubeconfig": kubeconfig, "log": log_of(place, &program.name)})
    }

    /// Returns true if a program runs that may write to the clusters.
    pub(crate) fn any_runs(&self) -> bool {
        self.running
            .iter()
            .any(|one| one.program.exit_status().is_none())
    }

    /// Returns the last lines of each program, as evidence.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.running
            .iter()
            .flat_map(|one| failure::notes(&one.declared.name, &one.program.last_lines(SHOWN)))
            .collect()
    }

    /// Checks that no program has ended unexpectedly.
    ///
    /// # Errors
    /// [`Stop`] for the first program that has.
    pub(crate) fn all_live(&self) -> Result<(), Stop> {
        let ended = self
            .running
            .iter()
            .filter(|one| !one.is_to_end())
            .find_map(|one| Some((one, one.program.exit_status()?)));
        match ended {
            Some((one, status)) => Err(failure::ended(&one.declared, &one.program, &status)),
            None => Ok(()),
        }
    }

    /// Ends all programs, the last first, and deletes their files. Returns a warning for each that had to be killed.
    ///
    /// # Errors
    /// [`Stop`] for a program that cannot even be killed.
    pub(crate) async fn end(&mut self) -> Result<Vec<Warning>, Stop> {
        let mut warnings = Vec::new();
        let mut outcome = Ok(());
        while let Some(one) = self.running.pop() {
            match end(&one).await {
                Ok(Stopped::InTime(_)) => {}
                Ok(Stopped::Killed(_)) => warnings.push(Warning {
                    about: format!("program {}", one.declared.name),
                    message: failure::killed(&one.declared),
                }),
                Err(error) => outcome = Err(failure::of(&one.declared, error)),
            }
        }
        self.remove_files();
        outcome.map(|()| warnings)
    }

    fn remove_files(&self) {
        let Ok(place) = &self.place else { return };
        let folder = place.state.path().join(folder_of_trial(place));
        // The folder of the run is deleted at its end in any case.
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::debug!(%error, folder = %folder.display(), "cannot remove the files of programs");
        }
    }
}

/// Ends a program with its declared signal and grace period.
pub(crate) async fn end(one: &Running) -> Result<Stopped, crosscut_programs::ProgramError> {
    let signal = match one.declared.stop {
        StopSignal::Terminate => EndSignal::Terminate,
        StopSignal::Interrupt => EndSignal::Interrupt,
        StopSignal::Quit => EndSignal::Quit,
        StopSignal::HangUp => EndSignal::HangUp,
        StopSignal::Kill => EndSignal::Kill,
    };
    one.program.end(signal, one.declared.grace).await
}

/// Returns the verb's name in documents.
pub(crate) fn word(verb: ProgramVerb) -> &'static str {
    match verb {
        ProgramVerb::Start => "start",
        ProgramVerb::Stop => "stop",
        ProgramVerb::Restart => "restart",
        ProgramVerb::Kill => "kill",
    }
}

/// Returns the folder of a trial's programs in the folder of the run.
fn folder_of_trial(place: &ProgramPlace) -> String {
    format!("programs/{}", place.trial)
}

/// Returns the working directory of a program.
fn folder_of(place: &ProgramPlace, name: &str) -> String {
    format!("{}/{name}", folder_of_trial(place))
}

/// Returns the path of a program's log.
fn log_of(place: &ProgramPlace, name: &str) -> std::path::PathBuf {
    let file = format!("{}.log", folder_of(place, name));
    place.state.path().join(file)
}
