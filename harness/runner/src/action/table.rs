//! `table`: the columns and rows that `kubectl get` prints of objects, at rest.

use crosscut_events::Failure;
use crosscut_expr::Scope;
use crosscut_suite::model::{Side, Table};
use serde_json::{Map, Value, json};

use crate::absence;
use crate::action::write;
use crate::at_rest::Rejudge;
use crate::mismatch::{undecided, wire};
use crate::session::Session;
use crate::stop::stop_of;
use crate::stop::{Stop, location};
use crate::target::{Target, Whereabouts};

/// Checks that the table matches the assertion.
///
/// # Errors
/// [`Stop`] with the differences.
pub(super) async fn judge(
    table: &Table,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut target = write::selected(&table.reference, scope)?;
    if table.everywhere {
        target.place = Whereabouts::Everywhere;
    }
    session.settle().await?;
    let mut rejudge = Rejudge::at_rest(session);
    loop {
        let judged = once(table, &target, side, session, scope).await;
        if !rejudge.again(judged.as_ref().err(), session).await? {
            return judged;
        }
    }
}

async fn once(
    table: &Table,
    target: &Target,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let printed = match session.api(side).table(target).await {
        Ok(printed) => view(&printed),
        Err(error) => {
            let mut stop = stop_of(&error);
            stop.failure.location = Some(location(&table.reference.place));
            stop.failure.evidence = session.evidence(side, &[]).await;
            return Err(stop);
        }
    };
    let expectation = &table.expectation;
    let mismatches = expectation.assertion.check(&printed, scope);
    let Some(first) = mismatches.first() else {
        return shows_something(table, &printed, side, session, scope).await;
    };
    if mismatches.iter().all(|mismatch| mismatch.unsupported) {
        return Err(undecided(expectation, first));
    }
    let message = format!("the table of {} is not as expected", &*target.kind);
    let mut failure = Failure::new("table::mismatch", message);
    failure.location = Some(location(&expectation.place));
    failure.diff = expectation.assertion.diff(&printed, scope);
    failure.mismatches = mismatches
        .into_iter()
        .map(|mismatch| wire(expectation, mismatch))
        .collect();
    failure.evidence = session.evidence(side, &[]).await;
    Err(Stop::failed(failure))
}

/// Checks that an empty table is evidence that no object exists, as with `absent`.
async fn shows_something(
    table: &Table,
    printed: &Value,
    side: Side,
    session: &mut Session,
    scope: &Scope,
) -> Result<(), Stop> {
    let rows = printed.get("rows").and_then(Value::as_array);
    if rows.is_some_and(|rows| !rows.is_empty()) {
        return Ok(());
    }
    let subject = write::subject(&table.reference, scope)?;
    let shown = absence::shows_something(&subject, side, &session.seen()).await;
    shown.map_err(|mut stop| {
        let place = &table.reference.place;
        stop.failure.location.get_or_insert(location(place));
        stop
    })
}

/// Returns a `Table` in the form that assertions see: the names of the columns, and each row's
/// cells by these names.
fn view(table: &Value) -> Value {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let heads = list(table.get("columnDefinitions"));
    let name = |head: &Value| head.get("name").cloned().unwrap_or_default();
    let is_always_shown = |head: &&Value| {
        let priority = head.get("priority").and_then(Value::as_i64);
        priority.unwrap_or_default() == 0
    };
    let columns: Vec<Value> = heads.iter().filter(is_always_shown).map(name).collect();
    let wide: Vec<Value> = heads.iter().map(name).collect();
    let rows = list(table.get("rows")).into_iter().map(|row| {
        let cells = list(row.get("cells"));
        let named = wide.iter().zip(cells);
        let named = named.filter_map(|(name, cell)| Some((name.as_str()?.to_owned(), cell)));
        Value::Object(named.collect::<Map<_, _>>())
    });
    json!({"columns": columns, "wide": wide, "rows": rows.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::view;

    #[test]
    fn cells_have_the_names_of_their_columns() {
        let table = json!({
            "columnDefinitions": [{"name": "Name", "priority": 0}, {"name": "Size", "priority": 1}, {"name": "Age"}],
            "rows": [{"cells": ["a", 3, "5s"]}, {"cells": ["b", null, "6s"]}],
        });
        let expected = json!({
            "columns": ["Name", "Age"],
            "wide": ["Name", "Size", "Age"],
            "rows": [{"Name": "a", "Size": 3, "Age": "5s"}, {"Name": "b", "Size": null, "Age": "6s"}],
        });
        assert_eq!(view(&table), expected);
        assert_eq!(
            view(&json!({})),
            json!({"columns": [], "wide": [], "rows": []})
        );
    }
}
