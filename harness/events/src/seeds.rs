//! The seeds of a run.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The seeds that order what is concurrent. Each trial is judged with one after the other until it does not pass. Most
/// runs have one seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    first: u64,
    last: u64,
}

impl Seeds {
    /// Returns a single seed.
    #[must_use]
    pub fn one(seed: u64) -> Seeds {
        Seeds {
            first: seed,
            last: seed,
        }
    }

    /// Returns all seeds from the first to the last; `None` if the last is less than the first.
    #[must_use]
    pub fn between(first: u64, last: u64) -> Option<Seeds> {
        (first <= last).then_some(Seeds { first, last })
    }

    /// Returns the first seed, which is the only one of most runs.
    #[must_use]
    pub fn first(self) -> u64 {
        self.first
    }

    /// Returns the last seed, if there are several.
    #[must_use]
    pub fn last_of_several(self) -> Option<u64> {
        (self.first != self.last).then_some(self.last)
    }

    /// Returns all seeds, in order.
    #[must_use]
    pub fn all(self) -> RangeInclusive<u64> {
        self.first..=self.last
    }
}

/// `7`, or `1..20`, as the command line takes them.
impl fmt::Display for Seeds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.first)?;
        match self.last_of_several() {
            Some(last) => write!(formatter, "..{last}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Seeds;

    #[test]
    fn one_or_several() {
        let [one, several] = [Seeds::one(7), Seeds::between(1, 20).unwrap()];
        assert_eq!(
            [one, several].map(|seeds| seeds.to_string()),
            ["7", "1..20"]
        );
        assert_eq!([one, several].map(|seeds| seeds.all().count()), [1, 20]);
        assert_eq!(Seeds::between(7, 7), Some(one));
        assert_eq!(Seeds::between(2, 1), None);
    }
}
