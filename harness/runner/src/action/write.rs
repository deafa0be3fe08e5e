//! `apply`, `patch` and `delete`: requests that the control plane must grant.

use crosscut_assertion::Subject;
use crosscut_expr::Scope;
use crosscut_suite::model::{Action, ActionKind, Propagation, Reference, Resource, Write};

use crate::action::stop_of;
use crate::api::{Manifest, RequestError, Target};
use crate::evidence::text;
use crate::scope::evaluate;
use crate::session::Session;
use crate::trial::{Stop, location};

/// Does every write of an action, in order.
///
/// # Errors
/// The first that is refused, with the place of its document.
pub(crate) async fn all(action: &Action, session: &mut Session, scope: &Scope) -> Result<(), Stop> {
    let side = action.side;
    for write in writes(&action.kind, scope)? {
        if let Err(error) = write.send(action, session).await {
            let mut stop = stop_of(&error);
            stop.failure.location = Some(location(write.place()));
            stop.failure.evidence = session.evidence(side, &[]).await;
            return Err(stop);
        }
    }
    Ok(())
}

/// One write, evaluated.
pub(crate) enum Evaluated<'a> {
    Apply {
        object: Manifest,
        write: &'a Write,
        resource: &'a Resource,
    },
    Patch {
        patch: Manifest,
        write: &'a Write,
        resource: &'a Resource,
    },
    Delete {
        target: Target,
        propagation: Option<Propagation>,
        reference: &'a Reference,
    },
}

/// The writes of an action with their templates evaluated. Other actions have none.
///
/// # Errors
/// The first template that cannot be evaluated.
pub(crate) fn writes<'a>(kind: &'a ActionKind, scope: &Scope) -> Result<Vec<Evaluated<'a>>, Stop> {
    let mut writes = Vec::new();
    match kind {
        ActionKind::Apply(write) => {
            for resource in &write.resources {
                let object = manifest(resource, scope)?;
                writes.push(Evaluated::Apply {
                    object,
                    write,
                    resource,
                });
            }
        }
        ActionKind::Patch(write) => {
            for resource in &write.resources {
                let patch = manifest(resource, scope)?;
                writes.push(Evaluated::Patch {
                    patch,
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
    /// Sends the request and notes what it touched.
    ///
    /// # Errors
    /// [`RequestError`] as the control plane answers.
    pub(crate) async fn send(
        &self,
        action: &Action,
        session: &mut Session,
    ) -> Result<(), RequestError> {
        let side = action.side;
        let api = session.api_to_change(side, action.not_mine);
        match self {
            Evaluated::Apply { object, write, .. } => {
                let applied = api.apply(object, write.validation).await?;
                session.wrote(side, Target::of_object(&applied)?);
            }
            Evaluated::Patch { patch, write, .. } => {
                let target = patch.target()?;
                let subresource = write.subresource.as_deref();
                api.patch(&target, patch.value(), subresource, write.validation)
                    .await?;
                session.wrote(side, target);
            }
            Evaluated::Delete {
                target,
                propagation,
                ..
            } => {
                api.delete(target, *propagation).await?;
                session.wrote(side, target.clone());
            }
        }
        Ok(())
    }

    /// What is written, for messages.
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

    /// Where the document is.
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
    let value = evaluate(&resource.node, &resource.place, scope)?;
    Manifest::of(&resource.node, value)
        .map_err(|problems| Stop::misnamed(problems, &resource.place))
}

/// Returns the objects that a reference selects: one by name, or those with its labels, or all of the kind.
fn selected(reference: &Reference, scope: &Scope) -> Result<Target, Stop> {
    let value = evaluate(&reference.node, &reference.place, scope)?;
    let subject = Subject::of(&reference.node, &value)
        .map_err(|problems| Stop::misnamed(problems, &reference.place))?;
    Target::of_subject(&subject).ok_or_else(|| Stop::misnamed(Vec::new(), &reference.place))
}
