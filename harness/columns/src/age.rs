//! Ages, as `kubectl get` prints them (apimachinery's `util/duration`, Kubernetes 1.34).

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Returns the time between a date in RFC 3339 and `now`.
pub(super) fn since(date: &str, now: Timestamp) -> String {
    if date.is_empty() || date == "null" {
        return "<unknown>".to_owned();
    }
    match date.parse::<Timestamp>() {
        Ok(date) => human(now.duration_since(date).as_secs()),
        Err(_) => "<invalid>".to_owned(),
    }
}

/// Formats a duration with one or two units. Longer durations have larger units.
fn human(seconds: i64) -> String {
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => pair(seconds, (MINUTE, 'm'), (1, 's')),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => pair(seconds, (HOUR, 'h'), (MINUTE, 'm')),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => pair(seconds, (DAY, 'd'), (HOUR, 'h')),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => pair(seconds, (YEAR, 'y'), (DAY, 'd')),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// Formats a number of large units, and of small units if the rest is not zero.
fn pair(seconds: i64, (large, first): (i64, char), (small, second): (i64, char)) -> String {
    let (count, rest) = (seconds / large, seconds % large / small);
    match rest {
        0 => format!("{count}{first}"),
        rest => format!("{count}{first}{rest}{second}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{DAY, HOUR, MINUTE, YEAR, human};

    /// Source of the bounds: apimachinery's own table of tests.
    #[rstest]
    #[case(-2, "<invalid>")]
    #[case(-1, "0s")]
    #[case(0, "0s")]
    #[case(119, "119s")]
    #[case(2 * MINUTE, "2m")]
    #[case(2 * MINUTE + 1, "2m1s")]
    #[case(10 * MINUTE - 1, "9m59s")]
    #[case(10 * MINUTE + 1, "10m")]
    #[case(3 * HOUR - 1, "179m")]
    #[case(3 * HOUR, "3h")]
    #[case(3 * HOUR + MINUTE, "3h1m")]
    #[case(8 * HOUR, "8h")]
    #[case(2 * DAY - 1, "47h")]
    #[case(2 * DAY, "2d")]
    #[case(2 * DAY + HOUR, "2d1h")]
    #[case(8 * DAY, "8d")]
    #[case(2 * YEAR - 1, "729d")]
    #[case(2 * YEAR, "2y")]
    #[case(2 * YEAR + DAY, "2y1d")]
    #[case(8 * YEAR, "8y")]
    fn a_duration_as_people_read_it(#[case] seconds: i64, #[case] expected: &str) {
        assert_eq!(human(seconds), expected);
    }
}
