//! Programs in networks of their own: what they share with this machine, and what not.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crosscut_programs::{
    Inherited, Launcher, Program, ProgramSettings, Ready, Relays, Shared, StateFolder, can_isolate,
};

/// The ports of the program below: which it reads from, which it writes to, and which it has for itself.
const PORTS: &str = "CROSSCUT_ISOLATED_PORTS";

/// Says what it hears, as long as it has a port for itself that is taken on this machine.
#[test]
#[ignore = "the program that the other tests start"]
fn isolated_program() {
    let Ok(ports) = std::env::var(PORTS) else {
        return;
    };
    let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().unwrap()).collect();
    let own = TcpListener::bind(("0.0.0.0", ports[2])).unwrap();
    let shown = TcpListener::bind(("127.0.0.1", ports[1])).unwrap();
    for connection in shown.incoming() {
        let mut heard = String::new();
        let mut reached = TcpStream::connect(("127.0.0.1", ports[0])).unwrap();
        reached.read_to_string(&mut heard).unwrap();
        let unreached = TcpStream::connect(("127.0.0.1", ports[3])).is_err();
        let said = format!("{heard} {unreached}");
        connection.unwrap().write_all(said.as_bytes()).unwrap();
    }
    drop(own);
}

fn launcher() -> Launcher {
    Launcher::new(PathBuf::from(env!("CARGO_BIN_EXE_crosscut")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_has_its_ports_and_reaches_what_it_is_to_reach() {
    if let Err(reason) = can_isolate(&launcher()).await {
        // The system must be what refuses it.
        assert!(reason.contains("os error"), "{reason}");
        println!("skipped, programs cannot have networks of their own here: {reason}");
        return;
    }
    let here = |_| TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let [reached, taken, unreached] = [(); 3].map(here);
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let ports = (port(&reached), port(&taken), port(&unreached));
    std::thread::spawn(move || {
        for connection in reached.incoming() {
            connection.unwrap().write_all(b"hello").unwrap();
        }
    });
    let root = tempfile::tempdir().unwrap();
    let (state, _) = StateFolder::open(root.path()).unwrap();
    let state = Arc::new(state.with_launcher(launcher()).unwrap());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let shown = listener.local_addr().unwrap().port();
    let shared = Shared {
        folder: state.folder("network").unwrap(),
        reached: vec![ports.0],
        shown: vec![shown],
    };
    let _relays = Relays::here(&shared, vec![listener]).unwrap();
    let program = std::env::current_exe().unwrap();
    let test = [
        "isolation::isolated_program",
        "--exact",
        "--ignored",
        "--nocapture",
    ];
    let mut settings = ProgramSettings::new("isolated", program, test);
    settings.inherited = Inherited::Everything;
    let own = format!("{} {shown} {} {}", ports.0, ports.1, ports.2);
    settings.environment.insert(PORTS.to_owned(), own);
    settings.isolated = Some(shared);
    settings.deadline = Duration::from_secs(60);
    settings.ready = Ready::Custom(Arc::new(move || {
        Box::pin(async move { hears(shown).await })
    }));
    let program = Program::start(settings, &state).await.unwrap();
    program.stop(Duration::from_secs(5)).await.unwrap();
}

/// # Errors
/// What else the program says.
async fn hears(port: u16) -> Result<(), String> {
    let heard = tokio::task::spawn_blocking(move || {
        let mut heard = String::new();
        TcpStream::connect(("127.0.0.1", port))?.read_to_string(&mut heard)?;
        Ok::<_, std::io::Error>(heard)
    });
    match heard.await {
        Ok(Ok(heard)) if heard == "hello true" => Ok(()),
        other => Err(format!("{other:?}")),
    }
}
