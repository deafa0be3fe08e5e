//! Functions on times: RFC 3339, or by Go's layouts. As kyverno-json's `pkg/jp/kyverno/time.go` has them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use super::arguments::Call;
use super::{Function, Outcome, function, unsupported};
use crate::duration::Duration;
use crate::error::EvaluationError;
use crate::layout::{RFC3339, parse};

pub(super) const FUNCTIONS: &[Function] = &[
    function("time_add", 2, 2, add),
    function("time_after", 2, 2, |call| {
        Ok(json!(time(call, 0)? > time(call, 1)?))
    }),
    function("time_before", 2, 2, |call| {
        Ok(json!(time(call, 0)? < time(call, 1)?))
    }),
    function("time_between", 3, 3, |call| {
        let (time, start, end) = (time(call, 0)?, time(call, 1)?, time(call, 2)?);
        Ok(json!(start < time && time < end))
    }),
    function("time_diff", 2, 2, |call| {
        difference(call, &time(call, 0)?, &time(call, 1)?)
    }),
    function("time_now", 0, 0, |call| Ok(written(&now(call)?))),
    function("time_now_utc", 0, 0, |call| Ok(written(&now(call)?))),
    function("time_parse", 2, 2, |call| {
        Ok(written(&by_layout(call, call.string(0)?, 1)?))
    }),
    function("time_since", 3, 3, since),
    function("time_to_cron", 1, 1, to_cron),
    function("time_truncate", 2, 2, truncate),
    function("time_utc", 1, 1, |call| {
        Ok(written(&time(call, 0)?.with_time_zone(TimeZone::UTC)))
    }),
];

/// The seconds from the year 1, where Go's times begin, to 1970.
const BEGINNING: i64 = 62_135_596_800;

fn by_layout(call: &Call<'_>, layout: &str, index: usize) -> Result<Zoned, EvaluationError> {
    parse(layout, call.string(index)?).map_err(|reason| call.invalid(reason))
}

fn time(call: &Call<'_>, index: usize) -> Result<Zoned, EvaluationError> {
    by_layout(call, RFC3339, index)
}

fn duration(call: &Call<'_>, index: usize) -> Result<Duration, EvaluationError> {
    let text = call.string(index)?;
    Duration::parse(text).ok_or_else(|| call.invalid(format!("{text:?} is no duration")))
}

/// The present of the scope's clock, in UTC whatever the machine's zone: verdicts must not depend on that.
fn now(call: &Call<'_>) -> Result<Zoned, EvaluationError> {
    let now = call.context().scope.surroundings().now();
    let now: Timestamp = now.ok_or_else(|| unsupported(call))?;
    Ok(now.to_zoned(TimeZone::UTC))
}

/// A time as RFC 3339, without the fraction of its second.
fn written(time: &Zoned) -> Value {
    let offset = time.offset().seconds();
    let zone = if offset == 0 {
        "Z".to_owned()
    } else {
        let (sign, offset) = (if offset < 0 { '-' } else { '+' }, offset.abs());
        format!("{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60)
    };
    Value::String(format!("{}{zone}", time.strftime("%Y-%m-%dT%H:%M:%S")))
}

fn difference(call: &Call<'_>, from: &Zoned, to: &Zoned) -> Outcome {
    let nanos = to.timestamp().as_nanosecond() - from.timestamp().as_nanosecond();
    let nanos = i64::try_from(nanos).map_err(|_| call.invalid("the difference is too large"))?;
    Ok(json!(Duration(nanos).to_string()))
}

fn add(call: &Call<'_>) -> Outcome {
    let (time, duration) = (time(call, 0)?, duration(call, 1)?);
    moved(call, &time, i128::from(duration.0))
}

/// A time in the same zone, so many nanoseconds later.
fn moved(call: &Call<'_>, time: &Zoned, nanos: i128) -> Outcome {
    let later = time.timestamp().as_nanosecond().checked_add(nanos);
    let later = later.and_then(|nanos| Timestamp::from_nanosecond(nanos).ok());
    let later = later.ok_or_else(|| call.invalid("the time is out of range"))?;
    Ok(written(&later.to_zoned(time.time_zone().clone())))
}

fn since(call: &Call<'_>) -> Outcome {
    let layout = Some(call.string(0)?).filter(|layout| !layout.is_empty());
    let layout = layout.unwrap_or(RFC3339);
    let from = by_layout(call, layout, 1)?;
    let to = if call.string(2)?.is_empty() {
        now(call)?
    } else {
        by_layout(call, layout, 2)?
    };
    difference(call, &from, &to)
}

fn to_cron(call: &Call<'_>) -> Outcome {
    let time = time(call, 0)?;
    Ok(json!(format!(
        "{} {} {} {} {}",
        time.minute(),
        time.hour(),
        time.day(),
        time.month(),
        time.weekday().to_sunday_zero_offset()
    )))
}

fn truncate(call: &Call<'_>) -> Outcome {
    let (time, duration) = (time(call, 0)?, i128::from(duration(call, 1)?.0));
    if duration <= 0 {
        return Ok(written(&time));
    }
    let beginning = i128::from(BEGINNING) * 1_000_000_000;
    let rest = (time.timestamp().as_nanosecond() + beginning).rem_euclid(duration);
    moved(call, &time, -rest)
}
