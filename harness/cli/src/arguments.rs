//! The command line: what can be typed, and what it means.

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use crosscut_events::Seeds;

/// Conformance tests for Kubernetes control planes.
///
/// Exit codes: 0 all passed; 1 something failed or never settled; 2 the command line or the
/// documents are wrong; 3 the environment failed, or the run was interrupted or took longer than --timeout; 4 nothing failed but
/// something was unsupported, or nothing was judged.
#[derive(Debug, Parser)]
#[command(name = "crosscut", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judges scenarios on every provider and prints the verdicts.
    Test(TestArguments),
    /// Judges scenarios on several kinds of control plane and compares verdicts and what is left.
    Parity(ParityArguments),
    /// Checks the documents without running them.
    Lint(LintArguments),
    /// Lists what killed runs left on a cluster of yours, asks, and deletes it.
    Clean(CleanArguments),
    /// Becomes a program that ends with this one's parent; for crosscut itself.
    #[command(hide = true)]
    Launch(LaunchArguments),
    /// The same in a network of its own; for crosscut itself.
    #[command(hide = true)]
    Isolate(IsolateArguments),
    /// Leads connections out of such a network and into it; for crosscut itself.
    #[command(hide = true)]
    Relay(RelayArguments),
}

/// What is launched.
#[derive(Debug, Args)]
pub(crate) struct LaunchArguments {
    /// The process that the program is to end with.
    #[arg(long)]
    pub(crate) parent: u32,

    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) words: Vec<std::ffi::OsString>,
}

/// What is launched in a network of its own.
#[derive(Debug, Args)]
pub(crate) struct IsolateArguments {
    #[command(flatten)]
    pub(crate) relay: RelayArguments,

    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) words: Vec<std::ffi::OsString>,
}

/// What a program in a network of its own shares with this machine.
#[derive(Debug, Args)]
pub(crate) struct RelayArguments {
    /// The process that the program, or the relay, is to end with.
    #[arg(long)]
    pub(crate) parent: u32,

    /// Where the sockets between the networks are.
    #[arg(long, default_value = ".")]
    pub(crate) folder: std::path::PathBuf,

    /// A port of this machine that the program reaches.
    #[arg(long)]
    pub(crate) reached: Vec<u16>,

    /// A port of the program that this machine reaches.
    #[arg(long)]
    pub(crate) shown: Vec<u16>,
}

/// Which trials, and how they are run.
#[derive(Debug, Args)]
pub(crate) struct TrialArguments {
    /// Scenario folders or files, or a project's folder; default: the project of this folder.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<Utf8PathBuf>,

    /// Judge on this provider only; may be given several times.
    #[arg(long = "provider", value_name = "PROVIDER")]
    pub(crate) providers: Vec<String>,

    /// Judge scenarios whose name matches this pattern only; may be given several times.
    #[arg(long = "scenario", value_name = "GLOB")]
    pub(crate) scenarios: Vec<String>,

    /// How many trials run at the same time; default: one more than there are processors, 4 on envtest, where trials
    /// mostly wait, or 1 on kind and kubeconfig, where they share one target.
    #[arg(long, value_name = "N", value_parser = parse_jobs)]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,

    /// Orders what is concurrent in embedded control planes; the same seed replays the same order.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Where etcd, kube-apiserver, kube-controller-manager, crossplane and provider-kubernetes are, for envtest,
    /// crossplane for kind, and programs under test for all; default: where the variables of kubebuilder's envtest say, the test bed, and PATH.
    #[arg(long, value_name = "DIR")]
    pub(crate) assets: Option<Utf8PathBuf>,

    /// Let `env` in expressions read every environment variable; default: those that the suite's `env` names.
    #[arg(long)]
    pub(crate) env_all: bool,

    /// The longest that the whole run may take, such as 10m. Trials that run then are unsettled, the others are not
    /// judged.
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    pub(crate) timeout: Option<Duration>,

    /// The longest that a trial may take in place of what the scenarios and the suite say, without its own waiting;
    /// default: 60s on embedded, 15m on real control planes.
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    pub(crate) trial_timeout: Option<Duration>,

    #[command(flatten)]
    pub(crate) clusters: ClusterArguments,

    /// Say more: every step, what the control plane warned of, and what functions write.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Show the values of Secrets, which are masked otherwise.
    #[arg(long)]
    pub(crate) show_secrets: bool,

    /// Say less: what did not pass, and the summary.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// Which clusters, where they are not made for the run alone.
#[derive(Debug, Args)]
pub(crate) struct ClusterArguments {
    /// The kubeconfig, for kubeconfig; default: what KUBECONFIG lists, or the one in the home folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<Utf8PathBuf>,

    /// The context of the control plane, for kubeconfig; default: the current one.
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The context of the target, for kubeconfig; without one, trials that need a target are unsupported.
    #[arg(long, value_name = "NAME")]
    pub(crate) target_context: Option<String>,

    /// Use clusters that are not on this machine without asking, for kubeconfig.
    #[arg(long)]
    pub(crate) yes: bool,

    /// The node image, for kind; default: the suite's, or kind's own.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) node_image: Option<String>,

    /// Keep the clusters for the next run with the same settings, for kind.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    #[command(flatten)]
    pub(crate) trials: TrialArguments,

    /// The control plane to judge on.
    #[arg(long, value_enum, default_value_t = ClusterKind::Embedded)]
    pub(crate) cluster: ClusterKind,

