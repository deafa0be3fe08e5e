//! Parts from Go modules. The `go.mod` and `go.sum` of a wrapper module pin all of a part by hash.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::create_dir;
use super::command::{Log, ask};
use super::parts::GoModule;
use super::pins::Pins;
use crate::TaskError;

/// The path of `go` in the part of a Go release.
pub(crate) const RELEASE_PROGRAM: &str = "go/bin/go";

/// The arguments of every build. The module's variables are added to the linker's flags.
const FLAGS: &[&str] = &["-trimpath", "-buildvcs=false", "-mod=readonly"];
const LINKER_FLAGS: &str = "-s -w";

/// The environment of every build: the chosen release, this module only, static programs.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("GOTOOLCHAIN", "local"),
    ("GOWORK", "off"),
    ("GOFLAGS", ""),
    ("CGO_ENABLED", "0"),
];

/// A Go part with its wrapper module.
pub(crate) struct Wrapper<'a> {
    /// The module to build.
    pub(crate) module: &'a GoModule,
    /// The wrapper module's folder.
    pub(crate) folder: PathBuf,
}

impl Wrapper<'_> {
    /// Returns the required version of the module.
    ///
    /// # Errors
    /// Fails if `go.mod` cannot be read, or does not require the module.
    pub(crate) fn version(&self) -> Result<String, TaskError> {
        let file = self.folder.join("go.mod");
        let text = std::fs::read_to_string(&file)
            .map_err(TaskError::io(format!("read {}", file.display())))?;
        let version = requirement(&text, self.module.module).ok_or_else(|| TaskError::Pin {
            file: file.display().to_string(),
            what: format!("requires no {}", self.module.module),
        })?;
        Ok(version.to_owned())
    }

    /// Adds all pins that the build depends on. `release` is the Go release that builds the part.
    ///
    /// # Errors
    /// Fails if the wrapper module cannot be read.
    pub(crate) fn pins(&self, pins: Pins, release: &str) -> Result<Pins, TaskError> {
        let mut pins = pins.with("version", &self.version()?).with("go", release);
        for (name, value) in ENVIRONMENT {
            pins = pins.with(name, value);
        }
        pins = pins
            .with("flags", &FLAGS.join(" "))
            .with("ldflags", &self.linker_flags()?)
            .with("crds", self.module.crds.unwrap_or_default());
        for (name, package) in self.module.programs {
            pins = pins.with(name, package);
        }
        pins.with_file(&self.folder.join("go.mod"))?
            .with_file(&self.folder.join("go.sum"))
    }

    /// Builds the programs into `place/bin`, and copies the CRDs to `place/crds`.
    ///
    /// # Errors
    /// Fails if Go is missing or fails, or a file cannot be copied.
    pub(crate) fn build(&self, go: &Path, place: &Path, log: &Log) -> Result<(), TaskError> {
        let flags = self.linker_flags()?;
        for (name, package) in self.module.programs {
            let mut command = go_command(go, &self.folder);
            command
                .arg("build")
                .args(FLAGS)
                .args(["-ldflags", &flags, "-o"]);
            log.run(command.arg(place.join("bin").join(name)).arg(package))?;
        }
        match self.module.crds {
            Some(folder) => self.copy_crds(go, folder, &place.join("crds")),
            None => Ok(()),
        }
    }

    fn copy_crds(&self, go: &Path, folder: &str, place: &Path) -> Result<(), TaskError> {
        let module = ["list", "-m", "-f", "{{.Dir}}", self.module.module];
        let module = ask(go_command(go, &self.folder).args(module))?;
        copy_folder(&Path::new(&module).join(folder), place)
    }

    fn linker_flags(&self) -> Result<String, TaskError> {
        Ok(linker_flags(self.module.variables, &self.version()?))
    }
}

/// Returns the release of the Go on PATH.
///
/// # Errors
/// Fails if there is no Go on PATH.
pub(crate) fn release(folder: &Path) -> Result<String, TaskError> {
    ask(go_command(Path::new("go"), folder).args(["env", "GOVERSION"]))
}

fn go_command(go: &Path, folder: &Path) -> Command {
    let mut command = Command::new(go);
    // The variable may point to the folder of another release.
    command
        .env_remove("GOROOT")
        .envs(ENVIRONMENT.iter().copied());
    command.current_dir(folder);
    command
}

/// Returns the linker's flags that set a program's variables to the module's version.
fn linker_flags(variables: &[(&str, &str)], version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or(""), numbers.next().unwrap_or(""));
    let mut flags = LINKER_FLAGS.to_owned();
    for (variable, value) in variables {
        let value = value.replace("{version}", version);
        let value = value.replace("{major}", major).replace("{minor}", minor);
        flags.push_str(&format!(" -X {variable}={value}"));
    }
    flags
}

/// Copies a folder with its content. The copies are writable, unlike the files of the module cache.
fn copy_folder(from: &Path, to: &Path) -> Result<(), TaskError> {
    let what = || TaskError::io(format!("copy {}", from.display()));
    create_dir(to)?;
    for entry in std::fs::read_dir(from).map_err(what())? {
        let entry = entry.map_err(what())?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            let content = std::fs::read(&from).map_err(what())?;
            std::fs::write(&to, content).map_err(what())?;
        }
    }
    Ok(())
}

/// Returns the version in which a `go.mod` requires a module.
pub(crate) fn requirement<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    let mut found = directives(go_mod, "require").filter_map(|line| line.split_once(' '));
    let (_, rest) = found.find(|(name, _)| *name == module)?;
    rest.split_whitespace().next()
}

