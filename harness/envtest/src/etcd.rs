//! Starting etcd, whose data does not outlive the run.

use std::path::Path;
use std::sync::Arc;

use crosscut_programs::{Program, ProgramSettings, Ready, StateFolder};

use super::error::EnvtestError;
use super::etcd_client::EtcdClient;
use crosscut_setup::go;

/// The program's name in messages.
const NAME: &str = "etcd";
/// The maximum number of operations of one transaction; etcd's default is 128.
pub(super) const MAX_OPERATIONS: usize = 1024;

/// Starts etcd with its data in the folder of the run, and waits until it is ready.
pub(super) async fn start(
    program: &Path,
    state: &Arc<StateFolder>,
) -> Result<(Program, EtcdClient), EnvtestError> {
    let data = state.folder("etcd")?;
    // The member has the run's name, so that another etcd on the port is recognized.
    let member = state.run();
    let settings = |[client, peer]: [u16; 2]| ProgramSettings {
        environment: go::environment(),
        ready: ready(EtcdClient::new(client), member.clone()),
        ..ProgramSettings::new(NAME, program, arguments(&data, &member, client, peer))
    };
    let (program, [port, _]) = Program::start_on_free_ports(settings, state).await?;
    Ok((program, EtcdClient::new(port)))
}

/// Returns a check that succeeds once the started member responds with its own name. It responds only after it has a
/// leader.
fn ready(client: EtcdClient, member: String) -> Ready {
    Ready::Custom(Arc::new(move || {
        let (client, member) = (client.clone(), member.clone());
        Box::pin(async move {
            let members = client.members().await.map_err(|error| error.to_string())?;
            if members != [member] {
                return Err(format!("another etcd answers: {}", members.join(", ")));
            }
            Ok(())
        })
    }))
}

fn arguments(data: &Path, member: &str, client: u16, peer: u16) -> Vec<String> {
    let client = format!("http://127.0.0.1:{client}");
    let peer = format!("http://127.0.0.1:{peer}");
    vec![
        format!("--name={member}"),
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster={member}={peer}"),
        format!("--initial-cluster-token={member}"),
        format!("--max-txn-ops={MAX_OPERATIONS}"),
        // The data is deleted with the run.
        "--unsafe-no-fsync".to_owned(),
        // The only member elects itself. The start takes 0.1 s instead of up to 1 s.
        "--heartbeat-interval=10".to_owned(),
        "--election-timeout=50".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::arguments;

    #[test]
    fn everything_is_on_the_loopback_interface_and_in_the_folder() {
        let arguments = arguments("/state/etcd".as_ref(), "crosscut-0-abc", 2379, 2380);
        assert_eq!(
            arguments,
            [
                "--name=crosscut-0-abc",
                "--data-dir=/state/etcd",
                "--listen-client-urls=http://127.0.0.1:2379",
                "--advertise-client-urls=http://127.0.0.1:2379",
                "--listen-peer-urls=http://127.0.0.1:2380",
                "--initial-advertise-peer-urls=http://127.0.0.1:2380",
                "--initial-cluster=crosscut-0-abc=http://127.0.0.1:2380",
                "--initial-cluster-token=crosscut-0-abc",
                "--max-txn-ops=1024",
                "--unsafe-no-fsync",
                "--heartbeat-interval=10",
                "--election-timeout=50",
            ]
        );
    }
}
