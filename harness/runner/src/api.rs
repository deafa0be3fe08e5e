//! What scenarios do to a cluster: finding, applying, patching and deleting objects of any kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosscut_assertion::{Name, Problem, Subject};
use crosscut_client::{
    Api as Client, ApiError, Change, Connection, Deletion, Validation as FieldValidation, Write,
    Written,
};

use crosscut_objects::Key;

use crosscut_cluster::NotMine;
use crosscut_objects::{Address, object};
use crosscut_suite::model::{Propagation, Validation};
use crosscut_yaml::Node;
use serde_json::{Value, json};

use crate::secrets::Secrets;

/// The field manager of everything that scenarios write.
const FIELD_MANAGER: &str = "crosscut";

/// One cluster of a trial.
pub(crate) struct Api {
    client: Client,
    secrets: Secrets,
    namespace: String,
    others: Others,
}

/// Objects of one kind in one place. Names are text that is not empty, so that a missing name never means all objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) api_version: Name,
    pub(crate) kind: Name,
    pub(crate) place: Whereabouts,
    pub(crate) which: Which,
}

/// The namespaces that objects are in; none of them matters to cluster-wide kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// The trial's own namespace.
    Own,
    /// This one.
    Namespace(Name),
    /// All of them.
    Everywhere,
}

/// The objects of a kind that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one of this name.
    Named(Name),
    /// Those that have these labels, of which there is one at least.
    Labelled(BTreeMap<String, String>),
    /// All of them.
    All,
}

impl Which {
    /// Returns the name of the one object that is meant, if one is.
    pub(crate) fn name(&self) -> Option<&Name> {
        match self {
            Which::Named(name) => Some(name),
            Which::Labelled(_) | Which::All => None,
        }
    }
}

/// A request that could not be made or was not granted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// No such kind is served: its CRD is missing, not established, or named wrongly.
    #[error("the control plane serves no kind {kind} in {api_version}")]
    NoSuchKind {
        /// The apiVersion that was asked for.
        api_version: String,
        /// The kind that was asked for.
        kind: String,
    },
    /// The object has no field that a request needs.
    #[error("the object has no {field}")]
    Incomplete {
        /// The field.
        field: &'static str,
    },
    /// No object can have the name, so that no request can ask for it.
    #[error(
        "no object can be named \"{name}\": a name is neither . nor .., and has no / and no % in it"
    )]
    Unnameable {
        /// The name of the object or of its namespace.
        name: Name,
    },
    /// The API server refused.
    #[error("{}", .0.message)]
    Refused(Box<kube::core::Status>),
    /// The run did not make the object, and the scenario does not say that it means to change such.
    #[error("{what}")]
    NotMine {
        /// The object, as a sentence.
        what: String,
        /// What to do about it.
        help: &'static str,
    },
    /// The request could not be made or answered.
    #[error("the control plane did not answer")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ApiError> for RequestError {
    fn from(error: ApiError) -> RequestError {
        match error {
            ApiError::Refused(status) => RequestError::Refused(status),
            ApiError::NoMatch { api_version, kind } => {
                RequestError::NoSuchKind { api_version, kind }
            }
            ApiError::Transport(source) => match NotMine::behind(source.as_ref()) {
                Some(found) => RequestError::NotMine {
                    what: found.to_string(),
                    help: found.help(),
                },
                None => RequestError::Transport(source),
            },
        }
    }
}

impl RequestError {
    /// Returns true if somebody else wrote meanwhile.
    fn is_conflict(&self) -> bool {
        matches!(self, RequestError::Refused(status) if status.code == 409 && status.reason == "Conflict")
    }
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

/// The namespaces of other trials, where trials share an API server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    /// The beginning of every trial's namespace, and the trial's own. None: no server is shared.
    known: Option<(String, String)>,
}

impl Others {
    /// Reads them from a trial's own namespace, which is the suite's where no server is shared, and otherwise a name with
    /// the trial's number at its end.
    pub(crate) fn of(own: &str, suite: &str) -> Others {
        let stem = own.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let is_shared = own != suite && stem.len() < own.len() && stem.ends_with("-t");
        Others {
            known: is_shared.then(|| (stem.to_owned(), own.to_owned())),
        }
    }

    /// Tells if a namespace belongs to another trial: it begins with the name of its own.
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

/// The number of times that a write is tried that somebody else is quicker than. Controllers write now and then, not
/// all the time.
const TRIES: usize = 5;

/// Tries again as long as somebody else wrote meanwhile: what is applied is meant for whatever is there.
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

impl Target {
    /// Returns what a document is about; `None` for a document without apiVersion or kind.
    pub(crate) fn of_subject(subject: &Subject) -> Option<Target> {
        let which = match &subject.name {
            Some(name) => Which::Named(name.clone()),
            None if subject.labels.is_empty() => Which::All,
            None => Which::Labelled(subject.labels.clone()),
        };
        Some(Target {
            api_version: subject.api_version.clone()?,
            kind: subject.kind.clone()?,
            place: match &subject.namespace {
                _ if subject.everywhere => Whereabouts::Everywhere,
                Some(namespace) => Whereabouts::Namespace(namespace.clone()),
                None => Whereabouts::Own,
            },
            which,
        })
    }

    /// Returns all objects of a kind, wherever they are; `None` for a kind without a name.
    pub(crate) fn all(api_version: &str, kind: &str) -> Option<Target> {
        Some(Target {
            api_version: Name::new(api_version)?,
            kind: Name::new(kind)?,
            place: Whereabouts::Everywhere,
            which: Which::All,
        })
    }

