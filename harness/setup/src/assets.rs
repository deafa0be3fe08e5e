//! Finding the programs of a control plane.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::error::{Missing, SetupError};
use super::version;

/// The place where kubebuilder's own archives are unpacked by custom.
const KUBEBUILDER: &str = "/usr/local/kubebuilder/bin";

/// A program that a control plane is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Asset {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// The built-in controllers, of which the garbage collector and the namespace controller are used.
    ControllerManager,
    /// Crossplane's core.
    Crossplane,
    /// The provider that manages `Object`s.
    ProviderKubernetes,
}

impl Asset {
    /// What no environment can be without.
    pub const REQUIRED: [Self; 3] = [Self::Etcd, Self::ApiServer, Self::ControllerManager];

    /// What trials need.
    pub const ALL: [Self; 5] = [
        Self::Etcd,
        Self::ApiServer,
        Self::ControllerManager,
        Self::Crossplane,
        Self::ProviderKubernetes,
    ];

    /// The name of its file.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Crossplane => "crossplane",
            Self::ProviderKubernetes => "provider-kubernetes",
        }
    }

    /// The variable that names its file, as envtest calls it.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Etcd => "TEST_ASSET_ETCD",
            Self::ApiServer => "TEST_ASSET_KUBE_APISERVER",
            Self::ControllerManager => "TEST_ASSET_KUBE_CONTROLLER_MANAGER",
            Self::Crossplane => "TEST_ASSET_CROSSPLANE",
            Self::ProviderKubernetes => "TEST_ASSET_PROVIDER_KUBERNETES",
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.program())
    }
}

/// The place where programs are looked for, in this order.
#[derive(Clone, Debug, Default)]
pub struct AssetSearch {
    /// The folder that the user named.
    pub explicit: Option<PathBuf>,
    /// Files that `TEST_ASSET_…` variables name.
    pub files: BTreeMap<Asset, PathBuf>,
    /// The folder of `KUBEBUILDER_ASSETS`.
    pub kubebuilder: Option<PathBuf>,
    /// The folder with the programs of the test bed.
    pub testbed: Option<PathBuf>,
    /// The folder where kubebuilder's archives are unpacked by custom.
    pub custom: Option<PathBuf>,
    /// The folders of `PATH`.
    pub path: Vec<PathBuf>,
}

impl AssetSearch {
    /// The usual places, as the variables of an environment name them: `TEST_ASSET_…`, `KUBEBUILDER_ASSETS`,
    /// `CROSSCUT_TESTBED` or the test bed in the cache folder (`XDG_CACHE_HOME`, `HOME`), and `PATH`.
    #[must_use]
    pub fn from_variables(
        explicit: Option<PathBuf>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let files = Asset::ALL.into_iter().filter_map(|asset| {
            let file = set(asset.variable())?;
            Some((asset, PathBuf::from(file)))
        });
        let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")));
        let testbed = set("CROSSCUT_TESTBED").map(PathBuf::from);
        let testbed = testbed.or_else(|| Some(cache?.join("crosscut/testbed")));
        Self {
            explicit,
            files: files.collect(),
            kubebuilder: set("KUBEBUILDER_ASSETS").map(PathBuf::from),
            testbed: testbed.map(|folder| folder.join("bin")),
            custom: Some(PathBuf::from(KUBEBUILDER)),
            path: std::env::split_paths(&set("PATH").unwrap_or_default()).collect(),
        }
    }

