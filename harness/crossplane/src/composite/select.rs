//! The choice of the Composition and its revision for a composite resource (composite/api.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Session;
use super::stop::{Because, COMPOSE, SELECT, Stop};
use super::xr::{LABEL_COMPOSITE, Xr};
use crate::composition;
use crate::definition;
use crate::error::{Error, Wrap};
use crate::object;
use crate::recorder::NewEvent;
use crosscut_objects::ObjectRef;

const CHOICE: &str = "CompositionSelection";

impl Session<'_> {
    /// Returns the definition of the reconciled kind.
    async fn definition(&self) -> Result<Arc<Value>, Error> {
        let address = ObjectRef::cluster(
            definition::API_VERSION,
            definition::KIND,
            &self.defined.definition,
        );
        let found = self
            .read(address)
            .await
            .context("cannot get composite resource definition")?;
        found.ok_or_else(|| {
            Error::new(format!(
                "cannot get composite resource definition: CompositeResourceDefinition {:?} not found",
                self.defined.definition
            ))
        })
    }

    async fn update(&self, xr: &mut Xr) -> Result<(), Error> {
        let updated = self
            .work
            .api
            .update(&xr.object)
            .await
            .context("cannot update composite resource")?;
        xr.object = Arc::unwrap_or_clone(updated);
        Ok(())
    }
}

/// Sets `compositionRef`: to the enforced Composition, the named one, the default, or one that the selector
/// matches.
pub(super) async fn composition(session: &Session<'_>, xr: &mut Xr) -> Result<(), Box<Stop>> {
    let before = xr.reference("compositionRef");
    choose(session, xr)
        .await
        .context("cannot select Composition")
        .because(SELECT)?;
    let after = xr.reference("compositionRef");
    if let Some(name) = after.as_ref().filter(|_| after != before) {
        let message = format!("Successfully selected composition: {name}");
        session
            .record(&xr.object, &NewEvent::normal(SELECT, message))
            .await;
    }
    Ok(())
}

async fn choose(session: &Session<'_>, xr: &mut Xr) -> Result<(), Error> {
    let definition = session.definition().await?;
    let named =
        |field: &str| object::at(&definition, &["spec", field, "name"]).and_then(Value::as_str);
    if let Some(enforced) = named("enforcedCompositionRef")
        && xr.reference("compositionRef").as_deref() != Some(enforced)
    {
        xr.set_reference("compositionRef", enforced);
        session
            .record(
                &xr.object,
                &NewEvent::normal(CHOICE, "Enforced composition has been selected"),
            )
            .await;
        session.update(xr).await?;
    }
    if xr.get("compositionRef").is_some() {
        return Ok(());
    }
    // The default is kept in memory; the later update for the revision stores it.
    if xr.get("compositionSelector").is_none()
        && let Some(default) = named("defaultCompositionRef")
    {
        xr.set_reference("compositionRef", default);
        session
            .record(
                &xr.object,
                &NewEvent::normal(CHOICE, "Default composition has been selected"),
            )
            .await;
        return Ok(());
    }
    pick(session, xr).await
}

/// Picks a Composition that the selector matches and that composes this kind, as the seed decides.
async fn pick(session: &Session<'_>, xr: &mut Xr) -> Result<(), Error> {
    let labels = xr.selector("compositionSelector").unwrap_or_default();
    let listed = session
        .work
        .api
        .list(composition::API_VERSION, composition::KIND, "", &labels)
        .await;
    let listed = listed.context("cannot list Compositions")?;
    let candidates: Vec<&Arc<Value>> = listed
        .iter()
        .filter(|candidate| composes(candidate, xr))
        .collect();
    if candidates.is_empty() {
        return Err(Error::new("no compatible Compositions found"));
    }
    let picked = if candidates.len() == 1 {
        0
    } else {
        session.context.random(candidates.len())
    };
    let Some(picked) = candidates.get(picked) else {
        return Err(Error::new("no compatible Compositions found"));
    };
    xr.set_reference("compositionRef", object::name(picked));
    session.update(xr).await
}

