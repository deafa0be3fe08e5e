//! `apply`, `patch` and `delete`: requests that the control plane must grant.

use crosscut_assertion::Subject;
use crosscut_client::Change;
use crosscut_cluster::SettleError;
use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{
    Action, ActionKind, Method, Operations, Propagation, Reference, Resource, Write,
};
use crosscut_yaml::Node;
use serde_json::Value;

use crate::action::{kinds, warning};
use crate::api::Patch;
use crate::evidence::text;
use crate::request_error::RequestError;
use crate::scope::evaluate;
use crate::session::Session;
use crate::stop::stop_of;
use crate::stop::{Stop, location};
use crate::target::{Manifest, Target};

/// Sends every write of an action, in order, and checks the warnings.
///
/// # Errors
/// [`Stop`] for the first refused write, with the place of its document; and for missing or unexpected warnings.
pub(crate) async fn all(action: &Action, session: &mut Session, scope: &Scope) -> Result<(), Stop> {
    let expected = match &action.kind {
        ActionKind::Apply(write) | ActionKind::Patch(write) => write.warnings.as_ref(),
        _ => None,
    };
    let expected = expected.map(|expected| warning::expected(expected, scope));
    let expected = expected.transpose()?;
    let mut warned = Vec::new();
    for write in writes(&action.kind, scope)? {
        match write.send(action, session).await {
            Ok(warnings) => {
                session.warned(&write.subject(), &warnings);
                warned.extend(warnings);
            }
            Err(error) => {
                let mut stop = Stop::from(error);
                stop.failure.location.get_or_insert(location(write.place()));
                stop.failure.evidence = session.evidence(action.side, &[]).await;
                return Err(stop);
            }
        }
    }
    expected.map_or(Ok(()), |expected| expected.check(&warned))
}

/// A write that was not granted.
#[derive(Debug)]
pub(crate) enum SendError {
    Request(RequestError),
    /// The clusters, which might have brought the missing kind, never settled.
    Settle(SettleError),
}

impl From<RequestError> for SendError {
    fn from(error: RequestError) -> SendError {
        SendError::Request(error)
    }
}

impl From<SettleError> for SendError {
    fn from(error: SettleError) -> SendError {
        SendError::Settle(error)
    }
}

impl From<SendError> for Stop {
    fn from(error: SendError) -> Stop {
        match error {
            SendError::Request(error) => stop_of(&error),
            SendError::Settle(error) => error.into(),
        }
    }
}

/// One write, evaluated.
pub(crate) enum Evaluated<'a> {
    Apply {
        object: Manifest,
        way: Way,
        write: &'a Write,
        resource: &'a Resource,
    },
    Patch {
        patch: Manifest,
        way: Way,
        write: &'a Write,
        resource: &'a Resource,
    },
    Delete {
        target: Target,
        propagation: Option<Propagation>,
        reference: &'a Reference,
    },
}

/// The method of a write, evaluated.
#[derive(Clone)]
pub(crate) enum Way {
    Merge,
    Strategic,
    Json(Value),
    ServerSide {
        manager: Option<String>,
        force: bool,
    },
}

impl Way {
    /// Evaluates the method of a write.
    ///
    /// # Errors
    /// [`Stop`] for a template that cannot be evaluated, and for a field manager that is not a string.
    fn of(write: &Write, scope: &Scope) -> Result<Way, Stop> {
        match &write.method {
            Method::Merge => Ok(Way::Merge),
            Method::Strategic => Ok(Way::Strategic),
            Method::Json(Operations {
                node,
                template,
                place,
            }) => match template {
                true => Ok(Way::Json(evaluate(node, place, scope)?)),
                false => Ok(Way::Json(node.to_value())),
            },
            Method::ServerSide { manager, force } => {
                let manager = manager.as_ref();
                let manager = manager.map(|node| self::manager(node, write, scope));
                Ok(Way::ServerSide {
                    manager: manager.transpose()?,
                    force: *force,
                })
            }
        }
    }
}

impl Way {
    fn patch<'a>(&'a self, document: &'a Value, write: &'a Write) -> Patch<'a> {
        let patch = Patch {
            change: Change::MergePatch,
            body: document,
            subresource: write.subresource.as_deref(),
            manager: None,
            validation: write.validation,
        };
        match self {
            Way::Merge => patch,
            Way::Strategic => Patch {
                change: Change::StrategicMergePatch,
                ..patch
            },
            Way::Json(operations) => Patch {
                change: Change::JsonPatch,
                body: operations,
                ..patch
            },
            Way::ServerSide { manager, force } => Patch {
                change: Change::Apply { force: *force },
                manager: manager.as_deref(),
                ..patch
            },
        }
    }
}

fn manager(node: &Node, write: &Write, scope: &Scope) -> Result<String, Stop> {
    let Some(first) = write.resources.first() else {
        return Ok(String::new());
    };
    let value = evaluate(node, &first.place, scope)?;
    match value.as_str() {
        Some(manager) if !manager.is_empty() => Ok(manager.to_owned()),
        _ => {
            let message = format!("fieldManager must be a text that is not empty, and is {value}");
            let mut failure = Failure::new("name::invalid", message);
            failure.help = Some("give an expression whose value is a name".to_owned());
            Err(Stop::failed(failure))
        }
    }
}

