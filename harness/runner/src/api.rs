//! The requests of a scenario: finding, applying, patching and deleting objects of any kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosscut_assertion::Name;
use crosscut_client::{Api as Client, ApiError, Change, Connection, Deletion, Write, Written};
use crosscut_objects::{FieldValidation, ObjectRef, object};
use crosscut_suite::model::{Propagation, Validation};
use serde_json::{Value, json};

use crate::request_error::RequestError;
use crate::secrets::Secrets;
use crate::target::{Manifest, Target, Whereabouts, Which};

/// The field manager of all writes of scenarios.
const FIELD_MANAGER: &str = "crosscut";

/// One cluster of a trial.
pub(crate) struct Api {
    client: Client,
    secrets: Secrets,
    namespace: String,
    others: Others,
}

/// A change of an object, or of one of its subresources.
#[derive(Clone, Copy)]
pub(crate) struct Patch<'a> {
    pub(crate) change: Change,
    pub(crate) body: &'a Value,
    pub(crate) subresource: Option<&'a str>,
    /// The field manager; `None` for crosscut.
    pub(crate) manager: Option<&'a str>,
    pub(crate) validation: Validation,
}

/// The namespaces of other trials, if trials share an API server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    /// The prefix of all trials' namespaces, and the trial's own namespace. `None` if no server is shared.
    known: Option<(String, String)>,
}

impl Others {
    /// Derives the other namespaces from a trial's own namespace. On a shared server that name ends with the trial's
    /// number; otherwise `own` equals `suite`.
    pub(crate) fn of(own: &str, suite: &str) -> Others {
        let stem = own.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let is_shared = own != suite && stem.len() < own.len() && stem.ends_with("-t");
        Others {
            known: is_shared.then(|| (stem.to_owned(), own.to_owned())),
        }
    }

    /// Returns true if a namespace belongs to another trial: its name begins with that trial's namespace.
    fn has(&self, namespace: &str) -> bool {
        let Some((stem, own)) = &self.known else {
            return false;
        };
        let number = |namespace: &str| {
            let rest = namespace.strip_prefix(stem.as_str())?;
            let number = rest.split('-').next().unwrap_or_default().to_owned();
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            (is_number && !number.is_empty()).then_some(number)
        };
        number(namespace).is_some_and(|other| number(own) != Some(other))
    }
}

/// The number of tries for a write if another client writes first. Controllers write now and then, not all the time.
const TRIES: usize = 5;

/// Retries while another client writes first: a document to apply is meant for the object in any state.
async fn while_conflicting<Made, T>(mut make: impl FnMut() -> Made) -> Result<T, RequestError>
where
    Made: Future<Output = Result<T, RequestError>>,
{
    for _ in 1..TRIES {
        match make().await {
            Err(error) if error.is_conflict() => {}
            made => return made,
        }
    }
    make().await
}

impl Api {
    /// Creates the requests of one cluster. `namespace` is used for namespaced objects without a namespace. `secrets`
    /// learns the values of all Secrets that are read or written.
    pub(crate) fn new(
        client: &Connection,
        namespace: &str,
        others: Others,
        secrets: &Secrets,
    ) -> Api {
        let client = Client::new(client, FIELD_MANAGER);
        Api {
            client,
            secrets: secrets.clone(),
            namespace: namespace.to_owned(),
            others,
        }
    }

    /// Returns the client, for requests that [`Api`] does not offer.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the objects that `target` names: at most one by name, any number otherwise.
    ///
    /// # Errors
    /// [`RequestError`]; a missing object is no error.
    pub(crate) async fn find(&self, target: &Target) -> Result<Vec<Arc<Value>>, RequestError> {
        let found = self.found(target).await?;
        found.iter().for_each(|object| self.secrets.learn(object));
        Ok(found)
    }