/// Returns the packages that a `go.mod` declares as tools.
#[cfg(test)]
pub(crate) fn tools(go_mod: &str) -> Vec<&str> {
    directives(go_mod, "tool").collect()
}

/// Returns the lines of one kind of directive, single or in a block.
fn directives<'a>(go_mod: &'a str, kind: &'a str) -> impl Iterator<Item = &'a str> {
    let mut inside = false;
    go_mod.lines().map(str::trim).filter_map(move |line| {
        let alone = line
            .strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix(' '));
        match (line, alone) {
            (_, Some("(")) => inside = true,
            (")", _) => inside = false,
            (_, Some(directive)) => return Some(directive),
            _ if inside => return Some(line),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO_MOD: &str = "\
module crosscut.test/testbed/kubernetes

go 1.26.0

tool (
\tk8s.io/kubernetes/cmd/kube-apiserver
\tk8s.io/kubernetes/cmd/kube-controller-manager
)

require k8s.io/alone v0.1.0

require (
\tk8s.io/api v0.34.3 // indirect
\tk8s.io/kubernetes v1.34.3 // indirect
)

replace k8s.io/replaced v1.0.0 => k8s.io/other v9.9.9
";

    #[rstest::rstest]
    #[case::in_a_block("k8s.io/kubernetes", Some("v1.34.3"))]
    #[case::alone("k8s.io/alone", Some("v0.1.0"))]
    #[case::only_replaced("k8s.io/replaced", None)]
    #[case::only_a_tool("k8s.io/kubernetes/cmd/kube-apiserver", None)]
    #[case::the_beginning_of_another("k8s.io/kube", None)]
    fn the_version_is_the_one_that_is_required(
        #[case] module: &str,
        #[case] version: Option<&str>,
    ) {
        assert_eq!(requirement(GO_MOD, module), version);
    }

    #[test]
    fn tools_are_read_from_blocks_and_single_lines() {
        let single = "tool github.com/kyverno/chainsaw\n";
        assert_eq!(tools(single), ["github.com/kyverno/chainsaw"]);
        assert_eq!(tools(GO_MOD).len(), 2);
    }

    #[test]
    fn a_folder_is_copied_with_its_folders_and_the_copy_can_be_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir_all(from.join("generated")).expect("created");
        for file in ["a.yaml", "generated/b.yaml"] {
            std::fs::write(from.join(file), file).expect("written");
            let mut read_only = from.join(file).metadata().expect("there").permissions();
            read_only.set_readonly(true);
            std::fs::set_permissions(from.join(file), read_only).expect("set");
        }
        copy_folder(&from, &to).expect("copied");
        for file in ["a.yaml", "generated/b.yaml"] {
            assert_eq!(
                std::fs::read_to_string(to.join(file)).expect("copied"),
                file
            );
            let copied = to.join(file).metadata().expect("there").permissions();
            assert!(!copied.readonly(), "{file}");
        }
    }

    #[test]
    fn the_linker_is_told_the_version_of_the_module() {
        let variables = [
            ("a.version", "{version}"),
            ("a.minor", "{major}-{minor}"),
            ("a.state", "clean"),
        ];
        let flags = linker_flags(&variables, "v1.34.3");
        assert_eq!(
            flags,
            "-s -w -X a.version=v1.34.3 -X a.minor=1-34 -X a.state=clean"
        );
    }

    mod pins {
        use std::collections::BTreeSet;

        use super::*;

        const MODULE: GoModule = GoModule {
            module: "k8s.io/kubernetes",
            programs: &[("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver")],
            variables: &[("version", "{version}")],
            crds: None,
            release: None,
        };

        fn pins(module: &GoModule, go_mod: &str, go_sum: &str) -> Result<Pins, TaskError> {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("go.mod"), go_mod).expect("written");
            std::fs::write(folder.path().join("go.sum"), go_sum).expect("written");
            let folder = folder.path().to_owned();
            Wrapper { module, folder }.pins(Pins::new("kubernetes"), "go1.26.8")
        }

        fn key(module: &GoModule, go_mod: &str, go_sum: &str) -> String {
            pins(module, go_mod, go_sum).expect("pins").key()
        }

        #[test]
        fn the_folder_does_not_matter_but_everything_in_it_does() {
            let keys = [
                key(&MODULE, GO_MOD, "sum"),
                key(&MODULE, &GO_MOD.replace("v1.34.3", "v1.34.4"), "sum"),
                key(&MODULE, GO_MOD, "another sum"),
            ];
            assert_eq!(keys[0], key(&MODULE, GO_MOD, "sum"));
            assert_eq!(BTreeSet::from(keys).len(), 3);
        }

        #[test]
        fn the_release_of_go_is_one_of_them() {
            let pins = pins(&MODULE, GO_MOD, "sum").expect("pins");
            assert!(
                pins.text().contains("\ngo \"go1.26.8\"\n"),
                "{}",
                pins.text()
            );
        }

        #[rstest::rstest]
        #[case::variables(GoModule { variables: &[], ..MODULE })]
        #[case::programs(GoModule { programs: &[], ..MODULE })]
        #[case::crds(GoModule { crds: Some("crds"), ..MODULE })]
        fn what_is_built_matters(#[case] other: GoModule) {
            assert_ne!(key(&other, GO_MOD, "sum"), key(&MODULE, GO_MOD, "sum"));
        }

        #[test]
        fn a_wrapper_that_requires_another_module_is_an_error() {
            let error = pins(&MODULE, "module a\n", "sum").expect_err("no version");
            let error = error.to_string();
            assert!(error.ends_with("requires no k8s.io/kubernetes"), "{error}");
        }
    }
}
