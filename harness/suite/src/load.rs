//! Finding and reading a project: `crosscut.yaml` and everything that it names.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use crosscut_yaml::Node;

use crate::diagnostic::{Diagnostic, Report};
use crate::files::{Disk, Files};
use crate::lint;
use crate::model::{Place, Provider, Scenario, Suite};
use crate::offered::Offered;
use crate::plan::{Plan, Selection, plan};
use crate::read::{Folder, RawSuite, Reader, normalized, provider, scenario, suite};

/// The file that makes a folder a project.
const SUITE_FILE: &str = "crosscut.yaml";

/// Reads the project that `start`, or the first of the selected paths, lies in, and plans what `selection` selects.
/// `start` is an absolute folder; relative paths of the selection are relative to it, and so are those of messages.
///
/// # Errors
/// Every mistake in every document of the project, selected or not, and in the selection.
///
/// ```
/// use crosscut_suite::{Selection, load};
///
/// let folder = tempfile::tempdir().unwrap();
/// let folder = camino::Utf8Path::from_path(folder.path()).unwrap();
/// // A folder without a suite is a mistake, and the report says so.
/// let report = load(folder, &Selection::default()).unwrap_err();
/// assert!(report.to_string().contains("crosscut.yaml"));
/// ```
pub fn load(start: &Utf8Path, selection: &Selection) -> Result<Plan, Report> {
    load_from(&Disk, start, selection)
}

/// [`load`] from any [`Files`].
///
/// # Errors
/// As [`load`].
pub fn load_from(
    files: &dyn Files,
    start: &Utf8Path,
    selection: &Selection,
) -> Result<Plan, Report> {
    let selection = selection.below(start);
    let begin = selection.paths.first().map_or(start, Utf8PathBuf::as_path);
    let Some(folder) = project_of(files, begin) else {
        return Err(no_project(begin).into());
    };
    let mut reader = Reader::new(files, &folder, start);
    let suite = read_project(&mut reader, &folder);
    // What is only suspicious in a trial is a mistake for lint alone: the trial says what it leads to.
    let (found, mistakes): (Vec<_>, Vec<_>) = std::mem::take(&mut reader.problems)
        .into_iter()
        .partition(|one| one.code().starts_with("lint::"));
    let (Some(suite), true) = (suite, mistakes.is_empty()) else {
        return Err(mistakes.into_iter().chain(found).collect::<Vec<_>>().into());
    };
    let problems = lint::unknown_fields(&suite);
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let mut warnings = found;
    warnings.append(&mut reader.warnings);
    warnings.extend(lint::lint(&suite, &reader));
    Diagnostic::keep_first(&mut warnings);
    plan(files, Arc::new(suite), &selection, warnings)
}

/// The nearest folder at or above `start` that has a suite file.
fn project_of(files: &dyn Files, start: &Utf8Path) -> Option<Utf8PathBuf> {
    let found = start
        .ancestors()
        .find(|folder| files.is_file(&folder.join(SUITE_FILE)))?;
    Some(found.to_owned())
}

fn no_project(start: &Utf8Path) -> Vec<Diagnostic> {
    let message = format!("there is no {SUITE_FILE} in {start} or a folder above it");
    let help = format!(
        "run crosscut in a project's folder or give its path; for a new project, write {SUITE_FILE} with at least: \
         {{apiVersion: {}, kind: Suite, metadata: {{name: mine}}}}",
        crate::API_VERSION
    );
    vec![Diagnostic::nowhere("suite::no_suite", message).with_help(help)]
}

fn read_project(reader: &mut Reader<'_>, folder: &Utf8Path) -> Option<Suite> {
    let file = folder.join(SUITE_FILE);
    let documents = reader.documents(&file);
    let raw = one(reader, documents, &file)
        .and_then(|(node, place)| suite(reader, &node, &place, folder));
    // What is wrong with the suite must not hide what is wrong with the rest.
    let raw = raw.unwrap_or_else(|| RawSuite::empty(folder));
    let providers = providers(reader, &raw);
    let offered = match reader.problems.is_empty() {
        true => raw.offered().with_values(&providers),
        // There may be values that could not be read.
        false => raw.offered(),
    };
    let scenarios = scenarios(reader, &raw.scenarios, &offered);
    Some(Suite {
        name: raw.name,
        folder: folder.to_owned(),
        namespace: raw.namespace,
        install: raw.install,
        functions: raw.functions,
        clusters: raw.clusters,
        env: raw.env,
        timeout: raw.timeout,
        ports: raw.ports,
        programs: raw.programs,
        providers,
        scenarios,
        place: raw.place?,
    })
}