    async fn found(&self, target: &Target) -> Result<Vec<Arc<Value>>, RequestError> {
        let (api_version, kind) = (&target.api_version, &target.kind);
        let namespace = self.namespace_of(target)?;
        let everywhere = target.place == Whereabouts::Everywhere
            && self.client.is_namespaced(api_version, kind).await?;
        let (name, labels) = match &target.which {
            Which::Named(name) if !everywhere => return self.read(target, name).await,
            Which::Named(name) => (Some(name), &BTreeMap::new()),
            Which::Labelled(labels) => (None, labels),
            Which::All => (None, &BTreeMap::new()),
        };
        let listed = self.client.list(api_version, kind, namespace, labels);
        let mut found = listed.await?;
        found.retain(|object| {
            name.is_none_or(|name| object::name(object) == &**name)
                && !(everywhere && self.others.has(object::namespace(object)))
        });
        Ok(found)
    }

    /// Returns the `Table` that `kubectl get` prints for `target`.
    ///
    /// # Errors
    /// [`RequestError`]; an unknown name is refused with 404.
    pub(crate) async fn table(&self, target: &Target) -> Result<Value, RequestError> {
        let none = BTreeMap::new();
        let (name, labels) = match &target.which {
            Which::Named(name) => (in_path(name)?, &none),
            Which::Labelled(labels) => ("", labels),
            Which::All => ("", &none),
        };
        let (api_version, kind) = (&*target.api_version, &*target.kind);
        let everywhere = target.place == Whereabouts::Everywhere
            && self.client.is_namespaced(api_version, kind).await?;
        let address = ObjectRef {
            api_version,
            kind,
            namespace: self.namespace_of(target)?,
            name: if everywhere { "" } else { name },
        };
        let mut table = self.client.table(address, labels).await?;
        if object::kind(&table) != "Table" {
            return Err(RequestError::Transport("it answers with no table".into()));
        }
        if let (true, Some(Value::Array(rows))) = (everywhere, table.get_mut("rows")) {
            rows.retain(|row| {
                let text = |field| object::text(row, &["object", "metadata", field]);
                (name.is_empty() || text("name") == name) && !self.others.has(text("namespace"))
            });
        }
        Ok(table)
    }

