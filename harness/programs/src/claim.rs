//! Ports that are handed out before the programs run that are to listen on them.
//!
//! A port that the system chooses may be given to any outgoing connection in the meantime. These are from below the
//! range that it chooses from, and no two runs of crosscut on a machine are given the same.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// The place where the system's own choice begins, where it cannot be asked.
const USUAL_CHOICE: u16 = 32_768;
/// The number of ports below it that may be claimed.
const SPAN: u16 = 12_000;

/// Ports on which no other run listens while this value lives. A program that gets a number may listen there.
#[derive(Debug)]
pub struct ClaimedPorts {
    ports: Vec<u16>,
    _claims: Vec<Claim>,
}

impl ClaimedPorts {
    /// Claims different ports.
    ///
    /// # Errors
    /// Where there are not so many.
    pub fn claim(count: usize) -> std::io::Result<Self> {
        let (mut ports, mut claims) = (Vec::new(), Vec::new());
        let mut candidates = candidates();
        while ports.len() < count {
            let port = candidates.next().ok_or_else(|| {
                std::io::Error::other(format!("there are no {count} ports that nobody has"))
            })?;
            if is_free(port)
                && let Some(claim) = Claim::make(port)
            {
                ports.push(port);
                claims.push(claim);
            }
        }
        Ok(Self {
            ports,
            _claims: claims,
        })
    }

    /// Their numbers.
    #[must_use]
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }
}

/// Every port of the range once, from a place that differs from process to process.
fn candidates() -> impl Iterator<Item = u16> {
    let end = system_choice().max(SPAN * 2);
    let first = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(SPAN)).unwrap_or(0);
    (0..SPAN).map(move |step| end - SPAN + (first + step) % SPAN)
}

/// Returns the place where the range begins that the system chooses ports from.
fn system_choice() -> u16 {
    std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse().ok())
        .unwrap_or(USUAL_CHOICE)
}

/// Returns true if even a program can listen on it that does not share addresses with closed connections, and on all
/// interfaces.
fn is_free(port: u16) -> bool {
    let bound = |address| {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((address, port)))
    };
    bound(Ipv4Addr::UNSPECIFIED).is_ok()
}

/// A name that stands for a port among the runs of crosscut on this machine.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Claim {
    _name: std::os::unix::net::UnixDatagram,
}

#[cfg(target_os = "linux")]
impl Claim {
    /// `None` if another run has it. The name is one of the network's, as ports are, and gone with the process.
    fn make(port: u16) -> Option<Self> {
        use std::os::linux::net::SocketAddrExt as _;
        use std::os::unix::net::{SocketAddr, UnixDatagram};

        let name = SocketAddr::from_abstract_name(format!("crosscut-port-{port}")).ok()?;
        let socket = UnixDatagram::bind_addr(&name).ok()?;
        Some(Self { _name: socket })
    }
}

/// A claim without effect: on this system, two runs only begin at different ports.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
struct Claim;

#[cfg(not(target_os = "linux"))]
impl Claim {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "elsewhere another run may have it"
    )]
    fn make(_: u16) -> Option<Self> {
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ClaimedPorts, SPAN, candidates, system_choice};

    #[test]
    fn nobody_is_given_what_another_has() {
        let claims: Vec<ClaimedPorts> = (0..4).map(|_| ClaimedPorts::claim(5).unwrap()).collect();
        let ports: BTreeSet<u16> = claims
            .iter()
            .flat_map(|claim| claim.ports())
            .copied()
            .collect();
        assert_eq!(ports.len(), 20);
        assert!(
            ports.iter().all(|port| *port < system_choice()),
            "{ports:?}"
        );
        for port in ports {
            std::net::TcpListener::bind(("0.0.0.0", port)).unwrap();
        }
    }

    #[test]
    fn a_port_that_is_listened_on_is_passed_over() {
        let first = ClaimedPorts::claim(1).unwrap().ports()[0];
        let _listener = std::net::TcpListener::bind(("127.0.0.1", first)).unwrap();
        let claimed = ClaimedPorts::claim(3).unwrap();
        assert!(!claimed.ports().contains(&first));
    }

    #[test]
    fn every_candidate_is_one_once() {
        let all: Vec<u16> = candidates().collect();
        let different: BTreeSet<u16> = all.iter().copied().collect();
        assert_eq!((all.len(), different.len()), (usize::from(SPAN), all.len()));
        assert!(different.first() >= Some(&1024));
    }
}
