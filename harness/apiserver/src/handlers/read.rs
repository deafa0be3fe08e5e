//! GET of one object.

use super::{Answer, Call};
use crate::status::{self, Status};

pub(crate) fn get(call: &mut Call<'_>) -> Result<Answer, Status> {
    let version = &call.query.resource_version;
    if !version.is_empty() {
        let asked: u64 = version
            .parse()
            .map_err(|_| status::bad_request(format!("invalid resource version \"{version}\"")))?;
        let current = call.state.revision();
        if asked > current {
            return Err(status::too_large_version(asked, current));
        }
    }
    Ok(Answer::object(200, call.present()?))
}
