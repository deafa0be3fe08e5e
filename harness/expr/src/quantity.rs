//! Kubernetes quantities: `250m`, `1Gi`, `1e3`.
//!
//! As apimachinery 0.34 parses, calculates and writes them (`pkg/api/resource`).

use std::fmt;

/// The nanos in one.
const ONE: i128 = 1_000_000_000;

/// The largest number that a quantity holds; larger ones become this.
const LARGEST: i128 = (i64::MAX as i128) * ONE;

/// A quantity, in nanos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    nanos: i128,
    /// The number of decimal places that it was written with; negative for powers of ten.
    scale: i32,
    format: Format,
}

/// The family of suffixes that a quantity is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// `Ki`, `Mi`, …
    Binary,
    /// `m`, `k`, `M`, …
    Decimal,
    /// `e3`
    Exponent,
}

const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Parses a quantity; `None` if the text is none.
    pub(crate) fn parse(text: &str) -> Option<Quantity> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = unsigned
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (format, exponent) = suffix_of(suffix)?;
        let decimals = i32::try_from(fraction.len()).ok()?;
        let (nanos, scale) = match format {
            Format::Binary => (scaled(whole, fraction, 1 << (10 * exponent), 0), decimals),
            _ => (scaled(whole, fraction, 1, exponent), decimals - exponent),
        };
        let nanos = nanos.min(LARGEST);
        Some(Quantity {
            nanos: if negative { -nanos } else { nanos },
            scale,
            format,
        })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Returns the nearest float.
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is asked for")]
    pub(crate) fn as_f64(self) -> f64 {
        if self.nanos % ONE == 0 {
            (self.nanos / ONE) as f64
        } else {
            self.nanos as f64 / ONE as f64
        }
    }

    /// Returns the number, if it is an integer.
    pub(crate) fn whole(self) -> Option<i128> {
        (self.nanos % ONE == 0).then_some(self.nanos / ONE)
    }

    pub(crate) fn add(self, other: Quantity) -> Option<Quantity> {
        let nanos = self.nanos.checked_add(other.nanos)?;
        Some(self.with(nanos).formatted_for(self, other))
    }

    pub(crate) fn subtract(self, other: Quantity) -> Option<Quantity> {
        let nanos = self.nanos.checked_sub(other.nanos)?;
        Some(self.with(nanos).formatted_for(self, other))
    }

    /// Multiplies; what is less than a nano is rounded up.
    pub(crate) fn multiply(self, by: Quantity) -> Option<Quantity> {
        let nanos = match by.whole() {
            Some(whole) => self.nanos.checked_mul(whole)?,
            None => {
                let product = self.nanos.checked_mul(by.nanos)?;
                product / ONE + (product % ONE).signum()
            }
        };
        Some(self.with(nanos))
    }

    /// Divides; no more decimal places come out than either has, and what is less is dropped.
    pub(crate) fn divide(self, by: Quantity) -> Option<Quantity> {
        let scale = self.scale.max(by.scale);
        let nanos = if scale >= 0 {
            let quotient = self
                .nanos
                .checked_mul(power(scale)?)?
                .checked_div(by.nanos)?;
            quotient.checked_mul(ONE)?.checked_div(power(scale)?)?
        } else {
            let unit = power(-scale)?;
            let quotient = self.nanos.checked_div(by.nanos.checked_mul(unit)?)?;
            quotient.checked_mul(unit)?.checked_mul(ONE)?
        };
        Some(self.with(nanos))
    }

    /// Returns the rest of dividing integers.
    pub(crate) fn modulo(self, by: Quantity) -> Option<Quantity> {
        let rest = self.whole()?.checked_rem(by.whole()?)?;
        Some(self.with(rest.checked_mul(ONE)?))
    }

    fn with(self, nanos: i128) -> Quantity {
        Quantity { nanos, ..self }
    }

    /// A sum is written as the first is, unless that is zero.
    fn formatted_for(self, first: Quantity, second: Quantity) -> Quantity {
        Quantity {
            format: if first.is_zero() {
                second.format
            } else {
                first.format
            },
            ..self
        }
    }
}

/// Ten to the power of `exponent`, which is not negative.
fn power(exponent: i32) -> Option<i128> {
    10_i128.checked_pow(u32::try_from(exponent).ok()?)
}

