//! What differs on a terminal: a progress line, and colours.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use crosscut_testkit::Project;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::functions::{project, stub_lines};

/// A terminal of 100 columns: the side that shows, and the side that programs write to.
fn terminal() -> (File, OwnedFd) {
    let shows = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&shows).unwrap();
    unlockpt(&shows).unwrap();
    let name = ptsname(&shows, Vec::new()).unwrap();
    let written = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let size = Winsize {
        ws_row: 40,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&written, size).unwrap();
    (File::from(shows), written)
}

/// Returns what a run in the project shows on a terminal.
fn shown(project: &Project, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let (mut shows, written) = terminal();
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosscut"));
    command
        .arg("test")
        .args(arguments)
        .current_dir(project.path())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .env_remove("CI")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(written.try_clone().unwrap())
        .stderr(written);
    let mut child = command.spawn().unwrap();
    // The last handle of the written side must go, or the other side never ends.
    drop(command);
    let mut bytes = Vec::new();
    // A terminal that nobody writes to any longer ends with an error.
    let _ = shows.read_to_end(&mut bytes);
    child.wait().unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The escape sequence that begins a colour or another style.
fn is_coloured(text: &str) -> bool {
    ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m"]
        .iter()
        .any(|sequence| text.contains(sequence))
}

#[test]
fn a_terminal_shows_progress_and_colours() {
    // A call that takes a second, so that there is something to wait for.
    let project = project(&stub_lines("hang-on-call"));
    let text = shown(&project, &[], &[]);
    assert!(text.contains("0/1 team::local"), "{text}");
    assert!(is_coloured(&text), "{text}");
}

#[test]
fn colours_can_be_left_out() {
    let project = project(&stub_lines("answers"));
    assert!(is_coloured(&shown(&project, &[], &[])));
    for (arguments, environment) in [(&["--no-color"][..], &[][..]), (&[], &[("NO_COLOR", "1")])] {
        let text = shown(&project, arguments, environment);
        assert!(text.contains("passed"), "{text}");
        assert!(!is_coloured(&text), "{text:?}");
    }
}

#[test]
fn what_is_no_terminal_gets_plain_lines() {
    let output = Command::new(env!("CARGO_BIN_EXE_crosscut"))
        .arg("test")
        .current_dir(project(&stub_lines("answers")).path())
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
    assert_eq!(output.stderr, b"");
}
