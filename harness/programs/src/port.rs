//! Ports of the loopback interface.

use std::net::{Ipv4Addr, TcpListener};

/// Different ports that were free just now. Another program may take one before it is used; starting with
/// [`Program::start_on_free_ports`](crate::Program::start_on_free_ports) tries again then.
///
/// # Errors
/// Where the system has none left.
///
/// ```
/// let [one, other] = crosscut_programs::free_ports().unwrap();
/// assert_ne!(one, other);
/// ```
pub fn free_ports<const COUNT: usize>() -> std::io::Result<[u16; COUNT]> {
    let mut ports = [0; COUNT];
    // All are held until all are known, so that none is handed out twice.
    let mut held = Vec::with_capacity(COUNT);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::free_ports;

    #[test]
    fn ports_are_different_and_free() {
        let ports = free_ports::<8>().unwrap();
        assert_eq!(BTreeSet::from(ports).len(), 8);
        for port in ports {
            std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        }
    }
}
