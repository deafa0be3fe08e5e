//! Functions that are called once they have started: whoever needs them can be made while they are.

use std::sync::Arc;

use async_trait::async_trait;
use crosscut_crossplane::function::{FunctionError, Question, wire};
use crosscut_crossplane::{Function, Functions, RunFunctionRequest, RunFunctionResponse};

use crate::functions::SharedFunctions;

/// The suite's functions by their names, each waiting for all of them to have started.
pub(crate) fn when_started(shared: &Arc<SharedFunctions>) -> Functions {
    let mut builder = Functions::builder();
    for name in shared.names() {
        let function = WhenStarted {
            shared: Arc::clone(shared),
            name: name.to_owned(),
        };
        builder = builder.insert(name, Arc::new(function));
    }
    builder.build()
}

struct WhenStarted {
    shared: Arc<SharedFunctions>,
    name: String,
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

    async fn answer(
        &self,
        question: &Question<'_>,
    ) -> Result<wire::RunFunctionResponse, FunctionError> {
        self.function().await?.answer(question).await
    }
}
