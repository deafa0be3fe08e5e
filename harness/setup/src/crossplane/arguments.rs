//! What the programs are told. Nothing here starts anything.
//!
//! Both inherit nothing of the environment, so no proxy comes between them and the loopback interface.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::go;
use crate::version::Version;

/// The namespace that Crossplane takes for its own.
pub(super) const NAMESPACE: &str = "crossplane-system";

/// The first version that counts a composite resource's events and stops reconciling it when there are many. The
/// version before has no flag for it, and refuses to start with one that it does not know.
const CIRCUIT_BREAKER: Version = Version { major: 2, minor: 1 };

/// The place where the core finds and keeps things.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core<'a> {
    pub(super) version: Version,
    /// The folder with what it shows to functions: `tls.crt`, `tls.key` and `ca.crt`.
    pub(super) client_tls: &'a str,
    /// The folder with what its webhook shows.
    pub(super) server_tls: &'a str,
    /// The place where it keeps packages; it has none.
    pub(super) cache: &'a Path,
    pub(super) health_port: u16,
    pub(super) webhook_port: u16,
}

impl Core<'_> {
    /// The arguments of `crossplane`.
    pub(super) fn arguments(self) -> Vec<String> {
        let mut arguments = vec![
            "core".to_owned(),
            "start".to_owned(),
            format!("--namespace={NAMESPACE}"),
            "--package-runtime=External".to_owned(),
            "--enable-webhooks".to_owned(),
            format!("--webhook-port={}", self.webhook_port),
            format!("--tls-client-certs-dir={}", self.client_tls),
            format!("--tls-server-certs-dir={}", self.server_tls),
            format!("--xpkg-cache-dir={}", self.cache.display()),
            // Any free port: it cannot be told to serve none.
            "--metrics-port=0".to_owned(),
            format!("--health-probe-port={}", self.health_port),
        ];
        if self.version >= CIRCUIT_BREAKER {
            // A composition of many resources spends the default of 100 events at once.
            arguments.push("--circuit-breaker-burst=100000".to_owned());
        }
        arguments
    }
}

/// The arguments of `provider-kubernetes`.
pub(super) fn provider_kubernetes(health_port: u16, poll: Duration) -> Vec<String> {
    vec![
        format!("--health-probe-bind-addr=127.0.0.1:{health_port}"),
        format!("--poll={}ms", poll.as_millis()),
        "--max-reconcile-rate=100".to_owned(),
    ]
}

/// The environment of a program that talks to an API server.
pub(super) fn environment(kubeconfig: &Path) -> BTreeMap<String, String> {
    let mut environment = go::environment();
    environment.insert("KUBECONFIG".to_owned(), kubeconfig.display().to_string());
    environment
}

/// The environment of `provider-kubernetes`, which serves a conversion webhook whether it is asked or not.
pub(super) fn provider_environment(kubeconfig: &Path, tls: &str) -> BTreeMap<String, String> {
    let mut environment = environment(kubeconfig);
    environment.insert("TLS_SERVER_CERTS_DIR".to_owned(), tls.to_owned());
    environment
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn core(minor: u32) -> Vec<String> {
        Core {
            version: Version { major: 2, minor },
            client_tls: "/run/client",
            server_tls: "/run/server",
            cache: Path::new("/run/cache"),
            health_port: 1,
            webhook_port: 2,
        }
        .arguments()
    }

    #[rstest]
    #[case::without_a_breaker(0, None)]
    #[case::with_a_breaker(1, Some("--circuit-breaker-burst=100000"))]
    #[case::newer(4, Some("--circuit-breaker-burst=100000"))]
    fn the_core_is_told(#[case] minor: u32, #[case] last: Option<&str>) {
        let mut expected = vec![
            "core",
            "start",
            "--namespace=crossplane-system",
            "--package-runtime=External",
            "--enable-webhooks",
            "--webhook-port=2",
            "--tls-client-certs-dir=/run/client",
            "--tls-server-certs-dir=/run/server",
            "--xpkg-cache-dir=/run/cache",
            "--metrics-port=0",
            "--health-probe-port=1",
        ];
        expected.extend(last);
        assert_eq!(core(minor), expected);
    }

    #[test]
    fn the_provider_is_told() {
        let arguments = provider_kubernetes(1, Duration::from_secs(10));
        assert_eq!(
            arguments,
            [
                "--health-probe-bind-addr=127.0.0.1:1",
                "--poll=10000ms",
                "--max-reconcile-rate=100",
            ]
        );
    }

    #[test]
    fn programs_see_their_kubeconfig_and_no_proxy() {
        let kubeconfig = Path::new("/run/kubeconfig");
        let variables = environment(kubeconfig);
        let names: Vec<&str> = variables.keys().map(String::as_str).collect();
        assert_eq!(names, ["GOGC", "GOMEMLIMIT", "KUBECONFIG"]);
        assert_eq!(variables["KUBECONFIG"], "/run/kubeconfig");
        assert_eq!(
            provider_environment(kubeconfig, "/run/tls")["TLS_SERVER_CERTS_DIR"],
            "/run/tls"
        );
    }
}