/// The format of a suffix, and its power of ten or of 1024.
fn suffix_of(suffix: &str) -> Option<(Format, i32)> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(written, _)| *written == suffix) {
        return Some((Format::Decimal, *exponent));
    }
    if let Some(exponent) = BINARY.iter().position(|written| *written == suffix) {
        return Some((Format::Binary, i32::try_from(exponent).ok()?));
    }
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let exponent: i32 = digits.parse().ok()?;
    Some((Format::Exponent, exponent))
}

/// Digits as nanos, times a factor and a power of ten; what is less than a nano is rounded up.
fn scaled(whole: &str, fraction: &str, factor: i128, exponent: i32) -> i128 {
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let decimals = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    // Digits far behind the nanos are as good as one.
    let shown = digits.get(..30).unwrap_or(digits);
    let dropped = i32::try_from(digits.len() - shown.len()).unwrap_or(i32::MAX);
    let number: i128 = shown.parse().unwrap_or(0);
    let more = digits
        .get(shown.len()..)
        .is_some_and(|rest| rest.contains(|digit| digit != '0'));
    let shift = exponent
        .saturating_add(9)
        .saturating_add(dropped)
        .saturating_sub(decimals);
    let number = number.checked_mul(factor);
    match (number, shift) {
        (Some(0), _) => i128::from(more),
        (None, _) => LARGEST,
        (Some(number), 0..) => {
            let factor = power(shift);
            let nanos = factor.and_then(|factor| number.checked_mul(factor));
            nanos.unwrap_or(LARGEST)
        }
        (Some(number), _) => match power(shift.saturating_neg()) {
            Some(divisor) => {
                let rest = number % divisor != 0 || more;
                number / divisor + i128::from(rest)
            }
            None => 1,
        },
    }
}

impl fmt::Display for Quantity {
    /// Writes the quantity in canonical form.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return formatter.write_str("0");
        }
        let binary = self.format == Format::Binary;
        match self.whole().filter(|_| binary) {
            Some(whole) if whole.abs() >= 1024 => {
                let (mut mantissa, mut exponent) = (whole, 0);
                while mantissa % 1024 == 0 && exponent + 1 < BINARY.len() {
                    mantissa /= 1024;
                    exponent += 1;
                }
                let suffix = BINARY.get(exponent).copied().unwrap_or_default();
                write!(formatter, "{mantissa}{suffix}")
            }
            _ => self.decimal(formatter),
        }
    }
}

impl Quantity {
    fn decimal(self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut mantissa, mut exponent) = (self.nanos, -9);
        while mantissa % 1000 == 0 && exponent < 18 {
            mantissa /= 1000;
            exponent += 3;
        }
        if self.format == Format::Exponent && exponent != 0 {
            return write!(formatter, "{mantissa}e{exponent}");
        }
        let suffix = DECIMAL.iter().find(|(_, power)| *power == exponent);
        write!(
            formatter,
            "{mantissa}{}",
            suffix.map_or("", |(written, _)| written)
        )
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Quantity;

    /// The canonical forms of apimachinery 0.34.
    #[rstest]
    #[case("0", "0")]
    #[case("1000m", "1")]
    #[case("250m", "250m")]
    #[case("1.5", "1500m")]
    #[case(".5", "500m")]
    #[case("5.", "5")]
    #[case("-1Ki", "-1Ki")]
    #[case("+12", "12")]
    #[case("1024", "1024")]
    #[case("1024Ki", "1Mi")]
    #[case("512Ki", "512Ki")]
    #[case("0.5Gi", "512Mi")]
    #[case("0.1Ki", "102400m")]
    #[case("1.5Ki", "1536")]
    #[case("100Mi", "100Mi")]
    #[case("1e3", "1e3")]
    #[case("1E3", "1e3")]
    #[case("12e-3", "12e-3")]
    #[case("12345", "12345")]
    #[case("120000", "120k")]
    #[case("1E", "1E")]
    #[case("100n", "100n")]
    #[case("0.1n", "1n")]
    #[case("99999999999999999999", "9223372036854775807")]
    fn canonical(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Quantity::parse(text).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("")]
    #[case("-")]
    #[case(".")]
    #[case("1.2.3")]
    #[case("1 Gi")]
    #[case("1h")]
    #[case("10s")]
    #[case("Gi")]
    #[case("1e")]
    #[case("1ki")]
    #[case("1K")]
    fn no_quantities(#[case] text: &str) {
        assert_eq!(Quantity::parse(text), None);
    }
}
