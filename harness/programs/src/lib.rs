//! Programs that crosscut starts: children with a log, a readiness check, and an end.
//!
//! A [`Program`] lives in a process group of its own and ends with its value. What a run needs on disk is in a
//! [`StateFolder`], which also notes every child, so that the next run can end what a killed one left behind.
//! Nothing here knows what the programs are.
//!
//! On Linux, programs end with the run even if it is killed, where the binary lends itself as a [`Launcher`].

mod busy;
mod claim;
mod error;
mod find;
mod grpc_check;
mod http_check;
mod isolate;
mod journal;
mod launch;
mod leftover;
mod lines;
mod log;
mod port;
mod process;
mod program;
mod readiness;
mod relay;
mod settings;
mod state;

pub use busy::stretched;
pub use claim::ClaimedPorts;
pub use error::{CheckError, ProgramError, StateError};
pub use find::find;
pub use grpc_check::GrpcCheck;
pub use http_check::{HttpCheck, Identity};
pub use isolate::{RELAYING, can_isolate, isolate};
pub use journal::{Crash, Journal, OnOutput, Trace};
pub use launch::{Launcher, end_with, launch};
pub use lines::OnLine;
pub use port::free_ports;
pub use program::{EndSignal, Program, Stopped};
pub use readiness::{Look, Ready};
pub use relay::{Relays, Shared};
pub use settings::{Inherited, ProgramSettings};
pub use state::{Launched, StateFolder, default_root};
