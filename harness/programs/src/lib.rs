//! Programs that crosscut starts: children with a log, a readiness check, and an end.
//!
//! A [`Program`] lives in a process group of its own and ends with its value. What a run needs on disk is in a
//! [`StateFolder`], which also notes every child, so that the next run can end what a killed one left behind.
//! Nothing here knows what the programs are.
//!
//! The parent-death signal of Linux is not used: it can only be set between fork and exec, for which there is no
//! safe interface, and it follows the thread that forked, not the process.

mod claim;
mod error;
mod grpc_check;
mod http_check;
mod leftover;
mod log;
mod port;
mod process;
mod program;
mod readiness;
mod settings;
mod state;

pub use claim::ClaimedPorts;
pub use error::{ProgramError, StateError};
pub use grpc_check::GrpcCheck;
pub use http_check::{HttpCheck, Identity};
pub use port::free_ports;
pub use program::{EndSignal, Program, Stopped};
pub use readiness::{Look, Ready};
pub use settings::{Inherited, ProgramSettings};
pub use state::{StateFolder, default_root};