    /// Returns all objects of a kind in the trial's namespace; `None` for a kind without a name.
    pub(crate) fn all_own(api_version: &str, kind: &str) -> Option<Target> {
        Some(Target {
            place: Whereabouts::Own,
            ..Target::all(api_version, kind)?
        })
    }

    /// Returns the object that a reconcile is about; `None` for one without a name.
    pub(crate) fn of_key(key: &Key) -> Option<Target> {
        let namespace = key.namespace.clone().unwrap_or_default();
        Some(Target {
            api_version: Name::new(key.api_version())?,
            kind: Name::new(key.kind.as_str())?,
            place: Name::new(namespace).map_or(Whereabouts::Everywhere, Whereabouts::Namespace),
            which: Which::Named(Name::new(key.name.as_str())?),
        })
    }

    /// Returns all Events of a namespace; `None` for a namespace without a name.
    pub(crate) fn events_in(namespace: &str) -> Option<Target> {
        Some(Target {
            place: Whereabouts::Namespace(Name::new(namespace)?),
            ..Target::all("v1", "Event")?
        })
    }

    /// Returns the target of an object that an API server returned.
    ///
    /// # Errors
    /// [`RequestError::Incomplete`] if apiVersion, kind or name is missing.
    pub(crate) fn of_object(object: &Value) -> Result<Target, RequestError> {
        let field = |text: &str, field: &'static str| {
            Name::new(text).ok_or(RequestError::Incomplete { field })
        };
        Ok(Target {
            api_version: field(object::api_version(object), "apiVersion")?,
            kind: field(object::kind(object), "kind")?,
            place: match Name::new(object::namespace(object)) {
                Some(namespace) => Whereabouts::Namespace(namespace),
                None => Whereabouts::Own,
            },
            which: Which::Named(field(object::name(object), "metadata.name")?),
        })
    }
}

/// A document to write, whose names are names.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    value: Value,
    name: Option<Name>,
}

impl Manifest {
    /// Reads the value of the template `document`.
    ///
    /// # Errors
    /// A [`Problem`] for each name, namespace, kind, apiVersion or label that is not text.
    pub(crate) fn of(document: &Node, value: Value) -> Result<Manifest, Vec<Problem>> {
        let name = Subject::of_written(document, &value)?.name;
        Ok(Manifest { value, name })
    }

    /// The document.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Returns the object that the document is about.
    ///
    /// # Errors
    /// [`RequestError::Incomplete`] if apiVersion, kind or name is missing.
    pub(crate) fn target(&self) -> Result<Target, RequestError> {
        Target::of_object(&self.value)
    }

    /// Tells if the API server is to find a name.
    fn is_generated(&self) -> bool {
        self.name.is_none() && self.value.pointer("/metadata/generateName").is_some()
    }
}

impl Api {
    /// `namespace` is where namespaced objects are that name none.
    /// The values of Secrets that are read or written are told to `secrets`.
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

    /// The kinds and objects that are there, for what this has no word for.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The objects that `target` names: one or none by name, any number otherwise.
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

    /// Returns what is printed of the objects that `target` names.
    ///
    /// # Errors
    /// [`RequestError`]; a name that no object has is refused with 404.
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
        let address = Address {
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
        let address = Address {
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

    /// Every kind that is served, as apiVersion and kind.
    ///
    /// # Errors
    /// [`RequestError`] if discovery does not answer.
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
                // A version that went away since.
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

    /// Returns the schema of a kind that a CustomResourceDefinition defines; `None` for other kinds, and if it cannot be
    /// read.
    ///
    /// # Errors
    /// [`RequestError::Transport`] if the API server does not answer.
    pub(crate) async fn schema(&self, target: &Target) -> Result<Option<Value>, RequestError> {
        let (group, version) = (
            object::group_of(&target.api_version),
            object::version_of(&target.api_version),
        );
        let plural = self.client.resource_name(&target.api_version, &target.kind);
        let name = format!("{}.{group}", plural.await?);
        let address =
            Address::cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", &name);
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

    /// Creates the object, or merges it into what is there.
    ///
    /// # Errors
    /// [`RequestError`], [`RequestError::Refused`] above all.
    pub(crate) async fn apply(
        &self,
        manifest: &Manifest,
        validation: Validation,
    ) -> Result<Written, RequestError> {
        self.secrets.learn(&manifest.value);
        let placed = self.client.placed(&manifest.value, &self.namespace).await?;
        // generateName asks for a new object each time.
        if manifest.is_generated() {
            return self.create(&placed, validation).await;
        }
        let target = Target::of_object(&placed)?;
        if !manifest.name.as_ref().is_none_or(Name::is_path_segment) {
            // Nothing of that name can be there; why, the API server says.
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
            address: Address::of(object),
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
        let placed = self.client.placed(&manifest.value, &self.namespace).await?;
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
            address: Address {
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

    /// Deletes one object, or every object that `target` selects. What is missing is no error.
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
            match self.client.delete(Address::of(&object), how).await {
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

    use super::{Others, RequestError, TRIES, Target, while_conflicting};

    fn refused(reason: &str) -> RequestError {
        let status = json!({"metadata": {}, "status": "Failure", "code": 409, "reason": reason, "message": reason});
        RequestError::Refused(Box::new(serde_json::from_value(status).unwrap()))
    }

    /// Returns the number of times that something is tried that fails so often with a reason, and whether it succeeds
    /// in the end.
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

    #[test]
    fn a_manifest_without_a_name_is_incomplete() {
        let error = Target::of_object(&json!({"apiVersion": "v1", "kind": "Secret"})).unwrap_err();
        assert_eq!(error.to_string(), "the object has no metadata.name");
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