/// The only document of a file.
fn one(
    reader: &mut Reader<'_>,
    documents: Vec<(Node, Place)>,
    file: &Utf8Path,
) -> Option<(Node, Place)> {
    let count = documents.len();
    let mut documents = documents.into_iter();
    let first = documents.next();
    if count != 1 && !reader.is_broken(file) {
        let message = format!("{} must hold one document, not {count}", reader.shown(file));
        // The one too many is where to look; an empty file has no place in it.
        let problem = match documents.next() {
            Some((_, place)) => Diagnostic::error("suite::documents", message, place),
            None => Diagnostic::error("suite::documents", message, reader.beginning(file)),
        };
        reader.problem(problem.with_help(
            "it holds the Suite alone; scenarios and providers have files of their own",
        ));
    }
    first
}

/// Reads the providers. A suite that names no folders of providers, and has none, has one by default.
fn providers(reader: &mut Reader<'_>, raw: &RawSuite) -> Vec<Arc<Provider>> {
    let is_assumed = |folder: &Folder| folder.place.is_none();
    let is_there = |folder: &Folder| reader.files().list(&folder.path).is_ok();
    let by_default = raw.providers.iter().all(is_assumed);
    let mut found = BTreeMap::new();
    let files = match by_default && !raw.providers.iter().any(is_there) {
        true => Vec::new(),
        false => named(reader, &raw.providers, "provider"),
    };
    for file in files {
        for (node, place) in reader.documents(&file) {
            if let Some(provider) = provider(reader, &node, &place, folder_of(&file)) {
                let place = provider.place.clone();
                unique(
                    reader,
                    &mut found,
                    "provider",
                    provider.name.clone(),
                    Arc::new(provider),
                    &place,
                );
            }
        }
    }
    if let (true, true, Some(place)) = (found.is_empty(), by_default, &raw.place) {
        return vec![Arc::new(Provider::by_default(place.clone()))];
    }
    found.into_values().collect()
}

fn scenarios(reader: &mut Reader<'_>, folders: &[Folder], offered: &Offered) -> Vec<Arc<Scenario>> {
    let mut found = BTreeMap::new();
    for file in named(reader, folders, "scenario") {
        for (node, place) in reader.documents(&file) {
            if let Some(scenario) = scenario(reader, &node, &place, folder_of(&file), offered) {
                let place = scenario.place.clone();
                unique(
                    reader,
                    &mut found,
                    "scenario",
                    scenario.name.clone(),
                    Arc::new(scenario),
                    &place,
                );
            }
        }
    }
    found.into_values().collect()
}

/// The files called `<stem>.yaml` in the folders and below, at any depth, each once.
fn named(reader: &mut Reader<'_>, folders: &[Folder], stem: &str) -> Vec<Utf8PathBuf> {
    let mut files = Vec::new();
    for folder in folders {
        reader.searched.push(folder.path.clone());
        match reader.files().list(&folder.path) {
            Ok(found) => files.extend(found.into_iter().filter(|file| {
                file.file_stem() == Some(stem) && matches!(file.extension(), Some("yaml" | "yml"))
            })),
            Err(error) => {
                let message = format!(
                    "the folder {} cannot be read: {error}",
                    reader.shown(&folder.path)
                );
                let help =
                    format!("it should hold {stem}s, each in a folder of its own as {stem}.yaml");
                let problem = match &folder.place {
                    Some(place) => {
                        Diagnostic::error("suite::missing_folder", message, place.clone())
                    }
                    None => Diagnostic::nowhere("suite::missing_folder", message),
                };
                reader.problem(problem.with_help(help));
            }
        }
    }
    files.sort();
    files.dedup();
    files
}

fn folder_of(file: &Utf8Path) -> &Utf8Path {
    file.parent().unwrap_or_else(|| Utf8Path::new(""))
}

fn unique<T>(
    reader: &mut Reader<'_>,
    found: &mut BTreeMap<String, T>,
    what: &str,
    name: String,
    document: T,
    place: &Place,
) {
    if found.contains_key(&name) {
        let message = format!("there is another {what} called {name}");
        let problem = Diagnostic::error("suite::duplicate_name", message, place.clone());
        reader.problem(
            problem.with_help(
                "names must be unique in a suite, since reports and --scenario use them",
            ),
        );
        return;
    }
    found.insert(name, document);
}

impl Selection {
    /// The same with absolute, plain paths.
    fn below(&self, start: &Utf8Path) -> Selection {
        let paths = self
            .paths
            .iter()
            .map(|path| normalized(&start.join(path)))
            .collect();
        Selection {
            paths,
            ..self.clone()
        }
    }
}
