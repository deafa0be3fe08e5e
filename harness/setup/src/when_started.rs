//! Functions that are called once they have started, for one trial: whoever needs them can be made while they start.

use std::sync::Arc;

use async_trait::async_trait;
use crosscut_functions::v1::{RunFunctionRequest, RunFunctionResponse};
use crosscut_functions::{FunctionCall, FunctionError, Trace, wire};

use crosscut_functions::{Function, Functions};

use crate::SharedFunctions;

/// The suite's functions by their names, each waiting for all of them to have started. What happens in calls is noted in
/// the trace.
pub fn when_started(shared: &Arc<SharedFunctions>, trace: &Arc<Trace>) -> Functions {
    let mut builder = Functions::builder();
    for name in shared.names() {
        let function = WhenStarted {
            shared: Arc::clone(shared),
            name: name.to_owned(),
            trace: Arc::clone(trace),
        };
        builder = builder.insert(name, Arc::new(function));
    }
    builder.build()
}

struct WhenStarted {
    shared: Arc<SharedFunctions>,
    name: String,
    trace: Arc<Trace>,
}

impl WhenStarted {
    async fn function(&self) -> Result<Arc<dyn Function>, FunctionError> {
        let started = self.shared.get().await;
        let started = started.map_err(|error| FunctionError::Failed(error.to_string()))?;
        started.get(&self.name).map(Arc::clone)
    }
}

#[async_trait]
impl Function for WhenStarted {
    async fn run(&self, request: RunFunctionRequest) -> Result<RunFunctionResponse, FunctionError> {
        self.function().await?.run(request).await
    }

    async fn respond(
        &self,
        call: &FunctionCall<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        let function = self.function().await?;
        function.respond_for(call, &self.trace).await
    }
}
