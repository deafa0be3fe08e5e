//! Durations as Go writes them: `1h30m`, `1.5s`, `300ms`.
//!
//! As `time.ParseDuration` and `Duration.String` of Go 1.25 read and write them.

use std::fmt;

/// A duration, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duration(pub(crate) i64);

const SECOND: i64 = 1_000_000_000;

/// Longer units come before the ones that they end with.
const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];

impl Duration {
    /// Parses a duration; `None` if the text is none.
    pub(crate) fn parse(text: &str) -> Option<Duration> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Some(Duration(0));
        }
        let mut total: i128 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (nanos, behind) = part(rest)?;
            total = total.checked_add(nanos)?;
            rest = behind;
        }
        let signed = if negative { -total } else { total };
        i64::try_from(signed).ok().map(Duration)
    }

    /// Returns the duration of so many seconds, without what is less than a nanosecond.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, and what is less than a nanosecond is to be dropped"
    )]
    pub(crate) fn of_seconds(seconds: f64) -> Option<Duration> {
        let nanos = seconds * 1e9;
        (nanos.abs() < 9.2e18).then_some(Duration(nanos as i64))
    }

    /// Returns the duration in seconds.
    #[expect(clippy::cast_precision_loss, reason = "Go's Seconds is a float, too")]
    pub(crate) fn seconds(self) -> f64 {
        (self.0 / SECOND) as f64 + (self.0 % SECOND) as f64 / 1e9
    }
}

/// One number with its unit, in nanoseconds, and what stands behind it.
fn part(text: &str) -> Option<(i128, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, rest) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let end = rest
        .find(|letter: char| letter.is_ascii_digit() || letter == '.')
        .unwrap_or(rest.len());
    let (unit, behind) = rest.split_at(end);
    let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let nanos = i128::from(*nanos);
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    // Digits behind the first 18 are less than a nanosecond of any unit.
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let places = u32::try_from(fraction.len()).ok()?;
    let fraction: i128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let part = fraction * nanos / 10_i128.pow(places);
    Some((whole.checked_mul(nanos)?.checked_add(part)?, behind))
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        let second = SECOND.unsigned_abs();
        if nanos == 0 {
            return formatter.write_str("0s");
        }
        if nanos < second {
            let (unit, name, places) = match nanos {
                0..1_000 => (1, "ns", 0),
                1_000..1_000_000 => (1_000, "µs", 3),
                _ => (1_000_000, "ms", 6),
            };
            return write!(formatter, "{}{name}", decimal(nanos, unit, places));
        }
        let (hours, minutes) = (nanos / (3600 * second), nanos / (60 * second) % 60);
        if hours > 0 {
            write!(formatter, "{hours}h")?;
        }
        if hours > 0 || minutes > 0 {
            write!(formatter, "{minutes}m")?;
        }
        write!(formatter, "{}s", decimal(nanos % (60 * second), second, 9))
    }
}

/// `number / unit` with as many decimal places as it needs.
fn decimal(number: u64, unit: u64, places: usize) -> String {
    let rest = number % unit;
    if rest == 0 {
        return (number / unit).to_string();
    }
    let fraction = format!("{rest:0places$}");
    format!("{}.{}", number / unit, fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Duration;

    /// As Go 1.25's `time` writes what it parses.
    #[rstest]
    #[case("0", "0s")]
    #[case("5s", "5s")]
    #[case("90m", "1h30m0s")]
    #[case("1h", "1h0m0s")]
    #[case("1.5h", "1h30m0s")]
    #[case("-1.5s", "-1.5s")]
    #[case("+5s", "5s")]
    #[case("300ms", "300ms")]
    #[case("1500us", "1.5ms")]
    #[case("1µs", "1µs")]
    #[case("12ns", "12ns")]
    #[case("1h2m3.004s", "1h2m3.004s")]
    #[case(".5s", "500ms")]
    #[case("1.s", "1s")]
    #[case("3000h", "3000h0m0s")]
    fn written(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Duration::parse(text).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("")]
    #[case("1")]
    #[case("s")]
    #[case("1d")]
    #[case("1h 2m")]
    #[case(".s")]
    #[case("1.2.3s")]
    #[case("10000000h")]
    fn no_durations(#[case] text: &str) {
        assert_eq!(Duration::parse(text), None);
    }
}
