//! Deletion of the objects that were created, and of no others.

use crosscut_client::{Api, ApiError, Deletion};

use super::ledger::Created;

/// An object that is not gone.
#[derive(Debug)]
pub(crate) struct Remnant {
    pub(crate) created: Created,
    /// The reason; empty if the deletion was requested and is not done yet.
    why: String,
    /// True if the API server did not respond, so that trying again is useless.
    pub(crate) is_unreachable: bool,
}

impl Remnant {
    fn being_deleted(created: Created) -> Remnant {
        Remnant {
            created,
            why: String::new(),
            is_unreachable: false,
        }
    }

    fn because(created: Created, error: &ApiError) -> Remnant {
        Remnant {
            created,
            why: error.to_string(),
            is_unreachable: matches!(error, ApiError::Transport(_)),
        }
    }
}

impl std::fmt::Display for Remnant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let why = match self.why.as_str() {
            "" => "it is being deleted, and something holds it",
            why => why,
        };
        write!(formatter, "{}: {why}", self.created)
    }
}

/// Requests the deletion of each object, the latest first. Returns the objects that are not gone, the earliest first.
/// An object with another UID belongs to another user and stays.
pub(crate) async fn remove(api: &Api, created: Vec<Created>) -> Vec<Remnant> {
    let mut left = Vec::new();
    for created in created.into_iter().rev() {
        match remove_one(api, &created).await {
            Ok(true) => {}
            Ok(false) => left.push(Remnant::being_deleted(created)),
            Err(error) => left.push(Remnant::because(created, &error)),
        }
    }
    left.reverse();
    left
}

/// Returns true if the object is gone.
async fn remove_one(api: &Api, created: &Created) -> Result<bool, ApiError> {
    let is_gone = |error: &ApiError| error.is_not_found() || error.is_no_match();
    let there = match api.get(created.address()).await {
        Err(error) if is_gone(&error) => return Ok(true),
        there => there?,
    };
    if crosscut_objects::object::uid(&there) != created.uid() {
        return Ok(true);
    }
    if crosscut_objects::object::is_being_deleted(&there) {
        return Ok(false);
    }
    let how = Deletion {
        propagation: "Background",
        uid: Some(created.uid()),
    };
    match api.delete(created.address(), how).await {
        Err(error) if is_gone(&error) => Ok(true),
        asked => asked.map(|()| false),
    }
}
