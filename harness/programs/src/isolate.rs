//! Programs in a network of their own, so that the ports that they take are theirs alone.
//!
//! Linux gives a process a network of its own (a network namespace) if it is an administrator, or makes itself one of a user
//! namespace. The binary's hidden subcommand does so and executes the program. The new network has nothing but a loopback
//! interface; what the program and this machine are to reach of each other is relayed ([`Shared`]).

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Error};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::launch::{Launcher, end_with};
use crate::relay::Shared;

/// The line that the relay writes once it listens.
pub const RELAYING: &str = "relaying";

/// Becomes a program in a network of its own that ends when the process `parent` ends. Returns only if that fails.
///
/// # Errors
/// If the system does not allow it, there is no program, or it is not run.
pub fn isolate(parent: u32, shared: &Shared, words: &[OsString]) -> Error {
    let Some((program, arguments)) = words.split_first() else {
        return Error::other("there is no program to isolate");
    };
    let isolated = end_with(parent)
        .and_then(|()| enter_network())
        .and_then(|()| start_relay(shared));
    match isolated {
        Ok(()) => Command::new(program).args(arguments).exec(),
        Err(error) => error,
    }
}

/// Checks that programs can have networks of their own here.
///
/// # Errors
/// Fails with the reason if they cannot.
pub async fn can_isolate(launcher: &Launcher) -> Result<(), String> {
    let binary = launcher.binary();
    let mut command = tokio::process::Command::new(binary);
    command
        .arg(Launcher::ISOLATE)
        .arg(format!("--parent={}", std::process::id()))
        .arg("--")
        .arg(binary)
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// Starts the relay of the new network and waits until it listens. It ends with this process, and so with the program.
fn start_relay(shared: &Shared) -> std::io::Result<()> {
    if shared.reached.is_empty() && shared.shown.is_empty() {
        return Ok(());
    }
    let mut relay = Command::new(std::env::current_exe()?)
        .arg(Launcher::RELAY)
        .arg(format!("--parent={}", std::process::id()))
        .args(shared.arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    if let Some(output) = relay.stdout.take() {
        BufReader::new(output).read_line(&mut line)?;
    }
    if line.trim() == RELAYING {
        return Ok(());
    }
    Err(Error::other("the relay did not start"))
}

/// Gives this process a network of its own, whose loopback interface is up.
#[cfg(target_os = "linux")]
fn enter_network() -> std::io::Result<()> {
    use nix::sched::{CloneFlags, unshare};

    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    let network = CloneFlags::CLONE_NEWNET;
    match unshare(CloneFlags::CLONE_NEWUSER | network) {
        Ok(()) => {
            // Otherwise this user's files would belong to another user.
            write("/proc/self/setgroups", "deny")?;
            write("/proc/self/uid_map", &format!("{user} {user} 1"))?;
            write("/proc/self/gid_map", &format!("{group} {group} 1"))?;
        }
        // An administrator need not be one of a namespace.
        Err(refused) => unshare(network).map_err(|_| refused)?,
    }
    loopback::up()
}

/// Only Linux has such networks.
#[cfg(not(target_os = "linux"))]
fn enter_network() -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn write(path: &str, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text).map_err(|error| Error::new(error.kind(), format!("{path}: {error}")))
}

/// The loopback interface, by the kernel's messages about networks (rtnetlink).
#[cfg(target_os = "linux")]
mod loopback {
    use std::io::Error;
    use std::os::fd::AsRawFd as _;

    use nix::sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto,
        socket,
    };

    // linux/netlink.h and linux/rtnetlink.h
    const NEW_LINK: u16 = 16;
    const REQUEST: u16 = 1;
    const ACKNOWLEDGE: u16 = 4;
    const ERROR: u16 = 2;
    /// A network's first interface is its loopback interface.
    const INDEX: u32 = 1;
    const UP: u32 = 1;
    const LENGTH: u32 = 32;

    /// Has the interface be up.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn up() -> std::io::Result<()> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkRoute,
        )?;
        let fd = socket.as_raw_fd();
        sendto(fd, &message(), &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
        let mut answer = [0; 1024];
        let length = recv(fd, &mut answer, MsgFlags::empty())?;
        acknowledged(answer.get(..length).unwrap_or_default())
    }

    /// A header, and what is to be of the interface: its flag `UP`.
    fn message() -> Vec<u8> {
        let mut message = Vec::new();
        message.extend(LENGTH.to_ne_bytes());
        message.extend(NEW_LINK.to_ne_bytes());
        message.extend((REQUEST | ACKNOWLEDGE).to_ne_bytes());
        // The message's number, and whose it is: the kernel fills that in.
        message.extend([1_u32, 0].map(u32::to_ne_bytes).concat());
        // Any family and type.
        message.extend([0; 4]);
        message.extend([INDEX, UP, UP].map(u32::to_ne_bytes).concat());
        message
    }

    /// Reads the kernel's answer: behind the header is an error number, zero if there is none.
    fn acknowledged(answer: &[u8]) -> std::io::Result<()> {
        let number = |place: usize| answer.get(place..)?.first_chunk().copied();
        let kind = answer.get(4..).and_then(<[u8]>::first_chunk).copied();
        match (
            kind.map(u16::from_ne_bytes),
            number(16).map(i32::from_ne_bytes),
        ) {
            (Some(ERROR), Some(0)) => Ok(()),
            (Some(ERROR), Some(error)) => Err(Error::from_raw_os_error(error.saturating_neg())),
            _ => Err(Error::other(
                "the kernel's answer about the loopback interface is none",
            )),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_message_is_as_long_as_it_says() {
            assert_eq!(message().len(), LENGTH as usize);
        }

        #[test]
        fn the_kernels_answers_are_told_apart() {
            let answer = |kind: u16, error: i32| {
                let mut answer = vec![36, 0, 0, 0];
                answer.extend(kind.to_ne_bytes());
                answer.extend([0; 10]);
                answer.extend(error.to_ne_bytes());
                acknowledged(&answer)
            };
            assert!(answer(ERROR, 0).is_ok());
            let refused = answer(ERROR, -1).unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
            assert!(answer(3, 0).is_err());
            assert!(acknowledged(&[]).is_err());
        }
    }
}
