//! Times by Go's layouts: `Mon Jan _2 15:04:05 MST 2006`.
//!
//! As `time.Parse` of Go 1.25 reads them. An abbreviation of a time zone stands for UTC, as it does in Go for zones that
//! are not the machine's own.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Zoned};

/// RFC 3339, as a layout.
pub(crate) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

/// An element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Year,
    ShortYear,
    Month { padded: bool },
    MonthName { long: bool },
    Day { padded: bool },
    DayOfYear,
    Weekday { long: bool },
    Hour,
    HalfHour { padded: bool },
    Minute { padded: bool },
    Second { padded: bool },
    Fraction,
    Noon,
    Zone,
    Offset { colons: bool, hours: bool, z: bool },
}

use Element::{
    Day, DayOfYear, Fraction, HalfHour, Hour, Minute, Month, MonthName, Noon, Second, ShortYear,
    Weekday, Year, Zone,
};

/// Longer elements come before the ones that they begin with.
const ELEMENTS: [(&str, Element); 34] = [
    ("January", MonthName { long: true }),
    ("Jan", MonthName { long: false }),
    ("Monday", Weekday { long: true }),
    ("Mon", Weekday { long: false }),
    ("MST", Zone),
    ("2006", Year),
    ("002", DayOfYear),
    ("01", Month { padded: true }),
    ("02", Day { padded: true }),
    ("03", HalfHour { padded: true }),
    ("04", Minute { padded: true }),
    ("05", Second { padded: true }),
    ("06", ShortYear),
    ("15", Hour),
    ("_2", Day { padded: false }),
    ("Z07:00", offset(true, false, true)),
    ("Z0700", offset(false, false, true)),
    ("Z07", offset(false, true, true)),
    ("-07:00", offset(true, false, false)),
    ("-0700", offset(false, false, false)),
    ("-07", offset(false, true, false)),
    ("PM", Noon),
    ("pm", Noon),
    (".000000000", Fraction),
    (".000000", Fraction),
    (".000", Fraction),
    (".999999999", Fraction),
    (".999999", Fraction),
    (".999", Fraction),
    ("1", Month { padded: false }),
    ("2", Day { padded: false }),
    ("3", HalfHour { padded: false }),
    ("4", Minute { padded: false }),
    ("5", Second { padded: false }),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

const fn offset(colons: bool, hours: bool, z: bool) -> Element {
    Element::Offset { colons, hours, z }
}

/// What was read so far. What a layout does not have is the least.
struct Parts {
    year: i16,
    month: i8,
    day: i8,
    day_of_year: Option<i16>,
    hour: i8,
    afternoon: Option<bool>,
    minute: i8,
    second: i8,
    nanosecond: i32,
    offset: Offset,
}

/// Parses a time by a layout.
///
/// # Errors
/// What does not fit, as a sentence fragment.
pub(crate) fn parse(layout: &str, text: &str) -> Result<Zoned, String> {
    let mismatch =
        |layout: &str, rest: &str| format!("{rest:?} does not fit {layout:?} of the layout");
    let mut parts = Parts {
        year: 0,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        afternoon: None,
        minute: 0,
        second: 0,
        nanosecond: 0,
        offset: Offset::UTC,
    };
    let (mut layout, mut rest) = (layout, text);
    while let Some(letter) = layout.chars().next() {
        let element = ELEMENTS
            .iter()
            .find(|(written, _)| layout.starts_with(written));
        match element {
            Some((written, element)) => {
                let read = parts.read(*element, rest);
                let behind = read.ok_or_else(|| mismatch(written, rest))?;
                layout = layout.get(written.len()..).unwrap_or_default();
                // Seconds may have a fraction that the layout does not show.
                rest = match element {
                    Second { .. } if !layout.starts_with(['.', ',']) => {
                        parts.read(Fraction, behind).unwrap_or(behind)
                    }
                    _ => behind,
                };
            }
            None => {
                let behind = rest.strip_prefix(letter);
                rest = behind.ok_or_else(|| mismatch(layout, rest))?;
                layout = layout.get(letter.len_utf8()..).unwrap_or_default();
            }
        }
    }
    if !rest.is_empty() {
        return Err(format!("{rest:?} stands behind the time"));
    }
    parts.time()
}

impl Parts {
    /// Reads an element and returns what stands behind it; `None` if it is not there.
    fn read<'t>(&mut self, element: Element, text: &'t str) -> Option<&'t str> {
        let mut rest = text;
        match element {
            Year => self.year = digits(&mut rest, 4, 4)?,
            ShortYear => {
                let year: i16 = digits(&mut rest, 2, 2)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Month { padded } => self.month = digits(&mut rest, least(padded), 2)?,
            MonthName { long } => {
                self.month = i8::try_from(named(&mut rest, &MONTHS, long)?).ok()? + 1;
            }
            Day { padded } => {
                if !padded {
                    rest = rest.trim_start_matches(' ');
                }
                // Go reads a day of one digit for `02`, too.
                self.day = digits(&mut rest, 1, 2)?;
            }
            DayOfYear => self.day_of_year = Some(digits(&mut rest, 3, 3)?),
            Weekday { long } => {
                named(&mut rest, &WEEKDAYS, long)?;
            }
            Hour => self.hour = digits(&mut rest, 2, 2)?,
            HalfHour { padded } => self.hour = digits(&mut rest, least(padded), 2)?,
            Minute { padded } => self.minute = digits(&mut rest, least(padded), 2)?,
            Second { padded } => self.second = digits(&mut rest, least(padded), 2)?,
            Fraction => self.nanosecond = fraction(&mut rest)?,
            Noon => {
                let word = rest.get(..2)?.to_ascii_uppercase();
                self.afternoon = Some(match word.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                rest = rest.get(2..)?;
            }
            Zone => {
                let length = rest.bytes().take_while(u8::is_ascii_uppercase).count();
                rest = (3..=5).contains(&length).then(|| rest.get(length..))??;
            }
            Element::Offset { colons, hours, z } => {
                self.offset = zone(&mut rest, colons, hours, z)?;
            }
        }
        Some(rest)
    }

    fn time(self) -> Result<Zoned, String> {
        let hour = match (self.afternoon, self.hour) {
            (Some(true), hour) if hour < 12 => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        let invalid = |error: jiff::Error| error.to_string();
        let first = Date::new(self.year, self.month, self.day).map_err(invalid)?;
        let date = match self.day_of_year {
            Some(day) => first
                .first_of_year()
                .checked_add(SignedDuration::from_hours(24 * (i64::from(day) - 1)))
                .map_err(invalid)?,
            None => first,
        };
        let time = jiff::civil::Time::new(hour, self.minute, self.second, self.nanosecond);
        let civil = DateTime::from_parts(date, time.map_err(invalid)?);
        civil
            .to_zoned(TimeZone::fixed(self.offset))
            .map_err(invalid)
    }
}

const fn least(padded: bool) -> usize {
    if padded { 2 } else { 1 }
}

fn digits<N: std::str::FromStr>(rest: &mut &str, least: usize, most: usize) -> Option<N> {
    let count = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if count < least {
        return None;
    }
    let (number, behind) = rest.split_at(count);
    *rest = behind;
    number.parse().ok()
}

/// A fraction of a second, in nanoseconds; digits behind the ninth are dropped.
fn fraction(rest: &mut &str) -> Option<i32> {
    let behind = rest.strip_prefix(['.', ','])?;
    let count = behind.bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = behind.split_at(count);
    let number = number.get(..9).unwrap_or(number);
    if number.is_empty() {
        return None;
    }
    *rest = behind;
    format!("{number:0<9}").parse().ok()
}

fn named(rest: &mut &str, names: &[&str], long: bool) -> Option<usize> {
    let names = names.iter().map(|name| {
        let length = if long { name.len() } else { 3 };
        name.get(..length).unwrap_or(name)
    });
    for (index, name) in names.enumerate() {
        if let Some(found) = rest.get(..name.len())
            && found.eq_ignore_ascii_case(name)
        {
            *rest = rest.get(name.len()..)?;
            return Some(index);
        }
    }
    None
}

fn zone(rest: &mut &str, colons: bool, hours: bool, z: bool) -> Option<Offset> {
    if z && let Some(behind) = rest.strip_prefix('Z') {
        *rest = behind;
        return Some(Offset::UTC);
    }
    let sign = match rest.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut behind = rest.get(1..)?;
    let hour: i32 = digits(&mut behind, 2, 2)?;
    let mut minute: i32 = 0;
    if !hours {
        if colons {
            behind = behind.strip_prefix(':')?;
        }
        minute = digits(&mut behind, 2, 2)?;
    }
    if hour > 24 || minute >= 60 {
        return None;
    }
    *rest = behind;
    Offset::from_seconds(sign * (hour * 3600 + minute * 60)).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{RFC3339, parse};

    /// As Go 1.25's `time.Parse` reads them; in UTC.
    #[rstest]
    #[case(RFC3339, "2021-01-02T15:04:05-07:00", "2021-01-02T22:04:05Z")]
    #[case(RFC3339, "2021-01-02T15:04:05.25Z", "2021-01-02T15:04:05.25Z")]
    #[case(
        "Mon Jan 02 15:04:05 MST 2006",
        "Sat Jan 02 15:04:05 MST 2021",
        "2021-01-02T15:04:05Z"
    )]
    #[case(
        "Mon Jan _2 15:04:05 MST 2006",
        "Mon Jan 02 15:04:05 MST 2021",
        "2021-01-02T15:04:05Z"
    )]
    #[case(
        "Mon Jan _2 15:04:05 2006",
        "Sat Jan  2 15:04:05 2021",
        "2021-01-02T15:04:05Z"
    )]
    #[case(
        "Mon, 02 Jan 2006 15:04:05 -0700",
        "Sat, 02 Jan 2021 15:04:05 +0200",
        "2021-01-02T13:04:05Z"
    )]
    #[case(
        "January 2, 2006 3:04 PM",
        "March 4, 2021 12:30 am",
        "2021-03-04T00:30:00Z"
    )]
    #[case("06-1-2 3PM", "69-3-4 11PM", "1969-03-04T23:00:00Z")]
    #[case("2006 002", "2024 366", "2024-12-31T00:00:00Z")]
    #[case("15:04:05.000", "10:11:12.500", "0000-01-01T10:11:12.5Z")]
    fn read(#[case] layout: &str, #[case] text: &str, #[case] expected: &str) {
        let time = parse(layout, text).unwrap().timestamp().to_string();
        assert_eq!(time, expected);
    }

    #[rstest]
    #[case(RFC3339, "2021-01-02 15:04:05Z", "does not fit")]
    #[case(RFC3339, "2021-01-02T15:04:05", "does not fit")]
    #[case(RFC3339, "2021-13-02T15:04:05Z", "month")]
    #[case("2006", "2021x", "stands behind the time")]
    #[case("Jan", "Foo", "does not fit")]
    fn refused(#[case] layout: &str, #[case] text: &str, #[case] expected: &str) {
        let error = parse(layout, text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
