//! Taking away what was made, and nothing else.

use crosscut_client::{Api, ApiError, Deletion};

use super::ledger::Created;

/// An object that is still there.
#[derive(Debug)]
pub(crate) struct Remnant {
    pub(crate) created: Created,
    /// Why; empty if its deletion was asked for and is not done yet.
    why: String,
    /// True if the API server did not even answer: then nothing more can be done.
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

/// Asks for the deletion of each, the latest first; answers what is still there, the earliest first. Whatever has
/// another identity by now is somebody else's, and stays.
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

/// Returns true if it is gone.
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