/// Returns the writes of an action with their templates evaluated; an empty list for other actions.
///
/// # Errors
/// [`Stop`] for the first template that cannot be evaluated.
pub(crate) fn writes<'a>(kind: &'a ActionKind, scope: &Scope) -> Result<Vec<Evaluated<'a>>, Stop> {
    let mut writes = Vec::new();
    match kind {
        ActionKind::Apply(write) => {
            let way = Way::of(write, scope)?;
            for resource in &write.resources {
                writes.push(Evaluated::Apply {
                    object: manifest(resource, scope)?,
                    way: way.clone(),
                    write,
                    resource,
                });
            }
        }
        ActionKind::Patch(write) => {
            let way = Way::of(write, scope)?;
            for resource in &write.resources {
                writes.push(Evaluated::Patch {
                    patch: manifest(resource, scope)?,
                    way: way.clone(),
                    write,
                    resource,
                });
            }
        }
        ActionKind::Delete {
            references,
            propagation,
        } => {
            for reference in references {
                let (target, propagation) = (selected(reference, scope)?, *propagation);
                writes.push(Evaluated::Delete {
                    target,
                    propagation,
                    reference,
                });
            }
        }
        _ => {}
    }
    Ok(writes)
}

impl Evaluated<'_> {
    /// Sends the request, records the written objects, and returns the API server's warnings. Waits for a kind that
    /// is not served yet.
    ///
    /// # Errors
    /// [`SendError`] if the control plane refuses, or if it does not settle.
    pub(crate) async fn send(
        &self,
        action: &Action,
        session: &mut Session,
    ) -> Result<Vec<String>, SendError> {
        match self.send_once(action, session).await {
            Err(RequestError::NoSuchKind { api_version, kind }) => {
                match kinds::wait_for(&api_version, &kind, action.side, session).await? {
                    true => Ok(self.send_once(action, session).await?),
                    false => Err(RequestError::NoSuchKind { api_version, kind }.into()),
                }
            }
            sent => Ok(sent?),
        }
    }

    async fn send_once(
        &self,
        action: &Action,
        session: &mut Session,
    ) -> Result<Vec<String>, RequestError> {
        let side = action.side;
        let api = session.api_to_change(side, action.not_mine);
        match self {
            Evaluated::Apply {
                object, way, write, ..
            } => {
                let written = match way {
                    Way::ServerSide { .. } => {
                        let patch = way.patch(object.value(), write);
                        api.apply_on_server(object, patch).await?
                    }
                    _ => api.apply(object, write.validation).await?,
                };
                session.wrote(side, Target::of_object(&written.object)?);
                Ok(written.warnings)
            }
            Evaluated::Patch {
                patch, way, write, ..
            } => {
                let target = patch.target()?;
                let body = way.patch(patch.value(), write);
                let written = api.patch(&target, &body).await?;
                session.wrote(side, target);
                Ok(written.warnings)
            }
            Evaluated::Delete {
                target,
                propagation,
                ..
            } => {
                api.delete(target, *propagation).await?;
                session.wrote(side, target.clone());
                Ok(Vec::new())
            }
        }
    }

    /// Returns the object of the write, for messages.
    pub(crate) fn subject(&self) -> String {
        let (kind, name) = match self {
            Evaluated::Apply { object: one, .. } | Evaluated::Patch { patch: one, .. } => (
                text(one.value(), "/kind"),
                text(one.value(), "/metadata/name"),
            ),
            Evaluated::Delete { target, .. } => {
                let name = target.which.name();
                (&*target.kind, name.map_or("(by labels)", |name| name))
            }
        };
        format!("{kind} {name}")
    }

    /// Returns the place of the document.
    pub(crate) fn place(&self) -> &crosscut_suite::model::Place {
        match self {
            Evaluated::Apply { resource, .. } | Evaluated::Patch { resource, .. } => {
                &resource.place
            }
            Evaluated::Delete { reference, .. } => &reference.place,
        }
    }
}

/// Returns a document to write.
fn manifest(resource: &Resource, scope: &Scope) -> Result<Manifest, Stop> {
    let value = match resource.template {
        true => evaluate(&resource.node, &resource.place, scope)?,
        false => resource.node.to_value(),
    };
    Manifest::of(&resource.node, value)
        .map_err(|problems| Stop::misnamed(problems, &resource.place))
}

/// Returns the objects that a reference selects: one by name, those with its labels, or all of the kind.
pub(super) fn selected(reference: &Reference, scope: &Scope) -> Result<Target, Stop> {
    let subject = subject(reference, scope)?;
    Target::of_subject(&subject).ok_or_else(|| Stop::misnamed(Vec::new(), &reference.place))
}

/// Returns the names and labels that a reference selects by.
pub(super) fn subject(reference: &Reference, scope: &Scope) -> Result<Subject, Stop> {
    let value = evaluate(&reference.node, &reference.place, scope)?;
    Subject::of(&reference.node, &value)
        .map_err(|problems| Stop::misnamed(problems, &reference.place))
}
