//! How settling ends, in the terms of the seam.

use crosscut_controller::{Settled, Unsettled};

use crate::{Rest, SettleError};

/// At rest, with what keeps failing, after so many changes that were seen.
pub fn rest(settled: Settled, changes: u64) -> Rest {
    Rest {
        failing: settled.failing,
        changes,
    }
}

/// Never at rest, with what kept moving.
pub fn unsettled(unsettled: Unsettled) -> SettleError {
    SettleError::Unsettled {
        reason: unsettled.to_string(),
        moving: unsettled.moving.iter().map(ToString::to_string).collect(),
    }
}
