//! Conversions of the controllers' settle results into those of this crate.

use crosscut_controller::{Settled, Unsettled};

use crate::{Rest, SettleError};

/// Converts a settled state, with the number of changes so far.
pub fn rest(settled: Settled, changes: u64) -> Rest {
    Rest {
        failing: settled.failing,
        changes,
    }
}

/// Converts the error of controllers that did not settle.
pub fn unsettled(unsettled: Unsettled) -> SettleError {
    SettleError::Unsettled {
        reason: unsettled.to_string(),
        moving: unsettled.moving.iter().map(ToString::to_string).collect(),
    }
}