    /// The folders that programs are looked for in before those of `PATH`.
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        let named = [
            &self.explicit,
            &self.kubebuilder,
            &self.testbed,
            &self.custom,
        ];
        named.into_iter().flatten().cloned().collect()
    }

    /// The folders of the API server and the core that were found: programs under test are looked for beside them.
    #[must_use]
    pub fn beside(&self) -> Vec<PathBuf> {
        let found = [Asset::ApiServer, Asset::Crossplane].map(|asset| self.find_one(asset));
        let mut folders: Vec<PathBuf> = found
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|program| Some(program.parent()?.to_owned()))
            .collect();
        folders.dedup();
        folders
    }

    /// Finds what an environment needs, and what else is there.
    ///
    /// # Errors
    /// [`SetupError::Missing`] with everything that is missing, [`SetupError::NotExecutable`].
    pub fn find(&self) -> Result<Assets, SetupError> {
        let required = [
            self.find_one(Asset::Etcd)?,
            self.find_one(Asset::ApiServer)?,
            self.find_one(Asset::ControllerManager)?,
        ];
        let [Some(etcd), Some(api_server), Some(controller_manager)] = required else {
            let missing = Asset::REQUIRED.into_iter().zip(required);
            return Err(SetupError::Missing(
                self.missing(
                    missing
                        .filter(|(_, found)| found.is_none())
                        .map(|(asset, _)| asset),
                ),
            ));
        };
        Ok(Assets {
            etcd,
            api_server,
            controller_manager,
            crossplane: self.find_one(Asset::Crossplane)?,
            provider_kubernetes: self.find_one(Asset::ProviderKubernetes)?,
        })
    }

    /// Finds everything that trials need, Crossplane and its provider as well.
    ///
    /// # Errors
    /// As [`find`](AssetSearch::find).
    pub fn find_all(&self) -> Result<AllAssets, SetupError> {
        let mut missing = Vec::new();
        for asset in Asset::ALL {
            if self.find_one(asset)?.is_none() {
                missing.push(asset);
            }
        }
        let lacking = || SetupError::Missing(self.missing(missing.clone()));
        if !missing.is_empty() {
            return Err(lacking());
        }
        let environment = self.find()?;
        Ok(AllAssets {
            crossplane: environment.crossplane.clone().ok_or_else(lacking)?,
            provider_kubernetes: environment
                .provider_kubernetes
                .clone()
                .ok_or_else(lacking)?,
            environment,
        })
    }

    /// Finds one program; the first place that has it decides.
    ///
    /// # Errors
    /// [`SetupError::NotExecutable`] if it is there and cannot be run.
    pub fn find_one(&self, asset: Asset) -> Result<Option<PathBuf>, SetupError> {
        let found = self
            .places(asset)
            .map(|(_, file)| file)
            .find(|file| file.is_file());
        match found {
            Some(file) if !is_executable(&file) => Err(SetupError::NotExecutable { file }),
            found => Ok(found),
        }
    }

    /// Returns what is said of programs that were not found.
    #[must_use]
    pub fn missing(&self, assets: impl IntoIterator<Item = Asset>) -> Missing {
        let assets: Vec<Asset> = assets.into_iter().collect();
        let mut searched: Vec<String> = Vec::new();
        for asset in &assets {
            for (place, _) in self.places(*asset) {
                if !searched.contains(&place) {
                    searched.push(place);
                }
            }
        }
        Missing { assets, searched }
    }

    /// Every place that is searched for a program: what it is called, and the file there.
    fn places(&self, asset: Asset) -> impl Iterator<Item = (String, PathBuf)> {
        let name = asset.program();
        let within = move |what: &'static str| {
            move |folder: &PathBuf| (format!("{what}{}", folder.display()), folder.join(name))
        };
        let file = self.files.get(&asset).map(|file| {
            let place = format!("{} = {}", asset.variable(), file.display());
            (place, file.clone())
        });
        let explicit = self.explicit.as_ref().map(within("--assets "));
        let kubebuilder = self
            .kubebuilder
            .as_ref()
            .map(within("KUBEBUILDER_ASSETS = "));
        let testbed = self.testbed.as_ref().map(within("the test bed "));
        let custom = self.custom.as_ref().map(within(""));
        let path = self
            .path
            .iter()
            .map(move |folder| ("PATH".to_owned(), folder.join(name)));
        explicit
            .into_iter()
            .chain(file)
            .chain(kubebuilder)
            .chain(testbed)
            .chain(custom)
            .chain(path)
    }
}

/// The programs of a control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// The store.
    pub etcd: PathBuf,
    /// The API server.
    pub api_server: PathBuf,
    /// The built-in controllers.
    pub controller_manager: PathBuf,
    /// Crossplane's core, where it was found.
    pub crossplane: Option<PathBuf>,
    /// provider-kubernetes, where it was found.
    pub provider_kubernetes: Option<PathBuf>,
}

/// Everything that trials need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllAssets {
    /// The control plane's own.
    pub environment: Assets,
    /// Crossplane's core.
    pub crossplane: PathBuf,
    /// provider-kubernetes.
    pub provider_kubernetes: PathBuf,
}

impl Assets {
    /// Asks the programs that need it for their version.
    ///
    /// # Errors
    /// [`SetupError::WrongVersion`] for one that is too old or does not say, [`SetupError::NotRun`].
    pub async fn check_versions(&self) -> Result<(), SetupError> {
        tokio::try_join!(
            version::check(&self.etcd, version::ETCD),
            version::check(&self.api_server, version::KUBERNETES),
            version::check(&self.controller_manager, version::KUBERNETES),
        )
        .map(drop)
    }
}

fn is_executable(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}
