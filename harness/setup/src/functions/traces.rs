//! Whose call a function answers, where a real Crossplane calls it for all trials.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use crosscut_functions::v1::{RunFunctionRequest, RunFunctionResponse};
use crosscut_functions::{FunctionCall, FunctionError, Trace, wire};

use crosscut_functions::{Function, Functions};
use crosscut_objects::object;

use crate::is_in_scope;

/// The traces of the trials that run now, each with the trial's namespace.
#[derive(Default)]
pub(crate) struct Traces {
    live: Mutex<Vec<(String, Weak<Trace>)>>,
}

impl Traces {
    /// Begins the trace of a trial, which ends when it is dropped.
    pub(crate) fn begin(&self, namespace: &str) -> Arc<Trace> {
        let trace = Arc::new(Trace::default());
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|(_, trace)| trace.strong_count() > 0);
        live.push((namespace.to_owned(), Arc::downgrade(&trace)));
        trace
    }

    /// Returns the traces of the trials that a composite resource in a namespace may be of: of one without a namespace,
    /// nobody can tell.
    fn of(&self, namespace: &str) -> Vec<Arc<Trace>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter()
            .filter(|(own, _)| namespace.is_empty() || is_in_scope(own)(namespace))
            .filter_map(|(_, trace)| trace.upgrade())
            .collect()
    }
}

/// Returns the functions with each call noted in the trace of the trial that it is for.
pub(crate) fn attributed(functions: &Functions, traces: &Arc<Traces>) -> Functions {
    let mut builder = Functions::builder();
    for (name, function) in functions.iter() {
        let attributed = Attributed {
            function: Arc::clone(function),
            traces: Arc::clone(traces),
        };
        builder = builder.insert(name, Arc::new(attributed));
    }
    builder.build()
}

struct Attributed {
    function: Arc<dyn Function>,
    traces: Arc<Traces>,
}

#[async_trait]
impl Function for Attributed {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        self.function.run(request).await
    }

    async fn respond(
        &self,
        call: &FunctionCall<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        let composite = call.composite().unwrap_or_default();
        let traces = self.traces.of(object::namespace(&composite));
        if let [trace] = &traces[..] {
            return self.function.respond_for(call, trace).await;
        }
        let shared = Trace::default();
        let answer = self.function.respond_for(call, &shared).await;
        traces.iter().for_each(|trace| trace.join(&shared));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::Traces;

    #[test]
    fn a_call_is_the_trials_whose_namespace_it_is_in() {
        let traces = Traces::default();
        let first = traces.begin("a-t1");
        let second = traces.begin("a-t2");
        let is = |namespace: &str, expected: &[&std::sync::Arc<_>]| {
            let found = traces.of(namespace);
            assert_eq!(found.len(), expected.len(), "{namespace}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(std::sync::Arc::ptr_eq(found, expected), "{namespace}");
            }
        };
        is("a-t1", &[&first]);
        is("a-t2-more", &[&second]);
        is("a", &[]);
        is("", &[&first, &second]);
        drop(first);
        assert_eq!(traces.of("").len(), 1);
        assert_eq!(traces.of("a-t1").len(), 0);
    }
}
