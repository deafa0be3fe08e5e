//! GET of many objects.

use std::sync::Arc;

use serde_json::Value;

use super::{Answer, Call, Content};
use crate::convert;
use crate::listing::{Listing, Token};
use crate::selector::Selector;
use crate::status::{self, Status};
use crate::store::{self, Objects};

pub(crate) fn list(call: &mut Call<'_>) -> Result<Answer, Status> {
    call.query.check_list()?;
    let selector = selector(call)?;
    let (revision, objects, after) = snapshot(call)?;
    let limit = match call.query.limit {
        0 => usize::MAX,
        limit => limit,
    };
    let mut items = Vec::new();
    let mut last = None;
    let mut left = 0_usize;
    for (key, stored) in store::within(&objects, call.target.namespace.as_deref()) {
        if after.as_ref().is_some_and(|after| key <= after) {
            continue;
        }
        if items.len() == limit {
            left += 1;
            if !selector.is_empty() {
                break;
            }
            continue;
        }
        let object = convert::to_request(call.served, stored);
        if selector.matches(&object) {
            items.push(object);
            last = Some(key);
        }
    }
    let mut listing = Listing::new(call.served, revision, items);
    if let (Some(last), 1..) = (last, left) {
        listing.next = Some(
            Token {
                revision,
                after: last.clone(),
            }
            .encode(),
        );
        listing.remaining = selector.is_empty().then_some(left);
        call.state
            .keep_snapshot(revision, &call.served.storage_key, objects.clone());
    }
    Ok(Answer {
        code: 200,
        content: Content::List(listing),
    })
}

/// Returns the selector of the request. A watch of one object selects the object by name.
pub(crate) fn selector(call: &Call<'_>) -> Result<Selector, Status> {
    let query = call.query;
    Selector::new(&query.labels, &query.field_selector, call.served)
}

/// Returns the revision of the list, its objects, and the key after which the page begins.
fn snapshot(call: &Call<'_>) -> Result<(u64, Objects, Option<String>), Status> {
    let current = call.state.revision();
    let key = &call.served.storage_key;
    if !call.query.continue_token.is_empty() {
        let token = Token::decode(&call.query.continue_token)?;
        let objects = call.state.snapshot(key, token.revision);
        let objects = objects.ok_or_else(status::continue_expired)?;
        return Ok((token.revision, objects, Some(token.after)));
    }
    let asked = revision(&call.query.resource_version)?;
    if asked > current {
        return Err(status::too_large_version(asked, current));
    }
    if call.query.version_match == "Exact" && asked != current {
        let objects = call.state.snapshot(key, asked);
        let objects = objects.ok_or_else(|| status::expired(asked, current))?;
        return Ok((asked, objects, None));
    }
    Ok((current, call.state.objects(key), None))
}

/// Parses a resourceVersion parameter. An empty one is zero.
pub(crate) fn revision(text: &str) -> Result<u64, Status> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| {
        let quoted = Value::from(text);
        status::bad_request(format!(
            "Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax"
        ))
    })
}

/// Returns the objects of the request's namespace that the selector matches, with their keys.
pub(crate) fn selected(call: &Call<'_>, selector: &Selector) -> Vec<(String, Arc<Value>)> {
    let objects = call.state.objects(&call.served.storage_key);
    store::within(&objects, call.target.namespace.as_deref())
        .map(|(key, stored)| (key.clone(), convert::to_request(call.served, stored)))
        .filter(|(_, object)| selector.matches(object))
        .collect()
}
