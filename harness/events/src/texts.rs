//! All texts of an event, for changes to all of them: masking, and escaping for display.

use serde_json::{Map, Value};

use crate::{
    Event, Evidence, Failure, Location, Mismatch, ObjectCondition, ObjectEvent, StepReport,
    TrialId, TrialReport, Warning,
};

/// Data with texts that can be changed in place. Implementations name all fields, so that none is
/// forgotten.
pub trait Texts {
    /// Calls `change` with every text, including field names inside values.
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String));
}

impl Texts for Event {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Event::RunStarted { cluster, .. } => change(cluster),
            Event::Preparing { what } => change(what),
            Event::FunctionOutput { function, line } => {
                change(function);
                change(line);
            }
            Event::TrialStarted { trial } => trial.each_text(change),
            Event::StepStarted { trial, step } => {
                trial.each_text(change);
                change(step);
            }
            Event::TrialSlow {
                trial,
                step,
                action,
                elapsed_ms: _,
                waits_for,
            } => {
                trial.each_text(change);
                change(step);
                change(action);
                waits_for.iter_mut().for_each(change);
            }
            Event::FinalObjects {
                trial,
                side,
                namespace,
                objects,
            } => {
                trial.each_text(change);
                change(side);
                change(namespace);
                objects
                    .iter_mut()
                    .for_each(|object| object.each_text(change));
            }
            Event::TrialFinished(report) => report.each_text(change),
            Event::RunFinished { .. } => {}
            Event::RunEndedEarly {
                cluster, reason, ..
            } => {
                change(cluster);
                change(reason);
            }
        }
    }
}

impl Texts for TrialId {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let TrialId {
            scenario,
            provider,
            cluster,
        } = self;
        [scenario, provider, cluster].into_iter().for_each(change);
    }
}

impl Texts for TrialReport {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let TrialReport {
            trial,
            verdict: _,
            seed: _,
            location,
            duration_ms: _,
            preparation_ms: _,
            steps,
            failures,
            reason,
            warnings,
        } = self;
        trial.each_text(change);
        location
            .iter_mut()
            .for_each(|location| location.each_text(change));
        for StepReport { name, .. } in steps {
            change(name);
        }
        failures
            .iter_mut()
            .for_each(|failure| failure.each_text(change));
        reason.iter_mut().for_each(&mut *change);
        for Warning { about, message } in warnings {
            change(about);
            change(message);
        }
    }
}

impl Texts for Location {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        change(&mut self.file);
    }
}

impl Texts for Failure {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Failure {
            code,
            step,
            action,
            message,
            location,
            mismatches,
            diff,
            nearest,
            evidence,
            help,
        } = self;
        [code, step, action, message, diff]
            .into_iter()
            .for_each(&mut *change);
        location
            .iter_mut()
            .for_each(|location| location.each_text(change));
        mismatches
            .iter_mut()
            .for_each(|mismatch| mismatch.each_text(change));
        nearest
            .iter_mut()
            .for_each(|nearest| change(&mut nearest.object));
        evidence.each_text(change);
        help.iter_mut().for_each(change);
    }
}

impl Texts for Mismatch {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Mismatch {
            path,
            location,
            message,
            expected,
            actual,
        } = self;
        change(path);
        change(message);
        location
            .iter_mut()
            .for_each(|location| location.each_text(change));
        expected.each_text(change);
        actual
            .iter_mut()
            .for_each(|actual| actual.each_text(change));
    }
}

impl Texts for Evidence {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Evidence {
            events,
            conditions,
            notes,
        } = self;
        for event in events {
            let ObjectEvent {
                kind,
                reason,
                object,
                message,
                count: _,
            } = event;
            [kind, reason, object, message]
                .into_iter()
                .for_each(&mut *change);
        }
        for said in conditions {
            let ObjectCondition {
                object,
                condition,
                status,
                reason,
                message,
            } = said;
            [object, condition, status, reason, message]
                .into_iter()
                .for_each(&mut *change);
        }
        notes.iter_mut().for_each(change);
    }
}

impl Texts for Value {
    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Value::String(text) => change(text),
            Value::Array(items) => items.iter_mut().for_each(|item| item.each_text(change)),
            Value::Object(fields) => {
                let changed = std::mem::take(fields)
                    .into_iter()
                    .map(|(mut key, mut value)| {
                        change(&mut key);
                        value.each_text(change);
                        (key, value)
                    });
                *fields = changed.collect::<Map<String, Value>>();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
