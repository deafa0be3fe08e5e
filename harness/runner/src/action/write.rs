//! `apply`, `patch` and `delete`: requests that the control plane must grant.

use crosscut_expr::Scope;
use crosscut_suite::model::{ActionKind, Propagation, Reference, Resource, Side, Write};
use serde_json::Value;

use crate::action::stop_of;
use crate::api::{RequestError, Target};
use crate::evidence::text;
use crate::scope::evaluate;
use crate::session::Session;
use crate::trial::{Stop, location};

/// Does every write of an action, in order.
///
/// # Errors
/// The first that is refused, with the place of its document.
pub(crate) async fn all(
    kind: &ActionKind,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    for write in writes(kind, scope)? {
        if let Err(error) = write.send(side, session).await {
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
        object: Value,
        write: &'a Write,
        resource: &'a Resource,
    },
    Patch {
        patch: Value,
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
                let object = evaluate(&resource.node, &resource.place, scope)?;
                writes.push(Evaluated::Apply {
                    object,
                    write,
                    resource,
                });
            }
        }
        ActionKind::Patch(write) => {
            for resource in &write.resources {
                let patch = evaluate(&resource.node, &resource.place, scope)?;
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
                let node = evaluate(&reference.node, &reference.place, scope)?;
                let (target, propagation) = (selected(&node), *propagation);
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
    pub(crate) async fn send(&self, side: Side, session: &mut Session) -> Result<(), RequestError> {
        match self {
            Evaluated::Apply { object, write, .. } => {
                let applied = session.api(side).apply(object, write.validation).await?;
                session.wrote(side, Target::of(&applied)?);
            }
            Evaluated::Patch { patch, write, .. } => {
                let target = Target::of(patch)?;
                let subresource = write.subresource.as_deref();
                session
                    .api(side)
                    .patch(&target, patch, subresource, write.validation)
                    .await?;
                session.wrote(side, target);
            }
            Evaluated::Delete {
                target,
                propagation,
                ..
            } => {
                session.api(side).delete(target, *propagation).await?;
                session.wrote(side, target.clone());
            }
        }
        Ok(())
    }

    /// What is written, for messages.
    pub(crate) fn subject(&self) -> String {
        let (kind, name) = match self {
            Evaluated::Apply { object, .. } => {
                (text(object, "/kind"), text(object, "/metadata/name"))
            }
            Evaluated::Patch { patch, .. } => (text(patch, "/kind"), text(patch, "/metadata/name")),
            Evaluated::Delete { target, .. } => (
                target.kind.as_str(),
                target.name.as_deref().unwrap_or("(by labels)"),
            ),
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

/// The objects that a reference selects: by name, or by labels, or all of the kind.
fn selected(node: &Value) -> Target {
    let optional = |pointer: &str| {
        node.pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let labels = node
        .pointer("/metadata/labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    Target {
        api_version: optional("/apiVersion").unwrap_or_default(),
        kind: optional("/kind").unwrap_or_default(),
        namespace: optional("/metadata/namespace"),
        name: optional("/metadata/name"),
        labels,
    }
}