    async fn read(&self, target: &Target, name: &Name) -> Result<Vec<Arc<Value>>, RequestError> {
        let address = ObjectRef {
            api_version: &target.api_version,
            kind: &target.kind,
            namespace: self.namespace_of(target)?,
            name: in_path(name)?,
        };
        match self.client.read(address).await {
            Ok(object) => Ok(vec![object]),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn namespace_of<'a>(&'a self, target: &'a Target) -> Result<&'a str, RequestError> {
        match &target.place {
            Whereabouts::Own => Ok(&self.namespace),
            Whereabouts::Namespace(name) => in_path(name),
            Whereabouts::Everywhere => Ok(""),
        }
    }

    /// Returns every served kind, as apiVersion and kind.
    ///
    /// # Errors
    /// [`RequestError`] if discovery fails.
    pub(crate) async fn kinds(&self) -> Result<Vec<(String, String)>, RequestError> {
        let groups = self.client.document("/apis").await?;
        let versions = |group: &Value| group.get("versions").and_then(Value::as_array).cloned();
        let listed = groups.get("groups").and_then(Value::as_array);
        let mut paths = vec![("v1".to_owned(), "/api/v1".to_owned())];
        for version in listed.into_iter().flatten().filter_map(versions).flatten() {
            let version = object::text(&version, &["groupVersion"]).to_owned();
            paths.push((version.clone(), format!("/apis/{version}")));
        }
        let mut kinds = Vec::new();
        for (version, path) in paths {
            let list = match self.client.document(&path).await {
                Ok(list) => list,
                // A version that was removed meanwhile.
                Err(error) if error.is_missing_route() => continue,
                Err(error) => return Err(error.into()),
            };
            let resources = list.get("resources").and_then(Value::as_array).cloned();
            let resources = resources.unwrap_or_default();
            let whole = |resource: &&Value| !object::text(resource, &["name"]).contains('/');
            let kind = |resource: &Value| (version.clone(), object::kind(resource).to_owned());
            kinds.extend(resources.iter().filter(whole).map(kind));
        }
        match kinds.is_empty() {
            false => Ok(kinds),
            true => Err(RequestError::Transport("it serves no kind at all".into())),
        }
    }

    /// Returns the schema of a kind that a CustomResourceDefinition defines. `None` for other kinds, and if the
    /// definition cannot be read.
    ///
    /// # Errors
    /// [`RequestError::Transport`] if the API server does not respond.
    pub(crate) async fn schema(&self, target: &Target) -> Result<Option<Value>, RequestError> {
        let (group, version) = (
            object::group_of(&target.api_version),
            object::version_of(&target.api_version),
        );
        let plural = self.client.resource_name(&target.api_version, &target.kind);
        let name = format!("{}.{group}", plural.await?);
        let address =
            ObjectRef::cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", &name);
        let definition = match self.client.read(address).await {
            Ok(definition) => definition,
            Err(ApiError::Transport(source)) => return Err(RequestError::Transport(source)),
            Err(_) => return Ok(None),
        };
        let versions = object::at(&definition, &["spec", "versions"]).and_then(Value::as_array);
        let mut versions = versions.into_iter().flatten();
        let found = versions.find(|one| object::text(one, &["name"]) == version);
        let schema = found.and_then(|one| object::at(one, &["schema", "openAPIV3Schema"]));
        Ok(schema.cloned())
    }

    /// Creates the object, or merges it into the existing one.
    ///
    /// # Errors
    /// [`RequestError`], mostly [`RequestError::Refused`].
    pub(crate) async fn apply(
        &self,
        manifest: &Manifest,
        validation: Validation,
    ) -> Result<Written, RequestError> {
        self.secrets.learn(manifest.value());
        let placed = self
            .client
            .placed(manifest.value(), &self.namespace)
            .await?;
        // With generateName, each request creates a new object.
        if manifest.is_generated() {
            return self.create(&placed, validation).await;
        }
        let target = Target::of_object(&placed)?;
        if !manifest.name().is_none_or(Name::is_path_segment) {
            // No object can have that name; the API server returns the reason.
            return self.create(&placed, validation).await;
        }
        while_conflicting(|| self.apply_once(&target, &placed, validation)).await
    }

    async fn create(
        &self,
        object: &Value,
        validation: Validation,
    ) -> Result<Written, RequestError> {
        let write = Write {
            address: ObjectRef::of(object),
            subresource: "",
            change: Change::Create,
            body: object,
            manager: None,
            validation: fields(validation),
        };
        Ok(self.client.write(&write).await?)
    }

    async fn apply_once(
        &self,
        target: &Target,
        manifest: &Value,
        validation: Validation,
    ) -> Result<Written, RequestError> {
        match self.find(target).await?.first() {
            None => self.create(manifest, validation).await,
            Some(live) => {
                let mut patch = manifest.clone();
                let version = object::text(live, &["metadata", "resourceVersion"]);
                object::set(&mut patch, &["metadata", "resourceVersion"], json!(version));
                let patch = Patch {
                    change: Change::MergePatch,
                    body: &patch,
                    subresource: None,
                    manager: None,
                    validation,
                };
                self.patch(target, &patch).await
            }
        }
    }

    /// Applies the object on the server.
    ///
    /// # Errors
    /// [`RequestError`]; fields that other managers own are refused with 409.
    pub(crate) async fn apply_on_server(
        &self,
        manifest: &Manifest,
        patch: Patch<'_>,
    ) -> Result<Written, RequestError> {
        let placed = self
            .client
            .placed(manifest.value(), &self.namespace)
            .await?;
        let target = Target::of_object(&placed)?;
        let body = &placed;
        self.patch(&target, &Patch { body, ..patch }).await
    }

    /// Changes an object or one of its subresources.
    ///
    /// # Errors
    /// [`RequestError`]; a missing object is refused with 404.
    pub(crate) async fn patch(
        &self,
        target: &Target,
        patch: &Patch<'_>,
    ) -> Result<Written, RequestError> {
        let Which::Named(name) = &target.which else {
            return Err(RequestError::Incomplete {
                field: "metadata.name",
            });
        };
        let write = Write {
            address: ObjectRef {
                api_version: &target.api_version,
                kind: &target.kind,
                namespace: self.namespace_of(target)?,
                name: in_path(name)?,
            },
            subresource: patch.subresource.unwrap_or_default(),
            change: patch.change,
            body: patch.body,
            manager: patch.manager,
            validation: fields(patch.validation),
        };
        Ok(self.client.write(&write).await?)
    }

    /// Deletes one object, or every object that `target` selects. A missing object is no error.
    ///
    /// # Errors
    /// [`RequestError`].
    pub(crate) async fn delete(
        &self,
        target: &Target,
        propagation: Option<Propagation>,
    ) -> Result<(), RequestError> {
        let how = Deletion {
            propagation: propagation.map_or("", policy),
            uid: None,
        };
        for object in self.find(target).await? {
            match self.client.delete(ObjectRef::of(&object), how).await {
                Ok(()) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn in_path(name: &Name) -> Result<&str, RequestError> {
    match name.is_path_segment() {
        true => Ok(name),
        false => Err(RequestError::Unnameable { name: name.clone() }),
    }
}

fn fields(validation: Validation) -> FieldValidation {
    match validation {
        Validation::Strict => FieldValidation::Strict,
        Validation::Warn => FieldValidation::Warn,
        Validation::Ignore => FieldValidation::Ignore,
    }
}

fn policy(propagation: Propagation) -> &'static str {
    match propagation {
        Propagation::Background => "Background",
        Propagation::Foreground => "Foreground",
        Propagation::Orphan => "Orphan",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use rstest::rstest;

    use super::{Others, TRIES, while_conflicting};
    use crate::request_error::RequestError;

    fn refused(reason: &str) -> RequestError {
        let status = json!({"metadata": {}, "status": "Failure", "code": 409, "reason": reason, "message": reason});
        RequestError::Refused(Box::new(serde_json::from_value(status).unwrap()))
    }

    /// Returns the number of tries of a write that fails `failures` times with `reason`, and true if it succeeds in the
    /// end.
    async fn tried(failures: usize, reason: &str) -> (usize, bool) {
        let mut tries = 0;
        let made = while_conflicting(|| {
            tries += 1;
            let fails = tries <= failures;
            async move { if fails { Err(refused(reason)) } else { Ok(()) } }
        });
        let made = made.await.is_ok();
        (tries, made)
    }

    #[tokio::test]
    async fn who_was_too_slow_tries_again() {
        assert_eq!(tried(0, "Conflict").await, (1, true));
        assert_eq!(tried(2, "Conflict").await, (3, true));
        assert_eq!(tried(TRIES, "Conflict").await, (TRIES, false));
        assert_eq!(tried(1, "AlreadyExists").await, (1, false));
    }

    #[rstest]
    #[case::own("default-t3", "default-t3", false)]
    #[case::of_its_own("default-t3", "default-t3-apps", false)]
    #[case::another("default-t3", "default-t33", true)]
    #[case::of_another("default-t3", "default-t4-apps", true)]
    #[case::the_suites("default-t3", "default", false)]
    #[case::made_by_a_scenario("default-t3", "far", false)]
    #[case::no_number("default-t3", "default-team", false)]
    #[case::nothing_is_shared("default", "default-t3", false)]
    fn namespaces_of_other_trials(
        #[case] own: &str,
        #[case] namespace: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(Others::of(own, "default").has(namespace), expected);
    }
}
