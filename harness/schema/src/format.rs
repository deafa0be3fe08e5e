//! String formats, as kube-openapi's strfmt validates them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A format that is validated. Unknown formats in schemas are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Byte,
    Cidr,
    Date,
    DateTime,
    Duration,
    Email,
    HexColor,
    Hostname,
    Ipv4,
    Ipv6,
    Mac,
    Uri,
    /// A UUID of this version, or of any version.
    Uuid(Option<u8>),
    LongName,
    ShortName,
}

impl Format {
    pub(crate) fn named(name: &str) -> Option<Format> {
        Some(match name {
            "byte" => Format::Byte,
            "cidr" => Format::Cidr,
            "date" => Format::Date,
            "date-time" | "datetime" => Format::DateTime,
            "duration" => Format::Duration,
            "email" => Format::Email,
            "hexcolor" => Format::HexColor,
            "hostname" => Format::Hostname,
            "ipv4" => Format::Ipv4,
            "ipv6" => Format::Ipv6,
            "mac" => Format::Mac,
            "uri" => Format::Uri,
            "uuid" => Format::Uuid(None),
            "uuid3" => Format::Uuid(Some(3)),
            "uuid4" => Format::Uuid(Some(4)),
            "uuid5" => Format::Uuid(Some(5)),
            "k8s-long-name" => Format::LongName,
            "k8s-short-name" => Format::ShortName,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Byte => "byte",
            Format::Cidr => "cidr",
            Format::Date => "date",
            Format::DateTime => "date-time",
            Format::Duration => "duration",
            Format::Email => "email",
            Format::HexColor => "hexcolor",
            Format::Hostname => "hostname",
            Format::Ipv4 => "ipv4",
            Format::Ipv6 => "ipv6",
            Format::Mac => "mac",
            Format::Uri => "uri",
            Format::Uuid(None) => "uuid",
            Format::Uuid(Some(3)) => "uuid3",
            Format::Uuid(Some(4)) => "uuid4",
            Format::Uuid(Some(_)) => "uuid5",
            Format::LongName => "k8s-long-name",
            Format::ShortName => "k8s-short-name",
        }
    }

    pub(crate) fn holds(self, text: &str) -> bool {
        match self {
            Format::Byte => STANDARD.decode(text).is_ok(),
            Format::Cidr => cidr(text),
            Format::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
            Format::DateTime => {
                text.contains(['T', 't']) && text.parse::<jiff::Timestamp>().is_ok()
            }
            Format::Duration => duration(text),
            Format::Email => email(text),
            Format::HexColor => hex_color(text),
            Format::Hostname => name(text.strip_suffix('.').unwrap_or(text), 253, true),
            Format::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Format::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Format::Mac => mac(text),
            Format::Uri => uri(text),
            Format::Uuid(version) => uuid(text, version),
            Format::LongName => name(text, 253, false) && text == text.to_lowercase(),
            Format::ShortName => {
                name(text, 63, false) && !text.contains('.') && text == text.to_lowercase()
            }
        }
    }
}

fn cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// Returns true for a duration as Go formats it, or a number and a word such as `3 days`.
fn duration(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return true;
    }
    let units = [
        "ns",
        "us",
        "µs",
        "ms",
        "s",
        "m",
        "h",
        "nanosecond",
        "nanoseconds",
        "microsecond",
        "microseconds",
        "millisecond",
        "milliseconds",
        "second",
        "seconds",
        "minute",
        "minutes",
        "hour",
        "hours",
        "d",
        "day",
        "days",
        "w",
        "week",
        "weeks",
    ];
    let mut rest = unsigned;
    let mut parts = 0_u32;
    while !rest.is_empty() {
        let digits = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let end = tail
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(end);
        if number.parse::<f64>().is_err() || !units.contains(&unit.trim_end()) {
            return false;
        }
        parts += 1;
        rest = next;
    }
    parts > 0
}

fn email(text: &str) -> bool {
    let Some((user, host)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == '@')
    };
    plain(user) && plain(host) && !host.starts_with('.') && !host.ends_with('.')
}

fn hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}

/// Returns true for labels separated by dots. A hostname's may contain capital letters and underscores.
fn name(text: &str, longest: usize, host: bool) -> bool {
    let label = |label: &str| {
        let edge = |letter: char| letter.is_ascii_alphanumeric();
        (1..=63).contains(&label.len())
            && label.starts_with(edge)
            && label.ends_with(edge)
            && label
                .chars()
                .all(|letter| edge(letter) || letter == '-' || (host && letter == '_'))
    };
    !text.is_empty() && text.len() <= longest && text.split('.').all(label)
}

fn mac(text: &str) -> bool {
    let separator = if text.contains('-') { '-' } else { ':' };
    let groups: Vec<&str> = text.split(separator).collect();
    matches!(groups.len(), 6 | 8 | 20)
        && groups
            .iter()
            .all(|group| group.len() == 2 && group.chars().all(|digit| digit.is_ascii_hexdigit()))
}

/// Returns true for an absolute URI, or a path from the root.
fn uri(text: &str) -> bool {
    if text.starts_with('/') {
        return !text.contains(char::is_whitespace);
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
        && !rest.is_empty()
        && !rest.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

fn uuid(text: &str, version: Option<u8>) -> bool {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let dashed = text.len() == 32
        || (text.len() == 36
            && [8, 13, 18, 23]
                .iter()
                .all(|at| text.as_bytes()[*at] == b'-'));
    let right = version.is_none_or(|version| {
        digits.chars().nth(12).and_then(|digit| digit.to_digit(16)) == Some(u32::from(version))
    });
    dashed && right && digits.len() == 32 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}
