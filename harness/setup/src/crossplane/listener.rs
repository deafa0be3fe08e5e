//! Who listens on a port of this machine.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// In `/proc/net/tcp`: the state of a socket that listens.
const LISTENS: &str = "0A";

/// Returns true if a program that listens on a port of every interface would find it taken.
pub(super) fn is_taken(port: u16) -> bool {
    let everywhere = [
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
        SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
    ];
    everywhere.into_iter().any(|address| {
        TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    })
}

/// Who has it, as in "nginx (process 17)"; nothing if that cannot be seen.
pub(super) fn holder(port: u16) -> Option<String> {
    let sockets: Vec<PathBuf> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .flat_map(|table| inodes(&table, port))
        .map(|inode| PathBuf::from(format!("socket:[{inode}]")))
        .collect();
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let is_number = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.parse::<u32>().is_ok())
    };
    processes
        .map(|entry| entry.path())
        .filter(is_number)
        .find(|process| has_one(process, &sockets))
        .and_then(|process| {
            let program = std::fs::read_link(process.join("exe")).ok()?;
            let (program, id) = (program.file_name()?, process.file_name()?);
            Some(format!(
                "{} (process {})",
                program.to_string_lossy(),
                id.to_string_lossy()
            ))
        })
}

fn has_one(process: &Path, sockets: &[PathBuf]) -> bool {
    // Those of other users cannot be looked at.
    let files = std::fs::read_dir(process.join("fd")).into_iter().flatten();
    files
        .flatten()
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .any(|target| sockets.contains(&target))
}

/// The inodes of the sockets that listen on a port.
fn inodes(table: &str, port: u16) -> Vec<String> {
    let ending = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&ending) && *fields.get(3)? == LISTENS;
            listens.then(|| fields.get(9).map(ToString::to_string))?
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn who_listens_is_named() {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(is_taken(port));
        let holder = holder(port).unwrap();
        let own = format!("(process {})", std::process::id());
        assert!(holder.ends_with(&own), "{holder}");
        drop(listener);
        assert!(!is_taken(port));
        assert_eq!(super::holder(port), None);
    }
}
