//! The handlers, one file per verb. A handler holds the lock of the store, so no other request writes meanwhile.

mod apply;
mod change;
mod create;
mod delete;
mod list;
mod patch;
mod read;
mod update;

use std::sync::Arc;

use crosscut_merge::Writer;
use serde_json::Value;

use crate::convert;
use crate::keys;
use crate::listing::Listing;
use crate::options::Options;
use crate::path::Target;
use crate::payload::Payload;
use crate::query::Query;
use crate::served::Served;
use crate::status::{self, Status};
use crate::store::State;
use crosscut_objects::{Operation, Patch, Refusal, Review};

pub(crate) use apply::apply;
pub(crate) use create::create;
pub(crate) use delete::{delete, delete_collection};
pub(crate) use list::{list, revision, selected, selector};
pub(crate) use patch::patch;
pub(crate) use read::get;
pub(crate) use update::update;

/// One request, with all that its handler may use.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) options: &'a Options,
    pub(crate) served: &'a Served,
    pub(crate) target: &'a Target,
    pub(crate) query: &'a Query,
    pub(crate) request: Request<'a>,
    /// The texts of the Warning headers.
    pub(crate) warnings: Vec<String>,
}

/// The media type, the user agent and the body of a request.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) media_type: &'a str,
    pub(crate) user_agent: &'a str,
    pub(crate) body: Payload<'a>,
}

/// The response of a handler.
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Object(Arc<Value>),
    List(Listing),
}

impl Answer {
    pub(crate) fn object(code: u16, object: impl Into<Arc<Value>>) -> Self {
        Self {
            code,
            content: Content::Object(object.into()),
        }
    }
}

impl Call<'_> {
    /// Returns the name in the path. Handlers of one object are called only if there is one.
    pub(crate) fn name(&self) -> &str {
        self.target.name.as_deref().unwrap_or_default()
    }

    pub(crate) fn subresource(&self) -> Option<&str> {
        self.target.subresource.as_deref()
    }

    pub(crate) fn key(&self, name: &str) -> String {
        keys::key(self.target.namespace.as_deref(), name)
    }

    /// Returns the object in the stored version.
    pub(crate) fn stored(&self, name: &str) -> Option<Arc<Value>> {
        self.state
            .object(&self.served.storage_key, &self.key(name))
            .cloned()
    }

    /// Returns the object that the path names, in the version of the request.
    pub(crate) fn present(&self) -> Result<Arc<Value>, Status> {
        let name = self.name();
        let stored = self
            .stored(name)
            .ok_or_else(|| status::not_found(&self.served.resource, name))?;
        Ok(convert::to_request(self.served, &stored))
    }

    pub(crate) fn now(&self) -> String {
        crate::meta::time(self.options.clock.now())
    }

    /// Returns the name of the field manager of the request.
    pub(crate) fn manager(&self) -> String {
        if let Some(manager) = &self.query.field_manager {
            return manager.clone();
        }
        let agent = self
            .request
            .user_agent
            .split('/')
            .next()
            .unwrap_or_default();
        let printable = agent.chars().filter(|letter| !letter.is_control());
        match printable.take(128).collect::<String>() {
            name if name.is_empty() => "unknown".to_owned(),
            name => name,
        }
    }

    /// Calls `run` with the field manager of the request.
    pub(crate) fn as_writer<R>(&self, run: impl FnOnce(&Writer<'_>) -> R) -> R {
        let (manager, now) = (self.manager(), self.now());
        run(&Writer {
            manager: &manager,
            api_version: &self.served.resource.api_version(),
            subresource: self.subresource(),
            now: &now,
        })
    }

    /// Passes a write to the admission checks.
    pub(crate) fn admit(
        &self,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        self.review(&Review {
            operation,
            resource: &self.served.resource,
            subresource: self.subresource(),
            propagation: None,
            object,
            old,
            store: &*self.state,
        })
        .map_err(Status::from)
    }

    fn review(&self, review: &Review<'_>) -> Result<(), Refusal> {
        let mut checks = self.options.admission.iter();
        checks.try_for_each(|check| check.review(review))
    }

    /// Passes a deletion to the admission checks. The patch of a refusal is written to the object.
    pub(crate) fn admit_deletion(
        &mut self,
        old: &Arc<Value>,
        propagation: Option<&str>,
    ) -> Result<(), Status> {
        let review = Review {
            operation: Operation::Delete,
            resource: &self.served.resource,
            subresource: self.subresource(),
            propagation,
            object: None,
            old: Some(old),
            store: &*self.state,
        };
        let Err(refusal) = self.review(&review) else {
            return Ok(());
        };
        if let Some(written) = &refusal.patch {
            self.patch_beside(old, written)?;
        }
        Err(refusal.into())
    }

    /// Writes a patch that an admission check made, under the name of that check's field manager.
    fn patch_beside(&mut self, old: &Arc<Value>, written: &Patch) -> Result<(), Status> {
        let query = Query::of_manager(written.manager);
        let target = Target {
            name: Some(crate::meta::name(old).to_owned()),
            ..self.target.clone()
        };
        let mut call = Call {
            state: &mut *self.state,
            options: self.options,
            served: self.served,
            target: &target,
            query: &query,
            request: self.request,
            warnings: Vec::new(),
        };
        let new = patch::by_merge(old, &written.merge)?;
        change::change(&mut call, old, new, change::By::Update).map(drop)
    }
}

/// Returns the top-level fields that an endpoint does not write, as kube-apiserver's strategies declare them.
pub(crate) fn reset_fields(served: &Served, subresource: Option<&str>) -> &'static [&'static str] {
    match subresource {
        Some("status") if served.is_definition() => &["metadata", "spec"],
        Some("status") => &["spec"],
        _ if served.status => &["status"],
        _ => &[],
    }
}