/// Returns true if a Composition, or a revision of one, is for this kind.
fn composes(composition: &Value, xr: &Xr) -> bool {
    object::text(composition, &["spec", "compositeTypeRef", "apiVersion"])
        == object::api_version(&xr.object)
        && object::text(composition, &["spec", "compositeTypeRef", "kind"])
            == object::kind(&xr.object)
}

/// Sets the definition's default revision selector if the composite sets neither a selector nor a revision.
pub(super) async fn revision_selector(session: &Session<'_>, xr: &mut Xr) -> Result<(), Box<Stop>> {
    if xr.get("compositionRevisionSelector").is_some() || xr.get("compositionRevisionRef").is_some()
    {
        return Ok(());
    }
    let definition = session
        .definition()
        .await
        .context("cannot select CompositionRevision")
        .because(SELECT)?;
    let Some(selector) = object::at(&definition, &["spec", "defaultCompositionRevisionSelector"])
    else {
        return Ok(());
    };
    xr.set("compositionRevisionSelector", selector.clone());
    session
        .record(
            &xr.object,
            &NewEvent::normal(CHOICE, "Default revision selector has been selected"),
        )
        .await;
    Ok(())
}

/// Returns the revision to follow, and sets `compositionRevisionRef`.
pub(super) async fn revision(session: &Session<'_>, xr: &mut Xr) -> Result<Arc<Value>, Box<Stop>> {
    let before = xr.reference("compositionRevisionRef");
    let revision = fetch(session, xr)
        .await
        .context("cannot fetch Composition")
        .because(COMPOSE)?;
    let after = xr.reference("compositionRevisionRef");
    if let Some(name) = after.as_ref().filter(|_| after != before) {
        let message = format!("Selected composition revision: {name}");
        session
            .record(&xr.object, &NewEvent::normal(SELECT, message))
            .await;
    }
    Ok(revision)
}

async fn fetch(session: &Session<'_>, xr: &mut Xr) -> Result<Arc<Value>, Error> {
    let current = xr.reference("compositionRevisionRef");
    if let Some(name) = &current
        && xr.update_policy() == Some("Manual")
    {
        let address =
            ObjectRef::cluster(composition::API_VERSION, composition::REVISION_KIND, name);
        return session
            .work
            .api
            .read(address)
            .await
            .context("cannot get CompositionRevision");
    }
    let name = xr.reference("compositionRef").unwrap_or_default();
    let address = ObjectRef::cluster(composition::API_VERSION, composition::KIND, &name);
    let composition = session
        .work
        .api
        .read(address)
        .await
        .context("cannot get Composition")?;
    let labels = if xr.update_policy() == Some("Automatic") {
        xr.selector("compositionRevisionSelector")
            .unwrap_or_default()
    } else {
        BTreeMap::new()
    };
    let revisions = composition::revisions_of(&session.work.api, &composition, labels)
        .await
        .context("cannot list CompositionRevisions")
        .context("cannot fetch composition revision")?;
    let latest = composition::latest_of(&composition, &revisions)
        .ok_or_else(|| Error::new("no compatible CompositionRevisions found"))?
        .clone();
    if current.as_deref() != Some(object::name(&latest)) {
        xr.set_reference("compositionRevisionRef", object::name(&latest));
        session.update(xr).await?;
    }
    Ok(latest)
}

/// Labels the composite with its own name, the prefix of its composed resources; fails for a revision of
/// another kind.
pub(super) async fn configure(
    session: &Session<'_>,
    xr: &mut Xr,
    revision: &Value,
) -> Result<(), Error> {
    if object::label(&xr.object, LABEL_COMPOSITE).is_empty() {
        let name = json!(object::name(&xr.object));
        object::set(
            &mut xr.object,
            &["metadata", "labels", LABEL_COMPOSITE],
            name,
        );
        session.update(xr).await?;
    }
    if composes(revision, xr) {
        return Ok(());
    }
    Err(Error::new(
        "referenced composition is not compatible with this composite resource",
    ))
}