    /// Judge each trial with every seed from A to B, until it does not pass; only for embedded.
    #[arg(long, value_name = "A..B", value_parser = parse_seeds, conflicts_with = "seed")]
    pub(crate) seeds: Option<Seeds>,

    /// Start no further trial after the first that failed, never settled, or whose environment broke.
    #[arg(long)]
    pub(crate) fail_fast: bool,

    /// Also write a report; may be given several times.
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = parse_report)]
    pub(crate) reports: Vec<ReportFile>,

    /// Judge nothing and end with 2 if there are warnings about documents.
    #[arg(long)]
    pub(crate) deny_warnings: bool,

    /// End with 0 instead of 4 if no trial was judged, because all were skipped.
    #[arg(long)]
    pub(crate) allow_empty: bool,

    /// Print the trials, one a line, and run none.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ParityArguments {
    #[command(flatten)]
    pub(crate) trials: TrialArguments,

    /// The control planes to compare; the first is held against each of the others.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "embedded,envtest"
    )]
    pub(crate) clusters: Vec<ClusterKind>,

    /// The known differences, with their reasons.
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<Utf8PathBuf>,

    /// Also write every difference to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) differences: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CleanArguments {
    /// Only what this run left: the value of the label crosscut.dev/run; default: what any run left.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,

    /// The kubeconfig; default: as kubectl finds it.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<Utf8PathBuf>,

    /// The context that leads to the cluster; default: the current one.
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,

    /// Delete without asking.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Args)]
pub(crate) struct LintArguments {
    /// Scenario folders or files, or a project's folder; default: the project of this folder.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<Utf8PathBuf>,

    /// End with 2 if there are warnings.
    #[arg(long)]
    pub(crate) deny_warnings: bool,

    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OutputArguments {
    /// Never colour the output; also by the environment variable NO_COLOR.
    #[arg(long)]
    pub(crate) no_color: bool,
}

/// The kinds of control plane that trials can be judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClusterKind {
    /// crosscut's own API server and Crossplane engine, in this process.
    Embedded,
    /// etcd, kube-apiserver, kube-controller-manager and Crossplane as processes of this run.
    Envtest,
    /// Clusters that the kind command makes, in containers.
    Kind,
    /// A cluster of yours, with Crossplane in it.
    Kubeconfig,
}

impl ClusterKind {
    /// Returns the name of the kind, as documents and arguments write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ClusterKind::Embedded => "embedded",
            ClusterKind::Envtest => "envtest",
            ClusterKind::Kind => "kind",
            ClusterKind::Kubeconfig => "kubeconfig",
        }
    }
}

/// A report to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportFile {
    pub(crate) format: ReportFormat,
    pub(crate) file: Utf8PathBuf,
}

/// The formats of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    Junit,
    Json,
}

fn parse_jobs(text: &str) -> Result<std::num::NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "give a whole number from 1")
}

fn parse_timeout(text: &str) -> Result<Duration, &'static str> {
    let timeout = crosscut_suite::parse_duration(text);
    timeout
        .filter(|timeout| !timeout.is_zero())
        .ok_or("give a duration longer than 0s, such as 30s, 1m30s or 2h")
}

fn parse_seeds(text: &str) -> Result<Seeds, String> {
    let (first, last) = text
        .split_once("..")
        .ok_or("write it as A..B, for example 1..20")?;
    let number = |text: &str| {
        text.parse()
            .map_err(|_| format!("\"{text}\" is no whole number"))
    };
    Seeds::between(number(first)?, number(last)?)
        .ok_or_else(|| format!("{last} comes before {first}"))
}

fn parse_report(text: &str) -> Result<ReportFile, String> {
    let (format, file) = text
        .split_once('=')
        .ok_or("write it as FORMAT=FILE, for example junit=report.xml")?;
    let format = match format {
        "junit" => ReportFormat::Junit,
        "json" => ReportFormat::Json,
        other => {
            return Err(format!(
                "unknown format \"{other}\"; known are junit and json"
            ));
        }
    };
    if file.is_empty() {
        return Err("the file's name is missing after =".to_owned());
    }
    Ok(ReportFile {
        format,
        file: file.into(),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Arguments, ReportFile, ReportFormat, parse_report, parse_seeds};

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_report_is_a_format_and_a_file() {
        let expected = ReportFile {
            format: ReportFormat::Junit,
            file: "out/a=b.xml".into(),
        };
        assert_eq!(parse_report("junit=out/a=b.xml"), Ok(expected));
    }

    #[test]
    fn seeds_go_from_one_to_another() {
        let parsed = parse_seeds("1..20").map(|seeds| seeds.all().collect::<Vec<u64>>());
        assert_eq!(parsed, Ok((1..=20).collect()));
        for (text, part) in [
            ("7", "A..B"),
            ("1..", "\"\" is no whole number"),
            ("1..=3", "\"=3\" is no whole number"),
            ("-1..3", "\"-1\" is no whole number"),
            ("3..1", "1 comes before 3"),
        ] {
            let refused = parse_seeds(text).map(|seeds| seeds.to_string());
            assert!(refused.unwrap_err().contains(part), "{text}");
        }
    }

    #[test]
    fn a_wrong_report_says_what_is_known() {
        for (text, part) in [
            ("html=x", "junit and json"),
            ("junit", "FORMAT=FILE"),
            ("json=", "missing"),
        ] {
            assert!(parse_report(text).unwrap_err().contains(part), "{text}");
        }
    }
}
